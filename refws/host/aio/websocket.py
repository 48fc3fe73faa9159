"""A WebSocket connection as coroutines have it: ``async for message in ws``, ``await ws.send(message)``."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import Any, Self

from refws.failure import UsageError
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.parts import PartsReader
from refws.host.connection.queued import QueuedConnection
from refws.host.connection.sending import FragmentedMessage, with_last
from refws.host.connection.times import TimeLimits
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.s06_1_sending_data import Message
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import State

__all__ = ["ConnectionClosed", "WebSocket"]

_OPEN = State.OPEN

Parts = Iterable[Message] | AsyncIterable[Message]


class WebSocket(QueuedConnection):
    """An open connection; the argument of a server's handler, and what `connect` gives.

    Messages are `str` (text) and `bytes` (binary). One task receives; any task sends. `request` and `response` are the
    opening handshake (`response` is None in a server), `latency` the seconds of the last Ping, `dropped` the number of
    messages that nobody took after `close`, `counters` what has gone through the connection, `backlog` the octets sent
    that the peer has not taken.
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

    def recv_streaming(self) -> AsyncIterator[str | bytes]:
        """The next message in parts, as they come: all `str`, or all `bytes`.

        A message that is there already is one part; so is an empty one. What nobody has taken is bounded: above 256 KiB
        no more is read (the last read comes on top, decompressed). `max_message_size` counts all the same, and may be
        None here. Raises `ConnectionClosed` as `recv` does, also in the middle of a message. If a message is left
        half-way, the rest of it is left out by the next `recv` or `recv_streaming`, and whoever still asks for it gets
        a `UsageError`.
        """
        self.receive_in_parts()
        return _Parts(self)

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

    async def send(self, message: Message | Parts, *, compress: bool = True) -> None:
        """Send a message: text for a `str`, binary for octets; waits while the peer does not take what was sent.

        An iterable of either, also an asynchronous one, is sent as one message, each item in a frame of its own, while
        it is iterated over; other messages wait until then. If it raises, or is cancelled, once it has begun to go out,
        the connection is closed with 1011.
        With `compress` false it is not compressed, even where that was negotiated. Raises `ConnectionClosed`, and
        `UsageError` for a text that cannot be UTF-8, and for parts of both types or of none.
        """
        endpoint = self.endpoint
        refused: UsageError | None = None
        whole: Any = message
        try:
            endpoint.send_a_websocket_message(whole, compress)
        except UsageError as error:
            refused = error
        if refused is not None:
            # What is so only now and then is looked at afterwards: parts, and messages that come too early or too late.
            await self._send_otherwise(message, compress, refused)
            return
        self.flush_or_hold_back(len(whole))
        if self._drained is not None:
            await asyncio.shield(self._drained)

    async def _send_otherwise(self, message: Message | Parts, compress: bool, refused: UsageError) -> None:
        if self.endpoint.closing.state is not _OPEN:
            raise ConnectionClosed(self.endpoint)
        if self.fragmented is None and isinstance(message, (str, bytes, bytearray, memoryview)):
            raise refused
        while self.fragmented is not None:
            if self.fragmented.task is asyncio.current_task():
                raise UsageError("another message is sent from within the one that is being sent in fragments")
            await asyncio.shield(self.fragmented.over)
        if isinstance(message, (str, bytes, bytearray, memoryview)):
            await self.send(message, compress=compress)
        elif isinstance(message, (Iterable, AsyncIterable)) and not isinstance(message, Mapping):
            await self._send_in_fragments(message, compress)
        else:
            raise UsageError(f"a message is a str, octets or an iterable of them, not {type(message).__name__}")

    async def _send_in_fragments(self, parts: Iterable[Any] | AsyncIterable[Any], compress: bool) -> None:
        with FragmentedMessage(self, compress) as message:
            message.task = asyncio.current_task()
            if isinstance(parts, AsyncIterable):
                # The next part may be long in coming: this one does not wait for it, and the end is a frame of its own.
                async for part in parts:
                    message.send(part)
                    await self._drain()
            else:
                for part, last in with_last(parts):
                    message.send(part, last)
                    await self._drain()
            message.end()

    async def _drain(self) -> None:
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
        self.start_closing(code, reason)
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


class _Parts(PartsReader):
    """A message in parts, as coroutines have it."""

    __slots__ = ()
    _connection: WebSocket

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str | bytes:
        part = self._connection.take_part(self)
        while part is None:
            if self.done:
                raise StopAsyncIteration
            await self._connection._wait_for_a_message()
            part = self._connection.take_part(self)
        return part
