"""Section 11.3: header fields that a client finds more often than they may be there, and lists of versions.

Section 11.1, on URIs, is tried with section 3.
"""

from collections.abc import Callable
from typing import Final

from refws.oracle.case import Case
from refws.oracle.conversation import accept_of
from refws.oracle.handshake_answers import (
    answer_case,
    key_of,
    may_open,
    must_refuse,
    opens_nothing,
    plus,
    without,
)
from refws.oracle.wire.http import Head

__all__ = ["CASES"]

ACCEPT: Final = "Sec-WebSocket-Accept"
PROTOCOL: Final = "Sec-WebSocket-Protocol"
VERSION_FIELD: Final = "Sec-WebSocket-Version"

VERSIONS: Final = ("rfc6455:4.1-p39-s1", "rfc6455:11.3.5-p8-s4", "rfc6455:11.3.5-p8-s5", "rfc6455:4.4-p2-s4")

# A refusal of version 13 lists what the server would take.
LISTS: Final = (
    ("one", "another version", (plus(VERSION_FIELD, "25"),), ()),
    ("list", "a list of versions", (plus(VERSION_FIELD, "25, 8,7"),), ("rfc6455:4.3-p7-s4", "rfc6455:4.4-p2-s3")),
    (
        "two-fields",
        "versions in two fields",
        (plus(VERSION_FIELD, "25"), plus(VERSION_FIELD, "8, 7")),
        ("rfc6455:11.3.5-p10-s1",),
    ),
    ("the-same", "the very version that was asked for", (plus(VERSION_FIELD, "13"),), ()),
    ("none", "no version", (), ()),
    ("malformed", "what is no version", (plus(VERSION_FIELD, "thirteen; 300"),), ("rfc6455:10.7-p1-s1",)),
)


def _right(request: Head) -> str:
    return accept_of(key_of(request))


def _asked(name: str) -> Callable[[Head], str]:
    """The first element that the client asks for in a field; one that nobody asks for where it has none."""
    return lambda request: (request.get(name) or "no-client.asks-for.this").partition(",")[0].strip()


CASES: tuple[Case, ...] = (
    answer_case(
        "11.3.3/accept-twice",
        "a 101 with the right Sec-WebSocket-Accept twice",
        ("rfc6455:11.3.3-p9-s1", "rfc6455:4.1-p42-s1"),
        must_refuse("both fields are right, and the rule against two binds the server"),
        plus(ACCEPT, _right),
    ),
    answer_case(
        "11.3.4/subprotocol-twice",
        "a 101 with two fields of the same subprotocol",
        ("rfc6455:11.3.4-p9-s2", "rfc6455:4.1-p45-s1", "rfc6455:4.3-p7-s3"),
        must_refuse("both fields name the same subprotocol, and the rule against two binds the server"),
        plus(PROTOCOL, _asked(PROTOCOL)),
        plus(PROTOCOL, _asked(PROTOCOL)),
        needs=PROTOCOL,
    ),
    answer_case(
        "11.3.4/two-subprotocols",
        "a 101 with a field for a subprotocol that was asked for, and one for another",
        ("rfc6455:4.1-p44-s1", "rfc6455:11.3.4-p9-s2"),
        must_refuse(),
        plus(PROTOCOL, _asked(PROTOCOL)),
        plus(PROTOCOL, "no-client.asks-for.that"),
    ),
    answer_case(
        "11.3.1/key-in-the-answer",
        "a 101 that has the client's Sec-WebSocket-Key, too",
        ("rfc6455:11.3.1-p8-s2", "rfc6455:4.1-p47-s1"),
        may_open("the field means nothing in an answer"),
        plus("Sec-WebSocket-Key", key_of),
    ),
    *(
        answer_case(
            f"11.3.5/answer/{end}",
            f"a 426 that lists {what}",
            (*VERSIONS, *clauses),
            opens_nothing(),
            without(ACCEPT),
            *changes,
            plus("Content-Length", "0"),
            status="HTTP/1.1 426 Upgrade Required",
        )
        for end, what, changes, clauses in LISTS
    ),
)
