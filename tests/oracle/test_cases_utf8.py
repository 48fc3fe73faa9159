"""The cases of section 8.1: what is UTF-8 comes back, what is not fails, and each loose decoder is caught."""

import asyncio
import re

import pytest
from closing_testee import judged_client, judged_server

import refws
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.cases.s08_1_utf8 import FAMILIES, encoded, is_utf8
from refws.oracle.play import CaseResult
from refws.oracle.server import judge_server
from refws.oracle.verdict import Role, Verdict

CASES = [case for case in all_cases() if re.match(r"8\.1/", case.id)]
PATIENCE = 0.6
FAIL, NON_STRICT, PASS = Verdict.FAIL, Verdict.NON_STRICT, Verdict.PASS
NUMBERS = (3, 4, 2, 4, 5, 11, 4, 2, 4, 3, 5, 8, 5, 10, 1, 3, 5, 5, 5, 7, 8, 34, 7)
"""How many cases Autobahn has in 6.1, 6.2 and so on."""

WRONG = r"8\.1/(impossible|overlong|lone|surrogate|cut|octet|beyond|last-of|first-of|ends)"
FAULTS = {
    # the fault: the cases that show it, and their verdict
    "takes-what-is-no-utf-8": (WRONG, FAIL),
    "drops-what-is-no-utf-8": (r"8\.1/(overlong-slash-1|behind-a-right|last-fragment)", FAIL),
    "takes-surrogates": (r"8\.1/surrogate", FAIL),
    "utf-8-of-each-fragment": (r"8\.1/(latin-o|greek-o|character-of-\d-cut)", FAIL),
    "each-fragment-is-a-message": (r"8\.1/(empty-fragments|cut-between)", FAIL),
    "binary-as-text": (r"8\.1/binary", FAIL),
    "": (r"8\.1/.*-in-(fragments|pieces)$", NON_STRICT),  # it decodes whole messages only
}


def cases_of(pattern: str, role: Role) -> list[Case]:
    return [case for case in CASES if role in case.roles and re.match(pattern, case.id) and not case.slow]


def told(results: list[CaseResult]) -> dict[str, str]:
    return {
        result.case.id: f"{result.behaviour} {result.closing} {result.seen}"
        for result in results
        if result.behaviour is not PASS or result.closing not in (PASS, None)
    }


def test_refws_passes_everything() -> None:
    async def echo(ws: "refws.WebSocket") -> None:
        async for message in ws:
            await ws.send(message)

    async def run() -> list[CaseResult]:
        async with refws.serve(echo) as server:
            return (await judge_server(server.uri, cases_of("", Role.SERVER), jobs=4, patience=5)).results

    results = asyncio.run(run())
    assert len(results) > 215
    assert told(results) == {}


def test_every_character_comes_back() -> None:
    async def echo(ws: "refws.WebSocket") -> None:
        async for message in ws:
            await ws.send(message)

    async def run(limit: int) -> CaseResult:
        cases = [case for case in CASES if case.id == "8.1/every-character"]
        async with refws.serve(echo, max_message_size=limit, extensions=()) as server:
            return (await judge_server(server.uri, cases, patience=5)).results[0]

    assert asyncio.run(run(5_000_000)).behaviour is PASS
    assert asyncio.run(run(4_000_000)).behaviour is Verdict.UNIMPLEMENTED


@pytest.mark.parametrize("oddity", ["fragments-of-one-octet", "pings", "slow"])
def test_honest_testees_pass(oddity: str) -> None:
    cases = cases_of(r"8\.1/(?!subprotocol|.*-in-(fragments|pieces)$)", Role.SERVER)[::3]
    assert told(list(asyncio.run(judged_server(oddity, cases, 2)).values())) == {}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("role", Role)
def test_loose_decoder_is_caught(fault: str, role: Role) -> None:
    pattern, verdict = FAULTS[fault]
    judged = judged_server if role is Role.SERVER else judged_client
    cases = cases_of(pattern, role)[:: 1 if fault != "takes-what-is-no-utf-8" else 5]
    results = asyncio.run(judged(fault, cases, PATIENCE))
    assert results
    for name, result in results.items():
        wrong = fault != "takes-what-is-no-utf-8" or not name.startswith("8.1/boundary")
        assert result.behaviour is verdict or not wrong, (name, result.seen)
        clause = "rfc6455:6.2-p1-s8" if fault == "each-fragment-is-a-message" else "rfc6455:8.1-p1-s1"
        assert clause in [one.clause for one in result.findings if one.verdict is verdict], name


def test_who_fails_before_anything_is_wrong_fails() -> None:
    cases = cases_of(r"8\.1/behind-the-octet-in-fragments", Role.SERVER)
    (result,) = asyncio.run(judged_server("utf-8-of-each-fragment", cases, PATIENCE)).values()
    assert result.behaviour is FAIL
    assert "before anything was wrong" in result.seen


def test_autobahn_cases_of_utf_8_are_all_here() -> None:
    aliases = [case.alias for case in CASES if case.alias.startswith("6.")]
    wanted = [f"6.{group}.{number}" for group, most in enumerate(NUMBERS, 1) for number in range(1, most + 1)]
    assert sorted(aliases) == sorted(wanted)
    assert len(wanted) == 145


@pytest.mark.parametrize("point", [0x80, 0x7FF, 0x800, 0xFFFF, 0x1_0000, 0x10_FFFF])
def test_the_pattern_of_utf_8(point: int) -> None:
    octets = chr(point).encode()
    assert encoded(point, len(octets)) == octets
    assert not is_utf8(encoded(point, len(octets) + 1))


def test_sequences_are_of_their_family() -> None:
    right = {"some-text", "shortest", "longest", "noncharacter", "special", "character"}
    for family in FAMILIES:
        verdicts = {is_utf8(octets) for octets in family.sequences}
        if family.name not in ("prefix", "boundary"):
            assert verdicts == {family.name in right}, family.name
