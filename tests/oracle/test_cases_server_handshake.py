import asyncio
import ssl

import pytest
import trustme
from handshake_servers import serving, serving_tls

import refws
from refws.oracle.case import SERVER
from refws.oracle.cases import (
    s04_2_1_parts_of_the_request,
    s04_2_1_pieces_and_sizes,
    s04_2_1_the_key,
    s04_2_1_the_request_as_http,
    s04_2_2_sending_the_servers_handshake,
    s04_4_supporting_multiple_versions,
    s09_1_server_negotiating_extensions,
    s10_2_server_origins,
    s10_6_server_tls,
    s11_server_header_fields,
)
from refws.oracle.server import judge_server
from refws.oracle.verdict import Verdict

MODULES = (
    s04_2_1_parts_of_the_request,
    s04_2_1_pieces_and_sizes,
    s04_2_1_the_key,
    s04_2_1_the_request_as_http,
    s04_2_2_sending_the_servers_handshake,
    s04_4_supporting_multiple_versions,
    s09_1_server_negotiating_extensions,
    s10_2_server_origins,
    s10_6_server_tls,
    s11_server_header_fields,
)
CASES = {case.id: case for module in MODULES for case in module.CASES}
TLS = {case.id for case in s10_6_server_tls.CASES}


def judged(uri, *ids, tls=None, patience=None):
    cases = [CASES[name] for name in ids] or list(CASES.values())
    return judge_server(uri, cases, tls=tls, patience=patience)


def of_fault(fault, *ids, patience=None):
    async def run():
        async with serving(fault) as uri:
            return await judged(uri, *ids, patience=patience)

    return asyncio.run(run())


async def echo(ws):
    async for message in ws:
        await ws.send(message)


def test_every_case_is_one_of_a_servers_opening_handshake():
    assert sum(len(module.CASES) for module in MODULES) == len(CASES)
    for case in CASES.values():
        assert case.bare
        assert case.roles == SERVER
        section = case.id.partition("/")[0]
        assert any(clause.startswith(f"rfc6455:{section}-p") for clause in case.clauses), case.id


def test_the_closing_of_a_connection_that_never_worked_is_not_judged():
    (result,) = of_fault("mute-behind-early-frames", "4.2.2/frame-behind-the-request", patience=0.2).results
    assert (result.behaviour, result.closing) == (Verdict.NON_STRICT, None)


def not_passed(report):
    return {
        result.case.id: (result.verdict, [str(finding) for finding in result.findings])
        for result in report.results
        if result.verdict is not Verdict.PASS
    }


def test_refws_passes():
    async def run():
        async with refws.serve(echo) as server:
            return await judged(server.uri)

    others = not_passed(asyncio.run(run()))
    assert {name: verdict for name, (verdict, _) in others.items() if name in TLS} == dict.fromkeys(
        TLS, Verdict.NOT_RUN
    )
    assert all(verdict is Verdict.NON_STRICT for name, (verdict, _) in others.items() if name not in TLS), others


def test_an_honest_server_that_is_strict_is_never_failed():
    others = not_passed(of_fault(""))
    assert not [one for one in others.items() if one[1][0] not in (Verdict.NON_STRICT, Verdict.NOT_RUN)]


LIARS = {
    ("any-method", "4.2.1/method-post"): "4.2.1-p3-s1",
    ("any-http", "4.2.1/http-1.0"): "4.2.1-p3-s1",
    ("no-absolute-target", "4.2.1/absolute-http-target"): "4.2.1-p3-s1",
    ("no-host-asked", "4.2.1/no-host"): "4.2.1-p4-s1",
    ("no-upgrade-asked", "4.2.1/no-upgrade"): "4.2.1-p5-s1",
    ("parts-of-tokens", "4.2.1/upgrade-websockets"): "4.2.1-p5-s1",
    ("parts-of-tokens", "4.2.1/connection-x-upgrade"): "4.2.1-p6-s1",
    ("case-of-tokens", "4.2.1/upgrade-in-capital-letters"): "4.2.1-p5-s1",
    ("case-of-tokens", "4.2.1/connection-in-small-letters"): "4.2.1-p6-s1",
    ("no-connection-asked", "4.2.1/connection-keep-alive"): "4.2.1-p6-s1",
    ("connection-alone", "4.2.1/connection-keep-alive-and-upgrade"): "4.2.1-p6-s1",
    ("first-line-of-connection", "4.2.1/connection-on-two-lines"): "4.2.1-p6-s1",
    ("no-key-asked", "4.2.1/no-key"): "4.2.1-p7-s1",
    ("any-key", "4.2.1/key-empty"): "4.2.1-p7-s1",
    ("200-for-wrong-keys", "4.2.1/key-of-15-octets"): "4.2.1-p7-s1",
    ("key-decoded-and-encoded", "4.2.1/key-with-spare-bits"): "4.2.2-p16-s2",
    ("first-key", "11.3.1/two-keys"): "11.3.1-p9-s1",
    ("last-version", "11.3.5/version-twice"): "11.3.5-p10-s2",
    ("last-version", "11.3.5/two-versions-turned"): "11.3.5-p10-s2",
    ("no-version-asked", "4.2.1/no-version"): "4.2.1-p8-s1",
    ("number-of-version", "4.2.1/version-with-leading-zero"): "4.2.1-p8-s1",
    ("any-version", "4.4/version-14"): "4.2.1-p8-s1",
    ("no-list", "4.4/version-14"): "4.4-p2-s3",
    ("other-list", "4.4/version-99"): "4.4-p2-s3",
    ("known-fields-only", "4.2.1/unknown-fields"): "4.2.1-p12-s2",
    ("fields-in-their-order", "4.2.1/fields-in-reverse"): "4.2.1-p2-s2",
    ("names-in-their-letters", "4.2.1/names-in-small-letters"): "4.4-p2-s2",
    ("one-read", "4.2.1/octet-by-octet"): "4.2.1-p1-s2",
    ("frames-after-refusals", "4.2.2/frames-behind-a-refusal"): "4.2.2-p6-s5",
    ("200-for-no-resource", "4.2.2/unknown-resource"): "4.2.2-p9-s3",
    ("one-line-of-subprotocols", "11.3.4/subprotocols-on-two-lines"): "4.4-p2-s2",
    ("strict-spaces", "9.1/white-space-around-equals"): "9.1-p1-s2",
    ("malformed-extensions", "9.1/malformed-at-sign"): "9.1-p1-s3",
    ("malformed-extensions", "9.1/malformed-comma-alone"): "9.1-p1-s3",
}


@pytest.mark.parametrize(("fault", "name"), LIARS)
def test_a_liar_is_caught_and_blamed_on_the_right_clause(fault, name):
    (result,) = of_fault(fault, name).results
    assert result.verdict is Verdict.FAIL
    assert f"rfc6455:{LIARS[fault, name]}" in {one.clause for one in result.findings if one.verdict is Verdict.FAIL}


def test_a_server_that_answers_nothing_to_a_wrong_request_is_caught():
    (result,) = of_fault("endless-refusals", "4.2.1/no-key", patience=0.1).results
    assert result.verdict is Verdict.FAIL
    assert "nothing for" in result.findings[0].why


@pytest.mark.parametrize(
    ("fault", "name", "clause"),
    [
        ("silent-refusals", "4.2.1/no-key", "10.7-p1-s5"),
        ("any-key", "4.2.1/key-of-17-octets", "4.2.1-p7-s1"),
        ("any-key", "4.2.1/key-not-base64", "4.2.1-p7-s1"),
        ("400-for-origins", "10.2/origin-of-another", "10.2-p1-s2"),
        ("no-extensions", "9.1/malformed-at-sign", "9.1-p1-s3"),
        ("any-target", "4.2.1/asterisk-target", "4.2.1-p3-s1"),
        ("first-line-of-extensions", "9.1/offer-on-two-lines", "9.1-p5-s1"),
        ("silent-refusals", "4.4/version-14", "10.7-p1-s5"),
        ("has-the-first-draft", "4.4/version-0", "4.4-p2-s3"),
    ],
)
def test_what_only_a_should_or_a_reading_forbids_is_not_strict(fault, name, clause):
    (result,) = of_fault(fault, name).results
    assert result.verdict is Verdict.NON_STRICT
    assert f"rfc6455:{clause}" in {one.clause for one in result.findings}


def test_a_server_that_is_too_busy_is_not_failed():
    (result,) = of_fault("busy", "4.2.1/connection-keep-alive-and-upgrade").results
    assert result.verdict is Verdict.INCONCLUSIVE


def test_an_interim_answer_is_no_answer_yet():
    (result,) = of_fault("early-hints", "4.2.1/ordinary").results
    assert result.verdict is Verdict.PASS


def contexts():
    authority = trustme.CA()
    serving, connecting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(connecting)
    return serving, connecting


def test_over_tls_the_cases_of_tls_are_played():
    serving, connecting = contexts()

    async def run():
        async with refws.serve(echo, tls=serving) as server:
            return await judged(server.uri, *TLS, tls=connecting)

    assert not not_passed(asyncio.run(run()))


@pytest.mark.parametrize(
    ("fault", "failed"),
    [
        ("", {}),
        ("plain-beside-tls", {"4.2.2/plain-request-at-the-tls-port": "4.2.2-p2-s1"}),
        ("patient-with-broken-tls", {"4.2.2/broken-tls-handshake": "4.2.2-p2-s2"}),
    ],
)
def test_a_liar_over_tls_is_caught(fault, failed):
    serving, connecting = contexts()

    async def run():
        async with serving_tls(serving, fault) as uri:
            return await judged(uri, *TLS, tls=connecting, patience=0.3)

    report = asyncio.run(run())
    found = {result.case.id: result.findings[0].clause for result in report.results if result.findings}
    assert found == {name: f"rfc6455:{clause}" for name, clause in failed.items()}
    assert all(result.verdict is Verdict.FAIL for result in report.results if result.case.id in failed)
