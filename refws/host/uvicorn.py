"""refws for uvicorn: ``uvicorn --ws refws.host.uvicorn:WebSocketProtocol module:application``.

For every ASGI application (FastAPI, Starlette, Django …), over any of uvicorn's HTTP protocols and event loops. `--ws`
takes a class from uvicorn 0.36 on; older ones, down to 0.27, have ``uvicorn.Config(…, ws=WebSocketProtocol)``.
"""

import asyncio
import logging
from typing import Any
from urllib.parse import unquote

from uvicorn.config import Config
from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.protocols.utils import (
    get_client_addr,
    get_local_addr,
    get_path_with_query_string,
    get_remote_addr,
    is_ssl,
)
from uvicorn.server import ServerState

from refws.failure import HandshakeFailure
from refws.host.asgi.application import ASGIWebSocket
from refws.host.asgi.opening import UNAVAILABLE, Phase, RawHeaders
from refws.host.connection.times import TimeLimits
from refws.rfc6455.http import Request
from refws.rfc6455.s04_2_server_side_requirements import (
    ClientHandshake,
    read_the_clients_opening_handshake,
    refusal,
)
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc6455.state import State
from refws.rfc7692 import PermessageDeflate

__all__ = ["WebSocketProtocol"]

logger = logging.getLogger("uvicorn.error")

MAX_HEAD_SIZE = 65536
"""Octets of a request's head where uvicorn is not told otherwise."""


class WebSocketProtocol(ASGIWebSocket):
    """A WebSocket connection of a uvicorn server, made by its HTTP protocol for a request that asks for one.

    It keeps to uvicorn's `ws_max_size`, `ws_max_queue`, `ws_ping_interval`, `ws_ping_timeout`,
    `ws_per_message_deflate`, `root_path`, `limit_concurrency`, and to its headers and loggers. For the frames of one
    message it has no setting: `max_fragments` is for subclasses, None for no limit.
    """

    __slots__ = ("_app_state", "_config", "_prefix", "_scope", "_server_state")

    max_fragments: int | None = 65536

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        limits = Limits(
            max_message_size=config.ws_max_size,
            max_fragments=self.max_fragments,
            max_head_size=config.h11_max_incomplete_event_size or MAX_HEAD_SIZE,
        )
        times = TimeLimits(ping_interval=config.ws_ping_interval or None, ping_timeout=config.ws_ping_timeout)
        extensions = [PermessageDeflate()] if config.ws_per_message_deflate else []
        super().__init__(limits, times, config.ws_max_queue, extensions, logger)
        if _loop is not None:
            self._loop = _loop
        self._config = config
        self._server_state = server_state
        self._app_state = app_state
        self._scope: dict[str, Any] = {}
        self._prefix = ""

    # What uvicorn and its event loop call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The request is about to come, put together again by uvicorn's HTTP protocol."""
        super().connection_made(transport)
        self._connections.add(self)
        client = get_remote_addr(self.transport)  # type: ignore[arg-type]
        self._prefix = "" if client is None else "{}:{} - ".format(*client)
        self._trace("made")

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is closed."""
        super().connection_lost(exc)
        self._connections.discard(self)
        self._trace("lost")

    def data_received(self, data: bytes) -> None:
        """Octets have come; none are read between the request and its answer but the first that come too early."""
        if self._scope and self.phase is Phase.CONNECTING:
            self.hold_up_reading()
        super().data_received(data)

    def request_received(self, request: Request) -> None:
        """Start the application, unless the request is not acceptable or there are too many connections."""
        self.set_timer(None, None)
        try:
            handshake = read_the_clients_opening_handshake(request)
        except HandshakeFailure as failure:
            self.refuse(refusal(failure), failure)
            return
        tasks, limit = self._server_state.tasks, self._config.limit_concurrency
        if limit is not None and (len(self._connections) >= limit or len(tasks) >= limit):
            logger.warning("Exceeded concurrency limit.")
            self.refuse(UNAVAILABLE)
            return
        self._scope = self._scope_of(request, handshake)
        task = asyncio.get_running_loop().create_task(self.run(self._config.loaded_app, self._scope))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def shutdown(self) -> None:
        """The server stops: close with 1012, or answer 503; a response that is being sent may end."""
        if self.transport is None or self.phase is Phase.ANSWERING:
            return
        if self.endpoint.closing.state is State.OPEN:
            self.start_closing(StatusCode.SERVICE_RESTART, "")
        elif self.phase is Phase.CONNECTING and self._scope:
            self.refuse(UNAVAILABLE)
        else:
            # §rfc6455:7.3-p1-s1 MAY close whenever it wants: it waits for the client, or for a request, no longer
            self.transport.close()

    # What the application is told

    def _scope_of(self, request: Request, handshake: ClientHandshake) -> dict[str, Any]:
        raw_path, _, query = request.target.partition("?")
        root_path = self._config.root_path
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(self.transport) else "ws",  # type: ignore[arg-type]
            "server": get_local_addr(self.transport),  # type: ignore[arg-type]
            "client": get_remote_addr(self.transport),  # type: ignore[arg-type]
            "root_path": root_path,
            "path": root_path + unquote(raw_path),
            "raw_path": root_path.encode() + raw_path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in request.headers],
            "subprotocols": list(handshake.subprotocols),
            "state": self._app_state.copy(),
            "extensions": {"websocket.http.response": {}},
        }

    def default_headers(self) -> RawHeaders:
        """Those of uvicorn, `date` and `server` among them as it is configured."""
        return self._server_state.default_headers

    def answered(self, what: str) -> None:
        """Write the line of the access log."""
        path = get_path_with_query_string(self._scope)  # type: ignore[arg-type]
        logger.info('%s - "WebSocket %s" %s', get_client_addr(self._scope), path, what)  # type: ignore[arg-type]

    @property
    def _connections(self) -> set[Any]:
        return self._server_state.connections

    def _trace(self, what: str) -> None:
        if logger.isEnabledFor(TRACE_LOG_LEVEL):
            logger.log(TRACE_LOG_LEVEL, "%sWebSocket connection %s", self._prefix, what)
