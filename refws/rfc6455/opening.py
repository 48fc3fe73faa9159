"""The wiring of section 4: the opening handshake of either side, let go of once it is over."""

from collections.abc import Sequence
from dataclasses import dataclass

from refws.failure import HandshakeFailure, UsageError
from refws.rfc6455.http import HttpCodec, Request, Response
from refws.rfc6455.s03_websocket_uris import WebSocketURI
from refws.rfc6455.s04_1_client_requirements import (
    ClientOffer,
    check_the_servers_opening_handshake,
    new_key,
    send_the_clients_opening_handshake,
)
from refws.rfc6455.s04_2_server_side_requirements import (
    SubprotocolPolicy,
    choose_subprotocol,
    read_the_clients_opening_handshake,
    send_the_servers_opening_handshake,
)
from refws.rfc6455.s09_extensions import Extension, ServerExtension, choose_extensions
from refws.rfc6455.s10_security_considerations import OriginPolicy, check_origin

__all__ = ["ClientOpening", "Opened", "ServerOpening"]


@dataclass(frozen=True, slots=True)
class Opened:
    """_The WebSocket Connection is Established_: what the opening handshakes agreed on."""

    resource_name: str
    subprotocol: str | None
    extensions: tuple[Extension, ...]
    request: Request
    response: Response


class ClientOpening:
    """The opening handshake as a client has it."""

    def __init__(self, http: HttpCodec) -> None:
        self._http = http
        self._request: Request | None = None

    def send(self, uri: WebSocketURI, offer: ClientOffer) -> bytes:
        """The octets of the request. Raises `UsageError`."""
        if self._request is not None:
            raise UsageError("a client's endpoint connects once")
        # §4.1-p29-s3 MUST be new for every connection
        key = new_key()
        request = send_the_clients_opening_handshake(uri, key, offer)
        octets = self._http.write_request(request)
        self._offer, self._key, self._request = offer, key, request
        return octets

    def receive(self, octets: bytes) -> Opened | None:
        """What was agreed on, once the answer is complete. Raises `HandshakeFailure`."""
        response = self._http.read_response(octets)
        return None if response is None else self._check(response)

    def receive_end_of_octets(self) -> None:
        """The server sends no more: raises `HandshakeFailure` if that completes an answer."""
        response = self._http.end_of_octets()
        if response is not None:
            self._check(response)

    def octets_behind(self) -> bytes:
        """What came behind the answer."""
        return self._http.octets_behind()

    def _check(self, response: Response) -> Opened:
        if self._request is None:
            raise HandshakeFailure("rfc6455:4.1-p38-s2", response.status, "an answer to no request")
        try:
            # §4.1-p38-s2 MUST be checked
            subprotocol, extensions = check_the_servers_opening_handshake(response, self._key, self._offer)
        except HandshakeFailure as failure:
            # §11.3.5-p10-s1 MAY have several Sec-WebSocket-Version fields: the caller has them all
            # §4.1-p39-s2 MAY authenticate or follow a redirect: up to the caller, who has the whole response
            failure.response = response
            raise
        # §4.1-p47-s2 MUST be the extensions of the server's answer; §4.1-p47-s3 MUST be its subprotocol
        # §4.1-p47-s4 MUST be told apart: the cookies that it sets are among its header fields
        return Opened(self._request.target, subprotocol, tuple(extensions), self._request, response)


class ServerOpening:
    """The opening handshake as a server has it; `request` is what waits for an answer."""

    def __init__(self, http: HttpCodec) -> None:
        self._http = http
        self.request: Request | None = None

    def receive(self, octets: bytes) -> Request | None:
        """The request, once it is complete. Raises `HandshakeFailure` for what is no HTTP request."""
        # §4.2.1-p1-s2 MUST parse as much of the request as its answer needs
        request = self._http.read_request(octets)
        if request is None or self.request is not None:
            return None
        self.request = request
        return request

    def accept(
        self,
        subprotocols: SubprotocolPolicy,
        extensions: Sequence[ServerExtension],
        origins: OriginPolicy,
        additional_headers: Sequence[tuple[str, str]],
    ) -> tuple[Opened, bytes]:
        """What was agreed on, and the octets of the answer. Raises `HandshakeFailure` and `UsageError`."""
        assert self.request is not None
        # §4.2.2-p1-s1 MUST carry out the steps
        # §10.1-p2-s4 SHOULD NOT trust that anything of it is valid
        handshake = read_the_clients_opening_handshake(self.request)
        check_origin(handshake.origin, origins)
        # §4.2.2-p11-s1 MUST be a list, maybe empty; §11.3.2-p8-s2 MUST be agreed on by this field, sent both ways
        answers, in_use = choose_extensions(handshake.extension_fields, extensions)
        subprotocol = choose_subprotocol(handshake.subprotocols, subprotocols)
        response = send_the_servers_opening_handshake(handshake, subprotocol, answers, additional_headers)
        opened = Opened(handshake.resource_name, subprotocol, tuple(in_use), self.request, response)
        return opened, self._http.write_response(response)

    def respond(self, response: Response) -> bytes:
        """The octets of an ordinary HTTP answer to the request."""
        # §4.2.2-p3-s1 MAY ask for credentials; §4.2.2-p4-s1 MAY redirect; §4.2.2-p9-s3 MUST refuse what is not there
        octets = self._http.write_response(response)
        self.request = None
        return octets

    def next_request(self) -> bool:
        """Whether another request may follow."""
        return self._http.next_request()

    def octets_behind(self) -> bytes:
        """What came behind the request."""
        return self._http.octets_behind()
