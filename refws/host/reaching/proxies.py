"""Proxies: which one, if any, and how HTTP's CONNECT goes through it. Without I/O, for every host."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import h11

from refws.failure import UsageError
from refws.host.reaching.authentication import basic
from refws.host.reaching.destination import uri_of
from refws.rfc6455.s03_websocket_uris import WebSocketURI

__all__ = ["Proxy", "ProxyChoice", "ProxyError", "Tunnel", "choose_proxy", "parse_proxy"]

ProxyChoice = bool | str | Callable[[str], str | None] | None
"""True: as the environment says; None or False: none; a URL; or a function from the WebSocket URI to a URL or None."""

MAX_HEAD = 16384

_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}


class ProxyError(OSError):
    """The proxy cannot be reached, or did not open the connection.

    `status` is its HTTP status, or its reply in SOCKS; None where it gave none.
    """

    def __init__(self, proxy: "Proxy", why: str, status: int | None = None) -> None:
        super().__init__(f"the proxy {proxy} {why}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. ``socks5`` and ``socks4`` are given addresses, all other schemes names to look up."""

    scheme: str
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def speaks_http(self) -> bool:
        """Whether CONNECT is how to ask it, in place of SOCKS."""
        return self.scheme in ("http", "https")

    @property
    def resolves_names(self) -> bool:
        """Whether it looks up the names of hosts."""
        return self.scheme not in ("socks4", "socks5")

    def __str__(self) -> str:
        return f"{self.scheme}://{_authority(self.host, self.port)}"


def parse_proxy(url: str) -> Proxy:
    """Parse ``scheme://user:password@host:port``. Raises `UsageError`, which does not show credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_proxy() from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise _no_proxy()
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    if user is not None:
        # Whatever would not do in a header field is told before anything is sent.
        basic(user, password or "")
    return Proxy(parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port, user, password)


def _no_proxy() -> UsageError:
    schemes = ", ".join(_PORTS)
    return UsageError(f"this is no URL of a proxy; one looks like http://user:password@host:3128 (schemes: {schemes})")


def choose_proxy(choice: ProxyChoice, uri: WebSocketURI) -> Proxy | None:
    """The proxy on the way to this URI, None for the direct way. Raises `UsageError`."""
    if callable(choice):
        # §rfc6455:4.1-p16-s1 MUST be given a WebSocket URI made of host, port, resource name and secure flag
        url = choice(uri_of(uri))
    elif choice is True:
        url = _from_environment(uri)
    else:
        url = choice or None
    return None if url is None else parse_proxy(url)


def _from_environment(uri: WebSocketURI) -> str | None:
    """What ``ws_proxy``, ``all_proxy`` and the like say, or the settings of Windows and macOS.

    SOCKS comes first, then the proxy for https, as RFC 6455 advises in section 4.1. This machine is never behind one.
    """
    if _is_this_machine(uri.host) or proxy_bypass(f"{uri.host}:{uri.port}"):
        return None
    proxies = getproxies()
    schemes = ("wss", "socks", "https", "all") if uri.secure else ("ws", "socks", "https", "http", "all")
    scheme = next((scheme for scheme in schemes if proxies.get(scheme)), None)
    if scheme is None:
        return None
    # A proxy for SOCKS is often written without a scheme, and macOS makes it http.
    url = proxies[scheme]
    rest = re.sub("^http://", "", url) if scheme == "socks" else url
    return rest if "://" in rest else f"{'socks5h' if scheme == 'socks' else 'http'}://{rest}"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Tunnel:
    """A connection through an HTTP proxy, as CONNECT asks for it (RFC 9110, section 9.3.6)."""

    def __init__(self, proxy: Proxy, uri: WebSocketURI) -> None:
        self._proxy = proxy
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._authority = _authority(uri.host, uri.port)

    def request(self) -> bytes:
        """The octets that ask for it."""
        fields = [("Host", self._authority)]
        if self._proxy.user is not None:
            fields.append(("Proxy-Authorization", basic(self._proxy.user, self._proxy.password or "")))
        request = h11.Request(method="CONNECT", target=self._authority, headers=fields)
        return (self._h11.send(request) or b"") + (self._h11.send(h11.EndOfMessage()) or b"")

    def receive(self, octets: bytes) -> bool:
        """Whether these octets, none at the end of all, open it. Raises `ProxyError` for any other answer."""
        try:
            self._h11.receive_data(octets)
            event = self._h11.next_event()
            while isinstance(event, h11.InformationalResponse):
                event = self._h11.next_event()
        except h11.RemoteProtocolError:
            why = "answered CONNECT with what is no HTTP" if octets else "closed the connection without an HTTP answer"
            raise ProxyError(self._proxy, why) from None
        if not isinstance(event, h11.Response):
            return False
        status = event.status_code
        # §rfc6455:4.1-p18-s1 MUST fail where the proxy answers with an error
        if status >= 300:
            reason = event.reason.decode("latin-1")
            raise ProxyError(self._proxy, f"answered CONNECT with {f'{status} {reason}'.strip()}", status)
        if self._h11.trailing_data[0]:
            raise ProxyError(self._proxy, "sent octets before the server was asked for any")
        return True
