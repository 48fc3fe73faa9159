"""What a server may do with an opening handshake, and what a case allows of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from refws.oracle.expect import Allowed, Silent
from refws.oracle.observed import Observed
from refws.oracle.verdict import Verdict
from refws.oracle.wire.http import Head

__all__ = [
    "BUSY_STATUSES",
    "DROPS",
    "WAITS",
    "Answered",
    "Breaks",
    "Declines",
    "Opens",
    "Refuses",
    "Unanswered",
    "accepts",
    "either",
    "rejects",
]

BUSY_STATUSES: Final = (429, 503)
"""Statuses of a server that takes no more connections for now."""
SHOULD_ANSWER: Final = "rfc6455:10.7-p1-s5"


@dataclass(slots=True)
class Answered(Observed):
    """What came of a request: the head of the answer, and whether a message then came back (`went_on`)."""

    head: Head | None = None
    is_elsewhere: bool = False
    """Whether it switches to another protocol that the request named."""

    @property
    def status(self) -> int | None:
        """The status of the answer; None where there is none."""
        return self.head.status if self.head else None

    @property
    def is_open(self) -> bool:
        """Whether the answer is a 101, and to WebSocket; on a stream, that it is a 2xx."""
        return self.head is not None and self.head.opens and not self.is_elsewhere

    def field(self, name: str) -> str | None:
        """A header field of the answer, several joined by commas; None where there is none."""
        return self.head.get(name) if self.head else None

    def __str__(self) -> str:
        if self.head is None:
            return "no answer, " + Observed.__str__(self)
        line = " ".join(self.head.words[1:]) or repr(self.head.start_line)
        if not self.is_open:
            return line
        return f"{line}, " + ("an echo" if self.went_on else f"and then {Observed.__str__(self) or 'no echo'}")


# What a server may do


@dataclass(frozen=True, slots=True)
class Opens:
    """It answers with 101, and the connection works; with `where`, the answer is such a one, which `text` says."""

    text: str = ""
    where: Callable[[Answered], bool] = lambda seen: True

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        return isinstance(seen, Answered) and seen.is_open and seen.went_on and self.where(seen)

    def __str__(self) -> str:
        return "opens the connection" + (f" {self.text}" if self.text else "")


@dataclass(frozen=True, slots=True)
class Breaks:
    """It answers with 101, and the connection does not work."""

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        return isinstance(seen, Answered) and seen.is_open and not seen.went_on

    def __str__(self) -> str:
        return "opens a connection that does not work"


@dataclass(frozen=True, slots=True)
class Refuses:
    """It answers with a status of an HTTP error: one of these, or (none given) any from `least` to `most`."""

    statuses: tuple[int, ...] = ()
    least: int = 400
    most: int = 599
    text: str = ""
    where: Callable[[Answered], bool] = lambda seen: True

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        status = seen.status if isinstance(seen, Answered) else None
        if status is None or not isinstance(seen, Answered) or not self.where(seen):
            return False
        return status in self.statuses if self.statuses else self.least <= status <= self.most

    def __str__(self) -> str:
        statuses = " or ".join(map(str, self.statuses)) or f"a status from {self.least} to {self.most}"
        return f"refuses with {statuses}" + (f" {self.text}" if self.text else "")


@dataclass(frozen=True, slots=True)
class Declines:
    """It answers as an HTTP server that knows no WebSocket would: with a status from 200 to 399, or another Upgrade."""

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        return isinstance(seen, Answered) and (200 <= (seen.status or 0) < 400 or seen.is_elsewhere)

    def __str__(self) -> str:
        return "answers as an HTTP server does"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It ends TCP without an answer."""

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        return isinstance(seen, Answered) and seen.head is None and seen.end is not None

    def __str__(self) -> str:
        return "ends TCP without an answer"


BUSY: Final = Allowed(
    Verdict.INCONCLUSIVE, Refuses(BUSY_STATUSES), "the server says that it is too busy, so this says nothing about it"
)
DROPS: Final = Allowed(
    Verdict.NON_STRICT, Unanswered(), "an HTTP status tells the client what was wrong with its request", SHOULD_ANSWER
)
WAITS: Final = Allowed(Verdict.PASS, Silent(None), "to it the head is not whole yet, so it waits for the rest")


def accepts(why: str, *others: Allowed, opens: Opens = Opens()) -> tuple[Allowed, ...]:
    """The request is right: the connection opens and works. `others` may happen, too.

    Where a refusal may, so may an end of TCP in its place (10.7).
    """
    refused = any(isinstance(one.outcome, Refuses) for one in others)
    return Allowed(Verdict.PASS, opens, why), BUSY, *others, *((DROPS,) if refused else ())


def rejects(
    why: str, *others: Allowed, fitting: tuple[int, ...] = (400,), opened: str = "", declined: str = ""
) -> tuple[Allowed, ...]:
    """The request is wrong: it is refused, with one of the `fitting` statuses or another error of the client's.

    `opened` is why opening the connection breaks no MUST; `declined`, why an answer as to any other HTTP request is
    right. Without them, both FAIL.
    """
    outcomes = [
        Allowed(Verdict.PASS, Refuses(fitting), why),
        Allowed(Verdict.PASS, Refuses(most=499), "another status of the client's error tells the client, too"),
        Allowed(Verdict.NON_STRICT, Refuses(least=500), "a 5xx says that the server went wrong, where the client did"),
        DROPS,
    ]
    if opened:
        outcomes.append(Allowed(Verdict.NON_STRICT, Opens(), opened))
    if declined:
        outcomes.append(Allowed(Verdict.PASS, Declines(), declined))
    return (*outcomes, *others)


def either(why: str, *others: Allowed, fitting: tuple[int, ...] = (400,)) -> tuple[Allowed, ...]:
    """A server may open this connection, and may refuse it."""
    return (Allowed(Verdict.PASS, Opens(), why), *rejects(why, *others, fitting=fitting))
