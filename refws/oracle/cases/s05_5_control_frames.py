"""Section 5.5: control frames, which are short and in one piece."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case
from refws.oracle.cases.answers import TAKEN
from refws.oracle.expect import Allowed, Where, goes_on, refuses
from refws.oracle.observed import Observed
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import Frame, Opcode, binary, close, continuation, ping, pong, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

SHORT: Final = "rfc6455:5.5-p3-s1/1"
WHOLE: Final = "rfc6455:5.5-p3-s1/2"
_CODE: Final = 3456  # that nobody sends of his own accord


def _answers_the_close(seen: Observed) -> bool:
    return seen.close is not None and seen.close.close_code == _CODE


def _answers_and_fails(seen: Observed) -> bool:
    return b"fragment1" in seen.pongs and seen.has_failed and not seen.went_on


CLOSE_TAKEN: Final = Allowed(
    Verdict.NON_STRICT, Where("takes it for a right Close, and answers it", _answers_the_close), TAKEN.why
)
PING_TAKEN: Final = Allowed(
    Verdict.NON_STRICT, Where("answers the Ping, and fails on the continuation", _answers_and_fails), TAKEN.why
)

CONTINUED: Final = Allowed(
    Verdict.FAIL,
    Where("takes the continuation for a message", lambda seen: bool(seen.messages)),
    "a control frame begins no message, and so there was none to continue",
    "rfc6455:5.4-p5-s1",
)


def _long() -> Iterator[Case]:
    for length in (126, 127, 128, 65536):
        for kind, frame in (("Ping", ping), ("Pong", pong)):
            yield Case(
                f"5.5/{kind.lower()}-of-{length}-octets",
                f"a {kind} of {length} octets, more than the 125 that there may be",
                (SHORT,),
                (frame(b"\xfe" * length),),
                refuses(1002, accepting=TAKEN),
                alias="2.5" if (kind, length) == ("Ping", 126) else "",
            )
        yield Case(
            f"5.5/close-of-{length}-octets",
            f"a Close of {length} octets, more than the 125 that there may be",
            (SHORT,),
            (close(_CODE, "*" * (length - 2)),),
            (CLOSE_TAKEN, *refuses(1002)),
        )


def _fragmented() -> Iterator[Case]:
    clauses = (WHOLE, "rfc6455:5.4-p8-s2", "rfc6455:5.4-p17-s2")
    first = text("first")
    for number, (kind, frame) in enumerate((("ping", ping), ("pong", pong)), 1):
        fragments = (frame(b"fragment1", fin=False), continuation("fragment2"))
        refused = refuses(1002, accepting=TAKEN)
        yield Case(
            f"5.5/{kind}-in-two-fragments",
            f"a {kind.capitalize()} without FIN, and a continuation",
            clauses,
            fragments,
            (CONTINUED, PING_TAKEN, *refused),
            alias=f"5.{number}",
        )
        yield Case(
            f"5.5/{kind}-without-fin",
            f"a {kind.capitalize()} without FIN",
            clauses,
            fragments[:1],
            refused,
        )
        yield Case(
            f"5.5/{kind}-without-fin-inside-a-message",
            f"a {kind.capitalize()} without FIN between the fragments of a message",
            clauses,
            (text("first", fin=False), fragments[0], continuation("second")),
            refused,
        )
        yield Case(
            f"5.5/{kind}-without-fin-behind-a-message",
            f"a message, and a {kind.capitalize()} without FIN",
            clauses,
            (first, fragments[0]),
            refuses(1002, messages=(first,), accepting=TAKEN),
        )
    body = close(_CODE).payload
    pieces: dict[str, tuple[Frame, ...]] = {
        "without-fin": (close(_CODE, fin=False),),
        "in-two-fragments": (Frame(Opcode.CLOSE, body[:1], fin=False), continuation(body[1:])),
    }
    for name, frames in pieces.items():
        yield Case(
            f"5.5/close-{name}",
            "a Close without FIN" + ", and a continuation" * (len(frames) - 1),
            clauses,
            frames,
            (CLOSE_TAKEN, *refuses(1002, accepting=TAKEN)),
        )


CASES = (
    *_long(),
    *_fragmented(),
    Case(
        "5.5/control-frames-between-messages",
        "Pings and Pongs before, between and behind messages",
        ("rfc6455:5.5-p1-s1", "rfc6455:5.5-p1-s2", "rfc6455:5.2-p38-s1", "rfc6455:6.2-p1-s3"),
        (pong(b"1"), text("one"), pong(b"2"), binary(b"two"), ping(bytes(125))),
        goes_on(text("one"), binary(b"two"), pongs=(bytes(125),)),
    ),
)
