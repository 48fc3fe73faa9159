"""Section 8.1: whether a testee fails at the first impossible octet; texts among others, large ones, handshakes."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from refws.oracle.bulk import settle_bulk
from refws.oracle.case import SERVER, Case
from refws.oracle.cases.s08_1_utf8 import GREEK, NOT_UTF8, SAYS_SO, encoded, failure, send_wrong
from refws.oracle.close_outcomes import rejects
from refws.oracle.expect import Allowed, Drops, Fails, Where, goes_on, refuses
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import close, continuation, text

__all__ = ["CASES"]

IN_THE_HANDSHAKE: Final = "rfc6455:8.1-p1-s2"

EARLY: Final = "it failed before anything was wrong"
LATE: Final = "it took more of a text that was already impossible"

AFTER: Final = b"edited"
BEYOND: Final = encoded(0x11_0000, 4)

SURROGATE: Final = text(GREEK + b"\xed\xa0\x80" + AFTER)

CUTS: Final = (
    ("behind-the-character", GREEK, BEYOND, AFTER, ("6.4.1", "6.4.3")),
    ("behind-the-octet", GREEK + BEYOND[:1], BEYOND[1:2], BEYOND[2:] + AFTER, ("6.4.2", "6.4.4")),
    ("lone-continuation", GREEK, b"\x80", AFTER, ("", "")),
    ("overlong", GREEK + b"\xe0", b"\x80", b"\xaf" + AFTER, ("", "")),
    ("surrogate", GREEK + b"\xed", b"\xa0", b"\x80" + AFTER, ("", "")),
    ("impossible-octet", GREEK, b"\xff", AFTER, ("", "")),
    ("cut-character", GREEK + b"\xf0\x9f", b"A", AFTER, ("", "")),
)
"""A text in three parts: the first may be UTF-8, the second makes that impossible, the third changes nothing."""


async def _in_fragments(first: bytes, wrong: bytes, rest: bytes, peer: Peer) -> Observed:
    """Each part in a fragment, a Ping behind it."""
    peer.send(text(first, fin=False))
    if not await peer.goes_on():
        return replace(await peer.settle(marker=False), note=EARLY)
    peer.send(continuation(wrong, fin=False))
    if not await peer.goes_on():
        return await peer.settle(marker=False)
    peer.send(continuation(rest))
    return replace(await failure(peer), note=LATE)


async def _in_pieces(first: bytes, wrong: bytes, rest: bytes, peer: Peer) -> Observed:
    """All in one frame, each part in a write of its own: within a frame nothing can be asked, only waited for."""
    octets = peer.octets(text(first + wrong + rest))
    right, end = len(octets) - len(wrong) - len(rest), len(octets) - len(rest)
    peer.send_octets(octets[:right])
    await asyncio.sleep(0)
    peer.send_octets(octets[right:end])
    if await peer.link.until(lambda: peer.theirs.close is not None or peer.link.is_over, peer.patience):
        return await peer.settle(marker=False)
    peer.send_octets(octets[end:])
    return replace(await failure(peer), note=LATE)


def _too_late(seen: Observed) -> bool:
    return seen.note == LATE and seen.has_failed and not seen.messages and not seen.went_on


FAILS_FAST: Final = (
    Allowed(
        Verdict.FAIL, Where("fails before anything is wrong", lambda seen: seen.note == EARLY), "it was UTF-8 so far"
    ),
    Allowed(Verdict.NON_STRICT, Where("fails only when more has come", _too_late), "no octet to come could mend it"),
    *refuses(1007),
)


def _fast_cases() -> Iterator[Case]:
    plays = (("fragments", "fragments", _in_fragments), ("pieces", "pieces of one frame", _in_pieces))
    for name, first, wrong, rest, aliases in CUTS:
        for (how, title, play), alias in zip(plays, aliases, strict=True):
            if how == "pieces" and not alias:
                continue  # one wait for silence is enough
            yield Case(
                f"8.1/{name}-in-{how}",
                f"a text in three {title}, impossible with the second: {name.replace('-', ' ')}",
                (NOT_UTF8, SAYS_SO),
                partial(play, first, wrong, rest),
                FAILS_FAST,
                alias=alias,
            )


# Among other messages, and large


async def _every_character(peer: Peer) -> Observed:
    seen = await settle_bulk(peer, peer.octets(text(EVERY)), messages=1)
    return replace(seen, note=f"{len(EVERY)} octets were sent")


EVERY: Final = "".join(chr(point) for point in range(0x11_0000) if not 0xD800 <= point < 0xE000).encode()

LIMITED: Final = (
    Allowed(Verdict.UNIMPLEMENTED, Fails((1009,), ()), "its limit for a message is below that"),
    Allowed(Verdict.UNIMPLEMENTED, Drops(()), "it takes no message of that size"),
)


async def _bad_field(peer: Peer) -> Finding:
    """A subprotocol that is no UTF-8 (and no token): nothing says which octets of a handshake are meant to be."""
    fields = [*peer.request(), ("Sec-WebSocket-Protocol", "\xff\xfe")]
    head = await peer.ask(fields)
    if head is None and not peer.link.is_over:
        verdict, why = Verdict.NON_STRICT, "a request with a field that is no UTF-8 was neither answered nor refused"
    elif head is not None and head.status == 101:
        verdict = Verdict.NON_STRICT
        why = "a request whose Sec-WebSocket-Protocol is no UTF-8 was answered with 101; refuse it with 400"
    else:
        verdict, why = Verdict.PASS, f"refused: {head.start_line if head else 'TCP was closed'}"
    return Finding(verdict, IN_THE_HANDSHAKE, Obligation.RECEIVER, why)


REASONS: Final = (
    ("surrogate", GREEK + b"\xed\xa0\x80" + AFTER, "7.5.1"),
    ("overlong", b"\xc0\xaf", ""),
    ("beyond-unicode", BEYOND, ""),
    ("ends-within-a-character", b"bye \xe2\x82", ""),
)


def _reason_cases() -> Iterator[Case]:
    for name, reason, alias in REASONS:
        yield Case(
            f"8.1/close-reason-{name}",
            f"a Close whose reason is no UTF-8: {name.replace('-', ' ')}",
            (NOT_UTF8, "rfc6455:5.5.1-p2-s3"),
            (close(1000, reason),),
            rejects(1000, (1007, 1002), accepted=Verdict.FAIL, why="it took a reason that is no UTF-8"),
            marker=False,
            alias=alias,
        )


CASES = (
    *_fast_cases(),
    *_reason_cases(),
    *(
        Case(
            f"8.1/surrogate-in-{name}",
            f"a text with a surrogate, in {name.replace('-', ' ')}",
            (NOT_UTF8, SAYS_SO),
            partial(send_wrong, frames),
            refuses(1007),
            alias=alias,
        )
        for name, frames, alias in (
            ("one-frame", (SURROGATE,), "6.3.1"),
            ("fragments-of-one-octet", (*replace(SURROGATE, fin=False).fragments(1), continuation()), "6.3.2"),
        )
    ),
    Case(
        "8.1/behind-a-right-one",
        "a text that is UTF-8, and one that is not",
        (NOT_UTF8, SAYS_SO),
        partial(send_wrong, (text("é"), text(b"\xc3("))),
        refuses(1007, messages=("é",)),
    ),
    Case(
        "8.1/ends-within-a-character-and-goes-on-in-the-next",
        "two texts that would be UTF-8 only as one",
        (NOT_UTF8, SAYS_SO),
        partial(send_wrong, (text(b"\xc3"), text(b"\xa9"))),
        refuses(1007),
    ),
    Case(
        "8.1/last-fragment-ends-within-a-character",
        "a text in two fragments that ends within a character",
        (NOT_UTF8, SAYS_SO),
        partial(send_wrong, (text(b"caf", fin=False), continuation(b"\xc3"))),
        refuses(1007),
    ),
    Case(
        "8.1/first-fragment-is-impossible-empty-ones-behind-it",
        "an impossible fragment, then an empty one with FIN",
        (NOT_UTF8, SAYS_SO),
        partial(send_wrong, (text(b"\xc0\x80", fin=False), continuation())),
        refuses(1007),
    ),
    Case(
        "8.1/every-character",
        "a text of all the characters that there are, 4.4 MB",
        (NOT_UTF8,),
        _every_character,
        (*goes_on(text(EVERY)), *LIMITED),
        slow=True,
    ),
    Case(
        "8.1/subprotocol-is-not-utf-8",
        "a request with octets FF FE as its subprotocol",
        (IN_THE_HANDSHAKE,),
        _bad_field,
        roles=SERVER,
        bare=True,
    ),
)
