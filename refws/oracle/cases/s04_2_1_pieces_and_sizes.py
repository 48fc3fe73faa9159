"""Section 4.2.1, reading the client's opening handshake: in what pieces it comes, how long it is, whether it ends."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed, Silent
from refws.oracle.handshake_outcomes import Answered, Refuses, Unanswered, accepts, either
from refws.oracle.handshakes import Request, answered, handshake
from refws.oracle.observed import Observed
from refws.oracle.opening import Opening
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}


def _paces() -> list[Case]:
    why = "TCP delivers a stream: where its pieces end means nothing"
    table = (
        ("octet-by-octet", "the request in writes of one octet each", Request(size=1)),
        ("in-pieces", "the request in writes of 16 octets each", Request(size=16)),
        ("slowly", "the request in pieces of 48 octets, a pause between them", Request(size=48, pause=0.02)),
    )
    return [
        handshake(f"4.2.1/{name}", title, "4.2.1-p1-s2 4.4-p2-s2", request, accepts(why))
        for name, title, request in table
    ]


def _sizes() -> list[Case]:
    """Heads of many octets: what a server takes of them is recorded, and its own to decide."""
    why = "how long a head may be, a server decides"
    drops = Allowed(Verdict.PASS, Unanswered(), "it reads no further than its limit")
    hangs = Allowed(Verdict.NON_STRICT, Silent(None), "a server at its limit can say so with 431, or end TCP")
    table = (
        ("long-target", "a target of 8,000 octets", Request(target="{target}?" + "x" * 8000), (400, 404, 414)),
        *(
            (
                f"{size}-octets-of-cookies",
                f"a field of {size} octets",
                Request(opening=Opening(fields=(("Cookie", "a=" + "x" * (size - 2)),))),
                (400, 413, 431),
            )
            for size in (4096, 16384, 65536, 262144)
        ),
        *(
            (
                f"{number}-fields",
                f"{number} header fields",
                Request(opening=Opening(fields=tuple((f"X-Refws-{n}", "x") for n in range(number)))),
                (400, 413, 431),
            )
            for number in (90, 500)
        ),
    )
    return [
        handshake(
            f"4.2.1/{name}", title, "4.2.1-p12-s2 10.7-p1-s1", request, (drops, *either(why, fitting=fitting), hangs)
        )
        for name, title, request, fitting in table
    ]


ENDLESS: Final = 1 << 20


async def _endless(peer: Peer) -> Finding | Observed:
    """Send a head that does not end, until the server has enough; how much that is, the finding says."""
    sent, piece = 0, b"X-Refws-Oracle: " + b"x" * 4078 + b"\r\n"
    peer.send_octets(f"GET {peer.target} HTTP/1.1\r\nHost: {peer.host}\r\n".encode())
    while sent < ENDLESS and not peer.link.is_over and not peer.theirs.heads:
        await peer.send_chopped(piece, len(piece))
        sent += len(piece)
    peer.link.end()
    seen = await answered(peer)
    taken = f"of a head without an end, {sent} octets were sent" + ("" if sent < ENDLESS else " and taken")
    if isinstance(seen, Answered) and seen.is_open:
        why = f"{taken}, and the connection was opened without the empty line"
        return Finding(Verdict.FAIL, "rfc6455:4.2.1-p2-s2", Obligation.RECEIVER, why)
    return Finding(Verdict.PASS, "rfc6455:10.7-p1-s1", Obligation.RECEIVER, f"{taken}; then came {seen}")


async def _cut_short(peer: Peer) -> Observed:
    """Send half a head, and the end of TCP behind it."""
    octets = Request().octets(peer)
    peer.send_octets(octets[: len(octets) // 2])
    peer.link.end()
    return await answered(peer)


HALF: Final = (
    Allowed(Verdict.PASS, Unanswered(), "nobody waits for an answer to half a request"),
    Allowed(Verdict.PASS, Refuses(most=499), "half a request is none"),
    Allowed(Verdict.NON_STRICT, Refuses(least=500), "a 5xx says that the server went wrong, where the client did"),
    Allowed(Verdict.NON_STRICT, Silent(None), "no more can come of this connection, which the server could let go"),
)

CASES = (
    *_paces(),
    *_sizes(),
    handshake("4.2.1/head-cut-short", "half a head, and the end of TCP", "4.2.1-p2-s2 10.7-p1-s1", _cut_short, HALF),
    handshake("4.2.1/head-without-an-end", "a head that does not end", "10.7-p1-s1 4.2.1-p2-s2", _endless, slow=True),
)
