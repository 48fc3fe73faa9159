"""`serve`: the handler, plain HTTP beside it, refusals, and a graceful stop."""

import asyncio
import contextlib
import logging
import socket
import ssl

import pytest
import trustme
from peers import (
    BINARY,
    CLOSE,
    PING,
    TEXT,
    Raw,
    asyncio_test,
    close_frame,
    echo,
    frame,
    pair,
    raw_client,
    request,
    tcp,
    until,
)

import refws
from refws.host.choice import Choice
from refws.host.connection.times import TimeLimits

PAGE = refws.Response(200, refws.HeaderFields([("Content-Type", "text/plain")]), b"a page\n")


def get(target="/", *fields, method="GET"):
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


async def deaf(ws):
    await ws.wait_closed()


async def take_all(ws):
    return [message async for message in ws]


def went_wrong(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# The handler


@pytest.mark.clause("rfc6455:7.3-p1-s1")
@asyncio_test
async def test_a_connection_closes_when_its_handler_returns():
    async with pair(lambda ws: ws.send("only this")) as (ws, _):
        assert [message async for message in ws] == ["only this"]
        assert ws.close_received == refws.Close(1000)


@pytest.mark.clause("rfc6455:7.4.1-p25-s1")
@asyncio_test
async def test_a_handler_that_fails_closes_with_1011(caplog):
    async def fail(ws):
        raise LookupError("of the handler")

    async with pair(fail) as (ws, _):
        with pytest.raises(refws.ConnectionClosed, match=r"1011 \(the handler failed\)"):
            await ws.recv()
    assert went_wrong(caplog) == ["the handler failed"]


@asyncio_test
async def test_a_handler_that_ends_with_its_connection_has_not_failed(caplog):
    ended = asyncio.Event()

    async def handler(ws):
        try:
            while True:
                await ws.send(await ws.recv())
        finally:
            ended.set()

    async with pair(handler) as (ws, _):
        await ws.send("x")
        await ws.recv()
        await ws.close(3333)
        await ended.wait()
    assert went_wrong(caplog) == []


@asyncio_test
async def test_a_task_of_the_application_can_await_the_server():
    server = await refws.serve(echo, "localhost")
    async with server:
        assert server.uri == f"ws://{server.sockets[0].getsockname()[0]}:{server.port}".replace("//::1", "//[::1]")
        async with refws.connect(server.uri) as ws:
            assert len(server.connections) == 1
            await ws.ping()
    assert server.sockets == ()
    with pytest.raises(OSError, match="Connect"):
        await refws.connect(f"ws://127.0.0.1:{1}")


@asyncio_test
async def test_the_uri_of_an_ipv6_address():
    with contextlib.suppress(OSError):
        async with refws.serve(echo, "::1") as server:
            assert server.uri == f"ws://[::1]:{server.port}"
            async with refws.connect(server.uri) as ws:
                assert ws.request.headers.get("Host") == f"[::1]:{server.port}"


@asyncio_test
async def test_a_port_that_is_taken():
    async with refws.serve(echo) as server:
        with pytest.raises(OSError, match="address already in use"):
            await refws.serve(echo, port=server.port)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs unix sockets")
@asyncio_test
async def test_a_unix_socket(tmp_path):
    path = tmp_path / "socket"
    async with refws.serve(echo, path=path) as server:
        assert (server.path, server.uri) == (str(path), "ws://localhost")
        raw = Raw(*await asyncio.open_unix_connection(path))
        raw.send(request() + frame(TEXT, b"hello"))
        assert (await raw.head())[0].split()[1] == "101"
        assert await raw.frame() == (TEXT, b"hello")
        await raw.close()
    assert not path.exists()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs unix sockets")
@asyncio_test
async def test_a_unix_socket_of_somebody_else_is_not_removed(tmp_path):
    path = tmp_path / "socket"
    async with refws.serve(echo, path=path), refws.serve(echo, path=tmp_path / "other"):
        (tmp_path / "other").rename(path)
    assert path.exists()


@asyncio_test
async def test_a_choice_for_each_request():
    async def shout(ws):
        async for message in ws:
            await ws.send(message.upper())

    def choose(request):
        if request.path == "/loud":
            return Choice(shout, subprotocols=["loud"], limits=refws.Limits(max_message_size=5), max_queue=1)
        return refws.Response(410) if request.path == "/gone" else Choice(echo)

    async def choose_later(request):
        await asyncio.sleep(0)
        return choose(request)

    for chooser in (choose, choose_later):
        async with (
            refws.serve(choose=chooser) as server,
            refws.connect(f"{server.uri}/loud", subprotocols=["loud"]) as loud,
            refws.connect(server.uri, subprotocols=["loud"]) as soft,
        ):
            for ws, subprotocol, answer in [(loud, "loud", "HELLO"), (soft, None, "hello")]:
                await ws.send("hello")
                assert (await ws.recv(), ws.subprotocol) == (answer, subprotocol)
            await loud.send("longer")
            with pytest.raises(refws.ConnectionClosed, match="1009"):
                await loud.recv()
            with pytest.raises(refws.HandshakeFailure, match="410"):
                await refws.connect(f"{server.uri}/gone")


@asyncio_test
async def test_the_times_are_those_of_the_choice():
    choice = Choice(deaf, times=TimeLimits(ping_interval=0.01, ping_timeout=0.01))
    async with refws.serve(choose=lambda request: choice, ping_interval=None) as server, raw_client(server) as raw:
        assert [first for first, _ in await raw.frames_to_the_end()] == [PING, CLOSE]


@pytest.mark.parametrize("options", [{}, {"handler": echo, "choose": echo}, {"choose": echo, "http": echo}])
def test_a_server_has_a_handler_or_chooses(options):
    with pytest.raises(refws.UsageError, match="choose"):
        refws.serve(**options)


# The opening handshake


@pytest.fixture(scope="module")
def contexts():
    """A server's that hosts one name, and a client's that trusts it."""
    authority = trustme.CA()
    serving, connecting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("hosted.example").configure_cert(serving)
    authority.configure_trust(connecting)
    unrecognized = ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    serving.sni_callback = lambda _, name, __: None if name == "hosted.example" else unrecognized
    return serving, connecting


@pytest.mark.clause("rfc6455:4.2.2-p2-s1", "rfc6455:4.2.2-p2-s2")
@asyncio_test
async def test_tls_comes_first_and_everything_else_inside(contexts):
    async with refws.serve(echo, tls=contexts[0]) as server:
        raw = Raw(
            *await asyncio.open_connection("127.0.0.1", server.port, ssl=contexts[1], server_hostname="hosted.example")
        )
        raw.send(request() + frame(TEXT, b"inside"))
        assert (await raw.head())[0].split()[1] == "101"
        assert await raw.frame() == (TEXT, b"inside")
        await raw.close()


@pytest.mark.clause("rfc6455:4.2.2-p2-s2")
@asyncio_test
async def test_a_tls_handshake_that_fails_closes_the_connection(contexts):
    async with refws.serve(echo, tls=contexts[0]) as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", server.port, ssl=contexts[1], server_hostname="other.example")
        async with tcp(server) as raw:
            raw.send(request())
            with contextlib.suppress(ConnectionResetError):
                assert b"HTTP" not in await raw.reader.read()
        assert not server.connections


@pytest.mark.clause("rfc6455:4.2.2-p22-s3", "rfc6455:4.2.2-p22-s2")
@asyncio_test
async def test_frames_in_the_segment_of_the_request_are_not_lost():
    async with refws.serve(echo) as server, tcp(server) as raw:
        raw.send(request() + frame(TEXT, b"early") + close_frame(1000))
        assert (await raw.head())[0].split()[1] == "101"
        assert await raw.frames_to_the_end() == [(TEXT, b"early"), (CLOSE, b"\x03\xe8")]


@pytest.mark.clause("rfc6455:4.2.2-p10-s2", "rfc6455:4.2.2-p10-s3", "rfc6455:4.2.2-p10-s4", "rfc6455:4.2.2-p20-s1")
@pytest.mark.parametrize(
    ("policy", "offered", "chosen"),
    [
        (["b", "a"], "a, b", "b"),
        (["b", "a"], "a", "a"),
        (["c"], "a, b", None),
        ([], "a", None),
        (lambda offered: offered[-1], "a, b", "b"),
        (lambda offered: None, "a, b", None),
    ],
)
@asyncio_test
async def test_the_subprotocol_is_the_servers_choice(policy, offered, chosen):
    async with refws.serve(deaf, subprotocols=policy) as server, tcp(server) as raw:
        raw.send(request(f"Sec-WebSocket-Protocol: {offered}"))
        status, fields, _ = await raw.response()
        assert (status, dict(fields).get("sec-websocket-protocol")) == (101, chosen)
        assert [connection.subprotocol for connection in server.connections] == [chosen]


def fail_at_once(_):
    raise LookupError("of a policy")


@pytest.mark.parametrize(
    "mistake",
    [
        {"subprotocols": fail_at_once},
        {"origins": fail_at_once},
        {"subprotocols": lambda offered: "not offered"},
        {"additional_headers": [("Upgrade", "other")]},
        {"additional_headers": [("X", "a\nb")]},
    ],
    ids=["subprotocols fail", "origins fail", "subprotocol", "field of the handshake", "no field"],
)
@asyncio_test
async def test_a_mistake_of_the_server_is_500_and_logged(mistake, caplog):
    async with refws.serve(echo, **mistake) as server, tcp(server) as raw:
        raw.send(request("Sec-WebSocket-Protocol: a"))
        assert (await raw.response())[0] == 500
        assert await raw.reader.read() == b""
    assert went_wrong(caplog) == ["the opening handshake cannot be answered"]


@pytest.mark.clause("rfc6455:10.2-p1-s1", "rfc6455:10.2-p1-s2")
@pytest.mark.parametrize(("origin", "status"), [("http://GOOD.example", 101), ("http://bad.example", 403), (None, 403)])
@asyncio_test
async def test_origins(origin, status):
    async with refws.serve(deaf, origins=["http://good.example"]) as server, tcp(server) as raw:
        raw.send(request(*([f"Origin: {origin}"] if origin else [])))
        assert (await raw.response())[0] == status


@asyncio_test
async def test_more_connections_than_the_limit_are_503():
    async with refws.serve(deaf, max_connections=1) as server:
        async with raw_client(server), tcp(server) as second:
            second.send(request())
            status, fields, body = await second.response()
            assert (status, dict(fields)["retry-after"], body) == (503, "1", b"too many connections\n")
            assert await second.reader.read() == b""
        await until(lambda: not server.connections)
        async with raw_client(server):
            assert len(server.connections) == 1


@asyncio_test
async def test_additional_headers():
    async with refws.serve(deaf, additional_headers=[("X-Served-By", "refws")]) as server, tcp(server) as raw:
        raw.send(request())
        assert ("x-served-by", "refws") in (await raw.response())[1]


# Plain HTTP beside it


def page(request):
    return PAGE if "Upgrade" not in dict(request.headers) else None


async def page_later(request):
    await asyncio.sleep(0)
    return page(request)


@pytest.mark.parametrize("hook", [page, page_later])
@asyncio_test
async def test_a_hook_answers_what_is_not_for_websocket_and_leaves_the_rest(hook):
    async with refws.serve(echo, http=hook) as server, tcp(server) as raw:
        for target in ("/", "/next"):
            raw.send(get(target))
            status, fields, body = await raw.response()
            assert (status, dict(fields)["content-type"], body) == (200, "text/plain", b"a page\n")
        raw.send(request() + frame(TEXT, b"the same connection"))
        assert (await raw.head())[0].split()[1] == "101"
        assert await raw.frame() == (TEXT, b"the same connection")


@pytest.mark.clause("rfc6455:4.2.2-p3-s1", "rfc6455:4.2.2-p4-s1", "rfc6455:4.2.2-p9-s3")
@pytest.mark.parametrize(
    ("status", "field"),
    [(401, ("www-authenticate", "Basic")), (302, ("location", "/there")), (404, ("content-length", "0"))],
)
@asyncio_test
async def test_a_hook_answers_a_request_for_websocket(status, field):
    answer = refws.Response(status, refws.HeaderFields([field]))
    handled = asyncio.Queue()
    async with (
        refws.serve(handled.put, http=lambda request: answer if request.path == "/" else None) as server,
        tcp(server) as raw,
    ):
        raw.send(request())
        got, fields, _ = await raw.response()
        assert (got, field in fields, "sec-websocket-accept" in dict(fields)) == (status, True, False)
        assert handled.empty()
        raw.send(request(target="/there"))
        assert (await raw.head())[0].split()[1] == "101"
        assert (await handled.get()).request.path == "/there"


@pytest.mark.parametrize("hook", [page, page_later])
@asyncio_test
async def test_any_number_of_requests_in_one_segment_is_answered_in_order(hook):
    seen = []

    def numbered(request):
        seen.append(request.target)
        return hook(request)

    async with refws.serve(echo, http=numbered) as server, tcp(server) as raw:
        targets = [f"/{i}" for i in range(3000)]
        raw.send(b"".join(map(get, targets)) + request())
        for _ in targets:
            assert (await raw.response())[0] == 200
        assert (await raw.head())[0].split()[1] == "101"
        assert seen == [*targets, "/"]


@asyncio_test
async def test_nobody_is_answered_faster_than_he_reads():
    large = refws.Response(200, body=bytes(1 << 20))
    answered = []
    async with refws.serve(echo, http=lambda request: answered.append(request) or large) as server, tcp(server) as raw:
        raw.send(b"".join(get() for _ in range(64)))
        await until(lambda: server.connections and not next(iter(server.connections)).transport.is_reading())
        assert len(answered) < 64
        for _ in range(64):
            assert (await raw.response())[0] == 200


@asyncio_test
async def test_a_connection_ends_where_http_ends_it():
    async with refws.serve(echo, http=page) as server, tcp(server) as raw:
        raw.send(get("/", "Connection: close"))
        assert (await raw.response())[0] == 200
        assert await raw.reader.read() == b""


@asyncio_test
async def test_a_connection_between_two_requests_ends_after_open_timeout():
    async with refws.serve(echo, http=page, open_timeout=0.05) as server, tcp(server) as raw:
        raw.send(get())
        assert (await raw.response())[0] == 200
        with contextlib.suppress(ConnectionResetError):
            assert await raw.reader.read() == b""


def fail_now(request):
    raise LookupError("of the hook")


async def fail_later(request):
    raise LookupError("of the hook")


@pytest.mark.parametrize("hook", [fail_now, fail_later])
@asyncio_test
async def test_a_hook_that_fails_is_500_and_logged(hook, caplog):
    async with refws.serve(echo, http=hook) as server, tcp(server) as raw:
        raw.send(request())
        assert (await raw.response())[0] == 500
        assert await raw.reader.read() == b""
    assert went_wrong(caplog) == ["choosing the answer to a request failed"]


@pytest.mark.parametrize("answer", [refws.Response(200, refws.HeaderFields([("X", "a\nb")])), "a page"])
@asyncio_test
async def test_an_answer_that_is_no_http_is_logged(answer, caplog):
    async with refws.serve(echo, http=lambda request: answer) as server, tcp(server) as raw:
        raw.send(get())
        assert await raw.reader.read() == b""
    assert went_wrong(caplog) == ["the answer to a request cannot be sent"]


@pytest.mark.parametrize("stop", ["client", "server", "time"])
@asyncio_test
async def test_a_hook_that_nobody_waits_for_any_more_is_cancelled(stop):
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def never(request):
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with refws.serve(echo, http=never, open_timeout=0.1) as server, tcp(server) as raw:
        raw.send(get())
        await asked.wait()
        if stop == "client":
            raw.writer.transport.abort()
        elif stop == "server":
            await server.close()
        await cancelled.wait()


@asyncio_test
async def test_a_hook_whose_client_gives_up_while_it_answers():
    release = asyncio.Event()

    async def stubborn(request):
        try:
            await asyncio.Event().wait()
        finally:
            await release.wait()
            return PAGE  # noqa: B012 (not even cancelling it helps)

    async with refws.serve(echo, http=stubborn, open_timeout=0.05) as server, tcp(server) as raw:
        raw.send(get())
        with contextlib.suppress(ConnectionResetError):
            assert await raw.reader.read() == b""
        release.set()


# The end


@pytest.mark.clause("rfc6455:7.4.1-p5-s1", "rfc6455:7.3-p1-s1", "rfc6455:7.3-p1-s3", "rfc6455:7.2.2-p1-s2")
@asyncio_test
async def test_a_graceful_stop_closes_every_client_with_1001():
    async with refws.serve(echo) as server, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(refws.connect(server.uri)) for _ in range(5)]
        receiving = [asyncio.create_task(take_all(ws)) for ws in clients]
        for ws in clients:
            await ws.ping()
        await server.close()
        for ws, messages in zip(clients, receiving, strict=True):
            assert await messages == []
            assert ws.close_received == refws.Close(1001, "the server stops")
        assert not server.connections


@asyncio_test
async def test_a_stop_with_a_code_and_a_reason_of_ones_own():
    async with refws.serve(echo) as server, refws.connect(server.uri) as ws:
        with pytest.raises(refws.UsageError, match="1006"):
            await server.close(1006)
        await ws.send("still here")
        assert await ws.recv() == "still here"
        closing = asyncio.create_task(server.close(1012, "back in a minute"))
        with pytest.raises(refws.ConnectionClosed, match="back in a minute"):
            await ws.recv()
        await closing
        assert ws.close_received == refws.Close(1012, "back in a minute")


@asyncio_test
async def test_an_abort_waits_for_nobody():
    async with refws.serve(deaf, close_timeout=None) as server, raw_client(server) as raw:
        server.abort()
        await server.close()
        with contextlib.suppress(ConnectionResetError):
            assert await raw.reader.read() == b""


@asyncio_test
async def test_a_stop_waits_for_handlers_and_cancels_those_that_are_stuck():
    ends = []

    async def handler(ws):
        try:
            await ws.wait_closed()
            if ws.request.path == "/stuck":
                await asyncio.Event().wait()
            await asyncio.sleep(0)
            ends.append("returned")
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async with (
        refws.serve(handler, close_timeout=0.1) as server,
        refws.connect(server.uri) as one,
        refws.connect(f"{server.uri}/stuck") as two,
        refws.connect(f"{server.uri}/stuck") as left,
    ):
        await left.close()
        await until(lambda: len(server.connections) == 2)
        await server.close()
        assert ends == ["returned", "cancelled", "cancelled"]
        for ws in (one, two):
            assert [message async for message in ws] == []


@asyncio_test
async def test_a_stop_does_not_wait_for_clients_that_do_not_answer():
    async with refws.serve(deaf, close_timeout=0.05) as server, raw_client(server) as deaf_client, tcp(server) as idle:
        await until(lambda: len(server.connections) == 2)
        await server.close()
        assert await deaf_client.frames_to_the_end() == [(CLOSE, b"\x03\xe9the server stops")]
        with contextlib.suppress(ConnectionResetError):
            assert await idle.reader.read() == b""


@asyncio_test
async def test_a_handler_can_stop_its_server():
    async def stopper(ws):
        await ws.recv()
        await server.close()

    async with refws.serve(stopper) as server, refws.connect(server.uri) as ws:
        await ws.send("stop")
        assert [message async for message in ws] == []
        assert ws.close_received.code == 1001


@asyncio_test
async def test_a_connection_that_comes_while_the_server_stops_is_closed():
    async with refws.serve(echo) as server:
        server._service.closing = True
        async with tcp(server) as raw:
            with contextlib.suppress(ConnectionResetError):
                assert await raw.reader.read() == b""


@asyncio_test
async def test_serving_forever_ends_with_its_task():
    server = await refws.serve(echo)
    serving = asyncio.create_task(server.serve_forever())
    async with refws.connect(server.uri) as ws:
        await ws.ping()
        serving.cancel()
        assert [message async for message in ws] == []
        assert ws.close_received.code == 1001
        with pytest.raises(asyncio.CancelledError):
            await serving


@asyncio_test
async def test_a_handler_that_is_cancelled_says_goodbye():
    async with pair(deaf) as (ws, _):
        (task,) = [t for t in asyncio.all_tasks() if t.get_coro().__name__ == "_handle"]
        task.cancel()
        assert [message async for message in ws] == []
        assert ws.close_received.code == 1001


@asyncio_test
async def test_connections_do_not_delay_one_another():
    gate = asyncio.Event()

    async def handler(ws):
        if ws.request.path == "/slow":
            await gate.wait()
        await echo(ws)

    async with (
        refws.serve(handler, max_queue=1) as server,
        refws.connect(f"{server.uri}/slow") as slow,
        refws.connect(server.uri) as quick,
    ):
        for _ in range(50):
            await slow.send("x" * 1000)
        await quick.send(b"quick")
        assert await quick.recv() == b"quick"
        gate.set()
        assert [len(await slow.recv()) for _ in range(50)] == [1000] * 50


@asyncio_test
async def test_limits_are_parameters():
    async with refws.serve(echo, max_message_size=10, max_frame_size=5, max_fragments=2) as server:
        for octets, code in [
            (frame(BINARY, bytes(6)), 1009),
            (frame(0x02, bytes(5)) + frame(0x80, bytes(6)), 1009),
            (frame(0x02) + frame(0x00) + frame(0x80), 1008),
        ]:
            async with raw_client(server) as raw:
                raw.send(octets)
                [(first, payload)] = await raw.frames_to_the_end()
                assert (first, int.from_bytes(payload[:2], "big")) == (CLOSE, code)
