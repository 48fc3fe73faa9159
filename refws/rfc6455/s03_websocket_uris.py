"""Section 3, WebSocket URIs, and the encoding of them in section 11.1."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import quote

from refws.failure import UsageError

__all__ = ["WebSocketURI", "parse_websocket_uri"]


@dataclass(frozen=True, slots=True)
class WebSocketURI:
    """The components of a WebSocket URI: /host/ (no brackets), /port/, /resource name/ and the /secure/ flag."""

    host: str
    port: int
    resource_name: str
    secure: bool

    @property
    def host_header(self) -> str:
        """The value of the Host header field for this URI."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        # §4.1-p26-s1 MUST carry the port where it is not the default
        return host if self.port == default_port(self.secure) else f"{host}:{self.port}"


def default_port(secure: bool) -> int:
    """The port of a URI that names none."""
    # §3-p4-s1 MAY be left out; then 80 for ws and 443 for wss
    return 443 if secure else 80


# RFC 3986: unreserved, pct-encoded, sub-delims, ":" and "@"
_PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_URI = re.compile(
    # §3-p2-s1 MUST be scheme, host, optional port, path-abempty, optional query; §3-p2-s2 MUST be the same for wss
    rf"""(?P<scheme>wss?)://
    (?P<host>\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{{2}})+)
    (?::(?P<port>[0-9]*))?
    (?P<path>(?:/{_PCHAR}*)*)
    (?:\?(?P<query>(?:{_PCHAR}|[/?])*))?""",
    re.VERBOSE | re.IGNORECASE,
)


def parse_websocket_uri(uri: str) -> WebSocketURI:
    """Parse a ws or wss URI, or IRI. Raises `UsageError` for what is not one, saying why."""
    # §3-p11-s1 MUST NOT have a fragment; §3-p11-s2 MUST have a literal "#" written as %23
    if "#" in uri:
        raise UsageError(f"{uri!r} has a fragment; a WebSocket URI has none, and a '#' in it is written %23")
    match = _URI.fullmatch(_to_ascii(uri))
    # §12-p8-s2 MUST fail for what is no WebSocket URI; §4.1-p4-s2 MUST fail on components that are not valid
    if match is None:
        raise UsageError(f"{uri!r} is no WebSocket URI; one looks like ws://example.org:8080/chat?room=1")
    # §3-p5-s1 MUST set the secure flag for wss in any case
    secure = match["scheme"].lower() == "wss"
    # §3-p3-s2 MUST be a port as in RFC 3986, which may be empty
    port = int(match["port"]) if match["port"] else default_port(secure)
    if not 0 < port < 65536:
        raise UsageError(f"{uri!r} has port {port}; ports go from 1 to 65535")
    return WebSocketURI(_host(match["host"], uri), port, resource_name(match["path"], match["query"]), secure)


def resource_name(path: str, query: str | None) -> str:
    """The /resource name/ of a path and a query, as a request names it."""
    # §3-p7-s1 MUST be "/" for an empty path; §3-p8-s1 MUST be the path
    name = path or "/"
    # §3-p9-s1 MUST have "?" only before a query that is not empty (ruling 17); §3-p10-s1 MUST go on with the query
    return f"{name}?{query}" if query else name


def _host(host: str, uri: str) -> str:
    """The host without brackets, in lower case."""
    if not host.startswith("["):
        return host.lower()
    try:
        # §3-p3-s1 MUST be a host as in RFC 3986
        return str(IPv6Address(host[1:-1]))
    except AddressValueError:
        raise UsageError(f"{uri!r} has {host} as its host, which is no IPv6 address") from None


def _to_ascii(uri: str) -> str:
    """An IRI as a URI (section 11.1.1, RFC 3987)."""
    if uri.isascii():
        return uri
    scheme, slashes, rest = uri.partition("://")
    end = next((i for i, character in enumerate(rest) if character in "/?"), len(rest))
    authority, colon, port = rest[:end].partition(":")
    try:
        # §11.1.1-p8-s1 MUST be turned into ASCII; §11.1.2-p8-s1 MUST be turned into ASCII
        authority = authority.encode("idna").decode("ascii")
    except UnicodeError:
        raise UsageError(f"{uri!r} has a host that is no internationalized domain name") from None
    # §11.1.1-p9-s1 MUST be percent-encoded UTF-8; §11.1.2-p9-s1 MUST be percent-encoded UTF-8
    return scheme + slashes + authority + colon + port + quote(rest[end:], safe="".join(map(chr, range(33, 127))))
