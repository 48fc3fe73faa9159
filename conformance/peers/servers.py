"""Echo servers of other people's libraries, as their users write them: ``python -m conformance.peers.servers NAME``.

Each prints `listening on ws://127.0.0.1:PORT`. Limits are raised to what the largest Autobahn case needs, Pings of
their own are off, and compression is on where the library has it; nothing else is set.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, Final

MOST: Final = 64 * 2**20
"""Octets of a message; Autobahn's largest has 16 MiB."""
HOST: Final = "127.0.0.1"


def _tell(port: int) -> None:
    print(f"listening on ws://{HOST}:{port}", flush=True)


async def _websockets() -> None:
    from websockets.asyncio.server import ServerConnection, serve
    from websockets.exceptions import ConnectionClosed

    async def echo(connection: ServerConnection) -> None:
        try:
            async for message in connection:
                await connection.send(message)
        except ConnectionClosed:
            pass

    async with serve(echo, HOST, 0, max_size=MOST, ping_interval=None) as server:
        _tell(next(iter(server.sockets)).getsockname()[1])
        await server.serve_forever()


async def _aiohttp() -> None:
    from aiohttp import WSMsgType, web

    async def echo(request: web.Request) -> web.WebSocketResponse:
        connection = web.WebSocketResponse(max_msg_size=MOST)
        await connection.prepare(request)
        async for message in connection:
            if message.type is WSMsgType.TEXT:
                await connection.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await connection.send_bytes(message.data)
        return connection

    application = web.Application()
    application.router.add_get("/{path:.*}", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    _tell(runner.addresses[0][1])
    await asyncio.Event().wait()


async def _wsproto() -> None:
    from wsproto import ConnectionType, WSConnection
    from wsproto.connection import ConnectionState
    from wsproto.events import AcceptConnection, CloseConnection, Message, Ping, Request
    from wsproto.extensions import PerMessageDeflate
    from wsproto.utilities import ProtocolError

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = WSConnection(ConnectionType.SERVER)
        try:
            while connection.state not in (ConnectionState.CLOSED, ConnectionState.REJECTING):
                octets = await reader.read(65536)
                connection.receive_data(octets or None)
                for event in connection.events():
                    match event:
                        case Request():
                            answer: Any = AcceptConnection(extensions=[PerMessageDeflate()])
                        case Message(data=data):
                            # Parts of a message go back as they come.
                            answer = Message(data, event.frame_finished, event.message_finished)
                        case CloseConnection() if connection.state is ConnectionState.CLOSED:
                            continue
                        case Ping() | CloseConnection():
                            answer = event.response()
                        case _:
                            continue
                    writer.write(connection.send(answer))
                await writer.drain()
                if connection.state is ConnectionState.LOCAL_CLOSING:
                    # It reads nothing more; a transport closed over octets nobody has read would reset TCP.
                    writer.write_eof()
                    while octets := await reader.read(65536):
                        pass
                if not octets:
                    break
        except (OSError, ProtocolError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    _tell(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _autobahn() -> None:
    from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

    class Echo(WebSocketServerProtocol):
        def onMessage(self, payload: bytes, isBinary: bool) -> None:
            self.sendMessage(payload, isBinary)

    def accept(offers: list[Any]) -> Any:
        deflate = next((offer for offer in offers if isinstance(offer, PerMessageDeflateOffer)), None)
        return None if deflate is None else PerMessageDeflateOfferAccept(deflate)

    factory = WebSocketServerFactory()
    factory.protocol = Echo
    factory.setProtocolOptions(perMessageCompressionAccept=accept, failByDrop=False)
    server = await asyncio.get_running_loop().create_server(factory, HOST, 0)
    _tell(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _tornado() -> None:
    import tornado.web
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.websocket import WebSocketHandler

    class Echo(WebSocketHandler):
        def on_message(self, message: str | bytes) -> None:
            self.write_message(message, binary=isinstance(message, bytes))

        def get_compression_options(self) -> dict[str, Any]:
            return {}

        def check_origin(self, origin: str) -> bool:
            return True

        def data_received(self, chunk: bytes) -> None:
            raise NotImplementedError

    application = tornado.web.Application([("/.*", Echo)], websocket_max_message_size=MOST)
    sockets = bind_sockets(0, HOST)
    HTTPServer(application).add_sockets(sockets)
    _tell(sockets[0].getsockname()[1])
    await asyncio.Event().wait()


async def _picows() -> None:
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

    class Echo(WSListener):
        """As in its documentation: frames, put together by hand."""

        def on_ws_connected(self, transport: WSTransport) -> None:
            self.parts: list[bytes] = []
            self.kind = WSMsgType.TEXT

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()
            elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
                if frame.msg_type != WSMsgType.CONTINUATION:
                    self.kind, self.parts = frame.msg_type, []
                self.parts.append(frame.get_payload_as_bytes())
                if frame.fin:
                    transport.send(self.kind, b"".join(self.parts))

    server = await ws_create_server(
        lambda request: Echo(), HOST, 0, max_frame_size=MOST, enable_auto_ping=False, enable_auto_pong=True
    )
    _tell(server.sockets[0].getsockname()[1])
    await server.serve_forever()


SERVERS: Final[dict[str, Callable[[], Any]]] = {
    "websockets": _websockets,
    "aiohttp": _aiohttp,
    "wsproto": _wsproto,
    "autobahn": _autobahn,
    "tornado": _tornado,
    "picows": _picows,
}

if __name__ == "__main__":
    asyncio.run(SERVERS[sys.argv[1]]())
