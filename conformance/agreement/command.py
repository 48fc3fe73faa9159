"""The command `peers`: other people's libraries by the oracle, beside Autobahn's verdicts on them."""

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Final

import click
from rich.console import Console

from conformance import runner
from conformance.agreement.differences import Comparison, Ruling, differences, read_rulings, ruling_on
from conformance.agreement.oracle import as_autobahn, cases_for, judge_testee
from conformance.agreement.page import render
from conformance.agreement.report import Judged, judged, load_judged, to_json
from conformance.agreement.run import RULINGS
from conformance.autobahn.recipe import DEBIAN_MIRROR
from conformance.engines.choice import EngineName, choose
from conformance.failure import ExitStatus, HarnessFailure
from conformance.judge import Job
from conformance.paths import REPORTS, WORK
from conformance.peers.catalogue import PEERS, Peer
from conformance.results import Results, TesteeResults, load
from conformance.results import to_json as results_to_json
from conformance.runner import Plan
from conformance.selection import UnknownCases, select

AUTOBAHN: Final = "peers-autobahn.json"
ORACLE: Final = "peers.json"
PAGE: Final = "peers.html"
_AGENT: Final = "refws"
_LOOKS: Final = 3


@dataclass(frozen=True, slots=True)
class _Where:
    work: Path
    reports: Path
    console: Console


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--cases", "wanted", multiple=True, metavar="PATTERN", help="Only these of Autobahn's cases: 1-10, 5.*.")
@click.option("--autobahn", is_flag=True, help="Run genuine Autobahn first, instead of taking its committed verdicts.")
@click.option("--engine", type=click.Choice(["auto", "docker", "local"]), default="auto", show_default=True)
@click.option("--bless", is_flag=True, help="Rewrite the reports on these libraries.")
@click.option("--work", type=click.Path(path_type=Path, file_okay=False), default=WORK / "peers")
@click.option("--reports", type=click.Path(path_type=Path, file_okay=False), default=REPORTS)
def peers(
    names: tuple[str, ...],
    wanted: tuple[str, ...],
    *,
    autobahn: bool,
    engine: EngineName,
    bless: bool,
    work: Path,
    reports: Path,
) -> None:
    """Judge other people's libraries by the oracle, and hold its verdicts against genuine Autobahn's.

    NAME is such as server-websockets; without one all are judged. Exit 1 where the two differ and no ruling says why.
    """
    try:
        chosen, cases = _chosen(names), select(wanted)
    except UnknownCases as error:
        raise click.UsageError(str(error)) from error
    where = _Where(work, reports, Console())
    versions = {peer.name: peer.version() for peer in chosen}
    theirs = _by_autobahn(chosen, cases, versions, engine, where) if autobahn else _committed(chosen, versions, where)
    rulings = read_rulings(RULINGS)
    found = [
        _one(peer, _Judgement(versions[peer.name], theirs.get(peer.name), cases, rulings), where) for peer in chosen
    ]
    open_ones = [one for _, compared in found for one in compared.found if not ruling_on(one, rulings)]
    for difference in open_ones:
        click.echo(f"no ruling: {difference}")
    if bless:
        _bless([one for one, _ in found], theirs if autobahn else {}, rulings, where)
    compared = sum(one.compared for one, _ in found)
    agreed = sum(one.agreed for one, _ in found)
    click.echo(f"{agreed} of {compared} verdicts agree, {compared - agreed - len(open_ones)} differ by a ruling")
    click.echo(f"{compared - len(open_ones)} passed, {len(open_ones)} failed")
    sys.exit(ExitStatus.WORSE if open_ones else ExitStatus.GOOD)


def _chosen(names: Sequence[str]) -> list[Peer]:
    known = {peer.name: peer for peer in PEERS}
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"{unknown[0]} is none of {', '.join(known)}")
    return [known[name] for name in names] or list(PEERS)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What one library is held against."""

    version: str
    autobahn: TesteeResults | None
    cases: Sequence[str]
    rulings: Sequence[Ruling]


def _one(peer: Peer, against: _Judgement, where: _Where) -> tuple[Judged, Comparison]:
    testee = peer.testee(against.cases)
    folder = where.work / peer.name
    report = judge_testee(testee, cases_for(testee, beyond=True), folder, agent=_AGENT)
    ours = as_autobahn(report, folder / "autobahn", asked=against.cases)
    comparison = _seen_again(peer, differences(peer.name, against.autobahn, ours), against, where)
    where.console.print(
        f"{peer.name} {against.version}: {len(report.results)} cases in {report.seconds:.0f} s, "
        f"{len(comparison.found)} of {comparison.compared} verdicts differ from Autobahn's",
        highlight=False,
        soft_wrap=True,
    )
    return judged(peer, against.version, report, comparison), comparison


def _seen_again(peer: Peer, once: Comparison, against: _Judgement, where: _Where) -> Comparison:
    """What differs in all of `_LOOKS` where no ruling says why: what does not was a matter of time, and is told."""
    doubtful = [one for one in once.found if ruling_on(one, against.rulings) is None]
    settled = [one for one in once.found if one not in doubtful]
    for look in range(2, _LOOKS + 1):
        if not doubtful:
            break
        testee = peer.testee(sorted({one.case for one in doubtful}))
        folder = where.work / f"{peer.name}-{look}"
        report = judge_testee(testee, cases_for(testee), folder, agent=_AGENT)
        ours = as_autobahn(report, folder / "autobahn", asked=testee.cases)
        again = differences(peer.name, against.autobahn, ours).found
        for one in doubtful:
            if one not in again:
                click.echo(f"not seen again in look {look}: {one}")
        doubtful = [one for one in doubtful if one in again]
    return Comparison(once.compared, [one for one in once.found if one in settled or one in doubtful])


def _committed(chosen: Sequence[Peer], versions: dict[str, str], where: _Where) -> dict[str, TesteeResults]:
    """Autobahn's committed verdicts on these versions. Raises HarnessFailure where there are none."""
    known = load(where.reports / AUTOBAHN).testees
    verdicts = {}
    for peer in chosen:
        judged_version = known[peer.name].agent if peer.name in known else "none"
        if judged_version == versions[peer.name]:
            verdicts[peer.name] = known[peer.name]
            continue
        line = (
            f"{peer.name} {versions[peer.name]}: Autobahn's verdicts are on version {judged_version}; "
            f"`python -m conformance peers --autobahn --bless {peer.name}` makes new ones"
        )
        if not peer.is_of_the_system:
            raise HarnessFailure(line)
        click.echo(f"NOT compared: {line}")
    return verdicts


def _by_autobahn(
    chosen: Sequence[Peer], cases: Sequence[str], versions: dict[str, str], engine: EngineName, where: _Where
) -> dict[str, TesteeResults]:
    with closing(choose(engine, None, DEBIAN_MIRROR, where.work / "build-image.log", click.echo)) as place:
        job = Job(place, _AGENT, None, Event(), lambda _name, _finished: None)
        outcome = runner.run(Plan([peer.testee(cases) for peer in chosen], 2), job, where.work, where.console)
    if not outcome.is_whole:
        raise HarnessFailure("; ".join(outcome.failures) or "interrupted")
    return {name: replace(one, agent=versions[name]) for name, one in outcome.results.testees.items()}


def _bless(found: Sequence[Judged], theirs: dict[str, TesteeResults], rulings: Sequence[Ruling], where: _Where) -> None:
    where.reports.mkdir(parents=True, exist_ok=True)
    if theirs:
        path = where.reports / AUTOBAHN
        before = load(path).testees if path.is_file() else {}
        merged = {name: _with_cases_of(before.get(name), one) for name, one in theirs.items()}
        path.write_text(results_to_json(Results({**before, **merged})), "utf-8")
    known = load_judged(where.reports / ORACLE) | {one.name: one for one in found}
    everything = [known[peer.name] for peer in PEERS if peer.name in known]
    (where.reports / ORACLE).write_text(to_json(everything, rulings), "utf-8")
    (where.reports / PAGE).write_text(render(everything, rulings), "utf-8")
    click.echo(f"blessed: {where.reports / PAGE}")


def _with_cases_of(before: TesteeResults | None, now: TesteeResults) -> TesteeResults:
    """What a run judged, and what an earlier one judged of the same version beside it."""
    if before is None or before.agent != now.agent:
        return now
    return replace(now, cases={**before.cases, **now.cases})
