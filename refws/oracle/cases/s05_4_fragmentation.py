"""Section 5.4: messages in fragments that are right, however they are cut."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case
from refws.oracle.cases.answers import answered_early
from refws.oracle.cases.writing import WAYS, numbered, written
from refws.oracle.expect import goes_on
from refws.oracle.peer import Peer
from refws.oracle.wire.frame import Frame, binary, continuation, ping, pong, text

__all__ = ["CASES", "NOT_SHOWN"]

_PROXY: Final = "binds who passes messages on between two peers; a testee that sends back what it receives is none"
NOT_SHOWN: Final[dict[str, str]] = {
    "rfc6455:5.4-p3-s2": _PROXY,
    "rfc6455:5.4-p14-s1": _PROXY,
    "rfc6455:5.4-p15-s1": _PROXY,
    "rfc6455:5.4-p16-s1": _PROXY,
    "rfc6455:5.4-p16-s2": _PROXY,
}

SEQUENCE: Final = "rfc6455:5.4-p6-s1"
JOINED: Final = (
    "rfc6455:5.4-p6-s2",
    "rfc6455:5.4-p13-s1",
    "rfc6455:5.4-p3-s1",
    "rfc6455:5.4-p3-s3",
    "rfc6455:5.4-p9-s1",
    "rfc6455:5.4-p12-s1",
    "rfc6455:5.4-p17-s1",
    "rfc6455:5.2-p4-s1",
    "rfc6455:5.2-p9-s1",
    "rfc6455:5.2-p31-s1",
    "rfc6455:5.2-p36-s1",
    "rfc6455:6.2-p1-s7",
    "rfc6455:6.2-p1-s8",
)
BETWEEN: Final = ("rfc6455:5.4-p11-s1", "rfc6455:5.4-p8-s1", "rfc6455:5.5-p2-s2")


def _text(*parts: str) -> tuple[Frame, ...]:
    """A text message in these fragments."""
    return _fragments(text(parts[0], fin=False), *map(str.encode, parts[1:]))


def _binary(*parts: bytes) -> tuple[Frame, ...]:
    """A binary message in these fragments."""
    return _fragments(binary(parts[0], fin=False), *parts[1:])


def _fragments(first: Frame, *rest: bytes) -> tuple[Frame, ...]:
    return (first, *(continuation(part, fin=number == len(rest)) for number, part in enumerate(rest, 1)))


_TWO: Final = _text("fragment1", "fragment2")
_JOINED: Final = text("fragment1fragment2")

_SIZES: Final = tuple(map(numbered, (125, 126, 65535, 65536)))

_RIGHT: Final[dict[str, tuple[str, tuple[Frame, ...], Frame]]] = {
    "three-binary-fragments": (
        "a binary message in three fragments",
        _binary(b"\xff", b"\xfe\x00", b"\x80"),
        binary(b"\xff\xfe\x00\x80"),
    ),
    "empty-first-fragment": ("a message whose first fragment is empty", _text("", "fragment2"), text("fragment2")),
    "empty-middle-fragments": ("a message with two empty fragments within", _text("a", "", "", "b"), text("ab")),
    "empty-last-fragment": ("a message whose last fragment is empty", _text("fragment1", ""), text("fragment1")),
    "empty-fragments-only": ("a message of three empty fragments", _text("", "", ""), text()),
    "fragments-of-one-octet": (
        "a message of 64 octets in as many fragments",
        tuple(binary(numbered(64)).fragments(1)),
        binary(numbered(64)),
    ),
    "fragments-of-all-sizes": (
        "a message in fragments of 125, 126, 65535 and 65536 octets",
        _binary(*_SIZES),
        binary(b"".join(_SIZES)),
    ),
    "cut-within-a-character": (
        "a text cut within a character of four octets",
        _fragments(text(b"\xf0\x9f", fin=False), b"\x98\x80!"),
        text("\U0001f600!"),
    ),
}


def _right() -> Iterator[Case]:
    for number, way in enumerate(WAYS):
        how = f"-{way}" if way else ""
        said = f", {way.replace('-', ' ')}" if way else ""
        yield Case(
            f"5.4/two-fragments{how}",
            f"a text message in two fragments{said}",
            (*JOINED, SEQUENCE),
            written(way, *_TWO),
            goes_on(_JOINED),
            alias=f"5.{3 + number}",
        )
        yield Case(
            f"5.4/ping-between-fragments{how}",
            f"a text message in two fragments, and a Ping between them{said}",
            (*BETWEEN, *JOINED),
            written(way, _TWO[0], ping(b"ping payload"), _TWO[1]),
            answered_early(_JOINED, b"ping payload"),
            alias=f"5.{6 + number}",
        )
        yield Case(
            f"5.4/pong-between-fragments{how}",
            f"a text message in two fragments, and a Pong between them{said}",
            (*BETWEEN, *JOINED),
            written(way, _TWO[0], pong(b"pong payload"), _TWO[1]),
            goes_on(_JOINED),
        )
    for name, (what, frames, message) in _RIGHT.items():
        yield Case(f"5.4/{name}", what, (*JOINED, SEQUENCE), frames, goes_on(message))
    long = text("*" * 65536)
    yield Case(
        "5.4/fragments-of-1300-octets",
        "a text message of 65536 octets in fragments of 1300 octets",
        (*JOINED, SEQUENCE),
        tuple(long.fragments(1300)),
        goes_on(long),
        alias="10.1.1",
    )
    for name, first in (("one-frame", text("in one frame")), ("fragments", text("in fragments"))):
        frames = (first,) if name == "one-frame" else tuple(first.fragments(5))
        yield Case(
            f"5.4/a-message-in-{name}-and-one-in-fragments",
            "two messages, one behind the other",
            ("rfc6455:5.4-p13-s1", "rfc6455:5.4-p5-s1", SEQUENCE, "rfc6455:6.2-p1-s9"),
            (*frames, *_TWO),
            goes_on(first, _JOINED),
        )


def _waiting(way: str) -> Case:
    """Five fragments and two Pings: the first Ping is to be answered before the message goes on."""
    parts = _text("fragment1", "fragment2", "fragment3", "fragment4", "fragment5")
    pings = (b"pongme 1!", b"pongme 2!")

    async def play(peer: Peer) -> None:
        halves = ((*parts[:2], ping(pings[0])), (*parts[2:4], ping(pings[1]), parts[4]))
        for half, payload in zip(halves, pings, strict=True):
            if way:
                for frame in half:
                    peer.send(frame)
            else:
                peer.send(*half)
            await peer.pong(payload)

    how = f"-{way}" if way else ""
    return Case(
        f"5.4/pings-between-five-fragments{how}",
        "a text message in five fragments; a Ping behind the second is waited for, another stands before the last",
        ("rfc6455:5.5.2-p3-s2", *BETWEEN, *JOINED),
        play,
        answered_early(text("fragment1fragment2fragment3fragment4fragment5"), *pings),
        alias="5.20" if way else "5.19",
    )


CASES = (*_right(), _waiting(""), _waiting("frame-by-frame"))
