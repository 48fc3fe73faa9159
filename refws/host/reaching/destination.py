"""What a client is to connect to, and where a redirect sends it: without I/O, for every host."""

import ssl
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from refws.failure import HandshakeFailure, UsageError
from refws.host import http11
from refws.host.reaching.authentication import authorization, refuse_user_information
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.http import Response, without
from refws.rfc6455.s03_websocket_uris import WebSocketURI, parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["Destination", "destination", "origin_of", "uri_of"]

CREDENTIALS = ("authorization", "cookie", "proxy-authorization")
"""The header fields that stay with the origin they were given for."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def origin_of(uri: WebSocketURI) -> str:
    """Scheme, host and port; neither path nor query, which may hold secrets."""
    return f"{'wss' if uri.secure else 'ws'}://{uri.host_header}"


def uri_of(uri: WebSocketURI) -> str:
    """The URI that has these components."""
    return origin_of(uri) + uri.resource_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A server, how TLS (None for ws) is to know it, and what it is asked for.

    Where the caller has chosen the socket, nothing but `uri`'s own origin can be reached: it is `fixed`.
    """

    uri: WebSocketURI
    tls: ssl.SSLContext | None
    server_hostname: str | None
    offer: ClientOffer
    redirects_left: int = 0
    fixed: bool = False
    hybi00: bool = False

    def endpoint(self, limits: Limits) -> Endpoint:
        """A client's endpoint, of RFC 6455 or of the draft that came before it."""
        if self.hybi00:
            from refws import hybi00  # noqa: PLC0415 (few want it)

            return hybi00.Endpoint(Role.CLIENT, limits)
        return http11.Endpoint(Role.CLIENT, limits)

    def redirected(self, failure: HandshakeFailure) -> "Destination":
        """Where this refusal sends the client. Raises it again where it is no redirect.

        Credentials go to no other origin, and a name for TLS to no other either. Raises another `HandshakeFailure`
        for a redirect that is not followed: to what is no WebSocket URI, from wss to ws, or one too many.
        """
        response = failure.response
        # §rfc6455:4.1-p39-s2 MAY follow a redirect
        if not isinstance(response, Response) or response.status not in _REDIRECTS:
            raise failure
        if self.redirects_left < 1:
            raise not_followed(failure, "there have been enough")
        uri = _location(self.uri, response.headers.all("Location"), failure)
        there = replace(self, uri=uri, redirects_left=self.redirects_left - 1)
        if origin_of(uri) == origin_of(self.uri):
            return there
        if self.fixed:
            raise not_followed(failure, "its Location is another origin, and the socket is given")
        if self.uri.secure and not uri.secure:
            raise not_followed(failure, "its Location would give up TLS")
        tls = (self.tls or ssl.create_default_context()) if uri.secure else None
        fields = without(self.offer.additional_headers, CREDENTIALS)
        return replace(there, tls=tls, server_hostname=None, offer=replace(self.offer, additional_headers=fields))


def destination(  # noqa: PLR0917 (they are called as the parameters of `connect`)
    uri: str,
    offer: ClientOffer,
    tls: ssl.SSLContext | None,
    server_hostname: str | None,
    basic_auth: tuple[str, str] | None,
    bearer_token: str | None,
    max_redirects: int,
    fixed: bool,
    hybi00: bool = False,
    insecure_hybi00: bool = False,
) -> Destination:
    """Where `connect` is to go first. Raises `UsageError` for what cannot be, without showing credentials."""
    refuse_user_information(uri)
    # §rfc6455:4.1-p1-s3 MUST come from the caller: the parts of the URI, subprotocols and extensions
    parsed = parse_websocket_uri(uri)
    if not parsed.secure and (tls is not None or server_hostname is not None):
        raise UsageError(f"TLS goes with wss, not with {origin_of(parsed)}")
    if hybi00:
        from refws.hybi00.s07_security_considerations import check_the_way_is_safe  # noqa: PLC0415 (few want it)

        check_the_way_is_safe(parsed, insecure_hybi00)
    # §rfc6455:11.1.2-p1-s1 MUST be protected by TLS
    # §rfc6455:10.6-p2-s3 SHOULD take strong TLS only: that of the standard library's default context
    context = (tls or ssl.create_default_context()) if parsed.secure else None
    credentials = authorization(basic_auth, bearer_token)
    if credentials is not None:
        if any(name.lower() == "authorization" for name, _ in offer.additional_headers):
            raise UsageError("an Authorization field is among the additional headers already")
        offer = replace(offer, additional_headers=[*offer.additional_headers, ("Authorization", credentials)])
    return Destination(
        uri=parsed,
        tls=context,
        server_hostname=server_hostname,
        offer=offer,
        redirects_left=max_redirects,
        fixed=fixed,
        hybi00=hybi00,
    )


def not_followed(failure: HandshakeFailure, why: str) -> HandshakeFailure:
    """The failure for a redirect that is not followed; the response stays with it."""
    refused = HandshakeFailure(failure.clause, failure.status, f"{failure.why}, and is not followed: {why}")
    refused.response = failure.response
    return refused


def _location(base: WebSocketURI, locations: list[str], failure: HandshakeFailure) -> WebSocketURI:
    """The URI that a Location field stands for, by RFC 9110, section 10.2.2; http and https stand for ws and wss."""
    if len(locations) != 1:
        raise not_followed(failure, f"it has {len(locations)} Location fields")
    try:
        # A joined URI keeps the scheme of the base where the Location has none. Fragments stay with the client.
        target = urljoin(f"http{'s' if base.secure else ''}:{uri_of(base).partition(':')[2]}", locations[0])
        scheme, _, rest = target.partition("#")[0].partition(":")
        return parse_websocket_uri(f"{_SCHEMES[scheme.lower()]}:{rest}")
    except (KeyError, ValueError):
        raise not_followed(failure, "its Location is no WebSocket URI") from None
