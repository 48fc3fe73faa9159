"""A server that a case has killed: who is blamed of several that were played at the same time, and what then."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from closing_testee import ClosingEndpoint

from refws.oracle import Report, Verdict, judge_server
from refws.oracle.case import Case
from refws.oracle.expect import goes_on
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.wire.frame import text

TEXT = "rfc6455:5.2-p13-s1"
PATIENCE = 0.2
KILLS, BESIDE = "1/kills", "1/beside"


class Mortal(ClosingEndpoint):
    """A message kills the server that it belongs to."""

    def __init__(self, die: Callable[[], None]) -> None:
        super().__init__("")
        self.die = die

    def echo(self, opcode: int, payload: bytes) -> None:
        if payload == b"die":
            self.die()
        else:
            super().echo(opcode, payload)


@asynccontextmanager
async def mortal(*, returns: bool) -> AsyncIterator[str]:
    """A server that dies with all its connections; something starts it again, or not."""
    loop, made = asyncio.get_running_loop(), set[Mortal]()
    servers: list[asyncio.Server] = []
    again: list[asyncio.Task[None]] = []

    def make() -> Mortal:
        endpoint = Mortal(die)
        made.add(endpoint)
        return endpoint

    async def start(port: int) -> None:
        servers.append(await loop.create_server(make, "127.0.0.1", port))

    def die() -> None:
        port = servers[-1].sockets[0].getsockname()[1]
        servers[-1].close()
        for endpoint in made:
            endpoint.transport.abort()
        made.clear()
        if returns:
            loop.call_later(2 * PATIENCE, lambda: again.append(loop.create_task(start(port))))

    await start(0)
    yield f"ws://127.0.0.1:{servers[0].sockets[0].getsockname()[1]}/"
    servers[-1].close()
    for endpoint in made:
        endpoint.transport.abort()


def pair() -> list[Case]:
    """Two cases that are played at the same time: one kills the server while the other waits for its echo."""
    waits = asyncio.Event()

    async def kill(peer: Peer) -> Observed:
        await waits.wait()
        peer.send(text("die"))
        return await peer.settle()

    async def wait(peer: Peer) -> Observed:
        if not waits.is_set():
            waits.set()
            await peer.link.until(lambda: peer.link.is_over, 5)
        peer.send(text("well"))
        return await peer.settle()

    return [
        Case(KILLS, "a text", (TEXT,), kill, goes_on("die")),
        Case(BESIDE, "a text", (TEXT,), wait, goes_on("well")),
        Case("1/next", "a text", (TEXT,), (text("next"),), goes_on("next")),
    ]


async def judged(*, returns: bool, jobs: int, cases: Callable[[], list[Case]] = pair) -> Report:
    async with mortal(returns=returns) as uri:
        return await judge_server(uri, cases(), jobs=jobs, patience=PATIENCE)


def verdicts(report: Report) -> dict[str, Verdict]:
    return {result.case.id: result.verdict for result in report.results}


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr("refws.oracle.server_case.RETURN", 6 * PATIENCE)


def test_only_who_kills_a_server_is_failed_where_another_was_played_beside() -> None:
    report = asyncio.run(judged(returns=True, jobs=2))
    assert verdicts(report) == {KILLS: Verdict.FAIL, BESIDE: Verdict.PASS, "1/next": Verdict.PASS}


def test_nobody_is_failed_where_a_server_stays_away_and_two_may_have_killed_it() -> None:
    report = asyncio.run(judged(returns=False, jobs=2))
    assert verdicts(report) == {KILLS: Verdict.INCONCLUSIVE, BESIDE: Verdict.INCONCLUSIVE, "1/next": Verdict.NOT_RUN}
    why = {result.case.id: result.findings[0].why for result in report.results}
    assert f"({BESIDE}); --jobs 1 tells which" in why[KILLS]
    assert f"({KILLS}); --jobs 1 tells which" in why[BESIDE]
    assert report.exit_code == 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_who_kills_a_server_alone_is_failed_and_the_next_are_played_when_it_is_back(jobs) -> None:
    def kills() -> list[Case]:
        cases = [Case(KILLS, "a text", (TEXT,), (text("die"),), goes_on("die"))]
        return cases if jobs > 1 else [*cases, pair()[2]]

    report = asyncio.run(judged(returns=jobs == 1, jobs=jobs, cases=kills))
    assert verdicts(report) == {KILLS: Verdict.FAIL, **({"1/next": Verdict.PASS} if jobs == 1 else {})}
