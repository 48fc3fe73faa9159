"""One shard judged: wstest against one testee, watched until it ends, its report read."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from conformance import fuzzingserver
from conformance.autobahn import report, specification
from conformance.engines.base import REPORTS, Engine, Mode, Wstest
from conformance.failure import HarnessFailure
from conformance.programs import ClientProgram, Program, ServerProgram
from conformance.results import CaseResult
from conformance.testees import Testee

_POLL_S: Final = 0.2
_WRITE_LIMIT_S: Final = 15.0
_LISTEN_LIMIT_S: Final = 60.0
_ATTEMPTS: Final = 3


class Interrupted(Exception):
    """The person at the keyboard wants the run to end."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every shard of a run shares.

    `time_limit_s` bounds one shard, None takes a limit that grows with its cases. `cancel` is set when the run shall
    end early. `progress` is told how many cases of a shard have finished, by the shard's name.
    """

    engine: Engine
    agent: str
    time_limit_s: float | None
    cancel: Event
    progress: Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Shard:
    """Some cases of one testee; `folder` is its own, for what goes in and comes out of wstest and the testee."""

    name: str
    testee: Testee
    cases: Sequence[str]
    folder: Path

    def time_limit_s(self) -> float:
        """Give the seconds after which a shard counts as hung: 3 minutes and 6 s for each case."""
        return 180.0 + 6.0 * len(self.cases)


def judge(job: Job, shard: Shard, raw: Path) -> Mapping[str, CaseResult]:
    """Run a shard's cases and give their verdicts; the case files go to the folder `raw`.

    After an interruption that is what had finished. Raises HarnessFailure when anything is not as it must be.
    """
    shard.folder.mkdir(parents=True)
    run = _judge_server if shard.testee.role == "server" else _judge_client
    started = run(job, shard)
    reports = shard.folder / REPORTS
    if started is None:
        verdicts = report.read(reports, job.agent, shard.cases)
    else:
        # The last one was cut off in the middle, and its verdict is not the testee's fault.
        verdicts = report.read_finished(reports, job.agent, started[:-1])
    report.collect(reports, job.agent, verdicts, raw)
    return verdicts


def _judge_server(job: Job, shard: Shard) -> list[str] | None:
    """Let wstest be the client of a server; give the cases begun when the run was interrupted, None when it ended."""
    with ServerProgram(shard.testee.command, shard.folder) as server:
        specification.for_fuzzingclient(shard.folder, server.url(), job.agent, shard.cases)
        with _running(job, shard, "fuzzingclient") as wstest:

            def is_done() -> bool:
                if server.exit_status() is not None:
                    raise HarnessFailure(f"the server died ({_progress(wstest)}): it {server.epitaph()}")
                return wstest.exit_status() is not None

            try:
                _watch(job, shard, wstest, is_done)
            except Interrupted:
                started = report.started_cases(wstest.output())
                # A server that is gone makes wstest write its reports at once.
                server.stop()
                _wait_for_end(wstest)
                return started
            if (status := wstest.exit_status()) != 0:
                raise HarnessFailure(f"wstest ended with status {status}: {_last_line(wstest)}")
    return None


def _judge_client(job: Job, shard: Shard) -> list[str] | None:
    """Let wstest be the server of a client; give the cases begun when the run was interrupted, None when it ended."""
    with _fuzzingserver(job, shard) as (wstest, port):
        url = f"ws://127.0.0.1:{port}"
        with ClientProgram(shard.testee.command, url, job.agent, shard.folder) as client:

            def is_done() -> bool:
                if wstest.exit_status() is not None:
                    raise HarnessFailure(f"wstest died with status {wstest.exit_status()}: {_last_line(wstest)}")
                return client.exit_status() is not None

            try:
                _watch(job, shard, wstest, is_done)
            except Interrupted:
                started = report.started_cases(wstest.output())
                client.stop()
                fuzzingserver.update_reports(port, job.agent)
                return started
            _require_success(client, wstest)
        fuzzingserver.update_reports(port, job.agent)
    return None


@contextmanager
def _running(job: Job, shard: Shard, mode: Mode) -> Iterator[Wstest]:
    wstest = job.engine.start(mode, shard.folder)
    try:
        yield wstest
    finally:
        try:
            (shard.folder / "wstest.log").write_text(wstest.output(), encoding="utf-8")
        finally:
            wstest.stop()


@contextmanager
def _fuzzingserver(job: Job, shard: Shard) -> Iterator[tuple[Wstest, int]]:
    """Start a fuzzing server on a free port; another program may take the port in between, so try again then."""
    for attempt in range(1, _ATTEMPTS + 1):
        port = fuzzingserver.free_port()
        specification.for_fuzzingserver(shard.folder, f"ws://127.0.0.1:{port}", shard.cases)
        with _running(job, shard, "fuzzingserver") as wstest:
            if _is_listening(wstest, port):
                yield wstest, port
                return
            last_words = _last_line(wstest)
        if attempt == _ATTEMPTS or "in use" not in last_words:
            raise HarnessFailure(f"wstest did not listen on port {port}: {last_words}")


def _is_listening(wstest: Wstest, port: int) -> bool:
    deadline = time.monotonic() + _LISTEN_LIMIT_S
    while wstest.exit_status() is None and time.monotonic() < deadline:
        if "Ok, will run" in wstest.output() and fuzzingserver.listens(port):
            return True
        time.sleep(_POLL_S)
    return False


def _watch(job: Job, shard: Shard, wstest: Wstest, is_done: Callable[[], bool]) -> None:
    limit_s = job.time_limit_s or shard.time_limit_s()
    deadline = time.monotonic() + limit_s
    while not is_done():
        job.progress(shard.name, max(0, len(report.started_cases(wstest.output())) - 1))
        if time.monotonic() > deadline:
            raise HarnessFailure(f"hung: not done within {limit_s:.0f} s ({_progress(wstest)})")
        if job.cancel.wait(_POLL_S):
            raise Interrupted
    job.progress(shard.name, len(shard.cases))


def _wait_for_end(wstest: Wstest) -> None:
    deadline = time.monotonic() + _WRITE_LIMIT_S
    while wstest.exit_status() is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def _require_success(client: Program, wstest: Wstest) -> None:
    if client.exit_status() != 0:
        raise HarnessFailure(f"the client died ({_progress(wstest)}): it {client.epitaph()}")


def _progress(wstest: Wstest) -> str:
    started = report.started_cases(wstest.output())
    return f"{len(started)} cases were begun, the last {started[-1]}" if started else "no case was begun"


def _last_line(wstest: Wstest) -> str:
    lines = [line.strip() for line in wstest.output().split("\n") if line.strip()]
    return lines[-1] if lines else "it printed nothing"
