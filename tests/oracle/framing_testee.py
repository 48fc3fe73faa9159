"""A small endpoint that echoes, in either role, and departs from single rules of framing when told to.

It reads and writes frames by itself, so that the oracle is not tested with its own codec.
"""

import asyncio
import base64
import hashlib
import itertools
import os
import random
import zlib
from collections.abc import Callable, Iterator

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


IN_A_WHILE = 0.3
LONG_ONES = ("takes-long-control-frames", "answers-long-pings")
TAKEN_STRAY = ("takes-stray-continuations", "takes-fragments-of-control-frames-for-data")
IN_FRAGMENTS = ("takes-control-frames-in-fragments", "takes-fragments-of-control-frames-for-data")


class Failed(Exception):
    """The connection is to be failed with a status code."""


def _pairs() -> Iterator[bytes]:
    while True:
        key = os.urandom(4)
        yield from (key, key)


def _ticks() -> Iterator[bytes]:
    now = random.getrandbits(32)
    while True:
        now += random.randrange(1, 1 << 30)
        yield (now & 0xFFFFFFFF).to_bytes(4, "big")


def _copied() -> Iterator[bytes]:
    while True:
        yield os.urandom(2) * 2


KEYS: dict[str, Callable[[], Iterator[bytes]]] = {
    "constant-key": lambda: itertools.repeat(b"\x12\x34\x56\x78"),
    "zero-key": lambda: itertools.repeat(bytes(4)),
    "key-of-every-two-frames": _pairs,
    "counting-keys": lambda: (number.to_bytes(4, "big") for number in itertools.count(0xFFFFFF00 // 3)),
    "counting-keys-little-endian": lambda: (number.to_bytes(4, "little") for number in itertools.count(7, 3)),
    "keys-from-a-clock": _ticks,
    "keys-of-31-bits": lambda: (random.randrange(1 << 31).to_bytes(4, "big") for _ in itertools.count()),
    "keys-of-two-octets": _copied,
    "three-keys-in-turn": lambda: itertools.cycle([os.urandom(4) for _ in range(3)]),
}


def turned(octets: bytes, key: bytes, start: int = 0) -> bytes:
    """Mask or unmask octets, beginning at an octet of the key."""
    stream = (key[start % 4 :] + key[: start % 4]) * (len(octets) // 4 + 1)
    number = int.from_bytes(octets, "little") ^ int.from_bytes(stream[: len(octets)], "little")
    return number.to_bytes(len(octets), "little")


class Endpoint(asyncio.Protocol):
    """One connection. `fault` is the rule it breaks, or the oddity it has; `path` is what a client asks for."""

    def __init__(self, fault: str = "", *, path: str | None = None) -> None:
        self.fault = fault
        self.path = path
        self.over = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.open = False
        self.parts: list[tuple[int, bytes]] = []
        self.held: list[bytes] = []  # Pongs for later
        self.closing = False
        self.echoed = 0
        self.latest: bytes | None = None  # a Ping that is answered in a while
        self.key_at = 0
        self.cuts: list[int] = []  # where the payload of the frame that is coming was cut by TCP
        self.keys = KEYS[fault]() if fault in KEYS else (os.urandom(4) for _ in itertools.count())

    # TCP and the opening handshake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.path is None:
            return
        key = base64.b64encode(os.urandom(16)).decode()
        early = self.frame(TEXT, b"early") if self.fault == "client-that-cannot-wait" else b""
        head = f"GET {self.path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        transport.write(head.encode() + early)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self.open, self.buffer = True, rest
            if self.path is None:
                self._answer(head.decode())
        if self.closing:
            return
        try:
            self._frames()
        except Failed as failed:
            self._close(failed.args[0].to_bytes(2, "big"))

    def _answer(self, head: str) -> None:
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
        key = next(line[19:] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key: "))
        assert "upgrade" in fields
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.transport.write(f"{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())

    # Frames out

    def frame(self, opcode: int, payload: bytes, fin: bool = True) -> bytes:
        client = self.path is not None
        size = len(payload)
        head = bytes([fin << 7 | opcode])
        if size < 126:
            head += bytes([client << 7 | size])
        elif size < 65536:
            head += bytes([client << 7 | 126]) + size.to_bytes(2, "big")
        else:
            head += bytes([client << 7 | 127]) + size.to_bytes(8, "big")
        if not client:
            return head + payload
        key = next(self.keys)
        return head + key + turned(payload, key)

    def send(self, opcode: int, payload: bytes) -> None:
        if self.fault == "fragments-of-one-octet" and opcode in (TEXT, BINARY) and 1 < len(payload) < 1000:
            last = len(payload) - 1
            for at in range(len(payload)):
                self.transport.write(self.frame(CONTINUATION if at else opcode, payload[at : at + 1], at == last))
            return
        self.transport.write(self.frame(opcode, payload))

    def echo(self, opcode: int, payload: bytes) -> None:
        if self.fault == "binary-as-text":
            opcode = TEXT
        elif self.fault == "long-echo-is-cut" and len(payload) > 65535:
            payload = payload[:65535]
        elif self.fault == "octets-in-the-middle-change" and len(payload) > 65535:
            payload = payload[:40000] + b"?" + payload[40001:]
        self.echoed += 1
        if self.fault == "late-once" and self.echoed == 9:
            asyncio.get_running_loop().call_later(IN_A_WHILE, self.send, opcode, payload)
            return
        if self.fault == "slow":
            asyncio.get_running_loop().call_later(0.01, self.send, opcode, payload)
            return
        if self.fault in ("heartbeats", "pings"):
            self.send(PONG if self.fault == "heartbeats" else PING, b"")
        self.send(opcode, payload)

    def _close(self, body: bytes) -> None:
        self.closing = True
        asyncio.get_running_loop().call_later(0.05 if self.fault == "slow" else 0, self._end, body)

    def _end(self, body: bytes) -> None:
        self.send(CLOSE, body)
        while self.fault == "pongs-behind-its-close" and (found := self._next()) is not None:
            if found[2] == PING:
                self._frame(*found)
        if self.fault == "data-behind-its-close":
            self.send(TEXT, b"one more thing")
        if self.path is None:
            self.transport.write_eof()

    # Frames in

    def _frames(self) -> None:
        pings: list[bytes] = []
        while not self.closing and (found := self._next()) is not None:
            fin, rsv, opcode, payload = found
            if opcode == PING and self.fault == "pong-to-the-latest-in-a-while":
                self._later(payload)
            elif opcode == PING and self.fault in ("pong-to-the-latest-only", "pong-to-the-first-only"):
                pings.append(payload)
            else:
                self._frame(fin, rsv, opcode, payload)
        for payload in pings[:1] if self.fault == "pong-to-the-first-only" else pings[-1:]:
            self.send(PONG, payload)

    def _later(self, ping: bytes) -> None:
        if self.latest is None:
            asyncio.get_running_loop().call_later(IN_A_WHILE, self._pong)
        self.latest = ping

    def _pong(self) -> None:
        if self.latest is not None and not self.closing:
            self.send(PONG, self.latest)
        self.latest = None

    def _next(self) -> tuple[bool, int, int, bytes] | None:
        data = self.buffer
        if len(data) < 2:
            return None
        length, at = data[1] & 127, 2
        if length > 125:
            size = 2 if length == 126 else 8
            if len(data) < 2 + size:
                return None
            least = 126 if size == 2 else 65536
            length, at = self._length(data[2 : 2 + size]), 2 + size
            if length < least and self.fault not in ("takes-longer-lengths", "length-of-32-bits"):
                raise Failed(1002)
        masked = bool(data[1] & 128)
        if masked is (self.path is not None) and self.fault != "takes-the-wrong-mask":
            raise Failed(1002)
        self._check(data[0], length)
        key = data[at : at + 4] if masked else bytes(4)
        at += 4 * masked
        if len(data) < at + length:
            self.cuts.append(max(len(data) - at, 0))
            return None
        self.buffer = data[at + length :]
        payload = self._unmask(data[at : at + length], key, bool(data[0] & 15))
        return bool(data[0] & 128), data[0] >> 4 & 7, data[0] & 15, payload

    def _length(self, octets: bytes) -> int:
        length = int.from_bytes(octets, "little" if self.fault == "least-significant-octet-first" else "big")
        if len(octets) == 2:
            return length & 0x7FFF if self.fault == "length-of-15-bits" else length
        if self.fault == "length-of-32-bits":
            return length & 0xFFFFFFFF
        if length >> 63:
            raise Failed(1002)
        return length

    def _unmask(self, payload: bytes, key: bytes, first: bool) -> bytes:
        start = 0
        if self.fault == "key-goes-on-in-the-next-fragment":
            start = 0 if first else self.key_at
            self.key_at = start + len(payload)
        cuts, self.cuts = [0, *self.cuts, len(payload)], []
        if self.fault == "key-begins-anew-in-each-segment":
            return b"".join(turned(payload[at:end], key) for at, end in itertools.pairwise(cuts))
        return turned(payload, key, start)

    def _check(self, first: int, length: int) -> None:
        opcode, rsv = first & 15, first >> 4 & 7
        if rsv and self.fault not in ("takes-rsv", "drops-rsv", "inflates-anything"):
            raise Failed(1002)
        if opcode not in (0, 1, 2, 8, 9, 10) and self.fault not in ("drops-unknown-opcodes", "takes-unknown-opcodes"):
            raise Failed(1002)
        if opcode & 8 and length > 125 and self.fault not in LONG_ONES:
            raise Failed(1002)
        if opcode & 8 and not first & 128 and self.fault not in IN_FRAGMENTS:
            raise Failed(1002)

    def _frame(self, fin: bool, rsv: int, opcode: int, payload: bytes) -> None:
        known = opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
        if rsv and self.fault == "drops-rsv":
            return
        if not known and self.fault == "takes-unknown-opcodes":
            self.echo(TEXT, payload)
        elif not known:
            return
        elif rsv & 4 and self.fault == "inflates-anything":
            self.echo(opcode, zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff"))
        elif opcode == CLOSE:
            self._close(payload if len(payload) < 126 else payload[:2])
        elif opcode == PING:
            self._ping(payload)
        elif opcode == PONG:
            if self.fault == "answers-pongs":
                self.send(PONG, payload)
        else:
            self._data(fin, opcode, payload)

    def _ping(self, payload: bytes) -> None:
        if self.fault == "no-pong" and not payload.startswith(b"refws oracle"):
            return
        if self.fault == "pong-without-data" and not payload.startswith(b"refws oracle"):
            payload = b""
        if self.fault == "ping-is-data-of-the-message" and self.parts:
            self.parts.append((CONTINUATION, payload))
        if self.fault == "pong-when-the-message-is-whole" and self.parts:
            self.held.append(payload)
            return
        self.send(PONG, payload)

    def _data(self, fin: bool, opcode: int, payload: bytes) -> None:
        if opcode == CONTINUATION and not self.parts:
            if self.fault == "drops-stray-continuations":
                return
            if self.fault not in TAKEN_STRAY:
                raise Failed(1002)
            opcode = TEXT
        elif opcode and self.parts:
            if self.fault != "begins-anew-inside-a-message":
                raise Failed(1002)
            self.parts = []
        self.parts.append((opcode, payload))
        if self.fault == "each-fragment-is-a-message":
            self.echo(self.parts[0][0], payload)
            self.parts = [] if fin else self.parts
        elif fin:
            self._message()

    def _message(self) -> None:
        opcode, parts = self.parts[0][0], [payload for _, payload in self.parts]
        self.parts = []
        payload = parts[-1] if self.fault == "forgets-all-but-the-last-fragment" else b"".join(parts)
        if opcode == TEXT and self.fault != "takes-what-is-no-utf-8":
            try:
                payload.decode()
            except UnicodeDecodeError:
                raise Failed(1007) from None
        self.echo(opcode, payload)
        for held in self.held:
            self.send(PONG, held)
        self.held = []
