"""Section 4.2.2, sending the server's opening handshake: resources, subprotocols, the end of a refused handshake."""

from dataclasses import replace
from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Answered, Breaks, Opens, Refuses, accepts, either, rejects
from refws.oracle.handshakes import ECHO, Request, both, final_head, handshake, seen_of
from refws.oracle.opening import Opening
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Role, Verdict
from refws.oracle.wire.frame import ping, pong, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final = {
    "rfc6455:4.2.2-p6-s2": "needs a server with a list of origins, and one of them",
}

PROTOCOL: Final = "Sec-WebSocket-Protocol"


def _resources() -> list[Case]:
    return [
        handshake(
            "4.2.2/unknown-resource",
            "a request for a resource that hardly any server has",
            "4.2.2-p9-s3 4.2.2-p9-s2 4.2.2-p4-s1",
            Request(target="/refws-oracle/no/such/resource"),
            either("a server may serve every resource alike", REDIRECTS, fitting=(400, 403, 404, 410)),
        ),
        handshake(
            "4.2.2/resource-with-query",
            "a request for the resource with a query, which is a part of its name",
            "4.2.2-p9-s2 4.2.2-p9-s3",
            Request(target="{target}?refws=oracle&x=%C3%A9"),
            either("the query is the application's", REDIRECTS, fitting=(400, 404)),
        ),
    ]


REDIRECTS: Final = Allowed(
    Verdict.PASS, Refuses(least=300, most=399), "a server may send the client elsewhere", "rfc6455:4.2.2-p4-s1"
)


def _subprotocols() -> list[Case]:
    clauses = "4.2.2-p10-s2 4.2.2-p10-s3 4.2.2-p10-s4 4.2.2-p10-s6 4.2.2-p20-s1 4.3-p7-s3 11.3.4-p9-s2"
    table = (
        ("one-subprotocol", "a request that offers one subprotocol", ("refws-a",)),
        ("many-subprotocols", "a request that offers several subprotocols", ("refws-b", "refws-a", "refws-c")),
        ("subprotocols-of-all-characters", "subprotocols with every character of a token", ("!#$%&'*+-.^_`|~9aZ", "z")),
        ("subprotocol-like-a-domain", "a subprotocol named after a domain, as the RFC advises", ("chat.example.com",)),
    )
    spaces = Allowed(Verdict.NON_STRICT, Refuses(), "a list with an empty element, or of unknown subprotocols")
    return [
        handshake(
            "4.2.2/no-subprotocol",
            "a request that offers no subprotocol",
            clauses,
            Request(),
            accepts("a subprotocol is optional"),
        ),
        *(
            handshake(
                f"4.2.2/{name}",
                title,
                f"{clauses} 11.3.4-p8-s2 4.2.1-p10-s1",
                Request(opening=Opening(subprotocols=offered)),
                either("a server may choose one, or none, and open", fitting=(400, 403)),
            )
            for name, title, offered in table
        ),
        handshake(
            "4.2.2/subprotocols-with-white-space",
            "subprotocols with white space and an empty element between them",
            "4.3-p1-s1 4.2.1-p10-s1 4.2.2-p10-s2",
            Request(put=((PROTOCOL, "refws-a \t,, refws-b,"),)),
            accepts("lists have such white space in HTTP", spaces),
        ),
        handshake("11.3.4/subprotocols-on-two-lines", SAME, "11.3.4-p9-s1 4.4-p2-s2 11.3.4-p8-s2", _two_lines),
    ]


def _wrong_subprotocols() -> list[Case]:
    table = (
        ("empty-subprotocols", "an empty field of subprotocols", ""),
        ("subprotocol-with-space", "a subprotocol with a space in it", "refws a"),
        ("subprotocol-in-quotes", "a subprotocol in quotation marks", '"refws-a"'),
        ("subprotocol-with-slash", "a subprotocol with a separator in it", "refws/a, refws-b"),
        ("subprotocol-beyond-ascii", "a subprotocol of octets beyond ASCII", "refws-\xe9"),
    )
    unread = "a server that has no subprotocols does not have to read the field"
    return [
        handshake(
            f"4.2.2/{name}",
            title,
            "4.2.1-p2-s2 4.3-p4-s3 4.2.2-p10-s5",
            Request(put=((PROTOCOL, value),)),
            rejects("the field is a list of one or more tokens", opened=unread),
        )
        for name, title, value in table
    ]


SAME: Final = "subprotocols on two lines mean what they mean on one"


async def _two_lines(peer: Peer) -> Finding | Answered:
    """The same subprotocols on one line, then on two lines of another connection: the answer is the same."""
    one = Request(opening=Opening(subprotocols=("refws-a", "refws-b")))
    two = replace(one, put=((PROTOCOL, "refws-a"), (PROTOCOL, "refws-b")), opening=Opening())
    joined, split = await both(peer, one, two)
    verdict, clause = Verdict.PASS, "11.3.4-p9-s1"
    if joined.is_open and not split.is_open:
        verdict, clause = Verdict.FAIL, "4.4-p2-s2"
    elif joined.status != split.status or joined.field(PROTOCOL) != split.field(PROTOCOL):
        verdict = Verdict.NON_STRICT
    chosen = [seen.field(PROTOCOL) or "none" for seen in (joined, split)]
    why = f"one line came to {joined}, with {chosen[0]} chosen; the same on two lines to {split}, with {chosen[1]}"
    return Finding(verdict, f"rfc6455:{clause}", Obligation.RECEIVER, why)


EARLY: Final = "sent before the answer"


async def _early_frame(peer: Peer) -> Answered:
    """A message in the segment of the request, which a client in a hurry may send."""
    peer.send_octets(Request(behind=(text(EARLY),)).octets(peer))
    await peer.link.until(lambda: final_head(peer) is not None or peer.link.is_over, peer.patience)
    head = final_head(peer)
    if head is None or head.status != 101:
        return seen_of(peer, head, went_on=False)
    peer.text(ECHO)
    side = peer.theirs
    await peer.link.until(
        lambda: any(one.payload == ECHO.encode() for one in side.messages) or peer.link.is_over, peer.patience
    )
    return seen_of(peer, head, went_on=any(one.payload == ECHO.encode() for one in side.messages))


def _early() -> Case:
    kept = Opens("and answers the early message", lambda seen: seen.payloads == (EARLY.encode(), ECHO.encode()))
    lost = "no clause lets a client send before it has the answer, but a server that reads on loses nothing"
    return handshake(
        "4.2.2/frame-behind-the-request",
        "a message in the same segment as the request",
        "4.2.2-p12-s1 4.4-p2-s2",
        _early_frame,
        accepts(
            "TCP delivers a stream: where its pieces end means nothing",
            Allowed(Verdict.NON_STRICT, Opens(), lost),
            Allowed(Verdict.NON_STRICT, Breaks(), lost),
            Allowed(Verdict.PASS, Refuses(most=499), "a client has to wait for the answer"),
            opens=kept,
        ),
    )


REFUSED: Final = b"sent to a server that has refused"


async def _frames_after_a_refusal(peer: Peer) -> Finding:
    """A version that nobody has, then frames: none comes back. The line behind them ends what HTTP makes of them."""
    clause, obligation = "rfc6455:4.2.2-p6-s5", Obligation.SENDER
    seen = await Request(put=(("Sec-WebSocket-Version", "99"),))(peer)
    if seen.head is None or seen.is_open:
        why = f"there was no refusal, behind which frames could be sent, but {seen}"
        return Finding(Verdict.INCONCLUSIVE, clause, obligation, why)
    begin = seen.head.offset + seen.head.size
    peer.send(text(REFUSED), ping(REFUSED), b"\r\n\r\n")
    frames = [frame.octets(False) for frame in (text(REFUSED), pong(REFUSED))]

    def tail() -> bytes:
        return peer.conversation.recording.octets(Role.SERVER)[begin:]

    def came() -> bool:
        return any(frame in tail() for frame in frames)

    await peer.link.until(lambda: came() or peer.link.is_over, peer.patience)
    if came():
        why = f"frames were answered behind a refusal with {seen}; a handshake that is refused is over"
        return Finding(Verdict.FAIL, clause, obligation, why, begin)
    return Finding(Verdict.PASS, clause, obligation, f"{seen}, and no frame behind it")


CASES = (
    *_resources(),
    *_subprotocols(),
    *_wrong_subprotocols(),
    _early(),
    handshake(
        "4.2.2/frames-behind-a-refusal",
        "frames behind a handshake that was refused",
        "4.2.2-p6-s5 4.2.2-p8-s2",
        _frames_after_a_refusal,
        obligation=Obligation.SENDER,
    ),
)
