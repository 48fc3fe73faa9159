"""RFC 7692, section 6: framing. RSV1 says of each message whether it is compressed."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Final

from refws.oracle.case import Case
from refws.oracle.cases.s05_2_rsv import CLOSE_TAKEN, CODE
from refws.oracle.cases.s08_1_utf8 import send_wrong
from refws.oracle.deflating import HELLO, deflated, packed
from refws.oracle.expect import goes_on, refuses
from refws.oracle.peer import Peer
from refws.oracle.wire.deflate import Deflater
from refws.oracle.wire.frame import Frame, binary, close, continuation, ping, pong, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

RECEIVES: Final = "6.2-p1-s1 6.2-p2-s1 6.2-p3-s1 6.2-p5-s1"
RECEIVES_PLAIN: Final = "6.2-p7-s1 6.2-p9-s1 6-p4-s1 6-p4-s2 6-p4-s3"
WRONG_RSV1: Final = "6.1-p10-s2"
STORY: Final = "The same story, told twice: the same story, told twice. " * 8
COMPRESSED: Final = packed(STORY)


def fragments(message: Frame, *at: int) -> tuple[Frame, ...]:
    """A message cut at these octets."""
    borders = [0, *at, len(message.payload)]
    parts = [message.payload[one:another] for one, another in pairwise(borders)]
    first = replace(message, payload=parts[0], fin=False)
    rest = [continuation(part, fin=number == len(parts) - 2) for number, part in enumerate(parts[1:])]
    return (first, *rest)


def everywhere(message: Frame) -> tuple[Frame, ...]:
    """The message again and again, cut in two at another octet each time, the ends included."""
    return tuple(frame for at in range(len(message.payload) + 1) for frame in fragments(message, at))


def _messages() -> Iterator[Case]:
    plain = "not compressed"
    yield deflated(
        "6/compressed-text",
        "a compressed text",
        f"6-p3-s4 6-p2-s1 6-p2-s2 6-p3-s1 6-p3-s2 6.1-p11-s1 6.1-p11-s2 7-p1-s2 5-p16-s1 7-p3-s1 {RECEIVES}",
        (COMPRESSED,),
        goes_on(STORY),
    )
    yield deflated(
        "6/compressed-octets",
        "a compressed binary message",
        f"6.1-p11-s2 6.1-p11-s1 6-p3-s4 {RECEIVES}",
        (packed(bytes(range(256)) * 4),),
        goes_on(binary(bytes(range(256)) * 4)),
    )
    yield deflated("6/plain-text", "a text without RSV1", f"6-p4-s3 {RECEIVES_PLAIN}", (text(plain),), goes_on(plain))
    yield deflated(
        "6/plain-octets-that-look-compressed",
        "a binary message without RSV1, whose octets happen to be DEFLATE",
        f"6-p2-s2 9.2-p3-s2 9.2-p5-s1 {RECEIVES_PLAIN}",
        (binary(HELLO), binary(HELLO + b"\x00\x00\xff\xff")),
        goes_on(binary(HELLO), binary(HELLO + b"\x00\x00\xff\xff")),
    )
    yield deflated(
        "6/plain-text-in-fragments",
        "a text without RSV1 in three fragments",
        f"6-p4-s3 {RECEIVES_PLAIN}",
        fragments(text(plain), 3, 8),
        goes_on(plain),
    )
    yield deflated(
        "6/compressed-and-plain",
        "compressed messages and plain ones in turn, some in fragments",
        f"6-p2-s2 6.1-p6-s1 6.1-p8-s1 9.2-p3-s2 {RECEIVES} {RECEIVES_PLAIN}",
        (COMPRESSED, text(plain), COMPRESSED, *fragments(binary(HELLO), 2), *fragments(COMPRESSED, 5), text(plain)),
        goes_on(STORY, plain, STORY, binary(HELLO), STORY, plain),
    )
    empty = packed("")
    yield deflated(
        "6/empty",
        "empty messages, compressed and not",
        "6-p3-s4 7.2.1-p4-s2 6.2-p3-s1",
        (empty, packed(b""), text(), binary(), empty),
        goes_on("", binary(), "", binary(), ""),
    )


def _fragments() -> Iterator[Case]:
    short = packed("Hello, hello, hello: é")
    times = len(short.payload) + 1
    yield deflated(
        "6.2/cut-at-every-octet",
        "a compressed text in two fragments, cut at each octet in turn",
        f"6-p3-s3 7.2.1-p10-s1 6.1-p4-s1 {RECEIVES}",
        everywhere(short),
        goes_on(*["Hello, hello, hello: é"] * times),
    )
    yield deflated(
        "6.2/fragments-of-one-octet",
        "a compressed text in fragments of one octet",
        f"6-p3-s3 7.2.1-p10-s1 {RECEIVES}",
        tuple(COMPRESSED.fragments(1)),
        goes_on(STORY),
    )
    size = len(COMPRESSED.payload)
    yield deflated(
        "6.2/empty-fragments",
        "a compressed text with empty fragments at its beginning, within it and at its end",
        f"6-p3-s3 {RECEIVES}",
        fragments(COMPRESSED, 0, 0, 7, 7, size, size),
        goes_on(STORY),
    )
    first, second, last = fragments(COMPRESSED, 4, 20)
    yield deflated(
        "6.2/control-frames-between-fragments",
        "a Ping and a Pong between the fragments of a compressed text",
        f"6-p1-s1 6-p3-s3 {RECEIVES}",
        (first, ping(b"between"), second, pong(b"nobody asked"), last),
        goes_on(STORY, pongs=(b"between",)),
    )
    for name, what, octets in (
        ("ping-is-not-compressed", "a Ping with octets that would compress well", b"a" * 125),
        ("ping-is-not-inflated", "a Ping whose octets happen to be DEFLATE", HELLO),
    ):
        yield deflated(f"6/{name}", what, "6-p1-s1", (ping(octets),), goes_on(pongs=(octets,)))


def _rsv1() -> Iterator[Case]:
    first, last = fragments(COMPRESSED, 10)
    story = (STORY.encode(),)
    control = {
        "ping": ("a Ping", ping(b"x")),
        "empty-ping": ("an empty Ping", ping()),
        "pong": ("a Pong", pong(b"x")),
        "close": ("a Close", close(CODE)),
    }
    for name, (what, frame) in control.items():
        yield deflated(
            f"6.1/rsv1-on-{name}",
            f"{what} with RSV1",
            WRONG_RSV1,
            (COMPRESSED, replace(frame, rsv=4)),
            ((CLOSE_TAKEN,) if name == "close" else ()) + refuses(1002, messages=story),
        )
    yield deflated(
        "6.1/rsv1-on-ping-within-a-message",
        "a Ping with RSV1 between the fragments of a compressed text",
        WRONG_RSV1,
        (first, ping(b"x", rsv=4), last),
        refuses(1002),
    )
    for what, (one, another) in (("compressed", (first, last)), ("plain", fragments(text(STORY), 10))):
        yield deflated(
            f"6.1/rsv1-on-continuation-of-{what}-text",
            f"a {what} text whose second fragment has RSV1",
            f"{WRONG_RSV1} 9.2-p5-s1",
            (COMPRESSED, one, replace(another, rsv=4)),
            refuses(1002, messages=story),
        )
    yield deflated(
        "6.1/rsv1-on-the-continuation-only",
        "a binary message in two fragments, compressed as one, with RSV1 on the second only",
        WRONG_RSV1,
        (binary(first.payload, fin=False), replace(last, rsv=4)),
        refuses(1002),
    )


def _text_is_utf8() -> Iterator[Case]:
    clauses = "6.1-p12-s3"
    euro = "€".encode()
    cut = Deflater().parts(b"costs " + euro[:1], euro[1:] + b" 5")
    yield deflated(
        "6.1/compressed-octets-are-no-utf-8",
        "a text whose compressed octets are no UTF-8, and whose characters are cut between its blocks",
        "6.1-p12-s1 6.1-p12-s3",
        (text(cut[0], fin=False, rsv=4), continuation(cut[1])),
        goes_on("costs € 5"),
    )
    wrong = {
        "not-utf-8": ("octets that are no UTF-8", b"Hello \xff\xfe"),
        "cut-short": ("a character that is cut short", b"Hello " + euro[:2]),
        "surrogate": ("a surrogate", b"Hello \xed\xa0\x80"),
        "overlong": ("a slash in two octets", b"Hello \xc0\xaf"),
        "far-behind": ("a wrong octet behind 40000 right ones", b"a" * 40000 + b"\x80"),
    }
    for name, (what, octets) in wrong.items():
        message = replace(text(), payload=Deflater().message(octets), rsv=4)
        yield deflated(
            f"6.1/text-with-{name}",
            f"a compressed text that holds {what}",
            clauses,
            partial(send_wrong, (message,)),
            refuses(1007),
        )
        yield deflated(
            f"6.1/text-with-{name}-in-fragments",
            f"a compressed text in fragments that holds {what}",
            clauses,
            partial(send_wrong, tuple(message.fragments(5))),
            refuses(1007),
        )


async def _one_fragment_a_turn(peer: Peer) -> None:
    await peer.send_chopped(peer.octets(*COMPRESSED.fragments(9)), 1)


CASES: tuple[Case, ...] = (
    *_messages(),
    *_fragments(),
    deflated(
        "6.2/octet-by-octet",
        "a compressed text in fragments, each of their octets in a write of its own",
        f"6-p3-s3 {RECEIVES}",
        _one_fragment_a_turn,
        goes_on(STORY),
    ),
    *_rsv1(),
    *_text_is_utf8(),
)
