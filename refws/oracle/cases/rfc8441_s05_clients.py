"""RFC 8441, sections 3 and 5: what a client makes of a server that speaks HTTP/2.

What its requests have to be like the referee watches in every case; here a client has to come to the right server, and
is answered as it is over HTTP/1.1 (section 4.1 of RFC 6455).
"""

from typing import Final
from urllib.parse import urlsplit

from refws.oracle.carrier import Carrier
from refws.oracle.case import CLIENT, Case
from refws.oracle.expect import Allowed, NeverConnects, Where
from refws.oracle.handshakes import ECHO
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.recording import End
from refws.oracle.referee.rfc8441 import SETTING
from refws.oracle.streams.connects import stream_of
from refws.oracle.streams.peer import StreamPeer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import close

__all__ = ["CASES"]

ONLY_HTTP2: Final = frozenset({Carrier.HTTP2})
OPTED_IN: Final = "rfc8441:3-p5-s2"
IN_PLACE_OF_GET: Final = "rfc8441:5-p1-s3"
REST_OF_URI: Final = "rfc8441:5-p2-s2"
ORDINARY: Final = (
    *("rfc8441:5-p5-s1", "rfc8441:5-p7-s1", IN_PLACE_OF_GET, "rfc8441:5-p1-s1/1", "rfc8441:5-p1-s1/2"),
    *("rfc8441:5-p2-s1", REST_OF_URI, "rfc8441:5-p4-s2", "rfc8441:5-p1-s2", "rfc8441:4-p2-s1", "rfc8441:4-p3-s1"),
)


class Answering:
    """Answers 200 with these fields besides, and sends a message; what came of it."""

    def __init__(self, *fields: tuple[str, str]) -> None:
        self.fields = fields

    async def __call__(self, peer: Peer) -> Observed | Finding:
        """Play it."""
        stream = stream_of(peer)
        if stream.theirs.head is None:
            await stream.head()
        misled = _misled(stream)
        if misled is not None:
            return misled
        stream.link.send_head(((":status", "200"), *self.fields))
        if not stream.conversation.is_open:
            why = "what the client asked for opens no WebSocket connection"
            return Finding(Verdict.INCONCLUSIVE, IN_PLACE_OF_GET, Obligation.SENDER, why)
        stream.begin()
        return stream.observed(went_on=await stream.echo(ECHO))


def _misled(peer: StreamPeer) -> Finding | None:
    """What of the URI that the client was given its request does not have."""
    head = peer.theirs.head
    if head is None or not peer.uri:
        return None
    parts = urlsplit(peer.uri)
    wanted = (parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    got = (head.get(":authority") or "", head.get(":path") or "")
    if got == wanted:
        return None
    why = f"for {peer.uri} the client asked {got[0]!r} for {got[1]!r}"
    return Finding(Verdict.FAIL, REST_OF_URI, Obligation.SENDER, why)


async def _closes(peer: Peer) -> Observed:
    """The server's Close, the client's, and the server's END_STREAM; how the client ends its half behind it."""
    peer.send(close(1000))
    await peer.link.until(lambda: peer.theirs.close is not None or peer.link.is_over, peer.patience)
    peer.link.end()
    await peer.link.until(lambda: peer.link.is_over, peer.patience)
    return peer.observed()


async def _without_setting(peer: Peer) -> Finding:
    """The server does not take WebSocket on its streams; what is wrong with asking for it, the referee says."""
    if not isinstance(peer, StreamPeer):
        why = "the client came over HTTP/1.1, for the server does not take WebSocket over HTTP/2"
        peer.refuse(404, "That was all")
        return Finding(Verdict.PASS, OPTED_IN, Obligation.SENDER, why)
    peer.link.reset()
    if any(one.get(SETTING) for one in peer.ours.settings):
        why = "to come to a server without the setting, a command with {url} has to be given that server's URI"
        return Finding(Verdict.NOT_RUN, OPTED_IN, Obligation.SENDER, why)
    return Finding(Verdict.PASS, OPTED_IN, Obligation.SENDER, "the client sent an extended CONNECT")


WORKS: Final = Where("takes the connection for open", lambda seen: seen.went_on)
GIVES_UP: Final = Where("gives the connection up", lambda seen: seen.has_failed)
SILENT: Final = Where("sends nothing back", lambda seen: True)


def _opens(why: str) -> tuple[Allowed, ...]:
    return (
        Allowed(Verdict.PASS, WORKS, why),
        Allowed(Verdict.FAIL, GIVES_UP, "nothing is wrong with the answer: neither a key nor an Accept is needed"),
    )


def _fails(why: str) -> tuple[Allowed, ...]:
    return (
        Allowed(Verdict.PASS, GIVES_UP, why),
        Allowed(Verdict.FAIL, WORKS, why),
        Allowed(Verdict.NON_STRICT, SILENT, f"{why}; the stream is then to be ended"),
    )


ANSWERS: Final = (
    (
        "client-ordinary",
        "a 200 without Sec-WebSocket-Accept",
        ORDINARY,
        Answering(),
        _opens("a stream has no use for an Accept"),
    ),
    (
        "client-given-an-accept",
        "a 200 with a Sec-WebSocket-Accept that proves nothing",
        ("rfc8441:5-p5-s1",),
        Answering(("sec-websocket-accept", "none")),
        _opens("a stream has no use for an Accept, whatever it is"),
    ),
    (
        "client-given-a-cookie",
        "a 200 with other header fields",
        ("rfc8441:5-p1-s2",),
        Answering(("set-cookie", "a=b"), ("x-nobody", "knows")),
        _opens("other header fields may come with the answer"),
    ),
    (
        "client-given-a-subprotocol",
        "a 200 with a subprotocol that nobody has offered",
        ("rfc8441:5-p6-s1",),
        Answering(("sec-websocket-protocol", "x-nobody")),
        _fails("a subprotocol that was not offered fails the connection, as over HTTP/1.1"),
    ),
    (
        "client-given-an-extension",
        "a 200 with an extension that nobody has offered",
        ("rfc8441:5-p6-s1",),
        Answering(("sec-websocket-extensions", "x-nobody")),
        _fails("an extension that was not offered fails the connection, as over HTTP/1.1"),
    ),
)
ENDS: Final = (
    Allowed(Verdict.PASS, Where("ends the stream in order", lambda seen: seen.end is End.FIN), "so it is to end"),
    Allowed(
        Verdict.NON_STRICT,
        Where("resets the stream", lambda seen: seen.end is End.RST),
        "both Close frames are there, and END_STREAM is what FIN is to TCP",
    ),
    Allowed(
        Verdict.FAIL,
        Where("leaves the stream open", lambda seen: seen.end is None),
        "both Close frames are there, and the server has ended its half",
    ),
)


CASES: tuple[Case, ...] = (
    *(
        Case(f"8441:5/{name}", title, clauses, play, allowed, CLIENT, bare=True, over=ONLY_HTTP2)
        for name, title, clauses, play, allowed in ANSWERS
    ),
    Case(
        "8441:5/client-closes-in-order",
        "the closing handshake, and END_STREAM of the server: the client ends its half",
        ("rfc8441:5-p8-s2", "rfc8441:5-p8-s1"),
        _closes,
        ENDS,
        CLIENT,
        Obligation.SENDER,
        over=ONLY_HTTP2,
    ),
    Case(
        "8441:3/client-without-setting",
        "a server that has not sent SETTINGS_ENABLE_CONNECT_PROTOCOL",
        (OPTED_IN, "rfc8441:3-p3-s1", "rfc8441:3-p5-s3"),
        _without_setting,
        (Allowed(Verdict.PASS, NeverConnects(), "the server does not take WebSocket over HTTP/2", OPTED_IN),),
        CLIENT,
        Obligation.SENDER,
        bare=True,
        uri="{scheme}://{unset}/runCase?{query}",
        over=ONLY_HTTP2,
    ),
)
