"""refws: RFC 6455 (WebSocket) written out in Python section by section.

    async def echo(ws):
        async for message in ws:
            await ws.send(message)

    async with refws.serve(echo, "127.0.0.1", 8080) as server: …
    async with refws.connect("ws://127.0.0.1:8080/") as ws: …

`Endpoint` is the protocol without a socket. The sections are in `refws.rfc6455`.
"""

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.host.client import connect
from refws.host.http11 import Endpoint
from refws.host.server import Server, serve
from refws.host.websocket import ConnectionClosed, WebSocket
from refws.rfc6455.endpoint import Event, Opened, Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc6455.state import ReadyState
from refws.rfc7692 import PermessageDeflate
from refws.version import __version__

__all__ = [
    "Close",
    "ConnectionClosed",
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
    "ReadyState",
    "Request",
    "Response",
    "Role",
    "Server",
    "StatusCode",
    "UsageError",
    "WebSocket",
    "__version__",
    "connect",
    "parse_websocket_uri",
    "serve",
]
