"""Section 5.8: nothing is extended that the opening handshake has not agreed on."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import refuses
from refws.oracle.wire.deflate import Deflater
from refws.oracle.wire.frame import Frame, binary, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

AGREED: Final = "rfc6455:5.8-p1-s2"

CASES = (
    Case(
        "5.8/deflated-without-agreement",
        "a message as permessage-deflate has it, though that was not negotiated",
        (AGREED, "rfc6455:5.2-p6-s2"),
        (text(Deflater().message(b"Hello, world!"), rsv=4),),
        refuses(1002),
    ),
    Case(
        "5.8/extension-data-without-agreement",
        "a binary frame whose RSV2 announces what no extension has announced",
        (AGREED, "rfc6455:5.2-p6-s2"),
        (binary(b"\x00\x00\x00\x04data of the application", rsv=2),),
        refuses(1002),
    ),
    Case(
        "5.8/data-opcode-without-agreement",
        "a message of an opcode that an extension could define, though none did",
        (AGREED, "rfc6455:5.2-p8-s2"),
        (Frame(3, b"Hello, world!"),),
        refuses(1002),
    ),
    Case(
        "5.8/control-opcode-without-agreement",
        "a control frame of an opcode that an extension could define, though none did",
        (AGREED, "rfc6455:5.2-p8-s2"),
        (Frame(11, b"Hello, world!"),),
        refuses(1002),
    ),
)
