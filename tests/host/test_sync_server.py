"""`serve_sync`: the handler, plain HTTP beside it, refusals, TLS, and a graceful stop."""

import asyncio
import contextlib
import logging
import re
import signal
import socket
import threading

import pytest
import websockets.sync.client
from peers import CLOSE, TEXT, close_frame, frame, request
from sync_peers import (  # noqa: F401
    SOON,
    Raw,
    contexts,
    echo,
    nothing_is_left,
    pair,
    raw_client,
    running,
    tcp,
    until,
)

import refws
from refws.host.choice import Choice
from refws.host.connection.times import TimeLimits
from refws.host.threads.client import connect_sync
from refws.host.threads.server import serve_sync

PAGE = refws.Response(200, refws.HeaderFields([("Content-Type", "text/plain")]), b"a page\n")


def get(target="/", *fields, method="GET"):
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


def deaf(ws):
    ws.wait_closed(SOON)


def went_wrong(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# The handler


def test_the_echo_of_other_clients():
    with serve_sync(echo) as server:
        with websockets.sync.client.connect(server.uri) as client:
            client.send("from websockets")
            assert client.recv(SOON) == "from websockets"
            client.send(["in ", "fragments"])
            assert client.recv(SOON) == "in fragments"
        assert (client.close_code, client.close_reason) == (1000, "")

        async def with_asyncio():
            async with refws.connect(server.uri) as ws:
                await ws.send(b"\0" * 2**20)
                return await ws.recv()

        assert asyncio.run(with_asyncio()) == b"\0" * 2**20


@pytest.mark.clause("rfc6455:7.3-p1-s1")
def test_a_connection_closes_when_its_handler_returns():
    with pair(lambda ws: ws.send("only this")) as (ws, server_end):
        assert list(ws) == ["only this"]
        assert ws.close_received == refws.Close(1000)
        assert server_end.request.target == "/"
        assert server_end.response is None


@pytest.mark.clause("rfc6455:7.4.1-p25-s1")
def test_a_handler_that_fails_closes_with_1011(caplog):
    def fail(ws):
        raise LookupError("of the handler")

    with pair(fail) as (ws, _), pytest.raises(refws.ConnectionClosed, match=r"1011 \(the handler failed\)"):
        ws.recv(SOON)
    assert went_wrong(caplog) == ["the handler failed"]


def test_a_handler_that_ends_with_its_connection_has_not_failed(caplog):
    def handler(ws):
        while True:
            ws.send(ws.recv())

    with pair(handler) as (ws, _):
        ws.send("x")
        ws.recv(SOON)
        ws.close(3333)
    assert went_wrong(caplog) == []


def test_a_coroutine_function_is_no_handler():
    async def handler(ws):
        """Would never run."""

    with pytest.raises(refws.UsageError, match="handler is to be a function made with def"):
        serve_sync(handler)
    with pytest.raises(refws.UsageError, match="http is to be a function made with def"):
        serve_sync(echo, http=handler)
    with pytest.raises(refws.UsageError, match="handler"):
        serve_sync()
    with pytest.raises(refws.UsageError, match="choose takes the place"):
        serve_sync(echo, choose=lambda _: PAGE)


def test_many_connections_at_once():
    with serve_sync(echo) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect_sync(server.uri)) for _ in range(20)]
        assert len(server.connections) == 20
        for number, client in enumerate(clients):
            client.send(str(number))
        assert [client.recv(SOON) for client in clients] == [str(number) for number in range(20)]


# The opening handshake


@pytest.mark.clause("rfc6455:4.2.2-p22-s3", "rfc6455:4.2.2-p22-s2")
def test_frames_in_the_segment_of_the_request_are_not_lost():
    with serve_sync(echo) as server, tcp(server) as raw:
        raw.send(request() + frame(TEXT, b"early") + close_frame(1000))
        assert raw.head()[0].split()[1] == "101"
        assert raw.frames_to_the_end() == [(TEXT, b"early"), (CLOSE, b"\x03\xe8")]


@pytest.mark.clause(
    "rfc6455:4.2.2-p2-s1", "rfc6455:4.2.2-p2-s2", "rfc6455:10.6-p1-s2/1", "rfc6455:4.1-p19-s1", "rfc6455:4.1-p19-s3"
)
def test_tls_comes_first_and_everything_else_inside(contexts):  # noqa: F811
    serving, connecting = contexts
    with serve_sync(echo, tls=serving) as server:
        assert server.uri == f"wss://127.0.0.1:{server.port}"
        with connect_sync(server.uri, tls=connecting) as ws:
            ws.send(b"x" * 2**20)
            ws.send("y")
            assert ws.recv(SOON) == b"x" * 2**20
            assert ws.recv(SOON) == "y"
            assert ws.transport.get_extra_info("ssl_object").version().startswith("TLS")
        assert ws.close_received == refws.Close(1000)
        with websockets.sync.client.connect(server.uri, ssl=connecting) as client:
            client.send("inside")
            assert client.recv(SOON) == "inside"


@pytest.mark.clause("rfc6455:4.2.2-p2-s1", "rfc6455:4.2.2-p2-s2", "rfc6455:10.6-p1-s2/1")
def test_nobody_waits_for_a_client_that_does_not_begin_tls(contexts):  # noqa: F811
    serving, connecting = contexts
    with serve_sync(echo, tls=serving) as server, tcp(server), connect_sync(server.uri, tls=connecting) as ws:
        ws.send("x")
        assert ws.recv(SOON) == "x"


@pytest.mark.clause("rfc6455:4.2.2-p2-s2")
def test_a_tls_handshake_that_fails_closes_the_connection(contexts):  # noqa: F811
    with serve_sync(echo, tls=contexts[0]) as server:
        with tcp(server) as raw:
            raw.send(request())
            with contextlib.suppress(ConnectionResetError):
                assert b"HTTP" not in raw.file.read()
        with tcp(server):
            pass
        until(lambda: not server._service.served.threads)
        assert not server.connections


def test_an_opening_handshake_that_takes_too_long(contexts):  # noqa: F811
    for tls in (None, contexts[0]):
        with serve_sync(echo, tls=tls, open_timeout=0.02) as server, tcp(server) as raw:
            assert raw.at_end()


@pytest.mark.parametrize(
    ("options", "fields", "status"),
    [
        ({"origins": ["https://here.example"]}, ["Origin: https://there.example"], 403),
        ({"max_head_size": 200}, ["X: " + "x" * 200], 431),
        ({"subprotocols": lambda offered: "not offered"}, ["Sec-WebSocket-Protocol: a"], 500),
        ({"origins": lambda origin: {}[origin]}, [], 500),
        ({"additional_headers": [("X", "a\nb")]}, [], 500),
        ({}, ["Sec-WebSocket-Version: 13"], 400),
    ],
    ids=["origin", "head", "subprotocol", "policy", "header field", "version twice"],
)
def test_refusals(options, fields, status):
    with serve_sync(echo, **options) as server, tcp(server) as raw:
        raw.send(request(*fields))
        assert raw.response()[0] == status
        assert raw.at_end()


def test_the_subprotocol_is_the_servers_choice():
    with serve_sync(deaf, subprotocols=["b", "a"]) as server, connect_sync(server.uri, subprotocols=["a", "b"]) as ws:
        assert ws.subprotocol == "b"
        assert [connection.subprotocol for connection in server.connections] == ["b"]


# Plain HTTP


def test_plain_http_on_the_same_connection():
    def http(request):
        return None if request.path == "/ws" else PAGE

    with serve_sync(echo, http=http) as server, tcp(server) as raw:
        raw.send(get() + get("/other") + request(target="/ws") + frame(TEXT, b"x"))
        for _ in range(2):
            status, fields, body = raw.response()
            assert (status, fields["content-type"], body) == (200, "text/plain", b"a page\n")
        assert raw.head()[0].split()[1] == "101"
        assert raw.frame() == (TEXT, b"x")


def test_plain_http_ends_where_the_client_says_so():
    with serve_sync(echo, http=lambda _: PAGE) as server, tcp(server) as raw:
        raw.send(get("/", "Connection: close"))
        assert raw.response()[0] == 200
        assert raw.at_end()


def test_a_client_that_takes_no_answers_gets_no_more():
    large = refws.Response(200, refws.HeaderFields(), b"x" * 2**20)
    asked = []

    def http(request):
        asked.append(request)
        return large

    with serve_sync(echo, http=http) as server, tcp(server) as raw, running(lambda: raw.send(get() * 100)):
        until(lambda: any(connection.backlog for connection in server.connections))
        assert len(asked) < 50
        for _ in range(100):
            assert raw.response()[0] == 200


@pytest.mark.parametrize("wrong", [LookupError("of the hook"), "no response"], ids=["raises", "returns"])
def test_a_hook_that_fails(wrong, caplog):
    def http(request):
        if isinstance(wrong, Exception):
            raise wrong
        return wrong

    with serve_sync(echo, http=http) as server, tcp(server) as raw:
        raw.send(request())
        if isinstance(wrong, Exception):
            assert raw.response()[0] == 500
        assert raw.at_end()
    assert len(went_wrong(caplog)) == 1


def test_nobody_waits_for_a_slow_hook():
    asked, answered = threading.Event(), threading.Event()

    def http(request):
        if request.path == "/slow":
            asked.set()
            assert answered.wait(SOON)
        return PAGE

    with serve_sync(echo, http=http) as server, tcp(server) as slow, tcp(server) as quick:
        slow.send(get("/slow"))
        assert asked.wait(SOON)
        quick.send(get("/quick"))
        assert quick.response()[0] == 200
        answered.set()
        assert slow.response()[0] == 200


def test_a_choice_for_each_request():
    def choose(request):
        if request.path == "/small":
            return Choice(echo, subprotocols=["small"], limits=refws.Limits(max_message_size=2))
        return Choice(lambda ws: ws.send("another")) if request.path == "/other" else PAGE

    with serve_sync(choose=choose) as server:
        with connect_sync(f"{server.uri}/small", subprotocols=["small"]) as ws:
            assert ws.subprotocol == "small"
            ws.send("xyz")
            with pytest.raises(refws.ConnectionClosed, match="1009"):
                ws.recv(SOON)
        with connect_sync(f"{server.uri}/other") as ws:
            assert list(ws) == ["another"]
        with pytest.raises(refws.HandshakeFailure) as caught:
            connect_sync(server.uri)
        assert caught.value.status == 200


def test_no_limits_of_time(contexts):  # noqa: F811
    none = dict.fromkeys(["open_timeout", "close_timeout", "ping_interval", "ping_timeout", "answer_timeout"])
    with serve_sync(echo, tls=contexts[0], **none) as server, connect_sync(server.uri, tls=contexts[1], **none) as ws:
        ws.send("x")
        assert ws.recv() == "x"


def test_too_many_connections_get_503():
    with serve_sync(echo, max_connections=1) as server:
        with connect_sync(server.uri), tcp(server) as raw:
            raw.send(request())
            status, fields, _ = raw.response()
            assert (status, fields["retry-after"]) == (503, "1")
            assert raw.at_end()
        until(lambda: not server.connections)
        with connect_sync(server.uri) as ws:
            ws.ping(timeout=SOON)


def test_drafts_before_the_rfc_are_off():
    head = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nOrigin: http://a\r\n"
    head += b"Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n^n:ds[4U"
    for allowed in (False, True):
        with serve_sync(echo, allow_hybi00=allowed) as server, tcp(server) as raw:
            raw.send(head)
            assert raw.head()[0].split()[1] == ("101" if allowed else "400")


# Where it listens


def test_a_unix_socket(tmp_path):
    path = str(tmp_path / "socket")
    with serve_sync(echo, path=path) as server:
        assert (server.path, server.uri) == (path, "ws://localhost")
        with connect_sync(server.uri, path=path) as ws:
            ws.send("x")
            assert ws.recv(SOON) == "x"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError):
        serve_sync(echo, path=str(tmp_path / "no folder" / "socket"))


def test_a_unix_socket_that_was_left_behind(tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with serve_sync(echo, path=str(path)) as server:
        # Somebody else listens there now, and keeps the file.
        path.unlink()
        path.touch()
        assert server.sockets != ()
    assert path.exists()


def test_a_socket_that_listens_already():
    listening = socket.create_server(("127.0.0.1", 0))
    with serve_sync(echo, sock=listening) as server, connect_sync(server.uri) as ws:
        ws.ping(timeout=SOON)
        assert server.sockets == (listening,)
    assert server.sockets == ()
    assert listening.fileno() == -1


def test_every_address_of_a_name():
    with serve_sync(echo, None) as server:
        families = [sock.family for sock in server.sockets]
        assert socket.AF_INET in families
        assert len(set(families)) == len(families)
        port = next(sock.getsockname()[1] for sock in server.sockets if sock.family == socket.AF_INET)
        with connect_sync(f"ws://127.0.0.1:{port}") as ws:
            ws.ping(timeout=SOON)


def test_addresses_that_are_not_here_are_left_out(monkeypatch):
    """Those that are reserved for documentation are nowhere."""
    found = [(socket.AF_INET, None, 0, "", (host, 0)) for host in ("192.0.2.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)
    with serve_sync(echo, "two.example") as server:
        assert [sock.getsockname()[0] for sock in server.sockets] == ["127.0.0.1"]
    del found[1]
    with pytest.raises(OSError, match=r"192\.0\.2\.1|assign"):
        serve_sync(echo, "one.example")


def test_a_port_that_is_taken():
    with serve_sync(echo) as server, pytest.raises(OSError, match="in use"):
        serve_sync(echo, port=server.port)


# The end


@pytest.mark.clause("rfc6455:7.4.1-p5-s1", "rfc6455:7.3-p1-s1", "rfc6455:7.3-p1-s3", "rfc6455:7.2.2-p1-s2")
def test_a_server_that_stops_says_1001():
    server = serve_sync(echo)
    with running(server.serve_forever), connect_sync(server.uri) as ws:
        with running(server.close), pytest.raises(refws.ConnectionClosed):
            ws.recv(SOON)
        assert ws.close_received == refws.Close(1001, "the server stops")
    assert server.sockets == ()
    with pytest.raises(OSError, match="refused"):
        connect_sync(server.uri)


@pytest.mark.clause("rfc6455:7.2.2-p1-s2")
def test_a_server_that_stops_just_closes_where_there_is_no_connection_yet():
    with contextlib.ExitStack() as stack:
        # Nothing but that closes it.
        with serve_sync(echo, open_timeout=None, close_timeout=None) as server:
            raw = stack.enter_context(tcp(server))
            raw.send(b"GET / HTTP/1.1\r\n")
            until(lambda: server.connections)
        # What it had not read yet resets the connection.
        with contextlib.suppress(ConnectionResetError):
            assert raw.at_end()


def test_a_code_of_ones_own_for_the_end():
    server = serve_sync(echo)
    with server, connect_sync(server.uri) as ws:
        with pytest.raises(refws.UsageError):
            server.close(1005)
        ws.ping(timeout=SOON)
        with running(lambda: server.close(3001, "moved")), pytest.raises(refws.ConnectionClosed, match="moved"):
            ws.recv(SOON)


def test_a_handler_that_does_not_end_is_left_alone(caplog):
    begun, over = threading.Event(), threading.Event()

    def stubborn(ws):
        begun.set()
        over.wait(SOON)

    with serve_sync(stubborn, close_timeout=0.05) as server, raw_client(server) as raw:
        assert begun.wait(SOON)
        server.close()
        assert raw.frame() == (CLOSE, b"\x03\xe9the server stops")
        assert raw.at_end()
        assert "1 handlers have not ended" in caplog.text
        over.set()
        until(lambda: not server._service.served.threads)


def test_a_handler_whose_peer_does_not_close_is_not_late(caplog):
    with serve_sync(echo, close_timeout=0.05) as server, raw_client(server) as raw:
        server.close()
        assert not server._service.served.threads
        assert raw.frames_to_the_end() == [(CLOSE, b"\x03\xe9the server stops")]
    assert "have not ended" not in caplog.text


def test_a_server_does_not_wait_for_longer_than_it_says():
    slow = Choice(echo, times=TimeLimits(close_timeout=None))
    with serve_sync(choose=lambda _: slow, close_timeout=0.05) as server, raw_client(server):
        server.close()
        assert not server._service.served.threads


def test_a_handler_can_close_its_server():
    with serve_sync(lambda ws: closing[0].close()) as server:
        closing = [server]
        with connect_sync(server.uri) as ws, pytest.raises(refws.ConnectionClosed, match="1001"):
            ws.recv(SOON)
        assert server.sockets == ()


def test_the_handler_of_a_signal_can_close_the_server():
    server = serve_sync(echo)
    before = signal.signal(signal.SIGUSR1, lambda *_: server.close())
    try:

        def client():
            with connect_sync(server.uri) as ws:
                ws.ping(timeout=SOON)
                signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
                assert list(ws) == []

        with running(client):
            server.serve_forever()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_tcp_can_be_dropped():
    with serve_sync(deaf) as server, raw_client(server) as raw:
        server.abort()
        assert raw.frames_to_the_end() == []


def test_closing_before_serving():
    server = serve_sync(echo)
    server.close()
    server.serve_forever()
    assert server.sockets == ()


def test_what_cannot_be_accepted_does_not_end_the_server(monkeypatch, caplog):
    from refws.host.threads import accepting

    monkeypatch.setattr(accepting, "PAUSE", 0.01)
    failures = iter([OSError(24, "Too many open files"), BlockingIOError(), None])
    accept = socket.socket.accept

    def failing(sock):
        failure = next(failures, None)
        if failure is not None:
            raise failure
        return accept(sock)

    monkeypatch.setattr(socket.socket, "accept", failing)
    with serve_sync(echo) as server, connect_sync(server.uri) as ws:
        ws.ping(timeout=SOON)
    assert went_wrong(caplog) == ["no connection can be accepted"]


def test_a_server_that_cannot_begin_to_accept_ends(monkeypatch):
    from refws.host.threads import accepting

    def failing():
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(accepting, "Waker", failing)
    server = serve_sync(echo)
    with pytest.raises(OSError, match="Too many"):
        server.serve_forever()
    assert server.sockets == ()


def test_no_thread_for_the_server(monkeypatch):
    server = serve_sync(echo)

    def failing(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", failing)
        with pytest.raises(RuntimeError, match="new thread"):
            server.__enter__()
    assert server.sockets == ()


def test_no_thread_for_a_connection(monkeypatch, caplog):
    start = threading.Thread.start

    def failing(thread):
        if re.match("refws (handler|connection)", thread.name) and thread.name in refused:
            refused.remove(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    refused = ["refws handler", "refws connection"]
    monkeypatch.setattr(threading.Thread, "start", failing)
    with serve_sync(echo) as server:
        for _ in range(2):
            with tcp(server) as raw:
                assert raw.at_end()
        with connect_sync(server.uri) as ws:
            ws.ping(timeout=SOON)
    assert went_wrong(caplog) == ["a connection cannot be served", "there is no thread for a connection"]
