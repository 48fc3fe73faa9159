"""Sections 10.2 and 4.2.2: what a server makes of the origin of a request."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Opens, Refuses
from refws.oracle.handshakes import Request, handshake
from refws.oracle.verdict import Obligation, Verdict

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final = {
    "rfc6455:10.2-p1-s1": "binds servers for certain sites: which those are, only their owners know",
}

ALLOWED: Final = (
    Allowed(Verdict.PASS, Opens(), "a server that does not check the origin takes connections from anywhere"),
    Allowed(Verdict.PASS, Refuses((403,)), "a server may let the origin decide, and 403 says so"),
    Allowed(Verdict.NON_STRICT, Refuses(), "403 says that the origin was the reason", "rfc6455:10.2-p1-s2"),
)


def _origins() -> list[Case]:
    table = (
        ("of-the-server", "the server's own origin", "http://{host}"),
        ("in-capital-letters", "the server's own origin, in capital letters", "HTTP://{host}"),
        ("of-another", "another's origin", "https://evil.example"),
        ("null", "the origin of a page that has none to tell", "null"),
        ("malformed", "what is no origin", "not an origin"),
        ("empty", "an empty origin", ""),
    )
    return [
        handshake(
            f"10.2/origin-{name}",
            f"a request with {title}",
            "4.2.2-p6-s5 4.2.1-p9-s1 4.2.2-p6-s3 4.2.2-p6-s4 10.2-p1-s2",
            Request(put=(("Origin", origin),)),
            ALLOWED,
            obligation=Obligation.SENDER,
        )
        for name, title, origin in table
    ]


CASES = tuple(_origins())
