"""Little proxies on loopback: HTTP CONNECT, SOCKS 4 and SOCKS 5, each with what it was asked for."""

import asyncio
import base64
import contextlib
import ipaddress
from types import SimpleNamespace

from peers import Raw


@contextlib.asynccontextmanager
async def proxy(greet, *, ssl=None, scheme="http"):
    """A proxy; `greet(raw, seen)` reads a request, and returns the port to connect to, or None. Gives what it saw."""
    seen = SimpleNamespace(asked=[], credentials=[], open=0)
    tasks = set()

    async def copy(reader, writer):
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(65536):
                writer.write(octets)
        writer.close()

    async def serve(reader, writer):
        raw = Raw(reader, writer)
        seen.open += 1
        try:
            port = await greet(raw, seen)
            if port is not None:
                onward = Raw(*await asyncio.open_connection("127.0.0.1", port))
                try:
                    await asyncio.gather(copy(reader, onward.writer), copy(onward.reader, writer))
                finally:
                    await onward.close()
        except asyncio.IncompleteReadError:
            pass
        finally:
            await raw.close()
            seen.open -= 1

    def accepted(reader, writer):
        tasks.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=ssl)
    seen.port = server.sockets[0].getsockname()[1]
    seen.url = f"{scheme}://127.0.0.1:{seen.port}"
    try:
        yield seen
        await asyncio.gather(*tasks)
    finally:
        server.close()


def http(answer=b"HTTP/1.1 200 Connection established\r\n\r\n", port=None):
    """Speaks HTTP; goes on to `port`, or to that of the request."""

    async def greet(raw, seen):
        line, fields = await raw.head()
        seen.asked.append(line)
        seen.credentials.append(dict(fields).get("proxy-authorization"))
        assert dict(fields)["host"] == line.split()[1]
        for octets in [answer] if isinstance(answer, bytes) else answer:
            raw.send(octets)
            await raw.writer.drain()
            await asyncio.sleep(0)
        return port or int(line.split()[1].rpartition(":")[2])

    return greet


def basic(user, password):
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def http_refusing(status):
    """Answers CONNECT with a status, and waits for the client to go."""

    async def greet(raw, seen):
        await http(f"HTTP/1.1 {status}\r\nContent-Length: 3\r\n\r\nno\n".encode())(raw, seen)
        assert await raw.reader.read() == b""

    return greet


def socks5(reply=0, credentials=None):
    """Speaks SOCKS 5 (RFC 1928), with a user and a password (RFC 1929) where they are given."""

    async def greet(raw, seen):
        read = raw.reader.readexactly
        version, count = await read(2)
        methods = await read(count)
        method = 2 if credentials else 0
        assert version == 5
        assert method in methods
        raw.send(bytes([5, method]))
        if credentials:
            assert await read(1) == b"\x01"
            given = tuple([(await read((await read(1))[0])).decode() for _ in range(2)])
            seen.credentials.append(given)
            raw.send(bytes([1, given != credentials]))
            if given != credentials:
                return None
        assert await read(3) == b"\x05\x01\x00"
        kind = (await read(1))[0]
        if kind == 3:
            host = (await read((await read(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await read({1: 4, 4: 16}[kind])))
        port = int.from_bytes(await read(2), "big")
        seen.asked.append((host, port))
        raw.send(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        return None if reply else port

    return greet


def socks4():
    """Speaks SOCKS 4 and 4a."""

    async def greet(raw, seen):
        head = await raw.reader.readexactly(8)
        assert head[:2] == b"\x04\x01"
        seen.credentials.append((await raw.reader.readuntil(b"\0"))[:-1].decode())
        port, host = int.from_bytes(head[2:4], "big"), str(ipaddress.ip_address(head[4:8]))
        if host.startswith("0.0.0."):
            host = (await raw.reader.readuntil(b"\0"))[:-1].decode()
        seen.asked.append((host, port))
        raw.send(b"\x00\x5a" + bytes(6))
        return port

    return greet
