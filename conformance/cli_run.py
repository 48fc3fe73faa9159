"""The command `run`: what tox calls."""

import sys
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final, Literal

import click
from rich.console import Console

from conformance import runner
from conformance.agreement.run import AGREEMENT, Agreement, by_oracle, hold_against
from conformance.autobahn.recipe import DEBIAN_MIRROR
from conformance.bless import bless as bless_run
from conformance.engines.choice import EngineName, NoEngine, choose
from conformance.failure import ExitStatus
from conformance.judge import Job
from conformance.paths import REPORTS, WORK
from conformance.results import ROLES
from conformance.runner import Outcome, Plan
from conformance.selection import UnknownCases, select
from conformance.source import digest
from conformance.testees import HOSTS, TESTEES, Testee, others
from conformance.verdict import judge_against, totals, totals_table

_AGENT: Final = "refws"
_SHARDS: Final = 2
_SHOWN_LINES: Final = 40
_OF_OTHERS: Final = "--agent, --server-command and --client-command"

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--role", type=click.Choice([*ROLES, "both"]), default="both", show_default=True, help="The testee's.")
@click.option("--host", "hosts", type=click.Choice(HOSTS), multiple=True, help="Only refws on this host; repeatable.")
@click.option(
    "--cases", "wanted", multiple=True, metavar="PATTERN", help="5.*, 7.1.*, 9.3.1, 1-10; commas or repeated."
)
@click.option("--exclude-cases", "unwanted", multiple=True, metavar="PATTERN", help="Patterns of cases to leave out.")
@click.option(
    "--shards", type=click.IntRange(1, 32), default=_SHARDS, show_default=True, help="wstest processes per testee."
)
@click.option("--engine", type=click.Choice(["auto", "docker", "local", "oracle"]), default="auto", show_default=True)
@click.option(
    "--oracle/--no-oracle", default=True, show_default=True, help="Let the oracle judge the same cases beside."
)
@click.option("--image", help="Use this image of wstest instead of pulling or building one.")
@click.option("--mirror", envvar="REFWS_DEBIAN_MIRROR", default=DEBIAN_MIRROR, show_default=True, help="For the build.")
@click.option("--agent", default=_AGENT, show_default=True, help="The testee's name in the report.")
@click.option("--server-command", metavar="COMMAND", help="Judge this server; it prints `listening on ws://HOST:PORT`.")
@click.option("--client-command", metavar="COMMAND", help="Judge this client; {url} and {agent} are filled in.")
@click.option(
    "--time-limit", type=click.FloatRange(1), metavar="SECONDS", help="Per shard; else it grows with the cases."
)
@click.option("--bless", is_flag=True, help="Rewrite the reports after a complete run.")
@click.option("--reports", type=_FOLDER, default=REPORTS, help="The committed reports to compare with.")
@click.option("--work", type=_FOLDER, default=WORK, help="Where the run leaves its own report and logs.")
def run(
    *,
    role: str,
    hosts: tuple[str, ...],
    wanted: tuple[str, ...],
    unwanted: tuple[str, ...],
    shards: int,
    engine: EngineName | Literal["oracle"],
    oracle: bool,
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
    """Judge refws on each of its hosts with the genuine Autobahn Testsuite, and compare with the committed reports.

    On asyncio all cases judge it, elsewhere those of groups 1 to 10.
    """
    console = Console()
    of_refws = (agent, server_command, client_command) == (_AGENT, None, None)
    if (bless or hosts) and not of_refws:
        raise click.UsageError(f"--bless and --host are for refws itself; leave out {_OF_OTHERS}")
    testees = TESTEES if of_refws else _others(server_command, client_command)
    chosen = _chosen(testees, role, hosts, _selected(wanted, unwanted))
    plan = Plan(chosen, shards, digest() if of_refws else "")
    settings = _Settings(agent, image, mirror, time_limit, work, console)
    outcome, by_autobahn = _judge(plan, engine, settings)
    if bless and not by_autobahn:
        raise click.UsageError("only a run by Autobahn itself may replace the committed reports")
    agreement = hold_against(plan, outcome.results, agent, work, console) if oracle and by_autobahn else None
    if agreement is not None:
        (work / runner.LAST_RUN / AGREEMENT).write_text(agreement.to_json(), encoding="utf-8")
    status = _tell(outcome, plan, reports, work, console, is_blessing=bless)
    if agreement is not None and outcome.is_whole:
        status = _tell_agreement(agreement, outcome.seconds, status)
    if bless and outcome.is_whole:
        bless_run(outcome.results, work / runner.LAST_RUN, reports)
        _say(console, f"blessed: {reports} holds this run now")
    sys.exit(status)


@dataclass(frozen=True, slots=True)
class _Settings:
    agent: str
    image: str | None
    mirror: str
    time_limit_s: float | None
    work: Path
    console: Console


def _judge(plan: Plan, engine: EngineName | Literal["oracle"], settings: _Settings) -> tuple[Outcome, bool]:
    """Run the plan; whether it was by Autobahn itself."""
    work, console = settings.work, settings.console
    counts = ", ".join(f"{testee.name} {len(testee.cases)}" for testee in plan.testees)
    if engine != "oracle":
        try:
            where = choose(engine, settings.image, settings.mirror, work / "build-image.log", partial(_say, console))
        except NoEngine as error:
            if engine != "auto":
                raise
            _say(console, f"{error}; the oracle judges instead")
        else:
            with closing(where):
                _say(console, f"engine: {where.description}; cases: {counts}")
                job = Job(where, settings.agent, settings.time_limit_s, Event(), lambda _name, _finished: None)
                return runner.run(plan, job, work, console), True
    _say(console, f"engine: refws oracle; cases: {counts}")
    return by_oracle(plan, settings.agent, work, console), False


def _tell_agreement(agreement: Agreement, autobahns: float, status: ExitStatus) -> ExitStatus:
    for one in agreement.unruled:
        click.echo(f"no ruling: {one}")
    click.echo(str(agreement))
    click.echo(f"time: Autobahn {autobahns:.1f} s, the oracle {agreement.cost}")
    return ExitStatus.WORSE if agreement.unruled and status is ExitStatus.GOOD else status


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False)


def _tell(
    outcome: Outcome, plan: Plan, reports: Path, work: Path, console: Console, *, is_blessing: bool
) -> ExitStatus:
    """Say what came out, and give the exit status."""
    console.print(totals_table(outcome.results))
    _say(console, f"report, case files and logs: {work / runner.LAST_RUN}")
    for failure in outcome.failures:
        click.echo(f"failure: {failure}", err=True)
    if outcome.interrupted:
        click.echo("interrupted: the report is partial", err=True)
        return ExitStatus.INTERRUPTED
    if outcome.failures:
        return ExitStatus.FAILURE
    judgement = judge_against(reports, outcome.results, plan.asked)
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


def _others(server: str | None, client: str | None) -> Sequence[Testee]:
    try:
        return others(server, client)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _chosen(testees: Sequence[Testee], role: str, hosts: Collection[str], cases: Collection[str]) -> Sequence[Testee]:
    """Give the testees of a role and of hosts (none: of all), each with those of its cases that were asked for."""
    named = [one for one in testees if role in ("both", one.role) and (not hosts or one.host in hosts)]
    if not named:
        raise click.UsageError(f"refws has no {role} on {' or '.join(hosts)}")
    chosen = [one for one in (testee.limited_to(cases) for testee in named) if one.cases]
    if not chosen:
        raise click.UsageError(f"none of these cases is for {' or '.join(hosts)}: it is judged by groups 1-10")
    return chosen
