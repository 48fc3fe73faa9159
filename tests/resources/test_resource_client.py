"""What a resource does with a client: send, ping, close, and what it knows of it."""

import asyncio

import pytest
from serving import Recorder, end_of, on_both_hosts, raw_to, serving

import refws
from refws.resources import Resource
from tests.host.peers import BINARY, CLOSE, PING, TEXT, asyncio_test, close_frame, frame, until


class Room(Resource):
    """Does with its client what a test wants."""

    def __init__(self, do=lambda client: None):
        self.client_connected = do
        self.left = []

    def client_disconnected(self, client):
        self.left.append(client)

    def text_message_received(self, client, message):
        client.send_text(message)


@on_both_hosts
@asyncio_test
async def test_what_is_sent_comes_in_its_order(host):
    def send(client):
        client.send_text("one")
        client.send_binary(b"two")
        client.send_ping(b"three")
        client.send_text("four" * 10000)
        client.send_binary(bytearray(b"five"), compress=False)
        client.send_binary(memoryview(b"six"))

    room = Room(send)
    room.extensions = ()
    async with serving(host, room) as acceptor, raw_to(acceptor) as raw:
        frames = [await raw.frame() for _ in range(6)]
        assert frames == [
            (TEXT, b"one"),
            (BINARY, b"two"),
            (PING, b"three"),
            (TEXT, b"four" * 10000),
            (BINARY, b"five"),
            (BINARY, b"six"),
        ]


@on_both_hosts
@asyncio_test
async def test_misuse_is_told_at_once_and_sends_nothing(host):
    async with serving(host, room := Room()) as acceptor, refws.connect(acceptor.uri) as ws:
        await until(lambda: room.clients)
        [client] = room.clients
        for misuse, why in [
            (lambda: client.send_text(b"x"), "a text message is a str, not bytes"),
            (lambda: client.send_binary("x"), "a binary message is octets, not str"),
            (lambda: client.send_text("\ud800"), "UTF-8"),
            (lambda: client.send_ping(bytes(126)), "125 octets"),
            (lambda: client.close(1006), "1006"),
            (lambda: client.close(1000, "x" * 124), "125 octets"),
            (lambda: client.close(data=b"\x03"), "no body of a Close frame"),
            (lambda: client.close(data=b"\x03\xed"), "1005"),
        ]:
            with pytest.raises(refws.UsageError, match=why):
                misuse()
        await ws.send("still open")
        assert await ws.recv() == "still open"


@pytest.mark.clause("rfc6455:7.1.2-p1-s1", "rfc6455:7.4-p1-s4", "rfc6455:7.3-p1-s3")
@on_both_hosts
@asyncio_test
async def test_closing(host):
    async with serving(host, room := Room()) as acceptor:
        for given, options, close in [
            ((), {}, refws.Close(1000)),
            ((4000, "enough"), {}, refws.Close(4000, "enough")),
            ((None,), {}, refws.Close()),
            ((), {"data": b"\x0f\xa1bye"}, refws.Close(4001, "bye")),
            ((), {"data": b""}, refws.Close()),
        ]:
            async with refws.connect(acceptor.uri) as ws:
                await until(lambda: room.clients)
                [client] = room.clients
                client.close(*given, **options)
                assert await end_of(ws) == ([], close)
                await until(lambda: not room.clients)
                assert (client.close_sent, client.close_received, client.close_code) == (
                    close,
                    refws.Close(close.code),
                    close.code,
                )
        await until(lambda: [client.state for client in room.left] == [refws.ReadyState.CLOSED] * 5)


@on_both_hosts
@asyncio_test
async def test_no_handler_is_called_behind_a_close(host):
    class Once(Recorder):
        def text_message_received(self, client, message):
            self.calls.append(message)
            client.close()

    room = Once()
    async with serving(host, room) as acceptor, raw_to(acceptor) as raw:
        raw.send(frame(TEXT, b"one") + frame(TEXT, b"two"))
        assert await raw.frame() == (CLOSE, b"\x03\xe8")
        raw.send(frame(TEXT, b"three") + close_frame(1000))
        assert await raw.frames_to_the_end() == []
        await until(lambda: room.calls[-1][0] == "disconnected")
    assert room.calls[1:] == ["one", ("disconnected", "/", False)]


@pytest.mark.clause("rfc6455:5.5.1-p5-s1", "rfc6455:5.5.1-p4-s1")
@on_both_hosts
@asyncio_test
async def test_closing_behind_the_clients_close_answers_that_one(host):
    class Once(Resource):
        def text_message_received(self, client, message):
            client.close(4000, "too late")

    async with serving(host, Once()) as acceptor, raw_to(acceptor) as raw:
        raw.send(frame(TEXT, b"one") + close_frame(3000))
        assert await raw.frames_to_the_end() == [(CLOSE, b"\x0b\xb8")]


@on_both_hosts
@asyncio_test
async def test_what_is_sent_to_a_client_that_has_gone_raises_at_once(host):
    room = Room()
    async with serving(host, room) as acceptor:
        async with refws.connect(acceptor.uri):
            await until(lambda: room.clients)
        await until(lambda: room.left)
        [client] = room.left
        for send in (lambda: client.send_text("x"), lambda: client.send_binary(b"x"), client.send_ping):
            with pytest.raises(refws.ConnectionClosed) as closed:
                send()
            assert closed.value.code == 1000
        client.close(4000)
        assert client.close_received == refws.Close(1000)


@on_both_hosts
@asyncio_test
async def test_what_is_known_of_a_client(host):
    room = Room()
    room.subprotocols = ["chat"]
    async with (
        serving(host, room) as acceptor,
        refws.connect(f"{acceptor.uri}/?a=b", subprotocols=["chat"], additional_headers=[("X-Name", "Ada")]) as ws,
    ):
        await ws.send("x")
        assert await ws.recv() == "x"
        [client] = room.clients
        assert (client.resource, client.state, client.subprotocol) == (room, refws.ReadyState.OPEN, "chat")
        assert (client.request.target, client.request.headers.get("x-name")) == ("/?a=b", "Ada")
        assert client.remote_address == ws.transport.get_extra_info("sockname")
        assert (client.counters.messages_received, client.counters.messages_sent) == (1, 1)
        assert (client.close_sent, client.close_received, client.latency, client.dropped) == (None, None, None, 0)


@on_both_hosts
@asyncio_test
async def test_the_latency_of_keep_alive(host):
    room = Room()
    room.ping_interval = 0.01
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri):
        await until(lambda: room.clients)
        [client] = room.clients
        await until(lambda: client.latency is not None)
        assert 0 < client.latency < 5


async def read_slowly(raw, size):
    taken = 0
    while taken < size:
        taken += len(await raw.reader.read(1 << 16))


@asyncio_test
async def test_awaiting_what_sending_returns_is_back_pressure():
    size, sent = 1 << 24, []

    class Flood(Resource):
        extensions = ()

        async def client_connected(self, client):
            await client.send_text("little")
            sent.append("little")
            await client.send_binary(bytes(size))
            sent.append("much")
            await client.close()
            sent.append("closed")

    async with serving("asyncio", Flood()) as acceptor, raw_to(acceptor) as raw:
        assert await raw.frame() == (TEXT, b"little")
        for _ in range(100):
            await asyncio.sleep(0)
        assert sent == ["little"]
        assert len((await raw.frame())[1]) == size
        await until(lambda: sent[1:] == ["much"])
        assert await raw.frame() == (CLOSE, b"\x03\xe8")
        raw.send(close_frame(1000))
        assert await raw.frames_to_the_end() == []
        raw.writer.close()
        await until(lambda: sent[2:] == ["closed"])


@asyncio_test
async def test_in_threads_waiting_for_what_sending_returns_is_back_pressure():
    size, sent = 1 << 24, []

    class Flood(Resource):
        extensions = ()

        def client_connected(self, client):
            client.send_text("little").wait()
            sent.append("little")
            much = client.send_binary(bytes(size))
            with pytest.raises(TimeoutError):
                much.wait(0.01)
            sent.append("not yet")
            much.wait()
            sent.append("much")
            client.close().wait()
            sent.append("closed")

    async with serving("threads", Flood()) as acceptor, raw_to(acceptor) as raw:
        assert await raw.frame() == (TEXT, b"little")
        await until(lambda: sent[-1:] == ["not yet"])
        assert len((await raw.frame())[1]) == size
        await until(lambda: sent[-1] == "much")
        assert await raw.frame() == (CLOSE, b"\x03\xe8")
        raw.send(close_frame(1000))
        assert await raw.frames_to_the_end() == []
        raw.writer.close()
        await until(lambda: sent[-1] == "closed")


@on_both_hosts
@asyncio_test
async def test_nobody_gets_answers_faster_than_he_takes_them(host):
    answered = []

    class Flood(Resource):
        extensions = ()

        def binary_message_received(self, client, message):
            answered.append(message)
            client.send_binary(bytes(1 << 20))

    room = Flood()
    async with serving(host, room) as acceptor, raw_to(acceptor) as raw:
        raw.writer.transport.pause_reading()
        for _ in range(40):
            raw.send_frame(BINARY, b"more")
        await until(lambda: room.clients and room.clients[0].websocket.backlog > 1 << 16)
        [client] = room.clients
        for _ in range(100):
            await asyncio.sleep(0)
        assert client.websocket.backlog <= 1 << 21
        assert len(answered) < 40
        raw.writer.transport.resume_reading()
        for _ in range(40):
            assert len((await raw.frame())[1]) == 1 << 20


@on_both_hosts
@asyncio_test
async def test_what_comes_after_close_from_elsewhere_is_not_handled(host):
    room = Recorder()
    async with serving(host, room) as acceptor, raw_to(acceptor) as raw:
        # The answer shows that the next message is being waited for.
        raw.send_frame(TEXT, b"first")
        assert await raw.frame() == (TEXT, b"first")
        await until(lambda: room.clients)
        room.clients[0].close(1000)
        assert await raw.frame() == (CLOSE, b"\x03\xe8")
        raw.send_frame(TEXT, b"late")
        raw.send(close_frame(1000))
        await until(lambda: not room.clients)
        assert [call[2] for call in room.calls if call[0] == "text"] == ["first"]


@on_both_hosts
@asyncio_test
async def test_nothing_is_timed_for_a_client_that_is_gone(host):
    class Room(Resource):
        max_backlog = 1 << 30

    room = Room()
    async with serving(host, room) as acceptor, raw_to(acceptor) as raw:
        raw.writer.transport.pause_reading()
        await until(lambda: room.clients)
        [client] = room.clients
        room.broadcast(bytes(1 << 24))
        assert client._link._timer is not None
        raw.writer.transport.abort()
        await until(lambda: not room.clients and client._link._timer is None)


@asyncio_test
async def test_a_message_waits_behind_one_that_goes_out_in_fragments():
    gate, begun = asyncio.Event(), asyncio.Event()

    async def parts():
        yield "be"
        begun.set()
        await gate.wait()
        yield "fore"

    class Fragments(Resource):
        async def client_connected(self, client):
            await client.websocket.send(parts())

    room = Fragments()
    async with serving("asyncio", room) as acceptor, refws.connect(acceptor.uri) as ws:
        await begun.wait()
        room.clients[0].send_text("behind")
        gate.set()
        assert [await ws.recv(), await ws.recv()] == ["before", "behind"]
