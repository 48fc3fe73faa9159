"""The short tables for the README."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.publish.tally import Tally, group_rows, roles_of, shortfall, tally
from conformance.publish.verdicts import in_order
from conformance.results import Results

_FINE: Final = ("OK", "INFORMATIONAL")


def render_summary(results: Results) -> str:
    """Write the totals by verdict and by group as Markdown; a run that is not whole says so first."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    roles = roles_of(results)
    totals = [tally(results.testees[role]) for role in roles]
    lack = shortfall(results)
    if lack:
        yield f"> **Partial report.** {lack}\n"
    yield f"Judged by the Autobahn Testsuite {results.suite_version}, behaviour and closing apart:\n"
    yield from _head(["", *(f"as a {role}" for role in roles)])
    yield _line(["cases", *(str(total.cases) for total in totals)])
    for verdict in _verdicts(total.behavior for total in totals):
        yield _line([verdict, *(_count(total.behavior, verdict) for total in totals)])
    for verdict in _verdicts(total.closing for total in totals):
        yield _line([f"closing {verdict}", *(_count(total.closing, verdict) for total in totals)])
    yield ""
    yield from _head(["group", *(f"as a {role}" for role in roles)])
    for row in group_rows(results):
        yield _line([f"{row.key} {row.title}", *(_cell(group_tally) for group_tally in row.tallies)])


def _verdicts(counted: Iterable[Sequence[tuple[str, int]]]) -> list[str]:
    return in_order(verdict for counts in counted for verdict, _ in counts)


def _count(counts: Sequence[tuple[str, int]], verdict: str) -> str:
    return str(dict(counts).get(verdict, 0))


def _cell(group_tally: Tally) -> str:
    """Say a group's verdicts in one cell; the closing is named only where it was not fine."""
    behavior = ", ".join(f"{count} {verdict}" for verdict, count in group_tally.behavior) or "not run"
    closing = ", ".join(f"{count} {verdict}" for verdict, count in group_tally.closing if verdict not in _FINE)
    return f"{behavior} (closing: {closing})" if closing else behavior


def _head(cells: Sequence[str]) -> Iterator[str]:
    yield _line(cells)
    yield _line(["---", *("---:" for _ in cells[1:])])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
