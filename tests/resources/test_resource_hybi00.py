"""Resources for clients of draft-ietf-hybi-thewebsocketprotocol-00 beside others: on request, and text only."""

import asyncio

import pytest
from serving import Recorder, on_both_hosts, serving, stop, tcp_to

import refws
from tests.host.peers import TEXT, asyncio_test, frame, request, until

# The key of an example, and its answer.
HEAD = (
    b"GET /?name=old HTTP/1.1\r\nHost: localhost\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nOrigin: http://a.example\r\n"
    b"Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n^n:ds[4U"
)
ANSWER = b"8jKS'y:G*Co,Wxa-"


async def connected(raw):
    raw.send(HEAD)
    line, _ = await raw.head()
    assert line.split()[1] == "101"
    assert await raw.reader.readexactly(16) == ANSWER


@on_both_hosts
@asyncio_test
async def test_text_goes_both_ways_beside_a_client_of_today(host):
    room = Recorder()
    async with (
        serving(host, room, allow_hybi00=True) as acceptor,
        tcp_to(acceptor) as raw,
        refws.connect(acceptor.uri) as today,
    ):
        await connected(raw)
        raw.send(b"\x00hello\xff")
        assert await raw.reader.readexactly(7) == b"\x00hello\xff"
        await until(lambda: len(room.clients) == 2)
        [old] = [client for client in room.clients if client.request.target != "/"]
        room.broadcast("to all")
        assert await raw.reader.readexactly(8) == b"\x00to all\xff"
        assert await today.recv() == "to all"
        assert room.broadcast(b"to those who can") == refws.resources.BroadcastResult(sent=1, dropped=1)
        assert await today.recv() == b"to those who can"
        for send in (lambda: old.send_binary(b"x"), old.send_ping):
            with pytest.raises(refws.UsageError):
                send()
        raw.send(b"\xff\x00")
        assert await raw.reader.readexactly(2) == b"\xff\x00"
        await until(lambda: len(room.clients) == 1)
        assert (old.close_code, old.close_reason, old.dropped) == (1005, "", 1)


@on_both_hosts
@asyncio_test
async def test_what_is_not_closed_is_1006_and_a_stop_closes(host):
    room = Recorder()
    async with serving(host, room, allow_hybi00=True) as acceptor:
        async with tcp_to(acceptor) as raw:
            await connected(raw)
            await until(lambda: room.clients)
            [client] = room.clients
            raw.writer.transport.abort()
        await until(lambda: not room.clients)
        assert client.close_code == 1006
        async with tcp_to(acceptor) as raw:
            await connected(raw)
            await until(lambda: room.clients)
            stopping = asyncio.create_task(stop(acceptor))
            assert await raw.reader.readexactly(2) == b"\xff\x00"
            raw.send(b"\xff\x00")
            assert await raw.reader.read() == b""
        await stopping


@pytest.mark.parametrize("allowed", [False, True])
@on_both_hosts
@asyncio_test
async def test_it_is_off_by_default_and_hides_nothing(host, allowed):
    async with serving(host, Recorder(), allow_hybi00=allowed) as acceptor, tcp_to(acceptor) as raw:
        raw.send(request() + frame(TEXT, b"today"))
        assert (await raw.head())[0].split()[1] == "101"
        assert await raw.frame() == (TEXT, b"today")
        async with tcp_to(acceptor) as old:
            old.send(HEAD)
            assert (await old.head())[0].split()[1] == ("101" if allowed else "400")
