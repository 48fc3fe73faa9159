"""Clients of WebSocket over HTTP/2: who keeps RFC 8441 passes, and each broken rule is blamed on its clause."""

import asyncio
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest
import trustme
from framing_testee import Endpoint
from http2_testee import Client

from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.client import ClientJudge
from refws.oracle.client_uris import uri_of
from refws.oracle.report import Report
from refws.oracle.selection import select
from refws.oracle.verdict import Role, Verdict

FAIL, NON_STRICT = Verdict.FAIL, Verdict.NON_STRICT
PATIENCE, GONE = 0.7, 0.4
EVERY = select(all_cases(), role=Role.CLIENT, carrier=Carrier.HTTP2)
OF_HTTP2 = select(EVERY, names=["8441:*"])
SHORT = [case for case in EVERY if not case.slow and case.alias.partition(".")[0] not in {"6", "9", "12", "13"}][::3]


async def judged(fault: str, cases: Sequence[Case]) -> Report:
    """A client comes to each case, four at a time."""
    judge = ClientJudge(cases, patience=PATIENCE, carrier=Carrier.HTTP2)
    await judge.listen("127.0.0.1", 0)
    waiting = iter(enumerate(judge.cases, 1))

    async def work() -> None:
        for number, case in waiting:
            uri = uri_of(case, f"ws://127.0.0.1:{judge.port}", number, "testee", judge.unset_port)
            judge.given[case.id] = uri
            await come(judge, case, uri, fault)

    await asyncio.gather(*(work() for _ in range(4)))
    await judge.close()
    (report,) = judge.reports()
    return report


async def come(judge: ClientJudge, case: Case, uri: str, fault: str) -> None:
    parts = urlsplit(uri)
    path = f"{parts.path}?{parts.query}"
    transport, client = await asyncio.get_running_loop().create_connection(
        lambda: Client(fault, "http", parts.netloc, path), parts.hostname, parts.port
    )
    played = asyncio.ensure_future(judge.result(case, "testee", 20))
    await asyncio.wait([played, client.done], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait([played], timeout=GONE)
    if not played.done():
        played.cancel()
        judge.never_came(case, "testee")
    transport.abort()
    await asyncio.gather(played, client.lost, return_exceptions=True)


def found(report: Report) -> set[tuple[str, Verdict]]:
    return {(one.clause, one.verdict) for result in report.results for one in result.findings}


def test_an_honest_client_is_never_failed() -> None:
    report = asyncio.run(judged("", SHORT))
    assert len(report.results) > 100
    assert {result.case.id: result.findings for result in report.having(FAIL, Verdict.HARNESS_ERROR)} == {}
    assert {result.case.id for result in report.results if result.verdict is not Verdict.PASS} <= {
        "7692:7.2.2/cut-short",
        "7692:7.2.2/cut-short-stored-block",
        "7692:7.2.2/tail-kept",
    }


LIARS = (
    ("setting-of-two", "client-ordinary", "rfc8441:3-p2-s2", FAIL),
    ("takes-the-setting-back", "client-ordinary", "rfc8441:3-p4-s1", FAIL),
    ("does-not-wait", "client-ordinary", "rfc8441:3-p5-s2", FAIL),
    ("get", "client-ordinary", "rfc8441:5-p1-s3", FAIL),
    ("without-protocol", "client-ordinary", "rfc8441:5-p1-s1/1", FAIL),
    ("other-protocol", "client-ordinary", "rfc8441:5-p1-s1/2", FAIL),
    ("two-protocols", "client-ordinary", "rfc8441:4-p2-s2", FAIL),
    ("without-scheme", "client-ordinary", "rfc8441:4-p3-s1", FAIL),
    ("other-scheme", "client-ordinary", "rfc8441:5-p2-s1", FAIL),
    ("other-path", "client-ordinary", "rfc8441:5-p2-s2", FAIL),
    ("without-authority", "client-closes-in-order", "rfc8441:5-p4-s2", FAIL),
    ("other-authority", "client-closes-in-order", "rfc8441:5-p4-s2", FAIL),
    ("other-version", "client-ordinary", "rfc6455:4.1-p33-s2", FAIL),
    ("upper-case", "client-ordinary", "rfc8441:5-p6-s2", FAIL),
    ("with-connection", "client-ordinary", "rfc8441:5-p3-s2", FAIL),
    ("with-upgrade", "client-ordinary", "rfc8441:5-p3-s2", FAIL),
    ("with-key", "client-ordinary", "rfc8441:5-p5-s1", NON_STRICT),
    ("wants-an-accept", "client-ordinary", "rfc8441:5-p5-s1", FAIL),
    ("reads-the-accept", "client-given-an-accept", "rfc8441:5-p5-s1", FAIL),
    ("takes-any-answer", "client-given-a-subprotocol", "rfc8441:5-p6-s1", FAIL),
    ("takes-any-answer", "client-given-an-extension", "rfc8441:5-p6-s1", FAIL),
    ("never-ends", "client-closes-in-order", "rfc8441:5-p8-s2", FAIL),
    ("resets-at-the-end", "client-closes-in-order", "rfc8441:5-p8-s2", NON_STRICT),
)


@pytest.mark.parametrize(("fault", "name", "clause", "verdict"), LIARS)
def test_a_liar_is_blamed_on_its_clause(fault: str, name: str, clause: str, verdict: Verdict) -> None:
    report = asyncio.run(judged(fault, select(OF_HTTP2, names=[f"8441:5/{name}"])))
    assert (clause, verdict) in found(report)
    assert {one for one, seen in found(report) if seen is FAIL} <= {clause}
    assert report.results[0].verdict is verdict


WITHOUT_SETTING = select(OF_HTTP2, names=["8441:3/client-without-setting", "8441:1/message-*"])


@pytest.mark.parametrize(("fault", "verdict"), [("", Verdict.PASS), ("does-not-mind-the-setting", FAIL)])
def test_a_server_without_the_setting_is_not_asked(fault: str, verdict: Verdict) -> None:
    report = asyncio.run(judged(fault, WITHOUT_SETTING))
    verdicts = {result.case.id: result.verdict for result in report.results}
    assert verdicts == {
        "8441:1/message-larger-than-the-window": Verdict.PASS,
        "8441:3/client-without-setting": verdict,
    }
    assert verdict is Verdict.PASS or ("rfc8441:3-p5-s2", FAIL) in found(report)


def test_a_client_that_cannot_be_led_there_is_not_judged_in_it() -> None:
    async def run() -> Report:
        judge = ClientJudge(select(OF_HTTP2, names=["8441:3/*"]), patience=PATIENCE, carrier=Carrier.HTTP2)
        await judge.listen("127.0.0.1", 0)
        await come(judge, judge.cases[0], f"ws://127.0.0.1:{judge.port}/runCase?case=1&agent=testee", "")
        await judge.close()
        return judge.reports()[0]

    assert [result.verdict for result in asyncio.run(run()).results] == [Verdict.NOT_RUN]


@pytest.mark.parametrize(
    ("names", "unset", "verdict"),
    [("8441:5/client-ordinary", False, Verdict.UNIMPLEMENTED), ("8441:3/*", True, Verdict.PASS)],
)
def test_a_client_of_http1_has_to_come_over_it_only_where_nothing_else_is_there(
    names: str, unset: bool, verdict: Verdict
) -> None:
    async def run() -> Report:
        judge = ClientJudge(select(OF_HTTP2, names=[names]), patience=PATIENCE, carrier=Carrier.HTTP2)
        await judge.listen("127.0.0.1", 0)
        port = judge.unset_port if unset else judge.port
        transport, client = await asyncio.get_running_loop().create_connection(
            lambda: Endpoint(path="/runCase?case=1&agent=testee"), "127.0.0.1", port
        )
        await judge.result(judge.cases[0], "testee", 5)
        transport.abort()
        await client.over
        await judge.close()
        return judge.reports()[0]

    assert [result.verdict for result in asyncio.run(run()).results] == [verdict]


def test_inside_tls_both_are_offered() -> None:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.configure_trust(theirs)
    theirs.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert("localhost").configure_cert(ours)

    async def run() -> Report:
        judge = ClientJudge(select(OF_HTTP2, names=["8441:5/client-ordinary"]), carrier=Carrier.HTTP2)
        await judge.listen("127.0.0.1", 0, ours)
        transport, client = await asyncio.get_running_loop().create_connection(
            lambda: Client("", "https", "localhost", "/runCase?case=1&agent=testee"),
            "127.0.0.1",
            judge.port,
            ssl=theirs,
            server_hostname="localhost",
        )
        assert transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        await judge.result(judge.cases[0], "testee", 5)
        transport.abort()
        await client.lost
        await judge.close()
        return judge.reports()[0]

    assert [result.verdict for result in asyncio.run(run()).results] == [Verdict.PASS]


def test_what_asks_for_a_page_gets_one() -> None:
    class Browser(Client):
        def ask(self) -> None:
            fields = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", self.authority)]
            self.send_fields(1, fields, 1)

        def take_fields(self, stream: int, fields: list[tuple[str, str]], ends: bool) -> None:
            assert dict(fields)[":status"] == "200"
            self.finish()

    async def run() -> None:
        judge = ClientJudge(OF_HTTP2, carrier=Carrier.HTTP2)
        await judge.listen("127.0.0.1", 0)
        transport, browser = await asyncio.get_running_loop().create_connection(
            lambda: Browser("", "http", "a", "/"), "127.0.0.1", judge.port
        )
        await asyncio.wait_for(browser.done, 5)
        transport.abort()
        await browser.lost
        await judge.close()

    asyncio.run(run())
