"""A TCP connection of the endpoint."""

import asyncio
import contextlib
import os
from typing import Final, Literal

__all__ = ["PATIENCE", "Link", "RoleName"]

RoleName = Literal["client", "server"]

PATIENCE: Final = 1.0
"""Seconds that the peer gets to end TCP, once it is its turn."""


class Link(asyncio.Protocol):
    """Writes octets, and ends TCP so that what was written arrives: FIN, then reading until the peer's FIN."""

    def __init__(self, role: RoleName, host: str = "127.0.0.1", target: str = "/") -> None:
        self.role = role
        self.host = host
        self.target = target
        self.lost = asyncio.get_running_loop().create_future()
        """Done when the connection is gone."""
        self.transport: asyncio.Transport | None = None
        self.ended = False

    @property
    def is_server(self) -> bool:
        """Whether this is the server's side."""
        return self.role == "server"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is there."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is gone."""
        self.transport = None
        if not self.lost.done():
            self.lost.set_result(None)

    def eof_received(self) -> bool:
        """The peer has ended its half, so this side does the same."""
        self.ended = True
        return False

    def write(self, octets: bytes) -> None:
        """Write octets, unless this side has ended."""
        if self.transport is not None and not self.ended and not self.transport.is_closing():
            self.transport.write(octets)

    def write_outside(self, octets: bytes) -> None:
        """Write a few octets past TLS, if there is any."""
        if self.transport is not None and not self.transport.is_closing():
            os.write(self.transport.get_extra_info("socket").fileno(), octets)

    def end(self) -> None:
        """End this half of TCP, and give the peer some time for its own."""
        if self.transport is None or self.ended:
            return
        self.ended = True
        if self.transport.can_write_eof():
            with contextlib.suppress(OSError):  # the peer's reset was quicker
                self.transport.write_eof()
            self.drop_later()
        else:
            self.transport.close()

    def drop_later(self) -> None:
        """Drop TCP unless the peer ends it in time."""
        asyncio.get_running_loop().call_later(PATIENCE, self.drop)

    def drop(self) -> None:
        """Let go of TCP at once."""
        if self.transport is not None:
            self.transport.abort()
