"""Section 4.4, and the version in 4.2.1 and 4.2.2: what a server answers to versions it has, and has not."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import DROPS, Answered, Opens, Refuses, accepts, rejects
from refws.oracle.handshakes import Request, handshake
from refws.oracle.verdict import Obligation, Verdict

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

VERSION: Final = "Sec-WebSocket-Version"
DRAFTS: Final = ("7", "8")
"""Versions of drafts that browsers once spoke, with the frames of the RFC."""


def _lists_13(seen: Answered) -> bool:
    return "13" in (seen.head.tokens(VERSION) if seen.head else ())


FIRST_DRAFT: Final = "0"
"""Version of the draft whose handshake has other keys, and frames of its own: a server may have both."""
LISTS: Final = f"and {VERSION} in the answer lists 13"
TOLD: Final = (
    Allowed(
        Verdict.PASS,
        Refuses((400, 426), text=LISTS, where=_lists_13),
        "the client learns which version it can come back with",
    ),
    Allowed(Verdict.PASS, Refuses(most=499, text=LISTS, where=_lists_13), "another status tells the client, too"),
    Allowed(
        Verdict.NON_STRICT,
        Refuses(least=500, text=LISTS, where=_lists_13),
        "a 5xx says that the server went wrong, where the client did",
    ),
    DROPS,
)


def _unsupported() -> list[Case]:
    """Versions by the grammar that a server of 13 does not have."""
    misses = Allowed(
        Verdict.NON_STRICT, Refuses(), "a server that has this draft's version, too, may miss the draft's own keys"
    )
    takes = Allowed(Verdict.PASS, Opens(), "a server may understand the version of an older draft, too")
    wrong = Allowed(
        Verdict.FAIL, Opens(), "no document has such a version; a server takes those it has", "rfc6455:4.2.1-p8-s1"
    )
    clauses = "4.4-p2-s3 4.2.2-p8-s2 4.2.1-p8-s1 11.3.5-p8-s4 11.3.5-p8-s5 4.3-p7-s4 11.3.5-p10-s1 4.2.1-p2-s2"
    return [
        handshake(
            f"4.4/version-{version}",
            f"a request for version {version}",
            clauses,
            Request(put=((VERSION, version),)),
            (*TOLD, *((misses,) if version == FIRST_DRAFT else ()), takes if version in DRAFTS else wrong),
            obligation=Obligation.SENDER,
        )
        for version in (FIRST_DRAFT, *DRAFTS, "12", "14", "25", "99", "255")
    ]


def _no_versions() -> list[Case]:
    """What the grammar has for no version at all."""
    table = (
        ("256", "256"),
        ("1000", "1000"),
        ("with-leading-zero", "013"),
        ("with-letter", "13a"),
        ("with-sign", "+13"),
        ("with-fraction", "13.0"),
        ("hexadecimal", "0x0d"),
        ("of-letters", "abc"),
        ("negative", "-13"),
        ("in-quotes", '"13"'),
        ("list", "13, 8"),
        ("empty", ""),
    )
    clauses = "4.2.1-p8-s1 4.3-p4-s4 4.3-p5-s11 4.2.1-p2-s2"
    why = "the value is one number from 0 to 255, and 13 is the version of the RFC"
    allowed = rejects(why, fitting=(400, 426))
    return [
        handshake(
            "4.2.1/no-version",
            "a request without a version",
            clauses,
            Request(without=(VERSION,)),
            rejects("the version is no optional part", fitting=(400, 426)),
        ),
        *(
            handshake(
                f"4.2.1/version-{name}",
                f"a request for version {version!r}",
                clauses,
                Request(put=((VERSION, version),)),
                allowed,
            )
            for name, version in table
        ),
    ]


CASES = (
    handshake(
        "4.4/version-13-in-white-space",
        "a request for version 13, with white space around the number",
        "4.4-p2-s2 4.2.1-p8-s1",
        Request(put=((VERSION, "\t 13  "),)),
        accepts("white space around a field's value is no part of it"),
    ),
    *_unsupported(),
    *_no_versions(),
    handshake(
        "4.4/version-14-without-a-key",
        "a request for version 14, which may have another key than 13, or none",
        "4.4-p2-s3 4.2.1-p7-s1 4.2.1-p2-s2",
        Request(put=((VERSION, "14"),), without=("Sec-WebSocket-Key",)),
        (
            *TOLD,
            Allowed(
                Verdict.NON_STRICT,
                Refuses(most=499),
                "looking at the version first gives the client the list of versions (ruling 34)",
            ),
        ),
        obligation=Obligation.SENDER,
    ),
)
