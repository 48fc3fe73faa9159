"""What has come waits in a queue until the application takes it: what coroutines and threads have in common."""

from collections import deque
from typing import NoReturn

from refws.failure import Failure, UsageError
from refws.host.connection.callbacks import Connection
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.parts import MessageInParts, PartsReader
from refws.host.connection.sending import SendingConnection
from refws.host.connection.times import Loop, TimeLimits
from refws.rfc6455.endpoint import Endpoint, Opened
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.state import State

__all__ = ["QueuedConnection"]

HELD_BACK = 16384
"""Octets of one message above which it is written at once, instead of together with what follows."""

MOST_HELD_BACK = 256
"""Messages that are held back to be written with the next."""

_OPEN = State.OPEN


class QueuedConnection(SendingConnection):
    """A connection whose messages queue up; above `max_queue` of them no more are read."""

    __slots__ = (
        "_coming",
        "_handed_out",
        "_in_parts",
        "_queue",
        "_unread",
        "dropped",
        "max_queue",
        "request",
        "response",
        "subprotocol",
    )

    request: Request
    response: Response | None

    def __init__(self, endpoint: Endpoint, times: TimeLimits, max_queue: int, loop: Loop | None = None) -> None:
        super().__init__(endpoint, times, loop)
        self.max_queue = max_queue
        self.subprotocol: str | None = None
        self._queue: deque[str | bytes | MessageInParts | Close | Failure] = deque()
        self._in_parts = False
        self._coming: MessageInParts | None = None
        self._handed_out = False
        self._unread = 0
        self.dropped = 0

    def opened(self, opened: Opened) -> None:
        """The connection is established."""
        self.subprotocol = opened.subprotocol
        self.request, self.response = opened.request, opened.response
        super().opened(opened)

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
            if isinstance(item, MessageInParts):
                return self._take_whole()
            self._end()
        del queue[0]
        self._handed_out = True
        if self._held_up:
            self.read_on()
        return item

    def _end(self) -> NoReturn:
        if self.endpoint.reaction_is_due:
            self.act_on_the_end()
        # §rfc6455:7.1.7-p1-s2/2 MAY report a failure to the user
        raise ConnectionClosed(self.endpoint)

    def data_received(self, data: bytes) -> None:
        """Octets have come; above `max_queue` messages that nobody has taken, no more are read."""
        self._unread = len(self._queue)
        if self._unread > self.max_queue:
            self.hold_up_reading()
        # Without super(), which takes its time, once a read.
        Connection.data_received(self, data)
        if self._in_parts:
            self._receive_part()

    def has_room(self) -> bool:
        """Whether most of what has come is taken."""
        if self._coming is None:
            return len(self._queue) <= self.max_queue // 4
        return len(self._queue) - 1 <= self.max_queue // 4 and self._coming.has_room()

    def message_received(self, message: str | bytes) -> None:
        """Queue a message; after this side's Close frame only as long as somebody takes them."""
        # §rfc6455:5.5.1-p5-s5 MAY ignore data after its own Close frame
        if self.endpoint.closing.state is not _OPEN and self._unread > self.max_queue and self._coming is None:
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

    def flush_or_hold_back(self, size: int) -> None:
        """Write a message of this size now, or soon, together with the answers to the messages that wait."""
        # §rfc6455:2.1-p10-s1 MAY wait: while more messages are to be answered, their answers go out in one write
        if not self._queue or size >= HELD_BACK or self.endpoint.pieces_to_send >= MOST_HELD_BACK:
            self.flush()
        elif not self._flush_is_scheduled:
            self._flush_is_scheduled = True
            self._loop.call_soon(self.flush)

    # Messages in parts

    def receive_in_parts(self) -> None:
        """From now on have messages that are not complete in the queue, too, as far as they have come."""
        if not self._in_parts:
            self._in_parts = True
            self._unread = len(self._queue)
            self._receive_part()

    def _receive_part(self) -> None:
        """Octets have come: queue what they say of a message that is not complete, or of the one that was not."""
        queue, coming = self._queue, self._coming
        if coming is not None and len(queue) > self._unread:
            rest = queue[self._unread]
            if isinstance(rest, (str, bytes)):
                del queue[self._unread]
                coming.add(rest)
                coming.complete = True
                coming = None
        part = self.endpoint.take_part()
        closing = self.endpoint.closing.state is not _OPEN
        if part is not None:
            if coming is None:
                coming = MessageInParts()
                if closing and self._unread > self.max_queue:
                    self._drop(coming)
                else:
                    queue.append(coming)
            coming.add(part)
        self._coming = coming
        if coming is not None and not coming.has_room():
            if closing:
                self._drop(coming)
            self.hold_up_reading()
        self._wake()

    def _drop(self, message: MessageInParts) -> None:
        message.drop()
        self.dropped += 1

    def _first(self) -> str | bytes | MessageInParts | Close | Failure | None:
        """What is first in the queue, behind the rest of a message that was left half-way."""
        queue = self._queue
        while queue:
            item = queue[0]
            if not isinstance(item, MessageInParts) or (item.reader is None and not item.dropped):
                return item
            item.drop()
            if not item.complete and len(queue) == 1:
                break
            del queue[0]
        if self._held_up:
            self.read_on()
        if self.endpoint.pieces_to_send:
            self.flush()
        return None

    def _take_whole(self) -> str | bytes | None:
        """The same as `_take` where a message in parts is the first in the queue."""
        item = self._first()
        if isinstance(item, MessageInParts):
            if item.complete:
                whole = item.take()
                assert whole is not None
                self._queue[0] = whole
            elif len(self._queue) > 1:
                del self._queue[0]
            else:
                item.wanted_whole = True
                item = None
        if item is not None:
            return self._take()
        if self._held_up:
            self.read_on()
        return None

    def take_part(self, reader: PartsReader) -> str | bytes | None:
        """The next part of the message that `reader` takes, None where there is none yet, or where it is done.

        Raises `ConnectionClosed`, and `UsageError` where somebody else has begun to take a message since.
        """
        self._handed_out = False
        message = reader.message or self._begin_message(reader)
        if message is None or reader.done:
            return None
        part = message.take()
        if message.complete and not message.dropped:
            del self._queue[0]
            self._handed_out = reader.done = True
        elif part is None:
            if message.dropped and self.endpoint.closing.state is _OPEN:
                raise UsageError("the rest of this message was left out, for the next one")
            if message.dropped or len(self._queue) > 1:
                self._end()
        if self._held_up:
            self.read_on()
        return part

    def _begin_message(self, reader: PartsReader) -> MessageInParts | None:
        message = self._first()
        if isinstance(message, (str, bytes)):
            self._queue[0] = message = MessageInParts.of(message)
        if isinstance(message, (Close, Failure)):
            self._end()
        if message is not None:
            message.reader, message.wanted_whole = reader, False
            reader.message = message
        return message

    def _wake(self) -> None:
        """Tell whoever waits for a message that something has come; subclasses know how."""
        raise NotImplementedError
