"""The command `run`: what tox calls."""

import sys
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Final

import click
from rich.console import Console

from conformance import runner
from conformance.autobahn.recipe import DEBIAN_MIRROR
from conformance.bless import bless as bless_run
from conformance.engines.choice import EngineName, choose
from conformance.failure import ExitStatus
from conformance.judge import Job
from conformance.paths import REPORTS, WORK
from conformance.results import ROLES
from conformance.runner import Outcome, Plan
from conformance.selection import UnknownCases, select
from conformance.source import digest
from conformance.testees import client_command, server_command
from conformance.verdict import judge_against, totals, totals_table

_AGENT: Final = "refws"
_SHARDS: Final = 2
_SHOWN_LINES: Final = 40

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--role", type=click.Choice([*ROLES, "both"]), default="both", show_default=True, help="The testee's.")
@click.option(
    "--cases", "wanted", multiple=True, metavar="PATTERN", help="5.*, 7.1.*, 9.3.1, 1-10; commas or repeated."
)
@click.option("--exclude-cases", "unwanted", multiple=True, metavar="PATTERN", help="Patterns of cases to leave out.")
@click.option(
    "--shards", type=click.IntRange(1, 32), default=_SHARDS, show_default=True, help="wstest processes per role."
)
@click.option("--engine", type=click.Choice(["auto", "docker", "local"]), default="auto", show_default=True)
@click.option("--image", help="Use this image of wstest instead of pulling or building one.")
@click.option("--mirror", envvar="REFWS_DEBIAN_MIRROR", default=DEBIAN_MIRROR, show_default=True, help="For the build.")
@click.option("--agent", default=_AGENT, show_default=True, help="The testee's name in the report.")
@click.option("--server-command", metavar="COMMAND", help="Judge this server; it prints `listening on ws://HOST:PORT`.")
@click.option("--client-command", metavar="COMMAND", help="Judge this client; {url} and {agent} are filled in.")
@click.option(
    "--time-limit", type=click.FloatRange(1), metavar="SECONDS", help="Per shard; else it grows with the cases."
)
@click.option("--bless", is_flag=True, help="Rewrite the reports after a complete run in both roles.")
@click.option("--reports", type=_FOLDER, default=REPORTS, help="The committed reports to compare with.")
@click.option("--work", type=_FOLDER, default=WORK, help="Where the run leaves its own report and logs.")
def run(
    *,
    role: str,
    wanted: tuple[str, ...],
    unwanted: tuple[str, ...],
    shards: int,
    engine: EngineName,
    image: str | None,
    mirror: str,
    agent: str,
    server_command: str | None,
    client_command: str | None,
    time_limit: float | None,
    bless: bool,
    reports: Path,
    work: Path,
) -> None:
    """Judge refws with the genuine Autobahn Testsuite, and compare with the committed reports."""
    console = Console()
    commands = _commands(server_command, client_command)
    of_refws = (agent, server_command, client_command) == (_AGENT, None, None)
    roles = ROLES if role == "both" else tuple(r for r in ROLES if r == role)
    plan = Plan(_selected(wanted, unwanted), roles, shards, digest() if of_refws else "")
    if bless and not of_refws:
        raise click.UsageError("--bless is for refws itself; leave out --agent, --server-command and --client-command")
    chosen = choose(
        engine,
        image,
        mirror,
        work / "build-image.log",
        lambda line: console.print(line, soft_wrap=True, highlight=False),
    )
    with closing(chosen):
        console.print(f"engine: {chosen.description}; {len(plan.cases)} cases, role {role}", highlight=False)
        job = Job(chosen, agent, *commands, time_limit, Event(), lambda _name, _finished: None)
        outcome = runner.run(plan, job, work, console)
    status = _tell(outcome, plan, reports, work, console, is_blessing=bless)
    if bless and outcome.is_whole:
        bless_run(outcome.results, work / runner.LAST_RUN, reports)
        console.print(f"blessed: {reports} holds this run now", highlight=False)
    sys.exit(status)


def _tell(
    outcome: Outcome, plan: Plan, reports: Path, work: Path, console: Console, *, is_blessing: bool
) -> ExitStatus:
    """Say what came out, and give the exit status."""
    console.print(totals_table(outcome.results))
    console.print(f"report, case files and logs: {work / runner.LAST_RUN}", soft_wrap=True, highlight=False)
    for failure in outcome.failures:
        click.echo(f"failure: {failure}", err=True)
    if outcome.interrupted:
        click.echo("interrupted: the report is partial", err=True)
        return ExitStatus.INTERRUPTED
    if outcome.failures:
        return ExitStatus.FAILURE
    judgement = judge_against(reports, outcome.results, plan.cases)
    for line in judgement.lines[:_SHOWN_LINES]:
        click.echo(line)
    if (rest := len(judgement.lines) - _SHOWN_LINES) > 0:
        click.echo(
            f"and {rest} more: python -m conformance compare {reports / runner.REPORT} {work / 'last/autobahn.json'}"
        )
    click.echo(totals(outcome.results))
    return ExitStatus.GOOD if judgement.is_acceptable or is_blessing else ExitStatus.WORSE


def _selected(wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return select(wanted, unwanted)
    except UnknownCases as error:
        raise click.UsageError(str(error)) from error


def _commands(server: str | None, client: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        return tuple(server_command(server)), tuple(client_command(client))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
