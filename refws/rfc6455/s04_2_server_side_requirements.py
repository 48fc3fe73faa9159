"""Section 4.2, Server-Side Requirements: reading the client's opening handshake, and sending the server's."""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from refws.failure import HandshakeFailure, UsageError
from refws.rfc6455.http import HeaderFields, Request, Response, without
from refws.rfc6455.s03_websocket_uris import HOST
from refws.rfc6455.s04_3_collected_abnf import (
    ExtensionParameters,
    GrammarError,
    ascii_lowercase,
    decode_base64,
    format_extension_list,
    parse_token_list,
)
from refws.rfc6455.s04_4_supporting_multiple_versions import check_version

__all__ = [
    "ClientHandshake",
    "SubprotocolPolicy",
    "accept_value",
    "asks_for_websocket",
    "choose_subprotocol",
    "read_the_clients_opening_handshake",
    "refusal",
    "send_the_servers_opening_handshake",
]

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

_authority = re.compile(rf"{HOST}(?::[0-9]*)?")

SubprotocolPolicy = Callable[[Sequence[str]], str | None] | Sequence[str]
"""How a server chooses: a list, its first that the client offers too; or a function of the offers."""


@dataclass(frozen=True, slots=True)
class ClientHandshake:
    """What a client's opening handshake says (section 4.2.2, step 4)."""

    resource_name: str
    host: str
    key: str
    origin: str | None
    subprotocols: tuple[str, ...]
    extension_fields: tuple[str, ...]


def names_token(headers: HeaderFields, field: str, token: str) -> bool:
    """Whether a field that is a list of tokens, in one line or several, names this one, in any case."""
    members = (ascii_lowercase(m.strip(" \t")) for value in headers.all(field) for m in value.split(","))
    return token in members


def asks_for_websocket(request: Request) -> bool:
    """Whether a request is for this protocol at all; one that is not may be served as ordinary HTTP."""
    return names_token(request.headers, "Upgrade", "websocket")


def read_the_clients_opening_handshake(request: Request) -> ClientHandshake:
    """Check a request against section 4.2.1. Raises `HandshakeFailure` with the HTTP status to answer."""
    headers = request.headers
    # §4.2.1-p2-s1 MUST have these parts
    host = _check_request(request)
    # §4.2.1-p5-s1 MUST have Upgrade with "websocket" in any case
    if not asks_for_websocket(request):
        upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
        raise HandshakeFailure("rfc6455:4.2.1-p5-s1", 426, "no Upgrade to websocket was asked for", upgrade)
    # §4.2.1-p6-s1 MUST have Connection with the token "Upgrade" in any case
    if not names_token(headers, "Connection", "upgrade"):
        raise HandshakeFailure("rfc6455:4.2.1-p6-s1", 400, "the Connection field does not name Upgrade")
    # NOTE: before the key, since another version may have another key, and §4.4-p2-s3 MUST get its answer all the same
    check_version(headers.all("Sec-WebSocket-Version"))
    key = _check_key(headers.all("Sec-WebSocket-Key"))
    # §4.2.1-p12-s2 MUST ignore what it does not know; §4.2.1-p12-s1 MAY come too
    # §4.2.2-p5-s1 MUST establish what the handshake asks for
    return ClientHandshake(
        # §4.2.2-p9-s1 MUST say which service is asked for; §4.2.2-p9-s2 SHOULD come from the target of the request
        resource_name=_resource_name(request.target),
        host=host,
        key=key,
        # §4.2.1-p9-s1 MAY be absent; §4.2.1-p9-s3 SHOULD NOT be taken for a browser then
        origin=_check_origin_field(headers.all("Origin")),
        subprotocols=_read_subprotocols(headers.all("Sec-WebSocket-Protocol")),
        # §4.2.1-p11-s1 MAY be absent
        extension_fields=tuple(headers.all("Sec-WebSocket-Extensions")),
    )


def _check_request(request: Request) -> str:
    """The request line and the Host field; returns the host."""
    # §4.2.1-p3-s1 MUST be GET, HTTP/1.1 or higher, with a target that names the resource
    if request.method != "GET":
        raise HandshakeFailure("rfc6455:4.2.1-p3-s1", 405, f"method {request.method}", [("Allow", "GET")])
    if request.version < (1, 1):
        raise HandshakeFailure("rfc6455:4.2.1-p3-s1", 400, "an HTTP version below 1.1")
    # §4.2.1-p4-s1 MUST have a Host field with an authority in it
    hosts = request.headers.all("Host")
    if len(hosts) != 1 or _authority.fullmatch(hosts[0]) is None:
        raise HandshakeFailure("rfc6455:4.2.1-p4-s1", 400, "not exactly one Host field with a host in it")
    return hosts[0]


def _check_key(keys: Sequence[str]) -> str:
    # §11.3.1-p9-s1 MUST NOT appear more than once
    if len(keys) != 1:
        why = "more than one Sec-WebSocket-Key" if keys else "no Sec-WebSocket-Key"
        raise HandshakeFailure("rfc6455:11.3.1-p9-s1" if keys else "rfc6455:4.2.1-p7-s1", 400, why)
    try:
        # §4.3-p4-s1 MUST be base64 that is not empty
        octets = decode_base64(keys[0])
    except GrammarError as error:
        raise HandshakeFailure("rfc6455:4.2.1-p7-s1", 400, f"Sec-WebSocket-Key: {error}") from None
    # §4.2.1-p7-s1 MUST decode to 16 octets (ruling 2)
    # §4.2.2-p7-s1 MUST be base64 of 16 octets
    if len(octets) != 16:
        why = f"a Sec-WebSocket-Key of {len(octets)} octets instead of 16"
        raise HandshakeFailure("rfc6455:4.2.1-p7-s1", 400, why)
    return keys[0]


def _check_origin_field(origins: Sequence[str]) -> str | None:
    # §4.2.2-p6-s1 MUST say the one origin that the script is of
    if len(origins) > 1:
        raise HandshakeFailure("rfc6455:4.2.2-p6-s1", 400, "more than one Origin field")
    return origins[0] if origins else None


def _read_subprotocols(values: Sequence[str]) -> tuple[str, ...]:
    # §4.2.1-p10-s1 MAY be absent; §11.3.4-p9-s1 MAY be repeated
    if not values:
        return ()
    try:
        # §4.3-p4-s3 MUST be a list of tokens
        names = parse_token_list(values)
    except GrammarError as error:
        raise HandshakeFailure("rfc6455:4.3-p4-s3", 400, f"Sec-WebSocket-Protocol: {error}") from None
    # §4.1-p35-s3/2 MUST be names that differ; §rfc7936:2-p1-s1 MUST compare them exactly
    if len(set(names)) != len(names):
        raise HandshakeFailure("rfc6455:4.1-p35-s3/2", 400, "a subprotocol is listed twice")
    return tuple(names)


def _resource_name(target: str) -> str:
    # §4.2.1-p3-s1 MUST be the resource name, or an absolute HTTP(S) URI that has it
    absolute = re.match(r"https?://[^/?#]+", target, re.IGNORECASE)
    name = target[absolute.end() :] if absolute else target
    if absolute and not name.startswith("/"):
        name = "/" + name
    if not name.startswith("/") or "#" in name:
        raise HandshakeFailure("rfc6455:4.2.1-p3-s1", 400, f"{target!r} names no resource")
    return name


def choose_subprotocol(offered: Sequence[str], policy: SubprotocolPolicy) -> str | None:
    """/subprotocol/ of section 4.2.2: one of the client's list, or None. Raises `UsageError` for any other."""
    # §4.2.2-p10-s3 MUST be null where there is no list or no agreement (ruling 13: the connection opens all the same)
    # §4.2.2-p10-s1 MUST be one value or null
    # §rfc7936:2-p1-s1 MUST compare them exactly
    chosen = policy(offered) if callable(policy) else next((name for name in policy if name in offered), None)
    # §4.2.2-p10-s2 MUST be one that the client listed; §4.2.2-p10-s5 MUST tell the empty text from null
    if chosen is not None and chosen not in offered:
        raise UsageError(f"subprotocol {chosen!r} was not offered [rfc6455:4.2.2-p10-s2]")
    return chosen


def accept_value(key: str) -> str:
    """The Sec-WebSocket-Accept of a Sec-WebSocket-Key."""
    # §4.2.2-p7-s2 MUST take the key as it was sent, not what it decodes to
    # §4.2.2-p16-s2 MUST be base64 of SHA-1 of the key and the GUID
    # §4.2.2-p18-s1 MUST be a base64 value that is not empty; §4.3-p7-s2 MUST have one octet at least
    return base64.b64encode(hashlib.sha1(f"{key}{GUID}".encode(), usedforsecurity=False).digest()).decode()


_HANDSHAKE_FIELDS = frozenset(
    {
        "upgrade",
        "connection",
        "content-length",
        "transfer-encoding",
        "sec-websocket-accept",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
        "sec-websocket-version",
    }
)


def send_the_servers_opening_handshake(
    handshake: ClientHandshake,
    subprotocol: str | None,
    extensions: Sequence[ExtensionParameters],
    additional_headers: Sequence[tuple[str, str]] = (),
) -> Response:
    """The response of step 5 of section 4.2.2. Raises `UsageError` for a header field that is not the caller's."""
    headers = [
        # §4.2.2-p14-s1 MUST name websocket
        ("Upgrade", "websocket"),
        # §4.2.2-p15-s1 MUST name Upgrade
        ("Connection", "Upgrade"),
        # §4.2.2-p16-s1 MUST be there; §11.3.3-p9-s1 MUST NOT be there twice; §11.3.3-p8-s2 MUST go to the client
        ("Sec-WebSocket-Accept", accept_value(handshake.key)),
    ]
    # §4.2.2-p10-s4 MUST NOT be there where /subprotocol/ is null; §11.3.4-p9-s2 MUST NOT be there twice
    # §4.2.2-p20-s1 MAY be there
    if subprotocol is not None:
        # §4.2.2-p10-s6 MUST be a single token; §11.3.4-p8-s2 MUST go back to the client
        headers.append(("Sec-WebSocket-Protocol", subprotocol))
    # §4.2.2-p11-s3 MUST be absent where nothing is accepted; §4.2.2-p11-s4 MUST be told from empty
    # §4.2.2-p21-s1 MAY be there
    if extensions:
        # §9.1-p12-s1 MUST list what is accepted; §11.3.2-p9-s2 MUST NOT be there twice (ruling 3: one line is sent)
        headers.append(("Sec-WebSocket-Extensions", format_extension_list(extensions)))
    if len(without(additional_headers, _HANDSHAKE_FIELDS)) != len(additional_headers):
        raise UsageError("a header field of the handshake itself cannot be given as an additional one")
    # §4.2.2-p12-s1 MUST be a valid HTTP response; §4.2.2-p13-s1 MUST be 101
    return Response(101, HeaderFields([*headers, *additional_headers]), reason="Switching Protocols")


def refusal(failure: HandshakeFailure) -> Response:
    """The HTTP error for a handshake that is not acceptable; its text names the clause."""
    headers = [("Content-Type", "text/plain; charset=utf-8"), *failure.headers]
    # RFC 9110 has a 426 name the protocol; the connection ends all the same.
    headers = [(n, v if n != "Connection" else f"{v}, close") for n, v in headers]
    if not any(name == "Connection" for name, _ in headers):
        headers.append(("Connection", "close"))
    # §4.2.1-p2-s2 MUST be an HTTP error; §10.7-p1-s5 SHOULD be a fitting one
    return Response(failure.status, HeaderFields(headers), f"{failure}\n".encode())
