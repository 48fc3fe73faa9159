"""Honest eccentrics: endpoints that are unusual, and break no clause. The oracle must never fail one of them.

Longer than other modules, for each eccentric is a class of a few lines.
"""

import asyncio
import codecs
import re
import zlib
from collections.abc import Iterator
from typing import Final

from conformance.liars.endpoint import Endpoint, Outgoing, OverTls
from conformance.liars.endpoint.deflating import TAIL
from conformance.liars.endpoint.framing import CONTINUATION, PING, PONG
from conformance.liars.endpoint.http import Extension, Fields, head_octets
from refws.oracle.verdict import Role

__all__ = ["ECCENTRICS", "name_of", "roles_of"]


_REASON: Final = b"because it is so ".ljust(123, b".")


class UnsolicitedPongs(Endpoint):
    """It sends a Pong that nobody asked for when the connection opens, and before every message."""

    def opened(self) -> None:
        super().opened()
        self.send_frame(PONG, b"here I am")

    def send_message(self, opcode: int, payload: bytes) -> None:
        self.send_frame(PONG)
        super().send_message(opcode, payload)


class PongToTheLatest(Endpoint):
    """Of the Pings that came together it answers the latest."""

    _latest: bytes | None = None

    def take_ping(self, payload: bytes) -> None:
        self._latest = payload

    def receive(self, data: bytes) -> None:
        super().receive(data)
        self._answer()

    def take_close(self, body: bytes) -> None:
        self._answer()
        super().take_close(body)

    def send_message(self, opcode: int, payload: bytes) -> None:
        self._answer()
        super().send_message(opcode, payload)

    def _answer(self) -> None:
        if self._latest is not None and not self.close_sent:
            self.send_frame(PONG, self._latest)
        self._latest = None


class Heartbeat(Endpoint):
    """It sends Pings from the first moment on, and often."""

    def opened(self) -> None:
        super().opened()
        self._beat()

    def _beat(self) -> None:
        if self.transport is not None and not self.close_sent and not self.ended:
            self.send_frame(PING, b"are you there?")
            asyncio.get_running_loop().call_later(0.005, self._beat)


class OwnCloseCode(Endpoint):
    """It answers every Close with 4321."""

    def answer_close(self, body: bytes) -> None:
        self.send_close((4321).to_bytes(2, "big"))


class CloseWithoutCode(Endpoint):
    """It answers every Close with one that has no code."""

    def answer_close(self, body: bytes) -> None:
        self.send_close(b"")


class LongReasons(Endpoint):
    """Its Close frames have a reason of 123 octets, unless it was told which."""

    def answer_close(self, body: bytes) -> None:
        self.send_close((body[:2] or (1000).to_bytes(2, "big")) + _REASON)

    def failure_body(self, code: int) -> bytes:
        return super().failure_body(code) + _REASON


class CloseWithinAMessage(Endpoint):
    """A Close within a fragmented message it takes for an error, and answers with 1002."""

    def answer_close(self, body: bytes) -> None:
        super().answer_close((1002).to_bytes(2, "big") if self.message_opcode else body)


class OneOctetFragments(Endpoint):
    """Its messages of up to 200 octets have an octet in each frame."""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        return self.in_fragments(opcode, payload, rsv, 1 if len(payload) <= 200 else max(len(payload) // 50, 1))


class EmptyFragments(Endpoint):
    """Its messages have empty fragments at the beginning, between, and at the end."""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        half = len(payload) // 2
        yield Outgoing(opcode, b"", False, rsv)
        for part in (payload[:half], b"", payload[half:]):
            yield Outgoing(CONTINUATION, part, False)
        yield Outgoing(CONTINUATION, b"")


class ControlFramesBetween(Endpoint):
    """Between the fragments of its messages it sends Pings and Pongs."""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        for frame in self.in_fragments(opcode, payload, rsv, max(len(payload) // 3, 1)):
            yield frame
            if not frame.fin:
                yield Outgoing(PING, b"between")
                yield Outgoing(PONG, b"between")


class LateEnd(Endpoint):
    """It ends TCP 100 ms late."""

    def end(self) -> None:
        asyncio.get_running_loop().call_later(0.1, super().end)


class NoDeflate(Endpoint):
    """It knows no extensions."""

    def offer(self) -> str:
        return ""

    def agree(self, chosen: list[Extension]) -> bool:
        return not chosen

    def choose(self, offers: list[Extension]) -> str:
        return ""


class NeverCompresses(Endpoint):
    """It agrees to permessage-deflate, and sends all uncompressed."""

    def send_message(self, opcode: int, payload: bytes) -> None:
        for frame in self.fragments(opcode, payload, 0):
            self.send_frame(frame.opcode, frame.payload, fin=frame.fin)


class CompressesSometimes(Endpoint):
    """It compresses every second message."""

    _sent = 0

    def send_message(self, opcode: int, payload: bytes) -> None:
        self._sent += 1
        if self._sent % 2:
            super().send_message(opcode, payload)
        else:
            self.send_frame(opcode, payload)


class FinalBlocks(Endpoint):
    """Its compressed messages end with a block that has BFINAL."""

    def compress(self, payload: bytes) -> bytes:
        compressor = self.new_compressor()
        return compressor.compress(payload) + compressor.flush(zlib.Z_FINISH) + b"\x00"


class StoredBlocks(Endpoint):
    """What it compresses is in blocks without compression."""

    def new_compressor(self) -> "zlib._Compress":
        return zlib.compressobj(0, zlib.DEFLATED, -max(self.window_to_compress(), 9))


class ManyBlocks(Endpoint):
    """It flushes behind every few octets that it compresses."""

    def compress(self, payload: bytes) -> bytes:
        compressor = self.new_compressor()
        step = max(len(payload) // 20, 1)
        parts = [payload[at : at + step] for at in range(0, len(payload), step)] or [b""]
        octets = b"".join(compressor.compress(part) + compressor.flush(zlib.Z_SYNC_FLUSH) for part in parts)
        return octets.removesuffix(TAIL) or b"\x00"


class ForgetsUnasked(Endpoint):
    """As a server it answers with server_no_context_takeover and a small window of its own, unasked."""

    def answer_parameters(self, offered: dict[str, str | None]) -> tuple[tuple[str, str | None], ...]:
        asked = super().answer_parameters(offered)
        mine: tuple[tuple[str, str | None], ...] = (
            ("server_no_context_takeover", None),
            ("server_max_window_bits", "9"),
        )
        return (*asked, *((name, value) for name, value in mine if name not in offered))


class LimitsTheClient(Endpoint):
    """As a server it asks the client for a window of 512 octets wherever it may, and for none kept."""

    def answer_parameters(self, offered: dict[str, str | None]) -> tuple[tuple[str, str | None], ...]:
        asked = dict(super().answer_parameters(offered))
        asked["client_no_context_takeover"] = None
        if "client_max_window_bits" in offered:
            hint = offered["client_max_window_bits"]
            asked["client_max_window_bits"] = hint if hint == "8" else "9"
        return tuple(asked.items())


class OffersALot(Endpoint):
    """As a client it makes several offers, with many parameters, one of them in quotation marks."""

    def offer(self) -> str:
        return (
            "permessage-deflate; client_max_window_bits=12; server_no_context_takeover, "
            'permessage-deflate; client_max_window_bits="15", permessage-deflate'
        )


class _Heads(Endpoint):
    def write_head(self, start: str, fields: Fields) -> None:
        self.write(self.dress(head_octets(start, fields)))

    def dress(self, octets: bytes) -> bytes:
        raise NotImplementedError


class LowerCaseFields(_Heads):
    """The names of its header fields are in lower case."""

    def dress(self, octets: bytes) -> bytes:
        return re.sub(rb"(?<=\n)[A-Za-z-]+:", lambda match: match[0].lower(), octets)


class UpperCaseFields(_Heads):
    """The names of its header fields, and the values in which case makes no difference, are in upper case."""

    def dress(self, octets: bytes) -> bytes:
        upper = re.sub(rb"(?<=\n)[A-Za-z-]+:", lambda match: match[0].upper(), octets)
        return re.sub(rb"(?<=: )(websocket|Upgrade|close)(?=\r)", lambda match: match[0].upper(), upper)


class PaddedFields(_Heads):
    """There is white space around the values of its header fields, or none."""

    def dress(self, octets: bytes) -> bytes:
        padded = re.sub(rb"(?<=\n)(\S+): (.*?)(?=\r)", rb"\1: \t  \2  \t", octets)
        return padded.replace(b"Upgrade: \t  ", b"Upgrade:", 1)


class ManyFields(Endpoint):
    """Its heads have many other header fields."""

    def write_head(self, start: str, fields: Fields) -> None:
        others = [
            ("Server", "eccentric/1.0"),
            ("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),
            ("Set-Cookie", "one=1; Path=/"),
            ("Set-Cookie", "two=2"),
            ("X-Empty", ""),
            ("Vary", "Origin"),
            ("Cache-Control", "no-store"),
            ("User-Agent", "eccentric/1.0"),
        ]
        super().write_head(start, [*others[:4], *fields, *others[4:], *((f"X-{n}", "x" * n) for n in range(30))])


class FieldsInReverse(Endpoint):
    """Its header fields are in reverse order; a request begins with Host all the same."""

    def write_head(self, start: str, fields: Fields) -> None:
        super().write_head(start, fields[::-1])


class KeepAlive(Endpoint):
    """Its Connection is ``keep-alive, Upgrade``."""

    def write_head(self, start: str, fields: Fields) -> None:
        listed = [(name, "keep-alive, Upgrade" if value == "Upgrade" else value) for name, value in fields]
        super().write_head(start, listed)


class NoReasonPhrase(Endpoint):
    """As a server it gives no reason phrase."""

    def status_line(self) -> str:
        return "HTTP/1.1 101 "


class Slow(Endpoint):
    """It does everything 10 ms late."""

    def write(self, octets: bytes) -> None:
        asyncio.get_running_loop().call_later(0.01, super().write, octets)

    def end(self) -> None:
        asyncio.get_running_loop().call_later(0.012, super().end)


class OctetByOctet(Endpoint):
    """It writes what is not long octet by octet."""

    def write(self, octets: bytes) -> None:
        for at in range(len(octets) if len(octets) <= 300 else 0):
            super().write(octets[at : at + 1])
        if len(octets) > 300:
            super().write(octets)


class DropsUnmasked(Endpoint):
    """It ends TCP without a Close over every frame that is wrong."""

    def fail(self, code: int) -> None:
        self.is_deaf = True
        self.end()


class AnswersLate(Endpoint):
    """It answers a Close only when all that it was sent before is back, 50 ms later."""

    def take_close(self, body: bytes) -> None:
        self.is_deaf = True
        asyncio.get_running_loop().call_later(0.05, super().take_close, body)


class RefusesVariously(Endpoint):
    """As a server it refuses with 403, 404, 418 or 503, and a page."""

    _statuses: Final = (403, 404, 418, 503)

    def refuse(self, status: int) -> None:
        if status == 426:
            super().refuse(status)
            return
        page = b"<p>No.</p>"
        chosen = self._statuses[status % 4]
        self.write(head_octets(f"HTTP/1.1 {chosen} No", [("Content-Length", str(len(page)))]) + page)
        self.end()


class WaitsForTheEnd(Endpoint):
    """As a client it waits for the server to end TCP, however a connection ends."""

    def fail_opening(self) -> None:
        self.is_deaf = True
        self.end()


class OldVersionToo(Endpoint):
    """As a server it lists several versions when it refuses one."""

    def write_head(self, start: str, fields: Fields) -> None:
        super().write_head(
            start,
            [
                (name, "13, 8, 7" if name == "Sec-WebSocket-Version" and self.is_server else value)
                for name, value in fields
            ],
        )


class NoSubprotocols(Endpoint):
    """It asks for no subprotocol, and agrees to none."""

    def subprotocols(self) -> tuple[str, ...]:
        return ()

    def choose_protocol(self, offered: list[str]) -> str | None:
        return None


class LastSubprotocol(Endpoint):
    """As a server it takes the last subprotocol that is offered."""

    def choose_protocol(self, offered: list[str]) -> str | None:
        return offered[-1] if offered else None


class Limits(Endpoint):
    """It takes no message of more than 70000 octets."""

    LONGEST = 70_000


class FailsLate(Endpoint):
    """It looks at the text of a message when it is complete."""

    _held = b""

    def text_is_right(self, decoder: codecs.IncrementalDecoder, octets: bytes, *, final: bool) -> bool:
        self._held += octets
        if not final:
            return True
        held, self._held = self._held, b""
        return super().text_is_right(decoder, held, final=True)

    def reason_is_right(self, reason: bytes) -> bool:
        self._held = b""
        return super().reason_is_right(reason)


_ONE_ROLE: Final = {
    ForgetsUnasked: Role.SERVER,
    LimitsTheClient: Role.SERVER,
    NoReasonPhrase: Role.SERVER,
    RefusesVariously: Role.SERVER,
    OldVersionToo: Role.SERVER,
    LastSubprotocol: Role.SERVER,
    OffersALot: Role.CLIENT,
    WaitsForTheEnd: Role.CLIENT,
}

ECCENTRICS: Final[tuple[type[Endpoint], ...]] = (
    UnsolicitedPongs,
    PongToTheLatest,
    Heartbeat,
    OwnCloseCode,
    CloseWithoutCode,
    LongReasons,
    CloseWithinAMessage,
    OneOctetFragments,
    EmptyFragments,
    ControlFramesBetween,
    LateEnd,
    NoDeflate,
    NeverCompresses,
    CompressesSometimes,
    FinalBlocks,
    StoredBlocks,
    ManyBlocks,
    ForgetsUnasked,
    LimitsTheClient,
    OffersALot,
    LowerCaseFields,
    UpperCaseFields,
    PaddedFields,
    ManyFields,
    FieldsInReverse,
    KeepAlive,
    NoReasonPhrase,
    Slow,
    OctetByOctet,
    DropsUnmasked,
    AnswersLate,
    RefusesVariously,
    WaitsForTheEnd,
    OldVersionToo,
    NoSubprotocols,
    LastSubprotocol,
    Limits,
    FailsLate,
    OverTls,
)


def roles_of(kind: type[Endpoint]) -> tuple[Role, ...]:
    """The roles in which an eccentric is one."""
    return (_ONE_ROLE[kind],) if kind in _ONE_ROLE else (Role.SERVER, Role.CLIENT)


def name_of(kind: type[Endpoint]) -> str:
    """What an eccentric is called: ``late-end``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
