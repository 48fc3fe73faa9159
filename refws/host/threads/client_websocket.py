"""A client's end of a connection with threads."""

import asyncio
import socket
from concurrent.futures import Future, wait

from refws.failure import Failure, UsageError
from refws.host.connection.idle import IdleTimer
from refws.host.connection.times import TimeLimits
from refws.host.reaching.destination import Destination, uri_of
from refws.host.threads.addresses import TOO_LATE
from refws.host.threads.websocket import SyncWebSocket
from refws.rfc6455.endpoint import Opened
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["SyncClientWebSocket"]


class SyncClientWebSocket(SyncWebSocket):
    """A client's end of a connection; `uri` is where it has got to, behind all redirects."""

    __slots__ = ("_destination", "_established", "_idle_timeout", "uri")

    def __init__(
        self,
        limits: Limits,
        times: TimeLimits,
        max_queue: int,
        idle_timeout: float | None,
        destination: Destination,
    ) -> None:
        super().__init__(destination.endpoint(limits), times, max_queue)
        self._destination = destination
        self._established: Future[None] = Future()
        self._idle_timeout = idle_timeout
        self.uri = uri_of(destination.uri)

    def establish(self, sock: socket.socket, seconds: float | None) -> None:
        """Send the opening handshake on a socket, and wait so long for the answer.

        Raises `UsageError`, `HandshakeFailure`, `TimeoutError`, and `OSError` where TLS fails.
        """
        try:
            self.start(sock)
            if not wait([self._established], seconds).done:
                raise TimeoutError(TOO_LATE)
            self._established.result()
        except BaseException:
            # The handshake came to nothing, and there is nothing left to send.
            self.drop_tcp()
            self.wait_closed()
            raise

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP, and TLS where it is wanted, is there."""
        super().connection_made(transport)
        try:
            # §rfc6455:4.1-p21-s1 MUST send the handshake once connected
            self.endpoint.connect(self._destination.uri, self._destination.offer)
        except UsageError as error:
            self._established.set_exception(error)
        self.flush()

    def opened(self, opened: Opened) -> None:
        """The server's handshake has been checked."""
        super().opened(opened)
        if self._idle_timeout is not None:
            # The end of the loop is the end of its timers.
            IdleTimer(self, self._loop, self._idle_timeout)
        self._established.set_result(None)

    def end_received(self, end: Close | Failure) -> None:
        """A failure of the opening handshake is the caller's to hear."""
        if self._established.done():
            super().end_received(end)
        else:
            assert isinstance(end, Failure)
            self._established.set_exception(end)
            self.act_on_the_end()

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is closed; the caller hears why TLS could not be."""
        if self.transport is None and not self._established.done():
            self._established.set_exception(exc or ConnectionResetError("the connection was closed"))
        super().connection_lost(exc)
