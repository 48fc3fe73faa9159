"""What a connection counts, in both roles, held against what really went over the wire."""

import asyncio

import pytest
from peers import BINARY, CLOSE, PING, PONG, TEXT, asyncio_test, close_frame, frame, pair, raw_client, request, until

import refws
from refws.host.connection.broadcast import broadcast
from refws.host.connection.callbacks import Connection
from refws.host.connection.counters import Counters
from refws.host.connection.times import TimeLimits
from refws.rfc6455.endpoint import Endpoint

FIN = 0x80
SHORT, LONG = 4095, 4096  # the longest payload that is joined to its header, and the shortest that is not


def frames(counters):
    return (counters.frames_received, counters.messages_received, counters.pings_received, counters.pongs_received), (
        counters.frames_sent,
        counters.messages_sent,
        counters.pings_sent,
        counters.pongs_sent,
    )


async def server_end(ends):
    async def handle(ws):
        ends.put_nowait(ws)
        await ws.wait_closed()

    return refws.serve(handle)


@asyncio_test
async def test_octets_are_those_of_the_transport():
    ends = asyncio.Queue()
    async with await server_end(ends) as server, raw_client(server) as raw:
        ws = await ends.get()
        assert ws.counters.octets_received == len(request())
        head = ws.counters.octets_sent
        assert head > 100
        assert frames(ws.counters) == ((0, 0, 0, 0), (0, 0, 0, 0)), "the handshake is no frame"
        octets = frame(TEXT, b"abc") + frame(PING, b"p")
        raw.send(octets)
        assert await raw.frame() == (PONG, b"p")
        assert ws.counters.octets_received == len(request()) + len(octets)
        assert ws.counters.octets_sent == head + 3
        await ws.send("x" * 70_000)
        assert ws.counters.octets_sent == head + 3 + 70_010


@asyncio_test
async def test_frames_that_come():
    ends = asyncio.Queue()
    async with await server_end(ends) as server, raw_client(server) as raw:
        ws = await ends.get()

        async def receive(octets):
            raw.send(octets)
            raw.send(frame(PING))
            await raw.frame()
            received, _ = frames(ws.counters)
            return received[0] - ws.counters.pings_received, *received[1:]

        assert await receive(frame(TEXT, b"a") + frame(BINARY, b"b" * LONG)) == (2, 2, 1, 0)
        assert await receive(frame(PONG, b"c")) == (3, 2, 2, 1)
        assert await receive(frame(1, b"d") + frame(0, b"e" * 200)) == (5, 2, 3, 1), "not complete, and yet frames"
        assert await receive(frame(PONG)) == (6, 2, 4, 2)
        assert await receive(frame(FIN, b"f")) == (7, 3, 5, 2)
        raw.send(frame(BINARY, b"g" * 300)[:100])
        await until(lambda: not ws._held_up and ws.endpoint._receiver._remaining > 0)
        assert frames(ws.counters)[0] == (12, 3, 5, 2), "of a frame only once all of it is there"
    assert ws.counters.messages_received == 3


@asyncio_test
async def test_a_ping_that_is_on_its_way_within_a_message():
    ends = asyncio.Queue()
    async with await server_end(ends) as server, raw_client(server) as raw:
        ws = await ends.get()
        raw.send(frame(1, b"a") + frame(PING, b"b" * 100)[:50])
        await until(lambda: ws.endpoint.fragments_received == 1)
        assert frames(ws.counters)[0] == (1, 0, 0, 0)


@pytest.mark.parametrize("sizes", [[1], [SHORT], [LONG], [1, LONG, 1], [LONG, LONG], [SHORT, 65536, 125, 126, LONG]])
@pytest.mark.parametrize("role", ["server", "client"])
@asyncio_test
async def test_frames_that_go_in_one_write(role, sizes):
    async with pair() as (client, server):
        ws = server if role == "server" else client
        before = ws.counters
        for size in sizes:
            ws.endpoint.send_a_websocket_message(b"x" * size, False)
        waiting = ws.counters
        ws.flush()
        assert waiting.messages_sent == before.messages_sent + len(sizes), "also before they are written"
        assert frames(ws.counters)[1] == frames(waiting)[1]
        assert ws.counters.octets_sent > before.octets_sent + sum(sizes)


@asyncio_test
async def test_all_that_goes():
    ends = asyncio.Queue()
    async with await server_end(ends) as server, raw_client(server) as raw:
        ws = await ends.get()
        await ws.send(["a", "b", "c"])
        broadcast([ws], b"x" * 10_000)
        await ws.pong(b"unasked")
        waiting = asyncio.create_task(ws.ping(b"p"))
        raw.send(frame(PING, b"q") + frame(PONG, b"p"))
        assert await waiting == ws.counters.latency > 0
        assert frames(ws.counters) == ((2, 0, 1, 1), (7, 2, 1, 2))
        raw.send(close_frame(1000))
        assert [(await raw.frame())[0] for _ in range(8)] == [1, 0, FIN, BINARY, PONG, PING, PONG, CLOSE]
        await raw.close()
        await ws.wait_closed()
        assert frames(ws.counters) == ((3, 0, 1, 1), (8, 2, 1, 2)), "with both Close frames"


@asyncio_test
async def test_both_ends_agree():
    async def handle(ws):
        async for message in ws:
            await ws.send(message)

    async with pair(handle) as (ws, there):
        for message in ("a", b"b" * 5000, "c" * 100_000, ["d", "e"]):
            await ws.send(message)
            await ws.recv()
        await ws.ping()
        ours, theirs = ws.counters, there.counters
        assert (ours.octets_sent, ours.frames_sent, ours.messages_sent) == (
            theirs.octets_received,
            theirs.frames_received,
            theirs.messages_received,
        )
        assert (ours.octets_received, ours.frames_received, ours.messages_received) == (
            theirs.octets_sent,
            theirs.frames_sent,
            theirs.messages_sent,
        )
        assert (ours.pings_sent, theirs.pongs_sent, ours.pongs_received) == (1, 1, 1)


def test_they_are_numbers_by_name():
    counters = Counters(octets_received=5, latency=0.25)
    assert counters.as_dict()["octets_received"] == counters.octets_received == 5
    assert list(counters.as_dict()) == [
        f"{what}_{how}" for what in ("octets", "frames", "messages", "pings", "pongs") for how in ("received", "sent")
    ] + ["latency"]
    assert all(value == 0 for name, value in Counters().as_dict().items() if name != "latency")


@asyncio_test
async def test_a_connection_without_a_handshake_counts_from_the_first_frame():
    connection = Connection(Endpoint.established(refws.Role.SERVER), TimeLimits())
    connection.data_received(frame(TEXT, b"a") + frame(1, b"b"))
    connection.endpoint.send_a_websocket_message("c")
    connection.flush()
    assert frames(connection.counters) == ((2, 1, 0, 0), (1, 1, 0, 0))
    assert connection.counters.octets_sent == 0, "there is no transport"
    assert connection.counters.latency is None


@asyncio_test
async def test_a_failed_handshake_has_no_frames():
    ends = asyncio.Queue()
    async with await server_end(ends) as server:
        connections = server._service.connections
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"nonsense\r\n\r\n")
        await until(lambda: connections)
        [ws] = connections
        await reader.read()
        assert frames(ws.counters) == ((0, 0, 0, 0), (0, 0, 0, 0))
        assert ws.counters.octets_received == 12
        assert ws.counters.octets_sent > 50
        writer.close()
        await writer.wait_closed()
