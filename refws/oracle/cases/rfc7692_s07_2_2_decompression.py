"""RFC 7692, section 7.2.2: decompression, with a window that is as large as was agreed on, and is kept."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from refws.oracle.bulk import more_patience
from refws.oracle.case import BOTH, CLIENT, SERVER, Case
from refws.oracle.deflating import DEFLATE, HELLO, clauses, deflated, packed, taking_over, unimplemented
from refws.oracle.expect import Allowed, Drops, Fails, fails_short, goes_on
from refws.oracle.opening import Opening
from refws.oracle.payloads import prose_like, unrepeated
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.blocks import Blocks
from refws.oracle.wire.deflate import WINDOW, Deflater
from refws.oracle.wire.frame import Frame, binary, ping, text
from refws.oracle.wire.permessage import NAME

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

AGAIN: Final = bytes.fromhex("f200110000")
"""«Hello» once more, as a reference to the message before (section 7.2.3.2)."""
ONCE: Final = unrepeated(WINDOW)

# The clauses on a window that is kept bind who receives: the first of each pair a server, the second a client.
KEPT: Final = ("7.2.2-p5-s2 7.1.1.2-p3-s1", "7.2.2-p4-s2 7.1.1.1-p2-s1")
LARGE: Final = ("7.2.2-p7-s2 7.1.2.2-p8-s1", "7.2.2-p6-s2 7.1.2.1-p5-s1")


def both(
    name: str,
    title: str,
    blamed: tuple[str, str],
    frames: tuple[Frame, ...],
    allowed: tuple[Allowed, ...],
    *,
    takeover: bool = True,
) -> Iterator[Case]:
    """A case for each role, since different clauses bind them."""
    for role, ids in zip((SERVER, CLIENT), blamed, strict=True):

        def send(peer: Peer) -> None:
            peer.send(*frames)

        stimulus = taking_over(ids.split(maxsplit=1)[0], send) if takeover else frames
        who = next(iter(role))
        yield Case(f"7692:7.2.2/{name}/{who}", title, clauses(ids), stimulus, allowed, role, opening=DEFLATE)


def _takeover() -> Iterator[Case]:
    hello = text(HELLO, rsv=4)
    again = text(AGAIN, rsv=4)
    yield from both(
        "refers-to-the-message-before",
        "a compressed message, and the same as a reference to it",
        KEPT,
        (hello, again, again),
        goes_on("Hello", "Hello", "Hello"),
    )
    yield from both(
        "refers-past-plain-messages",
        "a reference to the compressed message before, with plain messages, Pings and an empty message between them",
        ("7.2.3.2-p8-s1 " + KEPT[0], "7.2.3.2-p8-s1 " + KEPT[1]),
        (hello, text("plain"), ping(b"x"), binary(bytes(1000)), text(b"\x00", rsv=4), again),
        goes_on("Hello", "plain", binary(bytes(1000)), "", "Hello", pongs=(b"x",)),
    )
    book = prose_like()
    pieces = [book[at : at + 700] for at in range(0, 70000, 700)]
    deflater = Deflater()
    yield from both(
        "hundred-messages",
        "a hundred compressed messages, 70000 octets in all, that refer to those before",
        KEPT,
        tuple(binary(deflater.message(piece), rsv=4) for piece in pieces),
        goes_on(*map(binary, pieces)),
    )
    yield from both(
        "refers-to-the-end-of-the-window",
        "32768 octets, and a message that is a reference to the first of them",
        LARGE,
        (
            binary(Blocks().stored(ONCE).message(), rsv=4),
            binary(Blocks().fixed((258, WINDOW), (3, WINDOW)).message(), rsv=4),
        ),
        goes_on(binary(ONCE), binary(ONCE[:261])),
    )


def _behind_final_blocks() -> Iterator[Case]:
    ended = "zlib ends its stream, and gives its window up, at a final block; the letter keeps it (ruling 27)"
    for name, frames, meant in (
        ("the-final-block-before", (Blocks().fixed(b"Hello", final=True).message(),), ("Hello",)),
        ("a-message-before-a-final-block", (HELLO, Blocks().fixed(b"!", final=True).message()), ("Hello", "!")),
    ):
        distance = len("".join(meant))
        failing = tuple(Allowed(Verdict.NON_STRICT, outcome, ended) for outcome in (Fails(None, meant), Drops(meant)))
        yield from both(
            f"refers-to-{name}",
            "a reference to the message before, where a final block was between",
            KEPT,
            (
                *(text(one, rsv=4) for one in frames),
                text(Blocks().fixed((5, distance)).message(), rsv=4),
            ),
            (*goes_on(*meant, "Hello"), *failing, fails_short(*meant)),
        )


def _windows() -> Iterator[Case]:
    yield from both(
        "distance-of-32768",
        "a compressed message that refers 32768 octets back, to its own beginning",
        LARGE,
        (binary(Blocks().stored(ONCE).fixed((258, WINDOW), (11, 1), (3, 24577)).message(), rsv=4),),
        goes_on(binary(_referred())),
        takeover=False,
    )


def _referred() -> bytes:
    out = bytearray(ONCE)
    for length, distance in ((258, WINDOW), (11, 1), (3, 24577)):
        for _ in range(length):
            out.append(out[-distance])
    return bytes(out)


async def _hinted(peer: Peer) -> Finding | None:
    """As a client that has hinted that it takes nothing over: unless the server agreed, it may do so all the same."""
    agreed = peer.agreed(NAME)
    if agreed is not None and "client_no_context_takeover" in agreed:
        return unimplemented("rfc7692:7.2.2-p5-s3", "the server takes the hint up, and so need not keep the window")
    peer.send(text(HELLO, rsv=4), text(AGAIN, rsv=4))
    return None


async def _alone(peer: Peer) -> None:
    """Where nothing is taken over, messages that refer to nothing before."""
    peer.send(*[text(HELLO, rsv=4)] * 3)


# Bombs

MIB: Final = 1 << 20


@cache
def _zeros(size: int) -> Frame:
    return packed(bytes(size))


def _bomb(size: int) -> Case:
    async def stimulus(peer: Peer) -> Finding:
        bomb = _zeros(size)
        with more_patience(peer, size // 4):
            peer.send(bomb)
            seen = await peer.settle()
            if seen.went_on and not seen.messages:
                await peer.message()
                seen = peer.observed(went_on=True)
        return Finding(Verdict.PASS, "rfc7692:7.2.2-p3-s1", Obligation.RECEIVER, _bound(seen, size, len(bomb.payload)))

    title = f"{size // MIB} MiB of zeros, compressed to about {size // 1024 // 1024} KiB"
    ids = clauses("7.2.2-p3-s1")
    return Case(f"7692:7.2.2/bomb-of-{size // MIB}-MiB", title, ids, stimulus, (), BOTH, opening=DEFLATE, slow=True)


def _bound(seen: Observed, size: int, sent: int) -> str:
    """What became of a bomb, in words: a limit is not asked for, and none is forbidden."""
    whole = any(message.payload == bytes(size) for message in seen.messages)
    did = "sends all of it back" if whole else f"answers with {seen}"
    return f"{size} octets in {sent} compressed ones: the testee {did}, after {seen.seconds:.2g} s"


CASES: tuple[Case, ...] = (
    *_takeover(),
    *_behind_final_blocks(),
    *_windows(),
    Case(
        "7692:7.2.2/takeover-though-hinted-otherwise",
        "the client hints at client_no_context_takeover, the server does not agree, and a message refers back",
        clauses("7.2.2-p5-s3 7.2.1-p12-s3 7.1.1.2-p2-s2 7.1.1.2-p3-s1"),
        _hinted,
        goes_on("Hello", "Hello"),
        SERVER,
        opening=Opening("permessage-deflate; client_no_context_takeover"),
    ),
    deflated(
        "7.2.2/no-takeover-where-it-is-allowed",
        "three times the same compressed message, each without a reference to those before",
        "7.2.2-p1-s1 7.2.3.2-p8-s1",
        _alone,
        goes_on("Hello", "Hello", "Hello"),
    ),
    *map(_bomb, (4 * MIB, 64 * MIB)),
)
