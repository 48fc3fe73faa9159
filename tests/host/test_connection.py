"""Octets of one transport through one endpoint: order, FIN, time limits."""

import asyncio
import contextlib
import logging
import ssl

import pytest
import trustme
from peers import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    answer,
    asyncio_test,
    close_frame,
    count,
    echo,
    frame,
    raw_client,
    raw_server,
    request,
    tcp,
    until,
)

import refws
from refws.host.connection.callbacks import Connection, TimeLimits
from refws.host.connection.pings import PingingConnection
from refws.host.http11 import Endpoint
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri

BAD = frame(0x83)


class Echo(Connection):
    """All that there is without coroutines."""

    def request_received(self, request):
        self.deliver([self.endpoint.accept()])

    def message_received(self, message):
        self.endpoint.send_a_websocket_message(message)


@contextlib.asynccontextmanager
async def callbacks():
    made = []

    def factory():
        made.append(Echo(Endpoint(refws.Role.SERVER), TimeLimits()))
        return made[-1]

    listening = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    listening.port = listening.sockets[0].getsockname()[1]
    try:
        yield listening, made
    finally:
        listening.close()


@asyncio_test
async def test_callbacks_are_enough_for_an_echo():
    async with callbacks() as (server, made), raw_client(server) as raw:
        raw.send(frame(TEXT, b"a") + frame(PING, b"b") + frame(BINARY, b"c") + close_frame(1000))
        pong, *others = sorted(await raw.frames_to_the_end(), key=lambda received: received[0] != PONG)
        assert pong == (PONG, b"b")
        assert others == [(TEXT, b"a"), (BINARY, b"c"), (CLOSE, b"\x03\xe8")]
        await raw.close()
        await until(lambda: made[0].transport is None)
        assert made[0].endpoint.closing.cleanly


@asyncio_test
async def test_reading_can_be_held_up():
    async with callbacks() as (server, made), raw_client(server) as raw:
        made[0].hold_up_reading()
        assert not made[0].transport.is_reading()
        raw.send(frame(TEXT, b"later"))
        made[0].read_on()
        assert await raw.frame() == (TEXT, b"later")


@pytest.mark.clause("rfc6455:7.2.1-p2-s1", "rfc6455:7.1.5-p1-s5")
@asyncio_test
async def test_a_loss_of_tcp_is_an_abnormal_closure():
    async with callbacks() as (server, made):
        async with raw_client(server):
            pass
        await until(lambda: made and made[0].transport is None)
        closing = made[0].endpoint.closing
        assert (closing.code, closing.sent, closing.failure.clause) == (1006, None, "rfc6455:7.2.1-p2-s1")


class Client(Connection):
    """A client without coroutines."""

    def connection_made(self, transport):
        super().connection_made(transport)
        self.endpoint.connect(parse_websocket_uri("ws://localhost/"))
        self.flush()


async def connected(uri, **times):
    uri = parse_websocket_uri(uri)
    made = Client(Endpoint(refws.Role.CLIENT), TimeLimits(**times))
    await asyncio.get_running_loop().create_connection(lambda: made, uri.host, uri.port)
    return made


@pytest.mark.clause("rfc6455:7.2.1-p1-s2")
@asyncio_test
async def test_a_client_whose_handshake_fails_closes_tcp():
    async def script(raw):
        await raw.head()
        raw.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        async with asyncio.timeout(5):
            assert await raw.reader.read() == b"", "no Close frame, as nothing was established"

    async with raw_server(script) as uri:
        client = await connected(uri, close_timeout=None)
        await until(lambda: client.transport is None)
        assert (client.endpoint.closing.failure.status, client.endpoint.closing.cleanly) == (404, False)


@pytest.mark.clause("rfc6455:7.1.7-p3-s1")
@asyncio_test
async def test_a_client_that_is_connected_has_no_time_limit_any_more():
    async def script(raw):
        await answer(raw)
        assert await raw.reader.read() == b""

    async with raw_server(script) as uri:
        client = await connected(uri, open_timeout=10)
        limit = client._timer
        await until(lambda: client.endpoint.ready_state is refws.ReadyState.OPEN)
        assert (limit.cancelled(), client._timer) == (True, None)
        client.transport.close()


@pytest.mark.clause("rfc6455:7.2.2-p1-s2")
@asyncio_test
async def test_a_server_that_stops_closes_tcp_under_a_handshake():
    async with refws.serve(echo, open_timeout=None, close_timeout=None) as server, tcp(server) as raw:
        raw.send(request()[:-1])
        await until(lambda: server.connections)
        async with asyncio.timeout(5):
            await server.close()
            with contextlib.suppress(ConnectionResetError):
                assert await raw.reader.read() == b""


@asyncio_test
async def test_a_client_that_leaves_during_the_handshake():
    async with callbacks() as (server, made):
        async with tcp(server) as raw:
            raw.send(b"GET / HT")
        await until(lambda: made and made[0].transport is None)
        assert made[0].endpoint.ready_state is refws.ReadyState.CLOSED


@pytest.mark.clause("rfc6455:7.1.7-p2-s1", "rfc6455:7.1.7-p2-s3")
@pytest.mark.parametrize("together", [True, False])
@asyncio_test
async def test_a_failure_comes_behind_the_echo_of_a_task_that_awaits_in_between(together):
    async def slow_echo(ws):
        async for message in ws:
            for _ in range(5):
                await asyncio.sleep(0)
            await ws.send(message)

    async with refws.serve(slow_echo) as server, raw_client(server) as raw:
        octets = frame(TEXT, b"one") + frame(TEXT, b"two") + BAD + frame(TEXT, b"never") + BAD
        for piece in [octets] if together else [octets[i : i + 1] for i in range(len(octets))]:
            raw.send(piece)
        one, two, close = await raw.frames_to_the_end()
        assert (one, two) == ((TEXT, b"one"), (TEXT, b"two"))
        assert (close[0], close[1][:2]) == (CLOSE, b"\x03\xea")


@pytest.mark.clause("rfc6455:5.5.1-p5-s1", "rfc6455:5.5.1-p5-s4/1", "rfc6455:5.5.1-p4-s1")
@asyncio_test
async def test_a_close_is_answered_behind_the_echo_of_a_task_that_awaits_in_between():
    gate = asyncio.Event()

    async def slow_echo(ws):
        async for message in ws:
            await gate.wait()
            await ws.send(message)

    async with refws.serve(slow_echo) as server, raw_client(server) as raw:
        raw.send(frame(TEXT, b"one") + frame(TEXT, b"two"))
        raw.send(close_frame(1000))
        raw.send(frame(PING, b"is not answered behind a Close"))
        connection = next(iter(server.connections))
        await until(lambda: connection.endpoint.reaction_is_due)
        gate.set()
        assert await raw.frames_to_the_end() == [(TEXT, b"one"), (TEXT, b"two"), (CLOSE, b"\x03\xe8")]


@pytest.mark.clause("rfc6455:5.5.1-p5-s3")
@asyncio_test
async def test_an_application_that_never_receives_does_not_hold_back_the_answer_to_a_close():
    async def deaf(ws):
        await ws.wait_closed()

    async with refws.serve(deaf, answer_timeout=None) as server, raw_client(server) as raw:
        raw.send(close_frame(1001, b"bye"))
        assert await raw.frames_to_the_end() == [(CLOSE, b"\x03\xe9")]


@asyncio_test
async def test_how_long_an_application_can_hold_it_back_has_a_limit():
    forever = asyncio.Event()

    async def stuck(ws):
        await ws.recv()
        await forever.wait()

    async with refws.serve(stuck, answer_timeout=0.05, close_timeout=0.05) as server, raw_client(server) as raw:
        raw.send(frame(TEXT, b"work on this") + close_frame(1000))
        assert await raw.frames_to_the_end() == [(CLOSE, b"\x03\xe8")]


@asyncio_test
async def test_what_is_sent_before_a_half_close_is_echoed():
    async with refws.serve(echo) as server, raw_client(server) as raw:
        raw.send(b"".join(frame(TEXT, b"%d" % i) for i in range(3)))
        raw.writer.write_eof()
        assert await raw.frames_to_the_end() == [(TEXT, b"0"), (TEXT, b"1"), (TEXT, b"2")]


@pytest.mark.clause("rfc6455:7.1.1-p1-s2", "rfc6455:5.5.1-p6-s2/1")
@pytest.mark.parametrize("octets", [close_frame(1000), BAD], ids=["close", "failure"])
@asyncio_test
async def test_what_trails_the_end_is_dropped_and_does_not_reset_the_connection(octets):
    async with refws.serve(echo) as server, raw_client(server) as raw:
        raw.send(octets + frame(BINARY, bytes(1 << 20)))
        assert count(await raw.frames_to_the_end()) == {CLOSE: 1}
        raw.send(frame(BINARY, bytes(1 << 20)))
        await raw.writer.drain()
        raw.writer.write_eof()
        assert await raw.reader.read() == b""
        await until(lambda: not server.connections)


@pytest.mark.clause("rfc6455:7.1.1-p1-s2")
@asyncio_test
async def test_a_connection_that_ends_is_read_on_even_if_reading_was_held_up():
    async with callbacks() as (server, made), raw_client(server) as raw, asyncio.timeout(5):
        made[0].hold_up_reading()
        raw.send(frame(BINARY, bytes(1 << 20)))
        made[0].fail(refws.Failure("rfc6455:7.1.1-p1-s3", 1011, "a reason of this side"))
        assert count(await raw.frames_to_the_end()) == {CLOSE: 1}
        raw.writer.write_eof()
        assert await raw.reader.read() == b""
        await until(lambda: made[0].transport is None)


@pytest.mark.clause("rfc6455:7.1.1-p1-s1", "rfc6455:7.1.1-p2-s1", "rfc6455:7.1.1-p2-s3/1", "rfc6455:7.1.2-p1-s2")
@pytest.mark.clause("rfc6455:7.1.7-p1-s3/1")
@pytest.mark.parametrize("octets", [close_frame(1000), BAD], ids=["close", "failure"])
@asyncio_test
async def test_a_server_closes_tcp_first(octets):
    async with refws.serve(echo, close_timeout=None) as server, raw_client(server) as raw:
        raw.send(octets)
        async with asyncio.timeout(5):
            assert count(await raw.frames_to_the_end()) == {CLOSE: 1}


@pytest.mark.clause("rfc6455:7.1.1-p2-s3/2", "rfc6455:7.1.7-p2-s1", "rfc6455:7.1.7-p2-s3")
@asyncio_test
async def test_a_client_that_fails_leaves_the_first_fin_to_the_server():
    async def script(raw):
        await answer(raw, behind=frame(0x83, mask=False))
        first, payload = await raw.frame()
        assert (first, payload[:2]) == (CLOSE, b"\x03\xea")
        raw.send(frame(PING, mask=False) + close_frame(1002, mask=False))
        reading = asyncio.create_task(raw.reader.read())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not reading.done()
        raw.writer.write_eof()
        assert await reading == b"", "neither a Pong nor another Close"

    async with raw_server(script) as uri:
        client = await connected(uri, close_timeout=None)
        await until(lambda: client.transport is None)
        assert (client.endpoint.closing.received, client.endpoint.closing.code) == (None, 1006)


@pytest.mark.clause("rfc6455:7.1.7-p1-s2/1", "rfc6455:7.1.1-p2-s2", "rfc6455:7.1.1-p1-s3")
@asyncio_test
async def test_but_closes_tcp_itself_where_the_server_does_not():
    async def script(raw):
        await answer(raw, behind=frame(0x83, mask=False))
        async with asyncio.timeout(5):
            assert count(await raw.frames_to_the_end()) == {CLOSE: 1}

    async with raw_server(script) as uri:
        client = await connected(uri, close_timeout=0.05)
        await until(lambda: client.transport is None)


@pytest.mark.clause("rfc6455:7.1.1-p2-s3/1", "rfc6455:7.1.1-p1-s3")
@pytest.mark.parametrize("octets", [close_frame(1000), BAD], ids=["close", "failure"])
@asyncio_test
async def test_a_peer_that_never_closes_tcp_is_waited_for_no_longer_than_close_timeout(octets):
    async with refws.serve(echo, close_timeout=0.05) as server, raw_client(server) as raw:
        raw.send(octets)
        await raw.frames_to_the_end()
        await until(lambda: not server.connections)


@asyncio_test
async def test_an_opening_handshake_that_takes_too_long_ends():
    async with refws.serve(echo, open_timeout=0.05) as server, tcp(server) as raw:
        raw.send(request()[:-1])
        with contextlib.suppress(ConnectionResetError):
            assert await raw.reader.read() == b""
        await until(lambda: not server.connections)


@pytest.mark.clause("rfc6455:7.1.7-p1-s3/2")
@asyncio_test
async def test_a_failure_is_logged_with_its_clause(caplog):
    caplog.set_level(logging.INFO, "refws")
    async with refws.serve(echo) as server, raw_client(server) as raw:
        raw.send(BAD)
        await raw.frames_to_the_end()
    assert [r.getMessage() for r in caplog.records if "failed" in r.getMessage()] == [
        "failed the connection: unknown opcode 3 [rfc6455:5.2-p8-s2]"
    ]


@asyncio_test
async def test_answers_within_one_turn_of_the_loop_are_one_write():
    writes = []

    async def handler(ws):
        write = ws.transport.write
        ws.transport.write = lambda octets: (writes.append(octets), write(octets))
        await echo(ws)

    async with refws.serve(handler) as server, raw_client(server) as raw:
        raw.send(b"".join(frame(TEXT, b"%d" % i) for i in range(9)))
        assert [(await raw.frame())[1] for _ in range(9)] == [b"%d" % i for i in range(9)]
        assert len(writes) == 1


@pytest.mark.clause("rfc6455:5.5.3-p3-s1", "rfc6455:5.5.2-p3-s1")
@asyncio_test
async def test_pings_of_a_peer_that_takes_no_pongs_hold_up_reading():
    payload = bytes(125)
    async with refws.serve(echo) as server, raw_client(server) as raw:
        connection = next(iter(server.connections))
        sent = 0
        while connection.transport.is_reading():
            raw.send(frame(PING, payload) * 500)
            sent += 500
            await asyncio.sleep(0)
        for _ in range(sent):
            assert await raw.frame() == (PONG, payload)
        assert connection.transport.is_reading()


@pytest.fixture(scope="module")
def contexts():
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


@pytest.mark.clause("rfc6455:10.6-p1-s2/1", "rfc6455:4.1-p19-s3", "rfc6455:5.1-p1-s3")
@pytest.mark.clause("rfc6455:7.1.1-p1-s1", "rfc6455:7.1.2-p1-s2")
@asyncio_test
async def test_over_tls_messages_closing_and_failure_are_the_same(contexts):
    serving, connecting = contexts

    async def handler(ws):
        if ws.request.path == "/fail":
            ws.transport.write(b"\x83\x00")
        await echo(ws)

    async with refws.serve(handler, tls=serving) as server:
        assert server.uri.startswith("wss://127.0.0.1:")
        async with refws.connect(server.uri, tls=connecting) as ws:
            for message in ["text", bytes(100_000)]:
                await ws.send(message)
                assert await ws.recv() == message
            await ws.close(3000, "done")
        assert (ws.close_received.code, ws.endpoint.closing.cleanly) == (3000, True)
        async with refws.connect(f"{server.uri}/fail", tls=connecting) as ws:
            with pytest.raises(refws.ConnectionClosed, match="unknown opcode"):
                await ws.recv()


@asyncio_test
async def test_a_tls_client_that_does_not_finish_its_handshake_is_not_waited_for(contexts):
    async with refws.serve(echo, tls=contexts[0], open_timeout=0.05) as server, tcp(server) as raw:
        with contextlib.suppress(ConnectionResetError):
            assert await raw.reader.read() == b""


@asyncio_test
async def test_a_protocol_without_pings_is_not_kept_alive_by_them():
    class Old(Endpoint):
        has_pings = False

    for endpoint, timers in [(Old, 0), (Endpoint, 1)]:
        connection = PingingConnection(endpoint(refws.Role.SERVER), TimeLimits(ping_interval=1000))
        connection.opened(None)
        assert (connection._timer is not None) == timers
        connection.set_timer(None, None)
