"""Sections 10.4 and 10.7: what comes octet by octet, a head that does not end, and octets that are nothing at all."""

import random
from typing import Final

from refws.oracle.bulk import KIB, MIB, settle_bulk
from refws.oracle.case import Case
from refws.oracle.expect import Allowed, Where, goes_on, refuses
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Role, Verdict
from refws.oracle.wire.frame import text
from refws.oracle.wire.http import head_octets

__all__ = ["CASES"]

LIMITS: Final = "rfc6455:10.4-p1-s1"
VALIDATED: Final = "rfc6455:10.7-p1-s1"
SAYS_WHY: Final = "rfc6455:10.7-p1-s3"


async def _slow_header(peer: Peer) -> Observed:
    """A message with each octet of its header in a write of its own."""
    octets = peer.octets(text("x" * 300))
    header = len(octets) - 300
    await peer.send_chopped(octets[:header], 1)
    peer.send_octets(octets[header:])
    return await settle_bulk(peer, b"", messages=1)


async def _slow_head(peer: Peer) -> Finding | Observed:
    """The oracle's part of the opening handshake, octet by octet."""
    if peer.testee is Role.SERVER:
        await peer.send_chopped(head_octets(f"GET {peer.target} HTTP/1.1", peer.request()), 1)
        head = await peer.head()
        if head is None or head.status != 101:
            why = f"a head that comes octet by octet is refused: {head.start_line if head else 'TCP was ended'}"
            return Finding(Verdict.NON_STRICT, LIMITS, Obligation.RECEIVER, why)
    else:
        await peer.head()
        await peer.send_chopped(head_octets("HTTP/1.1 101 Switching Protocols", peer.answer()), 1)
    return await settle_bulk(peer, peer.octets(text("behind a slow head")), messages=1)


async def _endless_head(peer: Peer) -> Finding:
    """A head that never ends, up to 1 MiB: where the testee stops."""
    if peer.testee is Role.CLIENT:
        await peer.head()
    start = f"GET {peer.target} HTTP/1.1" if peer.testee is Role.SERVER else "HTTP/1.1 101 Switching Protocols"
    fields = peer.request() if peer.testee is Role.SERVER else peer.answer()
    peer.send_octets(head_octets(start, fields)[:-2])
    line = b"X-More: " + b"y" * 1014 + b"\r\n"
    before = len(peer.theirs.heads)
    sent = 0
    while sent < MIB:
        sent += len(line)
        await peer.send_chopped(line, len(line))
        if peer.link.is_over or len(peer.theirs.heads) > before:
            break
    await peer.link.until(lambda: peer.link.is_over or len(peer.theirs.heads) > before, peer.patience / 5)
    stopped = peer.link.is_over or len(peer.theirs.heads) > before
    how = peer.theirs.heads[-1].start_line if len(peer.theirs.heads) > before else "TCP was ended"
    why = f"a head is refused before {sent // KIB} KiB: {how}" if stopped else "a head of 1 MiB meets no limit"
    return Finding(Verdict.PASS, LIMITS, Obligation.RECEIVER, why)


TOO_SLOW: Final = (
    Allowed(
        Verdict.NON_STRICT,
        Where("does not take such a head", lambda seen: not seen.frames),
        "a head is whole when its empty line has come, in however many pieces; a limit of time is longer than that",
    ),
)
"""A client that wants the whole answer at once is failed in section 4.1."""

GARBAGE: Final = random.Random(10).randbytes(512)  # noqa: S311


CASES = (
    Case(
        "10.4/slow-frame-header",
        "a text of 300 octets, each octet of its header in a write of its own",
        (LIMITS, "rfc6455:6.2-p1-s2"),
        _slow_header,
        goes_on("x" * 300),
    ),
    Case(
        "10.4/slow-head",
        "the opening handshake, each octet in a write of its own",
        (LIMITS,),
        _slow_head,
        (*goes_on("behind a slow head"), *TOO_SLOW),
        bare=True,
    ),
    Case(
        "10.4/endless-head",
        "a head that goes on for 1 MiB",
        (LIMITS,),
        _endless_head,
        bare=True,
        slow=True,
    ),
    Case(
        "10.7/random-octets",
        "512 random octets, the first of which has all RSV bits and an unknown opcode",
        (VALIDATED, SAYS_WHY),
        (b"\xff" + GARBAGE,),
        refuses(1002),
    ),
)
