"""What the oracle says: verdicts, and findings that an implementer can act on."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from refws.clauses.ledger import lookup

__all__ = ["SEVERITY", "Finding", "Obligation", "Role", "Verdict", "level", "worst"]


class Verdict(enum.StrEnum):
    """How a testee did in one case, in behaviour or in closing."""

    PASS = "PASS"  # noqa: S105
    """What was seen is among what the clause allows."""
    NON_STRICT = "NON-STRICT"
    """Allowed by the letter, but not what a SHOULD, or the reading in docs/rulings.md, asks for."""
    FAIL = "FAIL"
    """A MUST or MUST NOT is broken."""
    UNIMPLEMENTED = "UNIMPLEMENTED"
    """The testee does not do something optional, such as an extension."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """What was seen says neither; such as an echo that already failed before the stimulus."""
    NOT_RUN = "NOT-RUN"
    """The case was not played: the testee was down, or an echo cannot show it."""
    HARNESS_ERROR = "HARNESS-ERROR"
    """The oracle itself went wrong."""


SEVERITY: Final = (
    Verdict.PASS,
    Verdict.UNIMPLEMENTED,
    Verdict.NON_STRICT,
    Verdict.NOT_RUN,
    Verdict.INCONCLUSIVE,
    Verdict.HARNESS_ERROR,
    Verdict.FAIL,
)
"""Verdicts from good to bad: of several, the last counts."""


class Obligation(enum.StrEnum):
    """Whether a clause binds who sends, or who receives."""

    SENDER = "sender"
    RECEIVER = "receiver"


class Role(enum.StrEnum):
    """One side of a connection."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> "Role":
        """The other side."""
        return Role.SERVER if self is Role.CLIENT else Role.CLIENT


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was noticed about a side.

    `offset` is the octet of that side's TCP stream (of its octets inside TLS) at which it shows, from 0; None where it
    is about what did not come. `why` is one sentence.
    """

    verdict: Verdict
    clause: str
    obligation: Obligation
    why: str
    offset: int | None = None

    def __post_init__(self) -> None:
        level(self.clause)


@cache
def level(clause: str) -> str:
    """The requirement level of a clause, such as ``MUST NOT``. Raises `UnknownClause`."""
    return lookup(clause)[0].level


def worst(verdicts: Iterable[Verdict], default: Verdict = Verdict.PASS) -> Verdict:
    """The worst of several verdicts."""
    return max(verdicts, key=SEVERITY.index, default=default)
