"""One WebSocket connection with callbacks, in the terms of asyncio's protocols; threads have it, too."""

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from refws.failure import Failure
from refws.host.connection.counters import CountedConnection
from refws.host.connection.frame_log import log_end, log_frames, log_opened
from refws.host.connection.reading import buffer_to_read_into
from refws.host.connection.times import Loop, TimeLimits, Timer, time_limit
from refws.rfc6455.endpoint import Endpoint, Opened
from refws.rfc6455.http import Request
from refws.rfc6455.s05_2_base_framing_protocol import LONG
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.state import State

__all__ = ["Connection"]

logger = logging.getLogger("refws")


class Connection(CountedConnection, asyncio.BufferedProtocol):
    """Octets of one transport through one endpoint; subclasses say what to do with what comes."""

    __slots__ = (
        "__weakref__",
        "_drained",
        "_ended",
        "_flush_is_scheduled",
        "_held_up",
        "_loop",
        "_read_into",
        "_timer",
        "times",
        "transport",
    )

    def __init__(self, endpoint: Endpoint, times: TimeLimits, loop: Loop | None = None) -> None:
        super().__init__(endpoint)
        self.times = times
        self.transport: asyncio.Transport | None = None
        self._loop: Loop = loop or asyncio.get_running_loop()
        self._timer: Timer | None = None
        self._drained: asyncio.Future[None] | None = None
        self._flush_is_scheduled = False
        self._held_up = False
        self._ended = False
        self._read_into: memoryview | None = None

    # What subclasses do

    def opened(self, opened: Opened) -> None:
        """The connection is established."""

    def request_received(self, request: Request) -> None:
        """A server has got a request to answer."""

    def message_received(self, message: str | bytes) -> None:
        """A message has come."""

    def control_received(self, frame: Ping | Pong) -> None:
        """A Ping, which has been answered, or a Pong has come."""

    def end_received(self, end: Close | Failure) -> None:
        """The last thing that comes; `act_on_the_end` is to be called once all messages before it are dealt with."""
        self.act_on_the_end()

    def has_room(self) -> bool:
        """Whether more is to be read after `hold_up_reading`."""
        return True

    def closed(self) -> None:
        """TCP is closed."""

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP, and TLS where it is wanted, is there."""
        # By what it can do, not by its class: uvloop's is not a subclass of asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        log_frames(self.endpoint, self.transport)
        self.set_timer(self.times.open_timeout, self._open_timeout)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next octets are to be put."""
        if self._read_into is None:
            self._read_into = buffer_to_read_into()
        return self._read_into

    def buffer_updated(self, nbytes: int) -> None:
        """Octets have been put there."""
        self.data_received(bytes(self.get_buffer(nbytes)[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Octets have come."""
        self._octets_in += len(data)
        self.deliver(self.endpoint.receive_octets(data))

    def eof_received(self) -> bool:
        """The peer sends no more. Returns whether the transport is to stay open for what we still send."""
        self._ended = True
        self.deliver(self.endpoint.receive_end_of_octets())
        return self.endpoint.reaction_is_due and self.transport is not None and self.transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is closed."""
        self.deliver(self.endpoint.receive_end_of_octets())
        log_end(self.endpoint, self.transport)
        self.endpoint.the_tcp_connection_is_closed()
        self.set_timer(None, None)
        self.transport = None
        self.resume_writing()
        self.closed()

    def pause_writing(self) -> None:
        """The peer does not take what was sent."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """The peer has taken what was sent."""
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None
            self.read_on()

    # The way in

    def hold_up_reading(self) -> None:
        """Read no more until `read_on`; a connection that closes is read to its end."""
        if self.transport is not None and self.endpoint.closing.state in (State.CONNECTING, State.OPEN):
            self._held_up = True
            self.transport.pause_reading()

    def read_on(self) -> None:
        """Read again, if there is room for what comes and the peer takes what was sent."""
        if self._held_up and self._drained is None and self.transport is not None and self.has_room():
            self._held_up = False
            self.transport.resume_reading()

    def deliver(self, events: list) -> None:  # type: ignore[type-arg]  # of Event, which the checks below tell apart
        """Hand over what has come, in its order."""
        others = 0
        for event in events:
            if isinstance(event, (str, bytes)):
                self.message_received(event)
                continue
            others += 1
            if isinstance(event, (Ping, Pong)):
                self._pings_in += isinstance(event, Ping)
                self._pongs_in += isinstance(event, Pong)
                self.control_received(event)
            elif isinstance(event, (Close, Failure)):
                self._closes_in += isinstance(event, Close)
                self.end_received(event)
            elif isinstance(event, Request):
                # The endpoint may be another one since the connection was made.
                log_frames(self.endpoint, self.transport)
                self.request_received(event)
            else:
                self._of_the_handshake = self._frames_out + self.endpoint.pieces_to_send
                # §rfc6455:7.1.7-p3-s1 SHOULD NOT be closed from here on, however long nothing comes
                self.set_timer(None, None)
                log_opened(event, self.transport)
                self.opened(event)
        self._messages_in += len(events) - others
        if self.endpoint.pieces_to_send:
            self.flush()

    # The way out

    def flush(self) -> None:
        """Write what the endpoint wants sent."""
        self._flush_is_scheduled = False
        if not (outbox := self.endpoint.take_outbox()):
            return
        # Not writelines: there CPython 3.12.0 to 3.12.8, 3.13.0 and 3.13.1 forget to pause the writer (CVE-2024-12254).
        if len(outbox) == 1:
            [octets] = outbox
            self._frames_out += 1
        else:
            octets = b"".join(outbox)
            self._frames_out += len(outbox) if len(octets) < LONG else self.endpoint.frames_in(outbox)
        transport = self.transport
        if transport is not None and not transport.is_closing():
            self._octets_out += len(octets)
            transport.write(octets)

    @property
    def backlog(self) -> int:
        """Octets that are to be sent, or written already, and that the peer has not taken."""
        return self.endpoint.octets_in_outbox + (self.transport.get_write_buffer_size() if self.transport else 0)

    # The end

    def act_on_the_end(self) -> None:
        """Answer the Close frame or the failure that came last, and close TCP where that is due."""
        self.endpoint.react()
        self.go_on_closing()

    def fail(self, failure: Failure) -> None:
        """Fail the connection for a reason of this side."""
        self.endpoint.fail_the_websocket_connection(failure)
        self.go_on_closing()

    def go_on_closing(self) -> None:
        """Send what is left, close TCP if it is this side's turn, and bound the wait for the other."""
        self.flush()
        closing, transport = self.endpoint.closing, self.transport
        if closing.failure is not None:
            # §rfc6455:7.1.7-p1-s3/2 SHOULD log it
            logger.info("failed the connection: %s", closing.failure)
        if transport is None:
            return
        # §rfc6455:7.1.7-p1-s2/1 MUST close TCP on a failure, at the latest then
        # §rfc6455:5.5.1-p6-s2/3 MAY close first after some time; §rfc6455:7.1.1-p2-s2 MAY do so
        # §rfc6455:7.1.1-p1-s3 MAY close by any means: this one waits for nobody
        self.set_timer(self.times.close_timeout, transport.abort)
        self._held_up = False
        # §rfc6455:7.1.1-p1-s2 SHOULD close TCP cleanly: what still comes is read and dropped (ruling 11)
        transport.resume_reading()
        if self._ended:
            transport.close()
        elif closing.tcp_close_is_due:
            # §rfc6455:7.1.1-p1-s1 MUST close TCP; §rfc6455:7.1.2-p1-s2 SHOULD do so after both Close frames
            (transport.write_eof if transport.can_write_eof() else transport.close)()

    def drop_tcp(self) -> None:
        """Close TCP at once; what has not been sent is lost."""
        if self.transport:
            self.transport.abort()

    def set_timer(self, seconds: float | None, callback: Callable[[], object] | None) -> None:
        """Start the one timer that a connection has, in place of what it was set to."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and callback is not None:
            self._timer = self._loop.call_later(seconds, callback)

    def _open_timeout(self) -> None:
        self.fail(time_limit("the opening handshake took too long"))
        self.drop_tcp()
