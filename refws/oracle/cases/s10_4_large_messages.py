"""Sections 5.2, 5.4, 6.2: messages from 64 KiB to 16 MiB, whole, in fragments and in small writes, and many of them.

All payloads are compared octet by octet, and no octet of one stands where it could be taken for another: they are
random, the same in every run. A testee may have a limit (section 10.4): refusing a message for its size is
UNIMPLEMENTED, with the bound; FAIL is one that comes back changed, or is called an error.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Final

from refws.oracle.bulk import KIB, MIB, fragmented, more_patience, send_bulk, settle_bulk
from refws.oracle.case import Case
from refws.oracle.closing import GRACE
from refws.oracle.expect import Allowed, Drops, Fails, Where
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import Frame, Opcode, binary, continuation, text

__all__ = ["CASES", "LIMITED", "large"]

LENGTH: Final = "rfc6455:5.2-p20-s3"
IN_FRAGMENTS: Final = "rfc6455:5.4-p13-s1"
AS_FRAMES: Final = "rfc6455:6.2-p1-s2"
ONE_BEHIND_ANOTHER: Final = "rfc6455:6.2-p1-s9"
LIMITS: Final = "rfc6455:10.4-p1-s1"

ROUNDS: Final = 1000


@cache
def _pool() -> bytes:
    return random.Random(6455).randbytes(16 * MIB)  # noqa: S311


def large(opcode: int, size: int) -> Frame:
    """A message of so many octets, at most 16 MiB; as text it is hexadecimal digits."""
    if opcode == Opcode.BINARY:
        return binary(_pool()[:size])
    return text(_pool()[: (size + 1) // 2].hex()[:size])


@dataclass(frozen=True, slots=True)
class ComesBack:
    """The message comes back as it was, and the connection stays."""

    opcode: int
    size: int

    def fits(self, seen: Observed) -> bool:
        """Whether it did."""
        wanted = large(self.opcode, self.size)
        came = [(message.opcode, message.payload) for message in seen.messages]
        return seen.went_on and not seen.has_failed and came == [(wanted.opcode, wanted.payload)]

    def __str__(self) -> str:
        return f"sends back all {self.size} octets as they were"


def _blames(seen: Observed) -> bool:
    return seen.close is not None and seen.close.close_code in (1002, 1003, 1007)


LIMITED: Final = (
    Allowed(Verdict.FAIL, Where("calls it an error", _blames), "nothing is wrong with it; 1009 is for too large"),
    Allowed(Verdict.UNIMPLEMENTED, Fails((1009, 1008)), "its limit is below that, which is its right", LIMITS),
    Allowed(Verdict.UNIMPLEMENTED, Fails(), "its limit is below that, which is its right", LIMITS),
    Allowed(Verdict.UNIMPLEMENTED, Drops(), "its limit is below that, which is its right", LIMITS),
)
"""What a testee with a limit does."""


async def _whole(opcode: int, size: int, peer: Peer) -> Observed:
    return await settle_bulk(peer, peer.octets(large(opcode, size)), messages=1)


FRAME: Final = 512
"""A slow testee needs for a frame what it needs for so many octets."""


async def _in_fragments(opcode: int, size: int, fragment: int, peer: Peer) -> Observed:
    """Where there are several, an empty fragment is the last."""
    message = large(opcode, size)
    if fragment == size:
        return await _whole(opcode, size, peer)
    octets = fragmented(peer, message, fragment, fin=False) + peer.octets(continuation())
    return await settle_bulk(peer, octets, messages=1, expected=FRAME * (size // fragment))


async def _in_writes(opcode: int, size: int, write: int, peer: Peer) -> Observed:
    octets = peer.octets(large(opcode, size))
    with more_patience(peer, size):
        await send_bulk(peer, octets, write)
    return await settle_bulk(peer, b"", messages=1, expected=size)


async def _rounds(opcode: int, size: int, peer: Peer) -> Observed:
    """One message after another, each sent when the one before is back."""
    pool = large(opcode, size + ROUNDS).payload
    for number in range(ROUNDS):
        payload = pool[number : number + size]
        if not await peer.echo(payload.decode() if opcode == Opcode.TEXT else payload, GRACE):
            return replace(await peer.settle(), note=f"message {number + 1} of {ROUNDS} did not come back")
    return replace(await peer.settle(), note=ALL_BACK)


ALL_BACK: Final = f"all {ROUNDS} messages came back"


def _all_back(seen: Observed) -> bool:
    return seen.note == ALL_BACK and seen.went_on and len(seen.messages) == ROUNDS


def _size(octets: int) -> str:
    unit, name = (MIB, "mib") if octets >= MIB else (KIB, "kib")
    return f"{octets // unit}-{name}" if octets >= KIB else f"{octets}"


def _cases() -> Iterator[Case]:
    for kind, (name, opcode) in enumerate((("text", Opcode.TEXT), ("binary", Opcode.BINARY))):
        for number, size in enumerate((64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB), 1):
            yield Case(
                f"10.4/{name}-of-{_size(size)}",
                f"a {name} message of {size} octets in one frame",
                (LENGTH, LIMITS),
                partial(_whole, opcode, size),
                (Allowed(Verdict.PASS, ComesBack(opcode, size), "it is as it should be"), *LIMITED),
                alias=f"9.{1 + kind}.{number}",
                slow=size >= MIB,
            )
        for number, fragment in enumerate((64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB), 1):
            yield Case(
                f"10.4/{name}-of-4-mib-in-fragments-of-{_size(fragment)}",
                f"a {name} message of 4 MiB in fragments of {fragment} octets",
                (IN_FRAGMENTS, LIMITS),
                partial(_in_fragments, opcode, 4 * MIB, fragment),
                (Allowed(Verdict.PASS, ComesBack(opcode, 4 * MIB), "it is as it should be"), *LIMITED),
                alias=f"9.{3 + kind}.{number}",
                slow=True,
            )
        for number, write in enumerate((64, 128, 256, 512, 1024, 2048), 1):
            yield Case(
                f"10.4/{name}-of-1-mib-in-writes-of-{write}",
                f"a {name} message of 1 MiB in one frame, written {write} octets at a time",
                (AS_FRAMES, LIMITS),
                partial(_in_writes, opcode, MIB, write),
                (Allowed(Verdict.PASS, ComesBack(opcode, MIB), "it is as it should be"), *LIMITED),
                alias=f"9.{5 + kind}.{number}",
                slow=True,
            )
        for number, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            yield Case(
                f"10.4/{ROUNDS}-times-{name}-of-{size}",
                f"{ROUNDS} {name} messages of {size} octets, one after another",
                (ONE_BEHIND_ANOTHER,),
                partial(_rounds, opcode, size),
                (Allowed(Verdict.PASS, Where(f"sends all {ROUNDS} back", _all_back), "each is a message"),),
                alias=f"9.{7 + kind}.{number}",
                slow=True,
            )


CASES = tuple(_cases())
