"""The oracle as the harness runs it: against one of its testees, its verdicts in Autobahn's words."""

import asyncio
import json
import shlex
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.failure import HarnessFailure
from conformance.programs import ServerProgram
from conformance.results import TesteeResults, case_from
from conformance.testees import Testee
from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.clients import judge_client
from refws.oracle.output.autobahn import write_autobahn
from refws.oracle.play import CaseResult
from refws.oracle.report import Report
from refws.oracle.server import judge_server
from refws.oracle.verdict import Role

__all__ = ["as_autobahn", "cases_for", "judge_testee"]


@dataclass(frozen=True, slots=True)
class _Run:
    testee: Testee
    agent: str
    folder: Path
    on_result: Callable[[CaseResult], None]


def cases_for(testee: Testee, *, beyond: bool = False) -> list[Case]:
    """The oracle's counterparts of a testee's cases; with `beyond` all the others of its role, too."""
    role = Role(testee.role)
    asked = frozenset(testee.cases)
    mine = [case for case in all_cases() if role in case.roles and Carrier.HTTP1 in case.carriers]
    return [case for case in mine if case.alias in asked or (beyond and not case.alias)]


def judge_testee(
    testee: Testee,
    cases: Sequence[Case],
    folder: Path,
    *,
    agent: str = "refws",
    on_result: Callable[[CaseResult], None] = lambda result: None,
) -> Report:
    """Judge a testee by the oracle; its output goes to `folder`, which is made anew.

    Raises HarnessFailure where it cannot be judged.
    """
    # What an earlier run printed is not this one's.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run = _Run(testee, agent, folder, on_result)
    try:
        return _judge_server(run, cases) if testee.role == "server" else _judge_client(run, cases)
    except OSError as error:
        raise HarnessFailure(f"{testee.name}: {error}") from error


def _judge_server(run: _Run, cases: Sequence[Case]) -> Report:
    with ServerProgram(run.testee.command, run.folder) as server:
        return asyncio.run(judge_server(server.url(), cases, on_result=run.on_result))


def _judge_client(run: _Run, cases: Sequence[Case]) -> Report:
    words = ["{server}" if word == "{url}" else word.replace("{agent}", run.agent) for word in run.testee.command]
    with (run.folder / "testee.stderr").open("wb") as errors:
        judging = judge_client(cases, command=shlex.join(words), on_result=run.on_result, errors=errors)
        reports = asyncio.run(judging)
    report = next((one for one in reports if one.testee.name == run.agent), None)
    if report is None:
        raise HarnessFailure(f"{run.testee.name}: the client has played no case")
    return report


def as_autobahn(report: Report, folder: Path, *, asked: Collection[str]) -> TesteeResults:
    """A report in Autobahn's words, as the harness compares them; raises HarnessFailure where a case is missing."""
    write_autobahn(report, folder)
    (agent, index), *_ = json.loads((folder / "index.json").read_text("utf-8")).items()
    verdicts = {case: case_from(entry) for case, entry in index.items()}
    if missing := [case for case in asked if case not in verdicts]:
        shown = ", ".join(missing[:5])
        raise HarnessFailure(f"{agent}: the oracle has no verdict on {len(missing)} cases, such as {shown}")
    return TesteeResults(agent, verdicts)
