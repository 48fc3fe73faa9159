"""The cases of RFC 7692: what is right passes, and each broken rule shows in the cases that are about it."""

import asyncio
import re
from collections.abc import Iterable, Sequence

import pytest
from deflate_testee import DeflateEndpoint

import refws
from refws.clauses.ledger import documents, lookup
from refws.oracle.case import Case
from refws.oracle.cases import (
    rfc7692_s05_extension_negotiation,
    rfc7692_s06_framing,
    rfc7692_s07_1_1_context_takeover,
    rfc7692_s07_1_2_window_size,
    rfc7692_s07_2_1_compression,
    rfc7692_s07_2_2_decompression,
    rfc7692_s07_2_2_wrong_data,
    rfc7692_s07_2_3_examples,
    rfc7692_s07_parameters,
    rfc7692_volumes,
)
from refws.oracle.client import ClientJudge
from refws.oracle.play import CaseResult
from refws.oracle.referee import CLAUSES as REFEREES
from refws.oracle.server import judge_server
from refws.oracle.verdict import Role, Verdict
from refws.oracle.volumes import Volume

MODULES = (
    rfc7692_s05_extension_negotiation,
    rfc7692_s06_framing,
    rfc7692_s07_parameters,
    rfc7692_s07_1_1_context_takeover,
    rfc7692_s07_1_2_window_size,
    rfc7692_s07_2_1_compression,
    rfc7692_s07_2_2_wrong_data,
    rfc7692_s07_2_2_decompression,
    rfc7692_s07_2_3_examples,
    rfc7692_volumes,
)
CASES: list[Case] = [case for module in MODULES for case in module.CASES]
QUICK = [case for case in CASES if not case.slow]
PATIENCE = 0.5
SAMPLE = ("12.1.1", "12.2.9", "12.4.11", "13.3.15", "13.5.7", "13.7.10")


SAME_AGAIN = re.compile(r"7692:7\.1\.[12]\.[12]/answer/(?!7$|16$|leading-zero|without|empty$)")
"""Wrong values beside those that stand for them."""


async def as_server(fault: str, cases: Sequence[Case]) -> list[CaseResult]:
    server = await asyncio.get_running_loop().create_server(lambda: DeflateEndpoint(fault), "127.0.0.1", 0)
    async with server:
        uri = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        chosen = [case for case in cases if Role.SERVER in case.roles]
        return (await judge_server(uri, chosen, patience=PATIENCE)).results


async def as_client(fault: str, cases: Sequence[Case], offer: str = "") -> list[CaseResult]:
    judge = ClientJudge(cases, patience=PATIENCE)
    await judge.listen("127.0.0.1", 0)
    try:
        for number in range(1, len(judge.cases) + 1):
            path = f"/runCase?case={number}&agent=testee"
            connecting = asyncio.get_running_loop().create_connection(
                lambda path=path: DeflateEndpoint(fault, path=path, offer=offer),  # type: ignore[misc]
                "127.0.0.1",
                judge.port,
            )
            transport, endpoint = await connecting
            await endpoint.over
            transport.close()
            await judge.result(judge.cases[number - 1], "testee", 5)
        return judge.reports()[0].results
    finally:
        await judge.close()


def matching(pattern: str, cases: Iterable[Case] = CASES) -> list[Case]:
    return [case for case in cases if re.search(pattern, case.id)]


def found(results: Iterable[CaseResult], *verdicts: Verdict) -> dict[str, str]:
    return {one.case.id: str(one.findings) for one in results if one.verdict in verdicts}


async def echo(ws: refws.WebSocket) -> None:
    async for message in ws:
        await ws.send(message)


# What is right


def test_the_refws_server_passes() -> None:
    async def play() -> list[CaseResult]:
        async with refws.serve(echo) as server:
            chosen = [case for case in QUICK if Role.SERVER in case.roles]
            return (await judge_server(server.uri, chosen, patience=2)).results

    results = asyncio.run(play())
    assert len(results) > 150
    others = set(found(results, *(set(Verdict) - {Verdict.PASS})))
    assert others == {
        "7692:7.2.2/refers-to-a-message-before-a-final-block/server",  # ruling 27
        "7692:7.2.2/takeover-though-hinted-otherwise",  # it takes the hint up
    }


def test_the_refws_client_passes() -> None:
    async def play() -> list[CaseResult]:
        judge = ClientJudge([case for case in QUICK if not SAME_AGAIN.match(case.id)], patience=2)
        await judge.listen("127.0.0.1", 0)
        try:
            for number, case in enumerate(judge.cases, 1):
                try:
                    async with refws.connect(f"ws://127.0.0.1:{judge.port}/runCase?case={number}&agent=x") as ws:
                        await echo(ws)
                except (refws.HandshakeFailure, refws.ConnectionClosed):
                    pass
                await judge.result(case, "x", 5)
            return judge.reports()[0].results
        finally:
            await judge.close()

    results = asyncio.run(play())
    assert len(results) > 100
    others = set(found(results, *(set(Verdict) - {Verdict.PASS, Verdict.UNIMPLEMENTED})))
    assert others == {"7692:7.2.2/refers-to-a-message-before-a-final-block/client"}
    missing = set(found(results, Verdict.UNIMPLEMENTED))
    assert missing == {
        f"7692:5/answer-{what}"
        for what in (
            "above-the-hint",
            "wider-than-asked",
            "window-not-offered",
            "without-the-takeover-asked-for",
            "without-the-window-asked-for",
        )
    }


HONEST = {
    "": "",
    "fragments": r"7692:(5/|6|7\.1\.2/|7\.2\.2/refers)",
    "never-compresses": r"7692:(5/|6|7\.1\.[12]/|7\.2\.2/refers)",
    "no-deflate": r"7692:(5/|6|7\.1\.[12]/|7\.2\.2/refers)",
    "slow": r"7692:(5/offer|6/comp|7\.1\.2/|7\.2\.2/refers)",
    "pong-to-the-latest-only": r"7692:6",
    "heartbeats": r"7692:6",
}
"""Endpoints that break no rule: whatever they do, it is no FAIL; the cases that each is tried with."""


@pytest.mark.parametrize("fault", HONEST)
def test_nothing_fails_that_is_right(fault: str) -> None:
    cases = matching(HONEST[fault], QUICK)
    results = asyncio.run(as_server(fault, cases))
    assert results
    failed = found(results, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.HARNESS_ERROR, Verdict.NOT_RUN)
    assert not failed
    if fault == "no-deflate":
        assert {one.verdict for one in results if one.case.opening.extensions} == {Verdict.UNIMPLEMENTED}


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "none",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; "
        "client_max_window_bits=9",
    ],
)
def test_clients_may_offer_what_they_like(offer: str) -> None:
    results = asyncio.run(as_client("", QUICK, offer))
    assert results
    failed = found(results, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.HARNESS_ERROR, Verdict.NOT_RUN)
    assert not failed


# What is wrong

FAULTS_OF_SERVERS = (
    ("takes-unknown-parameters", "7/offer/unknown$", "7-p11-s1"),
    ("takes-wrong-values", r"7\.1\.2\.1/offer/16$", "7-p12-s1"),
    ("takes-repeated-parameters", "7/offer/thrice", "7-p13-s1"),
    ("forgets-what-was-asked", r"7\.1\.1\.1/offer$", "7.1.1.1-p3-s1"),
    ("forgets-what-was-asked", r"7\.1\.2\.1/offer-of-10$", "7.1.2.1-p6-s1"),
    ("takes-more-than-asked", r"7\.1\.2\.1/offer-of-10$", "7.1.2.1-p6-s1"),
    ("limits-a-client-that-did-not-offer-it", "5/offer$", "7.1.3-p3-s1"),
    ("limits-a-client-that-did-not-offer-it", r"7\.1\.1\.1/offer$", "7.1.2.2-p7-s1"),
    ("answers-without-the-digits", r"7\.1\.2\.2/offer-without", "7.1.2.2-p4-s3"),
    ("answers-with-a-parameter-of-its-own", "5/offer$", "7-p4-s1"),
    ("uses-the-largest-window", r"7\.1\.2\.1/offer-of-(8|9|1[0-4])$", "7.2.1-p15-s1"),
    ("takes-over-though-agreed-not-to", r"7\.1\.1\.1/offer$", "7.2.1-p13-s1"),
    ("forgets-its-window", r"7\.2\.2/refers-to-the-message-before/server", "7.2.2-p5-s2"),
    ("has-a-small-window", r"7\.2\.2/distance-of-32768/server", "7.2.2-p7-s2"),
)
FAULTS_OF_CLIENTS = (
    ("takes-unknown-parameters", "7/answer/unknown$", "7-p16-s1"),
    ("takes-wrong-values", r"7\.1\..*/answer/(16|1|without-a-value)$", "7-p17-s1"),
    ("takes-repeated-parameters", "7/answer/thrice", "7-p18-s1"),
    ("takes-two-extensions", "5/answer-twice", "5-p9-s2"),
    ("takes-what-it-did-not-offer", "5/answer-another-compression", "5-p15-s1"),
    ("takes-a-window-it-did-not-offer", "5/answer-window-not-offered", "5-p15-s1"),
    ("refuses-client-no-context-takeover", r"7\.1\.1\.2/answer$", "7.1.1.2-p4-s1"),
    ("uses-the-largest-window", r"7\.1\.2\.2/answer-of-(8|9|1[0-4])$", "7.2.1-p14-s1"),
    ("takes-over-though-agreed-not-to", r"7\.1\.1\.2/answer$", "7.2.1-p12-s1"),
    ("forgets-its-window", r"7\.2\.2/refers-to-the-message-before/client", "7.2.2-p4-s2"),
    ("has-a-small-window", r"7\.2\.2/distance-of-32768/client", "7.2.2-p6-s2"),
)
FAULTS_OF_BOTH = (
    ("never-inflates", "6/compressed-text", "6-p3-s4"),
    ("takes-rsv1-on-control-frames", r"6\.1/rsv1-on-(ping|pong|empty-ping|close)$", "6.1-p10-s2"),
    ("takes-rsv1-on-continuations", r"6\.1/rsv1-on-continuation-of-plain", "6.1-p10-s2"),
    ("takes-rsv1-of-no-extension", "5/nothing-agreed-and-rsv1", "5-p14-s2"),
    ("compresses-though-nothing-is-agreed", "5/nothing-agreed$", "5-p14-s2"),
    ("takes-what-is-no-utf-8", r"6\.1/text-with-not-utf-8$", "6.1-p12-s3"),
    ("binary-as-text", "6/compressed-octets", "6.1-p11-s2"),
    ("marks-every-fragment", "6/compressed-text", "6.1-p10-s1"),
    ("marks-its-pongs", "6/ping-is-not-compressed", "6.1-p10-s1"),
    ("keeps-the-tail", "6/compressed-text", "7.2.1-p4-s1"),
    ("sends-nothing-for-nothing", "6/empty", "7.2.1-p4-s2"),
    ("ends-with-a-final-block-only", "6/compressed-text", "7.2.1-p3-s1"),
    ("drops-what-is-behind-a-final-block", r"7\.2\.1/blocks-behind", "7.2.1-p9-s2"),
    ("changes-an-octet-of-many", r"7\.2\.2/json-of-256$", "6.2-p1-s1"),
)


def caught(results: list[CaseResult], clause: str) -> None:
    assert results
    for one in results:
        fails = {finding.clause for finding in one.findings if finding.verdict is Verdict.FAIL}
        assert f"rfc7692:{clause}" in fails, (one.case.id, one.verdict, one.findings)


@pytest.mark.parametrize(("fault", "pattern", "clause"), [*FAULTS_OF_SERVERS, *FAULTS_OF_BOTH])
def test_servers_are_caught(fault: str, pattern: str, clause: str) -> None:
    caught(asyncio.run(as_server(fault, matching(f"^7692:{pattern}"))), clause)


@pytest.mark.parametrize(("fault", "pattern", "clause"), [*FAULTS_OF_CLIENTS, *FAULTS_OF_BOTH])
def test_clients_are_caught(fault: str, pattern: str, clause: str) -> None:
    offer = "permessage-deflate" if fault == "takes-a-window-it-did-not-offer" else ""
    caught(asyncio.run(as_client(fault, matching(f"^7692:{pattern}"), offer)), clause)


def test_a_server_that_takes_the_second_choice_is_not_strict() -> None:
    (one,) = asyncio.run(as_server("takes-the-last-offer", matching("5/first-choice-window")))
    assert one.verdict is Verdict.NON_STRICT
    assert one.findings[0].clause == "rfc7692:5-p1-s8"


# In volume


def sample() -> list[Case]:
    return [case for case in CASES if case.alias in SAMPLE]


def test_volumes_come_back() -> None:
    results = asyncio.run(as_server("", sample()))
    assert [one.case.alias for one in results] == list(SAMPLE)
    others = found(results, *(set(Verdict) - {Verdict.PASS}))
    assert not others


def test_volumes_come_back_from_a_client_with_no_window_to_limit() -> None:
    results = asyncio.run(as_client("", sample(), "permessage-deflate"))
    missing = set(found(results, Verdict.UNIMPLEMENTED))
    assert missing == {case.id for case in sample() if case.alias.startswith(("13.3.", "13.5."))}
    others = found(results, *(set(Verdict) - {Verdict.PASS, Verdict.UNIMPLEMENTED}))
    assert not others


def test_a_server_that_stops_in_the_middle_fails() -> None:
    (one,) = asyncio.run(as_server("stops-in-the-middle", [case for case in CASES if case.alias == "12.1.2"]))
    assert one.verdict is Verdict.FAIL
    assert "500 of 1000 messages" in one.findings[0].why


def test_a_case_sends_what_is_enough_or_what_autobahn_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    volumes = [Volume("rfc7692:6.2-p1-s1", "json", size) for size in (16, 1024, 4096, 131072)]
    assert [volume.count for volume in volumes] == [1000, 1000, 256, 8]
    monkeypatch.setattr(Volume, "full", True)
    assert [volume.count for volume in volumes] == [1000] * 4


def test_all_of_autobahns_cases_are_there() -> None:
    wanted = {f"12.{group}.{number}" for group in range(1, 6) for number in range(1, 19)}
    wanted |= {f"13.{group}.{number}" for group in range(1, 8) for number in range(1, 19)}
    aliases = [case.alias for case in CASES if case.alias]
    assert len(aliases) == len(wanted)
    assert set(aliases) == wanted


# The ledger


def test_each_clause_that_the_wire_shows_is_tried_or_excused() -> None:
    tried = {clause for case in CASES for clause in case.clauses}
    excused = {clause for module in MODULES for clause in module.NOT_SHOWN}
    ledger = documents()["rfc7692"]
    visible = {f"rfc7692:{name}" for name, clause in ledger.clauses.items() if clause.wire == "yes"}
    assert visible - tried - excused - REFEREES == set()
    assert not tried & excused


def test_each_case_is_one_of_its_kind_and_names_clauses_of_the_ledger() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.id.startswith("7692:")
    for clause in {clause for case in CASES for clause in case.clauses}:
        assert lookup(clause)


def test_a_server_that_refuses_offers_is_told_so_where_no_case_can_begin() -> None:
    (result,) = asyncio.run(
        as_server("refuses-offers", [case for case in CASES if case.id == "7692:6/compressed-text"])
    )
    assert [(one.verdict, one.clause) for one in result.findings] == [(Verdict.NON_STRICT, "rfc7692:7-p10-s1")]
    assert result.verdict is Verdict.NON_STRICT
    assert "'HTTP/1.1 400 Bad Request' is the answer to this offer" in result.findings[0].why
