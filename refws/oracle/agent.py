"""What is known of a client that is judged, from all its connections."""

from dataclasses import dataclass, field
from statistics import median
from typing import Final

from refws.oracle.play import CaseResult
from refws.oracle.report import Report
from refws.oracle.server import patience_of

__all__ = ["FIRST_PATIENCE", "Agent"]

FIRST_PATIENCE: Final = 5.0
"""Seconds that a client gets for anything until its round trip is known."""


@dataclass(slots=True)
class Agent:
    """A client, by the name that it gives itself: its results by the ids of the cases, and its report to be.

    `begun` are the cases that it has asked for, `has_opened` whether any of its opening handshakes succeeded,
    `round_trips` are in seconds, and `keys` the values of Sec-WebSocket-Key that were answered.
    """

    report: Report
    results: dict[str, CaseResult] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    has_opened: bool = False
    round_trips: list[float] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        """Seconds of its slowest round trip; 0 where none is known."""
        return max(self.round_trips, default=0.0)

    @property
    def patience(self) -> float:
        """How long it gets for anything, in seconds."""
        return patience_of(median(self.round_trips), self.slowest) if self.round_trips else FIRST_PATIENCE
