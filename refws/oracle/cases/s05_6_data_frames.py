"""Section 5.6: text and binary frames."""

from functools import partial
from typing import Final

from refws.oracle.case import Case
from refws.oracle.cases.s08_1_utf8 import send_wrong
from refws.oracle.expect import goes_on, refuses
from refws.oracle.wire.frame import binary, continuation, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

TYPES: Final = ("rfc6455:5.6-p1-s2", "rfc6455:5.6-p2-s2", "rfc6455:5.2-p37-s1", "rfc6455:6.2-p1-s4")
IS_UTF_8: Final = "rfc6455:5.6-p4-s2"
NOT_UTF_8: Final = "rfc6455:5.6-p4-s3"

_SAME: Final = b"the same octets"
_TYPES: Final = (text(_SAME), binary(_SAME), text(_SAME), binary(_SAME))
_LANGUAGES: Final = text("κόσμε Привет こんにちは \U0001f600 a\u0301 \x00 \ufeff \U0010ffff")

CASES = (
    Case(
        "5.6/types-in-turn",
        "the same octets as text, as binary, and both once more",
        (*TYPES, "rfc6455:5.2-p10-s1", "rfc6455:5.2-p11-s1", "rfc6455:6.2-p1-s6"),
        _TYPES,
        goes_on(*_TYPES),
    ),
    Case(
        "5.6/every-octet",
        "a binary message with every octet there is",
        ("rfc6455:5.6-p6-s1", "rfc6455:6.2-p1-s5", "rfc6455:5.2-p26-s1"),
        (binary(bytes(range(256))),),
        goes_on(binary(bytes(range(256)))),
    ),
    Case(
        "5.6/binary-that-is-no-text",
        "a binary message that ends within a character, as no text may",
        ("rfc6455:5.6-p6-s1",),
        (binary(b"abc\xf0\x9f\x98"),),
        goes_on(binary(b"abc\xf0\x9f\x98")),
    ),
    Case(
        "5.6/text-in-many-scripts",
        "text with characters of one to four octets",
        ("rfc6455:5.6-p4-s1", IS_UTF_8, "rfc6455:6.2-p1-s5"),
        (_LANGUAGES,),
        goes_on(_LANGUAGES),
    ),
    Case(
        "5.6/fragment-that-ends-within-a-character",
        "a text of which only all fragments together are UTF-8",
        (IS_UTF_8,),
        (text(b"\xce", fin=False), continuation(b"\xba\xf0\x9f", fin=False), continuation(b"\x98\x80")),
        goes_on(text("κ\U0001f600")),
    ),
    Case(
        "5.6/text-that-is-not-utf-8",
        "a text frame with an octet that is in no UTF-8",
        (NOT_UTF_8, IS_UTF_8, "rfc6455:5.6-p4-s1"),
        partial(send_wrong, (text(b"abc\xffdef"),)),
        refuses(1007),
    ),
    Case(
        "5.6/text-that-ends-within-a-character",
        "a text message in fragments, the last of which ends within a character",
        (NOT_UTF_8, IS_UTF_8),
        partial(send_wrong, (text("ab", fin=False), continuation(b"c\xe2\x82"))),
        refuses(1007),
    ),
)
