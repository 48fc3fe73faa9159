"""The echo server of each contestant on asyncio, as its documentation would write it.

No compression, no keep-alive, limits out of the way. Every message reaches the application as `str` or `bytes`.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from library import LIMIT

__all__ = ["serve"]

HOST = "127.0.0.1"
STATM = Path("/proc/self/statm")


async def serve(name: str, reply: Callable[[object], None]) -> None:
    """Serve, say on which port, and answer commands until there are no more."""
    port = await _SERVERS[name.split(maxsplit=1)[0]]()
    loop = asyncio.get_running_loop()
    end = loop.create_future()

    def command() -> None:
        line = sys.stdin.readline()
        if not line:
            loop.remove_reader(sys.stdin)
            end.set_result(None)
        elif json.loads(line)["do"] == "cpu":
            reply(time.process_time())
        else:
            reply(_resident())

    loop.add_reader(sys.stdin, command)
    reply(port)
    await end


def _resident() -> int | None:
    """Octets of memory that this process occupies; None where the system does not say."""
    gc.collect()
    if not STATM.exists():
        return None
    import resource

    return int(STATM.read_text().split()[1]) * resource.getpagesize()


_kept: list[object] = []


def _port(server: Any) -> int:
    _kept.append(server)
    return int(server.sockets[0].getsockname()[1])


async def _refws() -> int:
    import refws

    async def echo(ws: refws.WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

    return _port(
        await refws.serve(echo, HOST, 0, extensions=(), max_message_size=LIMIT, max_fragments=None, ping_interval=None),
    )


async def _websockets() -> int:
    from websockets.asyncio.server import ServerConnection
    from websockets.asyncio.server import serve as websockets_serve

    async def echo(ws: ServerConnection) -> None:
        async for message in ws:
            await ws.send(message)

    return _port(await websockets_serve(echo, HOST, 0, compression=None, max_size=LIMIT, ping_interval=None))


async def _aiohttp() -> int:
    from aiohttp import WSMsgType, web

    async def echo(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False, max_msg_size=LIMIT)
        await ws.prepare(request)
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await ws.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await ws.send_bytes(message.data)
        return ws

    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    _kept.append(runner)
    return int(runner.addresses[0][1])


async def _picows() -> int:
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

    text, binary, close = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CLOSE

    class Echo(WSListener):
        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            kind = frame.msg_type
            if kind == text:
                transport.send(text, frame.get_payload_as_utf8_text())
            elif kind == binary:
                transport.send(binary, frame.get_payload_as_bytes())
            elif kind == close:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()

    return _port(await ws_create_server(lambda request: Echo(), HOST, 0, max_frame_size=LIMIT))


async def _wsproto() -> int:
    loop = asyncio.get_running_loop()
    return _port(await loop.create_server(_wsproto_echo(), HOST, 0))


def _wsproto_echo() -> type[asyncio.Protocol]:
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Request, TextMessage

    class Echo(asyncio.Protocol):
        """wsproto has no server: this is the least that is one, with one write per read."""

        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            self.ws = WSConnection(ConnectionType.SERVER)
            self.parts: list[Any] = []

        def data_received(self, data: bytes) -> None:
            ws, out = self.ws, []
            ws.receive_data(data)
            ends = False
            for event in ws.events():
                if isinstance(event, (TextMessage, BytesMessage)):
                    self.parts.append(event.data)
                    if event.message_finished:
                        empty = "" if isinstance(event, TextMessage) else b""
                        out.append(ws.send(type(event)(data=empty.join(self.parts))))  # type: ignore[arg-type]
                        self.parts = []
                elif isinstance(event, Request):
                    out.append(ws.send(AcceptConnection()))
                elif isinstance(event, CloseConnection):
                    out.append(ws.send(event.response()))
                    ends = True
            if out:
                self.transport.write(b"".join(out))
            if ends:
                self.transport.close()

    return Echo


_SERVERS: dict[str, Callable[[], Awaitable[int]]] = {
    "refws": _refws,
    "websockets": _websockets,
    "wsproto": _wsproto,
    "aiohttp": _aiohttp,
    "picows": _picows,
}
