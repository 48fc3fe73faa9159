"""Section 5.7: the RFC's examples, octet by octet as they are printed there."""

from typing import Final

from refws.oracle.case import CLIENT, SERVER, Case
from refws.oracle.expect import goes_on
from refws.oracle.wire.frame import binary, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

LAYOUT: Final = ("rfc6455:5.2-p30-s1", "rfc6455:5.2-p1-s4")
_256: Final = bytes(range(256))
_64_KIB: Final = _256 * 256

CASES = (
    Case(
        "5.7/unmasked-hello",
        "an unmasked text in one frame",
        (*LAYOUT, "rfc6455:5.2-p22-s2"),
        (bytes.fromhex("81 05 48656c6c6f"),),
        goes_on(text("Hello")),
        roles=CLIENT,
    ),
    Case(
        "5.7/masked-hello",
        "a masked text in one frame",
        (*LAYOUT, "rfc6455:5.3-p6-s2", "rfc6455:5.2-p22-s2"),
        (bytes.fromhex("81 85 37fa213d 7f9f4d5158"),),
        goes_on(text("Hello")),
        roles=SERVER,
    ),
    Case(
        "5.7/hello-in-two-frames",
        "an unmasked text in two frames",
        (*LAYOUT, "rfc6455:5.4-p6-s1"),
        (bytes.fromhex("01 03 48656c"), bytes.fromhex("80 02 6c6f")),
        goes_on(text("Hello")),
        roles=CLIENT,
    ),
    Case(
        "5.7/unmasked-ping",
        "an unmasked Ping",
        (*LAYOUT, "rfc6455:5.5.2-p3-s1"),
        (bytes.fromhex("89 05 48656c6c6f"),),
        goes_on(pongs=(b"Hello",)),
        roles=CLIENT,
    ),
    Case(
        "5.7/masked-pong",
        "the masked Pong that answers it, and that nobody asked for here",
        (*LAYOUT, "rfc6455:5.5.3-p5-s1"),
        (bytes.fromhex("8a 85 37fa213d 7f9f4d5158"),),
        goes_on(),
        roles=SERVER,
    ),
    Case(
        "5.7/256-octets",
        "a binary message of 256 octets",
        (*LAYOUT, "rfc6455:5.2-p20-s2"),
        (bytes.fromhex("82 7e 0100") + _256,),
        goes_on(binary(_256)),
        roles=CLIENT,
    ),
    Case(
        "5.7/64-kib",
        "a binary message of 64 KiB",
        (*LAYOUT, "rfc6455:5.2-p20-s3"),
        (bytes.fromhex("82 7f 0000000000010000") + _64_KIB,),
        goes_on(binary(_64_KIB)),
        roles=CLIENT,
    ),
)
