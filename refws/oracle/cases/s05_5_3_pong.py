"""Section 5.5.3: Pongs that nobody asked for."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed, Where, goes_on
from refws.oracle.observed import Observed
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import ping, pong, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

UNASKED: Final = "rfc6455:5.5.3-p5-s1"
NO_ANSWER: Final = "rfc6455:5.5.3-p5-s3"
_CLAUSES: Final = (UNASKED, NO_ANSWER, "rfc6455:5.5.3-p1-s1", "rfc6455:5.2-p15-s1")
_DATA: Final = b"unsolicited pong payload"


def _came_back(payload: bytes) -> Allowed:
    """Nothing forbids it: a Pong may be sent at any time. But who answers Pongs keeps such a peer busy for ever."""

    def fits(seen: Observed) -> bool:
        return seen.went_on and not seen.has_failed and payload in seen.pongs

    why = "no answer to a Pong is expected, and two that answer each other never end"
    return Allowed(Verdict.NON_STRICT, Where("sends the Pong back", fits), why, NO_ANSWER)


def _quiet() -> Iterator[Case]:
    for name, what, payload, alias in (
        ("empty-pong", "a Pong without a payload", b"", "2.7"),
        ("pong-with-payload", "a Pong with a payload", _DATA, "2.8"),
        ("pong-of-125-octets", "a Pong of 125 octets", bytes(range(125)), ""),
    ):
        right = goes_on(why="such a Pong needs no answer")
        yield Case(
            f"5.5.3/{name}",
            f"{what} that nobody asked for",
            _CLAUSES,
            (pong(payload),),
            (_came_back(payload), *right) if payload else right,
            alias=alias,
        )


CASES = (
    *_quiet(),
    Case(
        "5.5.3/pong-and-ping",
        "a Pong that nobody asked for, and a Ping",
        (*_CLAUSES, "rfc6455:5.5.2-p3-s1", "rfc6455:5.5.3-p3-s1"),
        (pong(_DATA), ping(b"ping payload")),
        (_came_back(_DATA), *goes_on(pongs=(b"ping payload",))),
        alias="2.9",
    ),
    Case(
        "5.5.3/hundred-pongs-and-a-message",
        "a hundred Pongs that nobody asked for, and a message",
        _CLAUSES,
        (*(pong(b"heartbeat %d" % number) for number in range(100)), text("behind them")),
        (_came_back(b"heartbeat 99"), *goes_on(text("behind them"))),
    ),
)
