"""`WebSocketMixin` under http.server, wsgiref and Werkzeug: WebSocket and plain HTTP on one port."""

import contextlib
import http.client
import socket
import socketserver
import threading
import wsgiref.simple_server
from http.server import BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import websockets.sync.client
from peers import CLOSE, TEXT, close_frame, frame, request
from sync_peers import SOON, Raw, contexts, echo, nothing_is_left, running, until  # noqa: F401

import refws
from refws.host.choice import Choice
from refws.host.connection.times import TimeLimits
from refws.host.http_server import WebSocketMixin
from refws.host.threads.client import connect_sync

PAGE = b"a page of the class\n"


class Echo(WebSocketMixin):
    """What the handler classes below have in common."""

    logged: list

    def websocket(self, ws):
        echo(ws)

    def log_request(self, code="-", size="-"):
        self.logged.append(int(code))

    def log_message(self, *args):
        pass


class Files(Echo, SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])) if environ["REQUEST_METHOD"] == "POST" else PAGE
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def http_server(base=Files):
    return ThreadingHTTPServer(("127.0.0.1", 0), handler_class(base))


def wsgiref_server():
    class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
        """Which waits for its threads."""

    handler = handler_class(Echo, wsgiref.simple_server.WSGIRequestHandler)
    return wsgiref.simple_server.make_server("127.0.0.1", 0, application, Server, handler)


def werkzeug_server():
    from werkzeug import serving

    handler = handler_class(Echo, serving.WSGIRequestHandler)
    return serving.make_server("127.0.0.1", 0, application, threaded=True, request_handler=handler)


def handler_class(*bases):
    """A class for one server, with a log of its own."""
    return type("Handler", bases, {"logged": []})


@contextlib.contextmanager
def serving(server, tls=None):
    """Run a server; gives it, and waits for all that it does."""
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with running(lambda: server.serve_forever(poll_interval=0.01)):
        try:
            yield server
        finally:
            server.shutdown()
            WebSocketMixin.close_websockets(server)
            server.server_close()
    # The threads of requests that are daemons end by themselves.
    until(lambda: not any("process_request" in thread.name for thread in threading.enumerate()))


def uri(server, scheme="ws"):
    return f"{scheme}://127.0.0.1:{server.server_port}/room"


def tcp(server):
    return Raw(socket.create_connection(("127.0.0.1", server.server_port)))


EVERY_SERVER = pytest.mark.parametrize("make", [http_server, wsgiref_server, werkzeug_server])


@EVERY_SERVER
def test_websocket_and_plain_http_on_one_port(make):
    with serving(make()) as server:
        with connect_sync(uri(server)) as ws:
            ws.send("hello")
            assert ws.recv(SOON) == "hello"
            ws.send(b"x" * 2**20)
            assert ws.recv(SOON) == b"x" * 2**20
            page = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=SOON)
            with contextlib.closing(page):
                page.request("GET", "/")
                assert page.getresponse().read() == PAGE
                page.request("POST", "/", b"a body", {"Upgrade": "h2c"})
                assert page.getresponse().read() == b"a body"
        assert ws.close_received == refws.Close(1000)
        with websockets.sync.client.connect(uri(server)) as client:
            client.send(["from ", "websockets"])
            assert client.recv(SOON) == "from websockets"
        until(lambda: len(server.RequestHandlerClass.logged) == 4)
        assert sorted(server.RequestHandlerClass.logged) == [101, 101, 200, 200]


@EVERY_SERVER
@pytest.mark.clause("rfc6455:4.2.2-p22-s3")
def test_what_was_read_ahead_is_not_lost(make):
    with serving(make()) as server, tcp(server) as raw:
        raw.send(request() + frame(TEXT, b"early") + close_frame(1000))
        assert raw.head()[0] == "HTTP/1.1 101 Switching Protocols"
        assert raw.frames_to_the_end() == [(TEXT, b"early"), (CLOSE, b"\x03\xe8")]


@EVERY_SERVER
def test_a_server_that_stops_says_1001(make):
    with contextlib.ExitStack() as stack:
        with serving(make()) as server:
            ws = stack.enter_context(connect_sync(uri(server)))
        with pytest.raises(refws.ConnectionClosed, match=r"1001 \(the server stops\)"):
            ws.recv(SOON)


def test_a_websocket_on_a_connection_that_was_used_for_http():
    with serving(http_server()) as server, tcp(server) as raw:
        raw.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + request() + frame(TEXT, b"x"))
        assert raw.response()[2] == PAGE
        assert raw.head()[0].split()[1] == "101"
        assert raw.frame() == (TEXT, b"x")


def test_tls(contexts):  # noqa: F811
    with serving(http_server(), contexts[0]) as server, connect_sync(uri(server, "wss"), tls=contexts[1]) as ws:
        ws.send(b"x" * 2**20)
        assert ws.recv(SOON) == b"x" * 2**20


def test_an_unbuffered_handler_class():
    class Unbuffered(Files):
        rbufsize = 0
        wbufsize = 512

    with serving(http_server(Unbuffered)) as server, tcp(server) as raw:
        raw.send(request() + frame(TEXT, b"x"))
        assert raw.head()[0].split()[1] == "101"
        assert raw.frame() == (TEXT, b"x")


@pytest.mark.clause("rfc6455:4.2.1-p2-s2")
@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (request().replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
        (request().replace(b"GET", b"POST"), 405),
        (request().replace(b"Version: 13", b"Version: 12"), 426),
        (request("No colon"), 400),
        (request("Content Length: 0"), 400),
        (request().replace(b"Connection: Upgrade\r\n", b""), 400),
        (request("X: " + "x" * 20000), 431),
    ],
    ids=["version of HTTP", "method", "version", "line", "name", "Connection", "size"],
)
def test_the_checks_are_as_strict_as_anywhere(octets, status):
    with serving(http_server()) as server, tcp(server) as raw:
        raw.send(octets)
        assert raw.response()[0] == status
        assert raw.at_end()
        until(lambda: server.RequestHandlerClass.logged == [status])


@pytest.mark.parametrize("value", [b"\r\n websocket", b"h2c,\r\n\tWebSocket"])
def test_a_field_that_is_folded_is_one(value):
    with serving(http_server()) as server, tcp(server) as raw:
        raw.send(request().replace(b"Upgrade: websocket", b"Upgrade: " + value))
        assert raw.head()[0].split()[1] == "101"


def test_a_class_that_reads_the_head_in_its_own_way():
    class Peeking(SimpleHTTPRequestHandler):
        def parse_request(self):
            assert self.rfile.peek(1)
            return super().parse_request()

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_class(Echo, Peeking))
    with serving(server), connect_sync(uri(server)) as ws:
        ws.send("x")
        assert ws.recv(SOON) == "x"


def test_a_log_that_fails_drops_the_connection(capsys):
    class Failing(Files):
        def log_request(self, code="-", size="-"):
            raise LookupError("of the log")

    with serving(http_server(Failing)) as server, tcp(server) as raw:
        raw.send(request())
        assert raw.head()[0].split()[1] == "101"
        assert raw.frames_to_the_end() == []
        until(lambda: "of the log" in capsys.readouterr().err)


def test_what_http_server_refuses_itself():
    with serving(http_server()) as server, tcp(server) as raw:
        raw.send(b"GET / HTTP/1.1\r\n" + b"Upgrade: websocket\r\n" * 101 + b"\r\n")
        assert raw.response()[0] == 431


def test_the_policy_of_a_class():
    class Strict(Files):
        websocket_subprotocols = ("b",)
        websocket_origins = ("https://here.example",)
        websocket_limits = refws.Limits(max_message_size=2)
        websocket_times = TimeLimits(ping_interval=None)

    with serving(http_server(Strict)) as server:
        with pytest.raises(refws.HandshakeFailure) as caught:
            connect_sync(uri(server), origin="https://there.example")
        assert caught.value.status == 403
        with connect_sync(uri(server), origin="https://here.example", subprotocols=["a", "b"]) as ws:
            assert ws.subprotocol == "b"
            ws.send("xyz")
            with pytest.raises(refws.ConnectionClosed, match="1009"):
                ws.recv(SOON)


def test_a_choice_for_each_request():
    class Choosing(Files):
        def websocket_choice(self, request):
            if request.path == "/room":
                return Choice(lambda ws: ws.send(f"{self.path} {self.client_address[0]} {ws.request.target}"))
            return refws.Response(404, body=b"no such room")

    with serving(http_server(Choosing)) as server:
        with connect_sync(uri(server)) as ws:
            assert list(ws) == ["/room 127.0.0.1 /room"]
        with tcp(server) as raw:
            raw.send(request(target="/attic"))
            status, fields, body = raw.response()
            assert (status, fields["connection"], body) == (404, "close", b"no such room")
            assert raw.at_end()
        until(lambda: sorted(server.RequestHandlerClass.logged) == [101, 404])


def test_a_class_without_a_handler(caplog):
    class Forgotten(WebSocketMixin, BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

    failed = pytest.raises(refws.ConnectionClosed, match="1011")
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Forgotten)) as server, connect_sync(uri(server)) as ws, failed:
        ws.recv(SOON)
    assert "a method websocket" in caplog.text


def test_a_server_without_threads_serves_one_at_a_time():
    server = HTTPServer(("127.0.0.1", 0), handler_class(Files))
    with serving(server), connect_sync(uri(server)) as ws:
        ws.send("x")
        assert ws.recv(SOON) == "x"
        waiting = tcp(server)
        waiting.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        ws.close()
        with waiting:
            assert waiting.response()[2] == PAGE


def test_server_close_leaves_the_connections_of_daemon_threads_alone():
    """As its documentation says: whoever stops such a server calls `close_websockets`."""
    server = http_server()
    with running(lambda: server.serve_forever(poll_interval=0.01)):
        ws = connect_sync(uri(server))
        server.shutdown()
        server.server_close()
        ws.send("still there")
        assert ws.recv(SOON) == "still there"
        stop = running(lambda: WebSocketMixin.close_websockets(server, 3001, "moved"))
        with ws, stop, pytest.raises(refws.ConnectionClosed, match="moved"):
            ws.recv(SOON)
    until(lambda: not any("process_request" in thread.name for thread in threading.enumerate()))


def test_a_server_that_was_told_to_close_takes_no_more():
    with serving(http_server()) as server:
        WebSocketMixin.close_websockets(server)
        with tcp(server) as raw:
            raw.send(request())
            with contextlib.suppress(ConnectionResetError):
                assert raw.at_end()
