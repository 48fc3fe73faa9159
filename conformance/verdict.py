"""What a run means: totals for a person, and whether anything is worse than what is committed."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from conformance.compare import GOOD, REGRESSIONS, UNIMPLEMENTED, compare, has_failed, shortcomings
from conformance.results import Results, TesteeResults, load
from conformance.runner import REPORT

_COLUMNS = ("OK", "INFORMATIONAL", "NON-STRICT", UNIMPLEMENTED)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of a run: a line per difference, and whether the run is acceptable."""

    lines: Sequence[str]
    is_acceptable: bool


def judge_against(reports: Path, results: Results, asked: Collection[str]) -> Judgement:
    """Compare a run with the committed report of the same agents; without one, only good verdicts are acceptable.

    Raises HarnessFailure when the committed report cannot be read.
    """
    committed = load(reports / REPORT) if (reports / REPORT).is_file() else None
    if committed is None or _agents(committed).isdisjoint(_agents(results)):
        lines = shortcomings(results)
        return Judgement(lines, not lines)
    changes = compare(committed, results, asked)
    return Judgement([str(change) for change in changes], not any(change.kind in REGRESSIONS for change in changes))


def totals_table(results: Results) -> Table:
    """Give a table of the verdicts by role, behavior and closing apart."""
    agents = " and ".join(sorted({testee.agent for testee in results.testees.values()}))
    table = Table(title=f"{agents} by Autobahn Testsuite {results.suite_version}")
    table.add_column("as")
    for column in (*_COLUMNS, "failed"):
        table.add_column(column, justify="right")
    for role, testee in results.testees.items():
        for aspect, words in _aspects(testee):
            counts = [words[column] for column in _COLUMNS]
            failed = words.total() - sum(counts)
            table.add_row(f"{role}, {aspect}", *(str(count) for count in (*counts, failed)))
    return table


def totals(results: Results) -> str:
    """Give `N passed, N failed` over all roles; a case that is not implemented counts as neither, on a line before."""
    cases = [case for testee in results.testees.values() for case in testee.cases.values()]
    passed = sum({case.behavior, case.behavior_close} <= GOOD for case in cases)
    failed = sum(map(has_failed, cases))
    rest = len(cases) - passed - failed
    before = f"{rest} more are not implemented by the testee\n" if rest else ""
    return f"{before}{passed} passed, {failed} failed"


def _agents(results: Results) -> set[tuple[str, str]]:
    return {(role, testee.agent) for role, testee in results.testees.items()}


def _aspects(testee: TesteeResults) -> Sequence[tuple[str, Counter[str]]]:
    return (
        ("behavior", Counter(case.behavior for case in testee.cases.values())),
        ("closing", Counter(case.behavior_close for case in testee.cases.values())),
    )
