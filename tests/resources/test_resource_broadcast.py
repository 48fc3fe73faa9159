"""Broadcasts: framed once, and neither held up nor ended by one client."""

import asyncio
import contextlib

import pytest
from serving import Recorder, end_of, on_both_hosts, raw_to, serving

import refws
from refws.resources import Resource
from tests.host.peers import BINARY, TEXT, asyncio_test, until


@pytest.mark.parametrize(("message", "first"), [("Grüße", TEXT), (b"\x00\xff", BINARY)])
@on_both_hosts
@asyncio_test
async def test_a_broadcast_reaches_all_but_some(host, message, first):
    room = Recorder()
    async with serving(host, room) as acceptor, contextlib.AsyncExitStack() as stack:
        raws = [await stack.enter_async_context(raw_to(acceptor)) for _ in range(5)]
        await until(lambda: len(room.clients) == 5)
        ports = {client.remote_address[1]: client for client in room.clients}
        clients = [ports[raw.writer.get_extra_info("sockname")[1]] for raw in raws]
        assert room.broadcast(message, but=clients[:2]) == refws.resources.BroadcastResult(sent=3)
        room.broadcast("the end")
        octets = message.encode() if isinstance(message, str) else message
        for i, raw in enumerate(raws):
            assert await raw.frame() == ((first, octets) if i > 1 else (TEXT, b"the end"))


@pytest.mark.parametrize("policy", ["close", "drop"])
@on_both_hosts
@asyncio_test
async def test_a_slow_client_holds_up_nobody(host, policy):
    room = Recorder()
    room.max_backlog, room.when_backlog_exceeded = 100_000, policy
    async with (
        serving(host, room) as acceptor,
        raw_to(acceptor, target="/") as slow,
        refws.connect(acceptor.uri, max_queue=1000) as quick,
    ):
        await until(lambda: len(room.clients) == 2)
        port = slow.writer.get_extra_info("sockname")[1]
        [lazy] = [client for client in room.clients if client.remote_address[1] == port]
        message, sent = "x" * 100_000, 0
        slow.writer.transport.pause_reading()
        while True:
            result = room.broadcast(message)
            sent += 1
            assert await quick.recv() == message
            if result.dropped or result.closed:
                break
        room.broadcast("for the quick one")
        assert await quick.recv() == "for the quick one"
        if policy == "drop":
            assert (lazy.state, lazy.dropped, room.dropped) == (refws.ReadyState.OPEN, 2, 2)
            slow.writer.transport.resume_reading()
            for _ in range(sent - 1):
                assert (await slow.frame())[0] == TEXT
            await until(lambda: lazy.websocket.backlog == 0)
            assert room.broadcast("again").sent == 2
            assert await slow.frame() == (TEXT, b"again")
        else:
            await until(lambda: room.clients != [] and lazy not in room.clients)
            slow.writer.transport.resume_reading()
            frames = await slow.frames_to_the_end()
            assert frames[-1][1].startswith(b"\x03\xf0more than 100000 octets wait")
            assert (lazy.dropped, room.dropped) == (0, 0)


@on_both_hosts
@asyncio_test
async def test_clients_that_have_gone_are_left_out(host):
    room = Recorder()
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri) as stays, raw_to(acceptor) as dies:
        await until(lambda: len(room.clients) == 2)
        gone = room.clients
        dies.writer.transport.abort()
        await until(lambda: len(room.clients) == 1)
        room._enter(gone[1])
        assert room.broadcast("hello").sent == 1
        room._leave(gone[1])
        assert await stays.recv() == "hello"


@on_both_hosts
@asyncio_test
async def test_a_broadcast_of_what_is_no_message_reaches_nobody(host):
    room = Recorder()
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri) as ws:
        await until(lambda: room.clients)
        with pytest.raises(refws.UsageError):
            room.broadcast("\ud800")
        room.clients[0].close()
        assert await end_of(ws) == ([], refws.Close(1000))


@on_both_hosts
@asyncio_test
async def test_all_can_broadcast_at_the_same_time(host):
    class Room(Resource):
        def text_message_received(self, client, message):
            self.broadcast(message)

    room = Room()
    async with serving(host, room) as acceptor, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(refws.connect(acceptor.uri, max_queue=1000)) for _ in range(8)]
        await until(lambda: len(room.clients) == 8)

        async def talk(ws, name):
            for i in range(20):
                await ws.send(f"{name} {i}")
            return [await ws.recv() for _ in range(160)]

        heard = await asyncio.gather(*(talk(ws, name) for name, ws in enumerate(clients)))
    for messages in heard:
        for name in range(8):
            assert [m for m in messages if m.startswith(f"{name} ")] == [f"{name} {i}" for i in range(20)]
