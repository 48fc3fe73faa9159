"""refws: RFC 6455 (WebSocket) written out in Python section by section.

    async def echo(ws):
        async for message in ws:
            await ws.send(message)

    async with refws.serve(echo, "127.0.0.1", 8080) as server: …
    async with refws.connect("ws://127.0.0.1:8080/") as ws: …

`Endpoint` is the protocol without a socket; the sections are in `refws.rfc6455`. `serve_sync` and `connect_sync` are
the same with threads, `Resource` and `Acceptor` an application as rooms, `WebSocketMixin` WebSocket for any
`http.server`, `refws.host.uvicorn` for any ASGI application, `server_handshake` for any stream.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.host.aio.client import connect
from refws.host.aio.server import Server, serve
from refws.host.aio.websocket import ConnectionClosed, WebSocket
from refws.host.choice import Choice
from refws.host.connection.broadcast import BroadcastResult, broadcast
from refws.host.connection.counters import Counters
from refws.host.connection.sending import fragments
from refws.host.connection.times import TimeLimits
from refws.host.http11 import Endpoint
from refws.host.reaching.proxies import ProxyError
from refws.host.reaching.reconnection import Backoff
from refws.rfc6455.endpoint import Event, Opened, Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s06_1_sending_data import PreparedMessage, prepare_message
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc6455.state import ReadyState
from refws.rfc7692 import PermessageDeflate
from refws.version import __version__

if TYPE_CHECKING:
    from refws.host.http_server import WebSocketMixin
    from refws.host.streams import StreamWebSocket, client_handshake, server_handshake
    from refws.host.threads.client import connect_sync
    from refws.host.threads.server import SyncServer, serve_sync
    from refws.host.threads.websocket import SyncWebSocket
    from refws.resources import Acceptor, Client, Resource, SSLAcceptor, any_origin, origin_exact, origin_prefix

__all__ = [
    "Acceptor",
    "Backoff",
    "BroadcastResult",
    "Choice",
    "Client",
    "Close",
    "ConnectionClosed",
    "Counters",
    "Endpoint",
    "Event",
    "Failure",
    "HandshakeFailure",
    "HeaderFields",
    "Limits",
    "Opened",
    "PermessageDeflate",
    "Ping",
    "Pong",
    "PreparedMessage",
    "ProxyError",
    "ReadyState",
    "Request",
    "Resource",
    "Response",
    "Role",
    "SSLAcceptor",
    "Server",
    "StatusCode",
    "StreamWebSocket",
    "SyncServer",
    "SyncWebSocket",
    "TimeLimits",
    "UsageError",
    "WebSocket",
    "WebSocketMixin",
    "__version__",
    "any_origin",
    "broadcast",
    "client_handshake",
    "connect",
    "connect_sync",
    "fragments",
    "origin_exact",
    "origin_prefix",
    "parse_websocket_uri",
    "prepare_message",
    "serve",
    "serve_sync",
    "server_handshake",
]

# What not everybody needs is imported by whoever asks for it.
_ELSEWHERE = {
    "refws.host.http_server": ("WebSocketMixin",),
    "refws.host.streams": ("StreamWebSocket", "client_handshake", "server_handshake"),
    "refws.host.threads.client": ("connect_sync",),
    "refws.host.threads.server": ("SyncServer", "serve_sync"),
    "refws.host.threads.websocket": ("SyncWebSocket",),
    "refws.resources": ("Acceptor", "Client", "Resource", "SSLAcceptor", "any_origin", "origin_exact", "origin_prefix"),
}


def __getattr__(name: str) -> Any:
    for module, names in _ELSEWHERE.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'refws' has no attribute {name!r}")
