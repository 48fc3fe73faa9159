"""RFC 7692, section 7.2.3: the examples, octet by octet. They bind nobody, and follow from what does."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.deflating import deflated
from refws.oracle.expect import goes_on
from refws.oracle.wire.frame import continuation, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

ONE_BLOCK: Final = "f2 48 cd c9 c9 07 00"


def _example(number: str, title: str, blamed: str, *payloads: str) -> Case:
    """An example whose messages all say «Hello»."""
    frames = tuple(text(bytes.fromhex(payload), rsv=4) for payload in payloads)
    hellos = goes_on(*["Hello"] * len(payloads))
    return deflated(f"7.2.3.{number}/hello", title, f"7.2.2-p3-s1 {blamed}", frames, hellos)


CASES: tuple[Case, ...] = (
    _example("1", "one block with the fixed codes", "7.2.1-p1-s1", ONE_BLOCK),
    deflated(
        "7.2.3.1/hello-in-fragments",
        "one block with the fixed codes, in fragments of 3 and 4 octets",
        "6-p3-s3 6.1-p4-s1 7.2.1-p10-s1",
        (text(bytes.fromhex("f248cd"), fin=False, rsv=4), continuation(bytes.fromhex("c9c90700"))),
        goes_on("Hello"),
    ),
    _example("2", "the same octets twice, without a reference to those before", "7.2.1-p12-s1", ONE_BLOCK, ONE_BLOCK),
    _example("3", "one stored block", "7.2.1-p7-s1", "00 05 00 fa ff 48 65 6c 6c 6f 00"),
    _example("4", "a final block, and the first octet of an empty one", "7.2.1-p8-s1", "f3 48 cd c9 c9 07 00 00"),
    _example(
        "5", "two blocks with an empty stored one between", "7.2.1-p6-s1", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"
    ),
    deflated(
        "7.2.3.6/empty-last-fragment",
        "a last fragment that holds an empty block only",
        "7.2.3.6-p1-s3 7.2.1-p10-s3 7.2.1-p10-s2",
        (text(bytes.fromhex(ONE_BLOCK + "0000ffff"), fin=False, rsv=4), continuation(b"\x00")),
        goes_on("Hello"),
    ),
)
