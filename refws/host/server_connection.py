"""A server's end of a connection, and what all of them share."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from refws.failure import UsageError
from refws.host.closed import ConnectionClosed
from refws.host.http11 import Endpoint
from refws.host.times import TimeLimits
from refws.host.websocket import WebSocket
from refws.rfc6455.endpoint import Opened, Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy
from refws.rfc6455.state import ReadyState

__all__ = ["Handler", "HttpHook", "ServerWebSocket", "Service"]

logger = logging.getLogger("refws")

Handler = Callable[[WebSocket], Awaitable[object]]
HttpHook = Callable[[Request], Response | Awaitable[Response | None] | None]

_SERVER_ERROR = Response(500, HeaderFields([("Connection", "close")]))
_UNAVAILABLE = Response(503, HeaderFields([("Connection", "close"), ("Retry-After", "1")]), b"too many connections\n")


@dataclass(slots=True)
class Service:
    """What `serve` was told, and what its connections have in common."""

    handler: Handler
    http: HttpHook | None
    subprotocols: SubprotocolPolicy
    extensions: Sequence[ServerExtension]
    origins: OriginPolicy
    additional_headers: Sequence[tuple[str, str]]
    limits: Limits
    times: TimeLimits
    max_queue: int
    max_connections: int | None
    connections: set["ServerWebSocket"] = field(default_factory=set)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    closing: bool = False

    def ask_hook(self, request: Request) -> Response | Awaitable[Response | None] | None:
        """What to answer to a request in plain HTTP; None for the opening handshake."""
        if self.max_connections is not None and len(self.connections) > self.max_connections:
            return _UNAVAILABLE
        try:
            return None if self.http is None else self.http(request)
        except Exception:
            logger.exception("the http hook failed")
            return _SERVER_ERROR

    def start_task(self, coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Start a handler, or a hook, that the server will wait for when it closes."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


class ServerWebSocket(WebSocket):
    """A server's end of a connection."""

    __slots__ = ("_answered", "_asking", "_service")

    def __init__(self, service: Service) -> None:
        super().__init__(Endpoint(Role.SERVER, service.limits), service.times, service.max_queue)
        self._service = service
        self._asking: asyncio.Task[None] | None = None
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        super().connection_made(transport)
        self._service.connections.add(self)
        if self._service.closing:
            self.drop_tcp()

    def _go_on_soon(self) -> None:
        """What comes behind a request that has been answered may have come already."""
        self._answered = True
        self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        while self._answered and self.transport is not None:
            if self._drained is not None:
                # Nobody takes the answers, so there are no more.
                self.hold_up_reading()
                return
            self._answered = False
            self.data_received(b"")

    def resume_writing(self) -> None:
        """The peer has taken what was sent."""
        super().resume_writing()
        self._go_on()

    def request_received(self, request: Request) -> None:
        """Ask the hook, then answer."""
        answer = self._service.ask_hook(request)
        if inspect.isawaitable(answer):
            # Nothing is read, and so nothing buffered, while the hook makes up its mind.
            self.hold_up_reading()
            self._asking = self._service.start_task(self._answer_later(answer))
        else:
            self._answer(answer)

    async def _answer_later(self, answer: Awaitable[Response | None]) -> None:
        try:
            response = await answer
        except Exception:
            logger.exception("the http hook failed")
            response = _SERVER_ERROR
        self._asking = None
        if self.ready_state is ReadyState.CONNECTING:
            self._answer(response)
            self.read_on()

    def _answer(self, response: Response | None) -> None:
        if response is None:
            self._accept()
            return
        another = False
        try:
            another = self.endpoint.respond(response)
        except UsageError:
            logger.exception("the answer of the http hook cannot be sent")
        self.flush()
        if another:
            self._go_on_soon()
            self.set_timer(self.times.open_timeout, self._open_timeout)
        elif self.transport is not None:
            self.transport.close()

    def _accept(self) -> None:
        service = self._service
        try:
            opened = self.endpoint.accept(
                subprotocols=service.subprotocols,
                extensions=service.extensions,
                origins=service.origins,
                additional_headers=service.additional_headers,
            )
        except UsageError:
            # A subprotocol policy, or a header field, that cannot be: this side's mistake.
            logger.exception("the opening handshake cannot be answered")
            self.endpoint.refuse(_SERVER_ERROR)
            opened = None
        if isinstance(opened, Opened):
            self.deliver([opened])
            self._go_on_soon()
        else:
            self.go_on_closing()

    def opened(self, opened: Opened) -> None:
        """The connection is established: run the handler."""
        super().opened(opened)
        self.response = None
        self._service.start_task(self._handle())

    async def _handle(self) -> None:
        code, reason = StatusCode.NORMAL_CLOSURE, ""
        try:
            await self._service.handler(self)
        except ConnectionClosed as closed:
            logger.debug("the handler ended: %s", closed)
        except asyncio.CancelledError:
            code, reason = StatusCode.GOING_AWAY, "the server stops"
        except Exception:
            logger.exception("the handler failed")
            code, reason = StatusCode.INTERNAL_ERROR, "the handler failed"
        # §rfc6455:7.3-p1-s1 MAY close whenever it wants: here, when the handler is done
        await self.close(code, reason)

    def closed(self) -> None:
        """TCP is closed."""
        super().closed()
        self._service.connections.discard(self)
        if self._asking is not None:
            self._asking.cancel()

    async def stop(self) -> None:
        """Close with 1001; where the opening handshake is not over, just close TCP."""
        # §rfc6455:7.2.2-p1-s2 MUST just close TCP: the handshake is not over
        if self.ready_state is ReadyState.CONNECTING:
            self.drop_tcp()
        await self.close(StatusCode.GOING_AWAY, "the server stops")
