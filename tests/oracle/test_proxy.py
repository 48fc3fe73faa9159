"""The proxy: what goes in comes out, octet by octet, ends as it ended, and is judged on its way."""

import asyncio
import contextlib
import socket
import ssl
import struct

import pytest
import trustme

import refws
from refws.oracle import piping
from refws.oracle.capture import read_capture
from refws.oracle.proxy import Proxy
from refws.oracle.recorded import judge_recordings
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.frame import Frame, close, ping, text
from tests.oracle.conversations import REQUEST, SWITCHING, head_octets, request_fields, response_fields

ENOUGH = 10.0


def run(coroutine):
    async def limited():
        async with asyncio.timeout(ENOUGH):
            await coroutine

    asyncio.run(limited())


async def echo(ws):
    async for message in ws:
        await ws.send(message)


class Raw:
    """A target that does with each connection what the test says, and gives it to the test."""

    def __init__(self):
        self.connections = asyncio.Queue()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        self.uri = f"ws://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/"
        self.left = asyncio.Event()
        return self

    async def _came(self, reader, writer):
        await self.connections.put((reader, writer))
        await self.left.wait()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def __aexit__(self, *error):
        self.left.set()
        self.server.close()
        await self.server.wait_closed()


async def gone(writer):
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


class Told:
    """What the proxy tells, and an event for the end of a connection."""

    def __init__(self):
        self.connections, self.findings = [], []
        self.ended = asyncio.Queue()
        self.found = asyncio.Event()

    def finding(self, passing, role, finding):
        self.findings.append((passing.number, role, finding.clause))
        self.found.set()

    @property
    def callbacks(self):
        return {
            "on_connection": self.connections.append,
            "on_finding": self.finding,
            "on_end": self.ended.put_nowait,
        }


@pytest.mark.parametrize("compression", [True, False])
def test_a_conversation_of_refws_passes_and_is_clean(tmp_path, compression):
    async def main():
        told = Told()
        extensions = {} if compression else {"extensions": ()}
        async with (
            refws.serve(echo) as server,
            Proxy(server.uri, transcripts=tmp_path / "kept", **told.callbacks) as proxy,
        ):
            async with refws.connect(proxy.uri, **extensions) as ws:
                for message in ("hello", "é" * 1000, b"\0" * 70_000, ""):
                    await ws.send(message)
                    assert await ws.recv() == message
                await ws.ping()
            await told.ended.get()
        assert told.findings == []
        assert proxy.judgement.exit_code == 0
        for role in Role:
            report = proxy.judgement.report(role)
            assert {result.verdict for result in report.results} == {Verdict.PASS}
            assert len(report.results) > 20

    run(main())
    capture = read_capture(tmp_path / "kept" / "000001.jsonl")
    again = judge_recordings(capture.recordings)
    assert again.exit_code == 0
    assert len(again.connections[0].conversation.client.messages) == 4


def test_findings_are_told_as_they_happen():
    async def main():
        told = Told()
        async with Raw() as target, Proxy(target.uri, **told.callbacks) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(head_octets(REQUEST, request_fields()))
            theirs, mine = await target.connections.get()
            assert (await theirs.readuntil(b"\r\n\r\n")) == head_octets(REQUEST, request_fields())
            mine.write(head_octets(SWITCHING, response_fields()))
            assert (await reader.readuntil(b"\r\n\r\n")) == head_octets(SWITCHING, response_fields())
            assert told.findings == []
            unmasked = text("bare").octets(False)
            writer.write(unmasked)
            assert await theirs.readexactly(len(unmasked)) == unmasked
            await told.found.wait()
            assert told.findings == [(1, Role.CLIENT, "rfc6455:5.1-p1-s2")]
            mine.write(ping(bytes(126)).octets(False))
            await reader.readexactly(130)
            await gone(writer)
            await gone(mine)
            await told.ended.get()
            assert (1, Role.SERVER, "rfc6455:5.5-p3-s1/1") in told.findings
            assert proxy.judgement.exit_code == 1

    run(main())


def test_a_half_close_passes_and_the_other_direction_stays():
    async def main():
        told = Told()
        async with Raw() as target, Proxy(target.uri, **told.callbacks) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            theirs, mine = await target.connections.get()
            writer.write(b"last words")
            writer.write_eof()
            assert await theirs.read() == b"last words"
            mine.write(b"still here")
            assert await reader.readexactly(10) == b"still here"
            mine.write_eof()
            assert await reader.read() == b""
            passing = await told.ended.get()
            ends = passing.heard.conversation.sides
            assert ends[Role.CLIENT].end == ends[Role.SERVER].end == "FIN"
            await gone(writer)

    run(main())


@pytest.mark.parametrize("resetter", list(Role))
def test_a_reset_passes(resetter):
    async def main():
        told = Told()
        async with Raw() as target, Proxy(target.uri, **told.callbacks) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            theirs, mine = await target.connections.get()
            drops, sees = ((writer, theirs), (mine, reader))[resetter is Role.SERVER]
            sock = drops.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            drops.transport.abort()
            with pytest.raises(ConnectionResetError):
                await sees.read()
            passing = await told.ended.get()
            assert passing.heard.conversation.sides[resetter].end == "RST"
            await gone(writer)

    run(main())


def test_a_side_that_does_not_read_stops_the_other(monkeypatch):
    held = asyncio.Event()
    hold = piping.Pipe.hold

    def seen(pipe, sender, *, hold: bool, really=hold):
        really(pipe, sender, hold=hold)
        if hold and not pipe.ends[sender].transport.is_reading():
            held.set()

    monkeypatch.setattr(piping.Pipe, "hold", seen)

    async def main():
        told = Told()
        async with Raw() as target, Proxy(target.uri, **told.callbacks) as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            theirs, _ = await target.connections.get()
            sent = 16 << 20
            writer.write(bytes(sent))
            await held.wait()
            assert writer.transport.get_write_buffer_size() > 0
            got = 0
            while got < sent:
                got += len(await theirs.read(1 << 20))
            assert got == sent
            (heard,) = proxy.judgement.connections
            assert "no opening handshake" in heard.notes[0]
            await gone(writer)

    run(main())


def test_many_connections_at_once_are_judged_apart():
    async def main():
        told = Told()
        async with refws.serve(echo) as server, Proxy(server.uri, **told.callbacks) as proxy:

            async def talk(number):
                async with refws.connect(proxy.uri) as ws:
                    await ws.send(str(number))
                    assert await ws.recv() == str(number)

            await asyncio.gather(*(talk(number) for number in range(20)))
            for _ in range(20):
                await told.ended.get()
        assert len(told.connections) == len(proxy.judgement.connections) == 20
        assert {passing.number for passing in told.connections} == set(range(1, 21))
        assert told.findings == []

    run(main())


def test_a_target_with_tls():
    async def main():
        told = Told()
        authority = trustme.CA()
        ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.configure_trust(ours)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(theirs)
        async with refws.serve(echo, tls=theirs) as server:
            async with Proxy(server.uri, tls=ours, **told.callbacks) as proxy:
                async with refws.connect(proxy.uri) as ws:
                    await ws.send("inside")
                    assert await ws.recv() == "inside"
                await told.ended.get()
            assert told.findings == []
            assert proxy.judgement.connections[0].conversation.recording.secure

    run(main())


def test_a_target_that_is_not_there():
    async def main():
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            told = Told()
            async with Proxy(f"ws://127.0.0.1:{bound.getsockname()[1]}/", **told.callbacks) as proxy:
                reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                assert await reader.read() == b""
                passing = await told.ended.get()
                assert "cannot be reached" in passing.heard.notes[0]
                await gone(writer)

    run(main())


def test_leaving_drops_what_still_passes():
    async def main():
        told = Told()
        async with Raw() as target:
            async with Proxy(target.uri, **told.callbacks) as proxy:
                reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                theirs, _ = await target.connections.get()
            assert await theirs.read() == b""
            assert await reader.read() == b""
            assert told.ended.qsize() == 1
            await gone(writer)

    run(main())


def test_a_message_that_is_too_long_to_be_judged_passes_all_the_same(monkeypatch):
    monkeypatch.setattr(piping, "MOST_HELD", 1000)

    async def main():
        told = Told()
        async with refws.serve(echo) as server, Proxy(server.uri, **told.callbacks) as proxy:
            async with refws.connect(proxy.uri, extensions=()) as ws:
                await ws.send(bytes(300_000))
                assert await ws.recv() == bytes(300_000)
            passing = await told.ended.get()
            assert any("nothing is judged" in note for note in passing.heard.notes)

    run(main())


def test_traffic_passes_on_where_the_judge_goes_wrong(monkeypatch):
    def wrong(side, head):
        raise ZeroDivisionError

    async def main():
        told = Told()
        async with refws.serve(echo) as server, Proxy(server.uri, **told.callbacks) as proxy:
            monkeypatch.setattr("refws.oracle.referee.Referee.head", lambda self, side, head: wrong(side, head))
            async with refws.connect(proxy.uri) as ws:
                await ws.send("on")
                assert await ws.recv() == "on"
            passing = await told.ended.get()
            assert "ZeroDivisionError" in passing.heard.notes[0]

    run(main())


def test_what_is_not_whole_when_a_connection_ends_is_judged_too():
    async def main():
        told = Told()
        async with Raw() as target, Proxy(target.uri, **told.callbacks) as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            theirs, mine = await target.connections.get()
            writer.write(head_octets(REQUEST, request_fields()))
            await theirs.readuntil(b"\r\n\r\n")
            mine.write(head_octets(SWITCHING, response_fields()) + close(1000).octets(False)[:2])
            mine.write(Frame(10, bytes(126)).octets(False)[2:6])
            await gone(writer)
            await gone(mine)
            passing = await told.ended.get()
            assert passing.findings[Role.SERVER] == proxy.judgement.connections[0].findings(Role.SERVER)

    run(main())
