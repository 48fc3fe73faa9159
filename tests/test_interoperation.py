"""refws as a client and as a server of two other libraries: `websockets` and `autobahn`."""

import asyncio
import contextlib
import functools

import pytest
import websockets
from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)

import refws
from tests.host.peers import asyncio_test

OFFERED, SERVED = ["one", "two"], ["two", "three"]
OPTIONS = {"max_message_size": 8 << 20}


class ByWebsockets:
    """One end in the hands of `websockets`."""

    def __init__(self, connection):
        self.connection = connection
        self.subprotocol = connection.subprotocol
        self.send, self.recv, self.close = connection.send, connection.recv, connection.close

    async def send_fragments(self, pieces):
        await self.connection.send(iter(pieces))

    async def ping(self, payload):
        await (await self.connection.ping(payload))

    async def end(self):
        """(code, reason) that refws has sent."""
        await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason

    @staticmethod
    @contextlib.asynccontextmanager
    async def client(uri):
        async with websockets.connect(uri, subprotocols=OFFERED, max_size=None) as connection:
            yield ByWebsockets(connection)

    @staticmethod
    @contextlib.asynccontextmanager
    async def server(ends):
        async def handle(connection):
            ends.put_nowait(ByWebsockets(connection))
            await connection.wait_closed()

        async with websockets.serve(handle, "127.0.0.1", 0, subprotocols=SERVED, max_size=None) as server:
            yield server.sockets[0].getsockname()[1]


class ByAutobahn:
    """One end in the hands of `autobahn`: what its callbacks are told is kept here."""

    def __init__(self):
        self.opened, self.ended = asyncio.Event(), asyncio.get_running_loop().create_future()
        self.messages, self.pongs = asyncio.Queue(), asyncio.Queue()

    def onConnect(self, request):
        return next((name for name in SERVED if name in getattr(request, "protocols", [])), None)

    def onOpen(self):
        self.subprotocol = self.websocket_protocol_in_use
        self.opened.set()

    def onMessage(self, payload, isBinary):
        self.messages.put_nowait(payload if isBinary else payload.decode())

    def onPong(self, payload):
        self.pongs.put_nowait(payload)

    def onClose(self, wasClean, code, reason):
        self.ended.set_result((code, reason or ""))

    async def send(self, message, fragment_size=None):
        octets = message.encode() if isinstance(message, str) else message
        self.sendMessage(octets, isBinary=not isinstance(message, str), fragmentSize=fragment_size)

    async def recv(self):
        return await self.messages.get()

    async def send_fragments(self, pieces):
        await self.send(type(pieces[0])().join(pieces), fragment_size=3)

    async def ping(self, payload):
        self.sendPing(payload)
        assert await self.pongs.get() == payload

    async def close(self, code, reason):
        self.sendClose(code, reason)
        await self.ended

    async def end(self):
        return await self.ended

    @staticmethod
    @contextlib.asynccontextmanager
    async def client(uri):
        factory = WebSocketClientFactory(uri, protocols=OFFERED)
        factory.protocol = AutobahnClient
        _, end = await asyncio.get_running_loop().create_connection(factory, "127.0.0.1", int(uri.rpartition(":")[2]))
        await end.opened.wait()
        yield end
        await end.ended

    @staticmethod
    @contextlib.asynccontextmanager
    async def server(ends):
        factory = WebSocketServerFactory("ws://127.0.0.1")
        factory.protocol = lambda: (ends.put_nowait(end := AutobahnServer()), end)[1]
        server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


class AutobahnClient(ByAutobahn, WebSocketClientProtocol):
    def __init__(self):
        WebSocketClientProtocol.__init__(self)
        ByAutobahn.__init__(self)

    def onConnect(self, response):
        pass


class AutobahnServer(ByAutobahn, WebSocketServerProtocol):
    def __init__(self):
        WebSocketServerProtocol.__init__(self)
        ByAutobahn.__init__(self)


@contextlib.asynccontextmanager
async def refws_serves(library):
    """(refws' end, the other end)."""
    ends = asyncio.Queue()

    async def handle(ws):
        ends.put_nowait(ws)
        await ws.wait_closed()

    async with refws.serve(handle, subprotocols=SERVED, **OPTIONS) as server, library.client(server.uri) as other:
        ws = await ends.get()
        yield ws, other
        await ws.close()


@contextlib.asynccontextmanager
async def refws_connects(library):
    ends = asyncio.Queue()
    async with library.server(ends) as port:
        async with refws.connect(f"ws://127.0.0.1:{port}", subprotocols=OFFERED, **OPTIONS) as ws:
            other = await ends.get()
            if isinstance(other, ByAutobahn):
                await other.opened.wait()
            yield ws, other
        await other.end()


@pytest.fixture(
    params=[(role, library) for role in (refws_serves, refws_connects) for library in (ByWebsockets, ByAutobahn)],
    ids=lambda param: f"{param[0].__name__} {param[1].__name__}",
)
def ends(request):
    role, library = request.param
    return functools.partial(role, library)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 2 << 20])
@asyncio_test
async def test_messages(ends, size):
    async with ends() as (ws, other):
        for message in ("ü" * (size // 2) + "x" * (size % 2), bytes(range(256)) * (size // 256) + bytes(size % 256)):
            await asyncio.gather(ws.send(message), other.send(message))
            assert await ws.recv() == message
            assert await other.recv() == message


@asyncio_test
async def test_many_messages_keep_their_order(ends):
    async with ends() as (ws, other):
        messages = [f"{i}" if i % 2 else b"%d" % i for i in range(1000)]

        async def send_all(end):
            for message in messages:
                await end.send(message)

        async def take_all(end):
            return [await end.recv() for _ in messages]

        *_, here, there = await asyncio.gather(send_all(ws), send_all(other), take_all(ws), take_all(other))
        assert here == there == messages


@pytest.mark.parametrize("pieces", [["Gr", "ü", "ße ", "𝄞"], [b"\x00", b"\xff" * 200, b"", b"\x80"]])
@asyncio_test
async def test_fragments(ends, pieces):
    whole = type(pieces[0])().join(pieces)
    async with ends() as (ws, other):
        await other.send_fragments(pieces)
        assert await ws.recv() == whole
        for piece in pieces:
            ws.endpoint.send_a_fragment(piece, fin=False)
        ws.endpoint.send_a_fragment(whole[:0], fin=True)
        ws.flush()
        assert await other.recv() == whole


@asyncio_test
async def test_pings(ends):
    async with ends() as (ws, other):
        for payload in (b"", b"x", bytes(125)):
            assert await ws.ping(payload) == ws.latency
            await other.ping(payload)
        await ws.pong(b"unasked")
        await ws.send("still there")
        assert await other.recv() == "still there"


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "gone"), (3000, "ü" * 9), (4999, "why")], ids=repr)
@asyncio_test
async def test_refws_closes(ends, code, reason):
    async with ends() as (ws, other):
        await ws.close(code, reason)
        assert ws.endpoint.closing.cleanly
        # autobahn answers every code with 1000.
        assert ws.close_received.code in ({code} if isinstance(other, ByWebsockets) else {1000})
        assert await other.end() == (code, reason)


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (3000, "ü" * 9), (4999, "why")], ids=repr)
@asyncio_test
async def test_the_other_closes(ends, code, reason):
    async with ends() as (ws, other):
        await other.send("the last")
        closing = asyncio.create_task(other.close(code, reason))
        assert await ws.recv() == "the last"
        with pytest.raises(refws.ConnectionClosed) as caught:
            await ws.recv()
        assert (caught.value.code, caught.value.reason, caught.value.cleanly) == (code, reason, True)
        await closing


@asyncio_test
async def test_subprotocols(ends):
    async with ends() as (ws, other):
        assert ws.subprotocol == other.subprotocol == "two"
