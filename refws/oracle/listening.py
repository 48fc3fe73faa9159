"""Where the oracle waits for clients: one port, and over HTTP/2 another whose server takes no WebSocket there."""

import asyncio
import ssl
from collections.abc import Callable

from refws.oracle.carrier import Carrier
from refws.oracle.conversation import Conversation
from refws.oracle.link import Link
from refws.oracle.referee import Referee
from refws.oracle.verdict import Role

__all__ = ["Listener"]


class Listener:
    """Listens; `accept` gets the link of each connection, or stream, that a client opens, and who watches it.

    `port` is the port, and `unset_port`, over HTTP/2, that of a server without SETTINGS_ENABLE_CONNECT_PROTOCOL.
    """

    def __init__(self, accept: Callable[[Link, Referee], None], carrier: Carrier) -> None:
        self._accept, self._carrier = accept, carrier
        self._servers: list[asyncio.Server] = []
        self.port = 0
        self.unset_port = 0

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Begin. Raises OSError."""
        secure = tls is not None

        def plain() -> Link:
            return _Accepted(self._accept, secure)

        if self._carrier is Carrier.HTTP1:
            self.port = await self._listen(plain, host, port, tls)
            return
        from refws.oracle.streams.accepting import ALPN, SET, UNSET, Either  # noqa: PLC0415 (it needs libraries)

        if tls is not None:
            tls.set_alpn_protocols(ALPN)
        self.port = await self._listen(lambda: Either(plain, self._accept, SET, secure=secure), host, port, tls)
        self.unset_port = await self._listen(lambda: Either(plain, self._accept, UNSET, secure=secure), host, 0, tls)

    def close(self) -> None:
        """Listen no more."""
        for server in self._servers:
            server.close()

    async def _listen(
        self, make: Callable[[], asyncio.Protocol], host: str, port: int, tls: ssl.SSLContext | None
    ) -> int:
        self._servers.append(await asyncio.get_running_loop().create_server(make, host, port, ssl=tls))
        return int(self._servers[-1].sockets[0].getsockname()[1])


class _Accepted(Link):
    """A connection that a client has made."""

    def __init__(self, accept: Callable[[Link, Referee], None], secure: bool) -> None:
        self._referee = Referee()
        super().__init__(Role.CLIENT, Conversation([self._referee], secure=secure))
        self._accept = accept

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP (and TLS) is there."""
        super().connection_made(transport)
        self._accept(self, self._referee)
