"""Section 6.2: messages are read from octets, however TCP delivers them."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.cases.writing import in_pieces
from refws.oracle.closing import GRACE
from refws.oracle.expect import goes_on
from refws.oracle.peer import Observed, Peer
from refws.oracle.wire.frame import Frame, binary, continuation, ping, pong, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

PARSED: Final = "rfc6455:6.2-p1-s2"
TYPE_NOTED: Final = "rfc6455:6.2-p1-s4"
ONE_FRAME: Final = "rfc6455:6.2-p1-s6"
NEW_MESSAGE: Final = "rfc6455:6.2-p1-s9"

_MANY: Final = tuple(text(f"message {n}") if n % 2 else binary(b"message %d" % n) for n in range(50))
_SHORT: Final = text("cut: é")
_LONG: Final = binary(bytes(range(200)))


async def _cut_everywhere(peer: Peer) -> Observed | None:
    """Each message is cut one octet later than the one before.

    A Ping stands before it: once that is answered, the testee has read what is before the cut, and waits.
    """
    for frame, last in ((_SHORT, None), (_LONG, 16)):
        octets = peer.octets(frame)
        for cut in range(1, len(octets) if last is None else last):
            if not await _cut(peer, frame, cut):
                return await peer.settle()
    peer.begin()
    peer.send(text("whole again"))
    return None


async def _cut(peer: Peer, frame: Frame, cut: int) -> bool:
    octets = peer.octets(frame)
    marker = b"cut %d" % cut
    peer.begin()
    peer.send(ping(marker), octets[:cut])
    await peer.pong(marker)
    peer.send_octets(octets[cut:])
    message = await peer.message(GRACE)
    return message is not None and (message.opcode, message.payload) == (frame.opcode, frame.payload)


CASES = (
    Case(
        "6.2/fifty-messages",
        "fifty messages in one segment, text and binary in turn",
        (PARSED, NEW_MESSAGE, ONE_FRAME, TYPE_NOTED),
        _MANY,
        goes_on(*_MANY),
    ),
    Case(
        "6.2/fifty-messages-in-pieces",
        "fifty messages in pieces of 7 octets",
        (PARSED, NEW_MESSAGE, ONE_FRAME, TYPE_NOTED),
        in_pieces(*_MANY, size=7),
        goes_on(*_MANY),
    ),
    Case(
        "6.2/type-of-fragments",
        "fragments that are text by their first frame, and some that are binary",
        (TYPE_NOTED, "rfc6455:5.4-p17-s1", "rfc6455:6.2-p1-s7", "rfc6455:6.2-p1-s8"),
        (text("ab", fin=False), continuation("c"), binary(b"ab", fin=False), continuation(b"c")),
        goes_on(text("abc"), binary(b"abc")),
    ),
    Case(
        "6.2/cut-at-every-octet",
        "messages of which the testee gets only the first octets at first",
        (PARSED, "rfc6455:6.2-p1-s5"),
        _cut_everywhere,
        goes_on(text("whole again")),
    ),
    Case(
        "6.2/control-frames-are-no-data",
        "control frames between fragments, whose payloads belong to no message",
        ("rfc6455:6.2-p1-s3", "rfc6455:6.2-p1-s7", "rfc6455:5.4-p11-s1"),
        (
            text("a", fin=False),
            pong(b"not part of it"),
            continuation("b", fin=False),
            ping(b"nor this"),
            continuation("c"),
        ),
        goes_on(text("abc"), pongs=(b"nor this",)),
    ),
)
