"""Section 4.1: how a client reads the server's answer: late, in pieces, with frames behind, not quite by the book."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from refws.oracle.case import Case, Play
from refws.oracle.expect import Allowed, GoesOn, Where
from refws.oracle.handshake_answers import (
    SWITCHING,
    answer_case,
    client_case,
    may_open,
    must_open,
    must_refuse,
    plus,
    reaction,
)
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import Frame, close, continuation, ping, text
from refws.oracle.wire.http import head_octets

__all__ = ["CASES"]

WAITS: Final = ("rfc6455:4.1-p38-s1", "rfc6455:4.1-p3-s1", "rfc6455:6.1-p2-s1")
ESTABLISHED: Final = ("rfc6455:4.1-p47-s1", "rfc6455:4.1-p38-s2")
MALFORMED: Final = ("rfc6455:4.1-p45-s1", "rfc6455:4.2.2-p12-s1", "rfc6455:10.7-p1-s1")


def _right(peer: Peer) -> bytes:
    return head_octets(SWITCHING, peer.answer())


# The answer in pieces


async def _after_a_while(peer: Peer) -> Observed:
    """Keep the client waiting, for a part of what it gets for anything, and only then answer."""
    await peer.head()
    side = peer.theirs
    await peer.link.until(lambda: bool(side.undone_head) or peer.link.is_over, peer.patience / 5)
    if side.undone_head:
        peer.conversation.established()
        peer.link.end()
        return peer.observed()
    peer.send_octets(_right(peer))
    return await reaction(peer)


async def _octet_by_octet(peer: Peer) -> Observed:
    await peer.head()
    await peer.send_chopped(_right(peer), 1)
    return await reaction(peer)


def _in_two(behind: int) -> Play:
    """The answer in two writes, of which the second has that many octets."""

    async def stimulus(peer: Peer) -> Observed:
        await peer.head()
        octets = _right(peer)
        await peer.send_chopped(octets, len(octets) - behind)
        return await reaction(peer)

    return stimulus


# Frames behind it


def _with_frames(*frames: Frame, rest: int = 0) -> Play:
    """The answer and frames behind it in one write, but for the last octets, which come in another.

    A Ping follows where the messages are back, or the client's time is over: that they come only then is noted.
    """

    async def stimulus(peer: Peer) -> Observed:
        await peer.head()
        octets = _right(peer) + peer.octets(*frames)
        await peer.send_chopped(octets, len(octets) - rest)
        wanted = sum(frame.fin and not frame.opcode & 8 for frame in frames)
        side = peer.theirs
        at_once = await peer.link.until(
            lambda: len(side.messages) >= wanted or side.close is not None or peer.link.is_over, peer.patience
        )
        seen = await peer.settle()
        return seen if at_once else replace(seen, note=_LYING)

    return stimulus


_LYING: Final = "nothing before a Ping came later"


def _comes_back(messages: tuple[bytes, ...], pongs: tuple[bytes, ...]) -> tuple[Allowed, ...]:
    outcome = GoesOn(messages, pongs)
    lies = Where(
        "leaves what came behind the answer until more comes", lambda seen: seen.note == _LYING and outcome.fits(seen)
    )
    return (
        Allowed(Verdict.NON_STRICT, lies, "nothing more may come, and the peer may wait for an answer"),
        Allowed(Verdict.PASS, outcome, "a server may send as soon as it has answered"),
    )


async def _with_a_close(peer: Peer) -> Observed:
    await peer.head()
    peer.send(_right(peer), close(1000))
    return await peer.settle(marker=False)


_ANSWERS_THE_CLOSE: Final = Where("answers with a Close", lambda seen: seen.close is not None and not seen.payloads)

FIRST, SECOND = "first", b"second"
BEHIND: Final = (
    ("text", "a text", _with_frames(text(FIRST)), (b"first",), ()),
    ("two-texts", "two texts", _with_frames(text(FIRST), text(SECOND)), (b"first", SECOND), ()),
    ("ping-and-text", "a Ping and a text", _with_frames(ping(b"early"), text(FIRST)), (b"first",), (b"early",)),
    (
        "fragments",
        "a text in two fragments",
        _with_frames(text(FIRST, fin=False), continuation(SECOND)),
        (b"firstsecond",),
        (),
    ),
    ("part-of-a-frame", "all but the last octets of a frame", _with_frames(text(FIRST), rest=3), (b"first",), ()),
    ("one-octet-of-a-frame", "the first octet of a frame", _with_frames(text(FIRST), rest=6), (b"first",), ()),
)


# Heads that are no HTTP, or not by the book


def _line(line: bytes) -> Callable[[bytes], bytes]:
    """The head with a line behind the first."""
    return lambda octets: octets.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)


LENIENT: Final = must_refuse("the line is no header field of HTTP; a client may pass it over, and better refuses it")

ODD: Final = (
    ("no-colon", "with a line without a colon", _line(b"no field at all"), LENIENT),
    ("no-name", "with a field without a name", _line(b": value"), LENIENT),
    ("space-before-colon", "with a space before a colon", _line(b"X-Unknown : value"), LENIENT),
    ("nul-in-a-value", "with a NUL in a value", _line(b"X-Unknown: a\0b"), LENIENT),
    ("no-token-for-a-name", "with a field called X(Y)", _line(b"X(Y): value"), LENIENT),
    (
        "octet-ff",
        "with an octet FF in a value",
        _line(b"X-Unknown: \xff"),
        may_open("such values are nobody's concern here"),
    ),
    (
        "folded",
        "with a folded line",
        _line(b"X-Unknown: a\r\n  b"),
        may_open("HTTP once allowed folded lines, and forbids them now"),
    ),
    (
        "lf-alone",
        "whose lines end with LF alone",
        lambda octets: octets.replace(b"\r\n", b"\n"),
        may_open("RFC 2616, 19.3, advises to take LF alone for the end of a line"),
    ),
    ("no-space", "without spaces behind the colons", lambda octets: octets.replace(b": ", b":"), must_open()),
)

ORDINARY: Final = (
    *("rfc6455:4.1-p47-s1", "rfc6455:4.1-p1-s1", "rfc6455:4.1-p3-s1", "rfc6455:4.1-p14-s1", "rfc6455:4.1-p21-s1"),
    *("rfc6455:4.1-p31-s2", "rfc6455:4.1-p35-s1", "rfc6455:4.1-p36-s1", "rfc6455:4.1-p37-s1", "rfc6455:9-p1-s1/1"),
    "rfc6455:9.1-p1-s1",
)
"""With what a request may have, and need not: the referee looks at the rest of it on every connection."""

CASES: tuple[Case, ...] = (
    answer_case("4.1/reading/ordinary", "an ordinary 101", ORDINARY, must_open()),
    client_case("4.1/reading/waits-for-the-answer", "an answer after a while", WAITS, _after_a_while, must_open()),
    client_case("4.1/reading/octet-by-octet", "a 101 octet by octet", ESTABLISHED, _octet_by_octet, must_open()),
    *(
        client_case(
            f"4.1/reading/last-{n}-apart",
            f"a 101 whose last {n} octets come apart",
            ESTABLISHED,
            _in_two(n),
            must_open(),
        )
        for n in (1, 2, 3, 4)
    ),
    *(
        client_case(
            f"4.1/reading/{end}-behind",
            f"a 101 with {what} behind it in the same segment",
            ("rfc6455:4.1-p47-s1", "rfc6455:4.2.2-p22-s3"),
            stimulus,
            _comes_back(messages, pongs),
        )
        for end, what, stimulus, messages, pongs in BEHIND
    ),
    client_case(
        "4.1/reading/close-behind",
        "a 101 with a Close behind it",
        ("rfc6455:5.5.1-p5-s1", "rfc6455:4.2.2-p22-s3"),
        _with_a_close,
        (Allowed(Verdict.PASS, _ANSWERS_THE_CLOSE, "the connection was open, and the Close asks for one"),),
    ),
    *(
        answer_case(f"4.1/reading/{end}", f"a 101 {what}", MALFORMED, allowed, wire=wire)
        for end, what, wire, allowed in ODD
    ),
    answer_case(
        "4.1/reading/many-fields",
        "a 101 with 60 more fields",
        ESTABLISHED,
        must_open("a client may bound the fields that it takes, though 60 are not many"),
        *(plus(f"X-Unknown-{number}", "value") for number in range(60)),
    ),
    answer_case(
        "4.1/reading/long-field",
        "a 101 with a field of 4000 octets",
        ESTABLISHED,
        must_open("a client may bound what it takes, though cookies are as long"),
        plus("X-Unknown", "x" * 4000),
    ),
)
