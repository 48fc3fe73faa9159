"""Section 5.2: the payload length in its three forms, right and wrong."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case
from refws.oracle.cases.writing import in_pieces, numbered
from refws.oracle.expect import Allowed, Drops, Fails, GoesOn, Silent, goes_on, refuses
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import Frame, binary, continuation, ping, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

MINIMAL: Final = "rfc6455:5.2-p20-s5"
IN_64_BITS: Final = "rfc6455:5.2-p20-s3"

_ALIASES: Final = {0: 1, 125: 2, 126: 3, 127: 4, 128: 5, 65535: 6, 65536: 7}
_LENGTHS: Final = (0, 1, 2, 3, 125, 126, 127, 128, 255, 256, 257, 32768, 65535, 65536, 65537)
_COMMON: Final = ("rfc6455:5.2-p30-s1", "rfc6455:5.2-p40-s1", "rfc6455:5.2-p4-s2", "rfc6455:5.2-p1-s4")


def _clauses(length: int) -> tuple[str, ...]:
    """Those that say how a length is read."""
    if length < 126:
        return ("rfc6455:5.2-p20-s1", *_COMMON)
    if length < 65536:
        return ("rfc6455:5.2-p20-s2", "rfc6455:5.2-p20-s4", "rfc6455:5.2-p41-s1", *_COMMON)
    return (IN_64_BITS, "rfc6455:5.2-p20-s4", "rfc6455:5.2-p42-s1", *_COMMON)


def _right() -> Iterator[Case]:
    for kind, group in (("text", 1), ("binary", 2)):
        for length in _LENGTHS:
            frame = text("*" * length) if kind == "text" else binary(b"\xfe" * length)
            yield Case(
                f"5.2/{kind}-of-{length}-octets",
                f"a {kind} message of {length} octet{'s' * (length != 1)}",
                (*_clauses(length), "rfc6455:5.2-p10-s1" if kind == "text" else "rfc6455:5.2-p11-s1"),
                (frame,),
                goes_on(frame),
                alias=f"1.{group}.{_ALIASES[length]}" if length in _ALIASES else "",
            )
        frame = text("*" * 65536) if kind == "text" else binary(b"\xfe" * 65536)
        yield Case(
            f"5.2/{kind}-of-65536-octets-in-pieces",
            f"a {kind} message of 65536 octets in pieces of 997 octets",
            _clauses(65536),
            in_pieces(frame, size=997),
            goes_on(frame),
            alias=f"1.{group}.8",
        )
    for length in (125, 126, 256, 65535, 65536, 65537, 100000):
        frame = binary(numbered(length))
        yield Case(
            f"5.2/numbered-octets-{length}",
            f"a binary message of {length} octets, each group of four of them different",
            (*_clauses(length), "rfc6455:5.2-p26-s1"),
            (frame,),
            goes_on(frame),
        )


def _in_too_many_octets() -> Iterator[Case]:
    """No clause binds who receives such a length to refuse it."""
    why = "only who sends is told to use the shortest form; refws refuses another (ruling 7)"
    for form, lengths in ((16, (0, 1, 125)), (64, (0, 1, 125, 126, 65535))):
        for length in lengths:
            payload = numbered(length)
            frames: dict[str, tuple[Frame, ...]] = {
                "binary": (binary(payload, length_form=form),),
                "continuation": (binary(fin=False), continuation(payload, length_form=form)),
            }
            if length < 126:
                frames["ping"] = (ping(payload, length_form=form),)
            for kind, stimulus in frames.items():
                taken = GoesOn((), (payload,)) if kind == "ping" else GoesOn((binary(payload),))
                yield Case(
                    f"5.2/{kind}-of-{length}-octets-in-{form}-bits",
                    f"a {kind} frame whose length of {length} is written in {form} bits",
                    (MINIMAL, "rfc6455:5.2-p40-s1"),
                    stimulus,
                    refuses(1002, accepting=Allowed(Verdict.NON_STRICT, taken, why)),
                )


_TOO_LONG: Final = (
    Allowed(Verdict.PASS, Fails((1002, 1009), ()), "no such length can be right, and none as long can be held"),
    Allowed(Verdict.PASS, Fails(None, ()), "it fails; the closing judges the status code"),
    Allowed(Verdict.PASS, Drops(()), "it fails; the closing judges that no Close came"),
    Allowed(Verdict.NON_STRICT, Silent(), "it waits for octets that can never all come; 1002 at once says why not"),
)


def _top_bit() -> Iterator[Case]:
    """Who goes on has read another number than the one that is there."""
    for kind, frame in (("binary", binary), ("ping", ping)):
        for name, payload, length in (
            ("alone", b"", 1 << 63),
            ("and-5", b"Hello", 1 << 63 | 5),
            ("and-all-others", b"Hello", (1 << 64) - 1),
        ):
            yield Case(
                f"5.2/{kind}-with-the-top-bit-{name}",
                f"a {kind} frame whose length is {length}, the top bit of its 64 set",
                (IN_64_BITS, "rfc6455:5.2-p42-s1"),
                (frame(payload, length_form=64, declared_length=length),),
                _TOO_LONG,
            )


CASES = (
    *_right(),
    *_in_too_many_octets(),
    *_top_bit(),
    Case(
        "5.2/greatest-length",
        "a binary frame whose length is 2^63-1, the greatest there may be, and of which little comes",
        (IN_64_BITS, "rfc6455:5.2-p42-s1"),
        (binary(b"Hello", length_form=64, declared_length=(1 << 63) - 1),),
        (
            Allowed(Verdict.PASS, Fails((1009,), ()), "1009 is the status code of what is too big"),
            Allowed(Verdict.PASS, Fails(None, ()), "it fails; the closing judges the status code"),
            Allowed(Verdict.PASS, Drops(()), "it fails; the closing judges that no Close came"),
            Allowed(Verdict.PASS, Silent(), "the length is right, and most of the frame is still to come"),
        ),
    ),
)
