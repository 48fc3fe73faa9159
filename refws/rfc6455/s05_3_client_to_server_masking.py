"""Section 5.3, Client-to-Server Masking, and what section 5.1 says about who masks.

`mask` is one of the three seams where a faster, well-kept implementation takes over when it is installed
(``refws[speed]``): `mask_by_integers` and `mask_by_tables` are what it computes.
"""

import os
import secrets
from collections.abc import Callable

from refws.failure import Failure
from refws.rfc6455.s07_4_status_codes import StatusCode

__all__ = [
    "check_mask",
    "mask",
    "mask_by_integers",
    "mask_by_tables",
    "mask_short",
    "new_masking_key",
    "rotate",
]

Octets = bytes | bytearray | memoryview

# Below this many octets one XOR of two integers is the faster of the two (measured on CPython 3.11 to 3.13).
TABLES_FROM = 512
# The tables walk the payload four times; a block that stays in the processor's cache makes that cheap.
BLOCK = 32768


def mask_by_integers(octets: Octets, masking_key: bytes) -> bytes:
    """Mask, or unmask, as one exclusive-or of two long integers."""
    length = len(octets)
    # §5.3-p6-s1 MUST take octet i modulo 4 of the key
    key = (masking_key * ((length >> 2) + 1))[:length]
    # §5.3-p6-s2 MUST exclusive-or octet i with it; §5.3-p4-s1 MUST leave the length as it is
    return (int.from_bytes(octets, "little") ^ int.from_bytes(key, "little")).to_bytes(length, "little")


_XOR_TABLES = [bytes(octet ^ key_octet for octet in range(256)) for key_octet in range(256)]


def mask_by_tables(octets: Octets, masking_key: bytes) -> bytes:
    """Mask, or unmask, by translating every fourth octet with one octet of the key."""
    masked = bytearray(octets)
    for start in range(0, len(masked), BLOCK):
        end = start + BLOCK
        for j in range(4):
            # §5.3-p5-s1 MUST exclusive-or octet i with octet i modulo 4 of the key
            masked[start + j : end : 4] = masked[start + j : end : 4].translate(_XOR_TABLES[masking_key[j]])
    return bytes(masked)


def _mask(octets: Octets, masking_key: bytes) -> bytes:
    # §5.3-p4-s2 MUST use one algorithm to mask and to unmask; §5.3-p4-s3 MUST use it in both directions
    return (mask_by_integers if len(octets) < TABLES_FROM else mask_by_tables)(octets, masking_key)


mask: Callable[[Octets, bytes], bytes]
"""The payload masked, or unmasked, with a key of four octets: `mask(mask(p, k), k) == p`."""

mask_short: Callable[[Octets, bytes], bytes]
"""The same for payloads of at most 125 octets, without the question how long they are."""

try:
    from websockets.speedups import apply_mask
except ImportError:
    mask, mask_short = _mask, mask_by_integers
else:
    mask = mask_short = apply_mask


def rotate(masking_key: bytes, octets: int) -> bytes:
    """The key for what follows the first `octets` octets of a payload."""
    # §5.3-p6-s1 MUST take octet i modulo 4 of the key
    turn = octets & 3
    return masking_key[turn:] + masking_key[:turn]


_keys: list[bytes] = []


def new_masking_key() -> bytes:
    """A fresh masking key: four octets that nobody can predict (sections 5.3 and 10.3)."""
    # §10.3-p4-s1 MUST be such that the application cannot predict it
    while True:
        try:
            # §5.3-p3-s2 MUST be fresh: what is taken is used up; §5.3-p3-s3/2 MUST NOT let the next be guessed from it
            return _keys.pop()
        except IndexError:
            # Fetched 256 at a time: one call of the operating system costs more than framing a message.
            # §5.3-p3-s1 MUST be chosen at random; §5.3-p3-s3/1 MUST come from a strong source of entropy
            octets = secrets.token_bytes(1024)
            _keys.extend([octets[i : i + 4] for i in range(0, 1024, 4)])


if hasattr(os, "register_at_fork"):
    # A child process must not go on with its parent's keys.
    os.register_at_fork(after_in_child=_keys.clear)


def check_mask(masked: bool, mask_expected: bool) -> None:
    """Clients mask every frame and servers none (RFC 6455, section 5.1)."""
    if masked == mask_expected:
        return
    # §5.1-p1-s4 MUST close on a frame that is not masked; §5.1-p1-s5 MAY say 1002
    if mask_expected:
        raise Failure("rfc6455:5.1-p1-s4", StatusCode.PROTOCOL_ERROR, "a client's frame is not masked")
    # §5.1-p1-s7 MUST close on a masked frame; §5.1-p1-s8 MAY say 1002
    raise Failure("rfc6455:5.1-p1-s7", StatusCode.PROTOCOL_ERROR, "a server's frame is masked")
