"""RFC 8307: a ws URI may be a well-known one, and is asked for like any other."""

from typing import Final

from refws.oracle.case import SERVER, Case
from refws.oracle.expect import Allowed, Silent
from refws.oracle.handshake_outcomes import BUSY, DROPS, Declines, Opens, Refuses
from refws.oracle.handshakes import Request
from refws.oracle.verdict import Verdict

__all__ = ["CASES"]

WELL_KNOWN: Final = "rfc8307:1-p4-s1"
PATH: Final = "/.well-known/refws-oracle"

CASES: tuple[Case, ...] = (
    Case(
        "8307:1/well-known",
        f"an opening handshake for {PATH}",
        (WELL_KNOWN,),
        Request(target=PATH),
        (
            Allowed(Verdict.PASS, Opens(), "a connection may be there, as at any path"),
            BUSY,
            Allowed(Verdict.PASS, Refuses(most=499), "nothing need be there, and so the client learns it"),
            Allowed(Verdict.PASS, Declines(), "what is there may be another thing than WebSocket"),
            Allowed(Verdict.NON_STRICT, Refuses(least=500), "a 5xx says that the server went wrong"),
            Allowed(Verdict.NON_STRICT, Silent(None), "the request is answered by nothing at all"),
            DROPS,
        ),
        roles=SERVER,
        bare=True,
    ),
)
