"""An ASGI application that has one WebSocket connection: the `websocket` scope of the ASGI specification."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from refws.failure import HandshakeFailure
from refws.host.asgi.opening import ASGIEvent, ASGIOpening, ClientDisconnected, Phase, unexpected
from refws.host.connection.closed import ConnectionClosed
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import State

__all__ = ["ASGIApplication", "ASGIWebSocket", "ClientDisconnected"]

ASGIApplication = Callable[[Any, Any, Any], Awaitable[object]]

_ACCEPTED = Phase.ACCEPTED


class ASGIWebSocket(ASGIOpening):
    """A server's end of a connection whose application is spoken to in the events of ASGI."""

    __slots__ = ("_has_been_told",)

    _has_been_told: bool
    """Whether the application has had `websocket.connect`."""

    async def run(self, application: ASGIApplication, scope: ASGIEvent) -> None:
        """Call the application, and see to the end of the connection when it returns."""
        self._has_been_told = False
        result, failed = None, False
        try:
            result = await application(scope, self.asgi_receive, self.asgi_send)
        except ClientDisconnected:
            pass
        except BaseException:
            self._logger.exception("Exception in ASGI application\n")
            failed = True
        if self.phase is _ACCEPTED:
            if result is not None:
                self._logger.error("ASGI callable should return None, but returned '%s'.", result)
                failed = True
            code = StatusCode.INTERNAL_ERROR if failed else StatusCode.NORMAL_CLOSURE
            # §rfc6455:7.3-p1-s3 MUST begin with the closing handshake, though ASGI lets an application just return
            self.start_closing(code, "the application failed" if failed else "")
        elif self.endpoint.closing.state is State.CONNECTING:
            if not failed:
                self._logger.error("ASGI callable returned without completing handshake.")
            self.application_left()

    async def asgi_receive(self) -> ASGIEvent:
        """The next event: `websocket.connect`, `websocket.receive`, and from the end on `websocket.disconnect`."""
        if not self._has_been_told:
            self._has_been_told = True
            return {"type": "websocket.connect"}
        try:
            message = self._take()
            while message is None:
                if self._receiver is None:
                    await self._wait_for_a_message()
                else:
                    # ASGI lets several tasks receive, and one of them may have been cancelled only now.
                    await asyncio.wait([self._receiver])
                message = self._take()
        except ConnectionClosed:
            return self._disconnect_event()
        if isinstance(message, str):
            return {"type": "websocket.receive", "text": message}
        return {"type": "websocket.receive", "bytes": message}

    async def asgi_send(self, event: ASGIEvent) -> None:
        """Take an event of the application; waits while the client does not take what was sent.

        Raises `ClientDisconnected` where the connection is closed, `RuntimeError` for an event that cannot come now,
        and `ValueError` for one that says what may not be sent.
        """
        while self._drained is not None:
            await asyncio.shield(self._drained)
        kind = event["type"]
        if self.phase is _ACCEPTED:
            if kind == "websocket.send":
                await self._send_message(event)
            elif kind == "websocket.close":
                self._close(event)
            else:
                raise unexpected(kind, "'websocket.send' or 'websocket.close'")
        elif self.transport is None:
            raise ClientDisconnected("the client has closed TCP")
        elif self.phase is Phase.ENDED:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' behind 'websocket.close' or a complete response.")
        elif self.endpoint.closing.state is not State.CONNECTING:
            raise ClientDisconnected("the client has left before its opening handshake was answered")
        else:
            self.answer_request(kind, event)

    async def _send_message(self, event: ASGIEvent) -> None:
        data = event.get("bytes")
        if data is None:
            data = event.get("text")
            if data is None:
                raise RuntimeError("ASGI message 'websocket.send' has neither 'bytes' nor 'text'.")
        try:
            await self.send(data)
        except ConnectionClosed as closed:
            raise ClientDisconnected(str(closed)) from None

    def _close(self, event: ASGIEvent) -> None:
        if self.endpoint.closing.state is not State.OPEN:
            raise ClientDisconnected("the connection is closed")
        self.start_closing(event.get("code") or StatusCode.NORMAL_CLOSURE, event.get("reason") or "")
        self.phase = Phase.ENDED

    def start_closing(self, code: int | None, reason: str) -> bool:
        """Begin to close, as every connection does, and drop the messages that still come."""
        if not super().start_closing(code, reason):
            return False
        assert self.close_sent is not None
        self._queue.append(self.close_sent)
        # §rfc6455:5.5.1-p5-s5 MAY ignore data after its own Close frame
        self.max_queue = -1
        self._wake()
        return True

    def _disconnect_event(self) -> ASGIEvent:
        closing = self.endpoint.closing
        failure = closing.failure
        if closing.received is not None:
            return {"type": "websocket.disconnect", "code": int(closing.received.code), "reason": closing.reason}
        if failure is None:
            assert closing.sent is not None
            code = closing.sent.code
        else:
            # The status of a request that was refused is one of HTTP.
            code = StatusCode.ABNORMAL_CLOSURE if isinstance(failure, HandshakeFailure) else failure.status
        return {"type": "websocket.disconnect", "code": int(code)}
