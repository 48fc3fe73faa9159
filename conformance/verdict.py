"""What a run means: totals for a person, and whether anything is worse than what is committed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rich.table import Table

from conformance.compare import GOOD, REGRESSIONS, UNIMPLEMENTED, compare, has_failed, lapses, shortcomings
from conformance.results import Results, TesteeResults, load, names
from conformance.runner import REPORT

# Verdicts, and their column in a table of 80 characters.
_COLUMNS: Final = {"OK": "OK", "INFORMATIONAL": "INFO", "NON-STRICT": "NON-STRICT", UNIMPLEMENTED: "UNIMPL."}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of a run: a line per difference, and whether the run is acceptable."""

    lines: Sequence[str]
    is_acceptable: bool


def judge_against(reports: Path, results: Results, asked: Mapping[str, Collection[str]]) -> Judgement:
    """Compare a run with the committed report; of a testee that it does not have, only good verdicts are acceptable.

    `asked` holds the cases that were asked for, by the testee's name. Raises HarnessFailure when the committed report
    cannot be read.
    """
    committed = load(reports / REPORT) if (reports / REPORT).is_file() else Results({})
    known = {name for name, testee in committed.testees.items() if _agent(results, name) == testee.agent}
    lines = shortcomings(_without(results, known))
    changes = compare(committed, results, {name: cases for name, cases in asked.items() if name in known})
    is_worse = any(change.kind in REGRESSIONS for change in changes)
    return Judgement([*map(str, changes), *lines], not is_worse and not lines)


def totals_table(results: Results) -> Table:
    """Give a table of the verdicts by testee, behavior and closing apart."""
    agents = " and ".join(sorted({testee.agent for testee in results.testees.values()}))
    table = Table(title=f"{agents} by Autobahn Testsuite {results.suite_version}")
    table.add_column("as")
    for column in (*_COLUMNS.values(), "failed"):
        table.add_column(column, justify="right")
    for name in names(results):
        for aspect, words in _aspects(results.testees[name]):
            counts = [words[column] for column in _COLUMNS]
            failed = words.total() - sum(counts)
            table.add_row(f"{name}, {aspect}", *(str(count) for count in (*counts, failed)))
    return table


def totals(results: Results) -> str:
    """Give `N passed, N failed` over all testees, and on a line before, if there are any, who is strictly OK.

    A case that is not implemented counts as neither; these are on a line before, too.
    """
    cases = [case for testee in results.testees.values() for case in testee.cases.values()]
    passed = sum({case.behavior, case.behavior_close} <= GOOD for case in cases)
    failed = sum(map(has_failed, cases))
    rest = len(cases) - passed - failed
    strict = [name for name in names(results) if not lapses(results.testees[name])]
    before = f"strictly OK in groups 1 to 10: {', '.join(strict)}\n" if strict else ""
    before += f"{rest} more are not implemented by the testee\n" if rest else ""
    return f"{before}{passed} passed, {failed} failed"


def _agent(results: Results, name: str) -> str | None:
    return results.testees[name].agent if name in results.testees else None


def _without(results: Results, known: Collection[str]) -> Results:
    return replace(results, testees={name: one for name, one in results.testees.items() if name not in known})


def _aspects(testee: TesteeResults) -> Sequence[tuple[str, Counter[str]]]:
    return (
        ("behavior", Counter(case.behavior for case in testee.cases.values())),
        ("closing", Counter(case.behavior_close for case in testee.cases.values())),
    )
