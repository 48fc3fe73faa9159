"""Section 3, WebSocket URIs, and the encoding of them in section 11.1."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import quote

from refws.failure import UsageError

__all__ = ["HOST", "WebSocketURI", "parse_websocket_uri"]

# RFC 3986: an address in brackets, or a name, which an IPv4 address looks like too
# §3-p3-s1 MUST be a host as in RFC 3986
HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)"


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
        # §4.1-p26-s1 MUST have the port behind the host where it is not the default
        return host if self.port == default_port(self.secure) else f"{host}:{self.port}"


def default_port(secure: bool) -> int:
    """The port of a URI that names none."""
    # §3-p4-s1 MAY be left out, which means 80 for ws and 443 for wss
    return 443 if secure else 80


_ASCII = "".join(map(chr, range(128)))
# RFC 3986: unreserved, pct-encoded, sub-delims, ":" and "@"
_PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
# §3-p3-s2 MUST be a port as in RFC 3986: any number of digits, none too
_PORT = "[0-9]*"
# §3-p3-s3 MUST be path-abempty of RFC 3986: nothing, or segments with a slash before each
_PATH = rf"(?:/{_PCHAR}*)*"
# §3-p3-s4 MUST be a query as in RFC 3986
_QUERY = rf"(?:{_PCHAR}|[/?])*"
# §3-p2-s1 MUST be "ws", host, optional port, path and optional query; §3-p2-s2 MUST be the same with "wss"
# §11.1.1-p5-s1 MUST be so; §11.1.2-p5-s1 MUST be so (ruling 17: the user information of an authority stays out)
_URI = re.compile(
    rf"(?P<scheme>wss?)://(?P<host>{HOST})(?::(?P<port>{_PORT}))?(?P<path>{_PATH})(?:\?(?P<query>{_QUERY}))?",
    # Of ASCII only: a long s is no "s".
    re.IGNORECASE | re.ASCII,
)


def parse_websocket_uri(uri: str) -> WebSocketURI:
    """Parse a ws or wss URI, or IRI. Raises `UsageError` for what is not one, saying why."""
    # §3-p11-s1 MUST NOT have a fragment; §3-p11-s2 MUST have a literal "#" written as %23
    if "#" in uri:
        raise UsageError(f"{uri!r} has a fragment; a WebSocket URI has none, and a '#' in it is written %23")
    # §4.1-p4-s1 MUST have components that are valid by section 3
    match = _URI.fullmatch(_to_ascii(uri))
    # §12-p8-s2 MUST fail for what is no WebSocket URI; §4.1-p4-s2 MUST fail on components that are not valid
    if match is None:
        raise UsageError(f"{uri!r} is no WebSocket URI; one looks like ws://example.org:8080/chat?room=1")
    # §3-p5-s1 MUST set the secure flag for "wss" in any case
    secure = match["scheme"].lower() == "wss"
    port = _port(match["port"], uri) if match["port"] else default_port(secure)
    return WebSocketURI(_host(match["host"], uri), port, resource_name(match["path"], match["query"]), secure)


def resource_name(path: str, query: str | None) -> str:
    """The /resource name/ of a path and a query, as a request names it."""
    # §2-p4-s1 MAY be written in another way than the list, with the same result
    # §3-p7-s1 MUST be "/" for an empty path; §3-p8-s1 MUST be the path for any other
    name = path or "/"
    # §3-p6-s1 MUST be made of path and query; §11.1.1-p6-s1 MUST be so for ws; §11.1.2-p6-s1 MUST be so for wss
    # §3-p9-s1 MUST have "?" only before a query that is not empty (ruling 17); §3-p10-s1 MUST go on with the query
    return f"{name}?{query}" if query else name


def _host(host: str, uri: str) -> str:
    """The host without brackets, in lower case."""
    if not host.startswith("["):
        return host.lower()
    try:
        return str(IPv6Address(host[1:-1]))
    except AddressValueError:
        raise UsageError(f"{uri!r} has {host} as its host, which is no IPv6 address") from None


def _port(digits: str, uri: str) -> int:
    port = int(digits.lstrip("0")[:6] or "0")
    if not 0 < port < 65536:
        raise UsageError(f"{uri!r} has port {digits}; ports go from 1 to 65535")
    return port


def _to_ascii(uri: str) -> str:
    """An IRI as a URI (section 11.1.1, RFC 3987); its ASCII stays as it is."""
    scheme, slashes, rest = uri.partition("://")
    end = next((i for i, character in enumerate(rest) if character in "/?"), len(rest))
    host, colon, port = rest[:end].partition(":")
    try:
        # §11.1.1-p9-s1 MUST be percent-encoded UTF-8; §11.1.2-p9-s1 MUST be percent-encoded UTF-8
        resource = quote(rest[end:], safe=_ASCII)
        # §11.1.1-p8-s1 MUST be turned into ASCII; §11.1.2-p8-s1 MUST be turned into ASCII
        # §11.1.1-p8-s2 MUST mean the same as its punycode; §11.1.2-p8-s2 MUST mean the same
        ascii_host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise UsageError(f"{uri!r} cannot be turned into ASCII: its host or a character is not valid") from None
    # Some letters turn into a delimiter, and the host would end at it.
    if set("/?#@:[]%") & (set(ascii_host) - set(host)):
        raise UsageError(f"{uri!r} has a host that is no internationalized domain name")
    return scheme + slashes + ascii_host + colon + port + resource
