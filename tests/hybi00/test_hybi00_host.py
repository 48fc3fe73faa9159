"""Hixie-76 over the asyncio host, and beside RFC 6455 on one port."""

import asyncio
import contextlib
import functools
import ssl

import pytest
import trustme
from handmade_hixie import ANSWER, request

import refws
from refws import hybi00
from refws.failure import UsageError
from refws.host import http11
from refws.host.connection.broadcast import broadcast
from refws.host.either import EitherEndpoint, is_for_hybi00
from refws.host.threads.server import serve_sync
from tests.host.peers import asyncio_test

CLOSING = b"\xff\x00"
NEW = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def echo(ws):
    async for message in ws:
        await ws.send(message)


@contextlib.asynccontextmanager
async def serve(handler, **options):
    async with refws.serve(handler, allow_hybi00=True, **options) as server:
        yield server.uri


connect = functools.partial(refws.connect, hybi00=True)


async def tcp(uri):
    uri = refws.parse_websocket_uri(uri)
    return await asyncio.open_connection(uri.host, uri.port)


# Which of the two


@pytest.mark.parametrize(
    ("octets", "old"),
    [
        (b"", None),
        (b"G", None),
        (b"GET ", None),
        (b"GET / HTTP/1.1\r\nSec-WebSocket-Key1: a\r\n", None),
        (b"GET / HTTP/1.1\r\nSec-WebSocket-Key1: a\r\n\r", None),
        (b"GET / HTTP/1.1\r\nSec-WebSocket-Key1: a\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nsec-websocket-KEY2:\r\n\r\n", True),
        (b"GET / HTTP/1.1\nSec-WebSocket-Key2: a\n\n", True),
        (b"GET / HTTP/1.1\r\n\r\nSec-WebSocket-Key2: a\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nSec-WebSocket-Key12: a\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n", False),
        (b"GET /Sec-WebSocket-Key1: HTTP/1.1\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nSec-WebSocket-Key1: a\r\nSec-WebSocket-Version: 13\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nsec-websocket-version:\r\nSec-WebSocket-Key1: a\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nSec-WebSocket-Key1: a\r\n\r\n", False),
        (b"P", False),
        (b"GETS", False),
        (b"\r\n", False),
        (b"\x16\x03\x01", False),
        (NEW, False),
        (request(), True),
    ],
)
def test_the_first_head_tells(octets, old):
    assert is_for_hybi00(octets) is old


@pytest.mark.parametrize("octets", [request(), NEW, b"GET / HTTP/1.1\n\n"])
def test_the_first_head_tells_as_soon_as_it_is_complete(octets):
    searched, said = 0, None
    for size in range(len(octets) + 1):
        said = is_for_hybi00(octets[:size], searched)
        searched = size
        if said is not None:
            break
    assert said is is_for_hybi00(octets)
    assert b"\n\r\n" in octets[:size] or b"\n\n" in octets[:size]


class Owner:
    """What an endpoint lets itself be replaced in."""

    transport = None

    def __init__(self, limits=refws.Limits(), secure=None):  # noqa: B008
        self.endpoint = self.first = EitherEndpoint(limits, self, secure)

    def receive(self, octets):
        return self.endpoint.receive_octets(octets)


def test_it_becomes_hybi00_with_all_that_has_come():
    owner = Owner()
    octets = request()
    for octet in octets[:-1]:
        assert owner.receive(bytes([octet])) == []
    assert type(owner.endpoint) is hybi00.Endpoint, "as the head is complete"
    (asked,) = owner.receive(octets[-1:])
    assert asked.target == "/demo"
    owner.endpoint.accept()
    assert owner.endpoint.octets_to_send().endswith(ANSWER)


@pytest.mark.parametrize("in_pieces", [False, True])
def test_it_becomes_the_usual_endpoint_for_anything_else(in_pieces):
    owner = Owner()
    pieces = [bytes([octet]) for octet in NEW] if in_pieces else [NEW]
    (asked,) = [event for piece in pieces for event in owner.receive(piece)]
    assert type(owner.endpoint) is http11.Endpoint
    assert asked.headers.get("Sec-WebSocket-Version") == "13"
    assert owner.endpoint.accept().response.headers.get("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_head_without_end_is_the_usual_endpoints_to_refuse():
    owner = Owner(refws.Limits(max_head_size=100))
    assert owner.receive(b"GET /" + bytes(95).replace(b"\0", b"a")) == []
    assert owner.endpoint is owner.first
    (failure,) = owner.receive(b"a")
    assert failure.status == 431
    assert owner.endpoint.octets_to_send().startswith(b"HTTP/1.1 431 ")


def test_what_is_no_http_is_refused_at_once():
    owner = Owner()
    (failure,) = owner.receive(b"\x16\x03\x01\x02")
    assert failure.status == 400


@pytest.mark.parametrize(("secure", "scheme"), [(None, "ws"), (False, "ws"), (True, "wss")])
def test_whether_it_is_secure_can_be_said(secure, scheme):
    owner = Owner(secure=secure)
    owner.receive(request())
    opened = owner.endpoint.accept()
    assert opened.response.headers.get("Sec-WebSocket-Location") == f"{scheme}://example.com/demo"


@pytest.mark.parametrize(("context", "scheme"), [(None, "ws"), (object(), "wss")])
def test_the_transport_knows_whether_it_is_secure(context, scheme):
    class Transport:
        def get_extra_info(self, name):
            return {"ssl_object": context}[name]

    owner = Owner()
    owner.transport = Transport()
    owner.receive(request())
    opened = owner.endpoint.accept()
    assert opened.response.headers.get("Sec-WebSocket-Location") == f"{scheme}://example.com/demo"


def test_before_it_is_decided_there_is_nothing_to_answer():
    endpoint = Owner().endpoint
    with pytest.raises(UsageError):
        endpoint.accept()
    (failure,) = endpoint.receive_end_of_octets()
    assert failure.status == 1006
    assert endpoint.octets_to_send() == b""


# On asyncio


@asyncio_test
async def test_both_roles_over_tcp():
    async with serve(echo) as uri, connect(uri) as ws:
        for message in ("", "a", "\U0001f30a", "b" * 70000):
            await ws.send(message)
        assert [await ws.recv() for _ in range(4)] == ["", "a", "\U0001f30a", "b" * 70000]
        await ws.close(1001, "going")
        assert (ws.close_sent, ws.close_received) == (refws.Close(), refws.Close())
        assert ws.endpoint.closing.cleanly


@asyncio_test
async def test_a_server_that_ends_is_an_end_of_the_loop():
    async def greet(ws):
        await ws.send("hello")

    async with serve(greet) as uri, connect(uri) as ws:
        assert [message async for message in ws] == ["hello"]
        with pytest.raises(refws.ConnectionClosed) as caught:
            await ws.recv()
        assert (caught.value.code, caught.value.normally, caught.value.cleanly) == (1005, True, True)


@asyncio_test
async def test_a_handler_that_fails_closes_all_the_same(caplog):
    async def fail(ws):
        raise RuntimeError("on purpose")

    async with serve(fail) as uri, connect(uri) as ws:
        assert [message async for message in ws] == []
        assert ws.endpoint.closing.code == 1005
    assert "on purpose" in caplog.text


@asyncio_test
async def test_a_lost_connection_is_1006():
    async def drop(ws):
        ws.drop_tcp()

    async with serve(drop) as uri, connect(uri) as ws:
        with pytest.raises(refws.ConnectionClosed) as caught:
            await ws.recv()
        assert (caught.value.code, caught.value.normally) == (1006, False)


@asyncio_test
async def test_a_message_above_the_limit_closes_tcp_without_a_closing_frame():
    async with serve(echo, max_message_size=3) as uri, connect(uri) as ws:
        await ws.send("abcd")
        with pytest.raises(refws.ConnectionClosed) as caught:
            await ws.recv()
        assert caught.value.code == 1006


@asyncio_test
async def test_pings_are_this_sides_mistake():
    async with serve(echo) as uri, connect(uri) as ws:
        with pytest.raises(UsageError, match="no Ping"):
            await ws.ping()
        await ws.send("still here")
        assert await ws.recv() == "still here"


@asyncio_test
async def test_a_subprotocol():
    async with serve(echo, subprotocols=["chat"]) as uri:
        async with connect(uri, subprotocols=["chat"]) as ws:
            assert ws.subprotocol == "chat"
        with pytest.raises(refws.HandshakeFailure) as caught:
            async with connect(uri, subprotocols=["other"]):
                pass
        assert caught.value.status == 400


@asyncio_test
async def test_the_usual_clients_are_served_on_the_same_port():
    ends = []

    async def handler(ws):
        ends.append(ws)
        await echo(ws)

    async with serve(handler) as uri:
        async with refws.connect(uri) as ws:
            await ws.send(b"binary")
            assert await ws.recv() == b"binary"
            await ws.ping()
        async with connect(uri) as ws:
            await ws.send("text")
            assert await ws.recv() == "text"
        assert [type(end.endpoint) for end in ends] == [http11.Endpoint, hybi00.Endpoint]


@asyncio_test
async def test_a_browser_of_2010_by_hand():
    async with serve(echo) as uri:
        reader, writer = await tcp(uri)
        octets = request("Content-Length: 8")
        writer.write(octets[:-3])
        await writer.drain()
        writer.write(octets[-3:] + b"\x00early\xff\x00\xff\x7fx\xff\x85\x02ab\x00l\xc3\xa9\xff")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"\r\nSec-WebSocket-Location: ws://example.com/demo\r\n" in head
        assert await reader.readexactly(16) == ANSWER
        assert await reader.readexactly(7 + 2 + 5) == b"\x00early\xff\x00\xff\x00l\xc3\xa9\xff"
        writer.write(b"\xff\x80\x00")
        assert await reader.read() == CLOSING
        writer.close()
        await writer.wait_closed()


@asyncio_test
async def test_a_bad_handshake_is_answered_with_400_and_closed():
    async with serve(echo) as uri:
        for octets in (request(Sec_WebSocket_Key1="12"), request(Sec_WebSocket_Key1="1\r2")):
            reader, writer = await tcp(uri)
            writer.write(octets)
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            writer.close()
            await writer.wait_closed()


@pytest.fixture(scope="module")
def contexts():
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


@asyncio_test
async def test_over_tls_the_location_is_wss(contexts):
    serving, connecting = contexts
    async with serve(echo, tls=serving) as uri, connect(uri, tls=connecting) as ws:
        assert ws.response.headers.get("Sec-WebSocket-Location") == f"{uri}/"
        assert uri.startswith("wss:")
        await ws.send("a")
        assert await ws.recv() == "a"


def echo_in_a_thread(ws):
    for message in ws:
        ws.send(message)


@pytest.mark.parametrize("tls", [False, True])
def test_a_server_with_threads(contexts, tls):
    serving, connecting = contexts if tls else (None, None)

    @asyncio_test
    async def talk(uri):
        async with connect(uri, tls=connecting) as ws:
            await ws.send("a")
            assert await ws.recv() == "a"
            await ws.close()
            assert ws.endpoint.closing.cleanly

    with serve_sync(echo_in_a_thread, tls=serving, allow_hybi00=True) as server:
        talk(server.uri)


@asyncio_test
async def test_a_refusal_of_the_hook_and_the_end_of_the_server():
    def http(request):
        return refws.Response(403, body=b"no") if request.path == "/secret" else None

    async with refws.serve(echo, allow_hybi00=True, http=http) as server:
        with pytest.raises(refws.HandshakeFailure) as caught:
            async with connect(f"{server.uri}/secret"):
                pass
        assert caught.value.status == 403
        async with connect(server.uri) as ws:
            closing = asyncio.create_task(server.close())
            assert [message async for message in ws] == []
            assert ws.endpoint.closing.cleanly
            await closing


@asyncio_test
async def test_there_are_no_keep_alive_pings():
    async with serve(echo, ping_interval=0) as uri, connect(uri, ping_interval=0) as ws:
        for message in "abc":
            await ws.send(message)
            assert await ws.recv() == message


@asyncio_test
async def test_it_is_off_by_default():
    async with refws.serve(echo) as server:
        with pytest.raises(refws.HandshakeFailure):
            async with connect(server.uri):
                pass


@asyncio_test
async def test_parts_are_sent_as_one_message_and_received_as_they_come():
    async with serve(echo) as uri, connect(uri) as ws:
        await ws.send(["a", "b", "c"])
        assert await ws.recv() == "abc"
        await ws.send("d" * 70000)
        assert "".join([part async for part in ws.recv_streaming()]) == "d" * 70000


@asyncio_test
async def test_a_broadcast_reaches_both():
    async def handler(ws):
        ends.append(ws)
        await echo(ws)

    ends = []
    async with serve(handler) as uri, connect(uri) as old, refws.connect(uri) as new:
        for ws in (old, new):
            await ws.send("here")
            assert await ws.recv() == "here"
        assert broadcast(ends, "to all").sent == 2
        assert (await old.recv(), await new.recv()) == ("to all", "to all")


@asyncio_test
async def test_a_client_insists_where_octets_can_be_read_on_the_way():
    with pytest.raises(UsageError, match="insecure_hybi00=True"):
        connect("ws://example.com/")
    connect("ws://example.com/", insecure_hybi00=True)
    connect("wss://example.com/")


@asyncio_test
async def test_counters_and_the_log_of_frames(caplog):
    caplog.set_level("DEBUG", "refws.frames")
    async with serve(echo) as uri, connect(uri) as ws:
        await ws.send("hi")
        await ws.recv()
        await ws.close()
        counters = ws.counters
    assert (counters.messages_sent, counters.messages_received) == (1, 1)
    assert (counters.frames_sent, counters.frames_received) == (2, 2)
    lines = [record.message.split(" ", 2)[2] for record in caplog.records if record.name == "refws.frames"]
    for direction in "<>":
        assert lines.count(f'{direction} text fin 2 octets "hi"') == 2
        assert lines.count(f"{direction} close 0 octets") == 2
