"""A WebSocket connection as threads have it: ``for message in ws``, ``ws.send(message)``."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, Self

from refws.failure import UsageError
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.counters import Counters
from refws.host.connection.queued import QueuedConnection
from refws.host.connection.sending import FragmentedMessage, Offered, with_last
from refws.host.connection.times import TimeLimits
from refws.host.threads.loop import ThreadLoop
from refws.host.threads.parts import Parts
from refws.host.threads.tls import transport_over
from refws.host.threads.transport import ThreadTransport
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.s06_1_sending_data import Message, PreparedMessage
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import State

__all__ = ["SyncWebSocket"]

WhenExceeded = Literal["close", "drop"]

_OPEN = State.OPEN


class SyncWebSocket(QueuedConnection):
    """An open connection; the argument of a handler of `serve_sync`, and what `connect_sync` gives.

    It is `refws.WebSocket` without ``await``. One thread receives; any thread sends, pings and closes. A thread of its
    own reads, answers Pings and keeps the times, whatever the application does meanwhile.
    """

    __slots__ = ("_fragments_from", "_link", "_lock", "_receives", "_something", "_thread", "_turns")

    def __init__(self, endpoint: Endpoint, times: TimeLimits, max_queue: int) -> None:
        self._turns = ThreadLoop()
        super().__init__(endpoint, times, max_queue, self._turns)
        self._lock = self._turns.lock
        self._something = threading.Condition(self._lock)
        self._receives = False
        self._fragments_from = 0
        self._link: ThreadTransport | None = None
        self._thread: threading.Thread | None = None

    def start(self, sock: socket.socket) -> None:
        """Serve a connected socket in a thread of its own, which closes it in the end. Raises `RuntimeError`."""
        self._link = transport_over(self._turns, sock, self)
        thread = threading.Thread(target=self._link.run, name="refws connection", daemon=True)
        thread.start()
        self._thread = thread

    # Receiving

    def recv(self, timeout: float | None = None) -> str | bytes:
        """The next message. Raises `ConnectionClosed` once there is none and none will come.

        Raises `TimeoutError` where none has come after `timeout` seconds; it can be called again.
        """
        with self._lock:
            message = self._take()
            deadline = None if timeout is None or message is not None else time.monotonic() + timeout
            while message is None:
                self._wait_for_a_message(deadline)
                message = self._take()
        return message

    def __iter__(self) -> Iterator[str | bytes]:
        """The messages, until the connection closes; raises `ConnectionClosed` if it did not close normally."""
        while True:
            try:
                message = self.recv()
            except ConnectionClosed as closed:
                if closed.normally:
                    return
                raise
            yield message

    def recv_streaming(self) -> Iterator[str | bytes]:
        """The next message in parts, as they come: all `str`, or all `bytes`.

        It is as with `refws.WebSocket.recv_streaming`: a message that is there already is one part, and of one that is
        left half-way the next `recv` leaves out the rest.
        """
        with self._lock:
            self.receive_in_parts()
        return Parts(self)

    def _wait_for_a_message(self, deadline: float | None) -> None:
        if self._receives:
            raise UsageError("another thread is receiving already")
        self._receives = True
        try:
            if not self._something.wait(None if deadline is None else max(0.0, deadline - time.monotonic())):
                raise TimeoutError("no message came in time")
        finally:
            self._receives = False

    def _wake(self) -> None:
        if self._receives:
            self._something.notify_all()

    # Sending

    def send(self, message: Message | Iterable[Message], *, compress: bool = True) -> None:
        """Send a message: text for a `str`, binary for octets; waits while the peer does not take what was sent.

        An iterable of either is sent as one message, each item in a frame of its own, while other messages wait. If it
        raises once it has begun to go out, the connection is closed with 1011. With `compress` false it is not
        compressed, even where that was negotiated. Raises `ConnectionClosed`, and `UsageError` for a text that cannot
        be UTF-8, and for parts of both types or of none.
        """
        if not isinstance(message, (str, bytes, bytearray, memoryview)):
            self._send_in_fragments(message, compress)
            return
        with self._lock:
            if self.fragmented is not None:
                self._wait_for_the_fragments()
            endpoint = self.endpoint
            if endpoint.closing.state is not _OPEN:
                raise ConnectionClosed(endpoint)
            endpoint.send_a_websocket_message(message, compress)
            self.flush_or_hold_back(len(message))
            drained: Any = self._drained
        if drained is not None:
            drained.result()

    def _send_in_fragments(self, parts: Iterable[Message], compress: bool) -> None:
        if not isinstance(parts, Iterable) or isinstance(parts, Mapping):
            raise UsageError(f"a message is a str, octets or an iterable of them, not {type(parts).__name__}")
        with self._lock:
            self._wait_for_the_fragments()
            fragmented = FragmentedMessage(self, compress).__enter__()
            self._fragments_from = threading.get_ident()
        try:
            for part, last in with_last(parts):
                with self._lock:
                    fragmented.send(part, last)
                    drained: Any = self._drained
                if drained is not None:
                    drained.result()
            with self._lock:
                fragmented.end()
        finally:
            with self._lock:
                fragmented.__exit__()
                self._something.notify_all()

    def _wait_for_the_fragments(self) -> None:
        """Wait until no message is being sent in fragments."""
        while self.fragmented is not None:
            if self._fragments_from == threading.get_ident():
                raise UsageError("another message is sent from within the one that is being sent in fragments")
            self._something.wait()

    def offer_prepared(self, prepared: PreparedMessage, max_backlog: int, when_exceeded: WhenExceeded) -> Offered:
        """Send a message without waiting; see `refws.broadcast`."""
        with self._lock:
            return super().offer_prepared(prepared, max_backlog, when_exceeded)

    def ping(self, payload: bytes | None = None, timeout: float | None = None) -> float:
        """Send a Ping and wait for its Pong; returns the seconds it took.

        Raises `ConnectionClosed`, `UsageError`, and `TimeoutError` where none has come after `timeout` seconds.
        """
        with self._lock:
            waiter: Any = self._ping(payload)
        try:
            latency: float = waiter.result(timeout)
        except TimeoutError:
            raise TimeoutError("no Pong came in time") from None
        return latency

    def pong(self, payload: bytes = b"") -> None:
        """Send a Pong that nobody asked for. Raises `ConnectionClosed`, `UsageError`."""
        with self._lock:
            self._pong(payload)

    @property
    def counters(self) -> Counters:
        """What has gone through this connection so far."""
        with self._lock:
            return super().counters

    @property
    def backlog(self) -> int:
        """Octets that are to be sent, or written already, and that the peer has not taken."""
        with self._lock:
            return super().backlog

    # Closing

    def close(self, code: int | None = StatusCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the connection, and wait until TCP is closed; no more than `close_timeout` seconds.

        It is as with `refws.WebSocket.close`. Raises `UsageError` for a code or a reason that may not be sent.
        """
        self.start_closing(code, reason)
        self.wait_closed()

    def start_closing(self, code: int | None, reason: str) -> bool:
        """Do what `close` does, but do not wait; returns whether this began to close. Raises `UsageError`."""
        with self._lock:
            return super().start_closing(code, reason)

    def wait_closed(self, timeout: float | None = None) -> None:
        """Wait until TCP is closed. Raises `TimeoutError` where it is not after `timeout` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                raise TimeoutError("the connection did not close in time")

    def closed(self) -> None:
        """TCP is closed: nobody waits any longer."""
        super().closed()
        self._something.notify_all()

    def drop_tcp(self) -> None:
        """Close TCP at once; what has not been sent is lost."""
        with self._lock:
            if self._link is not None:
                self._link.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
