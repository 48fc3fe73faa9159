"""Large messages and many frames: written in large pieces while the testee reads, and waited for in proportion."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Role
from refws.oracle.wire.frame import Frame, Opcode

__all__ = ["KIB", "MIB", "fragmented", "more_patience", "send_bulk", "settle_bulk"]

KIB: Final = 1024
MIB: Final = 1024 * KIB

SLOWEST: Final = MIB // 2
"""Octets in a second that the slowest honest testee is thought to echo."""
PIECE: Final = 256 * KIB
"""Octets that are written before the testee is looked at again."""
WRITES: Final = 16
"""The most writes of a given size before that."""


@contextmanager
def more_patience(peer: Peer, octets: int) -> Iterator[None]:
    """The testee gets the time that so many octets may take, too."""
    usual = peer.patience
    peer.patience += octets / SLOWEST
    try:
        yield
    finally:
        peer.patience = usual


def fragmented(peer: Peer, message: Frame, size: int, *, fin: bool = True) -> bytes:
    """A message in fragments of `size` octets, a multiple of 4, each masked by a key of its own where this side masks.

    The same as `Frame.fragments`, in a fraction of the time. Without `fin` the last fragment is not the message's last.
    """
    count = max(-(-len(message.payload) // size), 1)
    masks = peer.testee is Role.SERVER
    payload, keys = message.payload, [b""] * count
    if masks:
        random = os.urandom(4 * count)
        keys = [random[at : at + 4] for at in range(0, 4 * count, 4)]
        stream = b"".join([key * (size // 4) for key in keys])[: len(payload)]
        both = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
        payload = both.to_bytes(len(payload), "big")
    heads = [_head(Opcode.CONTINUATION, size, masks)] * count
    last = _head(Opcode.CONTINUATION, len(payload) - (count - 1) * size, masks)
    heads[-1] = bytes((last[0] | fin << 7,)) + last[1:]
    heads[0] = bytes((heads[0][0] | message.rsv << 4 | message.opcode,)) + heads[0][1:]
    parts: list[bytes] = []
    for number, (head, key) in enumerate(zip(heads, keys, strict=True)):
        parts += (head, key, payload[number * size : (number + 1) * size])
    return b"".join(parts)


def _head(opcode: int, length: int, masks: bool) -> bytes:
    head = Frame(opcode, fin=False, declared_length=length).octets(False)
    return bytes((head[0], head[1] | masks << 7)) + head[2:]


async def send_bulk(peer: Peer, octets: bytes, size: int | None = None) -> bool:
    """Send whole frames, with no fault in them, as fast as the testee takes them; with a `size` in such writes.

    False if it fails the connection meanwhile, or takes no more.
    """

    def has_failed() -> bool:
        return peer.theirs.close is not None or peer.link.is_over

    piece = min(WRITES * size, PIECE) if size else PIECE
    for at in range(0, len(octets), piece):
        peer.link.write(octets[at : at + piece], read=False, size=size)
        # a testee that fails may read no more: its Close is the end, and not only the room for more octets
        if not await peer.link.until(lambda: peer.link.is_writable or has_failed(), peer.patience) or has_failed():
            return False
    return True


async def settle_bulk(peer: Peer, octets: bytes, *, messages: int = 0, expected: int = 0) -> Observed:
    """Send octets that end with a message, and wait for what comes of them, as of the stimulus of a case.

    So many `messages` are waited for, behind the Pong, too. `expected` are octets that are on their way already.
    """
    already = len(peer.theirs.messages)

    def came() -> bool:
        there = len(peer.theirs.messages) - already >= messages
        return there or peer.theirs.close is not None or peer.link.is_over

    with more_patience(peer, len(octets) + expected):
        sent = await send_bulk(peer, octets)
        went_on = sent and await peer.goes_on()
        await peer.link.until(came, peer.patience)
        if sent and peer.is_deaf and came():
            went_on = await peer.goes_on()  # it was only slow: what had to be read before that Ping is read now
    # a limit on messages may be met where the application takes them, behind the Pong
    return await peer.settled(went_on=went_on and peer.theirs.close is None and not peer.link.is_over)
