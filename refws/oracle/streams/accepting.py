"""Accepts clients over HTTP/2, on a port where HTTP/1.1 is spoken, too; what asks for a page gets one."""

import asyncio
from collections.abc import Callable
from typing import Final

from refws.oracle.carrier import Carrier
from refws.oracle.conversation import Conversation
from refws.oracle.link import Link
from refws.oracle.referee import Referee
from refws.oracle.referee.rfc8441 import is_websocket
from refws.oracle.streams.http2 import Http2
from refws.oracle.streams.link import StreamLink
from refws.oracle.verdict import Role
from refws.oracle.wire.http import stream_head
from refws.oracle.wire.http2 import CONNECT_PROTOCOL, PREFACE, Headers

__all__ = ["ALPN", "SET", "UNSET", "Either"]

ALPN: Final = ["h2", "http/1.1"]
SET: Final = ((CONNECT_PROTOCOL, 1),)
UNSET: Final[tuple[tuple[int, int], ...]] = ()
"""The settings of a server that takes WebSocket on its streams, and of one that does not."""

_PAGE: Final = b"<!doctype html><title>refws oracle</title><p>WebSocket clients are judged here.</p>"
"""A browser speaks WebSocket over HTTP/2 only with a server that it already has such a connection to."""


class Either(asyncio.Protocol):
    """One TCP connection: HTTP/2 where it begins with its preface, and HTTP/1.1 in the place of `plain` otherwise.

    `accept` gets the link of each stream that is to become a WebSocket connection.
    """

    def __init__(
        self,
        plain: Callable[[], Link],
        accept: Callable[[Link, Referee], None],
        settings: tuple[tuple[int, int], ...],
        *,
        secure: bool,
    ) -> None:
        self._plain, self._accept, self._settings, self._secure = plain, accept, settings, secure
        self._transport: asyncio.Transport | None = None
        self._begun = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP (and TLS) is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Octets have come, and show what is spoken."""
        assert self._transport is not None
        self._begun += data
        if len(self._begun) < len(PREFACE) and PREFACE.startswith(self._begun):
            return
        is_http2 = self._begun.startswith(PREFACE)
        spoken = Http2(settings=self._settings, on_request=self._requested) if is_http2 else self._plain()
        self._transport.set_protocol(spoken)
        spoken.connection_made(self._transport)
        spoken.data_received(self._begun)

    def _requested(self, connection: Http2, request: Headers) -> StreamLink | None:
        """The link of a stream that asks for WebSocket, however badly; anything else gets the page."""
        if not is_websocket(stream_head(request.fields, Carrier.HTTP2.value)):
            fields = ((":status", "200"), ("content-type", "text/html"), ("content-length", str(len(_PAGE))))
            connection.write(connection.frames.headers(request.stream, fields))
            connection.write(connection.frames.data(request.stream, _PAGE, end=True))
            return None
        referee = Referee(secure=self._secure)
        link = StreamLink(Role.CLIENT, Conversation([referee], secure=self._secure, carrier=Carrier.HTTP2))
        self._accept(link, referee)
        return link
