"""Reaches a server over HTTP/2: by TLS, which has to agree on it, or with the knowledge that it speaks it."""

import asyncio
import ssl
from typing import Final

from refws.oracle.carrier import Carrier, NotSpoken
from refws.oracle.conversation import Conversation
from refws.oracle.referee import Referee
from refws.oracle.streams.http2 import Http2
from refws.oracle.streams.link import StreamLink
from refws.oracle.streams.peer import StreamPeer
from refws.oracle.target import Target
from refws.oracle.verdict import Role
from refws.oracle.wire.http2 import CONNECT_PROTOCOL

__all__ = ["LIMIT", "another_stream", "connect_http2"]

LIMIT: Final = 10.0
"""Seconds, above patience, that it takes at most until the server's settings are there."""


async def connect_http2(target: Target, patience: float, name: str = "") -> tuple[StreamPeer, Referee]:
    """A connection of its own to the server, and its first stream. Raises OSError."""
    loop = asyncio.get_running_loop()
    if target.tls is not None:
        target.tls.set_alpn_protocols(["h2"])
    async with asyncio.timeout(max(patience, LIMIT)):
        transport, connection = await loop.create_connection(
            Http2, target.host, target.port, ssl=target.tls, server_hostname=target.host if target.tls else None
        )
        try:
            await _settle(connection, transport.get_extra_info("ssl_object"))
        except BaseException:
            connection.abort()
            raise
    peer, referee = another_stream(connection, target, patience, name)
    peer.link.stream.owns = True
    return peer, referee


def another_stream(connection: Http2, target: Target, patience: float, name: str = "") -> tuple[StreamPeer, Referee]:
    """One more stream of a connection that is there."""
    referee = Referee(secure=target.tls is not None)
    conversation = Conversation([referee], name=name, secure=target.tls is not None, carrier=Carrier.HTTP2)
    link = StreamLink(Role.SERVER, conversation)
    connection.open(link)
    peer = StreamPeer(Role.SERVER, link, patience, host=target.authority, target=target.resource, usual=target.usual)
    peer.connection = connection

    async def another(plain: bool) -> StreamPeer:
        return (await connect_http2(target, patience, name))[0]

    async def beside() -> StreamPeer:
        return another_stream(connection, target, patience, name)[0]

    peer.another, peer.beside = another, beside
    return peer, referee


async def _settle(connection: Http2, tls: ssl.SSLObject | None) -> None:
    """Wait for the server's settings. Raises `NotSpoken` where they do not allow an extended CONNECT."""
    if tls is not None and tls.selected_alpn_protocol() not in (None, "h2"):
        raise NotSpoken(f"it does not speak HTTP/2: by ALPN it chooses {tls.selected_alpn_protocol()}")
    try:
        await connection.settled
    except ConnectionError as error:
        raise NotSpoken(f"it does not speak HTTP/2: {error}") from None
    said = connection.theirs.get(CONNECT_PROTOCOL, 0)
    if not said:
        raise NotSpoken(
            "it speaks HTTP/2 and does not take WebSocket over it: its settings lack SETTINGS_ENABLE_CONNECT_PROTOCOL=1"
        )
