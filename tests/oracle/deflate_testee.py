"""The small endpoint of `framing_testee` with permessage-deflate, which departs from single rules when told to.

It negotiates, deflates and inflates by itself, so that the oracle is not tested with its own reading of RFC 7692.
"""

import asyncio
import base64
import hashlib
import os
import re
import zlib

from framing_testee import BINARY, CLOSE, CONTINUATION, GUID, PING, PONG, TEXT, Endpoint, Failed

TAIL = b"\x00\x00\xff\xff"
FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
BITS = ("server_max_window_bits", "client_max_window_bits")
Parameters = dict[str, str | None]

ACCEPTS = {
    "takes-unknown-parameters": "unknown",
    "takes-wrong-values": "value",
    "takes-repeated-parameters": "repeated",
}
"""Faults, by what is let pass."""


def read(element: str) -> tuple[str, list[tuple[str, str | None]]]:
    name, *rest = [part.strip() for part in element.split(";")]
    pairs = [part.partition("=") for part in rest]
    return name, [
        (key.strip(), re.sub('^"(.*)"$', r"\1", value.strip()) if sign else None) for key, sign, value in pairs
    ]


def wrong(pairs: list[tuple[str, str | None]], *, answer: bool) -> set[str]:
    """What is not valid among these parameters."""
    found = {"repeated"} if len({key for key, _ in pairs}) < len(pairs) else set()
    for key, value in pairs:
        if key in FLAGS:
            found |= {"value"} if value is not None else set()
        elif key not in BITS:
            found.add("unknown")
        elif not (value is None and key == BITS[1] and not answer) and not re.fullmatch("[89]|1[0-5]", value or ""):
            found.add("value")
    return found


class DeflateEndpoint(Endpoint):
    """One connection; as a client it makes `offer`."""

    def __init__(self, fault: str = "", *, path: str | None = None, offer: str = "") -> None:
        super().__init__(fault, path=path)
        self.offer = offer or "permessage-deflate; client_max_window_bits"
        self.agreed: Parameters | None = None
        self.compressed = False

    # Negotiation

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.path is None:
            return
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET {self.path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        if self.offer != "none":
            head += f"Sec-WebSocket-Extensions: {self.offer}\r\n"
        transport.write(head.encode() + b"\r\n")

    def data_received(self, data: bytes) -> None:
        head, end, _ = (self.buffer + data).partition(b"\r\n\r\n")
        if not self.open and self.path is not None and end and not self._takes(head.decode("latin-1")):
            self.closing = self.open = True
            self.transport.close()
            return
        super().data_received(data)

    def _takes(self, head: str) -> bool:
        elements = re.findall(r"(?i)\nsec-websocket-extensions: (.*)", head)
        if not elements:
            return True
        name, pairs = read(elements[0].split(",")[0])
        bad = wrong(pairs, answer=True) - {ACCEPTS.get(self.fault, "")}
        if "," in elements[0] and self.fault != "takes-two-extensions":
            return False
        if (name != "permessage-deflate" or self.offer == "none") and self.fault != "takes-what-it-did-not-offer":
            return False
        self.agreed = {key: value for key, value in pairs if key in FLAGS or re.fullmatch("[89]|1[0-5]", value or "")}
        refused = self.fault == "refuses-client-no-context-takeover" and FLAGS[1] in self.agreed
        if BITS[1] in self.agreed and BITS[1] not in self.offer and self.fault != "takes-a-window-it-did-not-offer":
            return False
        right = not bad and not refused and name == "permessage-deflate"
        return right or self.fault == "takes-what-it-did-not-offer"

    def _answer(self, head: str) -> None:
        key = re.findall(r"(?i)\nsec-websocket-key: (\S+)", head)[0]
        offers = ", ".join(re.findall(r"(?i)\nsec-websocket-extensions: (.*?)\r?(?:\n|$)", head + "\n"))
        if offers and self.fault == "refuses-offers":
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            self.transport.close()
            return
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        answer += f"Sec-WebSocket-Accept: {accept}\r\n"
        self._choose([read(element) for element in offers.split(",")])
        if self.agreed is not None:
            written = [key if value is None else f"{key}={value}" for key, value in self.agreed.items()]
            answer += f"Sec-WebSocket-Extensions: {'; '.join(['permessage-deflate', *written])}\r\n"
        self.transport.write(answer.encode() + b"\r\n")

    def _choose(self, offers: list[tuple[str, list[tuple[str, str | None]]]]) -> None:
        valid = [
            dict(pairs)
            for name, pairs in offers
            if name == "permessage-deflate" and not wrong(pairs, answer=False) - {ACCEPTS.get(self.fault, "")}
        ]
        if not valid or self.fault == "no-deflate":
            return
        asked = valid[-1] if self.fault == "takes-the-last-offer" else valid[0]
        self.agreed = {key: value for key, value in asked.items() if key.startswith("server_")}
        if self.fault == "forgets-what-was-asked":
            self.agreed = {}
        if self.fault == "takes-more-than-asked" and BITS[0] in self.agreed:
            self.agreed[BITS[0]] = "15"
        if self.fault == "limits-a-client-that-did-not-offer-it":
            self.agreed[BITS[1]] = "12"
        if self.fault == "answers-without-the-digits" and BITS[1] in asked:
            self.agreed[BITS[1]] = None
        if self.fault == "answers-with-a-parameter-of-its-own":
            self.agreed["level"] = "9"

    # Compression

    def _zlib(self, side: str) -> tuple[int, bool]:
        agreed = self.agreed or {}
        bits = agreed.get(f"{side}_max_window_bits") or "15"
        return int(bits), f"{side}_no_context_takeover" not in agreed

    @property
    def sides(self) -> tuple[str, str]:
        return ("server", "client") if self.path is None else ("client", "server")

    def compress(self, payload: bytes) -> bytes:
        bits, takeover = self._zlib(self.sides[0])
        if self.fault == "uses-the-largest-window":
            bits = 15
        if self.fault == "takes-over-though-agreed-not-to":
            takeover = True
        if not hasattr(self, "deflate") or not takeover:
            self.deflate = zlib.compressobj(9, zlib.DEFLATED, -max(bits, 9), 9, zlib.Z_RLE if bits == 8 else 0)
        if self.fault == "ends-with-a-final-block-only":
            octets = self.deflate.compress(payload) + self.deflate.flush(zlib.Z_FINISH)
            del self.deflate
            return octets
        octets = self.deflate.compress(payload) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        if self.fault == "sends-nothing-for-nothing" and not payload:
            return b""
        return octets if self.fault == "keeps-the-tail" else octets.removesuffix(TAIL) or b"\x00"

    def decompress(self, octets: bytes) -> bytes:
        _, takeover = self._zlib(self.sides[1])
        if not hasattr(self, "inflate") or not takeover or self.fault == "forgets-its-window":
            bits = 12 if self.fault == "has-a-small-window" else 15
            self.inflate = zlib.decompressobj(-bits)
        out, rest = b"", octets + TAIL
        step = 1024 if self.fault == "has-a-small-window" else 0
        while rest:
            try:
                out += self.inflate.decompress(rest, step)
                rest = self.inflate.unconsumed_tail
                while step and not rest and (more := self.inflate.decompress(b"", step)):
                    out += more
            except zlib.error:
                raise Failed(1007) from None
            if self.inflate.eof:
                rest = self.inflate.unused_data
                history = out if self.fault != "drops-what-is-behind-a-final-block" else b""
                self.inflate = zlib.decompressobj(-15, zdict=history[-32768:])
                if self.fault == "drops-what-is-behind-a-final-block":
                    break
        return out

    # Frames

    def _check(self, first: int, length: int) -> None:
        opcode = first & 15
        claimed = self.agreed is not None and opcode in (TEXT, BINARY)
        if claimed or (self.fault == "takes-rsv1-on-control-frames" and opcode in (CLOSE, PING, PONG)):
            first &= ~0x40
        if self.fault == "takes-rsv1-on-continuations" and opcode == CONTINUATION:
            first &= ~0x40
        if self.fault == "takes-rsv1-of-no-extension" and self.agreed is None:
            first &= ~0x40
        super()._check(first, length)

    def _frame(self, fin: bool, rsv: int, opcode: int, payload: bytes) -> None:
        if opcode in (TEXT, BINARY):
            self.compressed = bool(rsv & 4)
        super()._frame(fin, rsv, opcode, payload)

    def _message(self) -> None:
        opcode, payload = self.parts[0][0], b"".join(payload for _, payload in self.parts)
        self.parts = []
        if self.compressed and self.agreed is not None and self.fault != "never-inflates":
            payload = self.decompress(payload)
        if opcode == TEXT and self.fault != "takes-what-is-no-utf-8":
            try:
                payload.decode()
            except UnicodeDecodeError:
                raise Failed(1007) from None
        self.echo(opcode, payload)

    def send(self, opcode: int, payload: bytes) -> None:
        always = self.fault == "compresses-though-nothing-is-agreed" and len(payload) > 100
        if opcode not in (TEXT, BINARY) or (self.agreed is None and not always) or self.fault == "never-compresses":
            marked = 0x40 if self.fault == "marks-its-pongs" and opcode == PONG and self.agreed is not None else 0
            self.transport.write(self.frame(opcode | marked, payload))
            return
        self.sent = getattr(self, "sent", 0) + 1
        if self.fault == "stops-in-the-middle" and self.sent > 501:  # the oracle's control is the first
            self.transport.close()
            return
        if self.fault == "changes-an-octet-of-many" and len(payload) > 200:
            payload = payload[:100] + b"?" + payload[101:]
        octets = self.compress(payload)
        if self.fault == "marks-every-fragment":
            self.transport.write(self.frame(opcode | 0x40, octets[:1], fin=False))
            self.transport.write(self.frame(CONTINUATION | 0x40, octets[1:]))
        elif self.fault == "fragments":
            self.transport.write(self.frame(opcode | 0x40, b"", fin=False))
            for at in range(0, len(octets), 7):
                self.transport.write(self.frame(CONTINUATION, octets[at : at + 7], fin=False))
            self.transport.write(self.frame(CONTINUATION, b""))
        else:
            self.transport.write(self.frame(opcode | 0x40, octets))
