"""What carries a WebSocket connection: TCP that HTTP/1.1 has upgraded, or one stream of HTTP/2 or HTTP/3."""

import enum
from typing import Final

__all__ = ["ANY", "HTTP1_ONLY", "STREAMS", "Carrier", "NotSpoken"]


class Carrier(enum.StrEnum):
    """The version of HTTP that a WebSocket connection begins with."""

    HTTP1 = "HTTP/1.1"
    """RFC 6455: GET with Upgrade, and then the TCP connection."""
    HTTP2 = "HTTP/2"
    """RFC 8441: an extended CONNECT, and then its stream."""
    HTTP3 = "HTTP/3"
    """RFC 9220: the same over QUIC."""


class NotSpoken(OSError):
    """The testee does not speak what it is to be judged over; the message says how that shows."""


ANY: Final = frozenset(Carrier)
HTTP1_ONLY: Final = frozenset({Carrier.HTTP1})
STREAMS: Final = frozenset({Carrier.HTTP2, Carrier.HTTP3})
