"""What a client does with its connection: it sends at once, whatever the host, and can wait afterwards."""

import logging
import threading
from contextlib import AbstractContextManager
from typing import Any, Literal

from refws.failure import Failure, UsageError
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.queued import QueuedConnection
from refws.host.connection.sending import Offered
from refws.host.connection.times import Timer, time_limit
from refws.resources.waiting import Closing, Sent
from refws.rfc6455.s06_1_sending_data import Message, PreparedMessage, prepare_message
from refws.rfc6455.state import State

__all__ = ["Link"]

logger = logging.getLogger("refws")


class Link:
    """The way from a client to its connection, from any thread where the connection has one of its own.

    `write_timeout` is how many seconds the peer may take nothing of what waits for it.
    """

    __slots__ = ("_connection", "_loop", "_taken", "_timer", "_write_timeout", "lock")

    def __init__(self, connection: QueuedConnection, write_timeout: float | None) -> None:
        self._connection = connection
        self._loop = connection._loop
        # On asyncio all happens in the one thread of its loop: there this one is free, and quicker than a nullcontext.
        self.lock: AbstractContextManager[Any] = getattr(self._loop, "lock", None) or threading.RLock()
        self._write_timeout = write_timeout
        self._timer: Timer | None = None
        self._taken = 0

    def send(self, message: Message, compress: bool) -> Sent:
        """Send a message. Raises `ConnectionClosed`, `UsageError`."""
        with self.lock:
            connection = self._check_open()
            if connection.fragmented is not None:
                connection.fragmented.wait(prepare_message(message))
            else:
                connection.endpoint.send_a_websocket_message(message, compress)
            connection.flush_or_hold_back(len(message))
            return self._sent()

    def ping(self, payload: bytes) -> Sent:
        """Send a Ping. Raises `ConnectionClosed`, `UsageError`."""
        with self.lock:
            connection = self._check_open()
            connection.endpoint.send_ping(payload)
            connection.flush()
            return self._sent()

    def offer(self, prepared: PreparedMessage, max_backlog: int, when_exceeded: Literal["close", "drop"]) -> Offered:
        """Take part in a broadcast."""
        connection = self._connection
        with self.lock:
            try:
                offered = connection.offer_prepared(prepared, max_backlog, when_exceeded)
            except UsageError as error:
                # A protocol that does not know this type of message: hybi00 has no binary ones.
                logger.debug("not sent to one of many: %s", error)
                return "dropped"
            if connection._drained is not None:
                self._watch()
            return offered

    def fail(self, failure: Failure) -> None:
        """Fail the connection, if it is open."""
        with self.lock:
            if self._connection.endpoint.closing.state is State.OPEN:
                self._connection.fail(failure)

    def close(self, code: int | None, reason: str) -> Closing:
        """Begin to close, if it is open. Raises `UsageError`."""
        with self.lock:
            self._connection.start_closing(code, reason)
            return Closing(self._connection)

    def _check_open(self) -> QueuedConnection:
        endpoint = self._connection.endpoint
        if endpoint.closing.state is not State.OPEN:
            raise ConnectionClosed(endpoint)
        return self._connection

    def _sent(self) -> Sent:
        self._watch()
        return Sent(self._connection._drained)

    @property
    def untaken(self) -> Sent | None:
        """What can be waited for where the peer leaves what was sent."""
        drained = self._connection._drained
        return None if drained is None else Sent(drained)

    # A peer that takes nothing

    def _watch(self) -> None:
        if self._write_timeout is not None and self._timer is None and self._connection._drained is not None:
            self._taken = self._connection.octets_taken
            self._timer = self._loop.call_later(self._write_timeout, self._look)

    def let_go(self) -> None:
        """The client has left: from here on it is `close_timeout` that bounds the wait for its peer."""
        with self.lock:
            self._write_timeout = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _look(self) -> None:
        self._timer = None
        connection = self._connection
        if connection._drained is None or connection.transport is None or connection.octets_taken > self._taken:
            self._watch()
            return
        connection.fail(time_limit(f"the peer has taken nothing for {self._write_timeout:g} s"))
        connection.drop_tcp()
