"""refws under uvicorn: ASGI applications behind a real uvicorn server."""

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
import sys
import urllib.request
from pathlib import Path

import pytest
import trustme
import uvicorn
import websockets
from peers import BINARY, CLOSE, KEY, PING, PONG, TEXT, Raw, asyncio_test, close_frame, frame, request, until
from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.server import ServerState

import refws
from refws.host.uvicorn import WebSocketProtocol

ACCEPT = {"type": "websocket.accept"}
EXAMPLE = Path(__file__).parents[2] / "examples/asgi.py"


class Uvicorn:
    """A uvicorn server that listens, and what its application was told."""

    def __init__(self, server, port):
        self.server, self.port = server, port
        self.uri = f"ws://127.0.0.1:{port}/"
        self.state = server.server_state

    @property
    def connection(self):
        (connection,) = self.state.connections
        return connection

    async def idle(self):
        await until(lambda: not self.state.connections and not self.state.tasks)


@contextlib.asynccontextmanager
async def serving(application, **options):
    """A uvicorn server with refws, without its signals and its pauses; closes as uvicorn does when the test is over."""
    options = {"ws": "refws.host.uvicorn:WebSocketProtocol", "lifespan": "off", "log_config": None, **options}
    config = uvicorn.Config(application, **options)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = socket.create_server(("127.0.0.1", 0))
    await server.startup(sockets=[listener])
    await server.on_tick(0)
    host = Uvicorn(server, listener.getsockname()[1])
    try:
        yield host
    finally:
        for listening in server.servers:
            listening.close()
        for connection in list(host.state.connections):
            connection.shutdown()
        await host.idle()
        await server.lifespan.shutdown()


@contextlib.asynccontextmanager
async def raw(host, octets=b""):
    end = Raw(*await asyncio.open_connection("127.0.0.1", host.port))
    end.send(octets)
    try:
        yield end
    finally:
        await end.close()


@contextlib.asynccontextmanager
async def accepted(host, *fields):
    async with raw(host, request(*fields)) as end:
        line, _ = await end.head()
        assert line == "HTTP/1.1 101 Switching Protocols"
        yield end


async def echo(scope, receive, send):
    """What most of the tests need: an echo, which the end of the connection ends."""
    assert scope["type"] == "websocket"
    assert await receive() == {"type": "websocket.connect"}
    await send(ACCEPT)
    while (event := await receive())["type"] == "websocket.receive":
        await send({**event, "type": "websocket.send"})


def playing(*script, ends=None):
    """An application that sends these events, then takes what comes into `ends` until the disconnection."""

    async def application(scope, receive, send):
        await receive()
        for event in script:
            await send(event)
        if ends is not None:
            while True:
                ends.append(await receive())
                if ends[-1]["type"] == "websocket.disconnect":
                    break

    return application


def lines(caplog, level=logging.INFO):
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


# Messages, with peers of other makes


@pytest.mark.parametrize("http", ["h11", "httptools"])
@asyncio_test
async def test_text_and_binary_messages_are_echoed_to_refws_and_to_websockets(http):
    messages = ["", b"", "é" * 70000, bytes(range(256)) * 300]
    async with serving(echo, http=http) as host:
        async with refws.connect(host.uri) as ws:
            for message in messages:
                await ws.send(message)
                assert await ws.recv() == message
        async with websockets.connect(host.uri) as client:
            for message in messages:
                await client.send(message)
                assert await client.recv() == message
            await client.send(["in ", "fragments"])
            assert await client.recv() == "in fragments"


def test_uvloop_runs_it_too():
    import uvloop

    async def main():
        async with asyncio.timeout(20), serving(echo) as host, websockets.connect(host.uri) as client:
            await client.send("x" * 300000)
            assert await client.recv() == "x" * 300000

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


@pytest.mark.parametrize("configured", [True, False])
@asyncio_test
async def test_messages_are_compressed_where_uvicorn_is_configured_so(configured):
    async with serving(echo, ws_per_message_deflate=configured) as host:
        offer = "Sec-WebSocket-Extensions: permessage-deflate"
        async with raw(host, request(offer)) as end:
            _, fields = await end.head()
            assert ("sec-websocket-extensions" in dict(fields)) is configured
        async with refws.connect(host.uri) as ws:
            await ws.send("a" * 1000)
            assert await ws.recv() == "a" * 1000


@asyncio_test
async def test_a_ping_is_answered_while_the_application_is_busy():
    async with serving(playing(ACCEPT, ends=[])) as host, accepted(host) as end:
        end.send_frame(PING, b"are you there")
        assert await end.frame() == (PONG, b"are you there")


@asyncio_test
async def test_frames_behind_the_request_are_read_once_it_is_accepted():
    may_accept = asyncio.Event()

    async def application(scope, receive, send):
        await may_accept.wait()
        await echo(scope, receive, send)

    async with serving(application) as host, raw(host, request()) as end:
        await until(lambda: host.state.tasks)
        end.send_frame(TEXT, b"early")
        await until(lambda: not host.connection.transport.is_reading())
        may_accept.set()
        line, _ = await end.head()
        assert line.split()[1] == "101"
        assert await end.frame() == (TEXT, b"early")
        end.send_frame(TEXT, b"later")
        assert await end.frame() == (TEXT, b"later")


@asyncio_test
async def test_the_example_serves_http_and_websocket_on_one_port():
    example = await asyncio.create_subprocess_exec(sys.executable, EXAMPLE, "0", stdout=asyncio.subprocess.PIPE)
    try:
        line = (await example.stdout.readline()).decode()
        uri = line.removeprefix("listening on ").strip()
        async with refws.connect(uri) as ws:
            await ws.send("hello")
            assert await ws.recv() == "hello"
        page = await asyncio.to_thread(lambda: urllib.request.urlopen(uri.replace("ws:", "http:"), timeout=10).read())
        assert b"WebSocket" in page
    finally:
        example.terminate()
        # uvicorn stops, and leaves the rest to the signal.
        assert await example.wait() == -signal.SIGTERM


# What the application is told of the request


@asyncio_test
async def test_the_scope_is_that_of_asgi():
    scopes = []

    async def application(scope, receive, send):
        scopes.append(scope)
        await echo(scope, receive, send)

    fields = ["X-Name: \xe9", "Sec-WebSocket-Protocol: one, two", "Cookie: a=b"]
    asked = "\r\n".join([request(*fields, target="/a%2Fb%20c?x=%20y").decode().replace("\xe9", "\udce9")])
    async with serving(application, root_path="/mounted") as host:
        async with raw(host, asked.encode("ascii", "surrogateescape")) as end:
            await end.head()
            client = end.writer.get_extra_info("sockname")
        port = host.port
    (scope,) = scopes
    headers = scope.pop("headers")
    assert scope == {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "server": ("127.0.0.1", port),
        "client": tuple(client),
        "root_path": "/mounted",
        "path": "/mounted/a/b c",
        "raw_path": b"/mounted/a%2Fb%20c",
        "query_string": b"x=%20y",
        "subprotocols": ["one", "two"],
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
    assert (b"x-name", b"\xe9") in headers
    assert (b"cookie", b"a=b") in headers
    assert (b"sec-websocket-key", KEY.encode()) in headers


@asyncio_test
async def test_over_tls_the_scheme_is_wss(tmp_path):
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(pem := str(tmp_path / "server.pem"))
    schemes = []

    async def application(scope, receive, send):
        schemes.append(scope["scheme"])
        await echo(scope, receive, send)

    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    async with serving(application, ssl_certfile=pem) as host:
        async with refws.connect(f"wss://localhost:{host.port}/", tls=tls) as ws:
            await ws.send("secret")
            assert await ws.recv() == "secret"
        assert schemes == ["wss"]


@asyncio_test
async def test_each_connection_has_its_own_copy_of_the_lifespan_state():
    seen = []

    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            scope["state"]["shared"] = ["set at startup"]
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        seen.append(dict(scope["state"]))
        scope["state"]["shared"] = "changed by a connection"
        await echo(scope, receive, send)

    config = uvicorn.Config(application, ws=WebSocketProtocol, lifespan="on", log_config=None)
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    uri = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    for _ in range(2):
        async with refws.connect(uri):
            pass
    server.should_exit = True
    await task
    assert seen == [{"shared": ["set at startup"]}] * 2


# The opening handshake


@asyncio_test
async def test_the_application_chooses_the_subprotocol_and_adds_header_fields(caplog):
    caplog.set_level(logging.INFO)
    accept = {**ACCEPT, "subprotocol": "two", "headers": [(b"X-Added", b"yes"), (b"server", b"mine")]}
    asked = request("Sec-WebSocket-Protocol: one, two", target="/a%20b?c=d")
    async with serving(playing(accept, ends=[])) as host, raw(host, asked) as end:
        _, fields = await end.head()
        client = "{}:{}".format(*end.writer.get_extra_info("sockname"))
    assert dict(fields)["sec-websocket-protocol"] == "two"
    assert ("x-added", "yes") in fields
    assert [value for name, value in fields if name == "server"] == ["uvicorn", "mine"]
    assert [name for name, _ in fields].count("date") == 1
    assert f'{client} - "WebSocket /a%20b?c=d" [accepted]' in lines(caplog)


@asyncio_test
async def test_no_date_and_no_server_where_uvicorn_is_configured_so():
    async with serving(echo, date_header=False, server_header=False) as host, raw(host, request()) as end:
        _, fields = await end.head()
        assert {"date", "server"}.isdisjoint(name for name, _ in fields)


@pytest.mark.clause("rfc6455:4.2.2-p10-s2")
@asyncio_test
async def test_a_subprotocol_that_was_not_offered_is_an_error_of_the_application(caplog):
    application = playing({**ACCEPT, "subprotocol": "three"})
    async with serving(application) as host, raw(host, request("Sec-WebSocket-Protocol: one")) as end:
        status, _, content = await end.response()
    assert (status, content) == (500, b"Internal Server Error")
    assert "'three' was not offered" in caplog.text


@asyncio_test
async def test_closing_before_accepting_is_403(caplog):
    caplog.set_level(logging.INFO)
    ends = []
    application = playing({"type": "websocket.close", "code": 1008}, ends=ends)
    async with serving(application) as host, raw(host, request()) as end:
        status, fields, content = await end.response()
        assert await end.reader.read() == b""
    assert (status, content, dict(fields)["connection"]) == (403, b"", "close")
    assert ends == [{"type": "websocket.disconnect", "code": 1006}]
    assert any(line.endswith('"WebSocket /" 403') for line in lines(caplog))


@pytest.mark.parametrize(
    ("lines_of_request", "status"),
    [
        ([f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 8"], 426),
        (["Sec-WebSocket-Key: short", "Sec-WebSocket-Version: 13"], 400),
        (["Sec-WebSocket-Version: 13"], 400),
    ],
)
@asyncio_test
async def test_a_request_that_is_no_opening_handshake_never_reaches_the_application(lines_of_request, status):
    async def application(scope, receive, send):
        pytest.fail("the application was called")

    head = ["GET / HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade", *lines_of_request]
    async with serving(application) as host, raw(host, "\r\n".join([*head, "", ""]).encode()) as end:
        assert (await end.response())[0] == status
        assert await end.reader.read() == b""


@asyncio_test
async def test_an_extension_offer_that_cannot_be_read_disconnects_the_application():
    failures = []

    async def application(scope, receive, send):
        try:
            await send(ACCEPT)
        except OSError as error:
            failures.append(error)
            raise

    async with serving(application) as host, raw(host, request("Sec-WebSocket-Extensions: =,;")) as end:
        assert (await end.response())[0] == 400
        assert await end.reader.read() == b""
    assert len(failures) == 1


@asyncio_test
async def test_a_request_with_a_body_is_given_up_at_the_time_limit():
    async with serving(echo) as host, raw(host, request("Content-Length: 5")) as end:
        await until(lambda: any(isinstance(c, WebSocketProtocol) for c in host.state.connections))
        # What the time limit calls, ten seconds later.
        host.connection._open_timeout()
        assert await end.reader.read() == b""


@asyncio_test
async def test_an_application_may_mend_an_answer_that_could_not_be_sent():
    raised = []

    async def application(scope, receive, send):
        try:
            await send({**ACCEPT, "subprotocol": "not offered"})
        except ValueError as error:
            raised.append(error)
        await send(ACCEPT)

    async with serving(application) as host, accepted(host):
        assert len(raised) == 1


@asyncio_test
async def test_above_limit_concurrency_it_is_503(caplog):
    async with serving(echo, limit_concurrency=2) as host, accepted(host), raw(host, request()) as end:
        status, _, content = await end.response()
    assert (status, content) == (503, b"Service Unavailable")
    assert "Exceeded concurrency limit." in lines(caplog)


@asyncio_test
async def test_a_client_that_leaves_before_the_answer_disconnects_the_application():
    told, may_accept, raised = [], asyncio.Event(), []

    async def application(scope, receive, send):
        told.extend([await receive(), await receive()])
        try:
            await send(ACCEPT)
        except OSError as error:
            raised.append(error)

    async with serving(application) as host:
        async with raw(host, request()):
            await until(lambda: told or host.state.tasks)
        await host.idle()
    may_accept.set()
    assert told == [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]
    assert len(raised) == 1


# A response of the application's own


def start(status, *headers):
    return {"type": "websocket.http.response.start", "status": status, "headers": list(headers)}


def body(data, more=False):
    return {"type": "websocket.http.response.body", "body": data, "more_body": more}


async def denied(*script, **options):
    """The octets that a client gets."""
    ends = []
    async with serving(playing(*script, ends=ends), **options) as host, raw(host, request()) as end:
        octets = await end.reader.read()
    assert ends in ([], [{"type": "websocket.disconnect", "code": 1006}])
    return octets


@pytest.mark.clause("rfc6455:4.2.2-p9-s3")
@asyncio_test
async def test_a_denial_response_in_one_piece_tells_its_length(caplog):
    caplog.set_level(logging.INFO)
    octets = await denied(start(401, (b"Content-Type", b"application/json")), body(b"{}"))
    head, _, content = octets.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert {b"content-length: 2", b"connection: close", b"content-type: application/json", b"server: uvicorn"} < set(
        head.lower().split(b"\r\n")
    )
    assert content == b"{}"
    assert any(line.endswith('"WebSocket /" 401') for line in lines(caplog))


@asyncio_test
async def test_a_denial_response_in_pieces_is_sent_as_they_come():
    may_go_on = asyncio.Event()

    async def application(scope, receive, send):
        await send(start(403))
        await send(body(b"first", more=True))
        await may_go_on.wait()
        await send(body(b"", more=True))
        await send(body(b"last"))

    async with serving(application) as host, raw(host, request()) as end:
        _, fields = await end.head()
        assert dict(fields)["transfer-encoding"] == "chunked"
        assert await end.reader.readexactly(10) == b"5\r\nfirst\r\n"
        may_go_on.set()
        assert await end.reader.read() == b"4\r\nlast\r\n0\r\n\r\n"


@asyncio_test
async def test_the_length_that_the_application_tells_is_kept():
    octets = await denied(start(404, (b"Content-Length", b"6")), body(b"abc", more=True), body(b"def"))
    assert b"\r\ncontent-length: 6\r\n" in octets.lower()
    assert octets.endswith(b"\r\n\r\nabcdef")


@pytest.mark.parametrize("status", [204, 304])
@asyncio_test
async def test_a_status_that_has_no_body_gets_no_length(status):
    octets = await denied(start(status), body(b""))
    assert octets.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-length" not in octets.lower()


@asyncio_test
async def test_a_denial_response_that_is_left_half_done_does_not_look_whole(caplog):
    octets = await denied(start(403), body(b"half", more=True), {"type": "websocket.accept"})
    assert octets.endswith(b"\r\n\r\n4\r\nhalf\r\n")
    assert "Expected ASGI message 'websocket.http.response.body' but got 'websocket.accept'." in caplog.text


@asyncio_test
async def test_a_denial_response_without_any_body_is_an_empty_one():
    async def application(scope, receive, send):
        await send(start(418))

    async with serving(application) as host, raw(host, request()) as end:
        status, fields, content = await end.response()
    assert (status, dict(fields)["content-length"], content) == (418, "0", b"")


@pytest.mark.parametrize(
    "wrong", [start(700), start(101), start(403, (b"X-Bad", b"two\r\nlines")), {**ACCEPT, "headers": [(b"\n", b"")]}]
)
@asyncio_test
async def test_an_answer_that_cannot_be_sent_becomes_500(wrong, caplog):
    octets = await denied(wrong)
    assert octets.startswith(b"HTTP/1.1 500 ")
    assert octets.endswith(b"\r\n\r\nInternal Server Error")
    assert lines(caplog, logging.ERROR) == ["Exception in ASGI application\n"]


@pytest.mark.parametrize("content", [b"xyz", b"x"], ids=["too long", "too short"])
@asyncio_test
async def test_a_body_of_another_length_than_was_told_is_an_error_of_the_application(content, caplog):
    octets = await denied(start(403, (b"Content-Length", b"2")), body(content))
    head, _, got = octets.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    # The client sees that something is missing.
    assert len(got) < 2
    assert "this response cannot be sent as HTTP" in caplog.text


# The order of events


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ([{"type": "websocket.send", "text": "x"}], "but got 'websocket.send'"),
        ([ACCEPT, ACCEPT], "Expected ASGI message 'websocket.send' or 'websocket.close' but got 'websocket.accept'."),
        ([ACCEPT, {"type": "websocket.send"}], "neither 'bytes' nor 'text'"),
        ([ACCEPT, {"type": "websocket.close"}, {"type": "websocket.send", "text": ""}], "behind 'websocket.close'"),
        ([{"type": "websocket.close"}, ACCEPT], "behind 'websocket.close' or a complete response"),
        ([start(403), body(b""), body(b"")], "behind 'websocket.close' or a complete response"),
    ],
)
@asyncio_test
async def test_an_event_out_of_order_is_told_to_the_application(script, message):
    errors = []

    async def application(scope, receive, send):
        try:
            for event in script:
                await send(event)
        except RuntimeError as error:
            errors.append(str(error))

    async with serving(application) as host, raw(host, request()) as end:
        await until(lambda: errors)
        end.send(close_frame(1000))
        await end.reader.read()
    assert len(errors) == 1
    assert message in errors[0]


@pytest.mark.parametrize("receivers", [1, 3])
@asyncio_test
async def test_several_tasks_may_receive(receivers):
    got = []

    async def application(scope, receive, send):
        assert (await receive())["type"] == "websocket.connect"
        await send(ACCEPT)
        given_up = asyncio.create_task(receive())
        await asyncio.sleep(0)
        given_up.cancel()
        got.extend(await asyncio.gather(*(receive() for _ in range(receivers))))

    async with serving(application) as host, accepted(host) as end:
        for number in range(receivers):
            end.send_frame(TEXT, b"%d" % number)
        await until(lambda: got)
    assert sorted(event["text"] for event in got) == [str(n) for n in range(receivers)]


# The end


@asyncio_test
async def test_the_application_is_told_the_code_and_the_reason_of_the_client():
    ends = []
    async with serving(playing(ACCEPT, ends=ends)) as host, accepted(host) as end:
        end.send_frame(TEXT, b"last words")
        end.send(close_frame(4321, "because é".encode()))
        assert await end.frames_to_the_end() == [(CLOSE, (4321).to_bytes(2, "big"))]
    assert ends == [
        {"type": "websocket.receive", "text": "last words"},
        {"type": "websocket.disconnect", "code": 4321, "reason": "because é"},
    ]


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ((CLOSE,), 1005),
        ((0x83,), 1002),
        ((TEXT, b"\xff"), 1007),
        ((TEXT, b"x" * 101), 1009),
        (None, 1006),
    ],
    ids=["1005", "1002", "1007", "1009", "1006"],
)
@asyncio_test
async def test_the_code_says_how_the_connection_ended(ending, code):
    ends = []
    async with serving(playing(ACCEPT, ends=ends), ws_max_size=100) as host, accepted(host) as end:
        end.send_frame(TEXT, b"x" * 100)
        if ending:
            end.send_frame(*ending)
            (_, payload), *_ = await end.frames_to_the_end()
            assert payload[:2] == (b"" if code == 1005 else code.to_bytes(2, "big"))
        await end.close()
        await host.idle()
    assert ends[0]["text"] == "x" * 100
    assert ends[-1]["code"] == code


@pytest.mark.clause("rfc6455:5.5.1-p5-s5")
@pytest.mark.parametrize(
    ("close", "payload"),
    [
        ({}, b"\x03\xe8"),
        ({"code": 4000, "reason": "enough"}, b"\x0f\xa0enough"),
        ({"code": None, "reason": None}, b"\x03\xe8"),
    ],
    ids=["default", "code and reason", "None"],
)
@asyncio_test
async def test_the_application_closes_and_what_still_comes_is_dropped(close, payload):
    ends = []
    application = playing(ACCEPT, {"type": "websocket.close", **close}, ends=ends)
    async with serving(application) as host, accepted(host) as end:
        assert await end.frame() == (CLOSE, payload)
        end.send_frame(TEXT, b"too late")
        end.send_frame(CLOSE, payload)
        assert await end.frames_to_the_end() == []
        assert host.connection.dropped == 1
    assert [event["type"] for event in ends] == ["websocket.disconnect"]
    assert ends[0]["code"] == int.from_bytes(payload[:2], "big")


@pytest.mark.clause("rfc6455:7.1.1-p1-s2", "rfc6455:5.5.1-p5-s5")
@asyncio_test
async def test_closing_reads_on_where_reading_was_held_up():
    may_close = asyncio.Event()

    async def application(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await may_close.wait()
        await send({"type": "websocket.close"})

    async with serving(application, ws_max_queue=2) as host, accepted(host) as end:
        while host.connection.transport.is_reading():
            end.send_frame(TEXT, b"nobody takes this")
            await asyncio.sleep(0)
        may_close.set()
        end.send(close_frame(1000))
        assert await end.frames_to_the_end() == [(CLOSE, b"\x03\xe8")]


@pytest.mark.clause("rfc6455:7.3-p1-s3")
@pytest.mark.parametrize(("result", "payload"), [(None, b"\x03\xe8"), (1, b"\x03\xf3the application failed")])
@asyncio_test
async def test_an_application_that_returns_closes_its_connection(result, payload, caplog):
    async def application(scope, receive, send):
        await send(ACCEPT)
        return result

    async with serving(application) as host, accepted(host) as end:
        assert await end.frame() == (CLOSE, payload)
    assert lines(caplog, logging.ERROR) == [
        f"ASGI callable should return None, but returned '{r}'." for r in [result] if r
    ]


@pytest.mark.clause("rfc6455:7.4.1-p25-s1")
@asyncio_test
async def test_an_application_that_fails_closes_with_1011(caplog):
    async def application(scope, receive, send):
        await send(ACCEPT)
        raise LookupError("of the application")

    async with serving(application) as host, accepted(host) as end:
        assert await end.frame() == (CLOSE, b"\x03\xf3the application failed")
    assert lines(caplog, logging.ERROR) == ["Exception in ASGI application\n"]
    assert "of the application" in caplog.text


@asyncio_test
async def test_an_application_that_ends_before_it_answers_is_a_500(caplog):
    async def application(scope, receive, send):
        pass

    async with serving(application) as host, raw(host, request()) as end:
        status, _, content = await end.response()
    assert (status, content) == (500, b"Internal Server Error")
    assert lines(caplog, logging.ERROR) == ["ASGI callable returned without completing handshake."]


@asyncio_test
async def test_sending_to_a_client_that_has_left_is_an_os_error():
    raised = []

    async def application(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await receive()
        for kind in ("websocket.send", "websocket.close"):
            try:
                await send({"type": kind, "text": "to nobody"})
            except OSError as error:
                raised.append(error)
        raise raised[0]

    async with serving(application) as host:
        async with accepted(host) as end:
            end.send(close_frame(1000))
            await end.frames_to_the_end()
        await host.idle()
    assert len(raised) == 2


@asyncio_test
async def test_answering_again_behind_a_refusal_is_an_os_error_once_tcp_is_closed():
    raised, is_closed = [], asyncio.Event()

    async def application(scope, receive, send):
        await send({"type": "websocket.close"})
        await is_closed.wait()
        try:
            await send(ACCEPT)
        except OSError as error:
            raised.append(error)

    async with serving(application) as host:
        async with raw(host, request()) as end:
            assert (await end.response())[0] == 403
        await until(lambda: not host.state.connections)
        is_closed.set()
        await host.idle()
    assert len(raised) == 1


@asyncio_test
async def test_an_application_that_returns_with_the_close_frame_unread_answers_it():
    may_return = asyncio.Event()

    async def application(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await may_return.wait()

    async with serving(application) as host, accepted(host) as end:
        end.send_frame(TEXT, b"nobody takes this")
        end.send(close_frame(4000))
        await until(lambda: host.connection.endpoint.reaction_is_due)
        may_return.set()
        assert await end.frames_to_the_end() == [(CLOSE, b"\x0f\xa0")]


@asyncio_test
async def test_octets_behind_the_end_are_ignored():
    async with serving(echo) as host, accepted(host) as end:
        connection = host.connection
        end.send(close_frame(1000))
        await end.frames_to_the_end()
        await end.close()
        await host.idle()
        connection.data_received(frame(PONG))
        assert connection.ready_state is refws.ReadyState.CLOSED


# Limits of time and of memory


@asyncio_test
async def test_a_client_that_answers_no_keep_alive_ping_is_closed_with_1011():
    ends = []
    application = playing(ACCEPT, ends=ends)
    async with serving(application, ws_ping_interval=0.01, ws_ping_timeout=0.01) as host, accepted(host) as end:
        (ping, _), (closed, payload) = await end.frames_to_the_end()
    assert (ping, closed, payload[:2]) == (PING, CLOSE, b"\x03\xf3")
    assert ends == [{"type": "websocket.disconnect", "code": 1011}]


@pytest.mark.parametrize("interval", [None, 0])
@asyncio_test
async def test_no_ping_is_sent_where_uvicorn_is_configured_so(interval):
    async with serving(echo, ws_ping_interval=interval) as host, accepted(host) as end:
        end.send_frame(TEXT, b"x")
        await end.frame()
        assert host.connection.times.ping_interval is None
        assert host.connection._timer is None


@asyncio_test
async def test_no_more_is_read_than_ws_max_queue_messages_that_nobody_takes():
    may_receive, got = asyncio.Event(), []

    async def application(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await may_receive.wait()
        while (event := await receive())["type"] == "websocket.receive":
            got.append(event["bytes"])

    async with serving(application, ws_max_queue=4) as host, accepted(host) as end:
        sent = 0
        while host.connection.transport.is_reading():
            end.send_frame(BINARY, b"%d" % sent)
            sent += 1
            await asyncio.sleep(0)
        may_receive.set()
        end.send(close_frame(1000))
        await end.frames_to_the_end()
    assert got == [b"%d" % number for number in range(sent)]


@asyncio_test
async def test_send_waits_for_a_client_that_does_not_read():
    sent = []

    async def application(scope, receive, send):
        async def send_many():
            for number in range(200):
                await send({"type": "websocket.send", "bytes": bytes(65536)})
                sent.append(number)

        await receive()
        await send(ACCEPT)
        await asyncio.gather(send_many(), send_many())

    async with serving(application, ws_per_message_deflate=False) as host, accepted(host) as end:
        await until(lambda: host.connection._drained is not None)
        before = len(sent)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(sent) == before < 400
        assert [await end.frame() for _ in range(400)] == [(BINARY, bytes(65536))] * 400
        assert await end.frame() == (CLOSE, b"\x03\xe8")


# The constructor and the log


@asyncio_test
async def test_it_loads_a_configuration_that_is_not_loaded_and_takes_a_loop():
    config, loop = uvicorn.Config(echo, log_config=None), asyncio.get_running_loop()
    connection = WebSocketProtocol(config, ServerState(), {}, loop)
    assert config.loaded
    assert connection._loop is loop
    assert connection.max_queue == config.ws_max_queue


@asyncio_test
async def test_connections_are_in_the_log_of_level_trace(caplog):
    caplog.set_level(TRACE_LOG_LEVEL, "uvicorn.error")
    async with serving(echo) as host:
        async with accepted(host) as end:
            client = "{}:{}".format(*end.writer.get_extra_info("sockname"))
        await host.idle()
    logged = lines(caplog, TRACE_LOG_LEVEL)
    assert {f"{client} - WebSocket connection made", f"{client} - WebSocket connection lost"} <= set(logged)


@asyncio_test
async def test_frames_are_in_the_log_where_they_are_asked_for(caplog):
    caplog.set_level(logging.DEBUG, "refws.frames")
    async with serving(echo) as host, accepted(host) as end:
        end.send_frame(TEXT, b"seen")
        await end.frame()
    logged = [record.getMessage() for record in caplog.records if record.name == "refws.frames"]
    assert sum("seen" in line for line in logged) == 2


# The server stops


@asyncio_test
async def test_shutdown_closes_with_1012():
    ends = []
    async with serving(playing(ACCEPT, ends=ends)) as host, accepted(host) as end:
        host.connection.shutdown()
        assert await end.frame() == (CLOSE, b"\x03\xf4")
        await until(lambda: ends)
        end.send(close_frame(1012))
        assert await end.frames_to_the_end() == []
    assert ends == [{"type": "websocket.disconnect", "code": 1012}]


@asyncio_test
async def test_shutdown_answers_503_to_a_request_that_waits():
    ends = []

    async def application(scope, receive, send):
        ends.extend([await receive(), await receive()])

    async with serving(application) as host, raw(host, request()) as end:
        await until(lambda: ends or host.state.tasks)
        host.connection.shutdown()
        assert (await end.response())[0] == 503
    assert ends[-1] == {"type": "websocket.disconnect", "code": 1006}


@pytest.mark.clause("rfc6455:7.3-p1-s1")
@asyncio_test
async def test_shutdown_waits_no_longer_for_a_close_frame_of_the_client():
    async with serving(playing(ACCEPT, {"type": "websocket.close"})) as host, accepted(host) as end:
        assert await end.frame() == (CLOSE, b"\x03\xe8")
        host.connection.shutdown()
        async with asyncio.timeout(5):
            assert await end.frames_to_the_end() == []


@asyncio_test
async def test_shutdown_lets_a_response_end():
    may_go_on = asyncio.Event()

    async def application(scope, receive, send):
        await send(start(403, (b"content-length", b"4")))
        await send(body(b"ab", more=True))
        await may_go_on.wait()
        await send(body(b"cd"))

    async with serving(application) as host, raw(host, request()) as end:
        await end.head()
        host.connection.shutdown()
        may_go_on.set()
        assert await end.reader.read() == b"abcd"


@asyncio_test
async def test_a_connection_that_has_ended_can_be_shut_down():
    async with serving(echo) as host:
        async with accepted(host):
            connection = host.connection
        await host.idle()
        connection.shutdown()
        assert connection.ready_state is refws.ReadyState.CLOSED


@pytest.mark.parametrize(("most", "code"), [(2, 1008), (3, 1000), (None, 1000)])
@asyncio_test
async def test_the_frames_of_a_message_are_limited_by_a_subclass(most, code):
    protocol = type("Limited", (WebSocketProtocol,), {"max_fragments": most})
    async with serving(echo, ws=protocol) as host, accepted(host) as end:
        for first in (TEXT & 0x0F, 0, 0x80):
            end.send_frame(first, b"x")
        end.send(close_frame(1000))
        frames = await end.frames_to_the_end()
        assert frames[-1][1][:2] == code.to_bytes(2, "big")
