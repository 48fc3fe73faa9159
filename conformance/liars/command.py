"""The command `liars`: the oracle judges every liar and every honest eccentric."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from conformance.autobahn.recipe import DEBIAN_MIRROR
from conformance.engines.base import Engine
from conformance.engines.choice import EngineName, choose
from conformance.failure import ExitStatus, HarnessFailure
from conformance.liars.autobahn import HONEST, Told, standing, what_autobahn_says
from conformance.liars.coverage import uncovered
from conformance.liars.eccentrics import ECCENTRICS, name_of, roles_of
from conformance.liars.endpoint import Endpoint
from conformance.liars.everyone import all_liars
from conformance.liars.liar import Liar
from conformance.liars.matrix import Fate, is_short, play_liars
from conformance.liars.playing import judged
from conformance.liars.report import Survey, describe, not_conformant, page, to_json, worse
from conformance.paths import REPORTS, WORK
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.verdict import Role, Verdict

__all__ = ["liars"]

_TOLD: Final = "autobahn-on-liars.json"
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--liar", "wanted", multiple=True, metavar="TEXT", help="Only liars with this in their name or clause.")
@click.option("--all", "every_case", is_flag=True, help="Every quick case for every liar, not only those about it.")
@click.option("--eccentrics/--no-eccentrics", default=True, show_default=True, help="Judge the honest eccentrics, too.")
@click.option("--autobahn", is_flag=True, help="Ask genuine Autobahn, too; it takes long.")
@click.option("--engine", type=click.Choice(["auto", "docker", "local"]), default="auto", show_default=True)
@click.option("--bless", is_flag=True, help="Rewrite the report after a complete run.")
@click.option("--reports", type=_FOLDER, default=REPORTS, help="The committed reports to compare with.")
@click.option("--work", type=_FOLDER, default=WORK, help="Where Autobahn's answers are kept.")
def liars(
    *,
    wanted: Sequence[str],
    every_case: bool,
    eccentrics: bool,
    autobahn: bool,
    engine: EngineName,
    bless: bool,
    reports: Path,
    work: Path,
) -> None:
    """Let the oracle judge liars, which break one clause each, and honest eccentrics, which break none.

    Exit status 1 where a liar survives or another clause is blamed, where an eccentric is failed, where a clause has
    neither a liar nor a reason, or where something is worse than in the committed report.

    With --autobahn, `--liar honest` asks about the endpoint that the liars are made of.
    """
    chosen = [one for one in all_liars() if not wanted or any(text in f"{one.name} {one.clause}" for text in wanted)]
    if bless and (wanted or not eccentrics):
        raise HarnessFailure("nothing was published: judge all liars and eccentrics for that")
    if autobahn:
        asyncio.run(_ask_autobahn(engine, chosen, work, honest=not wanted or HONEST in wanted))
    fates = asyncio.run(play_liars(chosen, all_cases(), every_case=every_case, on_fate=_tell))
    failed = asyncio.run(_judge_eccentrics(all_cases())) if eccentrics else {}
    faults = [
        *_faults(fates),
        *(f"{name} is honest, and was failed in {', '.join(cases)}" for name, cases in failed.items() if cases),
    ]
    faults += [f"{clause.name} has neither a liar as a {role} nor a reason" for clause, role in uncovered(all_liars())]
    survey = describe(fates, failed, _answers(work, reports))
    faults += not_conformant(survey)
    whole = not wanted and eccentrics
    faults += _compared(survey, reports) if whole and not bless else []
    for line in faults:
        click.echo(line)
    click.echo(
        f"{sum(not fate.survived for fate in fates)} of {len(fates)} liars caught, {len(failed)} eccentrics judged"
    )
    if bless and not faults:
        (reports / "liars.json").write_text(to_json(survey), encoding="utf-8")
        (reports / "liars.html").write_text(page(survey), encoding="utf-8")
        click.echo(f"wrote {reports / 'liars.json'} and liars.html")
    sys.exit(ExitStatus.WORSE if faults else ExitStatus.GOOD)


def _tell(fate: Fate) -> None:
    if fate.survived or not fate.is_blamed_rightly:
        click.echo(f"{fate.liar.name}: {'survives' if fate.survived else 'another clause is blamed'}", err=True)


def _faults(fates: Sequence[Fate]) -> list[str]:
    survivors = [f"{fate.liar.name} breaks {fate.liar.clause}, and survives" for fate in fates if fate.survived]
    wrong = [fate for fate in fates if not fate.survived and not fate.is_blamed_rightly]
    return survivors + [
        f"{fate.liar.name} breaks {fate.liar.clause}, and {fate.caught[0].finding.clause} is blamed" for fate in wrong
    ]


async def _judge_eccentrics(cases: Sequence[Case]) -> dict[str, list[str]]:
    """The cases that each eccentric is failed in, of all that are short."""
    short = [case for case in cases if is_short(case)]
    failed: dict[str, list[str]] = {}
    for kind in ECCENTRICS:
        for role in roles_of(kind):
            results = await judged(kind, role, short, patience=2.0, jobs=16)
            bad = [one.case.id for one in results if one.verdict in (Verdict.FAIL, Verdict.HARNESS_ERROR)]
            failed[f"{name_of(kind)}/{role}"] = sorted(bad)
    return failed


async def _ask_autobahn(name: EngineName, chosen: Sequence[Liar], work: Path, *, honest: bool) -> None:
    engine: Engine = choose(
        name, None, DEBIAN_MIRROR, work / "build-image.log", lambda line: click.echo(line, err=True)
    )
    told = _answers(work)
    waiting = iter(chosen)

    async def ask() -> None:
        for liar in waiting:
            notice = await what_autobahn_says(engine, liar.kind, liar.role, work / "liars" / liar.name)
            told.liars[liar.name] = notice.value
            _keep(work, told)
            click.echo(f"{liar.name}: {notice}", err=True)

    try:
        await asyncio.gather(ask(), ask())
        for role in Role if honest else ():
            told.honest[role.value] = await standing(engine, Endpoint, role, work / "liars" / f"{HONEST}-{role}")
            _keep(work, told)
    finally:
        engine.close()


def _keep(work: Path, told: Told) -> None:
    work.mkdir(parents=True, exist_ok=True)
    (work / _TOLD).write_text(json.dumps(asdict(told), indent=1, sort_keys=True), encoding="utf-8")


def _answers(work: Path, reports: Path | None = None) -> Told:
    """What Autobahn has said so far; of whom it was not asked about now, what the committed report has."""
    told = Told()
    if reports is not None and (reports / "liars.json").exists():
        before = json.loads((reports / "liars.json").read_text("utf-8"))
        told.liars.update({name: one["autobahn"] for name, one in before["liars"].items() if one["autobahn"]})
        told.honest.update(before["honest"])
    if (work / _TOLD).exists():
        answers = json.loads((work / _TOLD).read_text("utf-8"))
        told.liars.update(answers["liars"])
        told.honest.update(answers["honest"])
    return told


def _compared(survey: Survey, reports: Path) -> list[str]:
    path = reports / "liars.json"
    if not path.exists():
        return [f"there is no {path} to compare with; --bless writes it"]
    before = json.loads(path.read_text("utf-8"))
    if before != survey:
        click.echo(f"{path} says something else; --bless rewrites it", err=True)
    return worse(before, survey)
