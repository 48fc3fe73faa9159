"""Section 8.1: octets that are to be UTF-8 and are not; in messages, fragments, pieces of a frame, and handshakes.

What is UTF-8 is decided by one decoder, Python's own. The families of sequences are a table: the first nineteen are
what Autobahn tries as well, by the same numbers.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from refws.oracle.case import Case
from refws.oracle.expect import goes_on, refuses
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.wire.frame import Frame, binary, continuation, ping, text

__all__ = ["CASES", "FAMILIES", "NOT_SHOWN", "Family", "encoded", "failure", "is_utf8", "send_wrong"]

NOT_UTF8: Final = "rfc6455:8.1-p1-s1"
SAYS_SO: Final = "rfc6455:7.4.1-p17-s1"
WHAT_IT_IS: Final = "rfc6455:2.1-p2-s1"

NOT_SHOWN: Final[dict[str, str]] = {}

GREEK: Final = "\u03ba\u1f79\u03c3\u03bc\u03b5".encode()
LATIN: Final = "Hello-µ@ßöäüàá-UTF-8!!".encode()


class Family(NamedTuple):
    """Sequences of one kind: as payloads of text messages, each in one frame."""

    alias: str
    name: str
    title: str
    sequences: tuple[bytes, ...]


def encoded(point: int, size: int) -> bytes:
    """A number in the pattern of UTF-8, in so many octets (2 to 6), whether that is UTF-8 or not."""
    lead = (0xFF00 >> size & 0xFF) | point >> 6 * (size - 1)
    return bytes((lead, *(0x80 | point >> 6 * at & 0x3F for at in range(size - 2, -1, -1))))


def is_utf8(octets: bytes) -> bool:
    """Whether octets are UTF-8."""
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


async def failure(peer: Peer) -> Observed:
    """What comes of a text that is no UTF-8, once it is whole.

    A testee may answer Pings where it reads frames, and decode texts where its application asks for them: its failure
    may come behind the Pong for a Ping that stood behind the text.
    """
    before = len(peer.theirs.messages)
    went_on = await peer.goes_on()

    def reacted() -> bool:
        return peer.theirs.close is not None or peer.link.is_over or len(peer.theirs.messages) > before

    if went_on:
        await peer.link.until(reacted, peer.patience)
    return await peer.settled(went_on=went_on and peer.theirs.close is None and not peer.link.is_over)


async def send_wrong(frames: tuple[Frame, ...], peer: Peer) -> Observed:
    """Send frames, the last of which makes a text whole that is no UTF-8."""
    peer.send(*frames)
    return await failure(peer)


_LARGEST: Final = {1: 0x7F, 2: 0x7FF, 3: 0xFFFF, 4: 0x1F_FFFF, 5: 0x3FF_FFFF, 6: 0x7FFF_FFFF}
"""The largest number that so many octets of the pattern hold."""
_CUT: Final = tuple(encoded(0, n)[:-1] for n in range(2, 7)) + tuple(encoded(_LARGEST[n], n)[:-1] for n in range(2, 7))
_STARTS: Final = ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))
_HIGH, _LOW = (0xD800, 0xDB7F, 0xDB80, 0xDBFF), (0xDC00, 0xDFFF)


def _utf8(*points: int) -> tuple[bytes, ...]:
    return tuple(chr(point).encode() for point in points)


def _beyond() -> Iterator[Family]:
    """What Autobahn leaves out."""
    yield Family("", "character", "the first characters behind ASCII, the byte order mark", _utf8(0x85, 0x2028, 0xFEFF))
    yield Family(
        "",
        "impossible-start",
        "an octet that never starts",
        tuple(bytes((o,)) for o in (0xC0, 0xC1, *range(0xF5, 0xFE))),
    )
    yield Family(
        "",
        "beyond-unicode",
        "a number beyond U+10FFFF in four octets",
        (encoded(0x11_0000, 4), encoded(0x13_FFFF, 4), encoded(0x14_0000, 4), encoded(0x10_FFFF + 0x1000, 4)),
    )
    yield Family(
        "",
        "overlong-edge",
        "the first and the last number that is too short for its length",
        (encoded(0x40, 2), encoded(0x80, 3), encoded(0x7FF, 3), encoded(0x800, 4), encoded(0xFFFF, 4)),
    )
    for size, whole in zip((2, 3, 4), _utf8(0xE9, 0x20AC, 0x1_F600), strict=True):
        for at in range(1, size):
            outside = tuple(whole[:at] + bytes((octet,)) + whole[at + 1 :] for octet in (0x00, 0x7F, 0xC0, 0xFF))
            name = f"octet-{at + 1}-of-{size}"
            yield Family("", name, "an octet just outside 80 to BF in a character's place", outside)
        cuts = tuple(b"whole " + whole[:at] for at in range(1, size))
        yield Family("", f"ends-within-{size}", "a text that ends within a character", cuts)
    yield Family("", "cut-by-another", "a character that another cuts short", (b"\xe2\x82A", b"\xf0\x9f\xc3\xa9"))


FAMILIES: Final = (
    Family("6.5", "some-text", "text", (*(f"hello{c}world".encode() for c in "$¢€\U00024b62"), GREEK)),
    Family("6.6", "prefix", "the first octets of a text", tuple(GREEK[:n] for n in range(1, len(GREEK) + 1))),
    Family("6.7", "shortest", "the first character of its length", _utf8(0, 0x80, 0x800, 0x1_0000)),
    Family("6.8", "first-of-5-and-6", "the first number of its length", (encoded(1 << 21, 5), encoded(1 << 26, 6))),
    Family("6.9", "longest", "the last character of its length", _utf8(0x7F, 0x7FF, 0xFFFF, 0x10_FFFF)),
    Family(
        "6.10", "last-of-4-to-6", "the last number of its length", tuple(encoded(_LARGEST[n], n) for n in (4, 5, 6))
    ),
    Family(
        "6.11",
        "boundary",
        "beside the surrogates and the end of Unicode",
        (*_utf8(0xD7FF, 0xE000, 0xFFFD, 0x10_FFFF), encoded(0x11_0000, 4)),
    ),
    Family(
        "6.12",
        "lone-continuation",
        "continuation octets without a start",
        (b"\x80", b"\xbf", *((b"\x80\xbf" * 3)[:n] for n in range(2, 7)), bytes(range(0x80, 0xBF))),
    ),
    Family(
        "6.13",
        "lone-start",
        "start octets without continuation",
        tuple(b"".join(bytes((octet, 0x20)) for octet in range(*starts)) for starts in _STARTS),
    ),
    Family("6.14", "cut", "a sequence without its last octet", _CUT),
    Family("6.15", "cuts-joined", "sequences without their last octets, joined", (b"".join(_CUT),)),
    Family("6.16", "impossible", "octets that UTF-8 never has", (b"\xfe", b"\xff", b"\xfe\xfe\xff\xff")),
    Family("6.17", "overlong-slash", "a slash in too many octets", tuple(encoded(0x2F, n) for n in range(2, 7))),
    Family(
        "6.18",
        "overlong-largest",
        "the last number that is too short for its length",
        tuple(encoded(_LARGEST[n - 1], n) for n in range(2, 7)),
    ),
    Family("6.19", "overlong-nul", "NUL in too many octets", tuple(encoded(0, n) for n in range(2, 7))),
    Family(
        "6.20",
        "surrogate",
        "a surrogate",
        tuple(encoded(point, 3) for point in (*_HIGH, 0xDC00, 0xDF80, 0xDFFF)),
    ),
    Family(
        "6.21",
        "surrogates-in-a-pair",
        "a character as a pair of surrogates",
        tuple(encoded(high, 3) + encoded(low, 3) for high in _HIGH for low in _LOW),
    ),
    Family(
        "6.22",
        "noncharacter",
        "a noncharacter, which is UTF-8",
        _utf8(*(plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF))),
    ),
    Family("6.23", "special", "a special character", _utf8(*range(0xFFF9, 0x1_0000))),
    *_beyond(),
)
"""The families that Autobahn has, and those that it leaves out."""


def _sequence_cases() -> Iterator[Case]:
    for family in FAMILIES:
        for number, octets in enumerate(family.sequences, 1):
            right = is_utf8(octets)
            yield Case(
                f"8.1/{family.name}-{number}",
                f"{family.title}: {octets[:8].hex(' ')}{' ...' * (len(octets) > 8)} ({'' if right else 'not '}UTF-8)",
                (NOT_UTF8, SAYS_SO, WHAT_IT_IS),
                (text(octets),) if right else partial(send_wrong, (text(octets),)),
                goes_on(text(octets)) if right else refuses(1007),
                alias=f"{family.alias}.{number}" if family.alias else "",
            )


def _single(payload: bytes) -> tuple[Frame, ...]:
    return (*text(payload, fin=False).fragments(1), continuation())


def _right_cases() -> Iterator[Case]:
    """Texts that are UTF-8, wherever frames cut them, and octets that need not be."""
    empty = (text(fin=False), continuation(fin=False), continuation())
    middle = (text(fin=False), continuation(b"middle frame payload", fin=False), continuation())
    table: tuple[tuple[str, str, str, tuple[Frame, ...], bytes], ...] = (
        ("6.1.1", "empty", "an empty text", (text(),), b""),
        ("6.1.2", "empty-fragments", "an empty text in three fragments", empty, b""),
        ("6.1.3", "empty-around", "a text between two empty fragments", middle, b"middle frame payload"),
        ("6.2.1", "latin", "characters of two octets", (text(LATIN),), LATIN),
        (
            "6.2.2",
            "cut-between-characters",
            "two fragments, cut between two characters",
            (text(LATIN[:14], fin=False), continuation(LATIN[14:])),
            LATIN,
        ),
        ("6.2.3", "latin-octet-by-octet", "a fragment for each octet, and an empty one", _single(LATIN), LATIN),
        ("6.2.4", "greek-octet-by-octet", "a fragment for each octet, and an empty one", _single(GREEK), GREEK),
    )
    for alias, name, title, frames, payload in table:
        yield Case(f"8.1/{name}", title, (NOT_UTF8,), frames, goes_on(text(payload)), alias=alias)
    for size, whole in zip((2, 3, 4), _utf8(0xE9, 0x20AC, 0x1_F600), strict=True):
        for at in range(1, size):
            frames = (
                text(b"<" + whole[:at], fin=False),
                continuation(fin=False),
                ping(b"within"),
                continuation(whole[at:] + b">"),
            )
            yield Case(
                f"8.1/character-of-{size}-cut-behind-{at}",
                f"a character of {size} octets, cut by frames behind {at}, a Ping in between",
                (NOT_UTF8,),
                frames,
                goes_on(text(b"<" + whole + b">"), pongs=(b"within",)),
            )
    yield Case(
        "8.1/binary-need-not-be",
        "a binary message that is not UTF-8",
        (NOT_UTF8,),
        (binary(b"\xff\xfe\xed\xa0\x80"),),
        goes_on(binary(b"\xff\xfe\xed\xa0\x80")),
    )
    yield Case(
        "8.1/ping-need-not-be",
        "a Ping that is not UTF-8, within a text",
        (NOT_UTF8,),
        (text(b"\xc3", fin=False), ping(b"\xff\xc3"), continuation(b"\xa9")),
        goes_on("é", pongs=(b"\xff\xc3",)),
    )


CASES = (*_sequence_cases(), *_right_cases())
