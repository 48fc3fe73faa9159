"""What changed between two reports: better, worse, appeared, disappeared."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance.autobahn.cases import case_order
from conformance.failure import HarnessFailure
from conformance.results import ROLES, CaseResult, Results

GOOD: Final = frozenset({"OK", "INFORMATIONAL"})
UNIMPLEMENTED: Final = "UNIMPLEMENTED"

_RANKS: Final = {"OK": 0, "INFORMATIONAL": 0, "NON-STRICT": 1, UNIMPLEMENTED: 2}
_WORST: Final = 3  # FAILED, WRONG CODE, UNCLEAN, NO CLOSE, FAILED BY CLIENT, and a verdict nobody has heard of


class Kind(StrEnum):
    """In which direction a case changed."""

    WORSE = "worse"
    DISAPPEARED = "disappeared"
    BETTER = "better"
    APPEARED = "appeared"
    CHANGED = "changed"


REGRESSIONS: Final = frozenset({Kind.WORSE, Kind.DISAPPEARED})


@dataclass(frozen=True, slots=True)
class Change:
    """One aspect of one case that differs: its behavior, its closing, its close code, or that it is there."""

    kind: Kind
    role: str
    case: str
    what: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.role} {self.case} {self.what}: {self.old} -> {self.new}"


def compare(old: Results, new: Results, asked: Collection[str] | None = None) -> list[Change]:
    """List what differs, the server's cases first, in the order of case numbers.

    With `asked`, only these cases count, and only in the roles that `new` has: what was not asked for has not
    disappeared. Raises HarnessFailure when the reports are of different versions of the suite.
    """
    if old.suite_version != new.suite_version:
        raise HarnessFailure(
            f"reports of suite versions {old.suite_version} and {new.suite_version} cannot be compared"
        )
    return [
        change
        for role in ROLES
        if asked is None or role in new.testees
        for case in sorted(_cases(old, role).keys() | _cases(new, role).keys(), key=case_order)
        if asked is None or case in asked
        for change in _changes(role, case, _cases(old, role).get(case), _cases(new, role).get(case))
    ]


def shortcomings(results: Results) -> list[str]:
    """List what a run without anything to compare with must not show: one line per verdict that is not good.

    OK and INFORMATIONAL are good, UNIMPLEMENTED is no fault; everything else is listed, NON-STRICT too.
    """
    return [
        f"{role} {case}: behavior {result.behavior}, behaviorClose {result.behavior_close}"
        for role, testee in results.testees.items()
        for case, result in testee.cases.items()
        if has_failed(result)
    ]


def has_failed(result: CaseResult) -> bool:
    """Tell whether behavior or closing is anything but OK, INFORMATIONAL or UNIMPLEMENTED."""
    return not {result.behavior, result.behavior_close} <= GOOD | {UNIMPLEMENTED}


def _cases(results: Results, role: str) -> dict[str, CaseResult]:
    return dict(results.testees[role].cases) if role in results.testees else {}


def _changes(role: str, case: str, old: CaseResult | None, new: CaseResult | None) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change(Kind.APPEARED, role, case, "verdict", "absent", new.behavior)
    elif old is not None and new is None:
        yield Change(Kind.DISAPPEARED, role, case, "verdict", old.behavior, "absent")
    elif old is not None and new is not None:
        for what, before, after in (
            ("behavior", old.behavior, new.behavior),
            ("behaviorClose", old.behavior_close, new.behavior_close),
        ):
            if before != after:
                yield Change(_direction(before, after), role, case, what, before, after)
        if old.remote_close_code != new.remote_close_code:
            codes = (str(old.remote_close_code), str(new.remote_close_code))
            yield Change(Kind.CHANGED, role, case, "remoteCloseCode", *codes)


def _direction(before: str, after: str) -> Kind:
    step = _RANKS.get(after, _WORST) - _RANKS.get(before, _WORST)
    return Kind.WORSE if step > 0 else Kind.BETTER if step < 0 else Kind.CHANGED
