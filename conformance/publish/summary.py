"""The short tables for the README."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.publish.tally import Judged, Tally, group_rows, judged, shortfall
from conformance.publish.verdicts import in_order
from conformance.results import Results

_FINE: Final = ("OK", "INFORMATIONAL")


def render_summary(results: Results, beside: str = "") -> str:
    """Write the totals by testee and by group as Markdown; a run that is not whole says so first.

    `beside` is a sentence on what others than Autobahn said.
    """
    return "\n".join(_lines(results, beside)) + "\n"


def _lines(results: Results, beside: str) -> Iterator[str]:
    testees = judged(results)
    lack = shortfall(results)
    if lack:
        yield f"> **Partial report.** {lack}\n"
    yield f"Judged by the Autobahn Testsuite {results.suite_version}, behaviour and closing apart:\n"
    behavior = _verdicts(testee.total.behavior for testee in testees)
    closing = _verdicts(testee.total.closing for testee in testees)
    named = [f"closing {verdict}" for verdict in closing]
    yield from _head(["as a", "cases", *behavior, *named, "strictly OK in groups 1 to 10"])
    for testee in testees:
        total = testee.total
        counts = [_count(total.behavior, verdict) for verdict in behavior]
        counts += [_count(total.closing, verdict) for verdict in closing]
        yield _line([testee.label, str(total.cases), *counts, _strictness(testee)])
    if beside:
        yield f"\n{beside}"
    yield ""
    yield from _head(["group", *(testee.label for testee in testees)])
    for row in group_rows(results):
        yield _line([f"{row.key} {row.title}", *map(_cell, row.tallies)])


def _strictness(testee: Judged) -> str:
    lapses = len(testee.lapses)
    return f"no: {lapses} case{'s' if lapses != 1 else ''}" if lapses else "yes"


def _verdicts(counted: Iterable[Sequence[tuple[str, int]]]) -> list[str]:
    return in_order(verdict for counts in counted for verdict, _ in counts)


def _count(counts: Sequence[tuple[str, int]], verdict: str) -> str:
    return str(dict(counts).get(verdict, 0))


def _cell(tally: Tally) -> str:
    """Say a group's verdicts in one cell; the closing is named only where it was not fine."""
    behavior = ", ".join(f"{count} {verdict}" for verdict, count in tally.behavior) or "-"
    closing = ", ".join(f"{count} {verdict}" for verdict, count in tally.closing if verdict not in _FINE)
    return f"{behavior} (closing: {closing})" if closing else behavior


def _head(cells: Sequence[str]) -> Iterator[str]:
    yield _line(cells)
    yield _line(["---", *("---:" for _ in cells[1:])])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
