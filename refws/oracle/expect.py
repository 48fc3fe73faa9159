"""What a case allows: outcomes, each with its verdict and the reason for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from refws.oracle.conversation import Message
from refws.oracle.peer import Observed
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import Frame

__all__ = [
    "Allowed",
    "Answers",
    "Drops",
    "Fails",
    "GoesOn",
    "NeverConnects",
    "Outcome",
    "Silent",
    "Wanted",
    "Where",
    "fails_short",
    "goes_on",
    "refuses",
]

Wanted: TypeAlias = "bytes | str | Frame"
"""A message that is to come: octets of either type, or text; a frame stands for its type and its octets."""


class Outcome(Protocol):
    """Something that a testee may do."""

    def fits(self, seen: Observed) -> bool:
        """Whether that is what it did."""

    def __str__(self) -> str:
        """What it is, for people: behind «the testee …»."""


def _is(wanted: Wanted, got: Message) -> bool:
    if isinstance(wanted, Frame):
        return got.opcode == wanted.opcode and got.payload == wanted.payload
    if isinstance(wanted, str):
        return got.is_text and got.payload == wanted.encode()
    return got.payload == wanted


def _same(wanted: Sequence[Wanted] | None, got: Sequence[Message]) -> bool:
    return wanted is None or (len(wanted) == len(got) and all(map(_is, wanted, got)))


def _among(wanted: Sequence[bytes] | None, got: Sequence[bytes]) -> bool:
    """Whether these Pongs have come, in their order; others, which nobody has asked for, may be between them."""
    rest = iter(got)
    return all(any(one == another for another in rest) for one in wanted or ())


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The connection stays, with these messages and Pongs since the stimulus; None for any."""

    messages: tuple[Wanted, ...] | None = ()
    pongs: tuple[bytes, ...] | None = ()

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        there = seen.went_on and not seen.has_failed
        return there and _same(self.messages, seen.messages) and _among(self.pongs, seen.pongs)

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
    messages: tuple[Wanted, ...] | None = None

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        if seen.close is None or seen.went_on or not _same(self.messages, seen.messages):
            return False
        return self.codes is None or seen.close.close_code in self.codes

    def __str__(self) -> str:
        codes = " or ".join(map(str, self.codes or ()))
        return f"fails the connection with {codes}" if codes else "fails the connection with a Close"


@dataclass(frozen=True, slots=True)
class Answers:
    """It answers the oracle's Close with one that has one of these codes (None among them: without; None: any).

    `messages` are those before it; None for any.
    """

    codes: tuple[int | None, ...] | None = None
    messages: tuple[Wanted, ...] | None = ()

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        if seen.close is None or not _same(self.messages, seen.messages):
            return False
        return self.codes is None or seen.close.close_code in self.codes

    def __str__(self) -> str:
        codes = " or ".join("none" if code is None else str(code) for code in self.codes or ())
        return f"answers the Close with the code {codes}" if codes else "answers the Close"


@dataclass(frozen=True, slots=True)
class Drops:
    """It ends TCP without a Close, after these messages."""

    messages: tuple[Wanted, ...] | None = None

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        there = seen.close is None and seen.end is not None and not seen.went_on
        return there and _same(self.messages, seen.messages)

    def __str__(self) -> str:
        return "ends TCP without a Close"


@dataclass(frozen=True, slots=True)
class Silent:
    """It neither goes on nor fails: it waits."""

    messages: tuple[Wanted, ...] | None = ()

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        return seen.silent and _same(self.messages, seen.messages)

    def __str__(self) -> str:
        return "waits for more"


@dataclass(frozen=True, slots=True)
class NeverConnects:
    """It opens no connection: a command that was given the URI of a case ends without."""

    def fits(self, seen: Observed) -> bool:
        """Never: who is observed has connected."""
        return False

    def __str__(self) -> str:
        return "opens no connection"


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


def goes_on(*messages: Wanted, pongs: tuple[bytes, ...] = (), why: str = "") -> tuple[Allowed, ...]:
    """The stimulus is right: it comes back, and the connection stays."""
    return (Allowed(Verdict.PASS, GoesOn(messages, pongs), why or "what was sent is right"),)


def refuses(
    code: int = 1002, *, messages: tuple[Wanted, ...] = (), accepting: Allowed | None = None, why: str = ""
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
        outcomes.append(fails_short(*messages))
    if accepting is not None:
        outcomes.append(accepting)
    return tuple(outcomes)


def fails_short(*messages: Wanted) -> Allowed:
    """The testee fails before it has sent back all of the messages that were right: NON-STRICT."""
    short = Where("fails the connection before all messages are back", lambda seen: _failed_short(seen, messages))
    why = "messages before the wrong frame were complete; refws delivers them first (ruling 32)"
    return Allowed(Verdict.NON_STRICT, short, why, "rfc6455:6.2-p1-s6")


def _failed_short(seen: Observed, messages: tuple[Wanted, ...]) -> bool:
    return seen.has_failed and not seen.went_on and _same(messages[: len(seen.messages)], seen.messages)
