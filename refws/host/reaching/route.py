"""What a caller says of the way to a server: without I/O, for every host."""

import socket
import ssl
from dataclasses import dataclass

from refws.failure import UsageError
from refws.host.reaching.proxies import ProxyChoice

__all__ = ["Route"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a client gets to its server. Raises `UsageError` for more than one way."""

    proxy: ProxyChoice = True
    proxy_tls: ssl.SSLContext | None = None
    path: str | None = None
    sock: socket.socket | None = None
    happy_eyeballs_delay: float | None = 0.25

    def __post_init__(self) -> None:
        ways = [self.path is not None, self.sock is not None, self.proxy not in (True, False, None)]
        if sum(ways) > 1:
            raise UsageError("path, sock and a proxy exclude each other")
        if self.path is not None and not hasattr(socket, "AF_UNIX"):
            raise UsageError("this system has no unix sockets")

    @property
    def is_given(self) -> bool:
        """Whether the caller, and not the URI, says where to connect."""
        return self.path is not None or self.sock is not None
