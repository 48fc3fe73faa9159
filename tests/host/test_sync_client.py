"""`connect_sync`: the way to the server, TLS, the opening handshake, time limits."""

import contextlib
import socket
import ssl
import threading
import time

import pytest
import websockets.sync.server
from peers import CLOSE, TEXT, frame
from sync_peers import (  # noqa: F401
    SOON,
    Raw,
    answer,
    contexts,
    echo,
    nothing_is_left,
    raw_server,
    running,
    until,
)

import refws
from refws.host.reaching.addresses import Address
from refws.host.reaching.proxies import ProxyError
from refws.host.threads import addresses as sync_addresses
from refws.host.threads import routes as sync_routes
from refws.host.threads.addresses import Deadline, connect_to_one_of, resolve
from refws.host.threads.client import connect_sync
from refws.host.threads.server import serve_sync


def closing(raw):
    """Play a server that opens a connection and closes it."""
    answer(raw)
    raw.send(frame(CLOSE, b"\x03\xe8", mask=False))
    assert raw.frame() == (CLOSE, b"\x03\xe8")


def location(raw, where, status=302):
    raw.head()
    raw.send(f"HTTP/1.1 {status} Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())


# The opening handshake


@pytest.mark.clause("rfc6455:4.1-p1-s1", "rfc6455:4.1-p3-s1", "rfc6455:4.1-p21-s1", "rfc6455:4.1-p14-s1")
def test_an_echo_from_another_server():
    def other(connection):
        for message in connection:
            connection.send(message)

    with websockets.sync.server.serve(other, "127.0.0.1", 0) as server, running(server.serve_forever):
        with connect_sync(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/path") as ws:
            ws.send("to websockets")
            assert ws.recv(SOON) == "to websockets"
            ws.send(["in ", "fragments"])
            assert ws.recv(SOON) == "in fragments"
            assert ws.ping(timeout=SOON) > 0
            assert ws.response.status == 101
            assert ws.request.target == "/path"
        assert ws.close_received == refws.Close(1000)
        server.shutdown()


@pytest.mark.clause("rfc6455:4.2.2-p22-s3")
def test_frames_in_the_segment_of_the_answer_are_not_lost():
    def script(raw):
        answer(raw, behind=frame(TEXT, b"early", mask=False) + frame(CLOSE, b"\x03\xe8", mask=False))
        assert raw.frame() == (CLOSE, b"\x03\xe8")

    with raw_server(script) as uri, connect_sync(uri) as ws:
        assert list(ws) == ["early"]


@pytest.mark.clause("rfc6455:4.1-p39-s1")
def test_an_answer_that_is_not_acceptable():
    def script(raw):
        raw.head()
        raw.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")

    with raw_server(script) as uri, pytest.raises(refws.HandshakeFailure) as caught:
        connect_sync(uri)
    assert (caught.value.status, caught.value.response.body) == (401, b"no")


def test_a_server_that_hangs_up():
    with raw_server(Raw.head) as uri, pytest.raises(refws.HandshakeFailure):
        connect_sync(uri)


def test_a_server_that_does_not_answer():
    over = threading.Event()
    with raw_server(lambda raw: over.wait(SOON)) as uri:
        with pytest.raises(TimeoutError):
            connect_sync(uri, open_timeout=0.02)
        over.set()


def test_what_the_caller_asks_for_goes_out():
    got = []

    def script(raw):
        got.append(answer(raw, "Sec-WebSocket-Protocol: b"))
        raw.send(frame(CLOSE, b"\x03\xe8", mask=False))

    options = {"origin": "https://o.example", "subprotocols": ["a", "b"], "additional_headers": [("X", "y")]}
    with raw_server(script) as uri, connect_sync(uri, bearer_token="t0ken", extensions=(), **options) as ws:
        assert ws.subprotocol == "b"
        assert ws.uri == uri
    assert {name: got[0][name] for name in ("origin", "sec-websocket-protocol", "authorization", "x")} == {
        "origin": "https://o.example",
        "sec-websocket-protocol": "a, b",
        "authorization": "Bearer t0ken",
        "x": "y",
    }
    assert "sec-websocket-extensions" not in got[0]


@pytest.mark.parametrize(
    ("uri", "options", "why"),
    [
        ("http://a", {}, "no WebSocket URI"),
        ("ws://a", {"tls": ssl.create_default_context()}, "TLS goes with wss"),
        ("ws://u:p@a", {}, "user information"),
        ("ws://a", {"path": "/p", "proxy": "http://p"}, "exclude each other"),
    ],
)
def test_what_cannot_be_asked_for(uri, options, why):
    with pytest.raises(refws.UsageError, match=why):
        connect_sync(uri, **options)


def test_a_header_field_that_cannot_be():
    with raw_server(lambda raw: None) as uri, pytest.raises(refws.UsageError):
        connect_sync(uri, additional_headers=[("X", "a\nb")])


@pytest.mark.clause("rfc6455:7.4.1-p5-s1")
def test_an_idle_connection_is_closed_without_an_error():
    with serve_sync(echo) as server, connect_sync(server.uri, idle_timeout=0.02) as ws:
        assert list(ws) == []
        assert ws.close_sent == refws.Close(1001, "idle for 0.02 s")


def test_the_draft_of_2010_is_spoken_where_it_is_asked_for():
    server = serve_sync(echo, allow_hybi00=True)
    with server, connect_sync(server.uri, hybi00=True, origin="http://a.example") as ws:
        ws.send("old")
        assert ws.recv(SOON) == "old"
        assert ws.request.headers.get("Sec-WebSocket-Key1")
    with pytest.raises(refws.UsageError):
        connect_sync("ws://a.example", hybi00=True)


# TLS


@pytest.mark.clause("rfc6455:4.1-p19-s2", "rfc6455:4.1-p20-s1")
def test_tls_that_fails(contexts):  # noqa: F811
    serving, connecting = contexts
    with serve_sync(echo, tls=serving) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            connect_sync(server.uri)
        with pytest.raises(ssl.SSLCertVerificationError):
            connect_sync(server.uri, tls=connecting, server_hostname="other.example")
        with connect_sync(server.uri, tls=connecting, server_hostname="hosted.example") as ws:
            ws.ping(timeout=SOON)
    with serve_sync(echo) as server, pytest.raises(ssl.SSLError):
        connect_sync(server.uri.replace("ws", "wss"), tls=connecting)


def test_a_server_that_does_not_begin_tls(contexts):  # noqa: F811
    over = threading.Event()
    with raw_server(lambda raw: over.wait(SOON)) as uri:
        with pytest.raises(TimeoutError, match="in time"):
            connect_sync(uri.replace("ws", "wss"), tls=contexts[1], open_timeout=0.02)
        over.set()


def test_a_server_that_does_not_end_tls(contexts):  # noqa: F811
    """It closes TCP without a word, which is all the same once both Close frames have gone."""

    def script(raw):
        with contexts[0].wrap_socket(raw.sock.dup(), server_side=True) as sock, Raw(sock) as inside:
            closing(inside)

    with raw_server(script) as uri, connect_sync(uri.replace("ws", "wss"), tls=contexts[1]) as ws:
        assert list(ws) == []
    assert ws.close_received == refws.Close(1000)


# The way there


@pytest.mark.clause("rfc6455:4.1-p18-s1")
def test_nobody_listens():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(ConnectionRefusedError, match=str(port)):
            connect_sync(f"ws://127.0.0.1:{port}")


def test_a_name_that_is_not_found(monkeypatch):
    def getaddrinfo(*args):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(socket.gaierror):
        connect_sync("ws://nowhere.example")


def test_a_name_that_is_not_found_in_time(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: over.wait(SOON) and [])
    with pytest.raises(TimeoutError, match=r"nowhere\.example"):
        connect_sync("ws://nowhere.example", open_timeout=0.02)
    over.set()
    until(lambda: all(thread.name != "refws look-up" for thread in threading.enumerate()))


@pytest.mark.clause("rfc6455:4.1-p5-s1", "rfc6455:4.1-p5-s2", "rfc6455:4.1-p5-s3")
def test_one_connection_after_another_to_the_same_address():
    """The second does not even reach TCP before the first is open, whatever name it goes by."""
    heads, answered = [], threading.Event()

    def script(raw):
        heads.append(raw)
        assert answered.wait(SOON)
        answer(raw)
        raw.send(frame(CLOSE, b"\x03\xe8", mask=False))
        assert raw.frame() == (CLOSE, b"\x03\xe8")

    def connect(host):
        with connect_sync(uri.replace("127.0.0.1", host)) as ws:
            assert list(ws) == []

    with raw_server(script, connections=2) as uri:
        place = "127.0.0.1", int(uri.rstrip("/").rpartition(":")[2])
        with running(lambda: connect("127.0.0.1")):
            until(lambda: heads)
            with running(lambda: connect("localhost")):
                with pytest.raises(TimeoutError):
                    connect_sync(uri, open_timeout=0.02)
                assert sync_addresses.turn_for(place).locked()
                assert len(heads) == 1
                answered.set()
    assert not sync_addresses.turn_for(place).locked()


def test_the_next_address_is_tried_where_one_fails():
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        refused, good = (Address(socket.AF_INET, sock.getsockname()) for sock in (bound, listening))
        sock, turn = connect_to_one_of([refused, good], SOON, Deadline(SOON))
        with sock:
            assert sock.getpeername() == good.sockaddr
        turn.release()
        with pytest.raises(ConnectionRefusedError) as caught:
            connect_to_one_of([refused, Address(9999, ("nowhere", 1))], SOON, Deadline(SOON))
        assert len(caught.value.__notes__) == 1
        assert not sync_addresses.turn_of(refused).locked()


def full():
    """A server that takes no more connections: on loopback the next one hangs."""
    stack = contextlib.ExitStack()
    listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(3):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listening.getsockname())
    return stack, Address(socket.AF_INET, listening.getsockname())


def test_an_address_that_hangs_does_not_keep_the_next_waiting():
    stack, hanging = full()
    with stack, socket.create_server(("127.0.0.1", 0)) as listening:
        good = Address(socket.AF_INET, listening.getsockname())
        began = time.monotonic()
        sock, turn = connect_to_one_of([hanging, good], 0.01, Deadline(SOON))
        with sock:
            assert sock.getpeername() == good.sockaddr
        turn.release()
        assert time.monotonic() - began < SOON
        assert not sync_addresses.turn_of(hanging).locked()
        with pytest.raises(TimeoutError):
            connect_to_one_of([hanging], None, Deadline(0.02))
        # Where somebody else connects to one of the addresses, the other is tried first.
        turn = sync_addresses.turn_of(hanging)
        with turn:
            sock, theirs = connect_to_one_of([hanging, good], 0.01, Deadline(SOON))
            with sock:
                assert sock.getpeername() == good.sockaddr
            theirs.release()


def test_literal_addresses_are_not_looked_up():
    assert [address.sockaddr[:2] for address in resolve("::1", 80, Deadline(SOON))] == [("::1", 80)]


def test_a_socket_that_is_connected_already():
    with raw_server(closing) as uri:
        host, port = uri.removeprefix("ws://").rstrip("/").split(":")
        with connect_sync("ws://any.example", sock=socket.create_connection((host, port))) as ws:
            assert list(ws) == []
    ours, theirs = socket.socketpair()

    def script():
        with Raw(theirs) as raw:
            closing(raw)

    with running(script), connect_sync("ws://any.example", sock=ours) as ws:
        assert list(ws) == []


# Redirects and proxies


def test_redirects_are_followed():
    with raw_server(closing) as there, raw_server(lambda raw: location(raw, there + "new")) as uri:
        with connect_sync(uri) as ws:
            assert list(ws) == []
        assert ws.uri == there + "new"


def test_redirects_have_a_limit():
    enough = pytest.raises(refws.HandshakeFailure, match="there have been enough")
    with raw_server(lambda raw: location(raw, "/again"), connections=3) as uri, enough:
        connect_sync(uri, max_redirects=2)


def connect_proxy(raw, response=b"HTTP/1.1 200 OK\r\n\r\n"):
    """Play a proxy for one CONNECT, and the server behind it."""
    line, fields = raw.head()
    assert line == "CONNECT far.example:80 HTTP/1.1"
    assert dict(fields)["proxy-authorization"] == "Basic dTpw"
    raw.send(response)
    if b" 200 " in response:
        closing(raw)


@pytest.mark.clause("rfc6455:4.1-p9-s1")
def test_through_an_http_proxy():
    with (
        raw_server(connect_proxy) as uri,
        connect_sync("ws://far.example", proxy=uri.replace("ws://", "http://u:p@")) as ws,
    ):
        assert list(ws) == []


@pytest.mark.clause("rfc6455:4.1-p6-s1/1", "rfc6455:4.1-p6-s1/2")
def test_connections_through_a_proxy_wait_for_each_other(monkeypatch):
    """Those to one name do, and above a number of them all: here that is one."""
    monkeypatch.setattr(sync_routes, "_pending_through_proxies", threading.BoundedSemaphore(1))
    place = ("far.example", 80)
    with raw_server(connect_proxy) as uri:
        proxy = uri.replace("ws://", "http://u:p@")
        with sync_addresses.turn_for(place), pytest.raises(TimeoutError):
            connect_sync("ws://far.example", proxy=proxy, open_timeout=0.02)
        with sync_routes._pending_through_proxies, pytest.raises(TimeoutError):
            connect_sync("ws://far.example", proxy=proxy, open_timeout=0.02)
        assert not sync_addresses.turn_for(place).locked()
        # The turn of another name keeps nobody waiting: it is taken for another host.
        with sync_addresses.turn_for(("near.example", 80)), connect_sync("ws://far.example", proxy=proxy) as ws:
            assert list(ws) == []


def test_a_proxy_that_does_not_answer():
    over = threading.Event()
    with raw_server(lambda raw: over.wait(SOON)) as uri:
        with pytest.raises(TimeoutError):
            connect_sync("ws://far.example", proxy=uri.replace("ws", "http"), open_timeout=0.02)
        over.set()


@pytest.mark.clause("rfc6455:4.1-p18-s1")
def test_a_proxy_that_refuses():
    refuse = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    with raw_server(lambda raw: connect_proxy(raw, refuse)) as uri, pytest.raises(ProxyError, match="403"):
        connect_sync("ws://far.example", proxy=uri.replace("ws://", "http://u:p@"))


def test_a_proxy_that_is_not_there():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(ProxyError, match="cannot be reached"):
            connect_sync("ws://far.example", proxy=f"http://127.0.0.1:{bound.getsockname()[1]}")


def test_a_proxy_over_tls(contexts):  # noqa: F811
    serving, connecting = contexts

    def script(raw):
        with serving.wrap_socket(raw.sock.dup(), server_side=True) as sock, Raw(sock) as inside:
            connect_proxy(inside)

    with raw_server(script) as uri:
        proxy = uri.replace("ws://", "https://u:p@")
        with connect_sync("ws://far.example", proxy=proxy, proxy_tls=connecting) as ws:
            assert list(ws) == []
    with pytest.raises(refws.UsageError, match="TLS within"):
        connect_sync("wss://far.example", proxy="https://p.example")


@pytest.mark.clause("rfc6455:4.1-p9-s1")
@pytest.mark.parametrize("scheme", ["socks5h", "socks5"])
def test_through_socks(scheme):
    def script(raw):
        assert raw.file.read(3)[:1] == b"\5"
        raw.send(b"\5\0")
        assert raw.file.read(3) == b"\5\1\0"
        if scheme == "socks5h":
            assert raw.file.read(2 + len("far.example") + 2) == b"\3\x0bfar.example\0\x50"
        else:
            assert raw.file.read(7) == b"\1\x7f\0\0\1\0\x50"
        raw.send(b"\5\0\0\1\0\0\0\0\0\0")
        closing(raw)

    host = "far.example" if scheme == "socks5h" else "127.0.0.1"
    with raw_server(script) as uri, connect_sync(f"ws://{host}", proxy=uri.replace("ws", scheme)) as ws:
        assert list(ws) == []
