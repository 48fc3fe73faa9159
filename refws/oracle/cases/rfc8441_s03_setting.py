"""RFC 8441, section 3: SETTINGS_ENABLE_CONNECT_PROTOCOL; what a server sends in it, the referee watches."""

from typing import Final

from refws.oracle.carrier import Carrier
from refws.oracle.handshake_outcomes import Answered
from refws.oracle.handshakes import ECHO
from refws.oracle.peer import Peer
from refws.oracle.referee.rfc8441 import SETTING
from refws.oracle.streams.connects import Connect, connecting, opens, stream_of, tried
from refws.oracle.streams.peer import SendsSettings
from refws.oracle.verdict import Obligation

__all__ = ["CASES"]


ONLY_HTTP2: Final = frozenset({Carrier.HTTP2})
NO_IMPACT: Final = "a server takes no notice of the setting, whatever a client says in it"


def _say(peer: Peer, value: int) -> None:
    connection = stream_of(peer).connection
    assert isinstance(connection, SendsSettings)
    connection.send_settings(((SETTING, value),))


async def _one(peer: Peer) -> Answered:
    _say(peer, 1)
    return await Connect()(peer)


async def _zero(peer: Peer) -> Answered:
    _say(peer, 0)
    return await Connect()(peer)


async def _later(peer: Peer) -> Answered:
    """The setting while the connection is open."""
    seen = await Connect()(peer)
    if not seen.went_on:
        return seen
    _say(peer, 1)
    peer.begin()
    works = await peer.echo(ECHO)
    seen.went_on = works
    return seen


async def _own_settings(peer: Peer) -> Answered:
    """What the server's settings are, over two streams."""
    seen = await Connect()(peer)
    if not seen.went_on:
        return seen
    other = await stream_of(peer).beside()
    try:
        other.link.send_head(other.fields())
        return await tried(other)
    finally:
        other.link.drop()


CASES = (
    connecting(
        "8441:3/own-settings",
        "the server's own settings, while two streams of one connection are opened",
        "3-p2-s2 3-p4-s1",
        _own_settings,
        opens("a server that has sent 1 takes an extended CONNECT, and goes on doing so"),
        obligation=Obligation.SENDER,
        over=ONLY_HTTP2,
    ),
    connecting(
        "8441:3/client-sends-one",
        "the client sends the setting with 1, and then opens a connection",
        "3-p3-s2",
        _one,
        opens(NO_IMPACT),
        over=ONLY_HTTP2,
    ),
    connecting(
        "8441:3/client-sends-zero",
        "the client sends the setting with 0, and then opens a connection",
        "3-p3-s2",
        _zero,
        opens(NO_IMPACT),
        over=ONLY_HTTP2,
    ),
    connecting(
        "8441:3/client-sends-one-later",
        "the client sends the setting with 1 while a connection is open",
        "3-p3-s2",
        _later,
        opens(NO_IMPACT),
        over=ONLY_HTTP2,
    ),
)
