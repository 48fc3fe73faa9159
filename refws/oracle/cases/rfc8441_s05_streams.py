"""RFC 8441, sections 1 and 5: a stream in the place of TCP, side by side with others, and how it ends.

All cases that begin with an open connection are played over a stream, too; here is what TCP does not have.
"""

from functools import partial
from typing import Final, TypeAlias

from refws.oracle.carrier import STREAMS
from refws.oracle.case import BOTH, SERVER, Case, Stimulus
from refws.oracle.closing import GRACE
from refws.oracle.expect import Allowed, Where, goes_on
from refws.oracle.handshake_outcomes import Answered
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.recording import End
from refws.oracle.streams.connects import Connect, Untouched, connecting, opens, stream_of, tried
from refws.oracle.verdict import Obligation, Role, Verdict
from refws.oracle.wire.frame import Frame, binary, close, text

__all__ = ["CASES", "GONE", "NOT_SHOWN", "ORDERLY", "closes", "ends", "reset_and_another"]

NOT_SHOWN: Final[dict[str, str]] = {
    "rfc8441:7-p1-s2": "binds a client that is given a forward proxy; the oracle is none",
}

BIG: Final = 300_000
"""Octets of a message that takes more than the window which a stream begins with."""


async def _two_streams(peer: Peer) -> Answered:
    """Two streams of one connection, and messages on both."""
    first = await Connect()(peer)
    if not first.went_on:
        return first
    other = await stream_of(peer).beside()
    try:
        other.link.send_head(other.fields())
        seen = await tried(other, "on the other stream")
        if seen.went_on:
            peer.begin()
            seen.went_on = await peer.echo("on the first stream")
        return seen
    finally:
        other.link.drop()


async def reset_and_another(peer: Peer) -> Answered:
    """A connection that the client resets with CANCEL, and another one beside it."""
    stream = stream_of(peer)
    first = await Connect()(peer)
    if not first.went_on:
        return first
    peer.send(text("never ended", fin=False))
    stream.link.stream.owns = False
    peer.link.reset()
    other = await stream.beside()
    try:
        other.link.send_head(other.fields())
        return await tried(other)
    finally:
        other.link.stream.owns = True
        other.link.drop()


async def closes(peer: Peer) -> Observed:
    """The closing handshake, and how the server ends the stream behind it."""
    peer.send(close(1000))
    for seconds in (peer.patience, GRACE):
        if await peer.link.until(lambda: peer.link.is_over, seconds):
            break
    return peer.observed()


async def ends(peer: Peer, frames: tuple[Frame, ...] = ()) -> Observed:
    """END_STREAM without a Close."""
    peer.send(*frames)
    peer.link.end()
    await peer.link.until(lambda: peer.link.is_over, peer.patience)
    return peer.observed()


ONE_ONLY: Final = Allowed(
    Verdict.NON_STRICT, Untouched(), "a server may refuse a stream; then one connection is not for several of them"
)
STREAMED: Final = (
    (
        "8441:1/two-streams",
        "two WebSocket connections on one connection of HTTP",
        "1-p6-s1 5-p7-s1",
        _two_streams,
        opens("each stream is a connection of its own", ONE_ONLY),
    ),
    (
        "8441:5/reset-and-another",
        "a reset with CANCEL, and another stream behind it",
        "5-p8-s3 5-p8-s1",
        reset_and_another,
        opens("the reset ends one WebSocket connection, and not the other streams", ONE_ONLY),
    ),
)

_BEHIND: Final = "both Close frames are there, and a stream has END_STREAM for what is FIN to TCP"
ORDERLY: Final = (
    Allowed(Verdict.PASS, Where("ends the stream in order", lambda seen: seen.end is End.FIN), "so it is to end"),
    Allowed(
        Verdict.NON_STRICT,
        Where("resets the stream", lambda seen: seen.end is End.RST),
        f"{_BEHIND}; a reset can take the Close away from the peer",
    ),
    Allowed(Verdict.FAIL, Where("leaves the stream open", lambda seen: seen.end is None), _BEHIND),
)
GONE: Final = (
    Allowed(Verdict.FAIL, Where("sends back what was never whole", lambda seen: bool(seen.messages)), "it was cut"),
    Allowed(Verdict.PASS, Where("ends the stream, too", lambda seen: seen.end is not None), "nothing is left to say"),
    Allowed(Verdict.NON_STRICT, Where("leaves the stream open", lambda seen: True), "nothing will come on it any more"),
)
_Row: TypeAlias = tuple[str, str, tuple[str, ...], Stimulus, tuple[Allowed, ...], frozenset[Role]]
ENDS: Final = ("rfc8441:5-p8-s1", "rfc8441:5-p8-s2")
OPEN: Final[tuple[_Row, ...]] = (
    (
        "8441:1/message-larger-than-the-window",
        "a message that takes more than the window which a stream begins with",
        ("rfc8441:1-p6-s1",),
        (binary(bytes(BIG)),),
        goes_on(bytes(BIG), why="flow control holds messages back, and loses nothing"),
        BOTH,
    ),
    (
        "8441:5/closes-in-order",
        "the closing handshake: the server ends its half of the stream",
        (ENDS[1], ENDS[0]),
        closes,
        ORDERLY,
        SERVER,
    ),
    ("8441:5/end-without-close", "END_STREAM between two messages", ENDS, ends, GONE, SERVER),
    (
        "8441:5/end-within-a-frame",
        "END_STREAM within a frame",
        ENDS,
        partial(ends, frames=(text("cut", declared_length=4),)),
        GONE,
        SERVER,
    ),
)

CASES: tuple[Case, ...] = (
    *(connecting(name, title, clauses, play, allowed) for name, title, clauses, play, allowed in STREAMED),
    *(
        Case(name, title, clauses, play, allowed, roles, Obligation.SENDER, over=STREAMS)
        for name, title, clauses, play, allowed, roles in OPEN
    ),
)
