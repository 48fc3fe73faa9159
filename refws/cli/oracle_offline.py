"""``refws oracle cases``, ``render`` and ``compare``: what needs no testee."""

import sys
from pathlib import Path
from typing import Any

import click

from refws.cli.oracle_options import Wanted, reporting, selected, selecting
from refws.cli.oracle_run import finish
from refws.cli.oracle_shown import cases_as_json, show_cases, show_comparison, show_uncovered
from refws.oracle.output.compare import compare as compared
from refws.oracle.report import Report
from refws.oracle.verdict import Role

__all__ = ["cases", "compare", "render"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@selecting
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only cases for a testee of this role.")
@click.option("--uncovered", is_flag=True, help="List what no case can show instead, and why; alone or with --json.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def cases(role: str | None, uncovered: bool, as_json: bool, **options: Any) -> None:
    """List the cases."""
    if uncovered:
        if role or any(options.values()):
            raise click.UsageError("--uncovered is about clauses, and chooses no cases")
        show_uncovered(as_json=as_json)
        return
    found = selected(Role(role) if role else None, options)
    if as_json:
        click.echo(cases_as_json(found))
    else:
        show_cases(found)


@click.command()
@click.argument("report", type=_FILE)
@reporting
def render(report: Path, **options: Any) -> None:
    """Make every other form of a JSON REPORT, and print it; the exit code is the one of the run."""
    found = _read(report)
    wanted = Wanted.of(options, lambda: [result.case for result in found.results])
    sys.exit(finish([found], wanted))


@click.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def compare(old: Path, new: Path, as_json: bool) -> None:
    """Tell what has become of each case from the JSON report OLD to NEW; exits with 1 where one is worse or gone."""
    found = compared(_read(old), _read(new))
    show_comparison(found, as_json=as_json)
    sys.exit(found.exit_code)


def _read(path: Path) -> Report:
    try:
        return Report.load(path.read_bytes())
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{path}: {error}") from None
