"""WebSocket over HTTP/3: who keeps RFC 9220 passes, and each broken rule is blamed on its clause."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
import trustme
from aioquic.asyncio import serve
from aioquic.h3.connection import H3_ALPN
from aioquic.quic.configuration import QuicConfiguration
from http3_testee import Http3Server

from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.report import UNKNOWN, Report
from refws.oracle.selection import select
from refws.oracle.server import judge_server
from refws.oracle.verdict import Role, Verdict

FAIL, NON_STRICT = Verdict.FAIL, Verdict.NON_STRICT
EVERY = select(all_cases(), role=Role.SERVER, carrier=Carrier.HTTP3)
OWN = select(EVERY, names=["8441:*,9220:*"])
SHORT = [case for case in EVERY if not case.slow and case.alias.partition(".")[0] not in {"6", "9", "12", "13"}]
SAMPLE = [case for case in SHORT if not case.id.startswith("10.4")][::8]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


async def judged(authority: trustme.CA, fault: str, cases: Sequence[Case], folder: Path) -> Report:
    certificate = authority.issue_cert("localhost")
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(b"".join(one.bytes() for one in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(key))
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(chain, key)
    kind = type("Faulty", (Http3Server,), {"fault": fault})
    server = await serve("127.0.0.1", 0, configuration=configuration, create_protocol=kind)
    port = server._transport.get_extra_info("sockname")[1]
    tls = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    # For an honest one nobody has to wait, however late a busy machine makes it.
    patience = 1.0 if fault else 10.0
    try:
        return await judge_server(
            f"wss://localhost:{port}/chat?a=b", cases, jobs=4, patience=patience, carrier=Carrier.HTTP3, tls=tls
        )
    finally:
        server.close()


def found(report: Report) -> set[tuple[str, Verdict]]:
    return {(one.clause, one.verdict) for result in report.results for one in result.findings}


@pytest.mark.parametrize("cases", [OWN, SAMPLE], ids=["own", "sample"])
def test_an_honest_server_is_never_failed(authority: trustme.CA, tmp_path: Path, cases: list[Case]) -> None:
    report = asyncio.run(judged(authority, "", cases, tmp_path))
    assert len(report.results) > 25
    loose = {"7692:7.2.2/cut-short", "7692:7.2.2/cut-short-stored-block", "7692:7.2.2/tail-kept"}
    rest = [result for result in report.results if result.verdict is not Verdict.PASS and result.case.id not in loose]
    assert {result.case.id: result.findings for result in rest} == {}


LIARS = (
    ("answers-404", "9220:3/unknown-protocol", "rfc9220:3-p3-s1", NON_STRICT),
    ("takes-anything", "9220:3/unknown-protocol", "rfc9220:3-p3-s1", NON_STRICT),
    ("no-problem", "9220:3/unknown-protocol", "rfc9220:3-p3-s2", NON_STRICT),
    ("never-ends", "9220:3/closes-in-order", "rfc9220:3-p4-s2", FAIL),
    ("resets-at-the-end", "9220:3/closes-in-order", "rfc9220:3-p4-s2", NON_STRICT),
    ("resets-with-another-code", "9220:3/closes-in-order", "rfc9220:3-p4-s3", NON_STRICT),
    ("reads-the-key", "8441:5/with-key-of-no-worth", "rfc8441:5-p5-s1", FAIL),
    ("takes-any-version", "8441:5/version-12", "rfc8441:5-p6-s1", FAIL),
    ("sends-accept", "8441:5/ordinary", "rfc8441:5-p5-s1", NON_STRICT),
    ("chooses-any-subprotocol", "8441:5/ordinary", "rfc6455:4.2.2-p10-s3", FAIL),
)


@pytest.mark.parametrize(("fault", "name", "clause", "verdict"), LIARS)
def test_a_liar_is_blamed_on_its_clause(  # noqa: PLR0917
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    name: str,
    clause: str,
    verdict: Verdict,
) -> None:
    monkeypatch.setattr("refws.oracle.server.PROBE_TIMEOUT", 1.0)
    report = asyncio.run(judged(authority, fault, select(OWN, names=[name]), tmp_path))
    assert (clause, verdict) in found(report)
    assert {one for one, seen in found(report) if seen is FAIL} <= {clause}
    assert report.results[0].verdict is verdict


def test_problem_details_may_come(authority: trustme.CA, tmp_path: Path) -> None:
    report = asyncio.run(judged(authority, "problem", select(OWN, names=["9220:3/unknown-protocol"]), tmp_path))
    assert [result.verdict for result in report.results] == [Verdict.PASS]


def test_who_does_not_take_websocket_over_http3_is_unimplemented(authority: trustme.CA, tmp_path: Path) -> None:
    report = asyncio.run(judged(authority, "no-setting", OWN, tmp_path))
    assert {result.verdict for result in report.results} == {Verdict.UNIMPLEMENTED}
    assert "SETTINGS_ENABLE_CONNECT_PROTOCOL" in report.interrupted
    assert report.exit_code == UNKNOWN


def test_there_is_no_http3_without_tls() -> None:
    with pytest.raises(ValueError, match="write wss://a/"):
        asyncio.run(judge_server("ws://a/", OWN, carrier=Carrier.HTTP3))
