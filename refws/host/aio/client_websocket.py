"""A client's end of a connection on asyncio."""

import asyncio

from refws.failure import Failure
from refws.host.aio.websocket import WebSocket
from refws.host.connection.idle import IdleTimer
from refws.host.connection.times import TimeLimits
from refws.host.reaching.destination import Destination, uri_of
from refws.rfc6455.endpoint import Opened
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["ClientWebSocket"]


class ClientWebSocket(WebSocket):
    """A client's end of a connection; `uri` is where it has got to, behind all redirects."""

    __slots__ = ("_destination", "_established", "_idle_timeout", "_idle_timer", "uri")

    def __init__(
        self,
        destination: Destination,
        limits: Limits,
        times: TimeLimits,
        max_queue: int,
        idle_timeout: float | None = None,
    ) -> None:
        super().__init__(destination.endpoint(limits), times, max_queue)
        self._destination = destination
        self._established: asyncio.Future[None] = self._loop.create_future()
        self._idle_timeout = idle_timeout
        self._idle_timer: IdleTimer | None = None
        self.uri = uri_of(destination.uri)

    async def establish(self) -> None:
        """Send the opening handshake, and wait for the answer. Raises `UsageError` and `HandshakeFailure`."""
        # §rfc6455:4.1-p21-s1 MUST send the handshake once connected
        self.endpoint.connect(self._destination.uri, self._destination.offer)
        self.flush()
        await self._established

    def opened(self, opened: Opened) -> None:
        """The server's handshake has been checked."""
        super().opened(opened)
        if self._idle_timeout is not None:
            self._idle_timer = IdleTimer(self, self._loop, self._idle_timeout)
        if not self._established.done():
            self._established.set_result(None)

    def end_received(self, end: Close | Failure) -> None:
        """A failure of the opening handshake is the caller's to hear."""
        if self._established.done():
            super().end_received(end)
        else:
            assert isinstance(end, Failure)
            self._established.set_exception(end)
            # Whoever gave up waiting does not want to hear of it.
            self._established.exception()
            self.act_on_the_end()

    def closed(self) -> None:
        """TCP is closed."""
        super().closed()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
