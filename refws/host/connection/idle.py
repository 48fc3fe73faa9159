"""Closing a connection over which nothing goes, which is no error: 1001, and a reason that says so."""

from operator import gt
from typing import Protocol

from refws.host.connection.counters import Counters
from refws.host.connection.times import Loop
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import State

__all__ = ["IdleTimer"]

LOOKS = 4
"""How often the timer looks within its time."""

CONTROL_FRAME = 131
"""Octets of a control frame, at most."""


class Watched(Protocol):
    """What an `IdleTimer` needs of a connection."""

    endpoint: Endpoint

    @property
    def octets_taken(self) -> int:
        """Octets that have been sent, and are gone."""
        ...

    @property
    def counters(self) -> Counters:
        """What has gone through it."""
        ...

    def go_on_closing(self) -> None:
        """Send what is left."""
        ...


class IdleTimer:
    """Closes an open connection once no data has gone either way for `seconds`, or a quarter more.

    Pings and Pongs do not count; the parts of a frame that takes its time do. Nothing is asked of whoever sends and
    receives: the connection's counters are looked at from time to time.
    """

    __slots__ = ("_connection", "_loop", "_quiet", "_seconds", "_seen", "_timer")

    def __init__(self, connection: Watched, loop: Loop, seconds: float) -> None:
        self._connection = connection
        self._loop = loop
        self._seconds = seconds
        self._quiet = 0
        self._seen = self._so_far()
        self._wait()

    def cancel(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _wait(self) -> None:
        self._timer = self._loop.call_later(self._seconds / LOOKS, self._look)

    def _look(self) -> None:
        seen, self._seen = self._seen, self._so_far()
        self._quiet = 0 if any(map(gt, self._seen, seen)) else self._quiet + 1
        if self._quiet < LOOKS:
            self._wait()
            return
        endpoint = self._connection.endpoint
        if endpoint.closing.state is State.OPEN and not endpoint.reaction_is_due:
            reason = f"idle for {self._seconds:g} s"
            # §rfc6455:7.4.1-p5-s1 MUST mean that an endpoint goes away: nothing failed, and no rule was broken
            endpoint.start_the_websocket_closing_handshake(StatusCode.GOING_AWAY, reason)
            self._connection.go_on_closing()

    def _so_far(self) -> tuple[int, int, int]:
        """The frames with data, and the octets that came and that the peer took: those that were data for sure."""
        c = self._connection.counters
        came, went = c.pings_received + c.pongs_received, c.pings_sent + c.pongs_sent
        return (
            c.frames_received + c.frames_sent - came - went,
            c.octets_received - CONTROL_FRAME * came,
            self._connection.octets_taken - CONTROL_FRAME * went,
        )
