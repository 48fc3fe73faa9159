"""Sections 5.5 to 8: control frames, closing, failing, and UTF-8.

Longer than other modules, for each liar is a class of a few lines.
"""

import asyncio
import codecs
from collections.abc import Iterator
from typing import ClassVar

from conformance.liars.endpoint import Endpoint, Outgoing
from conformance.liars.endpoint.framing import CLOSE, CONTINUATION, PONG, TEXT, Incoming
from conformance.liars.liar import BOTH, lies

__all__: list[str] = []


@lies("5.5-p3-s1/1", *BOTH)
class SendsLongControlFrames(Endpoint):
    """Its Pongs have 126 octets at least."""

    def take_ping(self, payload: bytes) -> None:
        self.send_frame(PONG, payload.ljust(126, b"."))


@lies("5.5-p3-s1/1", *BOTH)
class SendsLongReasons(Endpoint):
    """Its Close frames have a reason of 200 octets."""

    def send_close(self, body: bytes) -> None:
        super().send_close((body or b"\x03\xe8") + b"because " * 25)


@lies("5.5-p3-s1/2", *BOTH)
class FragmentsPongs(Endpoint):
    """It sends its Pongs in fragments."""

    def take_ping(self, payload: bytes) -> None:
        self.send_frame(PONG, payload[:1], fin=False)
        self.send_frame(CONTINUATION, payload[1:])


@lies("5.5-p3-s1/2", *BOTH)
class FragmentsCloses(Endpoint):
    """Its Close frames have no FIN."""

    def send_close(self, body: bytes) -> None:
        self.close_sent = True
        self.send_frame(CLOSE, body, fin=False)


@lies("5.5.1-p2-s2", *BOTH)
class SendsHalfCodes(Endpoint):
    """The body of its Close frames is one octet."""

    def send_close(self, body: bytes) -> None:
        super().send_close(body[:1] or b"\x03")


@lies("5.5.1-p4-s1", *BOTH)
class SpeaksAfterItsClose(Endpoint):
    """It sends a message behind its Close."""

    def send_close(self, body: bytes) -> None:
        super().send_close(body)
        self.send_frame(TEXT, b"one more thing")


@lies("5.5.1-p5-s1", *BOTH)
class AnswersNoClose(Endpoint):
    """It answers a Close with none, and stays."""

    def take_close(self, body: bytes) -> None:
        self.is_deaf = True


@lies("5.5.1-p5-s1", *BOTH)
class DropsAtClose(Endpoint):
    """It answers a Close by ending TCP."""

    def take_close(self, body: bytes) -> None:
        self.is_deaf = True
        self.end()


@lies("5.5.1-p6-s1", *BOTH)
class StaysAfterClose(Endpoint):
    """It never ends TCP when both Close frames are there."""

    def both_closed(self) -> None:
        self.ended = True

    def eof_received(self) -> bool:
        return True


@lies("5.5.1-p6-s2/1", "server")
class WaitsForTheClient(Endpoint):
    """When both Close frames are there, it waits for the client to end TCP."""

    def both_closed(self) -> None:
        pass


@lies("5.5.2-p3-s1", *BOTH)
class AnswersNoPing(Endpoint):
    """It does not answer Pings."""

    def take_ping(self, payload: bytes) -> None:
        pass


@lies("5.4-p11-s1", *BOTH)
class AnswersNoPingBetweenFragments(Endpoint):
    """It does not answer Pings that come between fragments."""

    def take_ping(self, payload: bytes) -> None:
        if not self.message_opcode:
            super().take_ping(payload)


@lies("5.5.3-p3-s1", *BOTH)
class AnswersWithEmptyPongs(Endpoint):
    """Its Pongs are empty."""

    def take_ping(self, payload: bytes) -> None:
        self.send_frame(PONG)


@lies("5.6-p4-s2", *BOTH)
class SendsNoUtf8(Endpoint):
    """Its text messages end with an octet that UTF-8 does not have."""

    def send_message(self, opcode: int, payload: bytes) -> None:
        super().send_message(opcode, payload + b"\xff" if opcode == TEXT else payload)


@lies("7.1.7-p1-s2/1", "client")
@lies("7.1.7-p1-s3/1", "server")
class StaysAfterFailing(Endpoint):
    """It sends the Close of a failure, and never ends TCP."""

    def fail(self, code: int) -> None:
        self.is_deaf = True
        self.send_close(self.failure_body(code))
        self.ended = True

    def eof_received(self) -> bool:
        return self.is_deaf


@lies("7.1.7-p2-s3", *BOTH)
class ListensAfterFailing(Endpoint):
    """It answers what comes after the Close of a failure."""

    def fail(self, code: int) -> None:
        if not self.close_sent:
            self.send_close(self.failure_body(code))
        self.drop_later()

    def take_message(self, opcode: int, payload: bytes) -> None:
        self.send_message(opcode, payload)


class _FailsWith(Endpoint):
    code: ClassVar = 1000

    def failure_body(self, code: int) -> bytes:
        return self.code.to_bytes(2, "big")


@lies("7.4.1-p13-s1", *BOTH)
class FailsWith1005(_FailsWith):
    """It fails with 1005."""

    code: ClassVar = 1005


@lies("7.4.1-p15-s1", *BOTH)
class FailsWith1006(_FailsWith):
    """It fails with 1006."""

    code: ClassVar = 1006


@lies("7.4.1-p27-s1", *BOTH)
class FailsWith1015(_FailsWith):
    """It fails with 1015."""

    code: ClassVar = 1015


@lies("7.4.1-p13-s1", *BOTH)
class AnswersWith1005(Endpoint):
    """A Close without a code it answers with 1005."""

    def answer_close(self, body: bytes) -> None:
        super().answer_close(body or b"\x03\xed")


@lies("8.1-p1-s1", *BOTH)
class TakesAnyText(Endpoint):
    """It does not check text messages."""

    def text_is_right(self, decoder: codecs.IncrementalDecoder, octets: bytes, *, final: bool) -> bool:
        return True

    def reason_is_right(self, reason: bytes) -> bool:
        return super().text_is_right(codecs.getincrementaldecoder("utf-8")(), reason, final=True)


@lies("8.1-p1-s1", *BOTH)
class TakesSurrogates(Endpoint):
    """It takes surrogates in text, as UTF-16 has them."""

    def begin_frame(self, frame: Incoming) -> None:
        super().begin_frame(frame)
        if frame.opcode == TEXT and self._utf8 is not None:
            self._utf8 = codecs.getincrementaldecoder("utf-8")("surrogatepass")

    def text_is_right(self, decoder: codecs.IncrementalDecoder, octets: bytes, *, final: bool) -> bool:
        try:
            decoder.decode(octets, final)
        except UnicodeDecodeError:
            return False
        return True


@lies("8.1-p1-s1", *BOTH)
class TakesCutText(Endpoint):
    """It takes a text message that ends within a character."""

    def text_is_right(self, decoder: codecs.IncrementalDecoder, octets: bytes, *, final: bool) -> bool:
        return super().text_is_right(decoder, octets, final=False)


@lies("8.1-p1-s1", *BOTH)
class TakesAnyReason(Endpoint):
    """It does not check the reason of a Close."""

    def reason_is_right(self, reason: bytes) -> bool:
        return True


@lies("7.1.2-p1-s1", *BOTH)
class ClosesAsItLikes(Endpoint):
    """Told to close with a status code and a reason, it closes with another code and no reason."""

    def obey(self, order: str) -> None:
        super().obey("close 1001" if order.startswith("close") else order)


@lies("6.1-p2-s2", *BOTH)
class FinishesAfterClose(Endpoint):
    """Of a long message it sends the second half behind its Close."""

    _rest = b""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        if len(payload) <= 60 or opcode == TEXT:
            return super().fragments(opcode, payload, rsv)
        half = len(payload) // 2
        self._rest = payload[half:]
        asyncio.get_running_loop().call_later(0.02, self._finish)
        return iter([Outgoing(opcode, payload[:half], False, rsv)])

    def both_closed(self) -> None:
        self._finish()
        super().both_closed()

    def _finish(self) -> None:
        if self._rest:
            self.send_frame(CONTINUATION, self._rest)
            self._rest = b""
