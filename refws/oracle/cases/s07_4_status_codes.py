"""Section 7.4: which status codes a Close may have, and what becomes of one that has another."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from refws.oracle.case import SERVER, Case
from refws.oracle.close_outcomes import answers, rejects
from refws.oracle.expect import Allowed, Answers, Drops, Where
from refws.oracle.observed import Observed
from refws.oracle.verdict import Obligation, Verdict
from refws.oracle.wire.frame import close

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

RANGE: Final = "rfc6455:7.4.2-p4-s1"
UNUSED: Final = "rfc6455:7.4.2-p2-s1"
DEFINED: Final = "rfc6455:7.4.1-p1-s1"
OF_LIBRARIES: Final = "rfc6455:7.4.2-p6-s1"
PRIVATE: Final = "rfc6455:7.4.2-p8-s1"
NOT_A_SERVERS: Final = "rfc6455:7.4.1-p23-s3"

LATER: Final = "it was registered after RFC 6455; a list of codes has to be kept up with the registry"


class Right(NamedTuple):
    """A code that may come: the clause that has it, and why one may still refuse it."""

    code: int
    clause: str
    alias: str = ""
    excuse: str = ""


RIGHT: Final = (
    Right(1000, "rfc6455:7.4.1-p3-s1", "7.7.1"),
    Right(1001, "rfc6455:7.4.1-p5-s1", "7.7.2"),
    Right(1002, "rfc6455:7.4.1-p7-s1", "7.7.3"),
    Right(1003, "rfc6455:7.4.1-p9-s1", "7.7.4"),
    Right(1007, "rfc6455:7.4.1-p17-s1", "7.7.5"),
    Right(1008, "rfc6455:7.4.1-p19-s1", "7.7.6"),
    Right(1009, "rfc6455:7.4.1-p21-s1", "7.7.7"),
    Right(1010, "rfc6455:7.4.1-p23-s1", "7.7.8", "it is a client's to send, and not a server's"),
    Right(1011, "rfc6455:7.4.1-p25-s1", "7.7.9", "the text speaks of servers, and erratum 3227 of any endpoint"),
    Right(1012, RANGE, "", LATER),
    Right(1013, RANGE, "", LATER),
    Right(1014, RANGE, "", LATER),
    Right(3000, OF_LIBRARIES, "7.7.10"),
    Right(3999, OF_LIBRARIES, "7.7.11"),
    Right(4000, PRIVATE, "7.7.12"),
    Right(4999, PRIVATE, "7.7.13"),
)

WRONG: Final = (
    (0, UNUSED, "7.9.1"),
    (1, UNUSED, ""),
    (999, UNUSED, "7.9.2"),
    (1004, "rfc6455:7.4.1-p11-s1", "7.9.3"),
    (1005, "rfc6455:7.4.1-p13-s1", "7.9.4"),
    (1006, "rfc6455:7.4.1-p15-s1", "7.9.5"),
    (1015, "rfc6455:7.4.1-p27-s1", ""),
    (1016, RANGE, "7.9.6"),
    (1100, RANGE, "7.9.7"),
    (2000, RANGE, "7.9.8"),
    (2999, RANGE, "7.9.9"),
    (5000, PRIVATE, "7.13.1"),
    (65535, PRIVATE, "7.13.2"),
)
"""Codes that no endpoint should meet: the clause, and Autobahn's case."""

ONLY_SENDERS: Final = "no clause binds who receives it to refuse it; refws does, with 1002 (ruling 19)"


def _right() -> Iterator[Case]:
    for code, clause, alias, excuse in RIGHT:
        refused = Verdict.NON_STRICT if excuse else Verdict.FAIL
        dropped = (Allowed(refused, Drops(), excuse),) if excuse else ()
        yield Case(
            f"{clause[8:].partition('-')[0]}/{code}",
            f"a Close with {code}, which may come",
            (clause, DEFINED, "rfc6455:5.5.1-p5-s1"),
            (close(code),),
            answers(code, refused=refused, why=excuse or f"{code} may come") + dropped,
            marker=False,
            alias=alias,
        )


def _wrong() -> Iterator[Case]:
    for code, clause, alias in WRONG:
        yield Case(
            f"{clause[8:].partition('-')[0]}/{code}",
            f"a Close with {code}, which is not to be sent",
            (clause,),
            (close(code),),
            rejects(code, why=ONLY_SENDERS),
            marker=False,
            alias=alias,
        )


def _sends_1010(seen: Observed) -> bool:
    return seen.close is not None and seen.close.close_code == 1010


CASES = (
    *_right(),
    *_wrong(),
    Case(
        "7.4.1/1010-is-no-servers",
        "a Close with 1010 to a server, which is not to send that code",
        (NOT_A_SERVERS,),
        (close(1010, "permessage-deflate"),),
        (
            Allowed(
                Verdict.NON_STRICT,
                Where("sends 1010 back", _sends_1010),
                "an answer repeats the code, but this one is not a server's to send (ruling 29)",
            ),
            *answers(1000, refused=Verdict.PASS),
            Allowed(Verdict.PASS, Answers(None), "it sends another code"),
        ),
        roles=SERVER,
        obligation=Obligation.SENDER,
        marker=False,
    ),
)
