"""Many compressed messages, sent without waiting for each: the stimulus of Autobahn's groups 12 and 13.

A message is compressed once for all cases that have the same parameters, and what comes back is compared octet by
octet while the rest is still on its way.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Final

from refws.oracle.bulk import fragmented, more_patience
from refws.oracle.closing import GRACE
from refws.oracle.observed import Observed
from refws.oracle.payloads import KINDS
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.deflate import Deflater
from refws.oracle.wire.frame import Frame, Opcode
from refws.oracle.wire.permessage import NAME, Parameters

__all__ = ["Volume"]

AUTOBAHNS: Final = 1000
"""Messages that Autobahn sends in each case."""
ENOUGH: Final = 1 << 20
"""Octets (characters, of text) after which a case has enough: each crosses the largest window 32 times."""
SMALL: Final = 512
"""Octets of a message that everybody is to take; `refws.oracle.play` has the same bound."""
LIMITS: Final = "rfc6455:10.4-p1-s1"
MOST_MESSAGES: Final = 64
MOST_OCTETS: Final = 1 << 18
"""The most messages, and octets of them, that are on their way before some have come back; at least two messages."""


@lru_cache(maxsize=12)
def _payloads(kind: str, size: int, count: int) -> tuple[bytes, ...]:
    """Pieces of one size that follow one another in the data of a kind, round and round."""
    data = KINDS[kind]()
    starts = [number * size % len(data) for number in range(count)]
    if isinstance(data, str):
        text = data + data
        return tuple(text[at : at + size].encode() for at in starts)
    octets = data + data
    return tuple(octets[at : at + size] for at in starts)


@lru_cache(maxsize=64)
def _compressed(kind: str, size: int, count: int, bits: int, takeover: bool) -> tuple[bytes, ...]:
    deflater = Deflater(bits, takeover=takeover, level=1)
    return tuple(deflater.message(piece) for piece in _payloads(kind, size, count))


@dataclass(frozen=True, slots=True)
class Volume:
    """Messages of a kind (`refws.oracle.payloads`) and size, in fragments of so many compressed octets, or in none.

    `full`, for all cases, sends as many as Autobahn does, however long they are.
    """

    full: ClassVar[bool] = False

    clause: str
    kind: str
    size: int
    fragment: int = 0

    @property
    def count(self) -> int:
        """How many messages are sent."""
        return AUTOBAHNS if self.full else min(AUTOBAHNS, ENOUGH // self.size)

    async def __call__(self, peer: Peer) -> Observed | Finding:
        """Send them all, and compare what comes back."""
        frames = self._frames(peer)
        wanted = _payloads(self.kind, self.size, self.count)
        opcode = Opcode.TEXT if isinstance(KINDS[self.kind](), str) else Opcode.BINARY
        came, first, sent, right = peer.theirs.messages, len(peer.theirs.messages), 0, 0
        flight = max(min(MOST_MESSAGES, MOST_OCTETS // self.size), 2)
        while right < len(wanted):
            upto = min(right + flight, len(wanted))
            octets = b"".join(self._octets(peer, frames[at], opcode) for at in range(sent, upto))
            peer.send_octets(octets, read=False)
            sent = upto
            enough = first + (sent if sent == len(wanted) else sent - flight // 2)

            def there(enough: int = enough) -> bool:
                return len(came) >= enough or peer.theirs.close is not None or peer.link.is_over

            with more_patience(peer, 2 * flight * self.size):
                await peer.link.until(there, peer.patience + GRACE)
            for message in came[first + right :]:
                if right == len(wanted) or message.opcode != opcode or message.payload != wanted[right]:
                    return self._differs(right, message.payload, wanted)
                right += 1
            if len(came) < enough:
                return self._stopped(peer, right, len(wanted))
        return replace(await peer.settle(), messages=())

    def _frames(self, peer: Peer) -> tuple[bytes, ...]:
        agreed = peer.agreed(NAME)
        assert agreed is not None
        parameters, ours = Parameters.of(agreed), peer.testee.other
        bits = getattr(parameters, f"{ours}_max_window_bits") or 15
        takeover = not getattr(parameters, f"{ours}_no_context_takeover")
        return _compressed(self.kind, self.size, self.count, bits, takeover)

    def _octets(self, peer: Peer, payload: bytes, opcode: int) -> bytes:
        frame = Frame(opcode, payload, rsv=4)
        if self.fragment and len(payload) > self.fragment:
            return fragmented(peer, frame, self.fragment)
        return peer.octets(frame)

    def _differs(self, number: int, came: bytes, wanted: tuple[bytes, ...]) -> Finding:
        if number == len(wanted):
            return self._fails(f"a message of {len(came)} octets came behind the {number} that were sent")
        right = wanted[number]
        at = next((at for at, pair in enumerate(zip(came, right, strict=False)) if pair[0] != pair[1]), len(right))
        where = (
            f"{len(came)} octets instead of {len(right)}" if at >= min(len(came), len(right)) else f"octet {at} other"
        )
        return self._fails(
            f"message {number + 1} of {len(wanted)} came back with its type or its octets changed: {where}"
        )

    def _stopped(self, peer: Peer, right: int, count: int) -> Finding:
        seen = replace(peer.observed(), messages=())
        if self.size > SMALL and seen.close is not None and seen.close.close_code == 1009:
            why = f"its limit for a message is below {self.size} octets (1009), which is its right"
            return Finding(Verdict.UNIMPLEMENTED, LIMITS, Obligation.RECEIVER, why)
        return self._fails(f"{right} of {count} messages of {self.size} came back, and then {seen or 'nothing more'}")

    def _fails(self, why: str) -> Finding:
        return Finding(Verdict.FAIL, self.clause, Obligation.RECEIVER, why)
