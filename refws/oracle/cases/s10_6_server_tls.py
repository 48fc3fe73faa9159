"""Sections 10.6, 11.1.2 and 4.2.2: a server with a wss address; with a ws address, none of it is played."""

from collections.abc import Awaitable, Callable
from typing import Final

from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Answered, Declines, Refuses, Unanswered, accepts
from refws.oracle.handshakes import Request, answered, elsewhere, handshake
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

BROKEN_RECORD: Final = b"\x16\x03\x01\x00\x05hello"
"""A TLS record whose handshake message is none."""


def _only_secure(
    play: Callable[[Peer], Awaitable[Observed]], clause: str
) -> Callable[[Peer], Awaitable[Observed | Finding]]:
    """The play, for a testee that is talked to over TLS."""

    async def secure(peer: Peer) -> Observed | Finding:
        if peer.conversation.recording.secure:
            return await play(peer)
        why = "the address is a ws one; give the server's wss address, and its certificate where it is its own"
        return Finding(Verdict.NOT_RUN, f"rfc6455:{clause}", Obligation.SENDER, why)

    return secure


async def _plainly(peer: Peer) -> Answered:
    return await elsewhere(peer, Request(), plain=True)


async def _broken(peer: Peer) -> Answered:
    async def play(other: Peer) -> Answered:
        other.send_octets(BROKEN_RECORD)
        await other.link.until(lambda: other.link.is_over, other.patience)
        return await answered(other)

    return await elsewhere(peer, play, plain=True)


CLOSED: Final = Allowed(Verdict.PASS, Unanswered(), "a TLS handshake that fails ends the connection")

CASES = (
    handshake(
        "10.6/wss-connection",
        "the ordinary request, over TLS",
        "10.6-p1-s2/1 11.1.2-p1-s1 11.1.2-p11-s1 4.2.2-p2-s1 4.2.2-p2-s2",
        _only_secure(Request(), "10.6-p1-s2/1"),
        accepts("over TLS all is as without it"),
        obligation=Obligation.SENDER,
    ),
    handshake(
        "4.2.2/plain-request-at-the-tls-port",
        "the ordinary request without TLS, where there should be some",
        "4.2.2-p2-s1 4.2.2-p2-s2 11.1.2-p1-s1",
        _only_secure(_plainly, "4.2.2-p2-s1"),
        (
            CLOSED,
            Allowed(Verdict.PASS, Refuses(), "an HTTP error tells whoever forgot TLS"),
            Allowed(Verdict.PASS, Declines(), "a redirection to the secure address helps whoever forgot TLS"),
        ),
        obligation=Obligation.SENDER,
    ),
    handshake(
        "4.2.2/broken-tls-handshake",
        "a TLS record that holds no handshake",
        "4.2.2-p2-s2 4.2.2-p2-s1",
        _only_secure(_broken, "4.2.2-p2-s2"),
        (CLOSED,),
        obligation=Obligation.SENDER,
    ),
)
