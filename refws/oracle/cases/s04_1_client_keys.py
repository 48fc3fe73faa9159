"""Section 4.1: a client's connections together: whether each has a key that looks as if it were drawn at random anew.

Statistics, with their odds: a client whose keys are random is blamed less often than once in 10**9 runs. Keys that
pass may still be predictable, by a generator that is no cryptographic one.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from refws.oracle.case import Case
from refws.oracle.handshake_answers import client_case
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict

__all__ = ["CASES", "ENOUGH", "NOT_SHOWN", "oddities"]

ANEW: Final = "rfc6455:4.1-p29-s3"
AT_RANDOM: Final = "rfc6455:4.1-p29-s2"

_AT_ONCE: Final = "a client is asked for one connection at a time; who opens several at once would have to be told to"
_PROXY: Final = "the oracle is no proxy, and a client is not told to use one"
NOT_SHOWN: Final[dict[str, str]] = {
    "rfc6455:4.1-p5-s1": _AT_ONCE,
    "rfc6455:4.1-p5-s2": _AT_ONCE,
    "rfc6455:4.1-p5-s3": _AT_ONCE,
    "rfc6455:4.1-p6-s1/1": _PROXY,
    "rfc6455:4.1-p6-s1/2": _PROXY,
    "rfc6455:4.1-p9-s1": _PROXY,
    "rfc6455:4.1-p18-s1": "of a connection that cannot be opened there is nothing to see",
    "rfc6455:4.1-p31-s1": "whether a client is a browser does not show on the wire",
}

ENOUGH: Final = 40
"""Keys that are needed. A bit of random keys is the same in all of them with 2**-39, one of the 128 with 2**-32."""
_BITS: Final = 128
_FEW: Final = 48
"""Bits in which neighbours differ on average. Of random keys that are 64; 39 differences of 128 bits have a standard
deviation of 0.9 in their average."""


def oddities(keys: Sequence[bytes]) -> Iterator[tuple[str, Verdict, str]]:
    """What is not random in keys of 16 octets in the order of their connections: (clause, verdict, why)."""
    numbers = [int.from_bytes(key, "big") for key in keys]
    if len(set(numbers)) < len(numbers):
        again = len(numbers) - len(set(numbers))
        yield ANEW, Verdict.FAIL, f"{again} of {len(numbers)} keys had been used before; draw one for each connection"
        return
    pairs = list(pairwise(numbers))
    change = sum((one ^ other).bit_count() for one, other in pairs) / len(pairs)
    if change < _FEW:
        why = (
            f"from key to key {change:.1f} of 128 bits change on average, where random ones change 64; draw all of them"
        )
        yield ANEW, Verdict.FAIL, why
        return
    changing = 0
    for one, other in pairs:
        changing |= one ^ other
    fixed = _BITS - changing.bit_count()
    if fixed:
        why = f"{fixed} of the 128 bits are the same in {len(numbers)} keys; draw all of them at random"
        yield AT_RANDOM, Verdict.NON_STRICT, why


def _octets(keys: Sequence[str]) -> list[bytes]:
    """The nonces; a key that is none is the referee's to blame."""
    found = []
    for key in keys:
        try:
            nonce = base64.b64decode(key.encode("latin-1"), validate=True)
        except binascii.Error:
            continue
        if len(nonce) == 16:
            found.append(nonce)
    return found


async def _compare_keys(peer: Peer) -> Finding:
    head = peer.theirs.head or await peer.head()
    if await peer.open():
        await peer.closing_handshake()
    own = [field.value for field in head.all("Sec-WebSocket-Key")] if head else []
    keys = _octets([*peer.earlier_keys, *own])
    if len(keys) < ENOUGH:
        why = f"{len(keys)} keys are too few to tell; let the client play {ENOUGH} cases or more"
        return Finding(Verdict.NOT_RUN, ANEW, Obligation.SENDER, why)
    for clause, verdict, why in oddities(keys):
        return Finding(verdict, clause, Obligation.SENDER, why)
    return Finding(Verdict.PASS, ANEW, Obligation.SENDER, f"{len(keys)} keys, none twice, all bits changing")


CASES: tuple[Case, ...] = (
    client_case(
        "4.1/keys/drawn-at-random-anew",
        "the keys of all connections so far",
        (ANEW, AT_RANDOM, "rfc6455:11.3.1-p8-s2"),
        _compare_keys,
        obligation=Obligation.SENDER,
        slow=True,
    ),
)
