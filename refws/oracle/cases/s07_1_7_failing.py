"""Sections 7.1.7 and 7.2: an endpoint that fails the connection, a client that stays, a handshake that is aborted."""

from functools import partial
from typing import Final

from refws.oracle.case import CLIENT, SERVER, Case
from refws.oracle.close_outcomes import ENDS, WAITS, hold, until_tcp_ends
from refws.oracle.expect import Allowed, Where, goes_on, refuses
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import Frame, ping, text

__all__ = ["CASES", "NOT_SHOWN"]

CLIENT_STAYS: Final = ("rfc6455:7.1.7-p3-s1", "rfc6455:7.2.1-p3-s1", "rfc6455:7.3-p1-s2")
NOTHING_READ: Final = "rfc6455:7.1.7-p2-s3"
SAYS_WHY: Final = "rfc6455:7.1.7-p2-s1"
FAILS: Final = "rfc6455:5.2-p8-s2"

_RECONNECTING: Final = (
    "an echo client connects once for each case, when its program asks for it; whether and when it would come back "
    "after an abnormal end takes many connections of one client that nobody tells to connect"
)
NOT_SHOWN: Final[dict[str, str]] = dict.fromkeys(
    ("rfc6455:7.2.3-p2-s1", "rfc6455:7.2.3-p3-s1", "rfc6455:7.2.3-p4-s1"), _RECONNECTING
)

WHILE: Final = 1.0
"""Seconds without a word that are enough: a client that goes by itself then has no reason to be slow about it."""

UNKNOWN: Final = Frame(3, b"no such opcode")
"""A frame for which every endpoint has to fail the connection."""


TAKEN: Final = Allowed(
    Verdict.FAIL,
    Where("goes on", lambda seen: seen.went_on and not seen.has_failed),
    "it did not fail the connection, and so how it fails did not show",
    FAILS,
)
"""What the cases that begin with `UNKNOWN` are not about."""


async def _fail_and_wait(peer: Peer) -> Observed:
    peer.send(UNKNOWN)
    return await until_tcp_ends(peer, marker=True)


def _deaf(seen: Observed) -> bool:
    return seen.has_failed and not seen.messages and not seen.pongs


BEHIND: Final = (
    Allowed(Verdict.PASS, Where("fails, and reads nothing more", _deaf), "what is behind the fault is not to be read"),
)


async def _idle(peer: Peer) -> Observed:
    """Say nothing for a while."""
    quiet = min(2 * peer.patience, WHILE)
    await peer.link.until(lambda: peer.theirs.close is not None or peer.link.is_over, quiet)
    return await peer.settle()


async def _bad_answer(peer: Peer) -> Finding:
    """A 101 that does not prove that the key was read: the client fails the connection, and so ends TCP."""
    clause = "rfc6455:7.2.1-p1-s2"
    if peer.theirs.head is None and await peer.head() is None:
        return Finding(Verdict.INCONCLUSIVE, clause, Obligation.SENDER, "the client sent no request")
    fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "bm90IHRoZSBhbnN3ZXIh")]
    peer.respond(fields)
    if await peer.link.until(lambda: peer.link.is_over, peer.patience):
        return Finding(Verdict.PASS, clause, Obligation.SENDER, "the client ended TCP")
    why = "a 101 with a wrong Sec-WebSocket-Accept did not make the client end TCP"
    return Finding(Verdict.FAIL, clause, Obligation.SENDER, why)


async def _bad_request(octets: bytes, peer: Peer) -> Finding:
    """What opens no WebSocket connection: the server answers with an HTTP status, or ends TCP."""
    clause, better = "rfc6455:7.2.2-p1-s2", "rfc6455:10.7-p1-s5"
    peer.send_octets(octets)
    head = await peer.head()
    if head is not None and head.status == 101:
        return Finding(Verdict.FAIL, better, Obligation.SENDER, "what is no opening handshake was answered with 101")
    if head is not None and head.status is not None:
        return Finding(Verdict.PASS, clause, Obligation.SENDER, f"refused with {head.start_line}")
    if peer.link.is_over:
        why = "the server ended TCP without the HTTP status that says what was wrong"
        return Finding(Verdict.NON_STRICT, better, Obligation.SENDER, why)
    why = f"what is no opening handshake was neither answered nor refused within {peer.patience:.2g} s"
    return Finding(Verdict.NON_STRICT, clause, Obligation.SENDER, why)


LEAVES: Final = Where("ends the connection", lambda seen: seen.has_failed)

CASES = (
    Case(
        "7.1.1/server-that-fails-ends-tcp-at-once",
        "a frame with an unknown opcode: the server fails the connection, and ends TCP",
        ("rfc6455:7.1.7-p1-s3/1", "rfc6455:7.1.1-p2-s3/1"),
        _fail_and_wait,
        (TAKEN, *ENDS),
        roles=SERVER,
        obligation=Obligation.SENDER,
    ),
    Case(
        "7.1.7/client-that-fails-ends-tcp",
        "a frame with an unknown opcode: the client fails the connection, and TCP ends",
        ("rfc6455:7.1.7-p1-s2/1",),
        _fail_and_wait,
        (TAKEN, *ENDS),
        roles=CLIENT,
        obligation=Obligation.SENDER,
    ),
    Case(
        "7.1.1/client-that-fails-waits",
        "a frame with an unknown opcode, and the server takes a moment to end TCP",
        ("rfc6455:7.1.1-p2-s3/2", FAILS),
        partial(hold, UNKNOWN),
        WAITS,
        roles=CLIENT,
        obligation=Obligation.SENDER,
    ),
    Case(
        "7.1.7/failure-says-why",
        "a frame with an unknown opcode: a Close with a fitting code comes before the end of TCP",
        (SAYS_WHY, FAILS, "rfc6455:10.7-p1-s3", "rfc6455:7.4.1-p7-s1"),
        (UNKNOWN,),
        (TAKEN, *refuses(1002)),
        obligation=Obligation.SENDER,
    ),
    Case(
        "7.1.7/nothing-behind-a-failure-is-read",
        "a frame with an unknown opcode, a Ping and a text behind it in the same write",
        (NOTHING_READ,),
        (UNKNOWN, ping(b"behind"), text("behind")),
        BEHIND,
    ),
    Case(
        "7.1.7/idle-client-stays",
        "nothing for a while",
        CLIENT_STAYS,
        _idle,
        (*goes_on(), Allowed(Verdict.NON_STRICT, LEAVES, "nobody asked it to close, and nothing was wrong")),
        roles=CLIENT,
        obligation=Obligation.SENDER,
        slow=True,
    ),
    Case(
        "7.2.1/wrong-accept",
        "a 101 whose Sec-WebSocket-Accept is wrong",
        ("rfc6455:7.2.1-p1-s2",),
        _bad_answer,
        roles=CLIENT,
        obligation=Obligation.SENDER,
        bare=True,
    ),
    *(
        Case(
            f"7.2.2/{name}",
            f"{title} in place of an opening handshake",
            ("rfc6455:7.2.2-p1-s2", "rfc6455:10.7-p1-s5", "rfc6455:10.7-p1-s1"),
            partial(_bad_request, octets),
            roles=SERVER,
            obligation=Obligation.SENDER,
            bare=True,
        )
        for name, title, octets in (
            ("no-http", "words that are no HTTP", b"HELLO SERVER\r\n\r\n"),
            ("request-without-fields", "a request without any field", b"GET / HTTP/1.1\r\n\r\n"),
            ("octets-of-tls", "the beginning of TLS", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"),
        )
    ),
)
