"""When to connect again (RFC 6455, section 7.2.3), and when not to: without I/O, for every host."""

import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.host.reaching.proxies import ProxyError
from refws.rfc6455.http import Response

__all__ = ["Backoff", "Reconnection", "will_not_get_better"]

_MAY_GET_BETTER = frozenset({0, 408, 425, 429})
_RETRY_AFTER = (429, 503)


def will_not_get_better(error: Exception) -> bool:
    """Whether connecting again would meet the same error: a mistake, a refusal, a certificate that does not fit."""
    if isinstance(error, HandshakeFailure):
        return error.status not in _MAY_GET_BETTER and error.status < 500
    if isinstance(error, ProxyError):
        return error.status is not None and 400 <= error.status < 500 and error.status not in _MAY_GET_BETTER
    # An attempt that met silence, or TCP's end in place of an answer, is worth another.
    return not isinstance(error, (OSError, Failure)) or isinstance(error, ssl.SSLCertVerificationError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Pauses between attempts to connect, in seconds. Raises `UsageError` for what makes no sense.

    The first is anything from 0 to `initial`. Those that follow grow by `factor` until `maximum`, each chosen between
    the longest that the one before could be and its own longest. An `initial` of 0 leaves no pauses. A Retry-After of
    429 and 503 is waited for, but no longer than `maximum`. A connection that stayed open for `steady` seconds begins
    the row anew. `gives_up` says behind which errors there is no other attempt. `uniform` chooses from an interval,
    `clock` counts seconds, and `now` is the time of day for a Retry-After that is a date.
    """

    initial: float = 5
    factor: float = 2
    maximum: float = 60
    steady: float = 10
    gives_up: Callable[[Exception], bool] = will_not_get_better
    uniform: Callable[[float, float], float] = random.uniform
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        if not (self.initial >= 0 and self.factor >= 1 and self.maximum >= 0 and self.steady >= 0):
            raise UsageError("a back-off has no negative times, and a factor of at least 1")


class Reconnection:
    """The attempts to keep one client connected."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._longest: float | None = None
        self._opened_at: float | None = None

    def opened(self) -> None:
        """A connection is open."""
        self._opened_at = self._backoff.clock()

    def pause_after(self, cause: Exception) -> float:
        """The pause before the next attempt, after a connection or an attempt ended with `cause`.

        Raises `cause` where another attempt would not fare better.
        """
        backoff, opened_at = self._backoff, self._opened_at
        if opened_at is None and backoff.gives_up(cause):
            raise cause
        if opened_at is not None and backoff.clock() - opened_at >= backoff.steady:
            self._longest = None
        self._opened_at = None
        # §rfc6455:7.2.3-p2-s1 SHOULD back off
        return max(self._pause(), min(self._asked_for(cause), backoff.maximum))

    def _pause(self) -> float:
        backoff = self._backoff
        if self._longest is None:
            # §rfc6455:7.2.3-p3-s2 MAY be chosen from another interval than 0 to 5 seconds
            self._longest = min(backoff.initial, backoff.maximum)
            # §rfc6455:7.2.3-p3-s1 SHOULD be a random time for the first
            return backoff.uniform(0, self._longest)
        # §rfc6455:7.2.3-p4-s1 SHOULD grow longer and longer: binary exponential back-off, truncated
        self._longest = min(self._longest * backoff.factor, backoff.maximum)
        return backoff.uniform(self._longest / backoff.factor, self._longest)

    def _asked_for(self, cause: Exception) -> float:
        """The seconds that the server wants to be left alone for (RFC 9110, section 10.2.3)."""
        response = cause.response if isinstance(cause, HandshakeFailure) else None
        if not isinstance(response, Response) or response.status not in _RETRY_AFTER:
            return 0
        value = (response.headers.get("Retry-After") or "").strip()
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            return parsedate_to_datetime(value).timestamp() - self._backoff.now()
        except (ValueError, OverflowError):
            return 0
