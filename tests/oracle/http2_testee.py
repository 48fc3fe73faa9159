"""A small HTTP/2 endpoint of its own with WebSocket on its streams, which departs from single rules when told to.

What it speaks on a stream is the endpoint of the liars, which knows HTTP/1.1 only: heads are put into that and back, as
a gateway does.
"""

import asyncio
import struct
from collections.abc import Iterator

from hpack import Decoder, Encoder

from conformance.liars.endpoint import Endpoint
from conformance.liars.endpoint.heads import accept_of

UNKNOWN = 0x77
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CONNECT_PROTOCOL, PROTOCOL_ERROR, INTERNAL_ERROR, CANCEL = 8, 1, 2, 8
WINDOW = 65535
MALFORMED = {True: PROTOCOL_ERROR, False: 0x10E}
FROM_HTTP1 = ("upgrade", "connection", "sec-websocket-accept", "sec-websocket-key", "host")

Fields = list[tuple[str, str]]


class Pipe(asyncio.Transport):
    """A stream, as the endpoint's TCP connection."""

    def __init__(self, connection: "Connection", number: int) -> None:
        super().__init__()
        self.connection, self.number = connection, number
        self.window = connection.initial_window
        self.head: bytes | None = b""
        self.waiting = b""
        self.ends = self.ended = self.gone = False

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.gone

    def write(self, data: bytes) -> None:
        if self.head is not None:
            head, empty, data = (self.head + data).partition(b"\r\n\r\n")
            self.head = None if empty else head
            if not empty:
                return
            self.connection.send_head(self, head.decode("latin-1"))
        self.waiting += data
        self.flush()

    def write_eof(self) -> None:
        if self.connection.ends(self):
            self.ends = True
            self.flush()

    def close(self) -> None:
        self.write_eof()

    def abort(self) -> None:
        if not self.gone:
            self.gone = True
            if not self.ended and self.connection.fault != "never-ends":
                self.connection.reset(self.number, CANCEL)
            asyncio.get_running_loop().call_soon(self.endpoint.connection_lost, None)

    def flush(self) -> None:
        connection = self.connection
        if connection.fault == "eccentric":
            self.flush_in_padded_octets()
            return
        while self.waiting and (size := min(self.window, connection.window, 16384, len(self.waiting))) > 0:
            octets, self.waiting = self.waiting[:size], self.waiting[size:]
            self.window -= size
            connection.window -= size
            self.ended = self.ends and not self.waiting
            connection.frame(DATA, END_STREAM * self.ended, self.number, octets)
        if self.ends and not self.waiting and not self.ended:
            self.ended = True
            connection.frame(DATA, END_STREAM, self.number, b"")

    def flush_in_padded_octets(self) -> None:
        connection = self.connection
        while self.waiting and min(self.window, connection.window) > 5:
            size = 1 if len(self.waiting) < 1000 else min(self.window, connection.window, 16384, len(self.waiting)) - 4
            octets, self.waiting = self.waiting[:size], self.waiting[size:]
            self.window -= size + 4
            connection.window -= size + 4
            connection.frame(DATA, PADDED, self.number, b"\x03" + octets + bytes(3))
        if self.ends and not self.waiting and not self.ended:
            self.ended = True
            connection.frame(DATA, END_STREAM, self.number, b"")
            connection.reset(self.number, 0)

    endpoint: Endpoint


class Connection(asyncio.Protocol):
    """One HTTP/2 connection; `fault` is the rule it breaks."""

    preface = b""
    is_server = True

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.buffer = b""
        self.block = b""
        self.encoder, self.decoder = Encoder(), Decoder()
        if fault == "small-tables-and-windows":
            self.decoder.max_allowed_table_size = 0
        self.pipes: dict[int, Pipe] = {}
        self.window = self.initial_window = WINDOW
        self.lost = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.preface)
        self.frame(SETTINGS, 0, 0, b"".join(struct.pack(">HL", *one) for one in self.settings()))

    def connection_lost(self, exc: Exception | None) -> None:
        for pipe in self.pipes.values():
            pipe.gone = True
            if pipe.endpoint.transport is not None:
                pipe.endpoint.connection_lost(exc)
        self.lost.set_result(None)

    def settings(self) -> list[tuple[int, int]]:
        raise NotImplementedError

    def frame(self, kind: int, flags: int, stream: int, body: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(len(body).to_bytes(3, "big") + struct.pack(">BBL", kind, flags, stream) + body)

    def reset(self, stream: int, code: int) -> None:
        self.frame(RST_STREAM, 0, stream, struct.pack(">L", code))

    def send_fields(self, stream: int, fields: Fields, flags: int = 0) -> None:
        if self.fault == "eccentric":
            self.frame(UNKNOWN, 0xFF, stream, b"what nobody knows")
            self.frame(HEADERS, END_HEADERS, stream, self.encoder.encode([(":status", "103"), ("link", "</a>")]))
            block = self.encoder.encode([*fields, ("x-nobody", "knows")])
            self.frame(HEADERS, flags, stream, block[:5])
            self.frame(CONTINUATION, END_HEADERS, stream, block[5:])
            self.frame(SETTINGS, 0, 0, struct.pack(">HLHL", CONNECT_PROTOCOL, 1, 0x7777, 5))
            return
        self.frame(HEADERS, END_HEADERS | flags, stream, self.encoder.encode(fields))

    def ends(self, pipe: Pipe) -> bool:
        """The endpoint ends its half; whether END_STREAM is to say so."""
        return True

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.is_server and self.buffer.startswith(PREFACE):
            self.buffer = self.buffer[len(PREFACE) :]
        for kind, flags, stream, body in self.frames():
            self.take(kind, flags, stream, body)

    def frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        while len(self.buffer) >= 9 and not (self.is_server and PREFACE.startswith(self.buffer[:24])):
            size = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + size:
                return
            kind, flags, stream = struct.unpack(">BBL", self.buffer[3:9])
            body, self.buffer = self.buffer[9 : 9 + size], self.buffer[9 + size :]
            yield kind, flags, stream, body

    def take(self, kind: int, flags: int, stream: int, body: bytes) -> None:
        pipe = self.pipes.get(stream)
        if kind == SETTINGS and not flags & ACK:
            self.frame(SETTINGS, ACK, 0, b"")
            self.take_settings(dict(struct.iter_unpack(">HL", body)))
        elif kind in (HEADERS, CONTINUATION):
            if kind == HEADERS and flags & PADDED:
                body = body[1 : len(body) - body[0]]
            body = body[5:] if kind == HEADERS and flags & PRIORITY else body
            self.block += body
            if flags & END_HEADERS:
                block, self.block = self.block, b""
                fields = [(one[0].decode(), one[1].decode()) for one in self.decoder.decode(block, raw=True)]
                self.take_fields(stream, fields, bool(flags & END_STREAM))
        elif kind == DATA:
            if body:
                self.give_room(stream, len(body))
            if flags & PADDED:
                body = body[1 : len(body) - body[0]]
            if pipe is not None and not pipe.gone:
                self.take_data(pipe, body, bool(flags & END_STREAM))
        elif kind == RST_STREAM and pipe is not None:
            pipe.gone = True
            self.pipes.pop(stream).endpoint.connection_lost(None)
        elif kind == PING and not flags & ACK:
            self.frame(PING, ACK, 0, body)
        elif kind == WINDOW_UPDATE:
            size = int.from_bytes(body, "big")
            if stream == 0:
                self.window += size
            elif pipe is not None:
                pipe.window += size
            for one in self.pipes.values():
                one.flush()

    def take_settings(self, settings: dict[int, int]) -> None:
        if 4 in settings:
            change = settings[4] - self.initial_window
            self.initial_window += change
            for pipe in self.pipes.values():
                pipe.window += change

    def give_room(self, stream: int, size: int) -> None:
        for one in (0, stream):
            self.frame(WINDOW_UPDATE, 0, one, size.to_bytes(4, "big"))

    def take_fields(self, stream: int, fields: Fields, ends: bool) -> None:
        raise NotImplementedError

    def take_data(self, pipe: Pipe, octets: bytes, ends: bool) -> None:
        if octets:
            pipe.endpoint.data_received(octets)
        if ends and not pipe.endpoint.eof_received():
            pipe.write_eof()


class Serving:
    """What a server makes of a request, over HTTP/2 and over HTTP/3."""

    fault: str
    pipes: dict[int, Pipe]
    kind: type[Pipe] = Pipe

    def reset(self, stream: int, code: int) -> None:
        raise NotImplementedError

    def send_fields(self, stream: int, fields: Fields, flags: int = 0) -> None:
        raise NotImplementedError

    def begin(self, stream: int, fields: Fields) -> None:
        """A request has come."""
        known = dict(fields)
        if self.is_malformed(fields) and self.fault != "takes-anything":
            self.reset(stream, MALFORMED[self.kind is Pipe])
            return
        status = self.refusal(known)
        if status:
            self.send_fields(stream, [(":status", status)], END_STREAM)
            return
        if self.fault == "tunnels":
            host, _, port = known[":authority"].rpartition(":")
            self.tunnel = asyncio.ensure_future(asyncio.open_connection(host, int(port)))
            self.tunnel.add_done_callback(lambda task: task.exception() or task.result()[1].close())
        pipe = self.pipes[stream] = self.kind(self, stream)
        pipe.endpoint = Endpoint("server")
        pipe.endpoint.connection_made(pipe)
        lines = [f"GET {known.get(':path', '/')} HTTP/1.1", f"Host: {known.get(':authority', 'a')}"]
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
        if self.fault in ("takes-anything", "takes-any-version"):
            lines += ["Sec-WebSocket-Version: 13"]
            fields = [one for one in fields if one[0] != "sec-websocket-version"]
        lines += [f"{name}: {value}" for name, value in fields if name[0] != ":" and name not in FROM_HTTP1]
        pipe.endpoint.data_received("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def is_malformed(self, fields: Fields) -> bool:
        names = [name for name, _ in fields]
        pseudo = [name for name in names if name.startswith(":")]
        required = {":method", ":scheme", ":path", ":authority"}
        if dict(fields).get(":method") == "CONNECT" and ":protocol" not in names:
            required = {":method", ":authority"}
        return (
            len(set(pseudo)) < len(pseudo)
            or not required <= set(pseudo)
            or any(name != name.lower() or name in ("connection", "upgrade") for name in names)
        )

    def refusal(self, known: dict[str, str]) -> str:
        if self.fault == "takes-anything":
            return ""
        if known[":method"] != "CONNECT":
            return "200"
        if ":protocol" not in known:
            return "405"
        if known[":protocol"] != "websocket":
            return "501"
        if self.fault == "reads-the-key" and len(known.get("sec-websocket-key", "=" * 24)) != 24:
            return "400"
        if self.fault == "wants-a-key" and "sec-websocket-key" not in known:
            return "400"
        return ""

    def send_head(self, pipe: Pipe, head: str) -> None:
        first, *lines = head.split("\r\n")
        fields = [tuple(line.split(": ", 1)) for line in lines]
        status = first.split(" ")[1]
        made = [(":status", "200" if status == "101" else status)]
        kept = () if self.fault == "sends-accept" else FROM_HTTP1
        made += [
            (name.lower(), value) for name, value in fields if name.lower() not in (*kept, "upgrade", "connection")
        ]
        made += [("Server", "testee")] if self.fault == "upper-case" else [("server", "testee")]
        if self.fault == "chooses-any-subprotocol":
            made.append(("sec-websocket-protocol", "nobody's"))
        self.send_fields(pipe.number, made)


class Server(Connection, Serving):
    """The server's side."""

    def settings(self) -> list[tuple[int, int]]:
        small = [(1, 0), (4, 10)] if self.fault == "small-tables-and-windows" else []
        return [(CONNECT_PROTOCOL, 2 if self.fault == "setting-of-two" else 1), *small]

    def take_settings(self, settings: dict[int, int]) -> None:
        super().take_settings(settings)
        if CONNECT_PROTOCOL in settings and self.fault == "minds-the-setting":
            self.frame(GOAWAY, 0, 0, struct.pack(">LL", 0, PROTOCOL_ERROR))
            self.transport.close()

    def give_room(self, stream: int, size: int) -> None:
        if self.fault != "gives-no-room":
            super().give_room(stream, size)

    def take_fields(self, stream: int, fields: Fields, ends: bool) -> None:
        if stream in self.pipes:
            return
        if self.fault == "takes-the-setting-back":
            self.frame(SETTINGS, 0, 0, struct.pack(">HL", CONNECT_PROTOCOL, 0))
        self.begin(stream, fields)

    def take_data(self, pipe: Pipe, octets: bytes, ends: bool) -> None:
        if self.fault == "mixes-up-streams":
            pipe = self.pipes[max(self.pipes)]
        if ends and self.fault == "sends-back-what-was-cut":
            pipe.write(b"\x81\x03cut")
        super().take_data(pipe, octets, ends)

    def ends(self, pipe: Pipe) -> bool:
        codes = {"resets-at-the-end": CANCEL, "resets-with-another-code": INTERNAL_ERROR}
        if self.fault in codes:
            pipe.flush()
            pipe.ended = True
            self.reset(pipe.number, codes[self.fault])
            return False
        return self.fault != "never-ends"


class Client(Connection):
    """The client's side: one request, and what comes of it."""

    preface = PREFACE
    is_server = False

    def __init__(self, fault: str, scheme: str, authority: str, path: str) -> None:
        super().__init__(fault)
        self.scheme, self.authority, self.path = scheme, authority, path
        self.done = asyncio.get_running_loop().create_future()
        self.accept = b""

    def settings(self) -> list[tuple[int, int]]:
        extra = {"setting-of-two": [(CONNECT_PROTOCOL, 2)], "takes-the-setting-back": [(CONNECT_PROTOCOL, 1)]}
        return [(2, 0), *extra.get(self.fault, [])]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.fault == "does-not-wait":
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.finish()

    def finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def take_settings(self, settings: dict[int, int]) -> None:
        super().take_settings(settings)
        if self.fault == "takes-the-setting-back":
            self.frame(SETTINGS, 0, 0, struct.pack(">HL", CONNECT_PROTOCOL, 0))
        if self.pipes:
            return
        if settings.get(CONNECT_PROTOCOL) or self.fault == "does-not-mind-the-setting":
            self.ask()
        else:
            self.finish()

    def ask(self) -> None:
        pipe = self.pipes[1] = Pipe(self, 1)
        pipe.endpoint = Endpoint("client", self.authority, self.path)
        pipe.endpoint.connection_made(pipe)
        pipe.endpoint.lost.add_done_callback(lambda _: self.finish())

    def send_head(self, pipe: Pipe, head: str) -> None:
        """The endpoint's GET becomes an extended CONNECT."""
        lines = [tuple(line.split(": ", 1)) for line in head.split("\r\n")[1:]]
        key = next(value for name, value in lines if name.lower() == "sec-websocket-key")
        self.accept = accept_of(key).encode()
        made: Fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", self.scheme)]
        made += [(":path", self.path), (":authority", self.authority)]
        made += [(name.lower(), value) for name, value in lines if name.lower() not in FROM_HTTP1]
        changes: dict[str, Fields] = {
            "get": [(":method", "GET")],
            "other-protocol": [(":protocol", "WebSocket")],
            "other-scheme": [(":scheme", "ws")],
            "other-path": [(":path", self.path.replace("agent", "&agent"))],
            "other-authority": [(":authority", "user@" + self.authority)],
            "other-version": [("sec-websocket-version", "12")],
        }
        changed = dict(changes.get(self.fault, []))
        dropped = {"without-protocol": ":protocol", "without-scheme": ":scheme", "without-authority": ":authority"}
        made = [(name, changed.get(name, value)) for name, value in made if name != dropped.get(self.fault)]
        added: dict[str, Fields] = {
            "upper-case": [("User-Agent", "testee")],
            "with-connection": [("connection", "Upgrade")],
            "with-upgrade": [("upgrade", "websocket")],
            "with-key": [("sec-websocket-key", key)],
        }
        made += added.get(self.fault, [])
        if self.fault == "two-protocols":
            made.insert(1, (":protocol", "websocket"))
        self.send_fields(pipe.number, made)

    def take_fields(self, stream: int, fields: Fields, ends: bool) -> None:
        pipe, known = self.pipes[stream], dict(fields)
        if known.get(":status") != "200":
            pipe.abort()
            return
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        accept = known.get("sec-websocket-accept", self.accept.decode())
        if self.fault == "wants-an-accept":
            accept = known.get("sec-websocket-accept", "none")
        elif self.fault != "reads-the-accept":
            accept = self.accept.decode()
        lines.append(f"Sec-WebSocket-Accept: {accept}")
        kept = [(name, value) for name, value in fields if name[0] != ":" and name not in FROM_HTTP1]
        if self.fault == "takes-any-answer":
            kept = []
        lines += [f"{name}: {value}" for name, value in kept]
        pipe.endpoint.data_received("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def ends(self, pipe: Pipe) -> bool:
        if self.fault == "resets-at-the-end":
            pipe.ended = True
            self.reset(pipe.number, CANCEL)
            return False
        return self.fault != "never-ends"
