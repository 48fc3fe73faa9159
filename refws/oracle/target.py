"""Where a server is, and what is spoken with it."""

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from refws.oracle.carrier import Carrier
from refws.oracle.opening import Opening

__all__ = ["Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A server's address; `tls` is None for ws, and `usual` is what it wants in every request."""

    uri: str
    host: str
    port: int
    resource: str
    tls: ssl.SSLContext | None = None
    usual: Opening = Opening()  # noqa: RUF009 (frozen)
    carrier: Carrier = Carrier.HTTP1

    @classmethod
    def of(
        cls,
        uri: str,
        tls: ssl.SSLContext | None = None,
        usual: Opening = Opening(),  # noqa: B008 (frozen)
        carrier: Carrier = Carrier.HTTP1,
    ) -> "Target":
        """Read a ws or wss URI. Raises ValueError."""
        parts = urlsplit(uri)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ValueError(f"{uri!r} is no address of a server; write ws://HOST:PORT/PATH")
        secure = parts.scheme == "wss"
        if carrier is Carrier.HTTP3 and not secure:
            raise ValueError(f"HTTP/3 is always inside TLS; write wss{uri.removeprefix('ws')}")
        resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        port = parts.port or (443 if secure else 80)
        context = (tls or ssl.create_default_context()) if secure else None
        return cls(uri, parts.hostname, port, resource, context, usual, carrier)

    @property
    def address(self) -> str:
        """The URI as reports show it: without a user's name and password, with what is not HTTP/1.1."""
        parts = urlsplit(self.uri)
        uri = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        return uri if self.carrier is Carrier.HTTP1 else f"{uri} over {self.carrier}"

    @property
    def authority(self) -> str:
        """The value of Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"
