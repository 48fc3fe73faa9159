"""Sections 5.1, 5.2 and 5.5, and section 6.1 of RFC 7692, as far as a frame's header alone shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from refws.oracle.referee.book import Check
from refws.oracle.verdict import Role
from refws.oracle.wire.frame import Opcode
from refws.oracle.wire.reading import ReadFrame

__all__ = ["CLAUSES", "Agreed", "check_header", "shape"]

CLIENT_MASKS = "rfc6455:5.1-p1-s2"
CLIENT_MASKS_A_CLOSE = "rfc6455:5.5.1-p3-s1"
SERVER_DOES_NOT_MASK = "rfc6455:5.1-p1-s6"
RSV_ARE_ZERO = "rfc6455:5.2-p6-s1"
RSV1_ON_FIRST_FRAME = "rfc7692:6.1-p10-s1"
RESERVED_DATA = "rfc6455:5.2-p12-s1"
RESERVED_CONTROL = "rfc6455:5.2-p16-s1"
TOP_BIT = "rfc6455:5.2-p20-s3"
MINIMAL_LENGTH = "rfc6455:5.2-p20-s5"
AT_MOST_125 = "rfc6455:5.5-p3-s1/1"
NOT_FRAGMENTED = "rfc6455:5.5-p3-s1/2"
CLAUSES: Final = frozenset(
    (
        *(CLIENT_MASKS, CLIENT_MASKS_A_CLOSE, SERVER_DOES_NOT_MASK, RSV_ARE_ZERO, RSV1_ON_FIRST_FRAME),
        *(RESERVED_DATA, RESERVED_CONTROL, TOP_BIT, MINIMAL_LENGTH, AT_MOST_125, NOT_FRAGMENTED),
    )
)

_LEAST: Final = {7: 0, 16: 126, 64: 65536}
_TOP: Final = 1 << 63
_DEFINED: Final = frozenset(Opcode)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the extensions in use leave to be judged: `foreign` where one is among them that is not known here."""

    deflate: bool = False
    foreign: bool = False


def shape(frame: ReadFrame) -> tuple[bool, int, int, int, bool, bool]:
    """All of a frame's header that the rules here look at: frames of one shape keep and break the same ones."""
    form = frame.length_form
    fits = _LEAST[form] <= frame.length < _TOP
    return frame.fin, frame.rsv, frame.opcode, form, frame.masking_key is None, fits


def check_header(role: Role, frame: ReadFrame, agreed: Agreed) -> Iterator[Check]:
    """All that the header of a frame owes."""
    at = frame.offset
    masked = frame.masking_key is not None
    if role is Role.SERVER:
        yield Check(SERVER_DOES_NOT_MASK, f"a server's {frame} is masked" if masked else "", at)
    else:
        clause = CLIENT_MASKS_A_CLOSE if frame.opcode == Opcode.CLOSE else CLIENT_MASKS
        yield Check(clause, "" if masked else f"a client's {frame} is not masked", at)
    yield from _length(frame)
    if frame.is_control:
        long = frame.length > 125
        yield Check(AT_MOST_125, f"{frame} has more than a control frame's 125 octets" if long else "", at)
        yield Check(NOT_FRAGMENTED, "" if frame.fin else f"{frame} is a control frame in fragments", at)
    if not agreed.foreign:
        yield from _opcode_and_rsv(frame, agreed)


def _length(frame: ReadFrame) -> Iterator[Check]:
    if frame.length_form == 64:
        why = f"the top bit of the 64-bit length {frame.length:#x} is set"
        yield Check(TOP_BIT, why if frame.length >= _TOP else "", frame.offset)
    minimal = frame.length >= _LEAST[frame.length_form]
    why = f"the length {frame.length} is written in {frame.length_form} bits, where fewer hold it"
    yield Check(MINIMAL_LENGTH, "" if minimal else why, frame.offset)


def _opcode_and_rsv(frame: ReadFrame, agreed: Agreed) -> Iterator[Check]:
    reserved = frame.opcode not in _DEFINED
    clause = RESERVED_CONTROL if frame.is_control else RESERVED_DATA
    yield Check(clause, f"{frame.name} is reserved" if reserved else "", frame.offset)
    others = frame.rsv
    if agreed.deflate:
        others &= 3
        first = not frame.is_control and frame.opcode != Opcode.CONTINUATION
        why = f"RSV1 is set on a {frame.name}; only a message's first frame says whether it is compressed"
        yield Check(RSV1_ON_FIRST_FRAME, why if frame.rsv & 4 and not first else "", frame.offset)
    why = f"{frame}: no extension that was agreed on gives the bit a meaning"
    yield Check(RSV_ARE_ZERO, why if others else "", frame.offset)
