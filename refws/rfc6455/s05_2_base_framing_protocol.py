"""Section 5.2, Base Framing Protocol.

Every check is made at the first octet that can fail it. The order of the checks is the order of the octets, so that
the outcome does not depend on how they were split on their way.
"""

from collections.abc import Sequence
from enum import IntEnum

from refws.failure import Failure
from refws.rfc6455.s05_3_client_to_server_masking import mask as apply_mask
from refws.rfc6455.s05_3_client_to_server_masking import new_masking_key
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s10_security_considerations import size_exceeded

__all__ = ["FIN", "RSV", "Opcode", "build_frame", "check_first_octet", "count_frames", "read_payload_length"]


# §11.8-p8-s1 MUST be what the registry began with
class Opcode(IntEnum):
    """How to read a frame's payload."""

    # §5.2-p9-s1 MUST be 0; §5.2-p36-s1 MUST be 0 in the grammar
    CONTINUATION = 0
    # §5.2-p10-s1 MUST be 1; §5.6-p1-s2 MUST be the first of two data frames
    TEXT = 1
    # §5.2-p11-s1 MUST be 2; §5.6-p1-s2 MUST be the second
    BINARY = 2
    # §5.2-p13-s1 MUST be 8; §5.5-p1-s2 MUST be the first of three control frames
    CLOSE = 8
    # §5.2-p14-s1 MUST be 9; §5.5-p1-s2 MUST be the second
    PING = 9
    # §5.2-p15-s1 MUST be 10; §5.5-p1-s2 MUST be the third
    PONG = 10


# The first octet: FIN, RSV1, RSV2, RSV3, opcode. The second: MASK, payload length.
# §5.2-p1-s1 MUST be as the ABNF has it; §5.2-p1-s4 MUST take the leftmost bit for the most significant
# §5.2-p4-s1 MUST mark the last fragment; §5.2-p31-s1 MUST be 0 or 1; §5.2-p29-s3 MUST be a single bit
FIN = 0x80
# §5.1-p2-s2 MUST be kept for extensions
RSV = 0x70
# §5.2-p8-s1 MUST say how to read the payload; §5.2-p29-s4 MUST be four bits
# §11.8-p3-s2 MUST be 0 to 15
OPCODE = 0x0F
# §5.2-p35-s1 MUST tell control frames from others
CONTROL = 0x08
# §5.2-p18-s1 MUST tell whether the payload is masked
MASK = 0x80
# §5.2-p29-s8 MUST have the bits that the ABNF states: seven
LENGTH = 0x7F

# Octets of a payload that is no longer joined to its header.
LONG = 4096
LONGEST_HEADER = 14

# As plain integers for those who are asked once a frame: the members of an enumeration take their time.
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = map(int, Opcode)
# §5.1-p2-s2 MUST keep all other opcodes for later
_DEFINED = frozenset((CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG))


def check_first_octet(octet: int, rsv_claimed: int = 0) -> None:
    """RSV bits that mean nothing here, and opcodes that nobody has defined.

    `rsv_claimed` holds the RSV bits, in their places in the octet, that a negotiated extension gives a meaning to in
    a frame of this opcode (section 9).
    """
    # §5.2-p6-s2 MUST fail on an RSV bit that is set and that no extension defines
    # §5.2-p32-s1 MUST be zero in RSV1 unless negotiated; §5.2-p33-s1 MUST be so in RSV2; §5.2-p34-s1 MUST be so in RSV3
    if (meaningless := octet & RSV & ~rsv_claimed) != 0:
        names = ", ".join(f"RSV{n}" for n in (1, 2, 3) if meaningless & (0x80 >> n))
        raise Failure("rfc6455:5.2-p6-s2", StatusCode.PROTOCOL_ERROR, f"{names} set, and no extension defines it")
    # §5.2-p8-s2 MUST fail on an unknown opcode
    # §5.2-p12-s1 MUST keep 3 to 7 for data frames; §5.2-p16-s1 MUST keep 11 to 15 for control frames
    # §5.2-p37-s1 MUST be 1, 2, or 3 to 7 kept back; §5.2-p38-s1 MUST be 8, 9, 10, or 11 to 15 kept back
    # §5.6-p1-s3 MUST be left to later data frames, 3 to 7; §5.5-p1-s3 MUST be left to later control frames, 11 to 15
    if octet & OPCODE not in _DEFINED:
        raise Failure("rfc6455:5.2-p8-s2", StatusCode.PROTOCOL_ERROR, f"unknown opcode {octet & OPCODE}")


def read_payload_length(octets: bytes, at: int, limit: int | None, limited: str) -> tuple[int, int]:
    """Read the payload length whose first seven bits are in `octets[at]`.

    Returns the length and the index behind the field, or (-1, at) while octets of it are missing: what has come of
    it is checked all the same. `limited` says, in a failure, what the `limit` (in octets) is one of.
    """
    length = octets[at] & LENGTH
    # §5.2-p20-s1 MUST be the length itself from 0 to 125
    if length <= 125:
        # §10.4-p1-s3 SHOULD limit the size of a frame
        if limit is not None and length > limit:
            raise size_exceeded(limit, limited)
        return length, at + 1
    # §5.2-p20-s2 MUST be followed by 16 bits where it is 126
    # §5.2-p20-s3 MUST be followed by 64 bits where it is 127
    # §5.2-p40-s1 MUST have one of three forms; §5.2-p41-s1 MUST be any number of 16 bits, as far as its grammar goes
    size = 2 if length == 126 else 8
    # §5.2-p20-s4 MUST be in network byte order
    field = octets[at + 1 : at + 1 + size]
    missing = 8 * (size - len(field))
    least = int.from_bytes(field, "big") << missing
    check_extended_length(least, least | ((1 << missing) - 1), size)
    # §10.4-p1-s1 MUST protect what has limits from being pushed past them
    if limit is not None and least > limit:
        raise size_exceeded(limit, limited)
    return (-1, at) if missing else (least, at + 1 + size)


def check_extended_length(least: int, most: int, size: int) -> None:
    """Check a length field of `size` octets that, as far as it has come, is a number from `least` to `most`."""
    # §5.2-p20-s3 MUST have zero as the top bit of 64; §5.2-p42-s1 MUST be at most 2^63-1
    if least >> 63:
        raise Failure("rfc6455:5.2-p20-s3", StatusCode.PROTOCOL_ERROR, "a 64-bit payload length with its top bit set")
    # §5.2-p20-s5 MUST be the shortest form that holds the length (ruling 7)
    if most < (floor := 126 if size == 2 else 65536):
        why = f"a payload length below {floor} in {8 * size} bits"
        raise Failure("rfc6455:5.2-p20-s5", StatusCode.PROTOCOL_ERROR, why)


_SHORT_HEADERS = [[bytes((first, length)) for length in range(126)] for first in range(256)]
"""The two octets of an unmasked frame with a payload below 126 octets."""


def build_header(first: int, length: int, mask_bit: int) -> bytes:
    """The header of a frame up to its masking key; `first` holds FIN, RSV bits and opcode."""
    # §5.2-p20-s5 MUST be the shortest form that holds the length
    if length < 126:
        return _SHORT_HEADERS[first][length] if mask_bit == 0 else bytes((first, MASK | length))
    if length < 65536:
        # §5.2-p29-s2 MUST be binary, not characters; §5.2-p20-s4 MUST be in network byte order
        return bytes((first, mask_bit | 126)) + length.to_bytes(2, "big")
    return bytes((first, mask_bit | 127)) + length.to_bytes(8, "big")


def build_frame(first: int, payload: bytes, masked: bool) -> list[bytes]:
    """One frame as pieces to be sent in their order: joined already where the payload is short.

    `first` holds FIN, RSV bits and opcode, such as ``FIN | Opcode.TEXT``. With `masked` a fresh key is taken.
    """
    # §5.2-p20-s6 MUST count extension data and application data; §5.2-p26-s3 MUST count the former, too
    # §5.3-p7-s1 MUST not count the key; §5.3-p7-s2 MUST count what is behind it
    length = len(payload)
    if masked:
        # §5.3-p3-s2 MUST take a fresh key for every frame
        # §10.3-p5-s4 MUST take a new key for data that was changed
        key = new_masking_key()
        # §5.3-p1-s1 MUST set the mask flag; §5.2-p18-s3 MUST set it in every frame of a client
        # §5.3-p2-s1 MUST put the key into the frame; §5.2-p22-s1 MUST put the 32 bits there that mask the frame
        header = build_header(first, length, MASK) + key
        # §5.3-p2-s2 MUST mask the whole payload; §5.2-p44-s1 MUST mask both of its parts where MASK is set
        # §5.2-p45-s1 MUST be any octets as extension data; §5.2-p46-s1 MUST be any octets as application data
        # §10.3-p5-s1 MUST NOT change from here on: this is a copy; §10.3-p5-s5 MUST NOT be the application's to touch
        payload = apply_mask(payload, key)
    else:
        # §5.1-p1-s6 MUST NOT mask a server's frame; §5.2-p22-s2 MUST have a key only where MASK is set
        # §5.2-p47-s1 MUST be any octets as extension data; §5.2-p48-s1 MUST be any octets as application data
        header = build_header(first, length, 0)
    # §5.2-p30-s1 MUST keep the order of the fields; §5.1-p2-s1 MUST be opcode, length, and both parts of the payload
    # A long payload is not copied once more just to stand behind its header.
    return [header + payload] if length < LONG else [header, payload]


def count_frames(pieces: Sequence[bytes]) -> int:
    """How many frames these pieces of `build_frame` are; any other piece counts for one, too."""
    if not pieces or max(map(len, pieces)) < LONG:
        return len(pieces)
    count, at = 0, 0
    while at < len(pieces):
        at += 2 if _stands_before_its_payload(pieces[at]) else 1
        count += 1
    return count


def _stands_before_its_payload(piece: bytes) -> bool:
    if not 4 <= len(piece) <= LONGEST_HEADER or piece[1] & LENGTH < 126:
        return False
    return piece[1] & LENGTH == 127 or int.from_bytes(piece[2:4], "big") >= LONG
