"""Section 4.1: the subprotocol that the server's answer names. Most need a client that asks for one."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.handshake_answers import answer_case, must_open, must_refuse, plus
from refws.oracle.wire.http import Head

__all__ = ["CASES"]

FIELD: Final = "Sec-WebSocket-Protocol"
NOT_ASKED_FOR: Final = ("rfc6455:4.1-p44-s1", "rfc6455:4.2.2-p10-s2", "rfc6455:11.3.4-p8-s2")
ONE_TOKEN: Final = ("rfc6455:4.1-p45-s1", "rfc6455:4.3-p7-s3", "rfc6455:4.2.2-p10-s6")
IN_USE: Final = ("rfc6455:4.1-p47-s3", "rfc6455:4.1-p47-s1")

UNKNOWN: Final = "no-client.asks-for.this"


def _asked(request: Head) -> list[str]:
    names = [name.strip() for name in (request.get(FIELD) or "").split(",")]
    return [name for name in names if name]


def _first(request: Head) -> str:
    return _asked(request)[0]


def _last(request: Head) -> str:
    return _asked(request)[-1]


def _other_case(request: Head) -> str:
    """The first one in other letters, which is another subprotocol; an unknown one where it has no letters."""
    other = _first(request).swapcase()
    return other if other not in _asked(request) else UNKNOWN


# What a client refuses, whether it asks for a subprotocol or not.
WRONG: Final = (
    ("not-asked-for", "a subprotocol that the client did not ask for", NOT_ASKED_FOR, plus(FIELD, UNKNOWN)),
    ("empty", "an empty Sec-WebSocket-Protocol", ("rfc6455:4.1-p45-s1", "rfc6455:4.2.2-p10-s5"), plus(FIELD, "")),
    ("no-token", "a subprotocol with a space and a slash", ONE_TOKEN, plus(FIELD, "no token/at all")),
    ("not-ascii", "a subprotocol outside ASCII", ONE_TOKEN, plus(FIELD, "\xc3\xa9")),
)

# What a client refuses that asks for one.
WRONG_TO_AN_OFFER: Final = (
    (
        "in-another-case",
        "the subprotocol in other letters",
        ("rfc6455:4.1-p44-s1", "rfc7936:2-p1-s1"),
        plus(FIELD, _other_case),
    ),
    ("longer", "a name that begins as that of the subprotocol", NOT_ASKED_FOR, plus(FIELD, lambda r: _first(r) + "x")),
    ("shorter", "the beginning of the subprotocol's name", NOT_ASKED_FOR, plus(FIELD, lambda r: _first(r)[:-1])),
    ("list", "a list of two subprotocols", ONE_TOKEN, plus(FIELD, lambda r: f"{_first(r)}, {UNKNOWN}")),
    (
        "list-of-one-twice",
        "one subprotocol, twice in a list",
        ONE_TOKEN,
        plus(FIELD, lambda r: f"{_first(r)}, {_first(r)}"),
    ),
    ("with-an-empty-element", "a subprotocol and a comma", ONE_TOKEN, plus(FIELD, lambda r: f"{_first(r)},")),
    ("in-quotes", "the subprotocol in quotation marks", ONE_TOKEN, plus(FIELD, lambda r: f'"{_first(r)}"')),
)

CASES: tuple[Case, ...] = (
    *(
        answer_case(f"4.1/subprotocol/{end}", f"a 101 with {what}", clauses, must_refuse(), change)
        for end, what, clauses, change in WRONG
    ),
    *(
        answer_case(f"4.1/subprotocol/{end}", f"a 101 with {what}", clauses, must_refuse(), change, needs=FIELD)
        for end, what, clauses, change in WRONG_TO_AN_OFFER
    ),
    answer_case(
        "4.1/subprotocol/first",
        "a 101 with the first subprotocol that the client asks for",
        (*IN_USE, "rfc6455:4.1-p35-s2"),
        must_open(),
        plus(FIELD, _first),
        needs=FIELD,
    ),
    answer_case(
        "4.1/subprotocol/last",
        "a 101 with the last subprotocol that the client asks for, and spaces around",
        IN_USE,
        must_open(),
        plus(FIELD, lambda request: f"  {_last(request)} "),
        needs=FIELD,
    ),
    answer_case(
        "4.1/subprotocol/none-of-them",
        "a 101 that names none of the subprotocols that the client asks for",
        (*IN_USE, "rfc6455:4.2.2-p10-s3"),
        must_open("a server need not choose one; section 1.9, which says otherwise, binds nobody (ruling 13)"),
        needs=FIELD,
    ),
)
