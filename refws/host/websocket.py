"""A WebSocket connection as coroutines have it: ``async for message in ws``, ``await ws.send(message)``."""

import asyncio
from typing import Self

from refws.failure import UsageError
from refws.host.closed import ConnectionClosed
from refws.host.queued import QueuedConnection
from refws.host.times import TimeLimits
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.s06_1_sending_data import Message
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import State

__all__ = ["ConnectionClosed", "WebSocket"]

HELD_BACK = 16384
"""Octets of one message above which it is written at once, instead of together with what follows."""

MOST_HELD_BACK = 256
"""Messages that are held back to be written with the next."""

_OPEN = State.OPEN


class WebSocket(QueuedConnection):
    """An open connection; the argument of a server's handler, and what `connect` gives.

    Messages are `str` (text) and `bytes` (binary). One task receives; any task sends. `request` and `response` are the
    opening handshake (`response` is None in a server), `latency` the seconds of the last Ping, `dropped` the number of
    messages that nobody took after `close`.
    """

    __slots__ = ("_close_waiter", "_receiver")

    def __init__(self, endpoint: Endpoint, times: TimeLimits, max_queue: int) -> None:
        super().__init__(endpoint, times, max_queue)
        self._receiver: asyncio.Future[None] | None = None
        self._close_waiter: asyncio.Future[None] | None = None

    # Receiving

    async def recv(self) -> str | bytes:
        """The next message. Raises `ConnectionClosed` once there is none and none will come."""
        message = self._take()
        while message is None:
            await self._wait_for_a_message()
            message = self._take()
        return message

    def __aiter__(self) -> Self:
        """The messages, until the connection closes; raises `ConnectionClosed` if it did not close normally."""
        return self

    async def __anext__(self) -> str | bytes:
        """The next message."""
        try:
            message = self._take()
            while message is None:
                await self._wait_for_a_message()
                message = self._take()
        except ConnectionClosed as closed:
            if closed.normally:
                raise StopAsyncIteration from None
            raise
        return message

    async def _wait_for_a_message(self) -> None:
        if self._receiver is not None:
            raise UsageError("another task is receiving already")
        self._receiver = self._loop.create_future()
        try:
            await self._receiver
        finally:
            self._receiver = None

    def _wake(self) -> None:
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)

    # Sending

    async def send(self, message: Message, *, compress: bool = True) -> None:
        """Send a message: text for a `str`, binary for octets; waits while the peer does not take what was sent.

        With `compress` false it is not compressed, even where that was negotiated. Raises `ConnectionClosed`, and
        `UsageError` for a text that cannot be UTF-8.
        """
        endpoint = self.endpoint
        if endpoint.closing.state is not _OPEN:
            raise ConnectionClosed(endpoint)
        endpoint.send_a_websocket_message(message, compress)
        # §rfc6455:2.1-p10-s1 MAY wait: while more messages are to be answered, their answers go out in one write
        if self._queue and len(message) < HELD_BACK and endpoint.pieces_to_send < MOST_HELD_BACK:
            self.flush_soon()
        else:
            self.flush()
        if self._drained is not None:
            await asyncio.shield(self._drained)

    async def ping(self, payload: bytes | None = None) -> float:
        """Send a Ping and wait for its Pong; returns the seconds it took. Raises `ConnectionClosed`, `UsageError`."""
        return await self._ping(payload)

    async def pong(self, payload: bytes = b"") -> None:
        """Send a Pong that nobody asked for. Raises `ConnectionClosed`, `UsageError`."""
        self._pong(payload)

    # Closing

    async def close(self, code: int | None = StatusCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the connection, and wait until TCP is closed; no more than `close_timeout` seconds.

        Messages that still come can be received; where nobody does, more than `max_queue` are dropped and counted in
        `dropped`. Closing what is closed does nothing. Raises `UsageError` for a code or a reason that may not be sent.
        """
        if self.endpoint.reaction_is_due:
            self.act_on_the_end()
        if self.endpoint.closing.state is _OPEN:
            # §rfc6455:7.3-p1-s3 MUST begin with the closing handshake, whoever closes
            self.endpoint.start_the_websocket_closing_handshake(code, reason)
            self.go_on_closing()
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until TCP is closed."""
        if self.transport is not None:
            if self._close_waiter is None:
                self._close_waiter = self._loop.create_future()
            await asyncio.shield(self._close_waiter)

    def closed(self) -> None:
        """TCP is closed: nobody waits any longer."""
        super().closed()
        self._wake()
        if self._close_waiter is not None:
            self._close_waiter.set_result(None)

    async def __aenter__(self) -> Self:
        """The connection itself."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the connection."""
        await self.close()
