"""The report on a terminal: a table by section, then what is wrong, the same fault told once, then the verdict."""

import textwrap
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from refws.clauses.ledger import lookup
from refws.oracle.output.words import by_section, counted, finding_of, harmless, outcome, section_title, short
from refws.oracle.play import CaseResult
from refws.oracle.report import CONFORMANT, VIOLATIONS, Report
from refws.oracle.verdict import SEVERITY, Verdict, level

__all__ = ["COLOURS", "say", "show", "show_begin", "show_end"]

COLOURS: Final[Mapping[Verdict, str]] = {
    Verdict.PASS: "green",
    Verdict.NON_STRICT: "yellow",
    Verdict.FAIL: "bold red",
    Verdict.UNIMPLEMENTED: "dim",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.NOT_RUN: "dim",
    Verdict.HARNESS_ERROR: "bold magenta",
}
_BLAMES: Final = (Verdict.FAIL, Verdict.NON_STRICT)
_COLUMNS: Final = (Verdict.PASS, Verdict.NON_STRICT, Verdict.FAIL)
NAMED_CASES: Final = 6
"""Cases that have the same fault, and are named."""


def show(console: Console, report: Report, *, verbose: bool = False) -> None:
    """Print a report; with `verbose` every case that is no PASS has its own reason."""
    show_begin(console, report)
    _table(console, report)
    for results in _groups(report):
        console.print()
        _group(console, report, results, verbose=verbose)
    _surprises(console, report)
    show_end(console, report)


def _groups(report: Report) -> list[list[CaseResult]]:
    """The results that are no PASS, those with the same fault together, the worst last."""
    groups: defaultdict[tuple[Verdict, bool, str], list[CaseResult]] = defaultdict(list)
    for result in report.results:
        finding = finding_of(result)
        if result.verdict is Verdict.PASS or finding is None:
            continue
        fault = finding.clause if result.verdict in _BLAMES else finding.why
        groups[result.verdict, report.is_known(result), fault].append(result)
    return [groups[key] for key in sorted(groups, key=lambda key: (SEVERITY.index(key[0]), not key[1], key[2]))]


def show_begin(console: Console, report: Report) -> None:
    """Print who was judged, and how patiently."""
    testee = report.testee
    name = f"  {harmless(testee.name)}" if testee.name else ""
    console.print(Text.assemble(f"{testee.role} ", (harmless(testee.address), "bold"), name))
    measured = f"round trip {report.round_trip * 1000:.2g} ms, patience {report.patience:.3g} s, "
    console.print(Text(f"{measured if report.patience else ''}refws {report.oracle_version}", "dim"))


def show_end(console: Console, report: Report) -> None:
    """Print the counts and the verdict."""
    console.print()
    cases = f"{len(report.results)} case{'' if len(report.results) == 1 else 's'}"
    took = f" in {report.seconds:.3g} s" if report.seconds else ""
    console.print(Text(f"{cases}{took}: {counted(report)}"))
    style = {CONFORMANT: "bold green", VIOLATIONS: "bold red"}.get(report.exit_code, "bold magenta")
    console.print(Text(harmless(outcome(report)), style))


def _table(console: Console, report: Report) -> None:
    sections = by_section(report)
    heads = [*(verdict.value for verdict in _COLUMNS), "other"]
    widest = max((len(short(section)) for section in sections), default=0)
    left = console.width - widest - sum(map(len, heads)) - 2 * (len(heads) + 1)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("section", no_wrap=True, max_width=max(left, 8))
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for section, results in sections.items():
        counts = Counter(result.verdict for result in results)
        other = counts.total() - sum(counts[verdict] for verdict in _COLUMNS)
        cells = [_cell(counts[verdict], COLOURS[verdict]) for verdict in _COLUMNS]
        table.add_row(short(section), section_title(section), *cells, _cell(other, "magenta"))
    console.print()
    console.print(table)


def _cell(count: int, style: str) -> Text:
    return Text(str(count), style) if count else Text("·", "dim")


def _group(console: Console, report: Report, results: list[CaseResult], *, verbose: bool) -> None:
    """A fault: the clause, what it asks for, and the cases that show it."""
    verdict, finding = results[0].verdict, finding_of(results[0])
    many = f"{len(results)} cases" if len(results) > 1 else "1 case"
    known = " known" if report.is_known(results[0]) else ""
    if finding is not None and verdict in _BLAMES:
        clause = finding.clause
        what = Text.assemble(f"  {short(clause)}  ", (level(clause), "bold"), f", {finding.obligation}, {many}{known}")
        rule = lookup(clause)[0].rule
    else:
        what, rule = Text(f"  {many}{known}"), ""
    console.print(Text.assemble((verdict.value, COLOURS[verdict]), what))
    if rule:
        say(console, rule, 2, "dim")
    told = results if verbose else results[:1]
    for result in told:
        _case(console, report, result)
    rest = results[len(told) :]
    if rest:
        names = ", ".join(result.case.id for result in rest[:NAMED_CASES])
        more = f" and {len(rest) - NAMED_CASES} more" if len(rest) > NAMED_CASES else ""
        say(console, f"also {names}{more}", 2, "dim")


def _case(console: Console, report: Report, result: CaseResult) -> None:
    finding = finding_of(result)
    alias = f" (Autobahn {result.case.alias})" if result.case.alias else ""
    at = f", octet {finding.offset}" if finding and finding.offset is not None else ""
    console.print(Text.assemble("  ", (result.case.id, "bold"), f"{alias}{at}"), soft_wrap=True)
    if finding is not None:
        say(console, finding.why, 4)
    if report.is_known(result):
        say(console, f"known: {report.expected[result.case.id].reason}", 4, "dim")


def _surprises(console: Console, report: Report) -> None:
    surprises = report.surprises()
    if surprises:
        console.print()
        console.print(Text("not as expected", "bold red"))
    for result in surprises:
        wanted = report.expected[result.case.id]
        say(console, f"{result.case.id}: {result.verdict}, where {wanted.verdict} is known", 2)
        say(console, wanted.reason, 4, "dim")


def say(console: Console, text: str, columns: int, style: str = "") -> None:
    """Print text that is indented, wrapped at the terminal's width and not padded to it."""
    margin = " " * columns
    lines = textwrap.wrap(
        harmless(text), console.width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
    )
    for line in lines:
        console.print(Text(line, style), soft_wrap=True)
