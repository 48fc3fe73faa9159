"""Pings: those of the application, and those that keep a connection alive."""

import asyncio
import itertools
from time import perf_counter

from refws.failure import UsageError
from refws.host.connection.callbacks import Connection
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.times import Loop, TimeLimits, time_limit
from refws.rfc6455.endpoint import Endpoint, Opened
from refws.rfc6455.s05_5_control_frames import Ping, Pong
from refws.rfc6455.state import State

__all__ = ["PingingConnection"]

_serial = itertools.count(1)


class PingingConnection(Connection):
    """A connection with Pings. `latency` is what the last one that was answered took, in seconds."""

    __slots__ = ("_pings", "_so_far", "latency")

    def __init__(self, endpoint: Endpoint, times: TimeLimits, loop: Loop | None = None) -> None:
        super().__init__(endpoint, times, loop)
        self._pings: dict[bytes, tuple[float, asyncio.Future[float]]] | None = None
        self.latency: float | None = None
        # What had come and gone when the keep-alive Ping was last looked at, and what will have when it is gone.
        self._so_far = (0, 0, 0)

    def _ping(self, payload: bytes | None) -> asyncio.Future[float]:
        self._check_open()
        if self._pings is None:
            self._pings = {}
        if payload is None:
            payload = next(p for n in _serial if (p := n.to_bytes(8, "big")) not in self._pings)
        if payload in self._pings:
            raise UsageError("a Ping with this payload is waiting for its Pong")
        self.endpoint.send_ping(payload)
        self.flush()
        waiter: asyncio.Future[float] = self._loop.create_future()
        self._pings[payload] = (perf_counter(), waiter)
        return waiter

    def _pong(self, payload: bytes) -> None:
        self._check_open()
        self.endpoint.send_pong(payload)
        self.flush()

    def _check_open(self) -> None:
        if self.endpoint.closing.state is not State.OPEN:
            raise ConnectionClosed(self.endpoint)

    def control_received(self, frame: Ping | Pong) -> None:
        """A Pong answers the Ping of its payload, and all that were sent before."""
        if isinstance(frame, Ping):
            # A peer that sends Pings and takes no Pongs would fill the memory with them.
            if self._drained is not None:
                self.hold_up_reading()
        elif self._pings and frame.payload in self._pings:
            now = perf_counter()
            waiting = list(self._pings)
            # §rfc6455:5.5.3-p4-s1 MAY be the only answer to several Pings
            for payload in waiting[: waiting.index(frame.payload) + 1]:
                sent_at, waiter = self._pings.pop(payload)
                self.latency = now - sent_at
                if not waiter.done():
                    waiter.set_result(self.latency)

    def opened(self, opened: Opened) -> None:
        """The connection is established: keep it alive."""
        self._keep_alive_later()

    def _keep_alive_later(self) -> None:
        if self.endpoint.has_pings:
            self.set_timer(self.times.ping_interval, self._keep_alive)

    def _keep_alive(self) -> None:
        self._ping(None).add_done_callback(self._kept_alive)
        self._so_far = (self._octets_in, self.octets_taken, self._octets_out)
        self.set_timer(self.times.ping_timeout, self._keep_alive_timeout)

    def _kept_alive(self, waiter: asyncio.Future[float]) -> None:
        if self.endpoint.closing.state is State.OPEN and not self.endpoint.reaction_is_due:
            # §rfc6455:7.3-p1-s2 SHOULD NOT close a connection whose peer answers
            self._keep_alive_later()

    @property
    def octets_taken(self) -> int:
        """Octets that were written, and that the transport does not hold any more."""
        return self._octets_out - (self.transport.get_write_buffer_size() if self.transport else 0)

    def _keep_alive_timeout(self) -> None:
        came, taken, ping = self._so_far
        self._so_far = (self._octets_in, self.octets_taken, ping)
        # It may be this side's application that is slow: the Pong is among what it keeps from being read.
        is_slow = self._held_up and self._drained is None
        # Or a long frame is on its way, in either direction, and the Pong or the Ping behind it.
        is_coming = self.endpoint.within_a_frame and self._octets_in > came
        is_going = taken < ping and self.octets_taken > taken
        # §rfc6455:7.2.1-p3-s1 SHOULD NOT close without a cause in the peer
        if is_slow or is_coming or is_going:
            self.set_timer(self.times.ping_timeout, self._keep_alive_timeout)
        else:
            self.fail(time_limit("no Pong came for a keep-alive Ping"))

    def closed(self) -> None:
        """TCP is closed: no Pong will come."""
        for _, waiter in (self._pings or {}).values():
            if not waiter.done():
                waiter.set_exception(ConnectionClosed(self.endpoint))
                # Whoever dropped this future does not want to hear of it.
                waiter.exception()
        self._pings = None
