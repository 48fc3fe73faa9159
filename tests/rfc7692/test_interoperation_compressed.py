"""permessage-deflate with other implementations at the other end: `websockets`, `aiohttp`, `autobahn` and npm `ws`.

The other end echoes. Either refws wants the parameters and the other takes them, or the other wants them.
"""

import asyncio
import contextlib
import gc
import json
import random
import shutil
import subprocess
from itertools import product
from pathlib import Path
from urllib.parse import quote

import aiohttp
import aiohttp.web
import pytest
import websockets
from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
    PerMessageDeflateResponseAccept,
)
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

import refws
from refws.rfc7692 import PermessageDeflate
from refws.rfc7692.s07_1_method_parameters import Parameters

WS_VERSION = "8.18.3"
HOST = "127.0.0.1"
WINDOWS = [(None, None), (9, None), (None, 9), (12, 10), (15, 15)]


class Noted:
    """permessage-deflate that remembers what was agreed on."""

    name = PermessageDeflate.name
    agreed = None

    def __init__(self, configuration):
        self.offers, self._configuration = configuration.offers, configuration

    def answer(self, offer):
        answer = self._configuration.answer(offer)
        if answer is not None:
            self.agreed = answer[1].parameters
        return answer

    def accept(self, answer):
        in_use = self._configuration.accept(answer)
        self.agreed = in_use.parameters
        return in_use


class Websockets:
    """The other end in the hands of `websockets`."""

    @staticmethod
    def extensions(kind, wanted):
        if wanted is None:
            return [kind()]
        bits = wanted.client_max_window_bits or (True if kind is ClientPerMessageDeflateFactory else None)
        return [
            kind(
                wanted.server_no_context_takeover,
                wanted.client_no_context_takeover,
                wanted.server_max_window_bits,
                bits,
            )
        ]

    @staticmethod
    async def echo(connection):
        async for message in connection:
            half = len(message) // 2
            await connection.send(iter((message[:half], message[half:])) if isinstance(message, bytes) else message)

    @classmethod
    @contextlib.asynccontextmanager
    async def server(cls, wanted):
        extensions = cls.extensions(ServerPerMessageDeflateFactory, wanted)
        options = {"extensions": extensions, "compression": None, "max_size": None}
        async with websockets.serve(cls.echo, HOST, 0, **options) as server:
            yield f"ws://{HOST}:{server.sockets[0].getsockname()[1]}"

    @classmethod
    async def client(cls, uri, wanted):
        extensions = cls.extensions(ClientPerMessageDeflateFactory, wanted)
        async with websockets.connect(uri, extensions=extensions, compression=None, max_size=None) as connection:
            await cls.echo(connection)


class Aiohttp:
    """The other end in the hands of `aiohttp`: the only thing it can want is a window of the server's."""

    @staticmethod
    async def echo(connection):
        async for message in connection:
            if message.type is aiohttp.WSMsgType.TEXT:
                await connection.send_str(message.data)
            else:
                await connection.send_bytes(message.data)

    @classmethod
    @contextlib.asynccontextmanager
    async def server(cls, wanted):
        async def handle(request):
            response = aiohttp.web.WebSocketResponse(max_msg_size=0)
            await response.prepare(request)
            await cls.echo(response)
            return response

        application = aiohttp.web.Application()
        application.router.add_get("/", handle)
        runner = aiohttp.web.AppRunner(application)
        await runner.setup()
        try:
            site = aiohttp.web.TCPSite(runner, HOST, 0)
            await site.start()
            yield f"ws://{HOST}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    @classmethod
    async def client(cls, uri, wanted):
        bits = (wanted and wanted.server_max_window_bits) or 15
        async with aiohttp.ClientSession() as session, session.ws_connect(uri, compress=bits, max_msg_size=0) as ws:
            await cls.echo(ws)


class Autobahn:
    """The other end in the hands of `autobahn`. What its server does by itself it does not say in its answer."""

    class Echoes:
        def onMessage(self, payload, isBinary):
            self.sendMessage(payload, isBinary, fragmentSize=max(len(payload) // 2, 1) if isBinary else None)

        def onClose(self, wasClean, code, reason):
            self.factory.closed.set()

    class Server(Echoes, WebSocketServerProtocol):
        pass

    class Client(Echoes, WebSocketClientProtocol):
        pass

    @classmethod
    @contextlib.asynccontextmanager
    async def server(cls, wanted):
        factory = WebSocketServerFactory(f"ws://{HOST}")
        factory.protocol, factory.closed = cls.Server, asyncio.Event()
        own = wanted or Parameters()

        def accept(offers):
            return PerMessageDeflateOfferAccept(
                offers[0],
                request_no_context_takeover=own.client_no_context_takeover,
                request_max_window_bits=own.client_max_window_bits or 0,
                no_context_takeover=own.server_no_context_takeover or None,
                window_bits=own.server_max_window_bits,
            )

        factory.setProtocolOptions(perMessageCompressionAccept=accept)
        server = await asyncio.get_running_loop().create_server(factory, HOST, 0)
        try:
            yield f"ws://{HOST}:{server.sockets[0].getsockname()[1]}"
            await factory.closed.wait()
        finally:
            server.close()

    @classmethod
    async def client(cls, uri, wanted):
        factory = WebSocketClientFactory(uri)
        factory.protocol, factory.closed = cls.Client, asyncio.Event()
        own = wanted or Parameters()
        offer = PerMessageDeflateOffer(
            accept_no_context_takeover=own.client_no_context_takeover,
            accept_max_window_bits=True,
            request_no_context_takeover=own.server_no_context_takeover,
            request_max_window_bits=own.server_max_window_bits or 0,
        )

        def accept(response):
            return PerMessageDeflateResponseAccept(response, no_context_takeover=own.client_no_context_takeover or None)

        factory.setProtocolOptions(perMessageCompressionOffers=[offer], perMessageCompressionAccept=accept)
        await asyncio.get_running_loop().create_connection(factory, HOST, int(uri.rpartition(":")[2]))
        await factory.closed.wait()


class Ws:
    """The other end in the hands of npm `ws`, in a process of its own."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    @staticmethod
    def options(wanted):
        options = {"threshold": 0}
        if wanted is not None:
            options |= {
                "serverNoContextTakeover": wanted.server_no_context_takeover or None,
                "clientNoContextTakeover": wanted.client_no_context_takeover or None,
                "serverMaxWindowBits": wanted.server_max_window_bits,
                "clientMaxWindowBits": wanted.client_max_window_bits,
            }
        return {name: value for name, value in options.items() if value is not None}

    @contextlib.asynccontextmanager
    async def server(self, wanted):
        yield f"ws://{HOST}:{self.port}/?{quote(json.dumps(self.options(wanted)))}"

    async def client(self, uri, wanted):
        self.process.stdin.write(json.dumps({"uri": uri, "options": self.options(wanted)}) + "\n")
        self.process.stdin.flush()


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ws")
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node.js with npm is not installed")
    install = [
        npm,
        "install",
        "--prefix",
        str(folder),
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefer-offline",
    ]
    installed = subprocess.run(
        [*install, "--fetch-retries=0", "--fetch-timeout=9000", f"ws@{WS_VERSION}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if installed.returncode:
        pytest.skip(f"npm could not install ws {WS_VERSION}: {installed.stderr.strip()[-200:]}")
    script = shutil.copy(Path(__file__).with_name("echo.js"), folder)
    with subprocess.Popen([node, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Ws(process, int(process.stdout.readline()))
        process.stdin.close()


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_left_open():
    yield
    gc.collect()


@pytest.fixture
def peer(request):
    return request.getfixturevalue("ws") if request.param is Ws else request.param


async def talk(ws, noted):
    """Send all kinds of messages, whole and in fragments, and get each back."""
    rng = random.Random(1)
    words = ["Grüße", "世界", "𝄞", "Hello", "World", "null", "true", '{"id": '] * 2 + [str(i) for i in range(500)]
    texts = ["", "Hello", "Hello", "", " ".join(rng.choices(words, k=3000)), "x" * 70_000, " ".join(words) * 30]
    for text in texts:
        for message in (text, text.encode(), rng.randbytes(len(text) % 3001)):
            await ws.send(message)
            assert await ws.recv() == message
        ws.endpoint.send_a_fragment(text, fin=False)
        ws.endpoint.send_a_fragment("", fin=False)
        ws.endpoint.send_a_fragment("end", fin=True)
        # One that is not compressed in between.
        ws.endpoint.send_a_websocket_message(text, extended=False)
        ws.flush()
        assert [await ws.recv(), await ws.recv()] == [text + "end", text]
    return noted.agreed


async def as_server(peer, ours, theirs):
    done, noted = asyncio.get_running_loop().create_future(), Noted(ours)

    async def handle(ws):
        try:
            done.set_result(await talk(ws, noted))
        except BaseException as error:
            done.set_exception(error)

    async with refws.serve(handle, extensions=[noted]) as server:
        client = asyncio.create_task(peer.client(server.uri, theirs))
        try:
            return await done
        finally:
            await asyncio.gather(client, return_exceptions=True)


async def as_client(peer, ours, theirs):
    noted = Noted(ours)
    async with peer.server(theirs) as uri, refws.connect(uri, extensions=[noted]) as ws:
        return await talk(ws, noted)


def run(role, peer, ours, theirs):
    async def bounded():
        async with asyncio.timeout(30):
            return await role(peer, ours, theirs)

    agreed = asyncio.run(bounded())
    assert agreed is not None
    return agreed


ALL = list(
    product([Websockets, Aiohttp, Autobahn, Ws], [as_server, as_client], product([False, True], repeat=2), WINDOWS)
)
OF_AIOHTTP = [(Aiohttp, as_server, (False, False), (bits, None)) for bits in (9, 12, 15)]
# None but ws compresses for a window of 256 octets, and autobahn knows no such window at all.
WINDOWS_OF_256 = [
    *product([Websockets, Aiohttp, Ws], [as_server], product([False, True], repeat=2), [(8, None)]),
    *product([Websockets, Aiohttp, Ws], [as_client], product([False, True], repeat=2), [(None, 8)]),
    *product([Ws], [as_server, as_client], product([False, True], repeat=2), [(8, 8)]),
]


def named(value):
    return getattr(value, "__name__", None) or "-".join(str(v) for v in value)


def grants(agreed, wanted):
    return (
        agreed.server_no_context_takeover >= wanted.server_no_context_takeover
        and agreed.client_no_context_takeover >= wanted.client_no_context_takeover
        and (agreed.server_max_window_bits or 15) <= (wanted.server_max_window_bits or 15)
        and (agreed.client_max_window_bits or 15) <= (wanted.client_max_window_bits or 15)
    )


@pytest.mark.clause("rfc7692:5-p16-s1", "rfc7692:6.1-p1-s1", "rfc7692:6.2-p1-s1", "rfc7692:7.2.1-p1-s1")
@pytest.mark.parametrize(("peer", "role", "takeover", "windows"), ALL + WINDOWS_OF_256, ids=named, indirect=["peer"])
def test_what_refws_wants(peer, role, takeover, windows):
    wanted = PermessageDeflate(*takeover, *windows, fallback=False)
    assert grants(run(role, peer, wanted, None), wanted)


@pytest.mark.clause("rfc7692:5-p16-s1", "rfc7692:6.1-p1-s1", "rfc7692:6.2-p1-s1", "rfc7692:7.2.2-p1-s1")
@pytest.mark.parametrize(
    ("peer", "role", "takeover", "windows"),
    [case for case in ALL if case[0] is not Aiohttp] + OF_AIOHTTP,
    ids=named,
    indirect=["peer"],
)
def test_what_the_other_wants(peer, role, takeover, windows):
    wanted = Parameters(*takeover, *windows)
    agreed = run(role, peer, PermessageDeflate(), wanted)
    if (peer, role) == (Autobahn, as_client):
        wanted = Parameters(False, takeover[1], None, windows[1])
    # A hint that an autobahn client cannot give is no hint.
    if (peer, role) == (Autobahn, as_server):
        wanted = Parameters(*takeover, windows[0], None)
    assert grants(agreed, wanted)
