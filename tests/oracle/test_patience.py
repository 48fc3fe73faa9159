"""Late is not never: what gets its time once more, and how long that is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from closing_testee import ClosingEndpoint

from refws.oracle import report
from refws.oracle.agent import FIRST_PATIENCE, Agent
from refws.oracle.bulk import MIB
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.expect import goes_on
from refws.oracle.peer import Peer
from refws.oracle.play import CaseResult
from refws.oracle.server import Target, one_case
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.frame import Opcode, text

PATIENCE = 0.3
LATE = Case("5.2/late", "a text", ("rfc6455:5.2-p13-s1",), (text("late"),), goes_on("late"))


class Holding(ClosingEndpoint):
    """An echo server that deals with no frame from one of its choice on, until it is let go on."""

    def __init__(self, is_held: Callable[[int, bytes], bool]) -> None:
        super().__init__()
        self._is_held = is_held
        self._waiting: list[tuple[bool, int, int, bytes]] = []
        self._is_free = False

    def _frame(self, fin: bool, rsv: int, opcode: int, payload: bytes) -> None:
        if not self._is_free and (self._waiting or self._is_held(opcode, payload)):
            self._waiting.append((fin, rsv, opcode, payload))
        else:
            super()._frame(fin, rsv, opcode, payload)

    def go_on(self) -> None:
        self._is_free = True
        for frame in self._waiting:
            super()._frame(*frame)


class OnePong(Holding):
    """It is busy again behind the first Ping that it answers, and answers no other."""

    pings = 0

    def _ping(self, payload: bytes) -> None:
        self.pings += 1
        if self.pings == 1:
            super()._ping(payload)


Judge = Callable[..., CaseResult]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], Judge]:
    """Judges who holds frames back, and goes on when a method of the oracle's peer has come to an end."""

    def until(method: str | None) -> Judge:
        made: list[Holding] = []
        if method is not None:
            usual: Callable[..., Awaitable[object]] = getattr(Peer, method)

            async def over(peer: Peer, *arguments: object) -> object:
                result = await usual(peer, *arguments)
                if not peer.link.is_over and peer.theirs.close is None:
                    made[0].go_on()
                return result

            monkeypatch.setattr(Peer, method, over)

        def judged(case: Case, is_held: Callable[[int, bytes], bool], testee: type[Holding] = Holding) -> CaseResult:
            return asyncio.run(_judged(case, lambda: testee(is_held), made))

        return judged

    return until


async def _judged(case: Case, make: Callable[[], Any], made: list[Any]) -> CaseResult:
    def accept() -> ClosingEndpoint:
        made.append(make())
        return made[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    async with server:
        target = Target.of(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        result = await one_case(target, case, PATIENCE, well_within=PATIENCE)
        for endpoint in made:
            endpoint.transport.abort()
            await endpoint.over
    return result


def late(opcode: int, payload: bytes) -> bool:
    return payload == b"late"


def any_close(opcode: int, payload: bytes) -> bool:
    return opcode == Opcode.CLOSE


def large(opcode: int, payload: bytes) -> bool:
    return len(payload) > 65535


def test_who_was_silent_is_asked_again(held) -> None:
    result = held("goes_on")(LATE, late)
    assert (result.verdict, result.seen) == (Verdict.PASS, "text of 4 octets 'late', goes on")


def test_who_stays_silent_is_failed(held, monkeypatch) -> None:
    monkeypatch.setattr("refws.oracle.play.GRACE", 2 * PATIENCE)
    result = held(None)(LATE, late)
    assert (result.behaviour, result.findings[0].clause) == (Verdict.FAIL, LATE.clauses[0])
    assert result.observed is not None
    assert result.observed.seconds > 2.9 * PATIENCE


def test_a_close_that_is_answered_late_is_answered(held) -> None:
    result = held("closing_handshake")(LATE, any_close)
    assert (result.behaviour, result.closing) == (Verdict.PASS, Verdict.PASS)
    assert result.closing_observed is not None
    assert result.closing_observed.seconds > PATIENCE


def test_a_close_that_is_not_answered_is_failed(held, monkeypatch) -> None:
    monkeypatch.setattr("refws.oracle.closing.GRACE", 0.1)
    result = held(None)(LATE, any_close)
    assert (result.behaviour, result.closing) == (Verdict.PASS, Verdict.FAIL)
    assert "rfc6455:5.5.1-p5-s1" in [finding.clause for finding in result.findings]


def the_case(name: str) -> Case:
    return next(case for case in all_cases() if case.id == name)


def test_who_is_slow_with_a_large_message_is_asked_for_a_pong_again(held) -> None:
    result = held("goes_on")(the_case("10.4/binary-of-64-kib"), large)
    assert (result.behaviour, result.findings) == (Verdict.PASS, ())
    assert result.observed is not None
    assert result.observed.went_on


def test_a_pong_that_came_late_is_not_asked_for_again(held) -> None:
    result = held("goes_on")(the_case("10.4/binary-of-64-kib"), large, OnePong)
    assert (result.behaviour, result.closing, result.findings) == (Verdict.PASS, Verdict.PASS, ())


def test_who_swallows_a_large_message_is_failed(held) -> None:
    result = held(None)(the_case("10.4/binary-of-64-kib"), large)
    assert (result.behaviour, result.observed.silent) == (Verdict.FAIL, True)


@pytest.mark.parametrize("name", ["largest-binary-in-one-frame", "largest-text-in-fragments"])
def test_who_neither_sends_back_nor_refuses_what_is_very_large_may_only_be_slow(held, monkeypatch, name) -> None:
    monkeypatch.setattr("refws.oracle.bulk.SLOWEST", 1 << 40)
    monkeypatch.setattr("refws.oracle.cases.s10_4_limits.MIB", MIB >> 6)
    result = held(None)(the_case(f"10.4/{name}"), large)
    assert result.behaviour is Verdict.NON_STRICT
    assert result.findings[0].clause == "rfc6455:10.4-p1-s1"
    assert "1009" in result.findings[0].why
    assert "4 MiB were neither sent back nor refused" in result.seen


class AnswersLate(ClosingEndpoint):
    """A server that deals with nothing for a while."""

    seconds = 2 * PATIENCE

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(0 if self.open else self.seconds, super().data_received, data)


@pytest.mark.parametrize(("grace", "verdict"), [(2.0, Verdict.PASS), (0.05, Verdict.FAIL)])
def test_the_answer_to_a_request_may_be_late(monkeypatch, grace, verdict) -> None:
    monkeypatch.setattr("refws.oracle.play.GRACE", grace)
    result = asyncio.run(_judged(the_case("4.2.1/upgrade-in-capital-letters"), AnswersLate, []))
    assert result.verdict is verdict


def agent(*round_trips: float) -> Agent:
    return Agent(report.Report(report.Testee(Role.CLIENT, "")), round_trips=list(round_trips))


@pytest.mark.parametrize(
    ("round_trips", "patience"),
    [
        ((), FIRST_PATIENCE),
        ((0.001,), 0.5),  # the least
        ((0.02, 0.02, 0.04), 1.0),  # fifty of the median
        ((0.02, 0.02, 0.2), 2.0),  # ten of the slowest: late once is not slow always
        ((0.06, 0.06, 0.001), 3.0),
        ((3.0,), 10.0),  # the most
    ],
)
def test_the_time_that_a_client_gets(round_trips, patience) -> None:
    assert agent(*round_trips).patience == pytest.approx(patience)
    assert agent(*round_trips).slowest == max(round_trips, default=0.0)
