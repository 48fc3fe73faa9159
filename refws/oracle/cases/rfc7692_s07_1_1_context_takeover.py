"""RFC 7692, section 7.1.1: context takeover, as it is agreed on, and as it is kept to."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.deflating import answering, offering
from refws.oracle.handshake_answers import must_open
from refws.oracle.wire.permessage import NAME

__all__ = ["CASES", "NOT_SHOWN"]

PERMISSION: Final = "A permission: a client's offers are judged as they are, with the parameter or without."
NOT_SHOWN: Final[dict[str, str]] = {
    "rfc7692:7.1.1.1-p1-s1": PERMISSION,
    "rfc7692:7.1.1.2-p1-s1": PERMISSION,
}

MAY_FAIL: Final = (
    "a client may lack support for it (7-p19-s1), though this asks nothing of it that it would not do anyway"
)

SERVERS: Final = (
    offering(
        "7.1.1.1/offer",
        "an offer with server_no_context_takeover, and the same text again and again",
        "7.1.1.1-p3-s1 7.1.1.1-p1-s3 7.1.1.1-p4-s1 7.2.1-p13-s1 5-p3-s1 7-p9-s1 7-p9-s3",
        f"{NAME}; server_no_context_takeover",
    ),
    offering(
        "7.1.1.2/offer",
        "an offer with client_no_context_takeover, and the same text again and again",
        "7.1.1.2-p2-s2 7.1.1.2-p2-s1 7.1.1.2-p2-s3 5-p4-s1 7-p9-s1 7-p9-s2",
        f"{NAME}; client_no_context_takeover",
    ),
    offering(
        "7.1.1/offer-both",
        "an offer with both parameters of context takeover",
        "7.1.1.1-p3-s1 7.1.1.2-p2-s2 7.2.1-p13-s1 5-p5-s5",
        f"{NAME}; client_no_context_takeover; server_no_context_takeover",
    ),
)

CLIENTS: Final = (
    answering(
        "7.1.1.1/answer",
        "an answer with server_no_context_takeover, whether the client asks for it or not",
        "7.1.1.1-p5-s1 7.1.1.1-p3-s2 7-p9-s1 7-p9-s3",
        f"{NAME}; server_no_context_takeover",
        must_open(MAY_FAIL),
        honest=True,
    ),
    answering(
        "7.1.1.2/answer",
        "an answer with client_no_context_takeover, and the same text again and again",
        "7.1.1.2-p4-s1 7.1.1.2-p2-s4 7.1.1.2-p2-s1 7.2.1-p12-s1 7-p9-s2",
        f"{NAME}; client_no_context_takeover",
        must_open(),
        honest=True,
    ),
    answering(
        "7.1.1/answer-both",
        "an answer with both parameters of context takeover",
        "7.1.1.2-p4-s1 7.1.1.2-p2-s4 7.1.1.1-p5-s1 7.2.1-p12-s1",
        f"{NAME}; server_no_context_takeover; client_no_context_takeover",
        must_open(MAY_FAIL),
        honest=True,
    ),
)

CASES: tuple[Case, ...] = (*SERVERS, *CLIENTS)
