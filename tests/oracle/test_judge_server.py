"""What `judge_server` does around the cases: a testee that is no more what it was, and the octets of what is judged."""

import asyncio
from collections.abc import Sequence

import refws
from refws.oracle import Report, Role, Verdict, all_cases, judge_server, select
from refws.oracle.case import Case
from refws.oracle.client import ClientJudge
from refws.oracle.expect import goes_on
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.play import CaseResult
from refws.oracle.wire.frame import text

TEXT = "rfc6455:5.2-p13-s1"
LIMITS = "rfc6455:10.4-p1-s1"


def few(names: str) -> list[Case]:
    return select(all_cases(), names=[names], role=Role.SERVER)


async def echo(ws: "refws.WebSocket") -> None:
    async for message in ws:
        await ws.send(message)


async def judged(cases: Sequence[Case], application=echo, **how) -> Report:
    async with refws.serve(application) as server:
        return await judge_server(server.uri, cases, **how)


def test_a_server_that_stays_and_echoes_no_more_is_failed_for_the_case_behind_which_it_does_not() -> None:
    broken = False

    async def application(ws: "refws.WebSocket") -> None:
        nonlocal broken
        async for message in ws:
            broken = broken or len(message) == 125
            if broken:
                await ws.close(1011)
            else:
                await ws.send(message)

    report = asyncio.run(judged(few("1.1.1-1.1.3"), application, patience=1))
    verdicts = {result.case.alias: result.verdict for result in report.results}
    assert verdicts == {"1.1.1": Verdict.PASS, "1.1.2": Verdict.FAIL, "1.1.3": Verdict.INCONCLUSIVE}
    (killer,) = report.having(Verdict.FAIL)
    assert killer.findings[0].why.startswith("behind this case (Close of 2 octets with 1011")
    assert killer.findings[0].why.endswith("the server answers no ordinary echo any more")
    assert killer.findings[0].clause == killer.case.clauses[0]
    assert report.exit_code == 1


def test_what_takes_many_octets_is_played_alone() -> None:
    at_once = []
    there = 0

    async def application(ws: "refws.WebSocket") -> None:
        nonlocal there
        there += 1
        async for message in ws:
            if message == "slow":
                at_once.append(there)
            await ws.send(message)
        there -= 1

    cases = [
        Case(f"10.4/{number}", "a text", (LIMITS,), (text(name),), goes_on(name), slow=name == "slow")
        for number, name in enumerate(("slow", "slow", "quick", "quick"))
    ]
    report = asyncio.run(judged(cases, application, patience=5, jobs=4))
    assert [result.verdict for result in report.results] == [Verdict.PASS] * 4
    assert at_once == [1, 1]


def test_who_fails_what_is_wrong_and_is_well_is_not_blamed() -> None:
    report = asyncio.run(judged(few("5.5/ping-of-126-octets"), patience=5))
    assert [(result.verdict, result.findings) for result in report.results] == [(Verdict.PASS, ())]


def test_octets_are_there_for_who_looks_at_a_result_and_then_let_go() -> None:
    sizes = []

    def on_result(result: CaseResult) -> None:
        assert result.recording is not None
        sizes.append(len(result.recording.octets(Role.SERVER)))

    report = asyncio.run(judged(few("1.1.2"), patience=5, on_result=on_result))
    (result,) = report.results
    assert sizes[0] > 125
    assert (result.recording, result.observed, result.closing_observed) == (None, None, None)
    assert result.exchange
    (kept,) = asyncio.run(judged(few("1.1.2"), patience=5, keep=True)).results
    assert kept.recording is not None
    assert kept.observed is not None


def test_octets_of_a_client_are_let_go_too() -> None:
    async def run(keep: bool) -> CaseResult:
        judge = ClientJudge(few("1.1.2"), patience=5, keep=keep)
        await judge.listen("127.0.0.1", 0)
        async with refws.connect(f"ws://127.0.0.1:{judge.port}/runCase?case=1&agent=a", proxy=None) as ws:
            await echo(ws)
        result = await judge.result(judge.cases[0], "a", 5)
        await judge.close()
        assert result is not None
        return result

    assert asyncio.run(run(False)).recording is None
    assert asyncio.run(run(True)).recording is not None


def test_an_echo_behind_the_pong_is_waited_for_where_a_function_is_the_stimulus() -> None:
    # This application sends back when it is told to, which is behind the Pong that the case waits for.
    let_go = asyncio.Event()

    async def application(ws: "refws.WebSocket") -> None:
        async for message in ws:
            if message == "late":
                await let_go.wait()
            await ws.send(message)

    async def play(peer: Peer) -> Observed:
        peer.send(text("late"))
        seen = await peer.settle()
        assert (seen.went_on, seen.messages) == (True, ())
        let_go.set()
        return seen

    case = Case("5.2/late", "a text", (TEXT,), play, goes_on("late"))
    (result,) = asyncio.run(judged([case], application, patience=5)).results
    assert (result.verdict, result.seen) == (Verdict.PASS, "text of 4 octets 'late', goes on")
