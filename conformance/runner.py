"""A whole run: every role, its shards in parallel, one set of results and every failure on the way."""

import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Final

from rich.console import Console

from conformance.failure import HarnessFailure
from conformance.judge import Job, Shard, judge
from conformance.progress import ShardProgress
from conformance.results import CaseResult, Results, Role, TesteeResults, to_json
from conformance.shards import deal

LAST_RUN: Final = "last"
REPORT: Final = "autobahn.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: the cases in their order, the roles, how many wstest processes share them, and on which source."""

    cases: Sequence[str]
    roles: Sequence[Role]
    shards: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: its results, one line per failure of the harness, and whether it was interrupted."""

    results: Results
    failures: Sequence[str]
    interrupted: bool

    @property
    def is_whole(self) -> bool:
        """Tell whether every case that was asked for has a verdict that can be trusted."""
        return not self.failures and not self.interrupted


def run(plan: Plan, job: Job, work: Path, console: Console) -> Outcome:
    """Run all of the plan and leave its report and Autobahn's case files in the folder `last` below `work`.

    Failures do not raise; they are in the outcome, and make its results partial.
    """
    work.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=work))
    testees: dict[str, TesteeResults] = {}
    failures: list[str] = []
    with _signals_set(job.cancel):
        for role in plan.roles:
            if not job.cancel.is_set():
                testees[role] = _run_role(role, plan, job, folder, failures, console=console)
    interrupted = job.cancel.is_set()
    results = Results(testees, partial=bool(interrupted or failures), source=plan.source)
    (folder / REPORT).write_text(to_json(results), encoding="utf-8")
    last = work / LAST_RUN
    shutil.rmtree(last, ignore_errors=True)
    folder.rename(last)
    return Outcome(results, failures, interrupted)


def _run_role(
    role: Role, plan: Plan, job: Job, folder: Path, failures: list[str], *, console: Console
) -> TesteeResults:
    dealt = deal(plan.cases, plan.shards)
    shards = [
        Shard(f"{role} {number}/{len(dealt)}", role, cases, folder / "logs" / f"{role}-{number}")
        for number, cases in enumerate(dealt, start=1)
    ]
    verdicts: dict[str, CaseResult] = {}
    with ShardProgress(console, role, shards) as progress, ThreadPoolExecutor(len(shards)) as pool:
        watched = replace(job, progress=progress.advance)
        running = {pool.submit(judge, watched, shard, folder / role): shard for shard in shards}
        for future, shard in _as_they_end(running):
            try:
                judged = future.result()
                verdicts |= judged
                progress.shard_ended(shard.name, f"{len(judged)} of {len(shard.cases)} cases")
            except HarnessFailure as failure:
                failures.append(f"{shard.name}: {failure}")
                progress.shard_ended(shard.name, "failed")
    return TesteeResults(job.agent, {case: verdicts[case] for case in plan.cases if case in verdicts})


def _as_they_end(
    running: Mapping[Future[Mapping[str, CaseResult]], Shard],
) -> Iterator[tuple[Future[Mapping[str, CaseResult]], Shard]]:
    pending = set(running)
    while pending:
        # With a limit, so that the main thread wakes up for signals on every platform.
        done, pending = wait(pending, timeout=1, return_when="FIRST_COMPLETED")
        for future in done:
            yield future, running[future]


@contextmanager
def _signals_set(event: Event) -> Iterator[None]:
    """Make SIGINT and SIGTERM set an event, so that nothing is left running and what is known is kept."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
