"""Section 11.3: header fields that a request has once, and has twice."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.handshake_outcomes import either, rejects
from refws.oracle.handshakes import Request, handshake
from refws.oracle.opening import Opening

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

KEY, VERSION = "Sec-WebSocket-Key", "Sec-WebSocket-Version"


def _twice() -> list[Case]:
    table = (
        ("11.3.1/key-twice", "11.3.1-p9-s1 4.2.1-p7-s1", KEY, ("{key}", "{key}")),
        ("11.3.1/two-keys", "11.3.1-p9-s1 4.2.1-p7-s1", KEY, ("{key}", "AAECAwQFBgcICQoLDA0ODw==")),
        ("11.3.5/version-twice", "11.3.5-p10-s2 4.2.1-p8-s1", VERSION, ("13", "13")),
        ("11.3.5/two-versions", "11.3.5-p10-s2 4.2.1-p8-s1", VERSION, ("13", "8")),
        ("11.3.5/two-versions-turned", "11.3.5-p10-s2 4.2.1-p8-s1", VERSION, ("8", "13")),
    )
    return [
        handshake(
            name,
            f"a request with two fields {field}: {' and '.join(values).replace('{key}', 'its key')}",
            f"{clauses} 4.2.1-p2-s2",
            Request(put=tuple((field, value) for value in values)),
            rejects("a request has one such field", fitting=(400, 426)),
        )
        for name, clauses, field, values in table
    ]


CASES = (
    *_twice(),
    handshake(
        "11.3.3/accept-in-the-request",
        "a request that has the server's own Sec-WebSocket-Accept",
        "4.2.1-p12-s2 11.3.3-p8-s2",
        Request(opening=Opening(fields=(("Sec-WebSocket-Accept", "AAECAwQFBgcICQoLDA0ODxAREhM="),))),
        either("in a request the field means nothing"),
    ),
)
