"""The cases of sections 5.5.1 and 7: what is right passes, and each broken rule shows where it should."""

import asyncio
import re

import pytest
from closing_testee import ClosingEndpoint, judged_client, judged_server

import refws
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.play import CaseResult
from refws.oracle.server import judge_server
from refws.oracle.verdict import Role, Verdict

CASES = [case for case in all_cases() if re.match(r"(5\.5\.1|7\.\d\.\d|6)/|8\.1/close-reason", case.id)]
PATIENCE = 0.6
AUTOBAHN = {"7.1": 6, "7.3": 6, "7.5": 1, "7.7": 13, "7.9": 9, "7.13": 2}

FAIL, NON_STRICT = Verdict.FAIL, Verdict.NON_STRICT

FAULTS = {
    # the fault: the cases that show it, their verdict, the clause they blame
    "takes-any-code": (r"7\.4\.[12]/(0|1|999|100[456]|101[56]|1100|2000|2999|5000|65535)$", NON_STRICT, r"7\.4\.[12]-"),
    "takes-any-reason": (r"8\.1/close-reason", FAIL, r"8\.1-p1-s1"),
    "takes-long-control-frames": (r"5\.5\.1/close-of-126", NON_STRICT, r"5\.5-p3-s1/1"),
    "refuses-4999": (r"7\.4\.2/4999", FAIL, r"7\.4\.2-p8-s1"),
    "blames-every-close": (r"7\.4\.[12]/(100[0137]|3000|4999)$|5\.5\.1/(reason|code)", FAIL, r"7\.4|5\.5\.1-p2"),
    "never-answers": (r"5\.5\.1/(empty|answer-comes)", FAIL, r"5\.5\.1-p"),
    "resets-instead": (r"5\.5\.1/(empty-body|code-alone|behind-messages)$", FAIL, r"5\.5\.1-p5-s1"),
    "answers-late": (r"5\.5\.1/answer-comes", NON_STRICT, r"5\.5\.1-p5-s3"),
    "always-1000": (r"5\.5\.1/same-code", NON_STRICT, r"5\.5\.1-p5-s2"),
    "no-code": (r"5\.5\.1/same-code", NON_STRICT, r"5\.5\.1-p5-s2"),
    "closes-twice": (r"5\.5\.1/(code-alone|two-closes)", NON_STRICT, r"5\.5\.1-p"),
    "no-close-between-fragments": (r"5\.5\.1/between", NON_STRICT, r"5\.4-p8-s1"),
    "echoes-behind-the-close": (r"5\.5\.1/text-behind", NON_STRICT, r"5\.5\.1-p5-s5"),
    "data-behind-its-close": (r"7\.1\.7/failure-says", FAIL, r"5\.5\.1-p4-s1"),
    "echoes-what-was-cut": (r"7\.1\.1/fin-within-a-m", FAIL, r"6\.2-p1-s8"),
    "reads-behind-its-failure": (r"7\.1\.7/nothing", FAIL, r"7\.1\.7-p2-s3"),
    "never-ends-tcp": (r"5\.5\.1/(server|client)-ends|7\.1\..*-that-fails-ends", FAIL, r"5\.5\.1-p6|7\.1\.7-p1"),
    "obeys-with-1001": (r"7\.1\.2/1000", FAIL, r"7\.1\.2-p1-s1"),
    "goes-on-behind-its-close": (r"5\.5\.1/no-echo", FAIL, r"5\.5\.1-p4-s1"),
}  # fmt: skip

OF_SERVERS = {
    "takes-the-wrong-mask": (r"5\.5\.1/unmasked", NON_STRICT, r"5\.5\.1-p3-s1"),
    "fin-late": (r"5\.5\.1/server-ends", NON_STRICT, r"5\.5\.1-p6-s2/1"),
}

OF_CLIENTS = {
    "ends-tcp-first": (r"5\.5\.1/client-waits|7\.1\.1/client.*waits", NON_STRICT, r"5\.5\.1-p6-s2/2|7\.1\.1-p2-s3/2"),
    "leaves": (r"7\.1\.7/idle", NON_STRICT, r"7\.1\.7-p3-s1"),
    "": (r"7\.2\.1/", FAIL, r"7\.2\.1-p1-s2"),  # it does not look at the answer
}  # fmt: skip

BY_CLOSING = {
    # seen in how the connection ends, whatever the case is about
    "own-code": (r"5\.5\.1/close-behind", r"5\.5\.1-p5-s2"),
    "drops-without-a-close": (r"7\.1\.7/failure-says", r"7\.1\.7-p2-s1"),
    "fin-late": (r"5\.5\.1/close-behind", r"5\.5\.1-p6-s2/1"),
    "resets": (r"5\.5\.1/close-behind", r"7\.1\.1-p1-s2"),
}


def cases_of(pattern: str, role: Role, slow: bool = True) -> list[Case]:
    return [case for case in CASES if role in case.roles and re.match(pattern, case.id) and (slow or not case.slow)]


def told(results: dict[str, CaseResult]) -> dict[str, str]:
    return {
        name: f"{result.behaviour} {result.closing} {result.seen} {[str(one) for one in result.findings]}"
        for name, result in results.items()
        if result.behaviour is not Verdict.PASS or result.closing not in (Verdict.PASS, None)
    }


def check(results: dict[str, CaseResult], verdict: Verdict, clause: str) -> None:
    assert results
    for name, result in results.items():
        assert result.behaviour is verdict, (name, result.seen, result.findings)
        blamed = [one.clause for one in result.findings if one.verdict is verdict]
        assert any(re.match(f"rfc6455:({clause})", one) for one in blamed), (name, blamed)


@pytest.fixture(autouse=True)
def _late_is_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refws.oracle.close_outcomes.LATE", 1.2)
    monkeypatch.setattr("refws.oracle.cases.s07_1_1_closing_tcp.LATE", 1.2)


def test_refws_server_passes_everything() -> None:
    async def run() -> dict[str, CaseResult]:
        async with refws.serve(obedient) as server:
            report = await judge_server(server.uri, cases_of("", Role.SERVER, slow=False), jobs=4, patience=5)
        return {result.case.id: result for result in report.results}

    results = asyncio.run(run())
    assert len(results) > 70
    assert told(results) == {}


def test_refws_client_passes_everything() -> None:
    from refws.oracle.client import ClientJudge

    async def run() -> dict[str, CaseResult]:
        judge = ClientJudge(cases_of("", Role.CLIENT, slow=False), patience=1)
        await judge.listen("127.0.0.1", 0)
        try:
            for number in range(1, len(judge.cases) + 1):
                uri = f"ws://127.0.0.1:{judge.port}/runCase?case={number}&agent=refws"
                try:
                    async with refws.connect(uri) as ws:
                        await obedient(ws)
                except (refws.ConnectionClosed, refws.HandshakeFailure):
                    pass
                await judge.result(judge.cases[number - 1], "refws", 5)
            (report,) = judge.reports()
        finally:
            await judge.close()
        return {result.case.id: result for result in report.results}

    results = asyncio.run(run())
    assert len(results) > 70
    assert told(results) == {}


@pytest.mark.parametrize("oddity", ["", "fragments-of-one-octet", "heartbeats", "pings"])
def test_honest_testees_pass_everything(oddity: str) -> None:
    cases = [case for case in cases_of("(?!7.2.2)", Role.SERVER, slow=False) if not case.commands]
    assert told(asyncio.run(judged_server(oddity, cases, 1))) == {}


@pytest.mark.parametrize("fault", ["own-code", "no-code", "always-1000", "no-close-between-fragments", "fin-late"])
def test_honest_eccentrics_never_fail(fault: str) -> None:
    cases = [case for case in cases_of("(?!7.2.2)", Role.SERVER, slow=False) if not case.commands]
    results = asyncio.run(judged_server(fault, cases, 2))
    assert {name: one.seen for name, one in results.items() if one.verdict is FAIL} == {}


def test_reset_may_have_taken_the_answer_where_something_stood_behind_the_close() -> None:
    cases = cases_of(r"5\.5\.1/(two-closes|ping-behind|text-behind|between-fragments|behind-256-kib)$", Role.SERVER)
    results = asyncio.run(judged_server("resets-instead", cases, PATIENCE))
    assert len(results) == 5
    check(results, NON_STRICT, r"7\.1\.1-p1-s2")
    assert {one.closing for one in results.values()} == {NON_STRICT}


@pytest.mark.parametrize("fault", [*FAULTS, *OF_SERVERS])
def test_server_that_breaks_a_rule_is_caught(fault: str) -> None:
    pattern, verdict, clause = (FAULTS | OF_SERVERS)[fault]
    check(asyncio.run(judged_server(fault, cases_of(pattern, Role.SERVER), PATIENCE)), verdict, clause)


@pytest.mark.parametrize("fault", [*FAULTS, *OF_CLIENTS])
def test_client_that_breaks_a_rule_is_caught(fault: str) -> None:
    pattern, verdict, clause = (FAULTS | OF_CLIENTS)[fault]
    check(asyncio.run(judged_client(fault, cases_of(pattern, Role.CLIENT), PATIENCE)), verdict, clause)


@pytest.mark.parametrize("fault", BY_CLOSING)
def test_how_the_connection_ends_is_judged_apart(fault: str) -> None:
    pattern, clause = BY_CLOSING[fault]
    for result in asyncio.run(judged_server(fault, cases_of(pattern, Role.SERVER), PATIENCE)).values():
        assert (result.behaviour, result.closing) == (Verdict.PASS, NON_STRICT), result.seen
        assert [one.clause for one in result.findings if re.match(f"rfc6455:({clause})", one.clause)]


def test_server_that_answers_no_close_fails_in_closing() -> None:
    cases = cases_of(r"5\.5\.1/close-behind", Role.SERVER)
    (result,) = asyncio.run(judged_server("never-answers", cases, PATIENCE)).values()
    assert (result.behaviour, result.closing) == (Verdict.PASS, FAIL)
    assert result.findings[0].clause == "rfc6455:5.5.1-p5-s1"


@pytest.mark.parametrize(
    ("fault", "case"),
    [
        ("sends-1010-back", r"7\.4\.1/1010-is"),
        ("resets", r"7\.1\.1/octets-behind"),
        ("closes-twice", r"5\.5\.1/code-al"),
    ],
)
def test_answer_that_a_case_finds_fault_with_is_an_answer_in_closing(fault: str, case: str) -> None:
    (result,) = asyncio.run(judged_server(fault, cases_of(case, Role.SERVER), PATIENCE)).values()
    assert (result.behaviour, result.closing) == (NON_STRICT, Verdict.PASS), result.findings
    assert len(result.findings) == 1


@pytest.mark.parametrize(("fault", "closing"), [("", Verdict.PASS), ("own-code", NON_STRICT), ("never-answers", FAIL)])
@pytest.mark.parametrize("judged", [judged_server, judged_client])
def test_closing_is_judged_where_an_extension_is_not_taken_up(judged, fault: str, closing: Verdict) -> None:
    cases = [case for case in all_cases() if case.alias == "12.1.1"]
    (result,) = asyncio.run(judged(fault, cases, PATIENCE)).values()
    assert (result.behaviour, result.closing) == (Verdict.UNIMPLEMENTED, closing), result.findings


@pytest.mark.parametrize("seconds", [0, 0.1])
def test_how_long_it_took_not_to_answer_a_close_makes_no_difference(monkeypatch, seconds: float) -> None:
    def end(testee: ClosingEndpoint, body: bytes) -> None:
        asyncio.get_running_loop().call_later(seconds, testee.transport.close)

    monkeypatch.setattr(ClosingEndpoint, "_end", end)
    cases = [case for case in all_cases() if case.alias == "1.1.2"]
    (result,) = asyncio.run(judged_client("", cases, PATIENCE)).values()
    assert (result.behaviour, result.closing) == (Verdict.PASS, FAIL)
    assert [one.clause for one in result.findings if one.verdict is FAIL] == ["rfc6455:5.5.1-p5-s1"]


@pytest.mark.parametrize("judged", [judged_server, judged_client])
def test_commands_are_obeyed_or_not_run(judged: object) -> None:
    assert callable(judged)
    role = Role.SERVER if judged is judged_server else Role.CLIENT
    cases = [case for case in cases_of("", role) if case.commands and "segment" not in case.id]
    assert len(cases) > 6
    obeyed = asyncio.run(judged("obeys", cases, 1))
    assert told(obeyed) == {}
    echoed = asyncio.run(judged("", cases, 1))
    assert {result.behaviour for result in echoed.values()} == {Verdict.NOT_RUN}
    assert all("commands" in result.findings[0].why for result in echoed.values())


def test_autobahn_cases_of_closing_are_all_here() -> None:
    aliases = {case.alias for case in CASES if case.alias}
    assert aliases == {f"{group}.{one}" for group, number in AUTOBAHN.items() for one in range(1, number + 1)}


async def obedient(ws: "refws.WebSocket") -> None:
    """Echo, and obey the oracle's commands."""
    async for message in ws:
        word, _, rest = message.removeprefix("refws-oracle: ").partition(" ") if isinstance(message, str) else ("",) * 3
        if not isinstance(message, str) or not message.startswith("refws-oracle: "):
            await ws.send(message)
        elif word == "close":
            code, _, reason = rest.partition(" ")
            await ws.close(int(code), reason)
        elif word == "ping":
            await ws.ping(rest.encode())
        else:
            size, _, text = rest.partition(" ")
            await ws.send([text[at : at + int(size)] for at in range(0, len(text), int(size))])
