"""Sections 5.5.1 and 7.4: what stands in a Close frame."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.referee.book import Check
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.reading import ReadFrame

__all__ = ["CLAUSES", "check_close"]

TWO_OCTETS = "rfc6455:5.5.1-p2-s2"
REASON = "rfc6455:5.5.1-p2-s3"
RESERVED: Final = 1004
NEVER_SENT: Final = {
    RESERVED: "rfc6455:7.4.1-p11-s1",
    1005: "rfc6455:7.4.1-p13-s1",
    1006: "rfc6455:7.4.1-p15-s1",
    1015: "rfc6455:7.4.1-p27-s1",
}
NOT_A_SERVERS = "rfc6455:7.4.1-p23-s3"
NAMES_EXTENSIONS = "rfc6455:7.4.1-p23-s2"
UNUSED = "rfc6455:7.4.2-p2-s1"
OF_THE_PROTOCOL = "rfc6455:7.4.2-p4-s1"
PRIVATE = "rfc6455:7.4.2-p8-s1"
CLAUSES: Final = frozenset(
    (TWO_OCTETS, REASON, *NEVER_SENT.values(), NOT_A_SERVERS, NAMES_EXTENSIONS, UNUSED, OF_THE_PROTOCOL, PRIVATE)
)

_LAST_REGISTERED: Final = 1015


def check_close(role: Role, frame: ReadFrame, received: ReadFrame | None) -> Iterator[Check]:
    """A side's Close frame; `received` is the other's, where that came first."""
    at = frame.payload_offset
    why = "the body of the Close is one octet, and a status code takes two"
    yield Check(TWO_OCTETS, why if frame.length == 1 else "", at)
    code = frame.close_code
    if code is None:
        return
    echo = received is not None and received.close_code == code
    yield from _code(role, code, at, echo=echo)
    if not frame.close_reason:
        why = "a Close with 1010 names no extension that is missing"
        lacks = code == 1010 and role is Role.CLIENT and not echo
        yield Check(NAMES_EXTENSIONS, why if lacks else "", at)
        return
    try:
        frame.close_reason.decode()
        yield Check(REASON)
    except UnicodeDecodeError as error:
        yield Check(REASON, f"the reason of the Close is no UTF-8 at its octet {error.start}", at + 2 + error.start)


def _code(role: Role, code: int, at: int, *, echo: bool) -> Iterator[Check]:
    for never, clause in NEVER_SENT.items():
        # 1004 is reserved, and no word says that it must not be sent, as of the others
        verdict = Verdict.NON_STRICT if never == RESERVED else None
        yield Check(clause, f"the Close has {code}, which is never sent" if code == never else "", at, verdict)
    # Sending back what the other side should not have sent is bad, and no rule of section 7.4 is about that.
    lenient = Verdict.NON_STRICT if echo else None
    yield Check(UNUSED, f"the Close has {code}; 0 to 999 are not used" if code < 1000 else "", at, lenient)
    unregistered = _LAST_REGISTERED < code < 3000
    why = f"the Close has {code}, which is neither registered nor free for applications"
    yield Check(OF_THE_PROTOCOL, why if unregistered else "", at, Verdict.NON_STRICT)
    why = f"the Close has {code}, which is beyond all ranges; applications have 3000 to 4999"
    yield Check(PRIVATE, why if code > 4999 else "", at, Verdict.NON_STRICT)
    if role is Role.SERVER and not echo:
        why = "a server's Close has 1010, which is a client's to send: a server can refuse the handshake"
        yield Check(NOT_A_SERVERS, why if code == 1010 else "", at)
