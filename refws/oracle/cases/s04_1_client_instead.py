"""Section 4.1: what comes instead of an answer: no HTTP, the end of TCP in the middle, or something without end."""

from collections.abc import Callable
from typing import Final

from refws.oracle.case import Case, Play
from refws.oracle.handshake_answers import PROBE, SWITCHING, client_case, must_refuse, reaction
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import text
from refws.oracle.wire.http import head_octets

__all__ = ["CASES"]

MALFORMED: Final = ("rfc6455:4.1-p45-s1", "rfc6455:4.2.2-p12-s1", "rfc6455:10.7-p1-s1")
CUT_OFF: Final = ("rfc6455:7.1.7-p1-s2/1", "rfc6455:4.1-p38-s2")
BOUNDS: Final = ("rfc6455:10.7-p1-s2", "rfc6455:10.7-p1-s1")

PIECE: Final = 1 << 16
MOST: Final = 16 * PIECE
"""Octets of something without end that are sent, at most; of what need not be held, one piece shows as much."""


def _right(peer: Peer) -> bytes:
    return head_octets(SWITCHING, peer.answer())


GARBAGE: Final = (
    ("greeting", "the greeting of a mail server", b"220 mail.example ESMTP\r\n\r\n"),
    ("binary", "octets that are no text", bytes(range(128, 256)) + b"\r\n\r\n"),
    ("frames", "frames without a handshake", text(PROBE).octets(False) + b"\r\n\r\n"),
    (
        "hixie",
        "the answer of an older draft",
        b"HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Origin: null\r\nSec-WebSocket-Location: ws://a/\r\n\r\n0123456789abcdef",
    ),
)


def _garbage(octets: bytes) -> Play:
    async def stimulus(peer: Peer) -> Observed:
        await peer.head()
        peer.send_octets(octets)
        return await reaction(peer)

    return stimulus


# The end in the middle


def _cut_off(octets: Callable[[Peer], bytes]) -> Play:
    """A part of the answer, and then the end of TCP."""

    async def stimulus(peer: Peer) -> Observed:
        await peer.head()
        peer.send_octets(octets(peer))
        peer.link.end()
        await peer.link.until(lambda: peer.link.is_over, 2 * peer.patience)
        if not peer.link.is_over and peer.theirs.undone_head:
            peer.conversation.established()
        return peer.observed()

    return stimulus


CUTS: Final = (
    ("before-the-answer", "before any octet of the answer", lambda peer: b""),
    ("in-the-status-line", "in the middle of the status line", lambda peer: _right(peer)[:12]),
    ("in-a-field", "in the middle of a field", lambda peer: _right(peer)[:-20]),
    ("before-the-empty-line", "before the empty line", lambda peer: _right(peer)[:-2]),
    ("in-the-last-line-end", "before the last LF", lambda peer: _right(peer)[:-1]),
)


# What has no end


def _endless(begin: Callable[[Peer], bytes], piece: bytes, held: bool) -> Play:
    """Send something without end; a finding that says how much of it the client took.

    What has to be `held` until it is whole needs a bound; for what can be thrown away, a limit of time is one.
    """
    many = piece * (PIECE // len(piece) + 1)
    most = MOST if held else PIECE

    async def stimulus(peer: Peer) -> Finding:
        await peer.head()
        peer.send_octets(begin(peer))
        sent = 0
        while sent < most and not peer.link.is_over and await peer.link.drained(peer.patience):
            peer.send_octets(many)
            sent += len(many)
            await peer.link.until(lambda: peer.link.is_over, 0.001)
        if held:
            await peer.link.until(lambda: peer.link.is_over, peer.patience)
        if peer.link.is_over:
            verdict, why = Verdict.PASS, f"the client gave up before {sent} octets were sent"
        elif held:
            verdict, why = Verdict.NON_STRICT, f"the client took {sent} octets and waits for more: bound what is held"
        else:
            verdict, why = Verdict.PASS, f"the client took {sent} octets, none of which it has to hold"
        return Finding(verdict, BOUNDS[0], Obligation.RECEIVER, why)

    return stimulus


def _begun(peer: Peer) -> bytes:
    """The right answer without its empty line."""
    return _right(peer)[:-2]


def _page(*fields: tuple[str, str]) -> Callable[[Peer], bytes]:
    return lambda peer: head_octets("HTTP/1.1 404 Not Found", list(fields))


ENDLESS: Final = (
    ("status-line", "a status line", lambda peer: b"HTTP/1.1 101 ", b"Switching Protocols ", True),
    ("line", "a field", lambda peer: _begun(peer) + b"X-Unknown: ", b"endless", True),
    ("fields", "fields", _begun, b"X-Unknown: endless\r\n", True),
    ("interim-answers", "answers of 102", lambda peer: b"", b"HTTP/1.1 102 Processing\r\n\r\n", False),
    ("body", "the body of a 404", _page(("Connection", "close")), b"no such page ", False),
    ("chunks", "the chunks of a 404", _page(("Transfer-Encoding", "chunked")), b"8\r\nnothing \r\n", False),
)

CASES: tuple[Case, ...] = (
    *(
        client_case(f"4.1/instead/{end}", f"{what} for an answer", MALFORMED, _garbage(octets), must_refuse())
        for end, what, octets in GARBAGE
    ),
    *(
        client_case(f"4.1/instead/end-{end}", f"the end of TCP {what}", CUT_OFF, _cut_off(octets), must_refuse())
        for end, what, octets in CUTS
    ),
    *(
        client_case(
            f"4.1/instead/endless-{end}", f"{what} without end", BOUNDS, _endless(begin, piece, held), slow=True
        )
        for end, what, begin, piece, held in ENDLESS
    ),
)
