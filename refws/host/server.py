"""`serve` on asyncio."""

import asyncio
import inspect
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Self

from refws.failure import UsageError
from refws.host.connection import TimeLimits
from refws.host.http11 import Endpoint
from refws.host.websocket import ConnectionClosed, WebSocket
from refws.rfc6455.endpoint import Opened, Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy

__all__ = ["Server", "serve"]

logger = logging.getLogger("refws")

Handler = Callable[[WebSocket], Awaitable[object]]
HttpHook = Callable[[Request], Response | Awaitable[Response | None] | None]

MiB = 1024 * 1024


class ServerWebSocket(WebSocket):
    """A server's end of a connection."""

    __slots__ = ("_server", "_task")

    def __init__(self, server: "Server") -> None:
        super().__init__(Endpoint(Role.SERVER, server.limits), server.times, server.max_queue)
        self._server = server
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        super().connection_made(transport)
        self._server.connections.add(self)

    def request_received(self, request: Request) -> None:
        """Ask the hook, then answer."""
        answer = self._server.ask_hook(request)
        if inspect.isawaitable(answer):
            # Nothing is read, and so nothing buffered, while the hook makes up its mind.
            if self.transport is not None:
                self.transport.pause_reading()
            self._task = self._loop.create_task(self._answer_later(answer))
        else:
            self._answer(answer)

    async def _answer_later(self, answer: Awaitable[Response | None]) -> None:
        try:
            response = await answer
        except Exception:
            logger.exception("the http hook failed")
            response = _SERVER_ERROR
        if self.transport is not None:
            self.transport.resume_reading()
            self._answer(response)

    def _answer(self, response: Response | None) -> None:
        if response is not None:
            another = self.endpoint.respond(response)
            self.flush()
            if another:
                self.data_received(b"")
            elif self.transport is not None:
                self.transport.close()
            return
        server = self._server
        try:
            opened = self.endpoint.accept(
                subprotocols=server.subprotocols,
                extensions=server.extensions,
                origins=server.origins,
                additional_headers=server.additional_headers,
            )
        except UsageError:
            # A subprotocol policy, or a header field, that cannot be: this side's mistake.
            logger.exception("the opening handshake cannot be answered")
            self.endpoint.refuse(_SERVER_ERROR)
            opened = None
        if isinstance(opened, Opened):
            self.deliver([opened])
            self.data_received(b"")
        else:
            self.go_on_closing()

    def opened(self, opened: Opened) -> None:
        """The connection is established: run the handler."""
        super().opened(opened)
        self.response = None
        self._task = self._loop.create_task(self._handle())

    async def _handle(self) -> None:
        code, reason = StatusCode.NORMAL_CLOSURE, ""
        try:
            await self._server.handler(self)
        except ConnectionClosed as closed:
            logger.debug("the handler ended: %s", closed)
        except asyncio.CancelledError:
            code, reason = StatusCode.GOING_AWAY, "the server stops"
        except Exception:
            logger.exception("the handler failed")
            code, reason = StatusCode.INTERNAL_ERROR, "the handler failed"
        await self.close(code, reason)

    def closed(self) -> None:
        """TCP is closed."""
        super().closed()
        self._server.connections.discard(self)
        if self._task is not None and self.endpoint.closing.failure is not None and not hasattr(self, "request"):
            self._task.cancel()

    async def stop(self) -> None:
        """Close with 1001, and end the handler if it does not end by itself."""
        if self.ready_state == 0 and self.transport is not None:
            self.transport.abort()
            return
        await self.close(StatusCode.GOING_AWAY, "the server stops")
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=self.times.close_timeout)
            self._task.cancel()


_SERVER_ERROR = Response(500, HeaderFields([("Connection", "close")]))
_UNAVAILABLE = Response(503, HeaderFields([("Connection", "close"), ("Retry-After", "1")]), b"too many connections\n")


class Server:
    """A listening server; what `serve` gives. `connections` holds the connections that are not closed."""

    def __init__(
        self,
        handler: Handler,
        *,
        http: HttpHook | None,
        subprotocols: SubprotocolPolicy,
        extensions: Sequence[ServerExtension],
        origins: OriginPolicy,
        additional_headers: Sequence[tuple[str, str]],
        limits: Limits,
        times: TimeLimits,
        max_queue: int,
        max_connections: int | None,
    ) -> None:
        self.handler = handler
        self.http = http
        self.subprotocols = subprotocols
        self.extensions = extensions
        self.origins = origins
        self.additional_headers = additional_headers
        self.limits = limits
        self.times = times
        self.max_queue = max_queue
        self.max_connections = max_connections
        self.connections: set[ServerWebSocket] = set()
        self._server: asyncio.Server | None = None
        self._secure = False

    def ask_hook(self, request: Request) -> Response | Awaitable[Response | None] | None:
        """What to answer to a request in plain HTTP; None for the opening handshake."""
        if self.max_connections is not None and len(self.connections) > self.max_connections:
            return _UNAVAILABLE
        try:
            return None if self.http is None else self.http(request)
        except Exception:
            logger.exception("the http hook failed")
            return _SERVER_ERROR

    async def listen(self, host: str | None, port: int, tls: ssl.SSLContext | None, **options: Any) -> None:
        """Begin to listen. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        self._secure = tls is not None
        self._server = await loop.create_server(lambda: ServerWebSocket(self), host, port, ssl=tls, **options)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The sockets that listen."""
        return tuple(self._server.sockets) if self._server is not None else ()

    @property
    def port(self) -> int:
        """The port of the first of them."""
        return int(self.sockets[0].getsockname()[1])

    @property
    def uri(self) -> str:
        """The URI of the first of them."""
        host, port = self.sockets[0].getsockname()[:2]
        return f"{'wss' if self._secure else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}"

    async def serve_forever(self) -> None:
        """Serve until cancelled, then close all connections."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop listening, and close every connection with 1001."""
        if self._server is not None:
            self._server.close()
            await asyncio.gather(*(connection.stop() for connection in list(self.connections)))

    async def __aenter__(self) -> Self:
        """The server itself."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the server."""
        await self.close()


class serve:
    """Serve WebSocket: ``async with serve(handler, host, port) as server`` or ``server = await serve(…)``.

    `handler` is called with a `WebSocket` for each connection, which closes when it returns. `http` is asked for every
    request first: a `Response` is sent as plain HTTP, None goes on with the opening handshake. `tls` is a context for
    ``wss``. Sizes are octets, times seconds, and None is no limit: see `Limits` and `TimeLimits`. Raises `OSError`
    where it cannot listen.
    """

    def __init__(
        self,
        handler: Handler,
        host: str | None = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        http: HttpHook | None = None,
        subprotocols: SubprotocolPolicy = (),
        extensions: Sequence[ServerExtension] = (),
        origins: OriginPolicy = None,
        additional_headers: Sequence[tuple[str, str]] = (),
        max_message_size: int | None = MiB,
        max_frame_size: int | None = None,
        max_fragments: int | None = 65536,
        max_head_size: int = 16384,
        max_header_fields: int = 128,
        max_queue: int = 16,
        max_connections: int | None = None,
        open_timeout: float | None = 10,
        close_timeout: float | None = 10,
        ping_interval: float | None = 20,
        ping_timeout: float | None = 20,
        **options: Any,
    ) -> None:
        self._listen = (host, port, tls)
        self._options = options
        self._server = Server(
            handler,
            http=http,
            subprotocols=subprotocols,
            extensions=extensions,
            origins=origins,
            additional_headers=additional_headers,
            limits=Limits(max_frame_size, max_message_size, max_fragments, max_head_size, max_header_fields),
            times=TimeLimits(open_timeout, close_timeout, ping_interval, ping_timeout),
            max_queue=max_queue,
            max_connections=max_connections,
        )

    async def _start(self) -> Server:
        await self._server.listen(*self._listen, **self._options)
        return self._server

    def __await__(self) -> Generator[Any, None, Server]:
        """Begin to listen."""
        return self._start().__await__()

    async def __aenter__(self) -> Server:
        """Begin to listen."""
        return await self._start()

    async def __aexit__(self, *exc: object) -> None:
        """Close the server."""
        await self._server.close()
