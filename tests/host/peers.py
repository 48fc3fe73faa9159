"""Raw peers, for the host's tests and others: octets by hand, over real loopback sockets, in one event loop."""

import asyncio
import base64
import contextlib
import functools
import gc
import hashlib
import os
from collections import Counter

import refws

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def asyncio_test(test):
    """Run a test as a coroutine, within time limits; whatever an event loop would only have logged fails it."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        complaints = []

        async def bounded():
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            async with asyncio.timeout(20):
                await test(*args, **kwargs)

        asyncio.run(bounded())
        gc.collect()
        assert complaints == []

    return run


def xor(octets, key):
    size = len(octets)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(octets, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")


def frame(first, payload=b"", mask=True):
    size = len(payload)
    length = bytes([size]) if size < 126 else b""
    if not length:
        length = b"\x7e" + size.to_bytes(2, "big") if size < 65536 else b"\x7f" + size.to_bytes(8, "big")
    if not mask:
        return bytes([first]) + length + payload
    key = os.urandom(4)
    return bytes([first, length[0] | 0x80]) + length[1:] + key + xor(payload, key)


def close_frame(code, reason=b"", mask=True):
    return frame(CLOSE, code.to_bytes(2, "big") + reason, mask)


def accept(key):
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return base64.b64encode(digest).decode()


def request(*fields, target="/"):
    lines = [f"GET {target} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


class Raw:
    """One end of a TCP connection, read and written by hand."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def send(self, octets):
        self.writer.write(octets)

    def send_frame(self, first, payload=b"", mask=True):
        self.writer.write(frame(first, payload, mask))

    async def head(self):
        """(first line, [(name in lower case, value), …])."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        return lines[0], [(n.lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines[1:])]

    async def response(self):
        """(status, header fields, body)."""
        line, fields = await self.head()
        length = int(dict(fields).get("content-length", 0))
        return int(line.split()[1]), fields, await self.reader.readexactly(length)

    async def frame(self):
        """(first octet, payload), or None at the end of octets."""
        try:
            first, second = await self.reader.readexactly(2)
        except asyncio.IncompleteReadError:
            return None
        size = second & 127
        if size > 125:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        key = await self.reader.readexactly(4) if second & 128 else bytes(4)
        return first, xor(await self.reader.readexactly(size), key)

    async def frames_to_the_end(self):
        frames = []
        while (received := await self.frame()) is not None:
            frames.append(received)
        return frames

    async def close(self):
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def tcp(server):
    """A TCP connection to a refws server."""
    raw = Raw(*await asyncio.open_connection("127.0.0.1", server.port))
    try:
        yield raw
    finally:
        await raw.close()


@contextlib.asynccontextmanager
async def raw_client(server, *fields):
    """A raw client of a refws server, behind the opening handshake."""
    async with tcp(server) as raw:
        raw.send(request(*fields))
        line, _ = await raw.head()
        assert line == "HTTP/1.1 101 Switching Protocols"
        yield raw


@contextlib.asynccontextmanager
async def raw_server(script):
    """A server that plays `script(raw)` for each connection; gives its URI. What the script raises, the test does."""
    scripts = []

    async def play(reader, writer):
        raw = Raw(reader, writer)
        try:
            await script(raw)
        finally:
            await raw.close()

    def accepted(reader, writer):
        scripts.append(asyncio.create_task(play(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await asyncio.gather(*scripts)
    finally:
        server.close()


async def answer(raw, *fields, behind=b""):
    """Answer a client's opening handshake; returns its header fields."""
    _, got = await raw.head()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Accept: {accept(dict(got)['sec-websocket-key'])}", *fields]
    raw.send("\r\n".join([*lines, "", ""]).encode() + behind)
    return got


async def until(condition):
    """Let the event loop turn until something is so."""
    while not condition():  # noqa: ASYNC110 (what is waited for has no event, and is not to get one for tests)
        await asyncio.sleep(0)


async def echo(ws):
    async for message in ws:
        await ws.send(message)


@contextlib.asynccontextmanager
async def pair(handler=echo, *, client=None, **options):
    """A refws client and the server's end of its connection."""
    ends = asyncio.Queue()

    async def handle(ws):
        ends.put_nowait(ws)
        await handler(ws)

    async with refws.serve(handle, **options) as server, refws.connect(server.uri, **(client or {})) as ws:
        yield ws, await ends.get()


def count(frames):
    """How often each first octet is among frames."""
    return Counter(first for first, _ in frames)
