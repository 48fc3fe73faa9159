"""One message to many connections: framed once, waiting for nobody, and no peer is another's trouble."""

import asyncio
import contextlib
import logging

import pytest
from peers import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    answer,
    asyncio_test,
    close_frame,
    frame,
    raw_client,
    raw_server,
    until,
)

import refws
from refws.host.connection.broadcast import BroadcastResult, broadcast
from refws.host.connection.sending import FragmentedMessage
from refws.rfc6455.s06_1_sending_data import prepare_message

FIN = 0x80


@contextlib.asynccontextmanager
async def room(count, *fields, **options):
    """So many raw clients, and the server's ends of their connections."""
    ends = []

    async def handle(ws):
        ends.append(ws)
        await ws.wait_closed()

    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(refws.serve(handle, **options))
        raws = [await stack.enter_async_context(raw_client(server, *fields)) for _ in range(count)]
        await until(lambda: len(ends) == count)
        by_port = {end.transport.get_extra_info("peername")[1]: end for end in ends}
        yield raws, [by_port[raw.writer.get_extra_info("sockname")[1]] for raw in raws]


@pytest.mark.parametrize(
    ("message", "first"), [("Gr\u00fc\u00dfe", TEXT), (b"\x00" * 5000, BINARY), (bytearray(b"x"), BINARY)]
)
@asyncio_test
async def test_all_get_the_message(message, first):
    async with room(3) as (raws, ends):
        assert broadcast(ends, message) == BroadcastResult(sent=3)
        octets = message.encode() if isinstance(message, str) else bytes(message)
        for raw in raws:
            assert await raw.frame() == (first, octets)


@asyncio_test
async def test_it_is_framed_once(monkeypatch):
    prepared = prepare_message("once")
    written = []
    async with room(2) as (_, ends):
        for end in ends:
            monkeypatch.setattr(end.transport, "write", written.append)
        broadcast(iter(ends), prepared)
        assert written[0] is written[1] is prepared.frame
        monkeypatch.undo()


@asyncio_test
async def test_what_is_compressed_otherwise_is_not_here():
    async with room(1, "Sec-WebSocket-Extensions: permessage-deflate") as ([raw], [ws]):
        await ws.send("x" * 1000)
        first, _ = await raw.frame()
        assert first == TEXT | 0x40
        broadcast([ws], "x" * 1000)
        assert await raw.frame() == (TEXT, b"x" * 1000)
        await ws.send("x" * 1000)
        assert (await raw.frame())[0] == TEXT | 0x40


@asyncio_test
async def test_connections_that_are_not_open_are_left_out():
    async with room(2) as (raws, ends):
        closing = asyncio.create_task(ends[0].close())
        assert (await raws[0].frame())[0] == CLOSE
        assert broadcast(ends, "a") == BroadcastResult(sent=1)
        assert await raws[1].frame() == (TEXT, b"a")
        raws[0].send(close_frame(1000))
        await raws[0].close()
        await closing
        assert broadcast(ends, "b") == BroadcastResult(sent=1)


async def fill(ws):
    """Make the peer of a connection, which does not read, a slow one."""
    while ws.transport.get_write_buffer_size() <= 100_000:
        broadcast([ws], bytes(1_000_000), max_backlog=10_000_000)


@asyncio_test
async def test_a_slow_peer_misses_messages():
    async with room(2) as (raws, ends):
        await fill(ends[0])
        backlog = ends[0].backlog
        assert backlog > 100_000
        assert broadcast(ends, "a", max_backlog=100_000, when_exceeded="drop") == BroadcastResult(sent=1, dropped=1)
        assert ends[0].backlog == backlog
        assert await raws[1].frame() == (TEXT, b"a")
        assert broadcast(ends, "b", max_backlog=backlog, when_exceeded="drop") == BroadcastResult(sent=2)
        while (received := await raws[0].frame())[0] != TEXT:
            assert received == (BINARY, bytes(1_000_000))
        assert received == (TEXT, b"b"), "in its order, and complete"


@pytest.mark.clause("rfc6455:7.1.1-p1-s3")
@asyncio_test
async def test_or_is_closed(caplog):
    caplog.set_level(logging.INFO, "refws")
    async with room(2) as (raws, ends):
        await fill(ends[0])
        assert broadcast(ends, "a", max_backlog=100_000) == BroadcastResult(sent=1, closed=1)
        assert broadcast(ends, "b", max_backlog=100_000) == BroadcastResult(sent=1)
        assert [await raws[1].frame() for _ in range(2)] == [(TEXT, b"a"), (TEXT, b"b")]
        with pytest.raises(refws.ConnectionClosed, match="more than 100000 octets wait to be taken"):
            await ends[0].recv()
        frames = await raws[0].frames_to_the_end()
        assert frames[-1] == (CLOSE, b"\x03\xf0more than 100000 octets wait to be taken")
    assert "rfc6455:7.1.1-p1-s3" in caplog.text


@asyncio_test
async def test_a_slow_peer_that_stays_so_loses_its_connection():
    async with room(1, close_timeout=0.05) as (_, [ws]):
        await fill(ws)
        assert broadcast([ws], "a", max_backlog=100_000) == BroadcastResult(closed=1)
        await ws.wait_closed()
        assert ws.transport is None


@asyncio_test
async def test_one_that_fails_is_nobody_elses_trouble(caplog):
    class Broken:
        def offer_prepared(self, *_):
            raise ZeroDivisionError

    async with room(1) as ([raw], [ws]):
        assert broadcast([Broken(), ws], "a") == BroadcastResult(sent=1, dropped=1)
        assert await raw.frame() == (TEXT, b"a")
    assert "ZeroDivisionError" in caplog.text


@asyncio_test
async def test_it_goes_out_behind_a_message_in_fragments():
    go_on = asyncio.Event()

    async def parts():
        yield "begun"
        await go_on.wait()
        yield "done"

    async with room(1) as ([raw], [ws]):
        sending = asyncio.create_task(ws.send(parts()))
        assert await raw.frame() == (1, b"begun")
        assert broadcast([ws], "x" * 100) == BroadcastResult(sent=1)
        assert ws.backlog == 102
        assert broadcast([ws], "y", max_backlog=101, when_exceeded="drop") == BroadcastResult(dropped=1)
        assert broadcast([ws], "z", max_backlog=102) == BroadcastResult(sent=1)
        raw.send_frame(PING)
        assert await raw.frame() == (PONG, b"")
        go_on.set()
        await sending
        frames = [await raw.frame() for _ in range(4)]
        assert frames == [(0, b"done"), (FIN, b""), (TEXT, b"x" * 100), (TEXT, b"z")]
        assert ws.backlog == 0


@asyncio_test
async def test_what_cannot_be_sent_behind_it_is_not_its_senders_trouble(caplog, monkeypatch):
    def refuse(*_):
        raise refws.UsageError("not this one")

    async with room(1) as ([raw], [ws]):
        with FragmentedMessage(ws, compress=True) as message:
            message.send("a", final=True)
            broadcast([ws], "lost")
            monkeypatch.setattr(refws.Endpoint, "send_a_prepared_message", refuse)
        monkeypatch.undo()
        broadcast([ws], "b")
        assert [await raw.frame() for _ in range(2)] == [(TEXT, b"a"), (TEXT, b"b")]
    assert "not this one" in caplog.text


@asyncio_test
async def test_clients_mask_each_frame_anew():
    got = []

    async def script(raw):
        await answer(raw)
        got.append(await raw.reader.readexactly(2 + 4 + 3))
        raw.send(frame(CLOSE, b"\x03\xe8", mask=False))
        assert (await raw.frame())[0] == CLOSE

    async with raw_server(script) as uri, refws.connect(uri) as one, refws.connect(uri) as two:
        assert broadcast([one, two], b"abc") == BroadcastResult(sent=2)
        for ws in (one, two):
            with pytest.raises(refws.ConnectionClosed):
                await ws.recv()
    first, second = got
    assert first[:2] == second[:2] == b"\x82\x83"
    assert first != second


@asyncio_test
async def test_nor_do_clients_compress_it():
    ends = []

    async def handle(ws):
        ends.append(ws)
        assert await ws.recv() == "a" * 1000

    async with refws.serve(handle) as server, refws.connect(server.uri) as ws:
        broadcast([ws], "a" * 1000)
        await ws.wait_closed()
    assert ends[0].counters.octets_received > 1000


def test_wrong_uses_are_told():
    with pytest.raises(refws.UsageError, match='"close" or "drop", not \'wait\''):
        broadcast([], "a", when_exceeded="wait")
    with pytest.raises(refws.UsageError, match="a str or octets, not int"):
        broadcast([], 5)
    assert broadcast([], "a") == BroadcastResult(0, 0, 0)
