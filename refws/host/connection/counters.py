"""What has gone through a connection, in numbers that a metrics library can read."""

from dataclasses import asdict, dataclass

from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.state import State

__all__ = ["CountedConnection", "Counters"]


@dataclass(frozen=True, slots=True)
class Counters:
    """The numbers of one connection, in both directions, at the moment when they were asked for.

    Octets are those of the transport, inside TLS and with the opening handshake; frames are those of WebSocket, control
    frames too. What is sent has been handed to the transport, or waits for that. What one read of the transport brought
    counts once all of it has been handed on. `latency` is how many seconds the last Ping that was answered took.
    """

    octets_received: int = 0
    octets_sent: int = 0
    frames_received: int = 0
    frames_sent: int = 0
    messages_received: int = 0
    messages_sent: int = 0
    pings_received: int = 0
    pings_sent: int = 0
    pongs_received: int = 0
    pongs_sent: int = 0
    latency: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """The same by name."""
        return asdict(self)


class CountedConnection:
    """What a connection counts as it goes: what comes by reads, what goes by writes; the endpoint knows the rest."""

    __slots__ = (
        "_closes_in",
        "_frames_out",
        "_messages_in",
        "_octets_in",
        "_octets_out",
        "_of_the_handshake",
        "_pings_in",
        "_pongs_in",
        "endpoint",
    )

    latency: float | None = None

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._octets_in = self._octets_out = self._messages_in = self._frames_out = 0
        self._pings_in = self._pongs_in = self._closes_in = 0
        # How many of the pieces that were, or are to be, written are no frames; None for all.
        self._of_the_handshake = None if endpoint.closing.state is State.CONNECTING else 0

    @property
    def counters(self) -> Counters:
        """What has gone through this connection so far."""
        endpoint = self.endpoint
        frames_sent = 0
        if self._of_the_handshake is not None:
            frames_sent = self._frames_out + endpoint.frames_to_send - self._of_the_handshake
        controls_sent = endpoint.pings_sent + endpoint.pongs_sent + (endpoint.closing.sent is not None)
        controls_received = self._pings_in + self._pongs_in + self._closes_in
        return Counters(
            octets_received=self._octets_in,
            octets_sent=self._octets_out,
            frames_received=self._messages_in + endpoint.fragments_received + controls_received,
            frames_sent=frames_sent,
            messages_received=self._messages_in,
            messages_sent=frames_sent - endpoint.fragments_sent - controls_sent,
            pings_received=self._pings_in,
            pings_sent=endpoint.pings_sent,
            pongs_received=self._pongs_in,
            pongs_sent=endpoint.pongs_sent,
            latency=self.latency,
        )
