"""Section 10.4: limits. Having one is right, and so is having none: what counts is what a testee does at it.

What is `seen` says where the limit is. FAIL is a message that comes back other than it was sent, or no reaction at all.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from refws.oracle.bulk import KIB, MIB, fragmented, more_patience, send_bulk, settle_bulk
from refws.oracle.case import Case
from refws.oracle.cases.s10_4_large_messages import large
from refws.oracle.closing import GRACE
from refws.oracle.expect import Allowed, Drops, Fails, GoesOn, Silent, Where
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import Frame, Opcode, binary, continuation, ping, text

__all__ = ["CASES", "NOT_SHOWN"]

LIMITS: Final = "rfc6455:10.4-p1-s1"
OF_BOTH_SIZES: Final = "rfc6455:10.4-p1-s3"
TOO_BIG: Final = "rfc6455:7.4.1-p21-s1"

NOT_SHOWN: Final[dict[str, str]] = {}

TOO_MUCH: Final = (1009, 1008)
"""Codes for what is above a limit: too big, or too many."""
WRONG: Final = "something else came back"
SLOW: Final = Allowed(Verdict.NON_STRICT, Silent(None), "it may only be slow; who has a limit can say so with 1009")
LONG: Final = 5.0
"""Seconds after which no larger message is tried."""


STOPS: Final = (
    Allowed(Verdict.PASS, Fails(TOO_MUCH), "it has a limit, and says so"),
    Allowed(Verdict.PASS, Fails(), "it has a limit; the closing judges the status code"),
    Allowed(Verdict.PASS, Drops(), "it has a limit; the closing judges that no Close came"),
)
"""What a testee does at its limit."""


def _bound(none: str) -> tuple[Allowed, ...]:
    wrong = Allowed(Verdict.FAIL, Where("sends something else back", lambda seen: WRONG in seen.note), "it was changed")
    return (wrong, *STOPS, Allowed(Verdict.PASS, GoesOn(None, None), none))


# Lengths that are declared


async def _declares(length: int, sent: bytes, peer: Peer) -> Observed | Finding:
    """A header that announces so many octets, a few of them, and nothing more: it fails, or waits for the rest."""
    peer.send(binary(sent, declared_length=length, length_form=64))

    def reacted() -> bool:
        return peer.theirs.close is not None or peer.link.is_over or bool(peer.observed().messages)

    if await peer.link.until(reacted, peer.patience):
        return await peer.settle(marker=False)
    why = f"it waits for the rest of {length} octets"
    return Finding(Verdict.PASS, LIMITS, Obligation.RECEIVER, why)


NEVER_WHOLE: Final = (
    Allowed(
        Verdict.FAIL, Where("takes the frame for whole", lambda seen: bool(seen.messages)), "most of it is missing"
    ),
    *STOPS,
)


# Fragments


async def _small_fragments(peer: Peer) -> Observed:
    """4096 empty fragments, and 4096 of one octet."""
    first, empty, full = text(fin=False), continuation(fin=False), continuation(b"x", fin=False)
    octets = peer.octets(first, *[empty] * 4095, *[full] * 4095, continuation(b"x"))
    seen = await settle_bulk(peer, octets, messages=1)
    return _back(seen, b"x" * 4096, "8192 fragments")


def _back(seen: Observed, payload: bytes, what: str) -> Observed:
    """What was seen, with a note on what has become of a message."""
    if seen.payloads == (payload,):
        return replace(seen, note=f"{what} came back as one message")
    if seen.messages:
        return replace(seen, note=f"{WRONG} for {what}")
    if seen.has_failed:
        return replace(seen, note=f"{what} are above a limit")
    return _neither(seen, what)


def _neither(seen: Observed, what: str) -> Observed:
    """It may answer Pings, or be on its way with the message: that is not there."""
    return replace(seen, went_on=False, silent=True, note=f"{what} were neither sent back nor refused")


async def _endless(peer: Peer) -> Observed:
    """Fragments of 16 KiB without end; behind 16 MiB, the end."""
    payload = large(Opcode.BINARY, 16 * MIB).payload
    octets = fragmented(peer, binary(payload), 16 * KIB)
    each = len(octets) // 1024
    with more_patience(peer, len(payload)):
        for number in range(0, 1024, 64):
            await send_bulk(peer, octets[number * each : (number + 64) * each])
            if peer.theirs.close is not None or peer.link.is_over:
                sent = (number + 64) * 16 // KIB
                return replace(
                    await peer.settle(marker=False), note=f"fragments are refused before {sent} MiB have come"
                )
    seen = await settle_bulk(peer, octets[1024 * each :], messages=1, expected=len(payload))
    return _back(seen, payload, "16 MiB in fragments")


# Sizes


async def _sizes(opcode: int, fragment: int | None, peer: Peer) -> Observed:
    """Messages of 1, 4, 16 and 64 MiB, one behind the echo of another."""
    largest = 0
    for size in (MIB, 4 * MIB, 16 * MIB, 64 * MIB):
        base = large(opcode, min(size, 16 * MIB))
        message = Frame(opcode, base.payload * (size // len(base.payload)))
        octets = peer.octets(message) if fragment is None else fragmented(peer, message, fragment)
        before = len(peer.theirs.messages)
        seen = await settle_bulk(peer, octets, messages=1)
        if seen.has_failed:
            return replace(seen, note=f"{_mib(largest)} came back, {_mib(size)} were refused")
        came = peer.theirs.messages[before:]
        if seen.silent or not came:
            return _neither(seen, f"{_mib(largest)} came back, {_mib(size)}")
        if [(one.opcode, one.payload) for one in came] != [(opcode, message.payload)]:
            return replace(seen, note=f"{WRONG} for {_mib(size)}")
        largest = size
        if seen.seconds > LONG:
            return replace(seen, note=f"{_mib(largest)} came back, which took so long that no more were tried")
    return replace(await peer.settle(), note=f"{_mib(largest)} came back; no limit was found")


def _mib(octets: int) -> str:
    return f"{octets // MIB} MiB"


# Pings


UNANSWERED: Final = "no Pong for the last of 1000 Pings"
FLOODED: Final = Allowed(
    Verdict.NON_STRICT,
    Where("goes on and leaves the last Ping unanswered", lambda seen: seen.went_on and seen.note == UNANSWERED),
    "of many Pings the last is to be answered; who has a limit can say so with 1008",
    "rfc6455:5.5.2-p3-s1",
)


async def _ping_flood(peer: Peer) -> Observed:
    """1000 Pings in one write: every one may be answered, the last has to be."""
    pings = [b"%d" % number for number in range(1000)]
    peer.send(*map(ping, pings))
    answered = await peer.pong(pings[-1], GRACE)
    seen = await peer.settle()
    if seen.has_failed:
        return replace(seen, note="1000 Pings at once are above a limit")
    note = f"{len(seen.pongs)} Pongs for 1000 Pings" if answered else UNANSWERED
    return replace(seen, note=note if set(seen.pongs) <= set(pings) else f"{WRONG} for 1000 Pings")


def _size_cases() -> Iterator[Case]:
    ways = (("binary", Opcode.BINARY, "in-one-frame", None), ("text", Opcode.TEXT, "in-fragments", 64 * KIB))
    for name, opcode, how, fragment in ways:
        yield Case(
            f"10.4/largest-{name}-{how}",
            f"{name} messages from 1 to 64 MiB, {how.replace('-', ' ')}, until one is refused",
            (LIMITS, OF_BOTH_SIZES, TOO_BIG),
            partial(_sizes, opcode, fragment),
            (*_bound("it has no limit below 64 MiB"), SLOW),
            slow=True,
        )


CASES = (
    *(
        Case(
            f"10.4/declared-length-of-{name}",
            f"a frame that announces {length} octets, and is not continued",
            (LIMITS, OF_BOTH_SIZES, "rfc6455:5.2-p20-s3"),
            partial(_declares, length, sent),
            NEVER_WHOLE,
        )
        for name, length, sent in (
            ("2-63-minus-1", 2**63 - 1, b""),
            ("2-32-and-5", 2**32 + 5, b"Hello"),
        )
    ),
    Case(
        "10.4/8192-small-fragments",
        "4096 empty fragments, and 4096 of one octet",
        (LIMITS,),
        _small_fragments,
        (*_bound("it has no limit for 8192 fragments"), SLOW),
    ),
    Case(
        "10.4/fragments-of-16-mib",
        "fragments of 16 KiB that do not end before 16 MiB",
        (LIMITS, OF_BOTH_SIZES, TOO_BIG),
        _endless,
        (*_bound("it has no limit below 16 MiB"), SLOW),
        slow=True,
    ),
    *_size_cases(),
    Case(
        "10.4/1000-pings",
        "1000 Pings in one write",
        (LIMITS, "rfc6455:5.5.2-p3-s1"),
        _ping_flood,
        (FLOODED, *_bound("it answers, and goes on")),
    ),
)
