"""WebSocket over streams of every kind, both ends in this process: a thread plays the peer."""

import contextlib
import io
import os
import socket
import ssl
import threading

import pytest
import trustme
from peers import BINARY, CLOSE, PING, PONG, TEXT, accept, close_frame, frame, request

import refws
from refws.host.streams import client_handshake, server_handshake

URI = "ws://localhost/chat?room=1"


@contextlib.contextmanager
def peer(play, *arguments):
    """Run one end in a thread; what goes wrong there fails the test."""
    wrong = []

    def run():
        try:
            play(*arguments)
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    thread.join(10)
    assert not thread.is_alive()
    assert wrong == []


def echo(stream, **options):
    with server_handshake(stream, **options) as ws:
        for message in ws:
            ws.send(message)


@pytest.fixture
def sockets():
    """Two sockets that are connected to each other, and end by themselves."""
    ends = socket.socketpair()
    for end in ends:
        end.settimeout(10)
    yield ends
    for end in ends:
        end.close()


def converse(ws):
    """What a client has of an echo, over any stream."""
    big = os.urandom(300_000)
    for message in ("text ü 𝄞", b"\x00\xff", "", big, "t" * 70_000):
        ws.send(message)
        assert ws.recv() == message
    ws.send_fragment("in ", fin=False)
    ws.ping(b"between")
    ws.send_fragment("parts", fin=True)
    assert [ws.recv_event(), ws.recv_event()] == [refws.Pong(b"between"), "in parts"]
    ws.close(4000, "enough")
    assert ws.close_sent == refws.Close(4000, "enough")
    assert ws.close_received.code == 4000
    assert ws.ready_state is refws.ReadyState.CLOSED


def echo_and_close(stream):
    with stream, pytest.raises(refws.ConnectionClosed, match="4000"):
        echo(stream)


@pytest.mark.clause("rfc6455:7.3-p1-s3")
def test_over_sockets(sockets):
    server, client = sockets
    with peer(echo_and_close, server), client:
        converse(client_handshake(client, URI))


def test_over_tls():
    authority = trustme.CA()
    contexts = [ssl.create_default_context(purpose) for purpose in (ssl.Purpose.CLIENT_AUTH, ssl.Purpose.SERVER_AUTH)]
    authority.issue_cert("localhost").configure_cert(contexts[0])
    authority.configure_trust(contexts[1])
    ends = socket.socketpair()

    def serve():
        echo_and_close(contexts[0].wrap_socket(ends[0], server_side=True))

    with peer(serve), contexts[1].wrap_socket(ends[1], server_hostname="localhost") as stream:
        stream.settimeout(10)
        converse(client_handshake(stream, URI.replace("ws", "wss")))


@pytest.mark.parametrize("buffering", [-1, 0], ids=["buffered", "raw"])
def test_over_files_of_sockets(sockets, buffering):
    server, client = [end.makefile("rwb", buffering=buffering) for end in sockets]
    # The ends stay open as long as a socket object does.
    for end in sockets:
        end.close()
    with peer(echo_and_close, server), client:
        converse(client_handshake(client, URI))


@pytest.mark.parametrize("buffering", [-1, 0], ids=["buffered", "raw"])
def test_over_two_pipes(buffering):
    (read_there, write_here), (read_here, write_there) = os.pipe(), os.pipe()

    def serve():
        with (
            open(read_there, "rb", buffering=buffering) as reader,
            open(write_there, "wb", buffering=buffering) as writer,
            pytest.raises(refws.ConnectionClosed, match="4000"),
        ):
            echo((reader, writer))

    with (
        peer(serve),
        open(read_here, "rb", buffering=buffering) as reader,
        open(write_here, "wb", buffering=buffering) as writer,
    ):
        converse(client_handshake((reader, writer), URI))


def canned(*octets):
    """Octets to read, and what is written."""
    return io.BytesIO(b"".join(octets)), io.BytesIO()


def test_over_octets_in_memory():
    reader, writer = canned(request("Origin: http://a"), frame(TEXT, b"one"), frame(BINARY, b"2"), close_frame(1000))
    with server_handshake((reader, writer), origins=["http://a"]) as ws:
        assert ws.request.target == "/"
        assert list(ws) == ["one", b"2"]
        with pytest.raises(refws.ConnectionClosed):
            ws.recv()
    head, _, behind = writer.getvalue().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert behind == close_frame(1000, mask=False)


def test_what_was_asked_for_and_agreed_on(sockets):
    server, client = sockets
    agreed = []

    def serve():
        with server_handshake(server, subprotocols=["b"], additional_headers=[("X", "1")]) as ws:
            agreed.append(
                (ws.subprotocol, ws.request.headers.get("Origin"), ws.request.headers.get("Y"), ws.request.target)
            )

    with (
        peer(serve),
        client_handshake(
            client, URI, subprotocols=["a", "b"], origin="http://o", additional_headers=[("Y", "2")]
        ) as ws,
    ):
        assert (ws.subprotocol, ws.response.headers.get("X")) == ("b", "1")
        assert "permessage-deflate" in ws.response.headers.get("Sec-WebSocket-Extensions")
        assert list(ws) == []
    assert agreed == [("b", "http://o", "2", "/chat?room=1")]


def test_a_request_that_is_refused():
    reader, writer = canned(request("Origin: http://b"))
    with pytest.raises(refws.HandshakeFailure) as caught:
        server_handshake((reader, writer), origins=["http://a"])
    assert caught.value.status == 403
    assert writer.getvalue().startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"\x16\x03\x01\r\n\r\n"], ids=["nothing", "cut", "TLS"])
def test_what_is_no_request(sent):
    with pytest.raises(refws.Failure):
        server_handshake(canned(sent))


def test_an_answer_that_is_not_acceptable():
    reader, writer = canned(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(refws.HandshakeFailure) as caught:
        client_handshake((reader, writer), URI)
    assert caught.value.status == 404
    assert writer.getvalue().startswith(b"GET /chat?room=1 HTTP/1.1\r\nHost: localhost\r\n")


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (frame(TEXT, b"unmasked", mask=False), 1002),
        (frame(TEXT, b"\xff"), 1007),
        (frame(BINARY, bytes(11)), 1009),
    ],
    ids=["unmasked", "no UTF-8", "too long"],
)
def test_a_failure_is_told_in_a_close_frame_behind_the_answers(octets, code):
    reader, writer = canned(request(), frame(TEXT, b"before"), octets)
    ws = server_handshake((reader, writer), limits=refws.Limits(max_message_size=10))
    assert ws.recv() == "before"
    ws.send("before")
    with pytest.raises(refws.ConnectionClosed) as caught:
        ws.recv()
    ws.close()
    assert caught.value.failure.status == code
    answers = writer.getvalue().partition(b"\r\n\r\n")[2]
    assert answers.startswith(frame(TEXT, b"before", mask=False) + bytes([CLOSE]))
    assert answers[8 + 2 : 8 + 4] == code.to_bytes(2, "big")
    with pytest.raises(refws.ConnectionClosed):
        ws.send("late")
    assert writer.getvalue().partition(b"\r\n\r\n")[2] == answers


def test_a_ping_is_answered_while_messages_are_awaited():
    reader, writer = canned(request(), frame(PING, b"?"), frame(PONG, b"unasked"), frame(TEXT, b"x"))
    ws = server_handshake((reader, writer))
    assert [ws.recv_event(), ws.recv_event(), ws.recv_event()] == [refws.Ping(b"?"), refws.Pong(b"unasked"), "x"]
    with pytest.raises(refws.ConnectionClosed, match="closed TCP"):
        ws.recv_event()
    assert frame(PONG, b"?", mask=False) in writer.getvalue()


def raw_client(client):
    """Do the opening handshake by hand."""
    client.sendall(request())
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(65536)
    assert head.startswith(b"HTTP/1.1 101 ")


@pytest.mark.clause("rfc6455:7.1.1-p1-s1", "rfc6455:7.1.1-p1-s2")
def test_a_server_ends_first_and_reads_to_the_end(sockets):
    server, client = sockets
    seen = []

    def play():
        raw_client(client)
        # Behind this client's Close frame comes the server's, and then the end, though this client goes on sending.
        client.settimeout(3)
        client.sendall(close_frame(1000))
        seen.append(read_to_the_end(client))
        client.sendall(bytes(1000))
        client.close()

    with peer(play), server_handshake(server) as ws:
        assert list(ws) == []
    assert seen == [close_frame(1000, mask=False)]
    assert server.recv(1) == b"", "it has read to the end"
    assert ws.ready_state is refws.ReadyState.CLOSED


def read_to_the_end(end):
    octets = b""
    while more := end.recv(65536):
        octets += more
    return octets


def test_a_client_leaves_the_end_to_the_server(sockets):
    server, client = sockets

    def play():
        head = b""
        while b"\r\n\r\n" not in head:
            head += server.recv(65536)
        key = next(
            line[19:].decode() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: ")
        )
        answer = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        server.sendall(f"{answer}{accept(key)}\r\n\r\n".encode() + frame(TEXT, b"early", mask=False))
        assert len(server.recv(65536)) == 8
        # Nothing but this Close frame tells the client of the end; what comes late is counted.
        server.sendall(frame(TEXT, b"late", mask=False) + close_frame(1000, mask=False))
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.recv(1)
        server.close()

    with peer(play):
        ws = client_handshake(client, URI)
        assert ws.recv() == "early"
        ws.close()
        assert (ws.dropped, ws.close_received) == (1, refws.Close(1000))
        ws.close()


def test_a_message_that_comes_in_pieces_survives_a_time_limit(sockets):
    server, client = sockets
    octets = frame(TEXT, b"whole")
    with peer(raw_client, client):
        ws = server_handshake(server)
    client.sendall(octets[:7])
    server.settimeout(0.01)
    with pytest.raises(TimeoutError):
        ws.recv()
    client.sendall(octets[7:])
    server.settimeout(10)
    assert ws.recv() == "whole"


def test_a_peer_that_does_not_close_has_its_time(sockets):
    server, client = sockets
    with peer(raw_client, client):
        ws = server_handshake(server)
    ws.close(timeout=0.02)
    assert ws.ready_state is refws.ReadyState.CLOSED
    assert ws.close_received is None
    ws.close(timeout=0)


def test_nothing_is_kept_of_what_comes_while_closing(sockets):
    server, client = sockets

    def play():
        raw_client(client)
        client.settimeout(3)
        client.sendall(frame(PING, b"x") + frame(PONG, b"y") + frame(TEXT, b"late") + close_frame(1000))
        read_to_the_end(client)
        client.close()

    with peer(play):
        ws = server_handshake(server)
        ws.close()
    assert ws.dropped == 1
    with pytest.raises(refws.ConnectionClosed):
        ws.recv_event()


def test_a_peer_that_is_gone(sockets):
    server, client = sockets
    with peer(raw_client, client):
        ws = server_handshake(server)
    client.close()
    with contextlib.suppress(refws.ConnectionClosed):
        ws.send("into the void")
    with pytest.raises(refws.ConnectionClosed, match="closed TCP"):
        ws.recv()
    with pytest.raises(refws.ConnectionClosed):
        ws.ping()
    ws.close()


def test_a_peer_that_takes_nothing(sockets):
    server, client = sockets
    with peer(raw_client, client):
        ws = server_handshake(server)
    server.settimeout(0.02)
    with pytest.raises(TimeoutError):
        ws.send(bytes(10_000_000))
    # A frame went out in part; nothing may follow it.
    with pytest.raises(refws.ConnectionClosed):
        ws.send("more")


def test_an_unasked_pong_and_a_message_that_is_not_compressed(sockets):
    server, client = sockets

    def play():
        with server_handshake(server) as ws:
            ws.pong(b"alive")
            ws.send("x" * 2000, compress=False)

    with peer(play), client_handshake(client, URI) as ws:
        assert [ws.recv_event(), ws.recv_event()] == [refws.Pong(b"alive"), "x" * 2000]


@pytest.mark.clause("rfc6455:7.1.7-p1-s3/2")
def test_frames_and_failures_are_in_the_log(caplog):
    caplog.set_level("DEBUG", "refws")
    with (
        server_handshake(canned(request(), frame(TEXT, b"text", mask=False))) as ws,
        pytest.raises(refws.ConnectionClosed),
    ):
        ws.recv()
    logged = [record.getMessage() for record in caplog.records]
    assert any("> close 1002" in line for line in logged)
    assert any(line.startswith("failed the connection: ") for line in logged)


class Nonblocking(io.RawIOBase):
    def readable(self):
        return True

    def writable(self):
        return True

    def readinto(self, buffer):
        return None

    def write(self, octets):
        return None


def test_misuse_is_one_clear_line(sockets):
    server, client = sockets
    server.setblocking(False)
    for stream, says in [
        (server, "has to block"),
        (object(), "recv or read1 or read"),
        ((io.BytesIO(), object()), "sendall or write"),
        ((io.StringIO("GET"), io.BytesIO()), "octets"),
        (Nonblocking(), "has to block"),
        ((io.BytesIO(request()), Nonblocking()), "has to block"),
    ]:
        with pytest.raises(refws.UsageError, match=says):
            server_handshake(stream)
    for uri in ("http://a", "ws://a/#b"):
        with pytest.raises(refws.UsageError):
            client_handshake(client, uri)
    reader, writer = canned(request())
    ws = server_handshake((reader, writer))
    with pytest.raises(refws.UsageError):
        ws.ping(bytes(126))
    with pytest.raises(refws.UsageError):
        ws.close(1005)
