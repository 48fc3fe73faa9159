"""A server's end of a connection with threads, and what all of them share."""

import logging
import socket
from collections.abc import Callable
from typing import Any

from refws.failure import HandshakeFailure
from refws.host.choice import Choice, accept_or_refuse, respond
from refws.host.connection.closed import ConnectionClosed
from refws.host.threads.service import SyncService
from refws.host.threads.websocket import SyncWebSocket
from refws.rfc6455.endpoint import Opened
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import ReadyState, State

__all__ = ["SyncServerWebSocket"]

logger = logging.getLogger("refws")


class SyncServerWebSocket(SyncWebSocket):
    """A server's end of a connection.

    The thread that is in `serve` chooses the answers and runs the handler; the connection's own does all the rest.
    """

    __slots__ = ("_asked", "_octets", "_opened", "_service", "_status")

    def __init__(self, service: SyncService) -> None:
        super().__init__(service.endpoint(service.limits, self), service.times, 0)
        self._service = service
        self._octets = b""
        self._asked: Request | None = None
        self._opened = False
        self._status = 0

    def serve(self, sock: socket.socket, octets: bytes = b"") -> None:
        """Serve a connected socket, on which these octets have come already, until TCP is closed."""
        service = self._service
        self._octets = octets
        if not service.served.begin(self, sock):
            return
        try:
            while (request := self._next_request()) is not None:
                handler = self._answer(service.answer(request))
                if handler is not None:
                    self._handle(handler)
            failure = self.endpoint.closing.failure
            if not self._status and isinstance(failure, HandshakeFailure):
                self.answered(failure.status)
            self.wait_closed()
        except BaseException:
            self.drop_tcp()
            raise
        finally:
            service.served.end(self)

    def answered(self, status: int) -> None:
        """A request was answered with this status."""

    # The opening handshake

    def connection_made(self, transport: Any) -> None:
        """A client has connected."""
        super().connection_made(transport)
        with self._service.served.lock:
            self._service.served.open.add(self)
        if self._octets:
            self.data_received(self._octets)
            self._octets = b""

    def request_received(self, request: Request) -> None:
        """Have the request answered; nothing is read, and so nothing buffered, meanwhile."""
        self.hold_up_reading()
        self._asked = request
        self._something.notify_all()

    def _next_request(self) -> Request | None:
        """Wait for a request; None where there will be none."""
        with self._lock:
            while self._asked is None:
                if self.endpoint.closing.state is not State.CONNECTING or self._link is None or self._link.is_over:
                    return None
                self._something.wait()
            request, self._asked = self._asked, None
            return request

    def _answer(self, answer: Choice | Response) -> Callable[[Any], object] | None:
        """Send an answer; returns the handler of a connection that has been opened."""
        with self._lock:
            if self.transport is None or self.endpoint.closing.state is not State.CONNECTING:
                return None
            opened = self._accept(answer) if isinstance(answer, Choice) else self._respond(answer)
            if opened:
                # What comes behind a request that has been answered may have come already.
                self.data_received(b"")
                if self._asked is None:
                    self.read_on()
            drained = self._drained
        if drained is not None:
            # Nobody takes the answers, so there are no more.
            drained.result()
        self.answered(self._status)
        return answer.handler if isinstance(answer, Choice) and self._opened else None

    def _respond(self, response: object) -> bool:
        """Answer in plain HTTP; returns whether the connection goes on."""
        if isinstance(response, Response):
            self._status = response.status
        another = respond(self.endpoint, response)
        self.flush()
        if another:
            self.set_timer(self.times.open_timeout, self._open_timeout)
        elif self.transport is not None:
            self.transport.close()
        return another

    def _accept(self, choice: Choice) -> bool:
        """Open the connection; returns whether it is."""
        opened = accept_or_refuse(self.endpoint, choice)
        if opened is None:
            failure = self.endpoint.closing.failure
            self._status = 0 if failure is None else failure.status
            self.go_on_closing()
            return False
        self._status = 101
        self.times, self.max_queue = choice.times, choice.max_queue
        self.deliver([opened])
        return True

    def act_on_the_end(self) -> None:
        """Also refuse what is no request; then none will come."""
        super().act_on_the_end()
        self._something.notify_all()

    def opened(self, opened: Opened) -> None:
        """The connection is established."""
        super().opened(opened)
        self.response = None
        self._opened = True

    # The handler

    def _handle(self, handler: Callable[[Any], object]) -> None:
        code, reason = StatusCode.INTERNAL_ERROR, "the handler failed"
        try:
            handler(self)
            code, reason = StatusCode.NORMAL_CLOSURE, ""
        except ConnectionClosed as closed:
            logger.debug("the handler ended: %s", closed)
            code, reason = StatusCode.NORMAL_CLOSURE, ""
        except Exception:
            logger.exception("the handler failed")
        finally:
            # §rfc6455:7.3-p1-s1 MAY close whenever it wants: here, when the handler is done
            self.close(code, reason)

    def closed(self) -> None:
        """TCP is closed."""
        super().closed()
        with self._service.served.lock:
            self._service.served.open.discard(self)

    def stop(self, code: int, reason: str) -> None:
        """Begin to close; where the opening handshake is not over, just close TCP. Raises `UsageError`."""
        with self._lock:
            # §rfc6455:7.2.2-p1-s2 MUST just close TCP: the handshake is not over
            if self.ready_state is ReadyState.CONNECTING:
                self.drop_tcp()
            self.start_closing(code, reason)
