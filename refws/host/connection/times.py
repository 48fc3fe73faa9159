"""Time limits, and what a connection needs of the event loop that keeps its times."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from refws.failure import Failure
from refws.rfc6455.s07_4_status_codes import StatusCode

__all__ = ["Loop", "TimeLimits", "Timer", "time_limit"]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Time limits in seconds; None stands for no limit.

    `open_timeout` bounds the opening handshake, `close_timeout` the closing handshake and the wait for the peer's FIN.
    `answer_timeout` is what the application has for the messages before a Close frame, or before a failure, until this
    side's Close frame goes out. `ping_interval` is the pause between
    keep-alive pings, `ping_timeout` the wait for their Pong.
    """

    open_timeout: float | None = 10
    close_timeout: float | None = 10
    ping_interval: float | None = 20
    ping_timeout: float | None = 20
    answer_timeout: float | None = 1


def time_limit(what: str, code: int = StatusCode.INTERNAL_ERROR) -> Failure:
    """The failure for a time limit; the RFC has no times, only the right to close by any means."""
    return Failure("rfc6455:7.1.1-p1-s3", code, what)


class Loop(Protocol):
    """What a connection needs of an event loop."""

    def time(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def call_soon(self, callback: Callable[[], object], /) -> object:
        """Call when what is being done now is over."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> "Timer":
        """Call after so many seconds, unless the timer is cancelled."""
        ...

    def create_future(self) -> Any:
        """A future that this loop's callers can wait for."""
        ...


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Do not call."""
        ...
