"""What goes out beside whole messages of one's own: messages that many get, those in fragments, the Close frame."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Self, TypeVar

from refws.failure import Failure, UsageError
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.pings import PingingConnection
from refws.host.connection.times import Loop, TimeLimits
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s06_1_sending_data import Message, PreparedMessage, octets_of
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import ReadyState, State

__all__ = ["FragmentedMessage", "Offered", "SendingConnection", "fragments", "with_last"]

logger = logging.getLogger("refws")

_OPEN = State.OPEN
_SERVER = Role.SERVER

Offered = Literal["sent", "dropped", "closed", "skipped"]
"""What became of a message that was offered to a connection; one that is not open is skipped."""

T = TypeVar("T")


class SendingConnection(PingingConnection):
    """A connection that also sends prepared messages, and closes.

    `fragmented` is the message that goes out in fragments now.
    """

    __slots__ = ("fragmented",)

    def __init__(self, endpoint: Endpoint, times: TimeLimits, loop: Loop | None = None) -> None:
        super().__init__(endpoint, times, loop)
        self.fragmented: FragmentedMessage | None = None

    def create_future(self) -> Any:
        """A future of the loop that keeps this connection's times."""
        return self._loop.create_future()

    def offer_prepared(
        self, prepared: PreparedMessage, max_backlog: int, when_exceeded: Literal["close", "drop"]
    ) -> Offered:
        """Send a message without waiting, unless the peer has left more than `max_backlog` octets untaken.

        Then it is left out ("drop"), or the connection fails with 1008 ("close").
        """
        endpoint = self.endpoint
        if endpoint.closing.state is not _OPEN:
            return "skipped"
        if self.backlog > max_backlog:
            if when_exceeded == "drop":
                return "dropped"
            why = f"more than {max_backlog} octets wait to be taken"
            # §rfc6455:7.1.1-p1-s3 MAY close by any means: what has not been taken by then is lost
            self.fail(Failure("rfc6455:7.1.1-p1-s3", StatusCode.POLICY_VIOLATION, why))
            return "closed"
        if self.fragmented is not None:
            self.fragmented.wait(prepared)
        else:
            self.send_prepared(prepared)
        return "sent"

    def send_prepared(self, prepared: PreparedMessage) -> None:
        """Send a message as it was framed, or from a client framed anew. Raises `UsageError`."""
        if self.endpoint.role is _SERVER:
            self.endpoint.send_a_prepared_message(prepared)
        else:
            self.endpoint.send_a_websocket_message(prepared.data, False)
        self.flush()

    @property
    def backlog(self) -> int:
        """Octets that are to be sent, or written already, and that the peer has not taken."""
        return super().backlog + (0 if self.fragmented is None else self.fragmented.octets_waiting)

    # Closing

    def start_closing(self, code: int | None, reason: str) -> bool:
        """Begin to close, if it is open, and wait for nobody; returns whether it was.

        Raises `UsageError` for a code or a reason that may not be sent.
        """
        if self.endpoint.reaction_is_due:
            self.act_on_the_end()
        if self.endpoint.closing.state is not _OPEN:
            return False
        # §rfc6455:7.3-p1-s3 MUST begin with the closing handshake, whoever closes
        self.endpoint.start_the_websocket_closing_handshake(code, reason)
        self.go_on_closing()
        return True

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


class FragmentedMessage:
    """A message that goes out in fragments, as a context: other messages wait until it is left.

    Left before the message is complete, but not before it has begun, it closes the connection with 1011: there is no
    way in the RFC to take back what was sent. `over` is a future of the connection's loop, `octets_waiting` is how much
    is to be sent behind it.
    """

    __slots__ = (
        "_begun",
        "_complete",
        "_compress",
        "_connection",
        "_nothing",
        "_waiting",
        "octets_waiting",
        "over",
        "task",
    )

    def __init__(self, connection: SendingConnection, compress: bool) -> None:
        self._connection = connection
        self._compress = compress
        self._nothing: Message | None = None
        self._begun = self._complete = False
        self._waiting: list[PreparedMessage] = []
        self.octets_waiting = 0
        self.over = connection.create_future()
        self.task: asyncio.Task[object] | None = None

    def send(self, part: object, final: bool = False) -> None:
        """Send the next fragment. Raises `UsageError` and `ConnectionClosed`."""
        connection = self._connection
        if connection.endpoint.closing.state is not _OPEN:
            raise ConnectionClosed(connection.endpoint)
        if not isinstance(part, str | bytes | bytearray | memoryview):
            raise UsageError(f"a part of a message is a str or octets, not {type(part).__name__}")
        if self._nothing is not None and isinstance(part, str) is not isinstance(self._nothing, str):
            raise UsageError("the parts of a message are all text, or all octets")
        # §rfc6455:6.1-p3-s2 MAY go out before all of it is there
        connection.endpoint.send_a_fragment(part, fin=final, extended=self._compress)
        self._nothing = "" if isinstance(part, str) else b""
        self._begun, self._complete = True, final
        connection.flush()

    def end(self) -> None:
        """No more parts come. Raises `UsageError` where there was none: nothing tells the type of such a message."""
        if self._nothing is None:
            raise UsageError("a message of no parts is neither text nor binary")
        if not self._complete:
            self.send(self._nothing, final=True)

    def wait(self, prepared: PreparedMessage) -> None:
        """Send this message behind the fragmented one."""
        self._waiting.append(prepared)
        self.octets_waiting += len(prepared.frame)

    def __enter__(self) -> Self:
        """Other messages wait from now on."""
        self._connection.fragmented = self
        return self

    def __exit__(self, *exc: object) -> None:
        """Other messages go out."""
        connection, endpoint = self._connection, self._connection.endpoint
        connection.fragmented = None
        self.over.set_result(None)
        if endpoint.closing.state is not _OPEN:
            return
        if self._begun and not self._complete:
            # §rfc6455:7.4.1-p25-s1 MUST mean an unexpected condition: the rest of the message is not to be had
            endpoint.start_the_websocket_closing_handshake(StatusCode.INTERNAL_ERROR, "a message was left unfinished")
            connection.go_on_closing()
            return
        for prepared in self._waiting:
            try:
                connection.send_prepared(prepared)
            except UsageError:
                # Not the trouble of whoever sent the fragments.
                logger.exception("a message could not be sent to one of many connections")


def fragments(message: Message, size: int) -> Iterator[Message]:
    """A message cut for `send`, which sends each piece as a frame: ``await ws.send(fragments(message, 4096))``.

    `size` is in characters of a text, and in octets of anything else. Raises `UsageError` for a size below
    1, and for what is no message.
    """
    if size < 1:
        raise UsageError(f"a fragment has at least 1 character or octet, not {size}")
    whole = message if isinstance(message, str) else memoryview(octets_of(message))
    pieces: Iterator[Message] = (whole[start : start + size] for start in range(0, len(whole) or 1, size))
    return pieces


def with_last(parts: Iterable[T]) -> Iterator[tuple[T, bool]]:
    """Each part, and whether it is the last one: which is asked for before it is handed out."""
    rest = iter(parts)
    try:
        part = next(rest)
    except StopIteration:
        return
    for following in rest:
        yield part, False
        part = following
    yield part, True
