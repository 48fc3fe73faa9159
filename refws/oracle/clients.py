"""Runs clients, or waits for them, until they have been judged."""

import asyncio
import shlex
import ssl
from collections.abc import Callable, Sequence
from typing import IO

from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.client import FIRST_PATIENCE, START_LIMIT, ClientJudge
from refws.oracle.client_uris import uri_of
from refws.oracle.expect import NeverConnects
from refws.oracle.play import CaseResult
from refws.oracle.report import Report

__all__ = ["judge_client"]

WITHOUT_CONNECTION = 0.5
"""Seconds behind the end of a command in which a connection that need not come may still come."""


async def judge_client(
    cases: Sequence[Case],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    command: str = "",
    jobs: int = 1,
    patience: float | None = None,
    idle: float | None = None,
    stay: bool = False,
    keep: bool = False,
    carrier: Carrier = Carrier.HTTP1,
    on_result: Callable[[CaseResult], None] = lambda result: None,
    on_report: Callable[[Report], None] = lambda report: None,
    on_listening: Callable[[int], None] = lambda port: None,
    on_begin: Callable[[ClientJudge], None] = lambda judge: None,
    errors: IO[bytes] | None = None,
) -> list[Report]:
    """Judge clients in these cases, and return a report for each agent that has played any.

    `command` is a client's: with ``{url}`` in it, it is run for each case, `jobs` at a time, and is to connect there
    and echo; with ``{server}``, once, and is to do as with Autobahn's fuzzingserver. Without one, clients connect by
    themselves. All but the first ends when a client asks for ``/updateReports`` (not with `stay`) or ``/stopServer``,
    and when none has come for `idle` seconds. What a command writes to its standard error goes to `errors`, None for
    the oracle's own. Who cancels the run has the reports of the judge that `on_begin` was called with. What becomes of
    a result's octets, and `keep`, is as with `judge_server`. Over HTTP/2 as the `carrier` a client that comes over
    HTTP/1.1 is UNIMPLEMENTED. Raises OSError where it cannot listen.
    """
    judge = ClientJudge(
        cases, patience=patience, on_result=on_result, on_report=on_report, stay=stay, keep=keep, carrier=carrier
    )
    await judge.listen(host, port, tls)
    on_begin(judge)
    base = f"{'wss' if tls else 'ws'}://{f'[{host}]' if ':' in host else host}:{judge.port}"
    on_listening(judge.port)
    try:
        if "{url}" in command:
            await _run_for_each(judge, command, base, jobs, errors)
        elif command:
            await _run_once(judge, command.replace("{server}", base), idle, errors)
        else:
            await _until_ended(judge, idle)
    finally:
        await judge.close()
    return judge.reports()


async def _until_ended(judge: ClientJudge, idle: float | None) -> None:
    while not judge.ended.is_set():
        judge.active.clear()
        waiting = [asyncio.ensure_future(judge.ended.wait()), asyncio.ensure_future(judge.active.wait())]
        try:
            done, _ = await asyncio.wait(waiting, timeout=idle, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if not done:
            return


async def _run_for_each(judge: ClientJudge, command: str, base: str, jobs: int, errors: IO[bytes] | None) -> None:
    agent = shlex.split(command)[0].rpartition("/")[2]
    waiting = iter(enumerate(judge.cases, 1))

    async def work() -> None:
        for number, case in waiting:
            url = judge.given[case.id] = uri_of(case, base, number, agent, judge.unset_port)
            process = await _start(command.replace("{url}", url), errors)
            try:
                played = asyncio.ensure_future(judge.result(case, agent, START_LIMIT))
                gone = asyncio.ensure_future(process.wait())
                await asyncio.wait([played, gone], return_when=asyncio.FIRST_COMPLETED)
                # What it has sent may still be under way when it is gone.
                await asyncio.wait([played], timeout=WITHOUT_CONNECTION if _may_stay_away(case) else FIRST_PATIENCE)
                played.cancel()
                if gone.done():
                    judge.never_came(case, agent)
                await asyncio.wait([gone], timeout=FIRST_PATIENCE)
            finally:
                await _stop(process)

    async with asyncio.TaskGroup() as group:
        for _ in range(max(jobs, 1)):
            group.create_task(work())


def _may_stay_away(case: Case) -> bool:
    return any(isinstance(one.outcome, NeverConnects) for one in case.allowed)


async def _run_once(judge: ClientJudge, command: str, idle: float | None, errors: IO[bytes] | None) -> None:
    process = await _start(command, errors)
    ended = asyncio.ensure_future(_until_ended(judge, idle))
    gone = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait([ended, gone], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait([gone], timeout=FIRST_PATIENCE)
    finally:
        ended.cancel()
        await _stop(process)


async def _start(command: str, errors: IO[bytes] | None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *shlex.split(command), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=errors
    )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
