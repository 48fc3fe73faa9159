"""What a case allows: outcomes, each with its verdict and the reason for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from refws.oracle.peer import Observed
from refws.oracle.verdict import Verdict

__all__ = ["Allowed", "Drops", "Fails", "GoesOn", "Outcome", "Silent", "Where", "goes_on", "refuses"]


class Outcome(Protocol):
    """Something that a testee may do."""

    def fits(self, seen: Observed) -> bool:
        """Whether that is what it did."""

    def __str__(self) -> str:
        """What it is, for people: behind «the testee …»."""


def _same(wanted: Sequence[bytes] | None, got: Sequence[bytes]) -> bool:
    return wanted is None or tuple(wanted) == tuple(got)


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The connection stays, with these messages and Pongs since the stimulus; None for any."""

    messages: tuple[bytes, ...] | None = ()
    pongs: tuple[bytes, ...] | None = ()

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        there = seen.went_on and not seen.has_failed
        return there and _same(self.messages, seen.payloads) and _same(self.pongs, seen.pongs)

    def __str__(self) -> str:
        what = []
        if self.messages:
            what.append(f"sends back {len(self.messages)} message{'s' * (len(self.messages) > 1)} octet by octet")
        if self.pongs:
            what.append(f"answers with {len(self.pongs)} Pong{'s' * (len(self.pongs) > 1)}")
        return " and ".join([*what, "goes on"])


@dataclass(frozen=True, slots=True)
class Fails:
    """It fails the connection with a Close that has one of these codes (None: any, or none), after these messages."""

    codes: tuple[int, ...] | None = None
    messages: tuple[bytes, ...] | None = None

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        if seen.close is None or seen.went_on or not _same(self.messages, seen.payloads):
            return False
        return self.codes is None or seen.close.close_code in self.codes

    def __str__(self) -> str:
        codes = " or ".join(map(str, self.codes or ()))
        return f"fails the connection with {codes}" if codes else "fails the connection with a Close"


@dataclass(frozen=True, slots=True)
class Drops:
    """It ends TCP without a Close, after these messages."""

    messages: tuple[bytes, ...] | None = None

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        there = seen.close is None and seen.end is not None and not seen.went_on
        return there and _same(self.messages, seen.payloads)

    def __str__(self) -> str:
        return "ends TCP without a Close"


@dataclass(frozen=True, slots=True)
class Silent:
    """It neither goes on nor fails: it waits."""

    messages: tuple[bytes, ...] | None = ()

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        return seen.silent and _same(self.messages, seen.payloads)

    def __str__(self) -> str:
        return "waits for more"


@dataclass(frozen=True, slots=True)
class Where:
    """Whatever a function finds right; the text says what that is."""

    text: str
    function: Callable[[Observed], bool] = field(repr=False)

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        return self.function(seen)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Allowed:
    """An outcome, the verdict it gets, and why."""

    verdict: Verdict
    outcome: Outcome
    why: str
    clause: str = ""
    """The clause of this reason, where it is another than the case's."""


def goes_on(*messages: bytes | str, pongs: tuple[bytes, ...] = (), why: str = "") -> tuple[Allowed, ...]:
    """The stimulus is right: it comes back, and the connection stays."""
    payloads = tuple(m.encode() if isinstance(m, str) else m for m in messages)
    return (Allowed(Verdict.PASS, GoesOn(payloads, pongs), why or "what was sent is right"),)


def refuses(
    code: int = 1002, *, messages: tuple[bytes, ...] = (), accepting: Allowed | None = None, why: str = ""
) -> tuple[Allowed, ...]:
    """The stimulus is wrong: the testee fails the connection; the code, and whether one was sent, the closing judges.

    `messages` are those complete before the wrong frame. A testee that fails before it has sent them back is let pass
    as NON-STRICT. With `accepting`, no clause binds the receiver, and that is what taking it gets.
    """
    outcomes = [
        Allowed(Verdict.PASS, Fails((code,), messages), why or f"{code} is the status code of that"),
        Allowed(Verdict.PASS, Fails(None, messages), "it fails; the closing judges the status code"),
        Allowed(Verdict.PASS, Drops(messages), "it fails; the closing judges that no Close came"),
    ]
    if messages:
        short = Where("fails the connection before all messages are back", lambda seen: _failed_short(seen, messages))
        outcomes.append(Allowed(Verdict.NON_STRICT, short, "messages before the wrong frame were complete"))
    if accepting is not None:
        outcomes.append(accepting)
    return tuple(outcomes)


def _failed_short(seen: Observed, messages: tuple[bytes, ...]) -> bool:
    return seen.has_failed and not seen.went_on and seen.payloads == messages[: len(seen.payloads)]
