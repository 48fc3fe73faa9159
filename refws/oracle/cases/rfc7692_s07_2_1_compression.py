"""RFC 7692, section 7.2.1: compression. A message may be made of any DEFLATE blocks, and a receiver takes them all."""

import zlib
from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case
from refws.oracle.deflating import deflated
from refws.oracle.expect import Allowed, Drops, Fails, goes_on
from refws.oracle.payloads import prose_like
from refws.oracle.verdict import Verdict
from refws.oracle.wire.blocks import Blocks
from refws.oracle.wire.deflate import TAIL, Deflater
from refws.oracle.wire.frame import Frame, binary, continuation, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {
    "rfc7692:7.2.1-p11-s1": "DEFLATE has no way to write a distance of more than 32,768 octets."
}

DECOMPRESSES: Final = "7.2.2-p3-s1 7.2.2-p2-s1 7.2.2-p1-s1"
STEPS: Final = "7.2.1-p1-s1 7.2.1-p2-s1 7.2.1-p3-s1 7.2.1-p4-s1 7.2.1-p4-s2"
HELLO: Final = b"Hello"
NEXT: Final = b"and the next"
BOOK: Final = prose_like()[:30000]


def compressed(octets: bytes) -> Frame:
    """A compressed text of these octets."""
    return text(octets, rsv=4)


def after(message: bytes) -> tuple[Frame, Frame]:
    """A compressed message, and another behind it that refers to nothing."""
    return compressed(message), compressed(Blocks().fixed(NEXT).message())


def _blocks() -> Iterator[Case]:
    whole = Blocks().stored(HELLO).fixed(b" and ", (3, 4), b"!").stored().stored(b" stored").fixed().message()
    many, empty = Blocks(), Blocks()
    for at in range(200):
        many.fixed(BOOK[at : at + 1])
        empty.fixed().stored()
    kinds = {
        "stored": ("one stored block", Blocks().stored(HELLO).message(), HELLO),
        "fixed": ("one block with the fixed codes", Blocks().fixed(HELLO).message(), HELLO),
        "dynamic": ("blocks with codes of their own", Deflater().message(BOOK), BOOK),
        "huffman-only": ("blocks without a match", Deflater(strategy=zlib.Z_HUFFMAN_ONLY).message(BOOK), BOOK),
        "fixed-only": ("long blocks with the fixed codes", Deflater(strategy=zlib.Z_FIXED).message(BOOK), BOOK),
        "stored-only": ("stored blocks only", Deflater(level=0).message(BOOK * 3), BOOK * 3),
        "each-type": ("stored and fixed blocks in turn, some of them empty", whole, b"Hello and and! stored"),
        "many": ("a block for each octet", many.message(), BOOK[:200]),
        "many-empty": ("four hundred empty blocks before the text", empty.fixed(HELLO).message(), HELLO),
        "overlap": ("a match that overlaps what it makes", Blocks().fixed(b"ab", (258, 2)).message(), b"ab" * 130),
    }
    for name, (what, message, meant) in kinds.items():
        yield deflated(
            f"7.2.1/blocks-{name}",
            f"a compressed message of {what}",
            f"{DECOMPRESSES} {STEPS} 7.2.1-p6-s1 7.2.1-p7-s1",
            after(message),
            goes_on(text(meant), text(NEXT)),
        )


SHORT_OF_IT: Final = "a final block is allowed, and what follows it is part of the message: fail, rather than lose it"


def _or_fails(*messages: Frame) -> tuple[Allowed, ...]:
    """It comes back; to fail is NON-STRICT, for zlib ends its stream at a final block (ruling 27)."""
    failing = Fails(None, ()), Drops(())
    return (*goes_on(*messages), *(Allowed(Verdict.NON_STRICT, outcome, SHORT_OF_IT) for outcome in failing))


def _final() -> Iterator[Case]:
    hello = Blocks().fixed(HELLO, final=True)
    yield deflated(
        "7.2.1/final-block",
        "a compressed message with a final block, and another message behind it",
        f"{DECOMPRESSES} 7.2.1-p8-s1",
        after(hello.message()),
        goes_on(text(HELLO), text(NEXT)),
    )
    yield deflated(
        "7.2.1/final-blocks-again-and-again",
        "three compressed messages with final blocks: stored, with the fixed codes, and with codes of its own",
        f"{DECOMPRESSES} 7.2.1-p8-s1",
        (
            compressed(Blocks().stored(HELLO, final=True).message()),
            compressed(Blocks().fixed(HELLO, final=True).message()),
            compressed(Deflater().finished(BOOK)),
            compressed(Blocks().fixed(NEXT).message()),
        ),
        goes_on(text(HELLO), text(HELLO), text(BOOK), text(NEXT)),
    )
    padded = Blocks().fixed(HELLO, final=True).stored(b" stored").fixed(b" fixed").message()
    yield deflated(
        "7.2.1/blocks-behind-a-final-one",
        "a compressed message with a final block first, its padding, and other blocks",
        f"7.2.1-p9-s2 7.2.1-p9-s1 7.2.1-p8-s1 {DECOMPRESSES}",
        after(padded),
        _or_fails(text(b"Hello stored fixed"), text(NEXT)),
    )
    yield deflated(
        "7.2.1/final-blocks-in-fragments",
        "a compressed message with two final blocks, each in a fragment of its own",
        f"7.2.1-p9-s2 7.2.1-p9-s1 7.2.1-p8-s1 {DECOMPRESSES}",
        (
            text(Blocks().fixed(HELLO, final=True).octets(), fin=False, rsv=4),
            continuation(Blocks().stored(b" again", final=True).message()),
            compressed(Blocks().fixed(NEXT).message()),
        ),
        _or_fails(text(b"Hello again"), text(NEXT)),
    )


def _flushed() -> Iterator[Case]:
    parts = Deflater().parts(*(BOOK[at : at + 3000] for at in range(0, 30000, 3000)), b"")
    frames = [continuation(part, fin=False) for part in parts]
    frames[0] = binary(parts[0], fin=False, rsv=4)
    frames[-1] = continuation(parts[-1])
    yield deflated(
        "7.2.1/flushed-fragments",
        "a compressed message whose fragments end with a flush each, 00 00 FF FF included, the last one empty",
        f"7.2.1-p10-s3 7.2.1-p10-s2 7.2.1-p10-s1 7.2.3.6-p1-s3 {DECOMPRESSES}",
        tuple(frames),
        goes_on(binary(BOOK)),
    )
    yield deflated(
        "7.2.1/flushed-within",
        "a compressed message in one frame, flushed after each octet",
        f"7.2.1-p6-s1 {DECOMPRESSES}",
        (binary(b"".join(Deflater().parts(*(BOOK[at : at + 1] for at in range(300)))), rsv=4),),
        goes_on(binary(BOOK[:300])),
    )
    full = zlib.compressobj(6, zlib.DEFLATED, -15)
    pieces = [full.compress(BOOK[at : at + 1000]) + full.flush(zlib.Z_FULL_FLUSH) for at in (0, 1000, 2000)]
    yield deflated(
        "7.2.1/full-flush",
        "a compressed message whose window is emptied again and again",
        f"7.2.1-p6-s1 {DECOMPRESSES}",
        (binary(b"".join(pieces).removesuffix(TAIL), rsv=4),),
        goes_on(binary(BOOK[:3000])),
    )


CASES: tuple[Case, ...] = (*_blocks(), *_final(), *_flushed())
