"""Section 4.1, Client Requirements: the client's opening handshake, and the check of the server's answer."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from refws.failure import HandshakeFailure, UsageError
from refws.rfc6455.http import HeaderFields, Request, Response, without
from refws.rfc6455.s03_websocket_uris import WebSocketURI
from refws.rfc6455.s04_2_server_side_requirements import accept_value, names_token
from refws.rfc6455.s04_3_collected_abnf import ascii_lowercase, format_extension_list, is_token
from refws.rfc6455.s09_extensions import ClientExtension, Extension, check_answer

__all__ = ["ClientOffer", "check_the_servers_opening_handshake", "new_key", "send_the_clients_opening_handshake"]


def new_key() -> str:
    """A value for Sec-WebSocket-Key."""
    # §4.1-p29-s2 MUST be base64 of 16 random octets
    return base64.b64encode(secrets.token_bytes(16)).decode()


@dataclass(frozen=True, slots=True)
class ClientOffer:
    """What a client asks for: subprotocols and extensions, the preferred first, an origin, and fields of its own."""

    subprotocols: Sequence[str] = ()
    extensions: Sequence[ClientExtension] = ()
    origin: str | None = None
    additional_headers: Sequence[tuple[str, str]] = ()


_HANDSHAKE_FIELDS = frozenset(
    {
        "host",
        "upgrade",
        "connection",
        "origin",
        "content-length",
        "transfer-encoding",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
        "sec-websocket-accept",
    }
)


def send_the_clients_opening_handshake(uri: WebSocketURI, key: str, offer: ClientOffer) -> Request:
    """The request of section 4.1. Raises `UsageError` for what may not be asked for."""
    # §4.1-p21-s2 MUST be a request to upgrade, with these header fields and those below
    headers = [
        # §4.1-p26-s1 MUST be there, with the host and, where it is not the default, the port
        ("Host", uri.host_header),
        # §4.1-p27-s1 MUST be there and name websocket
        ("Upgrade", "websocket"),
        # §4.1-p28-s1 MUST be there and name Upgrade
        ("Connection", "Upgrade"),
        # §4.1-p29-s1 MUST be there; §11.3.1-p9-s1 MUST NOT be there twice; §11.3.1-p8-s2 MUST go to the server
        ("Sec-WebSocket-Key", key),
        # §4.1-p33-s1 MUST be there; §4.1-p33-s2 MUST be 13
        # §11.3.5-p8-s2 MUST tell the server; §11.3.5-p10-s2 MUST NOT be there twice
        ("Sec-WebSocket-Version", "13"),
    ]
    # §4.1-p31-s2 MAY send an origin where its meaning fits
    if offer.origin is not None:
        headers.append(("Origin", offer.origin))
    # §4.1-p35-s1 MAY ask for subprotocols; §11.3.4-p8-s2 MUST go to the server in this field
    if offer.subprotocols:
        headers.append(("Sec-WebSocket-Protocol", _subprotocol_list(offer.subprotocols)))
    # §4.1-p36-s2 MUST name the extensions that it would use; §rfc7692:5-p1-s4 MAY be several for compression
    extensions = [parameters for extension in offer.extensions for parameters in extension.offers()]
    # §4.1-p36-s1 MAY ask for extensions; §9-p1-s1/1 MAY ask for extensions
    # §9.1-p1-s1 MUST do so in this field; §4.3-p4-s2 MUST be an extension-list
    if extensions:
        headers.append(("Sec-WebSocket-Extensions", format_extension_list(extensions)))
    if len(without(offer.additional_headers, _HANDSHAKE_FIELDS)) != len(offer.additional_headers):
        raise UsageError("a header field of the handshake itself cannot be given as an additional one")
    return Request(
        # §4.1-p23-s1/1 MUST be GET
        "GET",
        # §4.1-p25-s1 MUST be the resource name
        uri.resource_name,
        # §4.1-p37-s1 MAY have any other header fields
        HeaderFields([*headers, *offer.additional_headers]),
    )


def _subprotocol_list(names: Sequence[str]) -> str:
    if isinstance(names, str):
        raise UsageError(f"subprotocols is a list of names, such as [{names!r}]")
    for name in names:
        # §4.1-p35-s3/1 MUST be tokens: not empty, of "!" to "~", without separators
        if not is_token(name):
            raise UsageError(f"subprotocol {name!r} is no token [rfc6455:4.1-p35-s3/1]")
    # §4.1-p35-s3/2 MUST be names that differ
    if len(set(names)) != len(names):
        raise UsageError("a subprotocol is listed twice [rfc6455:4.1-p35-s3/2]")
    # §4.1-p35-s2 MUST be listed with the preferred first, separated by commas
    # §4.1-p35-s4 MUST be one or more tokens in list form
    return ", ".join(names)


def check_the_servers_opening_handshake(
    response: Response, key: str, offer: ClientOffer
) -> tuple[str | None, list[Extension]]:
    """Check the answer to a request; returns the subprotocol and the extensions in use.

    Raises `HandshakeFailure`, whose status is that of the response.
    """
    headers = response.headers
    # §4.1-p39-s1 MUST treat any status but 101 as plain HTTP
    if response.status != 101:
        raise HandshakeFailure("rfc6455:4.1-p39-s1", response.status, f"the server answered {response.status}")
    # §11.1.1-p11-s1 MUST be at least HTTP/1.1 (ruling 36); §11.1.2-p11-s1 MUST be so over TLS
    if response.version < (1, 1):
        raise HandshakeFailure("rfc6455:11.1.1-p11-s1", 101, "a 101 of an HTTP version below 1.1")
    # §4.1-p40-s1 MUST fail where Upgrade is missing or is not "websocket" in any case
    if [ascii_lowercase(value) for value in headers.all("Upgrade")] != ["websocket"]:
        raise HandshakeFailure("rfc6455:4.1-p40-s1", 101, "a 101 that does not upgrade to websocket")
    # §4.1-p41-s1 MUST fail where Connection does not name Upgrade
    if not names_token(headers, "Connection", "upgrade"):
        raise HandshakeFailure("rfc6455:4.1-p41-s1", 101, "a 101 whose Connection field does not name Upgrade")
    accept = headers.all("Sec-WebSocket-Accept")
    # §11.3.3-p9-s1 MUST NOT appear more than once
    if len(accept) > 1:
        raise HandshakeFailure("rfc6455:11.3.3-p9-s1", 101, "more than one Sec-WebSocket-Accept")
    # §4.1-p42-s1 MUST fail where Accept is missing or wrong, white space around it aside
    if [value.strip(" \t") for value in accept] != [accept_value(key)]:
        raise HandshakeFailure("rfc6455:4.1-p42-s1", 101, "Sec-WebSocket-Accept is missing or does not fit the key")
    extensions = check_answer(headers.all("Sec-WebSocket-Extensions"), offer.extensions)
    return _check_subprotocol(headers.all("Sec-WebSocket-Protocol"), offer.subprotocols), extensions


def _check_subprotocol(values: Sequence[str], offered: Sequence[str]) -> str | None:
    if not values:
        return None
    # §11.3.4-p9-s2 MUST NOT appear more than once
    if len(values) > 1:
        raise HandshakeFailure("rfc6455:11.3.4-p9-s2", 101, "more than one Sec-WebSocket-Protocol")
    name = values[0]
    # §4.3-p7-s3 MUST be exactly one token
    if not is_token(name):
        raise HandshakeFailure("rfc6455:4.3-p7-s3", 101, "Sec-WebSocket-Protocol is not one token")
    # §4.1-p44-s1 MUST fail on a subprotocol that was not offered
    # §rfc7936:2-p1-s1 MUST compare them exactly
    if name not in offered:
        raise HandshakeFailure("rfc6455:4.1-p44-s1", 101, f"subprotocol {name} was not offered")
    return name
