"""Section 5.4: frames that make no message: continuations of nothing, and messages inside others."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from refws.oracle.case import Case
from refws.oracle.cases.writing import WAYS, written
from refws.oracle.expect import refuses
from refws.oracle.wire.frame import Frame, binary, continuation, ping, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

SEQUENCE: Final = "rfc6455:5.4-p6-s1"
SINGLE: Final = "rfc6455:5.4-p5-s1"
NO_OTHER_BETWEEN: Final = "rfc6455:5.4-p10-s1"
NEW_MESSAGE: Final = "rfc6455:6.2-p1-s9"


class _Row(NamedTuple):
    """Frames that are wrong, and the clause to blame.

    `before` are those of a whole message that stands before them. `aliases` are the Autobahn cases that write them in
    the three `WAYS`.
    """

    what: str
    clause: str
    frames: tuple[Frame, ...]
    before: tuple[Frame, ...] = ()
    aliases: tuple[str, str, str] = ("", "", "")


_STRAY: Final = b"non-continuation payload"
_HELLO: Final = text("Hello, world!")
_F1, _F2, _F3, _F4 = (f"fragment{number}" for number in range(1, 5))

_CONTINUES_NOTHING: Final = {
    "stray-continuation-with-fin": _Row(
        "a continuation with FIN where there is nothing to continue, and a text",
        SINGLE,
        (continuation(_STRAY), _HELLO),
        aliases=("5.9", "5.10", "5.11"),
    ),
    "stray-continuation": _Row(
        "a continuation without FIN where there is nothing to continue, and a text",
        SEQUENCE,
        (continuation(_STRAY, fin=False), _HELLO),
        aliases=("5.12", "5.13", "5.14"),
    ),
    "stray-continuation-behind-fragments": _Row(
        "a message in two fragments, a continuation that continues nothing, and a text",
        SEQUENCE,
        (continuation(_F3, fin=False), text(_F4)),
        before=(text(_F1, fin=False), continuation(_F2)),
        aliases=("5.15", "", ""),
    ),
    "stray-continuations-before-fragments": _Row(
        "twice a continuation without FIN that continues nothing, and a message in two fragments",
        SEQUENCE,
        2 * (continuation(_F1, fin=False), text(_F2, fin=False), continuation(_F3)),
        aliases=("5.16", "", ""),
    ),
    "stray-continuations-with-fin-before-fragments": _Row(
        "twice a continuation with FIN that continues nothing, and a message in two fragments",
        SINGLE,
        2 * (continuation(_F1), text(_F2, fin=False), continuation(_F3)),
        aliases=("5.17", "", ""),
    ),
    "stray-continuation-behind-a-message": _Row(
        "a continuation behind a message in one frame", SINGLE, (continuation(_F2),), before=(_HELLO,)
    ),
    "message-of-continuations": _Row(
        "a message whose first fragment is a continuation, too",
        SEQUENCE,
        (continuation(_F1, fin=False), continuation(_F2)),
    ),
    "empty-stray-continuation": _Row(
        "an empty continuation where there is nothing to continue", SINGLE, (continuation(),)
    ),
}

_ONE_INSIDE_ANOTHER: Final = {
    "text-inside-a-text": _Row(
        "a text frame without FIN, and one with FIN",
        NO_OTHER_BETWEEN,
        (text(_F1, fin=False), text(_F2)),
        aliases=("5.18", "", ""),
    ),
    "text-begun-inside-a-text": _Row(
        "two text frames without FIN, and a continuation",
        NO_OTHER_BETWEEN,
        (text(_F1, fin=False), text(_F2, fin=False), continuation(_F3)),
    ),
    "binary-inside-a-text": _Row(
        "a text frame without FIN, and a binary frame", NO_OTHER_BETWEEN, (text(_F1, fin=False), binary(b"\xff"))
    ),
    "text-inside-a-binary": _Row(
        "a binary frame without FIN, and a text frame", NO_OTHER_BETWEEN, (binary(b"\xff", fin=False), text(_F2))
    ),
    "text-behind-a-continuation": _Row(
        "a text frame behind two fragments of a message that is to go on",
        NO_OTHER_BETWEEN,
        (text(_F1, fin=False), continuation(_F2, fin=False), text(_F3)),
    ),
    "text-behind-a-ping-inside-a-text": _Row(
        "a text frame behind a fragment and a Ping",
        NO_OTHER_BETWEEN,
        (text(_F1, fin=False), ping(b"between"), text(_F3)),
    ),
    "empty-text-inside-an-empty-text": _Row(
        "an empty text frame without FIN, and one with FIN", NO_OTHER_BETWEEN, (text(fin=False), text())
    ),
}


def _cases() -> Iterator[Case]:
    for name, row in (_CONTINUES_NOTHING | _ONE_INSIDE_ANOTHER).items():
        messages = (text(b"".join(frame.payload for frame in row.before)),) if row.before else ()
        others = tuple(one for one in (SINGLE, SEQUENCE, NEW_MESSAGE) if one != row.clause)
        for way, alias in zip(WAYS, row.aliases, strict=True):
            yield Case(
                f"5.4/{name}{f'-{way}' if way else ''}",
                row.what + (f", {way.replace('-', ' ')}" if way else ""),
                (row.clause, *others),
                written(way, *row.frames, behind=row.before),
                refuses(1002, messages=messages),
                alias=alias,
            )


CASES = tuple(_cases())
