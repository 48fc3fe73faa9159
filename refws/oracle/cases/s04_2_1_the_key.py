"""Section 4.2.1, reading the client's opening handshake: the key, and in 4.2.2 what the answer makes of it."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Refuses, accepts, rejects
from refws.oracle.handshakes import Request, handshake
from refws.oracle.verdict import Verdict

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

KEY: Final = "Sec-WebSocket-Key"
UNDECODED: Final = "4.2.1 wants such a key refused, 4.2.2 says that nobody needs to decode it (ruling 2)"


def _keys() -> list[Case]:
    """Rows: what, the key, why opening the connection breaks no MUST; without that, it does."""
    table = (
        ("empty", "", ""),
        ("of-15-octets", "AAECAwQFBgcICQoLDA0O", UNDECODED),
        ("of-17-octets", "AAECAwQFBgcICQoLDA0ODxA=", UNDECODED),
        ("not-base64", "!!!!!!!!!!!!!!!!!!!!!!!!", UNDECODED),
        ("in-the-alphabet-of-urls", "-_ECAwQFBgcICQoLDA0ODw==", UNDECODED),
        ("without-its-padding", "AAECAwQFBgcICQoLDA0ODw", UNDECODED),
        ("with-a-space-inside", "AAECAwQF BgcICQoLDA0ODw==", UNDECODED),
    )
    clauses = "4.2.1-p7-s1 4.2.2-p7-s1 4.3-p4-s1 4.3-p5-s4 4.2.1-p2-s2"
    wrong = "the key is base64 of 16 octets"
    spare = Allowed(Verdict.NON_STRICT, Refuses(), "it decodes to 16 octets; RFC 4648 lets a decoder refuse such bits")
    return [
        handshake("4.2.1/no-key", "a request without a key", clauses, Request(without=(KEY,)), rejects(wrong)),
        *(
            handshake(
                f"4.2.1/key-{name}",
                f"a request with the key {key!r}",
                clauses,
                Request(put=((KEY, key),)),
                rejects(wrong, opened=opened),
            )
            for name, key, opened in table
        ),
        handshake(
            "4.2.1/key-with-spare-bits",
            "a key with bits set behind its last octet, which the answer has to prove as it was sent",
            "4.2.2-p7-s2 4.2.1-p7-s1 4.2.2-p16-s2",
            Request(put=((KEY, "AAECAwQFBgcICQoLDA0ODx=="),)),
            accepts("what counts is the key as it was sent", spare),
        ),
        handshake(
            "4.2.1/key-in-white-space",
            "a key with white space before it and behind it, which is no part of it",
            "4.2.2-p7-s2 4.2.1-p7-s1 4.2.2-p16-s2",
            Request(put=((KEY, "  {key}\t "),)),
            accepts("white space around a field's value is no part of it"),
        ),
    ]


CASES = tuple(_keys())
