"""The cases of section 10.4: limits are found and are no fault; what is changed, cut or wrongly blamed is one."""

import asyncio
import re
from typing import Any

import pytest
from closing_testee import judged_client, judged_server

import refws
from refws.oracle.bulk import fragmented
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.cases.s10_4_large_messages import large
from refws.oracle.conversation import Conversation
from refws.oracle.link import Link
from refws.oracle.peer import Peer
from refws.oracle.play import CaseResult
from refws.oracle.server import judge_server
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.frame import Opcode
from refws.oracle.wire.reading import FrameReader

CASES = [case for case in all_cases() if re.match(r"10\.[47]/", case.id)]
FAIL, PASS, UNIMPLEMENTED = Verdict.FAIL, Verdict.PASS, Verdict.UNIMPLEMENTED
NUMBERS = {"9.1": 6, "9.2": 6, "9.3": 9, "9.4": 9, "9.5": 6, "9.6": 6, "9.7": 6, "9.8": 6}

FAULTS = {
    # the fault: the cases that show it, their verdict, what is seen of it
    "limit-of-100-kib": (r"10\.4/(text|binary)-of-256-kib", UNIMPLEMENTED, "1009"),
    "limit-called-an-error": (r"10\.4/(text|binary)-of-256-kib", FAIL, "1002"),
    "long-echo-is-cut": (r"10\.4/(text|binary)-of-(64|256)-kib", FAIL, "65535 octets"),
    "octets-in-the-middle-change": (r"10\.4/(text|binary)-of-(64|256)-kib", FAIL, "octets"),
    "binary-as-text": (r"10\.4/binary-of-64-kib", FAIL, "text of 65536"),
    "limit-of-fragments": (r"10\.4/8192", PASS, "8192 fragments are above a limit, Close of 2 octets with 1008"),
    "forgets-fragments": (r"10\.4/8192", FAIL, "something else came back"),
    "length-of-32-bits": (r"10\.4/declared-length-of-2-32", FAIL, "text|binary of 5 octets"),
    "pong-to-the-latest-only": (r"10\.4/1000-pings", PASS, "Pongs for 1000 Pings"),
    "pong-to-the-first-only": (r"10\.4/1000-pings", Verdict.NON_STRICT, "no Pong for the last of 1000 Pings"),
}


def cases_of(pattern: str, role: Role, slow: bool = False) -> list[Case]:
    return [c for c in CASES if role in c.roles and re.match(pattern, c.id) and (slow or not c.slow)]


def told(results: list[CaseResult]) -> dict[str, str]:
    return {
        result.case.id: f"{result.behaviour} {result.closing} {result.seen}"
        for result in results
        if result.behaviour is not PASS or result.closing not in (PASS, None)
    }


async def judged_refws(cases: list[Case], **options: Any) -> list[CaseResult]:
    async def echo(ws: "refws.WebSocket") -> None:
        async for message in ws:
            await ws.send(message)

    async with refws.serve(echo, **options) as server:
        return (await judge_server(server.uri, cases, patience=5)).results


def test_refws_passes_everything() -> None:
    results = asyncio.run(judged_refws(cases_of("", Role.SERVER)))
    assert len(results) > 10
    assert told(results) == {}


@pytest.mark.parametrize(
    "pattern",
    [
        "text-of-1-mib$",
        "binary-of-4-mib-in-fragments-of-(1-kib|4-mib)",
        ".*in-writes-of-1024",
        "1000-times-text-of-16$",
    ],
)
def test_large_messages_come_back(pattern: str) -> None:
    cases = cases_of(rf"10\.4/{pattern}", Role.SERVER, slow=True)
    results = asyncio.run(judged_refws(cases, max_message_size=5_000_000, extensions=()))
    assert results
    assert told(results) == {}


@pytest.mark.parametrize(
    ("limit", "seen"),
    [(1 << 20, r"1 MiB came back, 4 MiB were refused, .*1009"), (1000, "0 MiB came back, 1 MiB were .*1009")],
)
def test_limit_of_sizes_is_found(limit: int, seen: str) -> None:
    results = asyncio.run(judged_refws(cases_of(r"10\.4/largest", Role.SERVER, slow=True), max_message_size=limit))
    assert len(results) == 2
    assert told(results) == {}
    for result in results:
        assert re.search(seen, result.seen), result.seen


def test_limits_of_heads_and_fragments_are_found() -> None:
    cases = cases_of(r"10\.4/(endless-head|fragments-of-16)", Role.SERVER, slow=True)
    results = asyncio.run(judged_refws(cases))
    assert told(results) == {}
    seen = {result.case.id: result.seen for result in results}
    assert re.search(r"refused before 1\d KiB: HTTP/1.1 431", seen["10.4/endless-head"])
    assert re.search(r"refused before \d MiB have come, .*1009", seen["10.4/fragments-of-16-mib"])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("role", Role)
def test_wrong_reaction_is_caught_and_a_limit_is_not(fault: str, role: Role) -> None:
    pattern, verdict, seen = FAULTS[fault]
    judged = judged_server if role is Role.SERVER else judged_client
    results = asyncio.run(judged(fault, cases_of(pattern, role), 0.5))
    assert results
    for name, result in results.items():
        assert result.behaviour is verdict, (name, result.seen)
        assert re.search(seen, result.seen), result.seen


def test_one_echo_among_many_may_be_later_than_patience() -> None:
    cases = cases_of(r"10\.4/1000-times-text-of-16$", Role.SERVER, slow=True)
    (result,) = asyncio.run(judged_server("late-once", cases, 0.1)).values()
    assert (result.behaviour, result.findings) == (PASS, ())


def test_who_waits_for_an_endless_frame_passes() -> None:
    cases = cases_of(r"10\.4/declared", Role.SERVER)
    results = asyncio.run(judged_server("", cases, 0.1))
    assert len(results) == 2
    assert all(result.behaviour is PASS and "waits for the rest" in result.seen for result in results.values())


def test_autobahn_cases_of_limits_are_all_here() -> None:
    aliases = [case.alias for case in CASES if case.alias]
    assert sorted(aliases) == sorted(f"{group}.{one}" for group, most in NUMBERS.items() for one in range(1, most + 1))


@pytest.mark.parametrize("testee", Role)
@pytest.mark.parametrize(("size", "fragment"), [(0, 64), (64, 64), (65, 64), (1000, 128), (70000, 65536)])
def test_fragments_are_what_the_frames_would_be(testee: Role, size: int, fragment: int) -> None:
    async def octets() -> bytes:
        return fragmented(Peer(testee, Link(testee, Conversation()), 1), large(Opcode.TEXT, size), fragment)

    frames = FrameReader().feed(asyncio.run(octets()), 0)
    wanted = list(large(Opcode.TEXT, size).fragments(fragment))
    assert [(f.opcode, f.fin, f.payload) for f in frames] == [(f.opcode, f.fin, f.payload) for f in wanted]
    assert all((frame.masking_key is not None) is (testee is Role.SERVER) for frame in frames)
