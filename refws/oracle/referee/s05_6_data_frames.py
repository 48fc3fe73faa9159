"""Sections 5.6 and 8.1: text is UTF-8; section 7.2.1 of RFC 7692: what a compressed message is."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.conversation import Message
from refws.oracle.referee.book import Check
from refws.oracle.referee_deflate import judge_message
from refws.oracle.verdict import Role
from refws.oracle.wire.extensions import Extension

__all__ = ["CLAUSES", "check_message"]

TEXT_IS_UTF8 = "rfc6455:5.6-p4-s2"
COMPRESSED: Final = "rfc7692:7.2.1-p2-s1"
CLAUSES: Final = frozenset({TEXT_IS_UTF8})


def check_message(role: Role, message: Message, deflate: Extension | None) -> Iterator[Check]:
    """A message that is whole; what is wrong in a compressed one has no octet of its own: its first frame's counts."""
    if deflate is not None and message.frames[0].rsv & 4:
        yield Check(COMPRESSED)
        for verdict, clause, why in judge_message(role, message.fault, deflate):
            yield Check(clause, why, message.offset, verdict)
    if not message.is_text or message.broken:
        return
    try:
        message.payload.decode()
        yield Check(TEXT_IS_UTF8)
    except UnicodeDecodeError as error:
        why = f"a text message of {len(message.payload)} octets is no UTF-8 at its octet {error.start}: {error.reason}"
        yield Check(TEXT_IS_UTF8, why, _offset(message, error.start))


def _offset(message: Message, octet: int) -> int:
    """Where an octet of the message stands in the stream; of a compressed one, where its first frame begins."""
    if message.frames[0].rsv & 4:
        return message.offset
    for frame in message.frames:
        if octet < frame.length:
            return frame.payload_offset + octet
        octet -= frame.length
    return message.offset
