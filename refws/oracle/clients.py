"""Runs clients, or waits for them, until they have been judged."""

import asyncio
import shlex
import ssl
from collections.abc import Callable, Sequence

from refws.oracle.case import Case
from refws.oracle.client import FIRST_PATIENCE, START_LIMIT, ClientJudge
from refws.oracle.play import CaseResult
from refws.oracle.report import Report

__all__ = ["judge_client"]


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
    on_result: Callable[[CaseResult], None] = lambda result: None,
    on_report: Callable[[Report], None] = lambda report: None,
    on_listening: Callable[[int], None] = lambda port: None,
) -> list[Report]:
    """Judge clients in these cases, and return a report for each agent that has played any.

    `command` is a client's: with ``{url}`` in it, it is run for each case, `jobs` at a time, and is to connect there
    and echo; with ``{server}``, once, and is to do as with Autobahn's fuzzingserver. Without one, clients connect by
    themselves until one asks for ``/updateReports`` (not with `stay`) or ``/stopServer``, or until none has come for
    `idle` seconds. Raises OSError where it cannot listen.
    """
    judge = ClientJudge(cases, patience=patience, on_result=on_result, on_report=on_report, stay=stay)
    await judge.listen(host, port, tls)
    base = f"{'wss' if tls else 'ws'}://{f'[{host}]' if ':' in host else host}:{judge.port}"
    on_listening(judge.port)
    try:
        if "{url}" in command:
            await _run_for_each(judge, command, base, jobs)
        elif command:
            await _run_once(judge, command.replace("{server}", base))
        else:
            await _until_ended(judge, idle)
    finally:
        await judge.close()
    return judge.reports()


async def _until_ended(judge: ClientJudge, idle: float | None) -> None:
    while not judge.ended.is_set():
        judge.active.clear()
        waiting = [asyncio.ensure_future(judge.ended.wait()), asyncio.ensure_future(judge.active.wait())]
        done, rest = await asyncio.wait(waiting, timeout=idle, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        if not done:
            return


async def _run_for_each(judge: ClientJudge, command: str, base: str, jobs: int) -> None:
    agent = shlex.split(command)[0].rpartition("/")[2]
    waiting = iter(enumerate(judge.cases, 1))

    async def work() -> None:
        for number, case in waiting:
            url = f"{base}/runCase?case={number}&agent={agent}"
            process = await _start(command.replace("{url}", url))
            try:
                played = asyncio.ensure_future(judge.result(case, agent, START_LIMIT))
                gone = asyncio.ensure_future(process.wait())
                await asyncio.wait([played, gone], return_when=asyncio.FIRST_COMPLETED)
                # What it has sent may still be under way when it is gone.
                await asyncio.wait([played], timeout=FIRST_PATIENCE)
                played.cancel()
                await asyncio.wait([gone], timeout=FIRST_PATIENCE)
            finally:
                await _stop(process)

    async with asyncio.TaskGroup() as group:
        for _ in range(max(jobs, 1)):
            group.create_task(work())


async def _run_once(judge: ClientJudge, command: str) -> None:
    process = await _start(command)
    ended = asyncio.ensure_future(judge.ended.wait())
    gone = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait([ended, gone], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait([gone], timeout=FIRST_PATIENCE)
    finally:
        ended.cancel()
        await _stop(process)


async def _start(command: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *shlex.split(command), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
