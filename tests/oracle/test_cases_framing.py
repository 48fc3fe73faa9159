"""The cases of sections 5 and 6: what is right passes, and each broken rule shows in the cases that are about it."""

import asyncio
import os
import re
from collections.abc import Iterable

import pytest
from framing_testee import KEYS, Endpoint

import refws
from refws.oracle.case import Case
from refws.oracle.cases import (
    all_cases,
    s05_1_overview,
    s05_2_opcode,
    s05_2_payload_length,
    s05_2_rsv,
    s05_3_client_to_server_masking,
    s05_4_broken_sequences,
    s05_4_fragmentation,
    s05_5_2_ping,
    s05_5_3_pong,
    s05_5_control_frames,
    s05_6_data_frames,
    s05_7_examples,
    s05_8_extensibility,
    s06_1_sending_data,
    s06_2_receiving_data,
    s07_1_7_failing,
)
from refws.oracle.cases.masking_keys import ENOUGH, oddities
from refws.oracle.client import ClientJudge
from refws.oracle.play import CaseResult
from refws.oracle.server import judge_server
from refws.oracle.verdict import Role, Verdict, level

CASES: list[Case] = [
    *s05_1_overview.CASES,
    *s05_2_opcode.CASES,
    *s05_2_payload_length.CASES,
    *s05_2_rsv.CASES,
    *s05_3_client_to_server_masking.CASES,
    *s05_4_broken_sequences.CASES,
    *s05_4_fragmentation.CASES,
    *s05_5_2_ping.CASES,
    *s05_5_3_pong.CASES,
    *s05_5_control_frames.CASES,
    *s05_6_data_frames.CASES,
    *s05_7_examples.CASES,
    *s05_8_extensibility.CASES,
    *s06_1_sending_data.CASES,
    *s06_2_receiving_data.CASES,
]
PATIENCE, SHORT = 1.0, 0.3
GROUPS = {"1.1": 8, "1.2": 8, "2": 11, "3": 7, "4.1": 5, "4.2": 5, "5": 20, "10.1": 1}

HONEST = ("fragments-of-one-octet", "heartbeats", "pings", "pong-to-the-latest-only", "slow")
ONE_OF_EACH_KIND = (
    r"(?!.*(octet-by-octet|in-pieces|-65\d\d\d|frame-by-frame))"
    r"(5\.[13678]|5\.4/|5\.5|6\.|5\.2/(rsv3-on|opcode-3|.*-of-12\d-|top-bit-and))"
)

STRAY = r"5\.4/(empty-stray|stray|message-of-continuations)"
TAKEN_STRAY = r"5\.4/(empty-stray|stray-continuation-(with-fin|behind-a-message)|message-of-continuations)"

SERVER_FAULTS = {
    # the fault: the cases that show it, their verdict, the clause they blame
    "takes-the-wrong-mask": (r"5\.1/unmasked-(?!close)", Verdict.FAIL, "5.1-p1-s4"),
    "takes-rsv": (r"5\.2/rsv.*-on-(?!empty-close)", Verdict.FAIL, "5.2-p6-s2"),
    "drops-rsv": (r"5\.2/rsv", Verdict.FAIL, "5.2-p6-s2"),
    "inflates-anything": (r"5\.8/deflated", Verdict.FAIL, "5.8-p1-s2"),
    "drops-unknown-opcodes": (r"5\.2/opcode-(?!1\d-without-fin)", Verdict.FAIL, "5.2-p8-s2"),
    "takes-unknown-opcodes": (r"5\.8/(data|control)-opcode", Verdict.FAIL, "5.8-p1-s2"),
    "takes-stray-continuations": (TAKEN_STRAY, Verdict.FAIL, "5.4-p[56]-s1"),
    "drops-stray-continuations": (STRAY, Verdict.FAIL, "5.4-p[56]-s1"),
    "begins-anew-inside-a-message": (r"5\.4/.*(inside-an?-|behind-a-continuation)", Verdict.FAIL, "5.4-p10-s1"),
    "each-fragment-is-a-message": (r"5\.4/(two-f|ping-b|three|fragments-of)", Verdict.FAIL, "5.4-|6.2-"),
    "forgets-all-but-the-last-fragment": (r"5\.4/(two-f|ping-b|three|fragments-of)", Verdict.FAIL, "5.4-"),
    "no-pong": (r"5\.5\.2/", Verdict.FAIL, "5.5.2-p"),
    "pong-without-data": (r"5\.5\.2/(?!empty)", Verdict.FAIL, "5.5.2-p"),
    "pong-when-the-message-is-whole": (r"5\.4/pings?-between", Verdict.NON_STRICT, "5.5.2-p3-s2"),
    "answers-pongs": (r"5\.5\.3/(?!empty)", Verdict.NON_STRICT, "5.5.3-p5-s3"),
    "ping-is-data-of-the-message": (r"(5\.4/ping|6\.2/control)", Verdict.FAIL, "5.4-p11-s1|6.2-p1-s3|5.5.2-p3-s2"),
    "takes-long-control-frames": (r"5\.5/(pong|close)-of", Verdict.NON_STRICT, "5.5-p3-s1/1"),
    "answers-long-pings": (r"5\.5/ping-of", Verdict.FAIL, "5.5-p3-s1/1"),
    "takes-control-frames-in-fragments": (r"5\.5/.*-without-fin", Verdict.NON_STRICT, "5.5-p3-s1/2"),
    "takes-fragments-of-control-frames-for-data": (r"5\.5/p[io]ng-in-two", Verdict.FAIL, "5.4-p5-s1"),
    "takes-longer-lengths": (r"5\.2/.*-in-(16|64)-bits", Verdict.NON_STRICT, "5.2-p20-s5"),
    "length-of-15-bits": (r"5\.2/(text|binary)-of-(32768|65535)-octets$", Verdict.FAIL, "5.2-p20-s2"),
    "length-of-32-bits": (r"5\.2/.*top-bit-(alone|and-5)", Verdict.FAIL, "5.2-p20-s3"),
    "least-significant-octet-first": (r"5\.2/(text|binary)-of-(256|6553[67])-octets$", Verdict.FAIL, "5.2-p20-s[23]"),
    "long-echo-is-cut": (r"5\.2/.*-65536|5\.4/fragments-of-(1300|all)", Verdict.FAIL, "5.[24]-"),
    "octets-in-the-middle-change": (r"5\.2/.*6553[67]|6\.1/a-large", Verdict.FAIL, "5.2-p20-s3|6.1-p1-s1"),
    "binary-as-text": (r"5\.2/binary-of-\d+-octets$|5\.6/types", Verdict.FAIL, "5.2-p20-|5.6-p1-s2"),
    "key-goes-on-in-the-next-fragment": (r"5\.3/a-key-for-each", Verdict.FAIL, "5.3-p5-s1"),
    "key-begins-anew-in-each-segment": (r"5\.3/in-pieces", Verdict.FAIL, "5.3-p5-s1"),
    "takes-what-is-no-utf-8": (r"5\.6/text-that", Verdict.FAIL, "5.6-p4-s3"),
    "data-behind-its-close": (r"6\.1/a-close", Verdict.FAIL, "6.1-p2-s2"),
}  # fmt: skip

CLIENT_FAULTS = {
    "takes-the-wrong-mask": (r"5\.1/masked-(?!close)", Verdict.FAIL, "5.1-p1-s7"),
    "client-that-cannot-wait": (r"6\.1/nothing", Verdict.FAIL, "6.1-p2-s1"),
    "drops-rsv": (r"5\.2/rsv1-on", Verdict.FAIL, "5.2-p6-s2"),
    **dict.fromkeys(KEYS, (r"5\.3/masking-keys", Verdict.FAIL, "5.3-p3-s[12]")),
}


def cases_of(pattern: str, role: Role) -> list[Case]:
    return [case for case in CASES if role in case.roles and re.match(pattern, case.id)]


async def judged_server(fault: str, cases: Iterable[Case], patience: float = PATIENCE) -> list[CaseResult]:
    server = await asyncio.get_running_loop().create_server(lambda: Endpoint(fault), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        report = await judge_server(f"ws://127.0.0.1:{port}/", list(cases), jobs=8, patience=patience)
    return report.results


async def judged_client(fault: str, cases: Iterable[Case], patience: float = PATIENCE) -> list[CaseResult]:
    judge = ClientJudge(list(cases), patience=patience)
    await judge.listen("127.0.0.1", 0)
    loop = asyncio.get_running_loop()

    async def run(number: int) -> None:
        path = f"/runCase?case={number}&agent=testee"
        _, testee = await loop.create_connection(lambda: Endpoint(fault, path=path), "127.0.0.1", judge.port)
        await judge.result(judge.cases[number - 1], "testee", 10)
        await testee.over

    try:
        numbers = iter(range(1, len(judge.cases) + 1))

        async def work() -> None:
            for number in numbers:
                await run(number)

        await asyncio.gather(*(work() for _ in range(8)))
        (report,) = judge.reports()
    finally:
        await judge.close()
    return report.results


def told(results: list[CaseResult]) -> dict[str, str]:
    return {
        result.case.id: f"{result.behaviour} {result.closing} {[str(finding) for finding in result.findings]}"
        for result in results
        if result.behaviour is not Verdict.PASS or result.closing not in (Verdict.PASS, None)
    }


def test_refws_passes_everything() -> None:
    async def echo(ws: refws.WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

    async def run() -> list[CaseResult]:
        async with refws.serve(echo) as server:
            return (await judge_server(server.uri, cases_of("", Role.SERVER), jobs=4, patience=5)).results

    results = asyncio.run(run())
    assert len(results) > 350
    assert told(results) == {}


@pytest.mark.parametrize("role", Role)
def test_right_endpoint_passes_everything(role: Role) -> None:
    cases = cases_of("", role)
    results = asyncio.run((judged_server if role is Role.SERVER else judged_client)("", cases))
    assert len(results) == len(cases)
    assert told(results) == {}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("oddity", HONEST)
def test_honest_oddities_are_let_pass(oddity: str, role: Role) -> None:
    judge = judged_server if role is Role.SERVER else judged_client
    found = told(asyncio.run(judge(oddity, cases_of(ONE_OF_EACH_KIND, role))))
    if oddity == "pong-to-the-latest-only":  # which may come behind the message that the Ping stood in, and should not
        found = {one: why for one, why in found.items() if not ("/ping" in one and why.startswith("NON-STRICT PASS"))}
    assert found == {}


def test_a_pong_behind_the_close_of_who_fails_is_no_going_on() -> None:
    cases = cases_of(r"5\.4/(empty-)?stray-continuation$|5\.6/text-that", Role.SERVER)
    results = asyncio.run(judged_server("pongs-behind-its-close", cases))
    assert len(results) == 4
    assert all(any(frame.opcode == 10 for frame in one.observed.frames) for one in results if one.observed)
    assert told(results) == {}


def test_what_no_outcome_allows_is_never_blamed_on_a_should() -> None:
    says_why = [case for case in s07_1_7_failing.CASES if case.id == "7.1.7/failure-says-why"]
    (result,) = asyncio.run(judged_server("takes-unknown-opcodes", says_why))
    assert [(one.verdict, one.clause) for one in result.findings] == [(Verdict.FAIL, "rfc6455:5.2-p8-s2")]
    silent = ("7.1.1/client-whose-server-never-ends-tcp", "7.1.7/idle-client-stays")  # these never FAIL
    for case in all_cases():
        bound = any(level(clause).startswith("MUST") for clause in case.clauses)
        assert bound or case.commands or case.id in silent or not case.id[1:3].startswith("."), case.id


@pytest.mark.parametrize("role", Role)
def test_who_answers_no_ping_is_not_blamed_for_the_messages_that_it_sends_back(role: Role, monkeypatch) -> None:
    monkeypatch.setattr("refws.oracle.play.GRACE", SHORT)
    judge = judged_server if role is Role.SERVER else judged_client
    results = asyncio.run(judge("no-pong", cases_of(r"5\.2/text-of-12\d-octets$|5\.5\.2/empty-ping$", role), SHORT))
    verdicts = {result.case.id: result.verdict for result in results}
    assert len(verdicts) > 3
    assert verdicts.pop("5.5.2/empty-ping") is Verdict.FAIL
    assert set(verdicts.values()) == {Verdict.PASS}


@pytest.mark.parametrize("role", Role)
def test_one_pong_in_a_while_for_the_latest_ping_is_enough(role: Role) -> None:
    # The Pong is later than patience: a Ping that came meanwhile would be the one that it answers.
    judge = judged_server if role is Role.SERVER else judged_client
    found = told(asyncio.run(judge("pong-to-the-latest-in-a-while", cases_of(r"5\.5\.2/ten-pings$", role), 0.2)))
    assert found == {}


def check(results: list[CaseResult], verdict: Verdict, clause: str) -> None:
    assert results
    for result in results:
        assert result.behaviour is verdict, (result.case.id, result.seen)
        blamed = [one.clause for one in result.findings if one.verdict is verdict]
        assert any(re.match(f"rfc6455:({clause})", one) for one in blamed), (result.case.id, blamed)


@pytest.mark.parametrize("fault", SERVER_FAULTS)
def test_server_that_breaks_a_rule_is_caught(fault: str) -> None:
    pattern, verdict, clause = SERVER_FAULTS[fault]
    check(asyncio.run(judged_server(fault, cases_of(pattern, Role.SERVER), SHORT)), verdict, clause)


@pytest.mark.parametrize("fault", CLIENT_FAULTS)
def test_client_that_breaks_a_rule_is_caught(fault: str) -> None:
    pattern, verdict, clause = CLIENT_FAULTS[fault]
    check(asyncio.run(judged_client(fault, cases_of(pattern, Role.CLIENT), SHORT)), verdict, clause)


def test_autobahn_cases_of_framing_are_all_here() -> None:
    aliases = [case.alias for case in CASES if case.alias]
    assert len(aliases) == len(set(aliases))
    for group, number in GROUPS.items():
        wanted = {f"{group}.{one}" for one in range(1, number + 1)}
        assert wanted <= set(aliases), group
    assert len(aliases) == sum(GROUPS.values())


def test_random_keys_are_not_odd() -> None:
    """None of 300 may be as odd as one in 1000 million: that fails by chance less than once in a million times."""
    worst = 1.0
    for _ in range(300):
        found = oddities([os.urandom(4) for _ in range(ENOUGH)])
        worst = min([worst, *(one.probability for one in found)])
    assert worst > 1e-9


def test_odds_of_one_repeated_key_are_stated_and_too_high_to_fail() -> None:
    keys = [os.urandom(4) for _ in range(ENOUGH)]
    odd = oddities([*keys, keys[5]])
    assert "1 of 97 keys are repeated" in odd[0].what
    assert 1e-9 < odd[0].probability < 1e-4
