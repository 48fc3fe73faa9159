"""Section 5.5: control frames."""

from refws.oracle.case import Case
from refws.oracle.expect import Allowed, GoesOn, goes_on, refuses
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import ping, text

__all__ = ["CASES"]

ANSWERED = Allowed(
    Verdict.NON_STRICT,
    GoesOn(None, None),
    "no clause binds who receives it to refuse it; refws does (ruling 11)",
)

CASES = (
    Case(
        "5.5/ping-of-125-octets",
        "a Ping with 125 octets, the most there may be",
        ("rfc6455:5.5.2-p3-s1", "rfc6455:5.5-p3-s1/1"),
        (ping(bytes(range(125))),),
        goes_on(pongs=(bytes(range(125)),)),
        alias="2.4",
    ),
    Case(
        "5.5/ping-of-126-octets",
        "a Ping with 126 octets, one more than there may be",
        ("rfc6455:5.5-p3-s1/1",),
        (ping(bytes(126)),),
        refuses(1002, accepting=ANSWERED),
        alias="2.5",
    ),
    Case(
        "5.5/ping-in-two-fragments",
        "a Ping without FIN, and a continuation",
        ("rfc6455:5.5-p3-s1/2",),
        (text("first"), ping(b"part", fin=False)),
        refuses(1002, messages=(b"first",), accepting=ANSWERED),
    ),
)
