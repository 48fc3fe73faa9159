"""Section 5.1, Reading the client's opening handshake."""

import re
from collections.abc import Generator
from dataclasses import dataclass

from refws.failure import HandshakeFailure
from refws.hybi00.fields import SPACE, read_fields
from refws.rfc6455.http import HeaderFields, Request
from refws.rfc6455.s03_websocket_uris import HOST, default_port
from refws.rfc6455.s04_3_collected_abnf import ascii_lowercase
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["ServersView", "check_the_clients_opening_handshake", "read_the_clients_opening_handshake"]

SLASH = 0x2F

_authority = re.compile(rf"({HOST})(?::([0-9]{{1,5}}))?")
_name = re.compile(r"[!-9;-~]+")
_version = re.compile(rb"HTTP/([0-9])\.([0-9])")


def _abort(part: int, why: str, status: int = 400) -> HandshakeFailure:
    return HandshakeFailure(f"hybi00:5.1-part{part}", status, why)


def _abort_in_fields(step: int, why: str) -> HandshakeFailure:
    return _abort(5, why)


def read_the_clients_opening_handshake(limits: Limits) -> Generator[None, int, Request]:
    """The six parts; the octets of the last are the body of the request. Raises `HandshakeFailure`, 400 or 431."""
    # draft 5.1 parts 1 and 2: GET and a space
    for expected in b"GET ":
        if (yield) != expected:
            raise _abort(1, "the method is not GET")
    # draft 5.1 part 3: the resource name, up to the next space
    resource_name = bytearray()
    while (octet := (yield)) != SPACE:
        if not 0x21 <= octet <= 0x7E or not (resource_name or octet == SLASH):
            raise _abort(3, "the resource name does not begin with a slash, or is not printable ASCII")
        resource_name.append(octet)
    if not resource_name:
        raise _abort(3, "no resource name")
    # draft 5.1 part 4: the rest of the line, whatever it says
    rest = bytearray()
    while not rest.endswith(b"\r\n"):
        rest.append((yield))
    # draft 5.1 part 5: the fields
    most = limits.max_header_fields
    fields = yield from read_fields(_abort_in_fields, _abort(5, f"more than {most} header fields", 431), most)
    # draft 5.1 part 6: eight octets, of any value
    key_3 = bytearray()
    while len(key_3) < 8:
        key_3.append((yield))
    version = _version.match(rest)
    return Request(
        "GET",
        resource_name.decode("ascii"),
        HeaderFields(_decode(name, value) for name, value in fields),
        (int(version[1]), int(version[2])) if version else (1, 1),
        bytes(key_3),
    )


def _decode(name: bytes, value: bytes) -> tuple[str, str]:
    try:
        field = name.decode(), value.decode()
    except UnicodeDecodeError:
        raise _abort(5, "a header field that is not UTF-8") from None
    # draft 5.1 part 5: one or more printable characters in a name
    if _name.fullmatch(field[0]) is None:
        raise _abort(5, "a header field without a name, or with one that is not printable ASCII")
    return field


@dataclass(frozen=True, slots=True)
class ServersView:
    """What a server takes from the client's handshake; `port` is the default one where Host names none."""

    host: str
    port: int
    origin: str
    protocol: str | None
    key_1: str
    key_2: str


def check_the_clients_opening_handshake(request: Request, secure: bool) -> ServersView:
    """The fields that this section describes. Raises `HandshakeFailure`, 400.

    The draft lets a server ignore most of them; all that it should abort for is refused here.
    """
    headers = request.headers
    # draft 5.1, Upgrade: WebSocket in any case
    if ascii_lowercase(_the_one(headers, "Upgrade")) != "websocket":
        raise HandshakeFailure("hybi00:5.1-upgrade", 400, "Upgrade is not WebSocket")
    # draft 5.1, Connection: Upgrade in any case, and nothing else
    if ascii_lowercase(_the_one(headers, "Connection")) != "upgrade":
        raise HandshakeFailure("hybi00:5.1-connection", 400, "Connection is not Upgrade")
    # draft 5.1, Host: the host that the client means, as it means it
    authority = _authority.fullmatch(_the_one(headers, "Host"))
    port = int((authority and authority[2]) or default_port(secure))
    if authority is None or not 0 < port < 65536:
        raise HandshakeFailure("hybi00:5.1-host", 400, "Host has no host and port in it")
    protocols = headers.all("Sec-WebSocket-Protocol")
    # draft 5.1, Sec-WebSocket-Protocol: the name of one subprotocol, or no field
    if len(protocols) > 1:
        raise HandshakeFailure("hybi00:5.1-protocol", 400, "more than one Sec-WebSocket-Protocol")
    return ServersView(
        authority[1],
        port,
        # draft 5.1, Origin: whether it is an acceptable one is asked elsewhere
        _the_one(headers, "Origin"),
        protocols[0] if protocols else None,
        # draft 5.1, Sec-WebSocket-Key1 and Sec-WebSocket-Key2: for the answer
        _the_one(headers, "Sec-WebSocket-Key1"),
        _the_one(headers, "Sec-WebSocket-Key2"),
    )


def _the_one(headers: HeaderFields, name: str) -> str:
    values = headers.all(name)
    if len(values) != 1:
        clause = f"hybi00:5.1-{name.lower().removeprefix('sec-websocket-')}"
        raise HandshakeFailure(clause, 400, f"{len(values)} fields named {name} instead of one")
    return values[0]
