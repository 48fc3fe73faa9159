"""TCP reassembly: what each side of a connection sent, in its order, whatever came of the segments on their way.

Nothing is taken before all that it acknowledges: an answer comes out behind what it answers, in whatever order the two
were recorded.
"""

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from refws.oracle.capture.packets import Address, Segment
from refws.oracle.recording import End

__all__ = ["Flow", "Sent", "flows"]

_HALF = 1 << 31
_ALL = 1 << 32


@dataclass(frozen=True, slots=True)
class Sent:
    """Octets that one side sent, once all before them were there, or its end."""

    time: float
    sender: Address
    octets: bytes = field(default=b"", repr=False)
    end: End | None = None


class _Half:
    """One direction. Sequence numbers are unwrapped: they go on behind 2**32."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.due: int | None = None
        """The sequence number of the next octet; None until something says which that is."""
        self.acknowledged = 0
        self.waiting: list[tuple[int, int, Segment]] = []  # by the sequence number, then as they came
        self.ended = False

    def near(self, seq: int) -> int:
        """A sequence number, unwrapped to be near what is due."""
        assert self.due is not None
        return self.due + (seq - self.due + _HALF) % _ALL - _HALF

    @property
    def misses(self) -> int:
        """How many octets are known to be missing before more can be taken."""
        if self.ended or self.due is None:
            return 0
        known = self.waiting[0][0] if self.waiting else self.acknowledged
        return max(known - self.due, 0)


class Flow:
    """A TCP connection as it was recorded; `opener` sent the first SYN, where one was recorded."""

    def __init__(self, first: Segment) -> None:
        self.addresses = (first.source, first.target)
        self.opener: Address | None = None
        self.sent: list[Sent] = []
        self._opened_with: int | None = None
        self._time = first.time
        self._count = 0
        self._halves = {address: _Half(address) for address in self.addresses}

    def begins_anew(self, segment: Segment) -> bool:
        """Whether a segment is the first of another connection between the same addresses."""
        opens = segment.syn and segment.ack is None and bool(self.sent or self.opener)
        return opens and (segment.source, segment.seq) != (self.opener, self._opened_with)

    def take(self, segment: Segment) -> None:
        """Take a segment of this connection."""
        mine, other = self._halves[segment.source], self._halves[segment.target]
        if segment.syn and segment.ack is None and self.opener is None:
            self.opener, self._opened_with = segment.source, segment.seq
        if mine.due is None:
            mine.due = segment.seq + segment.syn
        if segment.ack is not None and not segment.rst:
            if other.due is None:
                other.due = segment.ack
            other.acknowledged = max(other.acknowledged, other.near(segment.ack))
        start = mine.near(segment.seq) + segment.syn
        if segment.rst:
            # Its number need not be the next one: what came before it is all that there will be.
            start = max(mine.due, *(at + len(one.payload) for at, _, one in mine.waiting), 0)
        if not mine.ended and (segment.payload or segment.missing or segment.fin or segment.rst):
            self._count += 1
            insort(mine.waiting, (start, self._count, segment))
        self._advance()

    def finish(self) -> Iterator[tuple[Address, int]]:
        """The recording ends. A side of which octets are missing is lost from there on: (its address, how many)."""
        one, another = (self._halves[address] for address in self.addresses)
        while one.waiting or another.waiting or one.misses or another.misses:
            lost = next((half for half in (one, another) if half.misses), None)
            if lost is not None:
                yield lost.address, lost.misses
                self._end(lost, self._time, End.LOST)
            # Each may wait for the other: a segment that was only recorded when it was sent again has a newer answer.
            elif not self._taken(one, another, in_turn=False):
                self._taken(another, one, in_turn=False)
            self._advance()

    def _advance(self) -> None:
        """Take what waits and is due, of both sides in turn."""
        one, another = (self._halves[address] for address in self.addresses)
        while self._taken(one, another) or self._taken(another, one):
            pass

    def _taken(self, mine: _Half, other: _Half, *, in_turn: bool = True) -> bool:
        """Take one segment that waits, if it is due, and if what it answers is there, unless not `in_turn`."""
        if not mine.waiting or mine.ended or mine.due is None:
            return False
        start, _, segment = mine.waiting[0]
        answers = segment.ack is not None and other.due is not None and other.near(segment.ack) > other.due
        if start > mine.due or (in_turn and answers and not other.ended and not segment.rst):
            return False
        mine.waiting.pop(0)
        new = segment.payload[mine.due - start :]
        self._time = max(self._time, segment.time)
        if new:
            mine.due += len(new)
            self.sent.append(Sent(self._time, mine.address, new))
        if segment.rst:
            self._end(mine, self._time, End.RST)
        elif segment.fin and mine.due == start + len(segment.payload) + segment.missing:
            mine.due += 1
            self._end(mine, self._time, End.FIN)
        return True

    def _end(self, half: _Half, time: float, end: End) -> None:
        half.ended, half.waiting = True, []
        self.sent.append(Sent(time, half.address, end=end))


def flows(segments: Iterable[Segment]) -> list[Flow]:
    """The connections, in the order of their first segments."""
    found: list[Flow] = []
    current: dict[frozenset[Address], Flow] = {}
    for segment in segments:
        key = frozenset((segment.source, segment.target))
        flow = current.get(key)
        if flow is None or flow.begins_anew(segment):
            flow = current[key] = Flow(segment)
            found.append(flow)
        flow.take(segment)
    return found
