"""How cases and comparisons are printed."""

import json
from collections.abc import Sequence
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from refws.oracle.case import Case
from refws.oracle.coverage import not_shown
from refws.oracle.output.compare import Change, Comparison
from refws.oracle.output.terminal import say
from refws.oracle.output.words import short
from refws.oracle.selection import level_of
from refws.oracle.verdict import Verdict, level

__all__ = ["cases_as_json", "show_cases", "show_comparison", "show_uncovered"]

_COLOURS: Final = {"worse": "bold red", "gone": "red", "new": "cyan", "better": "green"}


def show_cases(cases: Sequence[Case]) -> None:
    """Print cases; where nobody looks on, a line each for grep and cut: id, Autobahn's id, roles, level, title."""
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:
        for case in cases:
            click.echo("\t".join((case.id, case.alias, _roles(case), level_of(case), case.title)))
        return
    for case in cases:
        alias = f"  Autobahn {case.alias}" if case.alias else ""
        blamed = (f"{alias}  {short(case.clauses[0])} {level_of(case)}", "dim")
        console.print(Text.assemble((case.id, "bold"), blamed), soft_wrap=True)
        say(console, case.title, 2)
    aliases = sum(bool(case.alias) for case in cases)
    console.print(f"{len(cases)} cases, {aliases} of them Autobahn's")


def cases_as_json(cases: Sequence[Case]) -> str:
    """The cases for programs."""
    told = [
        {
            "id": case.id,
            "title": case.title,
            "section": case.section,
            "clauses": [{"id": clause, "level": level(clause)} for clause in case.clauses],
            "allowed": [
                {"outcome": str(one.outcome), "verdict": one.verdict.value, "why": one.why} for one in case.allowed
            ],
            "obligation": case.obligation.value,
            "roles": sorted(case.roles),
            "alias": case.alias,
            "commands": case.commands,
            "slow": case.slow,
            "over": sorted(case.carriers),
        }
        for case in cases
    ]
    return json.dumps(told, indent=1, ensure_ascii=False)


def show_uncovered(*, as_json: bool) -> None:
    """Print the clauses that a peer can see and no case can show, each with the reason; a line each in a pipe."""
    told = [{"id": clause, "level": level(clause), "reason": reason} for clause, reason in not_shown().items()]
    console = Console(highlight=False, emoji=False)
    if as_json:
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
    elif not console.is_terminal:
        for one in told:
            click.echo("\t".join(one.values()))
    else:
        for one in told:
            console.print(Text.assemble((short(one["id"]), "bold"), (f"  {one['level']}", "dim")), soft_wrap=True)
            say(console, one["reason"], 2)
        console.print(f"{len(told)} clauses that no case can show")


def _roles(case: Case) -> str:
    return ",".join(sorted(case.roles))


def show_comparison(found: Comparison, *, as_json: bool) -> None:
    """Print what has changed, the worse first."""
    if as_json:
        plain = {name: [_change(change) for change in changes] for name, changes in found.kinds()}
        click.echo(json.dumps({**plain, "same": found.same}, indent=1, ensure_ascii=False))
        return
    console = Console(highlight=False, emoji=False)
    for name, changes in found.kinds():
        if changes:
            console.print(Text(f"{name} ({len(changes)})", _COLOURS[name]))
        told = [change for change in changes if change.new not in (None, Verdict.PASS)]
        rest = ", ".join(change.case for change in changes if change not in told)
        if rest:
            say(console, rest if name == "gone" else f"PASS: {rest}", 2)
        for change in told:
            before, after = (str(verdict or "-") for verdict in (change.old, change.new))
            console.print(Text.assemble("  ", (change.case, "bold"), f"  {before} → {after}"), soft_wrap=True)
            if change.why:
                say(console, change.why, 4, "dim")
    counted = ", ".join(f"{len(changes)} {name}" for name, changes in found.kinds() if changes)
    console.print(f"{counted or 'nothing has changed'}; {found.same} the same")


def _change(change: Change) -> dict[str, str | None]:
    return {
        "case": change.case,
        "old": None if change.old is None else change.old.value,
        "new": None if change.new is None else change.new.value,
        "why": change.why,
    }
