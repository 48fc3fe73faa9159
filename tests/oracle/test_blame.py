"""What no outcome of a case allows is blamed on what is broken, and not on what the case is about."""

import asyncio
import re

import pytest
from closing_testee import judged_server
from framing_testee import Endpoint

from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.play import CaseResult
from refws.oracle.server import judge_server
from refws.oracle.verdict import Role, Verdict, level

PATIENCE = 0.6


def cases_of(pattern: str) -> list[Case]:
    return [case for case in all_cases() if Role.SERVER in case.roles and re.match(pattern, case.id)]


def of_a_server(fault: str, pattern: str) -> list[CaseResult]:
    return list(asyncio.run(judged_server(fault, cases_of(pattern), PATIENCE)).values())


def of_a_framing(fault: str, pattern: str) -> list[CaseResult]:
    cases = cases_of(pattern)

    async def run() -> list[CaseResult]:
        server = await asyncio.get_running_loop().create_server(lambda: Endpoint(fault), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return (await judge_server(f"ws://127.0.0.1:{port}/", cases, jobs=8, patience=PATIENCE)).results

    return asyncio.run(run())


def blamed(result: CaseResult) -> set[str]:
    return {finding.clause for finding in result.findings if finding.verdict is Verdict.FAIL}


def test_fragments_that_come_back_as_messages_are_no_fault_of_masks_lengths_or_utf_8() -> None:
    pattern = r"5\.3/a-(key|ping)|5\.1/unmasked-continuation|8\.1/empty-(fragments|around)|5\.2/continuation-of-0.*16"
    results = of_a_framing("each-fragment-is-a-message", pattern)
    assert len(results) == 6
    assert {result.case.id: blamed(result) for result in results if blamed(result) != {"rfc6455:6.2-p1-s8"}} == {}


def test_who_takes_the_fragments_of_a_wrong_message_is_blamed_for_taking_it() -> None:
    results = of_a_framing("takes-what-is-no-utf-8", r"8\.1/last-fragment-ends")
    assert [("rfc6455:8.1-p1-s1" in blamed(result)) for result in results] == [True]


@pytest.mark.parametrize("case", ["5.5.1/reason$", "5.5.1/same-code", "5.5.1/answer-comes", "7.4.1/100", "7.4.2/3000"])
def test_who_does_not_answer_a_close_is_blamed_for_that_alone(case: str) -> None:
    results = of_a_server("never-answers", case.replace(".", r"\."))
    assert results
    right = [result for result in results if Verdict.FAIL in (result.behaviour, result.closing)]
    assert [blamed(result) for result in right] == [{"rfc6455:5.5.1-p5-s1"}] * len(right)
    assert right


def test_who_takes_an_unknown_opcode_is_not_said_to_fail_in_the_wrong_way() -> None:
    results = of_a_framing("drops-unknown-opcodes", r"7\.1\.7/failure|7\.1\.1/server-that-fails")
    assert len(results) == 2
    assert {clause for result in results for clause in blamed(result)} <= {"rfc6455:5.2-p8-s2", "rfc6455:5.2-p12-s1"}


@pytest.mark.parametrize("fault", ["each-fragment-is-a-message", "no-pong", "drops-unknown-opcodes"])
def test_only_a_must_is_failed(fault: str) -> None:
    results = of_a_framing(fault, r"5\.[45]|6\.2/|7\.1\.7")
    failed = {clause for result in results for clause in blamed(result)}
    assert failed
    assert {clause for clause in failed if not level(clause).startswith("MUST")} == set()
