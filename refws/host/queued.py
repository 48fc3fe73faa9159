"""What has come waits in a queue until the application takes it: what coroutines and threads have in common."""

from collections import deque

from refws.failure import Failure
from refws.host.closed import ConnectionClosed
from refws.host.pings import PingingConnection
from refws.host.times import Loop, TimeLimits
from refws.rfc6455.endpoint import Endpoint, Opened
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.state import ReadyState, State

__all__ = ["QueuedConnection"]

_OPEN = State.OPEN


class QueuedConnection(PingingConnection):
    """A connection whose messages queue up; above `max_queue` of them no more are read."""

    __slots__ = (
        "_handed_out",
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
        self._queue: deque[str | bytes | Close | Failure] = deque()
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
            if self.endpoint.reaction_is_due:
                self.act_on_the_end()
            # §rfc6455:7.1.7-p1-s2/2 MAY report a failure to the user
            raise ConnectionClosed(self.endpoint)
        del queue[0]
        self._handed_out = True
        if self._held_up:
            self.read_on()
        return item

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
        """Tell whoever waits for a message that something has come; subclasses know how."""
        raise NotImplementedError

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
