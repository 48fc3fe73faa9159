"""What `ClientJudge` does around the cases: who asks again, keys, who comes to what, and what it answers."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import refws
from refws.oracle.cases import all_cases
from refws.oracle.client import ClientJudge
from refws.oracle.clients import judge_client
from refws.oracle.play import CaseResult
from refws.oracle.selection import select
from refws.oracle.verdict import Role, Verdict

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HEAD = f"Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13"


def judging(names: str, visit: Callable[[ClientJudge], Awaitable[Any]], **how: Any) -> ClientJudge:
    """Let somebody visit a judge that has these cases; the judge, when that is over."""

    async def run() -> ClientJudge:
        cases = select(all_cases(), names=names.split(","), role=Role.CLIENT)
        judge = ClientJudge(cases, **{"patience": 5, **how})
        await judge.listen("127.0.0.1", 0)
        try:
            await visit(judge)
        finally:
            await judge.close()
        return judge

    return asyncio.run(run())


async def judged() -> None:
    """Wait until the judge has done what there is to do."""
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})


async def echo(judge: ClientJudge, path: str, change: Callable[[Any], Any] = lambda message: message) -> list[Any]:
    """Connect, and send back what comes, with a change; what came."""
    came = []
    try:
        async with refws.connect(f"ws://127.0.0.1:{judge.port}{path}", proxy=None) as ws:
            async for message in ws:
                came.append(message)
                if path.startswith("/runCase"):
                    await ws.send(change(message))
    except (refws.ConnectionClosed, refws.HandshakeFailure):
        pass
    await judged()
    return came


async def raw(judge: ClientJudge, path: str) -> str:
    """Send a request with always the same key, and end TCP behind the answer, which is returned."""
    reader, writer = await asyncio.open_connection("127.0.0.1", judge.port)
    writer.write(f"GET {path} HTTP/1.1\r\n{HEAD}\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    await judged()
    return answer.decode()


def test_a_case_that_is_asked_for_again_is_played_again_and_the_last_counts():
    told: list[CaseResult] = []

    async def visit(judge: ClientJudge) -> None:
        await echo(judge, "/runCase?case=1&agent=a", lambda message: message.replace("*", "?"))
        await echo(judge, "/runCase?case=1&agent=a")
        await echo(judge, "/runCase?case=1&agent=b")

    judge = judging("1.1.2", visit, on_result=told.append)
    assert [result.verdict for result in told] == [Verdict.FAIL, Verdict.PASS, Verdict.PASS]
    assert [[result.verdict for result in report.results] for report in judge.reports()] == [[Verdict.PASS]] * 2
    assert [report.testee.name for report in judge.reports()] == ["a", "b"]


def test_a_key_that_was_refused_may_be_sent_again():
    async def visit(judge: ClientJudge) -> None:
        for _ in range(2):
            assert (await raw(judge, "/runCase?casetuple=4.1/status/404&agent=a")).startswith("HTTP/1.1 404 ")
        assert judge.agent("a").keys == []
        for _ in range(2):
            assert (await raw(judge, "/runCase?casetuple=1.1.1&agent=a")).startswith("HTTP/1.1 101 ")

    judge = judging("1.1.1,4.1/status/404", visit)
    assert judge.agent("a").keys == [KEY, KEY]


def test_a_case_that_there_is_not():
    async def visit(judge: ClientJudge) -> None:
        for query in ("case=0", "case=2", "case=x", "casetuple=9.9.9", ""):
            assert (await raw(judge, f"/runCase?{query}&agent=a")).startswith("HTTP/1.1 404 No such case\r\n")

    assert judging("1.1.1", visit).reports() == []


def test_what_is_told_about_cases_as_by_the_fuzzingserver():
    answers = {}

    async def visit(judge: ClientJudge) -> None:
        await echo(judge, "/runCase?case=1&agent=a")
        await echo(judge, "/runCase?case=2&agent=a", lambda message: b"something else" if message else message)
        for path in ("Count?", "Info?case=1", "Status?case=1&agent=a", "Status?case=2&agent=a", "Info?case=7"):
            answers[path] = [json.loads(one) for one in await echo(judge, f"/getCase{path}")]
        assert not judge.ended.is_set()
        await echo(judge, "/updateReports?agent=a")
        assert judge.ended.is_set()

    judging("1.1.1,1.1.2", visit)
    title = next(case.title for case in all_cases() if case.alias == "1.1.1")
    assert answers == {
        "Count?": [2],
        "Info?case=1": [{"id": "1.1.1", "description": title}],
        "Status?case=1&agent=a": [{"behavior": "OK"}],
        "Status?case=2&agent=a": [{"behavior": "INCONCLUSIVE"}],
        "Info?case=7": [],
    }


@pytest.mark.parametrize(("path", "ends"), [("/updateReports?agent=a", False), ("/stopServer", True)])
def test_a_judge_that_stays_ends_only_where_it_is_told_to(path, ends):
    reports = []

    async def visit(judge: ClientJudge) -> None:
        await echo(judge, path)
        assert judge.ended.is_set() is ends

    judging("1.1.1", visit, stay=True, on_report=reports.append)
    assert [[result.verdict for result in report.results] for report in reports] == [[Verdict.NOT_RUN]] * (not ends)


RECONNECTS = """
import sys
from refws.host.threads.client import connect_sync
for time in range(3):
    with connect_sync(sys.argv[1], proxy=None) as ws:
        for message in ws:
            ws.send(message if time == 0 else "something else")
"""


def test_the_first_result_of_a_command_for_one_case_stands(tmp_path):
    client = tmp_path / "client.py"
    client.write_text(RECONNECTS)
    told: list[CaseResult] = []
    cases = select(all_cases(), names=["1.1.2"], role=Role.CLIENT)
    command = f"{sys.executable} {client} {{url}}"
    (report,) = asyncio.run(judge_client(cases, command=command, patience=5, on_result=told.append))
    assert [result.verdict for result in told] == [Verdict.PASS]
    assert [result.verdict for result in report.results] == [Verdict.PASS]


def test_a_command_that_hangs_is_given_up_where_no_client_comes_any_more(monkeypatch):
    monkeypatch.setattr("refws.oracle.clients.FIRST_PATIENCE", 0.1)
    cases = select(all_cases(), names=["1.1.2"], role=Role.CLIENT)
    command = f"{sys.executable} -c 'import time; time.sleep(60)' {{server}}"

    async def run() -> None:
        async with asyncio.timeout(20):
            assert await judge_client(cases, command=command, idle=0.1, patience=5) == []

    asyncio.run(run())
