"""WebSocket over HTTP/2: who keeps RFC 8441 passes, and each broken rule is blamed on its clause."""

import asyncio
import io
import ssl
import subprocess
import sys
from collections.abc import Sequence

import pytest
import trustme
from http2_testee import Server

from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.keeping import without_secrets
from refws.oracle.opening import Opening
from refws.oracle.recorded import judge_recording
from refws.oracle.recording import read_transcript, write_transcript
from refws.oracle.report import UNKNOWN, Report
from refws.oracle.selection import select
from refws.oracle.server import NotThere, judge_server
from refws.oracle.verdict import Role, Verdict

FAIL, NON_STRICT = Verdict.FAIL, Verdict.NON_STRICT
PATIENCE = 0.7
USUAL = Opening()
OF_HTTP2 = select(all_cases(), names=["8441:*"], role=Role.SERVER, carrier=Carrier.HTTP2)
SHORT = [
    case
    for case in select(all_cases(), role=Role.SERVER, carrier=Carrier.HTTP2)
    if not case.slow and case.alias.partition(".")[0] not in {"6", "9", "12", "13"}
]


async def judged(fault: str, cases: Sequence[Case], *, usual: Opening = USUAL, keep: bool = False) -> Report:
    came: list[Server] = []

    def accept() -> Server:
        came.append(Server(fault))
        return came[-1]

    listening = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    uri = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/chat?a=b"
    try:
        return await judge_server(uri, cases, jobs=4, patience=PATIENCE, carrier=Carrier.HTTP2, usual=usual, keep=keep)
    finally:
        listening.close()
        await asyncio.gather(*(one.lost for one in came))


def cases(names: str) -> list[Case]:
    return select(OF_HTTP2, names=[names])


def found(report: Report) -> set[tuple[str, Verdict]]:
    return {(one.clause, one.verdict) for result in report.results for one in result.findings}


def test_an_honest_server_is_never_failed() -> None:
    report = asyncio.run(judged("", SHORT))
    assert len(report.results) > 350
    assert {result.case.id: result.findings for result in report.having(FAIL, Verdict.HARNESS_ERROR)} == {}
    assert {result.case.id for result in report.results if result.verdict is not Verdict.PASS} == {
        "7692:7.2.2/cut-short",
        "7692:7.2.2/cut-short-stored-block",
        "7692:7.2.2/tail-kept",
        "7692:7.2.2/takeover-though-hinted-otherwise",
    }
    assert report.testee.address.endswith("/chat?a=b over HTTP/2")


def test_an_eccentric_server_is_never_failed() -> None:
    """Interim heads, heads in pieces, padded octets one by one, frames and settings that nobody knows."""
    report = asyncio.run(judged("eccentric", [*OF_HTTP2, *SHORT[::6]]))
    assert {result.case.id: result.findings for result in report.having(FAIL, Verdict.HARNESS_ERROR)} == {}
    assert report.counts()[Verdict.PASS] > 90


def test_a_server_with_little_room_is_given_no_more() -> None:
    report = asyncio.run(judged("small-tables-and-windows", cases("8441:5/*")))
    assert {result.case.id: result.findings for result in report.results if result.verdict is not Verdict.PASS} == {}


LIARS = (
    ("setting-of-two", "8441:3/own-settings", "rfc8441:3-p2-s2", FAIL),
    ("takes-the-setting-back", "8441:3/own-settings", "rfc8441:3-p4-s1", FAIL),
    ("minds-the-setting", "8441:3/client-sends-one", "rfc8441:3-p3-s2", FAIL),
    ("minds-the-setting", "8441:3/client-sends-one-later", "rfc8441:3-p3-s2", FAIL),
    ("tunnels", "8441:4/authority-of-another-host", "rfc8441:4-p4-s2", FAIL),
    ("wants-a-key", "8441:5/without-key", "rfc8441:5-p5-s1", FAIL),
    ("reads-the-key", "8441:5/with-key-of-no-worth", "rfc8441:5-p5-s1", FAIL),
    ("sends-accept", "8441:5/ordinary", "rfc8441:5-p5-s1", NON_STRICT),
    ("upper-case", "8441:5/ordinary", "rfc8441:5-p6-s2", FAIL),
    ("takes-any-version", "8441:5/version-12", "rfc8441:5-p6-s1", FAIL),
    ("takes-any-version", "8441:5/without-version", "rfc8441:5-p6-s1", FAIL),
    ("chooses-any-subprotocol", "8441:5/ordinary", "rfc6455:4.2.2-p10-s3", FAIL),
    ("never-ends", "8441:5/closes-in-order", "rfc8441:5-p8-s2", FAIL),
    ("resets-at-the-end", "8441:5/closes-in-order", "rfc8441:5-p8-s2", NON_STRICT),
    ("resets-with-another-code", "8441:5/closes-in-order", "rfc8441:5-p8-s3", NON_STRICT),
    ("sends-back-what-was-cut", "8441:5/end-within-a-frame", "rfc8441:5-p8-s1", FAIL),
    ("gives-no-room", "8441:1/message-larger-than-the-window", "rfc8441:1-p6-s1", FAIL),
    ("mixes-up-streams", "8441:1/two-streams", "rfc8441:1-p6-s1", FAIL),
    ("takes-anything", "8441:4/without-scheme", "rfc8441:4-p3-s1", NON_STRICT),
    ("takes-anything", "8441:4/without-path", "rfc8441:4-p3-s1", NON_STRICT),
    ("takes-anything", "8441:4/two-protocols", "rfc8441:4-p2-s2", NON_STRICT),
    ("takes-anything", "8441:4/without-authority", "rfc8441:5-p4-s2", NON_STRICT),
    ("takes-anything", "8441:5/without-protocol", "rfc8441:5-p1-s1/1", NON_STRICT),
    ("takes-anything", "8441:5/other-protocol", "rfc8441:5-p1-s1/2", NON_STRICT),
    ("takes-anything", "8441:5/with-connection", "rfc8441:5-p3-s2", NON_STRICT),
    ("takes-anything", "8441:5/with-upgrade", "rfc8441:5-p3-s2", NON_STRICT),
    ("takes-anything", "8441:5/upper-case", "rfc8441:5-p6-s2", NON_STRICT),
)


@pytest.mark.parametrize(("fault", "name", "clause", "verdict"), LIARS)
def test_a_liar_is_blamed_on_its_clause(
    monkeypatch: pytest.MonkeyPatch, fault: str, name: str, clause: str, verdict: Verdict
) -> None:
    monkeypatch.setattr("refws.oracle.server.PROBE_TIMEOUT", 1.0)
    report = asyncio.run(judged(fault, cases(name)))
    assert (clause, verdict) in found(report)
    assert {one for one, seen in found(report) if seen is FAIL} <= {clause}
    assert report.results[0].verdict is verdict


class WithoutSetting(Server):
    def settings(self) -> list[tuple[int, int]]:
        return []


def test_who_does_not_take_websocket_over_http2_is_unimplemented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "Server", WithoutSetting)
    report = asyncio.run(judged("", OF_HTTP2))
    assert {result.verdict for result in report.results} == {Verdict.UNIMPLEMENTED}
    assert "SETTINGS_ENABLE_CONNECT_PROTOCOL" in report.interrupted
    assert report.exit_code == UNKNOWN


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b""])
def test_who_does_not_speak_http2_is_unimplemented(says: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(24)
        writer.write(says)
        writer.close()

    async def run() -> Report:
        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        uri = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        async with listening:
            return await judge_server(uri, OF_HTTP2[:2], carrier=Carrier.HTTP2)

    report = asyncio.run(run())
    assert [result.verdict for result in report.results] == [Verdict.UNIMPLEMENTED] * 2
    assert "does not speak HTTP/2" in report.interrupted


@pytest.mark.parametrize("protocols", [["h2"], ["http/1.1", "h2"], []])
def test_inside_tls(protocols: list[str]) -> None:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(ours)
    authority.issue_cert("localhost").configure_cert(theirs)
    if protocols:
        theirs.set_alpn_protocols(protocols)

    async def run() -> Report:
        listening = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, ssl=theirs)
        uri = f"wss://localhost:{listening.sockets[0].getsockname()[1]}/"
        async with listening:
            return await judge_server(uri, cases("8441:5/ordinary"), carrier=Carrier.HTTP2, tls=ours)

    assert [result.verdict for result in asyncio.run(run()).results] == [Verdict.PASS]


def test_who_refuses_h2_in_tls_is_unimplemented() -> None:
    no_application_protocol = bytes.fromhex("15 0303 0002 02 78")

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.write(no_application_protocol)
        await writer.drain()
        writer.close()

    async def run() -> Report:
        listening = await asyncio.start_server(refuse, "127.0.0.1", 0)
        uri = f"wss://localhost:{listening.sockets[0].getsockname()[1]}/"
        async with listening:
            return await judge_server(uri, OF_HTTP2[:1], carrier=Carrier.HTTP2)

    report = asyncio.run(run())
    assert [result.verdict for result in report.results] == [Verdict.UNIMPLEMENTED]
    assert "by ALPN it refuses h2" in report.interrupted


def test_a_server_that_is_down_is_not_there() -> None:
    async def run() -> Report:
        listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        listening.close()
        await listening.wait_closed()
        return await judge_server(f"ws://127.0.0.1:{port}/", OF_HTTP2[:1], carrier=Carrier.HTTP2)

    with pytest.raises(NotThere, match="no server answers"):
        asyncio.run(run())


def test_what_was_said_on_a_stream_is_judged_again() -> None:
    usual = Opening(fields=(("Authorization", "Basic c2VjcmV0"),))
    report = asyncio.run(judged("upper-case", cases("8441:5/with-deflate"), usual=usual, keep=True))
    (result,) = report.results
    assert result.recording is not None
    file = io.StringIO()
    write_transcript([without_secrets(result.recording)], file)
    assert "c2VjcmV0" not in file.getvalue()
    file.seek(0)
    (again,) = read_transcript(file)
    assert again.carrier is Carrier.HTTP2
    heard = judge_recording(again)
    assert [(one.clause, one.verdict) for one in heard.findings(Role.SERVER)] == [("rfc8441:5-p6-s2", FAIL)]
    assert heard.findings(Role.CLIENT) == []
    assert {"rfc8441:3-p5-s2", "rfc8441:5-p1-s1/2", "rfc8441:5-p2-s1"} <= heard.judged(Role.CLIENT)
    assert [one.payload for one in heard.conversation.server.messages]


def test_what_needs_no_http2_needs_no_library_of_it() -> None:
    program = "import sys\nsys.modules.update(hpack=None, hyperframe=None)\nfrom refws.oracle import all_cases\n"
    program += "assert len(all_cases()) > 1600"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
