"""A WebSocket connection as coroutines have it: ``async for message in ws``, ``await ws.send(message)``."""

import asyncio
from collections import deque
from typing import Self

from refws.failure import Failure, UsageError
from refws.host.closed import ConnectionClosed
from refws.host.connection import TimeLimits
from refws.host.pings import PingingConnection
from refws.rfc6455.endpoint import Endpoint, Opened
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s06_1_sending_data import Message
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import ReadyState, State

__all__ = ["ConnectionClosed", "WebSocket"]

HELD_BACK = 16384
"""Octets of one message above which it is written at once, instead of together with what follows."""

MOST_HELD_BACK = 256
"""Messages that are held back to be written with the next."""

_OPEN = State.OPEN


class WebSocket(PingingConnection):
    """An open connection; the argument of a server's handler, and what `connect` gives.

    Messages are `str` (text) and `bytes` (binary). One task receives; any task sends. `request` and `response` are the
    opening handshake (`response` is None in a server), `latency` the seconds of the last Ping, `dropped` the number of
    messages that nobody took after `close`.
    """

    __slots__ = (
        "_close_waiter",
        "_handed_out",
        "_queue",
        "_receiver",
        "_unread",
        "dropped",
        "max_queue",
        "request",
        "response",
        "subprotocol",
    )

    request: Request
    response: Response | None

    def __init__(self, endpoint: Endpoint, times: TimeLimits, max_queue: int) -> None:
        super().__init__(endpoint, times)
        self.max_queue = max_queue
        self.subprotocol: str | None = None
        self._queue: deque[str | bytes | Close | Failure] = deque()
        self._receiver: asyncio.Future[None] | None = None
        self._close_waiter: asyncio.Future[None] | None = None
        self._handed_out = False
        self._unread = 0
        self.dropped = 0

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

    def _take(self) -> str | bytes | None:
        """The next message, or None where there is none yet. Raises `ConnectionClosed`."""
        queue = self._queue
        self._handed_out = False
        if not queue:
            if self.endpoint.pieces_to_send:
                self.flush()
            return None
        item = queue[0]
        if not isinstance(item, (str, bytes)):
            if self.endpoint.reaction_is_due:
                self.act_on_the_end()
            # §rfc6455:7.1.7-p1-s2/2 MAY report a failure to the user
            raise ConnectionClosed(self.endpoint)
        del queue[0]
        self._handed_out = True
        if self._held_up:
            self.read_on()
        return item

    async def _wait_for_a_message(self) -> None:
        if self._receiver is not None:
            raise UsageError("another task is receiving already")
        self._receiver = self._loop.create_future()
        try:
            await self._receiver
        finally:
            self._receiver = None

    def data_received(self, data: bytes) -> None:
        """Octets have come; above `max_queue` messages that nobody has taken, no more are read."""
        self._unread = len(self._queue)
        if self._unread > self.max_queue:
            self.hold_up_reading()
        super().data_received(data)

    def has_room(self) -> bool:
        """Whether most of what has come is taken."""
        return len(self._queue) <= self.max_queue // 4

    def message_received(self, message: str | bytes) -> None:
        """Queue a message; after this side's Close frame only as long as somebody takes them."""
        # §rfc6455:5.5.1-p5-s5 MAY ignore data after its own Close frame
        if self.endpoint.closing.state is not _OPEN and self._unread > self.max_queue:
            self.dropped += 1
        else:
            self._queue.append(message)
            self._wake()

    def end_received(self, end: Close | Failure) -> None:
        """Act on the end now if the application has had all before it; else when it has, or at the time limit."""
        idle = not self._queue and not self._handed_out
        self._queue.append(end)
        self._wake()
        if idle or self.endpoint.closing.state is not _OPEN:
            self.act_on_the_end()
        else:
            self.set_timer(self.times.answer_timeout, self.act_on_the_end)

    def fail(self, failure: Failure) -> None:
        """Fail the connection for a reason of this side, behind the messages that have come."""
        self._queue.append(failure)
        super().fail(failure)
        self._wake()

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

    # Closing

    @property
    def ready_state(self) -> ReadyState:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return self.endpoint.ready_state

    @property
    def close_sent(self) -> Close | None:
        """The Close frame that this side has sent."""
        return self.endpoint.closing.sent

    @property
    def close_received(self) -> Close | None:
        """The Close frame that the peer has sent."""
        return self.endpoint.closing.received

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

    def opened(self, opened: Opened) -> None:
        """The connection is established."""
        self.subprotocol = opened.subprotocol
        self.request, self.response = opened.request, opened.response
        super().opened(opened)

    async def __aenter__(self) -> Self:
        """The connection itself."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the connection."""
        await self.close()
