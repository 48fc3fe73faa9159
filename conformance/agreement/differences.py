"""Where Autobahn and the oracle judge a case differently, and what is ruled on it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.autobahn.cases import case_order
from conformance.failure import HarnessFailure
from conformance.results import TesteeResults
from conformance.selection import select
from refws.clauses import UnknownClause, lookup

__all__ = ["Comparison", "Difference", "Ruling", "differences", "read_rulings", "ruling_on"]

_SAME: Final = frozenset({"OK", "INFORMATIONAL"})
"""Autobahn says INFORMATIONAL where it does not judge; the oracle then does."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect of a case on which the two do not agree: ``behavior`` or ``closing``."""

    testee: str
    case: str
    aspect: str
    autobahn: str
    oracle: str

    def __str__(self) -> str:
        return f"{self.testee} {self.case} {self.aspect}: Autobahn {self.autobahn}, the oracle {self.oracle}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of a comparison: how many verdicts both have, and those that differ."""

    compared: int
    found: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Ruling:
    """Why the two differ in these cases, by which clause; who is right. Empty sets of words mean any."""

    cases: frozenset[str]
    aspect: str
    autobahn: frozenset[str]
    oracle: frozenset[str]
    clause: str
    why: str

    def covers(self, difference: Difference) -> bool:
        """Whether it is about this difference."""
        return (
            difference.case in self.cases
            and difference.aspect == self.aspect
            and (not self.autobahn or difference.autobahn in self.autobahn)
            and (not self.oracle or difference.oracle in self.oracle)
        )


def differences(name: str, autobahn: TesteeResults | None, oracle: TesteeResults) -> Comparison:
    """Compare the cases that both have judged, each by its behavior and its closing."""
    known = {} if autobahn is None else autobahn.cases
    both = sorted(known.keys() & oracle.cases.keys(), key=case_order)
    found = []
    for case in both:
        theirs, ours = known[case], oracle.cases[case]
        for aspect, one, other in (
            ("behavior", theirs.behavior, ours.behavior),
            ("closing", theirs.behavior_close, ours.behavior_close),
        ):
            if one != other and not {one, other} <= _SAME:
                found.append(Difference(name, case, aspect, one, other))
    return Comparison(2 * len(both), found)


def read_rulings(path: Path) -> Sequence[Ruling]:
    """Read the rulings. Raises HarnessFailure for what is none."""
    try:
        return [_ruling(entry) for entry in tomllib.loads(path.read_text("utf-8"))["ruling"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessFailure(f"{path}: not a list of rulings ({type(error).__name__}: {error})") from error


def _ruling(entry: Mapping[str, Any]) -> Ruling:
    try:
        lookup(entry["clause"])
    except UnknownClause as error:
        raise ValueError(str(error)) from error
    return Ruling(
        frozenset(select([entry["cases"]])),
        entry["aspect"],
        frozenset(entry.get("autobahn", ())),
        frozenset(entry.get("oracle", ())),
        entry["clause"],
        " ".join(entry["why"].split()),
    )


def ruling_on(difference: Difference, rulings: Sequence[Ruling]) -> Ruling | None:
    """The first ruling about a difference."""
    return next((ruling for ruling in rulings if ruling.covers(difference)), None)
