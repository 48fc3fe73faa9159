"""How the clauses are printed on a terminal."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table

from refws.clauses.ledger import Clause
from refws.clauses.reference import Reference

if TYPE_CHECKING:
    from refws.oracle.coverage import Coverage

__all__ = ["STATES", "console", "show_clause", "show_list", "totals"]

STATES = ("tested", "implemented", "open", "todo", "excused")
COLOURS = {"tested": "green", "implemented": "yellow", "open": "red", "todo": "red", "excused": "dim"}
# Where a terminal has fewer columns, a rule stands below its name.
NARROW = 80
# More cases than this are shown as the patterns that match them.
SHOWN_CASES = 24


def show_list(console: Console, reference: Reference, kept: list[Clause]) -> None:
    """Print requirements with their totals; where nobody looks on, a line each for grep and cut."""
    rows = [(clause.name, clause.level, reference.state(clause), clause.rule) for clause in kept]
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    if console.width < NARROW:
        for name, level, state, rule in rows:
            console.print(f"{name}  {level}  [{COLOURS[state]}]{state}[/]")
            console.print(Padding(escape(rule), (0, 2)))
        console.print(totals(reference, kept))
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for column in ("name", "level", "state"):
        table.add_column(column, no_wrap=True)
    table.add_column("rule")
    for name, level, state, rule in rows:
        table.add_row(name, level, f"[{COLOURS[state]}]{state}[/]", escape(rule))
    console.print(table)
    console.print(totals(reference, kept))


def show_clause(console: Console, entry: dict[str, Any], oracle: "Coverage | None" = None) -> None:
    """Print all that `Reference.describe` says of a clause, and how the oracle judges it."""
    state = entry["state"]
    obligation = {"none": "", "both": " (sender and receiver)"}.get(entry["obligation"], f" ({entry['obligation']})")
    bound = ", ".join(entry["who"]) + obligation
    console.print(
        f"[bold]{entry['name']}[/]  [bold]{entry['level']}[/]  {bound}  [{COLOURS.get(state, 'dim')}]{state}[/]"
    )
    console.print(f"{entry['section']} {escape(entry['title'])}  [blue]{entry['link']}[/]", soft_wrap=True)
    console.print(Padding(escape(entry["rule"]), (1, 2)))
    for word in ("excused", "todo"):
        if entry[word]:
            console.print(f"{word}: {escape(entry[word])}")
    for code in entry["code"]:
        where = f"  {code['where']}" if code["where"] else ""
        console.print(f"[bold]{code['path']}:{code['line']}[/]{where}", soft_wrap=True)
        console.print(
            Syntax(
                code["text"],
                "python",
                line_numbers=True,
                start_line=code["first"],
                background_color="default",
                word_wrap=True,
            )
        )
    if entry["tests"]:
        console.print("[bold]tests[/], all passed when the reports were blessed")
        for test in entry["tests"]:
            console.print(f"  {test}", soft_wrap=True)
    if entry["mutants"]["mutants"]:
        console.print("[bold]broken on purpose[/], {killed} times of {mutants} they noticed".format(**entry["mutants"]))
    _show_cases(console, entry["autobahn"])
    if oracle is not None:
        _show_oracles(console, entry["name"], oracle)
    for number, title in entry["rulings"].items():
        console.print(f"[bold]ruling {number}[/] {escape(title)} (docs/rulings.md)")
    if entry["errata"]:
        console.print(f"[bold]errata[/] {', '.join(map(str, entry['errata']))}")
    console.print()


def _show_cases(console: Console, autobahn: dict[str, Any]) -> None:
    cases = autobahn["cases"]
    if not cases:
        return
    verdicts = Counter(verdict for pair in cases.values() for verdict in pair)
    counted = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    names = list(cases) if len(cases) <= SHOWN_CASES else [f"{', '.join(autobahn['patterns'])}: {len(cases)} cases"]
    console.print(f"[bold]Autobahn[/], {autobahn['coverage']}: {', '.join(names)}; both roles: {counted}")


def _show_oracles(console: Console, name: str, oracle: "Coverage") -> None:
    parts = ["its referee in every conversation"] if oracle.by_referee else []
    parts += [case.id for case in oracle.cases[:SHOWN_CASES]]
    more = len(oracle.cases) - SHOWN_CASES
    parts += [f"and {more} more (refws oracle cases --clause {name})"] if more > 0 else []
    if oracle.not_shown:
        parts = [f"cannot show it: {oracle.not_shown}"]
    if parts:
        console.print(f"[bold]oracle[/], {escape(', '.join(parts))}")


def totals(reference: Reference, asked: Iterable[Clause]) -> str:
    """Count the requirements by state, in a line."""
    states = Counter(reference.state(clause) for clause in asked if clause.is_requirement)
    counted = ", ".join(f"{states[state]} {state}" for state in STATES if states[state])
    return f"{states.total()} requirements: {counted}" if counted else "0 requirements"


def console() -> Console:
    """Where everything is printed: coloured on a terminal, plain in a pipe."""
    return Console(highlight=False, emoji=False)
