"""Sections 5.5.1 and 5.5.2: a Close is answered, and a Ping.

Nothing says how soon, and what one side sends may be on its way while the other ends: so a missing answer is only
blamed where it can have been no crossing, and never on a side whose peer has broken a rule, or has ended first.
"""

from collections.abc import Iterator
from typing import Final

from refws.oracle.conversation import Side
from refws.oracle.recording import End
from refws.oracle.referee.book import Check
from refws.oracle.verdict import Role
from refws.oracle.wire.reading import ReadFrame

__all__ = ["CLAUSES", "LONG", "Answers"]

ANSWERS_A_CLOSE = "rfc6455:5.5.1-p5-s1"
ANSWERS_A_PING = "rfc6455:5.5.2-p3-s1"
CLAUSES: Final = frozenset({ANSWERS_A_CLOSE, ANSWERS_A_PING})

LONG: Final = 10.0
"""Seconds that are enough to answer a Ping, however slow a side is."""
UNKNOWN: Final = 1.0
"""Seconds that are taken for the longest way to a side of which no answer was timed."""
LEAST: Final = 0.005


class Answers:
    """What one side has been asked, and what it has answered; times are those of the recording."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.quickest: float | None = None
        """Seconds of its quickest answer: no way to it and back takes longer."""
        self._pings: list[ReadFrame] = []  # of the other side, not answered yet

    def timed(self, seconds: float) -> None:
        """It has answered something within so many seconds."""
        self.quickest = seconds if self.quickest is None else min(seconds, self.quickest)

    def pinged(self, frame: ReadFrame) -> None:
        """The other side has sent a Ping."""
        self._pings.append(frame)

    def ponged(self, frame: ReadFrame) -> Iterator[Check]:
        """It has sent a Pong: the answer to a Ping and to all before, or one that nobody asked for."""
        for number in range(len(self._pings) - 1, -1, -1):
            if self._pings[number].payload == frame.payload:
                self.timed(frame.time_end - self._pings[number].time_end)
                del self._pings[: number + 1]
                yield Check(ANSWERS_A_PING)
                return

    def ended(self, mine: Side, other: Side, *, other_erred: bool) -> Iterator[Check]:
        """One of the two sides has ended: what `mine`, this one, has left unanswered."""
        if mine.close is not None and other.close is not None and mine.close.time >= other.close.time_end:
            yield Check(ANSWERS_A_CLOSE)
        if other_erred:
            return
        yield from self._close(mine, other)
        yield from self._ping(mine, other)

    def _close(self, mine: Side, other: Side) -> Iterator[Check]:
        if other.close is None or mine.close is not None or mine.end is not End.FIN:
            return
        if other.end is not None and other.end_time <= mine.end_time:
            return
        way = UNKNOWN if self.quickest is None else max(2 * self.quickest, LEAST)
        waited = mine.end_time - other.close.time_end
        if waited > way:
            why = f"the {self.role} ended TCP {waited:.3g} s behind the other's {other.close}, and sent no Close itself"
            yield Check(ANSWERS_A_CLOSE, why, mine.size)

    def _ping(self, mine: Side, other: Side) -> Iterator[Check]:
        if not self._pings:
            return
        last = self._pings[-1]
        times = [side.end_time for side in (mine, other) if side.end is not None]
        times += [side.close.time for side in (mine, other) if side.close is not None]
        waited = min(times, default=last.time_end) - last.time_end
        if waited > LONG:
            why = f"a {last} was not answered within {waited:.3g} s, nor was any that came behind it"
            yield Check(ANSWERS_A_PING, why)
