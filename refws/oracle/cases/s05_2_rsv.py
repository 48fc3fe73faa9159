"""Section 5.2: the bits RSV1, RSV2 and RSV3, to which no extension has given a meaning."""

from collections.abc import Callable, Iterator
from typing import Final

from refws.oracle.case import Case, Stimulus
from refws.oracle.cases.writing import frame_by_frame, in_pieces
from refws.oracle.expect import Allowed, Where, refuses
from refws.oracle.observed import Observed
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import Frame, binary, close, continuation, ping, pong, text

__all__ = ["CASES", "CLOSE_TAKEN", "CODE", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

FAILS: Final = "rfc6455:5.2-p6-s2"
_BITS: Final = {4: "rfc6455:5.2-p32-s1", 2: "rfc6455:5.2-p33-s1", 1: "rfc6455:5.2-p34-s1"}
_HELLO: Final = "Hello, world!"
_OCTETS: Final = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
CODE: Final = 3456  # that nobody sends of his own accord

_FRAMES: Final[dict[str, tuple[str, Callable[[int], tuple[Frame, ...]]]]] = {
    "text": ("a text frame", lambda rsv: (text(_HELLO, rsv=rsv),)),
    "binary": ("a binary frame", lambda rsv: (binary(_OCTETS, rsv=rsv),)),
    "empty-text": ("an empty text frame", lambda rsv: (text(rsv=rsv),)),
    "first-fragment": (
        "the first fragment of a message",
        lambda rsv: (text("Hello, ", fin=False, rsv=rsv),),
    ),
    "continuation": (
        "a continuation frame",
        lambda rsv: (text("Hello, ", fin=False), continuation("world!", rsv=rsv)),
    ),
    "ping": ("a Ping", lambda rsv: (ping(b"ping payload", rsv=rsv),)),
    "empty-ping": ("an empty Ping", lambda rsv: (ping(rsv=rsv),)),
    "pong": ("a Pong", lambda rsv: (pong(b"pong payload", rsv=rsv),)),
    "close": ("a Close", lambda rsv: (close(CODE, rsv=rsv),)),
}
_ALIASES: Final = {("text", 1): "3.1", ("binary", 5): "3.5"}


def _took_the_close(seen: Observed) -> bool:
    return seen.close is not None and seen.close.close_code == CODE


CLOSE_TAKEN: Final = Allowed(
    Verdict.FAIL,
    Where("takes it for a right Close, and answers it", _took_the_close),
    "a bit without a meaning fails the connection, on a Close as on any frame",
)


def _clauses(rsv: int) -> tuple[str, ...]:
    return (FAILS, *(clause for bit, clause in _BITS.items() if rsv & bit))


def _name(rsv: int) -> str:
    return "-".join(f"rsv{number}" for number in (1, 2, 3) if rsv >> (3 - number) & 1)


def _everywhere() -> Iterator[Case]:
    for kind, (what, frames) in _FRAMES.items():
        for rsv in range(1, 8):
            name = _name(rsv)
            yield Case(
                f"5.2/{name}-on-{kind}",
                f"{what} with {name.upper().replace('-', ' and ')}",
                _clauses(rsv),
                frames(rsv),
                (CLOSE_TAKEN, *refuses(1002)) if kind == "close" else refuses(1002),
                alias=_ALIASES.get((kind, rsv), ""),
            )


def _behind_a_message() -> Iterator[Case]:
    first = text(_HELLO)
    ways: dict[int, tuple[str, Stimulus]] = {
        2: ("", (first, text(_HELLO, rsv=2), ping())),
        3: ("-frame-by-frame", frame_by_frame(text(_HELLO, rsv=3), ping(), behind=(first,))),
        4: ("-octet-by-octet", in_pieces(text(_HELLO, rsv=4), ping(), behind=(first,))),
    }
    for rsv, (how, stimulus) in ways.items():
        name = _name(rsv)
        yield Case(
            f"5.2/{name}-behind-a-message{how}",
            f"a text frame with {name.upper().replace('-', ' and ')} behind a message, and a Ping",
            _clauses(rsv),
            stimulus,
            refuses(1002, messages=(first,)),
            alias=f"3.{rsv}",
        )


CASES = (
    *_everywhere(),
    *_behind_a_message(),
    Case(
        "5.2/rsv1-rsv2-on-binary-greeting",
        "a binary frame that holds text, with RSV1 and RSV2",
        _clauses(6),
        (binary(_HELLO.encode(), rsv=6),),
        refuses(1002),
        alias="3.6",
    ),
    Case(
        "5.2/rsv1-rsv2-rsv3-on-empty-close",
        "a Close without a body, with RSV1, RSV2 and RSV3",
        _clauses(7),
        (close(rsv=7),),
        refuses(1002),
        alias="3.7",
    ),
)
