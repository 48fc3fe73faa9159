"""A small echo server that reads the opening handshake strictly, and departs from one rule of it when told to.

It reads requests, frames and lists by itself, so that the oracle is not tested with its own codec.
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import re
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
PARAMETER = rf'[ \t]*;[ \t]*{TOKEN}([ \t]*=[ \t]*({TOKEN}|"({TOKEN}|\\[0-9a-z])+"))?'
EXTENSIONS = re.compile(rf"([ \t]*({TOKEN}({PARAMETER})*)?[ \t]*(,|\Z))+\Z")
TOKENS = re.compile(rf"([ \t]*({TOKEN})?[ \t]*(,|\Z))+\Z")


class Refused(Exception):
    """The request is refused with this status, and these fields."""

    def __init__(self, status: int, **fields: str) -> None:
        self.status = status
        self.fields = fields


@dataclass
class Request:
    line: str
    fields: list[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def tokens(self, name: str) -> list[str]:
        return [part.strip() for value in self.all(name) for part in value.split(",")]


def request_of(head: str, fault: str) -> Request:
    line, *rest = head.removeprefix("\r\n").removesuffix("\r\n\r\n").split("\r\n")
    fields = []
    for text in rest:
        match = re.match(rf"({TOKEN}):[ \t]*([^\0]*?)[ \t]*\Z", text)
        if match is None:
            raise Refused(400)
        fields.append((match[1], match[2]))
    names = [name for name, _ in fields]
    if fault == "names-in-their-letters" and "Sec-WebSocket-Key" not in names:
        raise Refused(400)
    if fault == "fields-in-their-order" and names.index("Host") != 0:
        raise Refused(400)
    if fault == "known-fields-only" and any(name.startswith("X-") for name in names):
        raise Refused(400)
    return Request(line, fields)


class Server:
    """`fault` is the rule it breaks; none for none."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.connections: set[asyncio.Task[None]] = set()

    # The opening handshake

    def check(self, request: Request) -> None:
        self._line(request)
        if request.all("Transfer-Encoding") or any(size != "0" for size in request.all("Content-Length")):
            raise Refused(413)
        if len(request.all("Host")) != 1 and self.fault != "no-host-asked":
            raise Refused(400)
        if request.all("Host") and not re.match(r"[\w.\-]+(:\d+)?\Z", request.all("Host")[0]):
            raise Refused(400)
        self._upgrade(request)
        self._version(request)
        self._key(request)
        self._lists(request)
        if self.fault == "400-for-origins" and any("evil" in origin for origin in request.all("Origin")):
            raise Refused(400)

    def _line(self, request: Request) -> None:
        match = re.match(r"([A-Z]+) (/[^ #]*|https?://[^ #]+) HTTP/(\d\.\d)\Z", request.line)
        method, target, version = match.groups() if match else ("", "", "")
        if not match and self.fault not in ("any-method", "any-target", "any-http"):
            raise Refused(400)
        if method != "GET" and self.fault not in ("any-method", "any-target"):
            raise Refused(405)
        if version < "1.1" and self.fault not in ("any-http", "any-target", "any-method"):
            raise Refused(505)
        if self.fault == "no-absolute-target" and not target.startswith("/"):
            raise Refused(400)
        if "/no/such" in target:
            raise Refused(200 if self.fault == "200-for-no-resource" else 404)

    def _upgrade(self, request: Request) -> None:
        upgrade, connection = request.tokens("Upgrade"), request.tokens("Connection")
        if self.fault == "connection-alone" and connection != ["Upgrade"]:
            raise Refused(400)
        if self.fault == "first-line-of-connection":
            connection = request.all("Connection")[0].split(",")
        if self.fault != "case-of-tokens":
            upgrade, connection = [one.lower() for one in upgrade], [one.lower() for one in connection]
        if self.fault == "parts-of-tokens":
            upgrade = ["websocket" for one in upgrade if "websocket" in one]
            connection = ["upgrade" for one in connection if "upgrade" in one]
        if "websocket" not in upgrade and self.fault != "no-upgrade-asked":
            raise Refused(426)
        wanted = "Upgrade" if self.fault == "case-of-tokens" else "upgrade"
        if wanted not in [one.strip() for one in connection] and self.fault != "no-connection-asked":
            raise Refused(400)

    def _version(self, request: Request) -> None:
        versions = request.all("Sec-WebSocket-Version")
        listed = (
            {} if self.fault == "no-list" else {"Sec-WebSocket-Version": "8" if self.fault == "other-list" else "13"}
        )
        if versions == ["0"] and self.fault == "has-the-first-draft":  # and misses the keys of that one
            raise Refused(500)
        if not versions and self.fault == "no-version-asked":
            return
        if self.fault == "last-version":
            versions = versions[-1:]
        if self.fault == "number-of-version":
            versions = [str(int(one)) if one.isdecimal() else one for one in versions]
        if versions != ["13"] and not (self.fault == "any-version" and len(versions) == 1 and versions[0].isdecimal()):
            raise Refused(426, Upgrade="websocket", **({} if self.fault == "no-list" else listed))

    def _key(self, request: Request) -> None:
        keys = request.all("Sec-WebSocket-Key")
        if self.fault == "first-key" or (self.fault == "no-key-asked" and not keys):
            keys = keys[:1] or [""]
            if not keys[0]:
                return
        with contextlib.suppress(binascii.Error, IndexError, ValueError):
            if len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16:
                return
        if self.fault != "any-key" or not keys:
            raise Refused(200 if self.fault == "200-for-wrong-keys" else 400)

    def _lists(self, request: Request) -> None:
        extensions = request.all("Sec-WebSocket-Extensions")
        if self.fault == "strict-spaces" and any(" ;" in one or " =" in one for one in extensions):
            raise Refused(400)
        joined = ",".join(extensions)
        right = EXTENSIONS.match(joined) is not None and joined.strip(" \t,")
        if extensions and not right and self.fault not in ("malformed-extensions", "no-extensions"):
            raise Refused(400)
        protocols = request.all("Sec-WebSocket-Protocol")
        joined = ",".join(protocols)
        if protocols and not (TOKENS.match(joined) and joined.strip(" \t,")):
            raise Refused(400)
        if len(protocols) > 1 and self.fault == "one-line-of-subprotocols":
            raise Refused(400)

    def accepting(self, request: Request) -> bytes:
        key = (request.all("Sec-WebSocket-Key") or [""])[0]
        if self.fault == "key-decoded-and-encoded":
            key = base64.b64encode(base64.b64decode(key)).decode()
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines.append(f"Sec-WebSocket-Accept: {accept}")
        offers = request.all("Sec-WebSocket-Extensions")
        if self.fault == "first-line-of-extensions":
            offers = offers[:1]
        if self.fault == "no-extensions":
            offers = []
        if any(part.split(";")[0].strip() == "permessage-deflate" for one in offers for part in one.split(",")):
            lines.append("Sec-WebSocket-Extensions: permessage-deflate")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    # A connection

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.connections.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        early = ""
        if self.fault == "mute-behind-early-frames":
            head, _, early = (await reader.read(65536)).decode("latin-1").partition("\r\n\r\n")
            head += "\r\n\r\n"
        elif self.fault == "one-read":
            head = (await reader.read(65536)).decode("latin-1")
            if not head.endswith("\r\n\r\n"):
                return
        else:
            first = await reader.readexactly(2)
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        try:
            request = request_of(head, self.fault)
            self.check(request)
        except Refused as refused:
            if self.fault == "silent-refusals":
                return
            if self.fault == "endless-refusals":
                await reader.read()
                return
            fields = "".join(f"{name}: {value}\r\n" for name, value in refused.fields.items())
            writer.write(f"HTTP/1.1 {refused.status} No\r\n{fields}Content-Length: 0\r\n\r\n".encode())
            if self.fault != "frames-after-refusals":
                await writer.drain()
                return
        else:
            if self.fault == "early-hints":
                writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n")
            if self.fault == "busy" and request.tokens("Connection") != ["Upgrade"]:
                writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
                return
            writer.write(self.accepting(request))
        if early:
            await reader.read()
        while await self._frame(reader, writer):
            pass

    async def _frame(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, second = await reader.readexactly(2)
        size = second & 127
        key = await reader.readexactly(4)
        payload = bytes(one ^ key[at % 4] for at, one in enumerate(await reader.readexactly(size)))
        opcode = 10 if first & 15 == 9 else first & 15
        writer.write(bytes((0x80 | opcode, size)) + payload)
        await writer.drain()
        return opcode != 8


@contextlib.asynccontextmanager
async def serving(fault: str = "") -> AsyncIterator[str]:
    """The URI of a server with that fault."""
    made = Server(fault)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for task in list(made.connections):
            task.cancel()
        await asyncio.gather(*made.connections, return_exceptions=True)
        await server.wait_closed()


@contextlib.asynccontextmanager
async def serving_tls(context: ssl.SSLContext, fault: str = "") -> AsyncIterator[str]:
    """The URI of a server that looks at the first octets of a connection before it begins with TLS."""
    made, loop = Server(), asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    waiting: set[asyncio.Task[None]] = set()

    async def one(connection: socket.socket) -> None:
        readable = loop.create_future()
        loop.add_reader(connection, lambda: readable.done() or readable.set_result(None))
        try:
            await readable
            first = connection.recv(6, socket.MSG_PEEK)
            if fault == "patient-with-broken-tls" and first[5:] == b"h":
                loop.remove_reader(connection)
                await loop.create_future()
            plain = fault == "plain-beside-tls" and first[:1] == b"G"
        except asyncio.CancelledError:
            connection.close()
            return
        loop.remove_reader(connection)
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader, made.serve)
        with contextlib.suppress(OSError):
            await loop.connect_accepted_socket(lambda: protocol, connection, ssl=None if plain else context)

    async def accept() -> None:
        while True:
            connection, _ = await loop.sock_accept(listener)
            connection.setblocking(False)
            waiting.add(asyncio.create_task(one(connection)))

    accepting = asyncio.create_task(accept())
    try:
        yield f"wss://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        tasks = [accepting, *waiting, *made.connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        listener.close()
