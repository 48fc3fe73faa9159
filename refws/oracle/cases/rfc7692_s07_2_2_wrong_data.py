"""RFC 7692, section 7.2.2: what is no DEFLATE, or ends oddly. No clause says what becomes of it (ruling 27)."""

import zlib
from collections.abc import Iterator
from functools import partial
from typing import Final

from refws.oracle.case import Case
from refws.oracle.cases.s08_1_utf8 import send_wrong
from refws.oracle.deflating import deflated
from refws.oracle.expect import Allowed, Drops, Fails, GoesOn
from refws.oracle.payloads import prose_like, unrepeated
from refws.oracle.verdict import Verdict
from refws.oracle.wire.blocks import Blocks
from refws.oracle.wire.deflate import Deflater
from refws.oracle.wire.frame import binary, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

HELLO: Final = b"Hello"
BOOK: Final = prose_like()[:30000]
NOBODY_SAYS: Final = "no clause says what a receiver does with such data; refws fails with 1007 (ruling 27)"
FAILS: Final = (
    Allowed(Verdict.PASS, Fails((1007, 1002), None), "it fails: 1007 and 1002 both say what was wrong"),
    Allowed(Verdict.PASS, Fails(None, None), "it fails; the closing judges the status code"),
    Allowed(Verdict.PASS, Drops(None), "it fails; the closing judges that no Close came"),
)
TAKEN: Final = Allowed(Verdict.NON_STRICT, GoesOn(None, None), NOBODY_SAYS)


ALL_THERE: Final = Allowed(Verdict.PASS, GoesOn(None, None), "nothing is missing behind a final block (ruling 27)")


def _wrong() -> Iterator[Case]:
    long = Deflater().message(BOOK)
    wrong = {
        "block-type-3": ("a block of the type that is none", b"\x06\x00"),
        "garbage": ("octets that are no DEFLATE", b"\xff" * 40),
        "stored-lengths-differ": ("a stored block whose two lengths do not fit", b"\x00\x05\x00\x05\x00Hello\x00"),
        "distance-before-the-beginning": ("a match before the first octet", Blocks().fixed(b"a", (3, 2)).message()),
        "codes-that-are-none": ("a table of codes that fits nothing", b"\xfc" + b"\xff" * 30),
        "damaged": ("a long text with wrong octets in it", long[:600] + unrepeated(50) + long[650:]),
        "zlib-header": ("DEFLATE in the wrapping of zlib", zlib.compress(BOOK)),
        "gzip-header": ("DEFLATE in the wrapping of gzip", zlib.compress(BOOK, wbits=31)),
    }
    for name, (what, message) in wrong.items():
        frame = text(message, rsv=4)
        yield deflated(
            f"7.2.2/{name}",
            f"a compressed message of {what}",
            "7.2.2-p3-s1",
            partial(send_wrong, (frame,)),
            (*FAILS, TAKEN),
        )
    odd = {
        "cut-short": ("that ends within a block", long[:3000]),
        "cut-short-stored-block": ("that ends within a stored block", Blocks().stored(b"Hello, world").octets()[:-5]),
        "tail-kept": ("whose last 00 00 FF FF is still there", Blocks().fixed(HELLO).stored().octets()),
        "no-octets": ("without an octet", b""),
        "no-empty-block": (
            "that ends with a final block and nothing behind it",
            Blocks().fixed(HELLO, final=True).octets(),
        ),
    }
    for name, (what, message) in odd.items():
        frame = binary(message, rsv=4)
        yield deflated(
            f"7.2.2/{name}",
            f"a compressed message {what}",
            "7.2.2-p3-s1 7.2.2-p2-s1",
            partial(send_wrong, (frame,)),
            (*FAILS, ALL_THERE) if name == "no-empty-block" else (*FAILS, TAKEN),
        )


CASES: tuple[Case, ...] = tuple(_wrong())
