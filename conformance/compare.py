"""What changed between two reports: better, worse, appeared, disappeared."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance.autobahn.cases import CORE, UNJUDGED, case_order
from conformance.failure import HarnessFailure
from conformance.results import CaseResult, Results, TesteeResults, names

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
    testee: str
    case: str
    what: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.testee} {self.case} {self.what}: {self.old} -> {self.new}"


def compare(old: Results, new: Results, asked: Mapping[str, Collection[str]] | None = None) -> list[Change]:
    """List what differs, testee by testee, the servers first, in the order of case numbers.

    With `asked`, only the testees it names count, and of each only the cases it names: what was not asked for has not
    disappeared. Raises HarnessFailure when the reports are of different versions of the suite.
    """
    if old.suite_version != new.suite_version:
        raise HarnessFailure(
            f"reports of suite versions {old.suite_version} and {new.suite_version} cannot be compared"
        )
    return [
        change
        for name in names(Results({**old.testees, **new.testees}))
        if asked is None or name in asked
        for case in sorted(_cases(old, name).keys() | _cases(new, name).keys(), key=case_order)
        if asked is None or case in asked[name]
        for change in _changes(name, case, _cases(old, name).get(case), _cases(new, name).get(case))
    ]


def shortcomings(results: Results) -> list[str]:
    """List what a run without anything to compare with must not show: one line per verdict that is not good.

    OK and INFORMATIONAL are good, UNIMPLEMENTED is no fault; everything else is listed, NON-STRICT too.
    """
    return [
        f"{name} {case}: behavior {result.behavior}, behaviorClose {result.behavior_close}"
        for name in names(results)
        for case, result in results.testees[name].cases.items()
        if has_failed(result)
    ]


def lapses(testee: TesteeResults) -> list[str]:
    """List the cases of groups 1 to 10 in which a testee is not strictly OK; empty where it is.

    Strictly OK is a behavior of OK and a closing of OK, in every case; in the three by which Autobahn judges nobody,
    INFORMATIONAL. A case that is absent is a lapse.
    """
    return [case for case in CORE if not _is_strictly_ok(case, testee.cases.get(case))]


def _is_strictly_ok(case: str, result: CaseResult | None) -> bool:
    fine = GOOD if case in UNJUDGED else {"OK"}
    return result is not None and {result.behavior, result.behavior_close} <= fine


def has_failed(result: CaseResult) -> bool:
    """Tell whether behavior or closing is anything but OK, INFORMATIONAL or UNIMPLEMENTED."""
    return not {result.behavior, result.behavior_close} <= GOOD | {UNIMPLEMENTED}


def _cases(results: Results, name: str) -> Mapping[str, CaseResult]:
    return results.testees[name].cases if name in results.testees else {}


def _changes(name: str, case: str, old: CaseResult | None, new: CaseResult | None) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change(Kind.APPEARED, name, case, "verdict", "absent", new.behavior)
    elif old is not None and new is None:
        yield Change(Kind.DISAPPEARED, name, case, "verdict", old.behavior, "absent")
    elif old is not None and new is not None:
        for what, before, after in (
            ("behavior", old.behavior, new.behavior),
            ("behaviorClose", old.behavior_close, new.behavior_close),
        ):
            if before != after:
                yield Change(_direction(before, after), name, case, what, before, after)
        if old.remote_close_code != new.remote_close_code:
            codes = (str(old.remote_close_code), str(new.remote_close_code))
            yield Change(Kind.CHANGED, name, case, "remoteCloseCode", *codes)


def _direction(before: str, after: str) -> Kind:
    step = _RANKS.get(after, _WORST) - _RANKS.get(before, _WORST)
    return Kind.WORSE if step > 0 else Kind.BETTER if step < 0 else Kind.CHANGED
