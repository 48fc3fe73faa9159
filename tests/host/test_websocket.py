"""The coroutine interface: receive, send, ping, close, and what is left behind."""

import asyncio

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
    echo,
    frame,
    pair,
    raw_client,
    raw_server,
    until,
)

import refws
from refws.host.connection.pings import PingingConnection
from refws.host.connection.times import TimeLimits


async def deaf(ws):
    await ws.wait_closed()


@asyncio_test
async def test_messages_of_both_types_in_both_directions():
    async with pair() as (ws, there):
        for message in ["", "Grüße", b"", b"\x00\xff", "x" * 70_000, bytes(200_000)]:
            await ws.send(message)
            assert await ws.recv() == message
        await ws.send(bytearray(b"like bytes"))
        assert await ws.recv() == b"like bytes"
        assert (ws.ready_state, ws.request.target, ws.response.status) == (refws.ReadyState.OPEN, "/", 101)
        assert (there.request.target, there.response) == ("/", None)
    assert (ws.ready_state, ws.dropped) == (refws.ReadyState.CLOSED, 0)


@pytest.mark.clause("rfc6455:7.3-p1-s3")
@pytest.mark.parametrize("closing", ["client", "server"])
@asyncio_test
async def test_either_side_closes_with_a_close_frame(closing):
    async with pair(deaf) as (ws, there):
        closer, other = (ws, there) if closing == "client" else (there, ws)
        task = asyncio.create_task(closer.close(4000, "enough"))
        with pytest.raises(refws.ConnectionClosed):
            await other.recv()
        await task
        assert (closer.close_sent, other.close_received) == (refws.Close(4000, "enough"),) * 2


@asyncio_test
async def test_a_normal_closing_ends_the_loop():
    async def greet(ws):
        await ws.send("hello")
        async with ws:
            await ws.send("bye")

    async with pair(greet) as (ws, _):
        assert [message async for message in ws] == ["hello", "bye"]
        assert (ws.close_received, ws.close_sent) == (refws.Close(1000), refws.Close(1000))


@pytest.mark.clause("rfc6455:7.1.5-p1-s3", "rfc6455:7.1.6-p1-s3")
@asyncio_test
async def test_any_other_closing_is_raised():
    async with pair(lambda ws: ws.close(4000, "no more")) as (ws, _):
        with pytest.raises(refws.ConnectionClosed, match=r"closed by the peer with 4000 \(no more\)") as caught:
            async for _ in ws:
                pass
        closed = caught.value
        assert (closed.code, closed.reason, closed.cleanly, closed.normally) == (4000, "no more", True, False)
        assert (closed.sent, closed.received) == (refws.Close(4000), refws.Close(4000, "no more"))
        for attempt in (ws.recv, lambda: ws.send("late"), ws.ping, ws.pong):
            with pytest.raises(refws.ConnectionClosed):
                await attempt()
        await ws.close(1001)


@pytest.mark.clause("rfc6455:7.4-p1-s2")
@pytest.mark.parametrize("code", [1000, 1001, None])
@asyncio_test
async def test_codes_that_end_a_loop_without_an_exception(code):
    async with pair(lambda ws: ws.close(code)) as (ws, _):
        assert [message async for message in ws] == []
        assert ws.close_received == refws.Close(code or 1005)


@pytest.mark.clause("rfc6455:7.4-p1-s2")
@pytest.mark.parametrize("code", [1002, 1011, 3000, 4999])
@asyncio_test
async def test_codes_that_do_not(code):
    async with pair(lambda ws: ws.close(code)) as (ws, _):
        with pytest.raises(refws.ConnectionClosed, match=f"closed by the peer with {code}"):
            await anext(ws)


@pytest.mark.clause("rfc6455:7.1.7-p1-s2/2")
@asyncio_test
async def test_a_client_is_told_why_its_connection_failed():
    async def script(raw):
        await answer(raw, behind=frame(0x83, mask=False))
        assert (await raw.frame())[0] == CLOSE

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        with pytest.raises(refws.ConnectionClosed, match="unknown opcode 3") as caught:
            await ws.recv()
        assert (caught.value.failure.clause, caught.value.cleanly) == ("rfc6455:5.2-p8-s2", False)


@asyncio_test
async def test_a_connection_that_was_lost_says_so():
    async with pair() as (ws, there):
        there.transport.abort()
        with pytest.raises(refws.ConnectionClosed, match="closed TCP") as caught:
            await anext(ws)
        assert (caught.value.code, caught.value.cleanly, caught.value.sent) == (1006, False, None)


@asyncio_test
async def test_an_own_close_is_told_apart():
    async def script(raw):
        await answer(raw)
        assert await raw.frame() == (CLOSE, b"\x03\xe8")
        raw.send_frame(TEXT, b"still on its way", mask=False)

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        closing = asyncio.create_task(ws.close())
        assert await ws.recv() == "still on its way"
        await closing
        with pytest.raises(refws.ConnectionClosed) as caught:
            await ws.recv()
        assert (caught.value.sent, caught.value.received, caught.value.code) == (refws.Close(1000), None, 1006)


@asyncio_test
async def test_sending_after_ones_own_close():
    async with pair() as (ws, _):
        closing = asyncio.create_task(ws.close())
        await asyncio.sleep(0)
        with pytest.raises(refws.ConnectionClosed, match="closed by this side with 1006"):
            await ws.send("late")
        await closing


@asyncio_test
async def test_usage_errors_are_the_callers_and_harm_nobody():
    async with pair() as (ws, _):
        for attempt in (
            lambda: ws.send("\ud800"),
            lambda: ws.ping(bytes(126)),
            lambda: ws.pong(bytes(126)),
            lambda: ws.close(1005),
            lambda: ws.close(1000, "x" * 124),
        ):
            with pytest.raises(refws.UsageError):
                await attempt()
        await ws.send("unharmed")
        assert await ws.recv() == "unharmed"


@asyncio_test
async def test_one_task_receives():
    async with pair() as (ws, _):
        first = asyncio.create_task(ws.recv())
        await asyncio.sleep(0)
        with pytest.raises(refws.UsageError, match="another task"):
            await ws.recv()
        await ws.send("for the first")
        assert await first == "for the first"


@asyncio_test
async def test_a_receiver_that_is_cancelled_loses_nothing():
    async with pair() as (ws, there):
        receiving = asyncio.create_task(ws.recv())
        await asyncio.sleep(0)
        await there.send("kept")
        await until(lambda: ws._queue)
        receiving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await receiving
        assert await ws.recv() == "kept"


@asyncio_test
async def test_a_receiver_that_is_cancelled_before_leaves_nothing_behind():
    async with pair() as (ws, there):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await ws.recv()
        await there.send("next")
        assert await ws.recv() == "next"


@asyncio_test
async def test_send_waits_for_a_peer_that_does_not_read_and_goes_on_when_it_does():
    size = 32 << 20
    go = asyncio.Event()

    async def script(raw):
        await answer(raw)
        await go.wait()
        assert [len((await raw.frame())[1]) for _ in range(2)] == [size, 1]
        raw.send(close_frame(1000, mask=False))
        assert await raw.frame() == (CLOSE, b"\x03\xe8")

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        waiting = [asyncio.create_task(ws.send(bytes(size))), asyncio.create_task(ws.send(b"x"))]
        for _ in range(20):
            await asyncio.sleep(0)
        assert [task.done() for task in waiting] == [False, False]
        waiting[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting[1]
        go.set()
        await waiting[0]
        assert [message async for message in ws] == []


@asyncio_test
async def test_send_does_not_wait_for_a_peer_that_is_gone():
    go = asyncio.Event()

    async def script(raw):
        await answer(raw)
        await go.wait()
        raw.writer.transport.abort()

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        sending = asyncio.create_task(ws.send(bytes(32 << 20)))
        await asyncio.sleep(0)
        go.set()
        await sending
        with pytest.raises(refws.ConnectionClosed):
            await ws.send("more")


@asyncio_test
async def test_reading_pauses_while_nobody_takes_and_resumes():
    gate = asyncio.Event()

    async def slow(ws):
        await gate.wait()
        await echo(ws)

    async with refws.serve(slow, max_queue=4) as server, raw_client(server) as raw:
        connection = next(iter(server.connections))
        sent = 0
        while connection.transport.is_reading():
            raw.send_frame(BINARY, bytes(10_000))
            sent += 1
            await asyncio.sleep(0)
        gate.set()
        for _ in range(sent):
            assert await raw.frame() == (BINARY, bytes(10_000))
        assert connection.transport.is_reading()


@pytest.mark.clause("rfc6455:5.5.1-p5-s5")
@asyncio_test
async def test_messages_behind_an_own_close_are_received_or_counted():
    sent = 200

    async def script(raw):
        await answer(raw)
        assert (await raw.frame())[0] == CLOSE
        for _ in range(sent):
            raw.send_frame(TEXT, b"late", mask=False)
            await raw.writer.drain()
            await asyncio.sleep(0)
        raw.send(close_frame(1000, mask=False))

    async with raw_server(script) as uri:
        async with refws.connect(uri, max_queue=2) as ws:
            await ws.close()
        received = [message async for message in ws]
        assert len(received) + ws.dropped == sent
        assert received


@pytest.mark.clause("rfc6455:5.5.1-p5-s5")
@pytest.mark.parametrize(("unread", "dropped"), [(2, 0), (3, 1)])
@asyncio_test
async def test_behind_an_own_close_no_more_messages_queue_up_than_may(unread, dropped):
    clients = []

    async def script(raw):
        await answer(raw)
        assert (await raw.frame())[0] == CLOSE
        for _ in range(unread):
            raw.send_frame(TEXT, b"late", mask=False)
        await until(lambda: len(clients[0]._queue) == unread)
        raw.send_frame(TEXT, b"later", mask=False)
        raw.send(close_frame(1000, mask=False))

    async with raw_server(script) as uri:
        async with refws.connect(uri, max_queue=2) as ws:
            clients.append(ws)
        assert (len([message async for message in ws]), ws.dropped) == (unread + 1 - dropped, dropped)


@asyncio_test
async def test_messages_before_the_end_are_received_after_it():
    async with pair(deaf) as (ws, there):
        for i in range(3):
            await there.send(f"{i}")
        closing = asyncio.create_task(there.close(4001))
        await until(lambda: ws.endpoint.reaction_is_due)
        assert (ws.ready_state, ws.close_sent) == (refws.ReadyState.OPEN, None)
        assert [await ws.recv() for _ in range(3)] == ["0", "1", "2"]
        with pytest.raises(refws.ConnectionClosed, match="4001"):
            await ws.recv()
        await closing


@asyncio_test
async def test_closing_takes_note_of_a_close_that_waits_for_the_application():
    async def handler(ws):
        await ws.recv()
        await until(lambda: ws.endpoint.reaction_is_due)
        await ws.close(1011, "too late to say this")

    async with refws.serve(handler) as server, raw_client(server) as raw:
        raw.send(frame(TEXT, b"x") + close_frame(4321))
        assert await raw.frames_to_the_end() == [(CLOSE, (4321).to_bytes(2, "big"))]


@pytest.mark.clause("rfc6455:5.5.2-p4-s1", "rfc6455:5.5.2-p2-s1", "rfc6455:5.5.3-p5-s1")
@asyncio_test
async def test_ping_gives_the_seconds_that_it_took():
    async with pair(deaf) as (ws, there):
        assert ws.latency is None
        seconds = await ws.ping()
        assert 0 <= seconds < 10
        assert ws.latency == seconds
        assert await there.ping(b"payload") == there.latency
        await ws.pong(b"unasked")
        await there.ping()


@pytest.mark.clause("rfc6455:5.5.3-p4-s1")
@asyncio_test
async def test_a_pong_answers_the_pings_before_its_own_too():
    async def script(raw):
        await answer(raw)
        pings = [await raw.frame() for _ in range(3)]
        assert [first for first, _ in pings] == [PING] * 3
        raw.send_frame(PONG, b"never asked", mask=False)
        raw.send_frame(PONG, pings[1][1], mask=False)
        raw.send_frame(PONG, pings[1][1], mask=False)
        assert (await raw.frame())[0] == CLOSE
        raw.send(close_frame(1000, mask=False))

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        pings = [asyncio.create_task(ws.ping(payload)) for payload in (b"1", b"2", b"3")]
        await asyncio.wait(pings[:2])
        assert pings[0].result() >= pings[1].result() == ws.latency
        with pytest.raises(refws.UsageError, match="waiting for its Pong"):
            await ws.ping(b"3")
        await ws.close()
        with pytest.raises(refws.ConnectionClosed):
            await pings[2]


@asyncio_test
async def test_pings_that_nobody_waits_for_any_more():
    async def script(raw):
        await answer(raw)
        pings = [await raw.frame() for _ in range(2)]
        raw.send_frame(PONG, pings[0][1], mask=False)
        assert (await raw.frame())[0] == PONG

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        for _ in range(2):
            pinging = asyncio.create_task(ws.ping())
            await asyncio.sleep(0)
            pinging.cancel()
        await until(lambda: len(ws._pings) == 1)
        await ws.pong()
        with pytest.raises(refws.ConnectionClosed):
            await ws.recv()


@pytest.mark.clause("rfc6455:7.3-p1-s2")
@asyncio_test
async def test_keep_alive_pings_go_on_while_they_are_answered():
    async def script(raw):
        await answer(raw)
        for _ in range(4):
            first, payload = await raw.frame()
            assert (first, len(payload)) == (PING, 8)
            raw.send_frame(PONG, payload, mask=False)
        raw.send(close_frame(1000, mask=False))
        assert (await raw.frame())[0] == CLOSE

    async with raw_server(script) as uri, refws.connect(uri, ping_interval=0.01, ping_timeout=10) as ws:
        assert [message async for message in ws] == []
        assert ws.latency is not None


@asyncio_test
async def test_a_keep_alive_ping_that_is_not_answered_ends_the_connection():
    async def script(raw):
        await answer(raw)
        raw.send_frame(TEXT, b"before", mask=False)
        frames = await raw.frames_to_the_end()
        assert [first for first, _ in frames] == [PING, CLOSE]
        assert frames[1][1][:2] == (1011).to_bytes(2, "big")

    times = {"ping_interval": 0.01, "ping_timeout": 0.05, "close_timeout": 0.05}
    async with raw_server(script) as uri, refws.connect(uri, **times) as ws:
        assert await ws.recv() == "before"
        with pytest.raises(refws.ConnectionClosed, match="no Pong came") as caught:
            await ws.recv()
        assert caught.value.sent.code == 1011


@pytest.fixture
def gate(monkeypatch):
    """Opens when three times no Pong has been seen in time."""
    gate = asyncio.Event()
    timeouts = []
    timeout = PingingConnection._keep_alive_timeout

    def again(ws):
        timeouts.append(ws)
        if len(timeouts) == 3:
            gate.set()
        timeout(ws)

    monkeypatch.setattr(PingingConnection, "_keep_alive_timeout", again)
    return gate


@asyncio_test
async def test_an_application_that_is_slow_is_not_a_peer_that_is_dead(gate):
    async def slow(ws):
        await gate.wait()
        await echo(ws)

    options = {"max_queue": 1, "ping_interval": 0.01, "ping_timeout": 0.1}
    async with refws.serve(slow, **options) as server, raw_client(server) as raw:
        connection = next(iter(server.connections))
        sent = 0
        while connection.transport.is_reading():
            raw.send_frame(TEXT, b"%d" % sent)
            sent += 1
            await asyncio.sleep(0)
        received = []
        while len(received) < sent:
            first, payload = await raw.frame()
            if first == PING:
                raw.send_frame(PONG, payload)
            else:
                received.append(payload)
        assert received == [b"%d" % i for i in range(sent)]


@pytest.mark.clause("rfc6455:7.2.1-p3-s1")
@asyncio_test
async def test_nor_does_a_slow_client_close_its_connection(gate):
    opened = asyncio.get_running_loop().create_future()
    sent = []

    async def script(raw):
        await answer(raw)
        transport = (await opened).transport
        while transport.is_reading():
            sent.append(str(len(sent)))
            raw.send_frame(TEXT, sent[-1].encode(), mask=False)
            await asyncio.sleep(0)
        while (received := await raw.frame())[0] == PING:
            raw.send_frame(PONG, received[1], mask=False)
        assert received == (CLOSE, b"\x03\xe8")
        raw.send(close_frame(1000, mask=False))

    options = {"max_queue": 1, "ping_interval": 0.01, "ping_timeout": 0.1}
    async with raw_server(script) as uri, refws.connect(uri, **options) as ws:
        opened.set_result(ws)
        await gate.wait()
        assert [await ws.recv() for _ in sent] == sent


class Loop:
    """Of an event loop, what a connection sets timers with; they go off when a test says so."""

    def create_future(self):
        return asyncio.get_running_loop().create_future()

    def call_later(self, seconds, callback):
        self.strike = callback
        return self

    def cancel(self):
        self.strike = None


class Transport:
    """A transport whose peer takes nothing but what a test takes from it."""

    untaken = 0

    def get_extra_info(self, name, default=None):
        return default

    def is_closing(self):
        return False

    def write(self, octets):
        self.untaken += len(octets)

    def get_write_buffer_size(self):
        return self.untaken

    def can_write_eof(self):
        return True

    def abort(self):
        self.untaken = 0

    resume_reading = write_eof = abort


def pinging():
    """A client that waits for a Pong, its loop and its transport; it has sent 1000 octets before the Ping."""
    loop, transport = Loop(), Transport()
    endpoint = refws.Endpoint.established(refws.Role.CLIENT)
    connection = PingingConnection(endpoint, TimeLimits(), loop)
    connection.connection_made(transport)
    endpoint.send_a_websocket_message(bytes(1000))
    connection.flush()
    connection._keep_alive()
    return connection, loop, transport


@pytest.mark.clause("rfc6455:7.2.1-p3-s1")
@asyncio_test
async def test_a_long_frame_that_comes_keeps_a_pong_waiting():
    connection, loop, transport = pinging()
    transport.untaken = 0
    octets = frame(TEXT, b"a" * 10, mask=False)
    for octet in octets[:-1]:
        connection.data_received(bytes([octet]))
        if connection.endpoint.within_a_frame:
            loop.strike()
            assert connection.endpoint.closing.failure is None
    # Nothing has come since.
    loop.strike()
    assert connection.endpoint.closing.failure.why == "no Pong came for a keep-alive Ping"


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.clause("rfc6455:7.2.1-p3-s1")
@asyncio_test
async def test_a_peer_that_takes_what_is_before_the_ping_has_time_to_answer(ended):
    connection, loop, transport = pinging()
    for _ in range(5):
        transport.untaken -= 100
        loop.strike()
        assert connection.endpoint.closing.failure is None
    if ended:
        # All of it is gone, and the Ping with it; then comes the time for the Pong.
        transport.untaken = 0
        loop.strike()
        assert connection.endpoint.closing.failure is None
        connection.endpoint.send_a_websocket_message(bytes(1000))
        connection.flush()
        transport.untaken = 500
    loop.strike()
    assert connection.endpoint.closing.failure.why == "no Pong came for a keep-alive Ping"


@asyncio_test
async def test_the_keep_alive_timer_ends_with_the_connection():
    async with pair(deaf, client={"ping_interval": 0.01, "ping_timeout": None}) as (ws, there):
        await until(lambda: ws.latency is not None)
        await there.close()
    assert ws._timer is None


@asyncio_test
async def test_a_close_that_is_cancelled_goes_on_without_its_caller():
    go = asyncio.Event()

    async def script(raw):
        await answer(raw)
        await go.wait()
        assert await raw.frames_to_the_end() == [(CLOSE, b"\x03\xe8")]

    async with raw_server(script) as uri:
        ws = await refws.connect(uri, close_timeout=0.1)
        closing = asyncio.create_task(ws.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await ws.wait_closed()
        go.set()
    assert ws.ready_state == refws.ReadyState.CLOSED
