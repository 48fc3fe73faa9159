"""Two reports of the same testee, compared: what has become worse, better, what is new and what is gone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from refws.oracle.output.words import finding_of
from refws.oracle.play import CaseResult
from refws.oracle.report import Report
from refws.oracle.verdict import SEVERITY, Verdict

__all__ = ["Change", "Comparison", "compare"]

_GOOD: Final = (Verdict.PASS, Verdict.UNIMPLEMENTED, Verdict.NON_STRICT)


@dataclass(frozen=True, slots=True)
class Change:
    """A case whose verdict is another; None where a report has no such case. `why` tells of the newer."""

    case: str
    old: Verdict | None
    new: Verdict | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What has changed; the order is that of the reports. Cases whose verdict is the same are only counted."""

    worse: list[Change] = field(default_factory=list)
    better: list[Change] = field(default_factory=list)
    new: list[Change] = field(default_factory=list)
    gone: list[Change] = field(default_factory=list)
    same: int = 0

    @property
    def exit_code(self) -> int:
        """1 where a case is worse or gone, or a new one is not good; else 0."""
        return int(bool(self.worse or self.gone or any(change.new not in _GOOD for change in self.new)))

    def kinds(self) -> Iterator[tuple[str, list[Change]]]:
        """What there is, by its name."""
        yield from (("worse", self.worse), ("gone", self.gone), ("new", self.new), ("better", self.better))


def compare(old: Report, new: Report) -> Comparison:
    """Compare by case and role; a case that is worse in behaviour or in closing is worse."""
    before = {(result.role, result.case.id): result for result in old.results}
    after = {(result.role, result.case.id): result for result in new.results}
    found = Comparison(same=sum(key in before and _marks(before[key]) == _marks(after[key]) for key in after))
    for key, result in after.items():
        finding = finding_of(result)
        why = finding.why if finding is not None else ""
        if key not in before:
            found.new.append(Change(result.case.id, None, result.verdict, why))
        elif _marks(before[key]) != _marks(result):
            change = Change(result.case.id, before[key].verdict, result.verdict, why)
            (found.worse if _is_worse(before[key], result) else found.better).append(change)
    for key, result in before.items():
        if key not in after:
            found.gone.append(Change(result.case.id, result.verdict, None))
    return found


def _marks(result: CaseResult) -> tuple[int, int]:
    return SEVERITY.index(result.behaviour), SEVERITY.index(result.closing or Verdict.PASS)


def _is_worse(old: CaseResult, new: CaseResult) -> bool:
    return any(later > earlier for earlier, later in zip(_marks(old), _marks(new), strict=True))
