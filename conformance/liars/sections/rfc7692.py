"""RFC 7692: compression that is negotiated wrongly, or done wrongly.

Longer than other modules, for each liar is a class of a few lines.
"""

from collections.abc import Iterator

from conformance.liars.endpoint import Endpoint, Outgoing
from conformance.liars.endpoint.deflating import TAIL, Agreed
from conformance.liars.endpoint.framing import BINARY, CONTINUATION, PONG, Incoming
from conformance.liars.endpoint.http import Extension
from conformance.liars.liar import BOTH, lies

__all__: list[str] = []

NAME = "permessage-deflate"


class _Offers(Endpoint):
    """Offers something, and takes no part in what comes of it."""

    offered = NAME

    def offer(self) -> str:
        return self.offered


@lies("rfc7692:7.1.2.1-p1-s2", "client")
class OffersWindowOf16(_Offers):
    """It offers server_max_window_bits=16."""

    offered = f"{NAME}; server_max_window_bits=16"


@lies("rfc7692:7.1.2.1-p1-s2", "client")
class OffersNoWindow(_Offers):
    """It offers server_max_window_bits without a value."""

    offered = f"{NAME}; server_max_window_bits"


@lies("rfc7692:7.1.2.2-p1-s3", "client")
class OffersWordyWindow(_Offers):
    """It offers client_max_window_bits=large."""

    offered = f"{NAME}; client_max_window_bits=large"


class _TakesValues(Endpoint):
    parameter = ""

    def value_is_right(self, name: str, value: str | None, *, in_answer: bool) -> bool:
        return name == self.parameter or super().value_is_right(name, value, in_answer=in_answer)

    def take_up(self, answer: Extension) -> None:
        said = (
            (name, value if name != self.parameter or (value or "").isdecimal() else "15")
            for name, value in answer.parameters
        )
        capped = tuple((name, str(max(8, min(15, int(value)))) if value else value) for name, value in said)
        super().take_up(Extension(answer.name, capped))


@lies("rfc7692:7.1.2.1-p1-s2", "server")
@lies("rfc7692:7.1.2.1-p6-s2", "client")
class TakesAnyServerWindow(_TakesValues):
    """It takes any value of server_max_window_bits."""

    parameter = "server_max_window_bits"


@lies("rfc7692:7.1.2.2-p1-s3", "server")
@lies("rfc7692:7.1.2.2-p4-s3", "client")
class TakesAnyClientWindow(_TakesValues):
    """It takes any value of client_max_window_bits."""

    parameter = "client_max_window_bits"


class _Adds(Endpoint):
    added = ""

    def choose(self, offers: list[Extension]) -> str:
        chosen = super().choose(offers)
        return f"{chosen}; {self.added}" if chosen else ""


@lies("rfc7692:7.1.2.1-p6-s2", "server")
class AnswersWindowOf16(_Adds):
    """It answers with server_max_window_bits=16."""

    added = "server_max_window_bits=16"

    def answer_parameters(self, offered: dict[str, str | None]) -> tuple[tuple[str, str | None], ...]:
        return tuple(one for one in super().answer_parameters(offered) if one[0] != "server_max_window_bits")


@lies("rfc7692:7.1.2.2-p4-s3", "server")
class AnswersNoWindow(Endpoint):
    """Where client_max_window_bits is offered, it answers with that, without a value."""

    def choose(self, offers: list[Extension]) -> str:
        chosen = super().choose(offers)
        offered = any(name == "client_max_window_bits" for offer in offers for name, _ in offer.parameters)
        return f"{chosen}; client_max_window_bits" if chosen and offered else chosen


@lies("rfc7692:7.1.2.2-p7-s1", "server")
class LimitsUnasked(Endpoint):
    """It answers with client_max_window_bits=10 where that is not offered."""

    def choose(self, offers: list[Extension]) -> str:
        chosen = super().choose(offers)
        offered = any(name == "client_max_window_bits" for offer in offers for name, _ in offer.parameters)
        return f"{chosen}; client_max_window_bits=10" if chosen and not offered else chosen


@lies("rfc7692:7-p10-s1", "server")
class TakesUnknownParameters(Endpoint):
    """It accepts offers with parameters that it does not know, or that are there twice."""

    def names_are_right(self, one: Extension) -> bool:
        return True


@lies("rfc7692:7-p15-s1", "client")
class TakesUnknownParametersInAnswers(Endpoint):
    """It takes answers with parameters that it does not know, or that are there twice."""

    def names_are_right(self, one: Extension) -> bool:
        return True


@lies("rfc7692:5-p9-s2", "client")
class TakesTwoCompressions(Endpoint):
    """It takes an answer that accepts permessage-deflate twice."""

    def agree(self, chosen: list[Extension]) -> bool:
        return super().agree(chosen[:1])


@lies("rfc7692:5-p15-s1", "client")
class TakesAnotherCompression(Endpoint):
    """It takes an answer that accepts a compression which it did not offer, and does not use it."""

    def agree(self, chosen: list[Extension]) -> bool:
        return super().agree(chosen) or all(one.name != NAME for one in chosen)


@lies("rfc7692:5-p16-s1", *BOTH)
class AgreesInVain(Endpoint):
    """It agrees to permessage-deflate, and then fails over what is compressed."""

    def check_rsv(self, frame: Incoming) -> int:
        return 1002 if frame.rsv else 0


@lies("rfc7692:6.1-p1-s1", *BOTH, plays="7692:")
class CompressesSilently(Endpoint):
    """It compresses binary messages, and does not set RSV1."""

    def rsv_of(self, opcode: int, rsv: int) -> int:
        return 0 if opcode == BINARY else rsv


@lies("rfc7692:6.1-p6-s1", *BOTH)
class MarksTheUncompressed(Endpoint):
    """It does not compress messages of more than 60 octets, and sets RSV1."""

    def compress(self, payload: bytes) -> bytes:
        return payload if len(payload) > 60 else super().compress(payload)


@lies("rfc7692:6.1-p10-s1", *BOTH)
class MarksPongs(Endpoint):
    """Where permessage-deflate is agreed on, it sets RSV1 in Pongs."""

    def rsv_of(self, opcode: int, rsv: int) -> int:
        return 4 if opcode == PONG and self.deflate is not None else rsv


@lies("rfc7692:6.1-p10-s1", *BOTH)
class MarksEveryFragment(Endpoint):
    """It sets RSV1 in all fragments of a compressed message."""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        for frame in self.in_fragments(opcode, payload, rsv, max(len(payload) // 2, 1)):
            yield frame._replace(rsv=rsv)


@lies("rfc7692:6.1-p10-s2", *BOTH)
class TakesMarkedControlFrames(Endpoint):
    """Where permessage-deflate is agreed on, it takes control frames with RSV1."""

    def check_rsv(self, frame: Incoming) -> int:
        return 0 if frame.is_control and frame.rsv == 4 and self.deflate is not None else super().check_rsv(frame)


@lies("rfc7692:6.1-p10-s2", *BOTH)
class TakesMarkedContinuations(Endpoint):
    """Where permessage-deflate is agreed on, it takes continuations with RSV1."""

    def check_rsv(self, frame: Incoming) -> int:
        marked = frame.opcode == CONTINUATION and frame.rsv == 4 and self.deflate is not None
        return 0 if marked else super().check_rsv(frame)


@lies("rfc7692:6.2-p1-s1", *BOTH)
class InflatesNothing(Endpoint):
    """It takes compressed messages for what they are without being inflated."""

    def end_message(self) -> None:
        self._compressed = False
        super().end_message()


@lies("rfc7692:6.2-p7-s1", *BOTH)
class InflatesAll(Endpoint):
    """Where permessage-deflate is agreed on, it inflates uncompressed messages too, where they are binary."""

    def begin_frame(self, frame: Incoming) -> None:
        if frame.opcode == BINARY and self.deflate is not None:
            frame.rsv = 4
        super().begin_frame(frame)


@lies("rfc7692:7.1.1.2-p4-s1", "client")
class RefusesToForget(Endpoint):
    """It fails over an answer with client_no_context_takeover, for it did not offer that."""

    def names_are_right(self, one: Extension) -> bool:
        return super().names_are_right(one) and "client_no_context_takeover" not in dict(one.parameters)


@lies("rfc7692:7.2.1-p10-s3", *BOTH)
class StripsEveryFragment(Endpoint):
    """It takes 00 00 FF FF off at the end of every fragment."""

    def send_message(self, opcode: int, payload: bytes) -> None:
        if self.deflate is None:
            super().send_message(opcode, payload)
            return
        half = len(payload) // 2
        first, last = self.compress(payload[:half]), self.compress(payload[half:])
        self.send_frame(opcode, first, fin=False, rsv=4)
        self.send_frame(CONTINUATION, last)


@lies("rfc7692:7.2.1-p12-s1", "client")
@lies("rfc7692:7.2.1-p13-s1", "server")
class RemembersAfterAll(Endpoint):
    """It compresses with the window of the message before where it has agreed not to."""

    def keeps_window_to_compress(self) -> bool:
        return True


@lies("rfc7692:7.2.1-p14-s1", "client")
@lies("rfc7692:7.2.1-p15-s1", "server")
class LooksBackTooFar(Endpoint):
    """It compresses with a window of 32768 octets where a smaller one is agreed on."""

    def window_to_compress(self) -> int:
        return 15


@lies("rfc7692:7.2.2-p4-s2", "client")
@lies("rfc7692:7.2.2-p5-s2", "server")
class ForgetsBetweenMessages(Endpoint):
    """It decompresses each message with an empty window."""

    def keeps_window_to_inflate(self) -> bool:
        return False


@lies("rfc7692:7.2.2-p5-s3", "server")
class ForgetsWhatWasOnlyOffered(Endpoint):
    """It decompresses with an empty window where the client offered client_no_context_takeover, and does not agree."""

    _asked = False

    def take_up(self, answer: Extension) -> None:
        super().take_up(answer)
        assert self.deflate is not None
        self._asked = not self.deflate.takeover["client"]
        self.deflate = Agreed(self.deflate.bits, {**self.deflate.takeover, "client": True})

    def choose(self, offers: list[Extension]) -> str:
        chosen = super().choose(offers)
        return chosen.replace("; client_no_context_takeover", "")

    def keeps_window_to_inflate(self) -> bool:
        return not self._asked


@lies("rfc7692:7.2.2-p6-s2", "client")
@lies("rfc7692:7.2.2-p7-s2", "server")
class LooksBackTooLittle(Endpoint):
    """It decompresses with a window of 1024 octets where no limit is agreed on."""

    def window_to_inflate(self) -> int:
        return 10


@lies("rfc7692:7.2.1-p2-s1", *BOTH)
class SendsGarbage(Endpoint):
    """What it compresses is no DEFLATE."""

    def compress(self, payload: bytes) -> bytes:
        return b"\xff" + super().compress(payload)


@lies("rfc7692:7.2.1-p4-s1", *BOTH)
class LeavesTail(Endpoint):
    """It does not take 00 00 FF FF off at the end of a message."""

    def compress(self, payload: bytes) -> bytes:
        return super().compress(payload).removesuffix(b"\x00") + b"\x00" + TAIL


@lies("rfc7692:5-p5-s1", "server")
class CompressesUntold(Endpoint):
    """It accepts an offer of permessage-deflate, and does not say so in its answer."""

    def choose(self, offers: list[Extension]) -> str:
        super().choose(offers)
        return ""


@lies("rfc7692:7.2.2-p7-s3", "client")
class ForgetsWhatWasAgreed(_Offers):
    """It offers client_max_window_bits=10, and compresses with 32768 octets where 12 is agreed on."""

    offered = f"{NAME}; client_max_window_bits=10"

    def window_to_compress(self) -> int:
        return 15
