"""refws as a server on each host but asyncio, as a testee: it says where it listens and echoes what it is sent."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import refws
from conformance.failure import HarnessFailure

_MAX_MESSAGE_SIZE: Final = 64 * 2**20
_LISTEN: Final = ("127.0.0.1", 0)


def _on_threads() -> None:
    # No fragment limit and no keep-alive: the suite sends 4 MiB in fragments of 64 octets, and judges every Ping.
    server = refws.serve_sync(
        _echo, *_LISTEN, max_message_size=_MAX_MESSAGE_SIZE, max_fragments=None, ping_interval=None
    )
    _tell(server.port)
    server.serve_forever()


def _on_http_server() -> None:
    with ThreadingHTTPServer(_LISTEN, _EchoHandler) as server:
        _tell(server.server_port)
        server.serve_forever()


def _on_uvicorn() -> None:
    try:
        import uvicorn  # noqa: PLC0415  # no other host needs it
        from uvicorn.importer import import_from_string  # noqa: PLC0415
    except ImportError as error:
        raise HarnessFailure("uvicorn is not installed: pip install 'refws[conformance]'") from error
    protocol: Any = import_from_string("refws.host.uvicorn:WebSocketProtocol")
    config = uvicorn.Config(
        _echo_application,
        *_LISTEN,
        ws=type("WithoutFragmentLimit", (protocol,), {"max_fragments": None}),
        ws_max_size=_MAX_MESSAGE_SIZE,
        ws_ping_interval=None,
        lifespan="off",
        log_level="warning",
    )
    listening = config.bind_socket()
    # uvicorn listens later than it binds.
    listening.listen()
    _tell(listening.getsockname()[1])
    uvicorn.Server(config).run(sockets=[listening])


SERVERS: Final[dict[str, Callable[[], None]]] = {
    "http.server": _on_http_server,
    "threads": _on_threads,
    "uvicorn": _on_uvicorn,
}
"""By host, what serves until the process ends."""


def _tell(port: int) -> None:
    print(f"listening on ws://127.0.0.1:{port}", flush=True)


def _echo(ws: refws.SyncWebSocket) -> None:
    try:
        for message in ws:
            ws.send(message)
    except refws.ConnectionClosed:
        pass  # how a connection ends is what the suite judges


class _EchoHandler(refws.WebSocketMixin, BaseHTTPRequestHandler):
    websocket_limits = replace(
        refws.WebSocketMixin.websocket_limits, max_message_size=_MAX_MESSAGE_SIZE, max_fragments=None
    )
    websocket_times = replace(refws.WebSocketMixin.websocket_times, ping_interval=None)

    def websocket(self, ws: refws.SyncWebSocket) -> None:
        _echo(ws)


_Event = MutableMapping[str, Any]


async def _echo_application(
    _scope: _Event, receive: Callable[[], Awaitable[_Event]], send: Callable[[_Event], Awaitable[None]]
) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        try:
            await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})
        except OSError:
            pass  # what ASGI servers raise when the peer has gone; `receive` says so next
