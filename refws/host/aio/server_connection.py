"""A server's end of a connection, and what all of them share."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from refws.host.aio.websocket import WebSocket
from refws.host.choice import SERVER_ERROR, UNAVAILABLE, Choice, accept_or_refuse, respond
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.times import TimeLimits
from refws.host.endpoints import NewEndpoint, new_endpoint
from refws.rfc6455.endpoint import Opened
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc6455.state import ReadyState

__all__ = ["Answer", "Chooser", "ServerWebSocket", "Service"]

logger = logging.getLogger("refws")

Answer = Choice | Response
"""What a request gets: a service of WebSocket, or plain HTTP."""

Chooser = Callable[[Request], Answer | Awaitable[Answer]]


@dataclass(slots=True)
class Service:
    """What a server does for its connections, and what they have in common.

    `choose` is asked for each request. `limits` and `times` hold until it has answered, then those of the choice.
    """

    choose: Chooser
    limits: Limits = Limits()
    times: TimeLimits = field(default_factory=TimeLimits)
    max_connections: int | None = None
    endpoint: NewEndpoint = new_endpoint
    connections: set["ServerWebSocket"] = field(default_factory=set)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    closing: bool = False

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """What to answer to a request."""
        if self.max_connections is not None and len(self.connections) > self.max_connections:
            return UNAVAILABLE
        try:
            return self.choose(request)
        except Exception:
            return _failed()

    def start_task(self, coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Start a handler, or a choice, that the server will wait for when it closes."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


def _failed() -> Response:
    """Log the exception at hand; the client is told no more than 500."""
    logger.exception("choosing the answer to a request failed")
    return SERVER_ERROR


class ServerWebSocket(WebSocket):
    """A server's end of a connection."""

    __slots__ = ("_answered", "_asking", "_handler", "_service")

    _handler: Callable[[Any], Any]

    def __init__(self, service: Service) -> None:
        super().__init__(service.endpoint(service.limits, self), service.times, 0)
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
        """Ask what to answer, then do."""
        answer = self._service.answer(request)
        if inspect.isawaitable(answer):
            # Nothing is read, and so nothing buffered, while the answer is being made up.
            self.hold_up_reading()
            self._asking = self._service.start_task(self._answer_later(answer))
        else:
            self._answer(answer)

    async def _answer_later(self, awaitable: Awaitable[Answer]) -> None:
        try:
            answer = await awaitable
        except Exception:
            answer = _failed()
        self._asking = None
        if self.ready_state is ReadyState.CONNECTING:
            self._answer(answer)
            self.read_on()

    def _answer(self, answer: Answer) -> None:
        if isinstance(answer, Choice):
            self._accept(answer)
        else:
            self._respond(answer)

    def _respond(self, response: object) -> None:
        another = respond(self.endpoint, response)
        self.flush()
        if another:
            self._go_on_soon()
            self.set_timer(self.times.open_timeout, self._open_timeout)
        elif self.transport is not None:
            self.transport.close()

    def _accept(self, choice: Choice) -> None:
        opened = accept_or_refuse(self.endpoint, choice)
        if opened is None:
            self.go_on_closing()
            return
        self._handler, self.times, self.max_queue = choice.handler, choice.times, choice.max_queue
        self.deliver([opened])
        self._go_on_soon()

    def opened(self, opened: Opened) -> None:
        """The connection is established: run the handler."""
        super().opened(opened)
        self.response = None
        self._service.start_task(self._handle())

    async def _handle(self) -> None:
        code, reason = StatusCode.NORMAL_CLOSURE, ""
        try:
            await self._handler(self)
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

    async def stop(self, code: int, reason: str) -> None:
        """Close; where the opening handshake is not over, just close TCP. Raises `UsageError`."""
        # §rfc6455:7.2.2-p1-s2 MUST just close TCP: the handshake is not over
        if self.ready_state is ReadyState.CONNECTING:
            self.drop_tcp()
        await self.close(code, reason)
