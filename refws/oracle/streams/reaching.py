"""Reaches a server over HTTP/2 or HTTP/3: by TLS that agrees on it, or by the knowledge that it speaks HTTP/2."""

import asyncio
import socket
import ssl
from typing import Final

from refws.oracle.carrier import Carrier, NotSpoken
from refws.oracle.conversation import Conversation
from refws.oracle.referee import Referee
from refws.oracle.referee.rfc8441 import SETTING
from refws.oracle.streams.link import StreamLink
from refws.oracle.streams.peer import StreamConnection, StreamPeer
from refws.oracle.target import Target
from refws.oracle.verdict import Role

__all__ = ["LIMIT", "connect_stream"]

LIMIT: Final = 10.0
"""Seconds, above patience, that it takes at most until the server's settings are there."""


async def connect_stream(target: Target, patience: float, name: str = "") -> tuple[StreamPeer, Referee]:
    """A connection of its own to the server, and its first stream.

    Raises `NotSpoken` where the server does not take WebSocket there, and OSError.
    """
    async with asyncio.timeout(max(patience, LIMIT)):
        connection = await (_http2(target) if target.carrier is Carrier.HTTP2 else _http3(target))
    if not connection.theirs.get(SETTING):
        connection.end()
        raise NotSpoken(
            f"it speaks {target.carrier} and does not take WebSocket over it: "
            "its settings lack SETTINGS_ENABLE_CONNECT_PROTOCOL=1"
        )
    peer, referee = _another_stream(connection, target, patience, name)
    peer.link.stream.owns = True
    return peer, referee


def _another_stream(
    connection: StreamConnection, target: Target, patience: float, name: str
) -> tuple[StreamPeer, Referee]:
    """One more stream of a connection that is there."""
    referee = Referee(secure=target.tls is not None)
    conversation = Conversation([referee], name=name, secure=target.tls is not None, carrier=target.carrier)
    link = StreamLink(Role.SERVER, conversation)
    connection.open(link)
    peer = StreamPeer(Role.SERVER, link, patience, host=target.authority, target=target.resource, usual=target.usual)
    peer.connection = connection

    async def another(plain: bool) -> StreamPeer:
        return (await connect_stream(target, patience, name))[0]

    async def beside() -> StreamPeer:
        return _another_stream(connection, target, patience, name)[0]

    peer.another, peer.beside = another, beside
    return peer, referee


async def _http2(target: Target) -> StreamConnection:
    from refws.oracle.streams.http2 import Http2  # noqa: PLC0415 (each needs libraries of its own)

    if target.tls is not None:
        target.tls.set_alpn_protocols(["h2"])
    try:
        _, connection = await asyncio.get_running_loop().create_connection(
            Http2, target.host, target.port, ssl=target.tls, server_hostname=target.host if target.tls else None
        )
    except ssl.SSLError as error:
        if "no application protocol" in str(error).lower().replace("_", " "):
            raise NotSpoken("it does not speak HTTP/2: by ALPN it refuses h2") from None
        raise
    try:
        await connection.settled
    except BaseException as error:
        connection.abort()
        if isinstance(error, ConnectionError):
            raise NotSpoken(f"it does not speak HTTP/2: {error}") from None
        raise
    return connection


async def _http3(target: Target) -> StreamConnection:
    from aioquic.quic.connection import QuicConnection  # noqa: PLC0415

    from refws.oracle.streams.http3 import Http3, configuration_of  # noqa: PLC0415

    assert target.tls is not None
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
    family, _, _, _, address = found[0]
    quic = QuicConnection(configuration=configuration_of(target.tls, target.host))
    local = "::" if family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 (an answer may come from anywhere)
    _, connection = await loop.create_datagram_endpoint(lambda: Http3(quic), local_addr=(local, 0), family=family)
    try:
        connection.connect(address)
        await connection.settled
    except BaseException:
        connection.end()
        raise
    return connection
