"""Section 5.2: the opcodes that are kept for later."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case, Stimulus
from refws.oracle.cases.writing import in_pieces
from refws.oracle.expect import refuses
from refws.oracle.wire.frame import Frame, continuation, ping, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

FAILS: Final = "rfc6455:5.2-p8-s2"
_DATA: Final = ("rfc6455:5.2-p12-s1", "rfc6455:5.6-p1-s3", "rfc6455:5.2-p37-s1")
_CONTROL: Final = ("rfc6455:5.2-p16-s1", "rfc6455:5.5-p1-s3", "rfc6455:5.2-p38-s1")
_HELLO: Final = text("Hello, world!")


def _stimuli(opcode: int) -> Iterator[tuple[str, str, Stimulus, tuple[Frame, ...]]]:
    """Ids, what is sent, the stimulus, and the messages before."""
    yield "", "", (Frame(opcode),), ()
    yield "-with-payload", " with a payload", (Frame(opcode, b"reserved opcode payload"),), ()
    yield "-behind-a-message", " behind a message, and a Ping", (_HELLO, Frame(opcode), ping()), (_HELLO,)
    full = Frame(opcode, _HELLO.payload)
    yield (
        "-with-payload-behind-a-message",
        " with a payload behind a message, and a Ping",
        (_HELLO, full, ping()),
        (_HELLO,),
    )
    yield "-octet-by-octet", " behind a message, octet by octet", in_pieces(full, ping(), behind=(_HELLO,)), (_HELLO,)
    inside = (text("Hello, ", fin=False), Frame(opcode), continuation("world!"))
    yield "-inside-a-message", " between the fragments of a message", inside, ()
    yield "-without-fin", " without FIN", (Frame(opcode, b"first", fin=False),), ()


_ALIASES: Final = ("", "-with-payload", "-behind-a-message", "-with-payload-behind-a-message", "-octet-by-octet")
"""In this order opcodes 3 to 7 have Autobahn's 4.1.1 to 4.1.5, and opcodes 11 to 15 its 4.2.1 to 4.2.5."""


def _cases() -> Iterator[Case]:
    for opcode in (*range(3, 8), *range(11, 16)):
        control = opcode > 7
        for name, how, stimulus, messages in _stimuli(opcode):
            number = opcode - (10 if control else 2)
            has_alias = _ALIASES[number - 1] == name
            yield Case(
                f"5.2/opcode-{opcode}{name}",
                f"a frame of the {'control ' * control}opcode {opcode}{how}",
                (FAILS, *(_CONTROL if control else _DATA)),
                stimulus,
                refuses(1002, messages=messages),
                alias=f"4.{2 if control else 1}.{number}" if has_alias else "",
            )


CASES = tuple(_cases())
