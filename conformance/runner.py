"""A whole run: every testee, its shards in parallel, one set of results and every failure on the way."""

import shutil
import signal
import tempfile
import time
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
from conformance.results import CaseResult, Results, TesteeResults, to_json
from conformance.shards import deal
from conformance.testees import Testee

LAST_RUN: Final = "last"
REPORT: Final = "autobahn.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: testees, each with the cases that were asked for, and how many wstest processes share these.

    `source` is the digest of refws where that is what is judged, and empty where it is not.
    """

    testees: Sequence[Testee]
    shards: int
    source: str = ""

    @property
    def asked(self) -> Mapping[str, Sequence[str]]:
        """The cases that were asked for, by the name of the testee."""
        return {testee.name: testee.cases for testee in self.testees}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: its results, one line per failure of the harness, whether it was interrupted, its seconds."""

    results: Results
    failures: Sequence[str]
    interrupted: bool
    seconds: float = 0.0

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
    judged: dict[str, TesteeResults] = {}
    failures: list[str] = []
    began = time.perf_counter()
    with _signals_set(job.cancel):
        for testee in plan.testees:
            if not job.cancel.is_set():
                judged[testee.name] = _run_testee(testee, plan.shards, job, folder, failures, console=console)
    seconds = time.perf_counter() - began
    interrupted = job.cancel.is_set()
    results = Results(judged, partial=bool(interrupted or failures), source=plan.source)
    (folder / REPORT).write_text(to_json(results), encoding="utf-8")
    last = work / LAST_RUN
    shutil.rmtree(last, ignore_errors=True)
    folder.rename(last)
    return Outcome(results, failures, interrupted, seconds)


def _run_testee(
    testee: Testee, shard_count: int, job: Job, folder: Path, failures: list[str], *, console: Console
) -> TesteeResults:
    name = testee.name
    dealt = deal(testee.cases, shard_count)
    shards = [
        Shard(f"{name} {number}/{len(dealt)}", testee, cases, folder / "logs" / f"{name}-{number}")
        for number, cases in enumerate(dealt, start=1)
    ]
    verdicts: dict[str, CaseResult] = {}
    with ShardProgress(console, shards) as progress, ThreadPoolExecutor(len(shards)) as pool:
        watched = replace(job, progress=progress.advance)
        running = {pool.submit(judge, watched, shard, folder / name): shard for shard in shards}
        for future, shard in _as_they_end(running):
            try:
                judged = future.result()
                verdicts |= judged
                progress.shard_ended(shard.name, f"{len(judged)} of {len(shard.cases)} cases")
            except HarnessFailure as failure:
                failures.append(f"{shard.name}: {failure}")
                progress.shard_ended(shard.name, "failed")
    have = {case: verdicts[case] for case in testee.cases if case in verdicts}
    return TesteeResults(job.agent, have, testee.host)


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
