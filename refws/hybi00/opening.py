"""The wiring of sections 4.1, 5.1 and 5.2: the opening handshake of either side, let go of once it is over."""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from random import Random

from refws.failure import HandshakeFailure, UsageError
from refws.hybi00.fields import HandshakeReader
from refws.hybi00.s04_1_opening_handshake import (
    ClientsHandshake,
    check_the_servers_opening_handshake,
    make_the_clients_opening_handshake,
    read_the_servers_opening_handshake,
)
from refws.hybi00.s05_1_reading_the_clients_opening_handshake import (
    check_the_clients_opening_handshake,
    read_the_clients_opening_handshake,
)
from refws.hybi00.s05_2_sending_the_servers_opening_handshake import (
    choose_protocol,
    format_response,
    make_the_servers_opening_handshake,
)
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.opening import Opened
from refws.rfc6455.s03_websocket_uris import WebSocketURI
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy, check_origin

__all__ = ["ClientOpening", "ServerOpening"]

MOST_BEHIND = 1024 * 1024
"""Octets that are kept of a client that sends on while its request waits for an answer."""


def _too_large(limits: Limits, status: int) -> HandshakeFailure:
    return HandshakeFailure("hybi00:2", status, f"a head of more than {limits.max_head_size} octets")


class ClientOpening:
    """The opening handshake as a client has it."""

    def __init__(self, limits: Limits, random: Random) -> None:
        self._random = random
        self._sent: ClientsHandshake | None = None
        steps = read_the_servers_opening_handshake(limits)
        self._reader = HandshakeReader(steps, limits.max_head_size + 16, _too_large(limits, 0))

    def send(self, uri: WebSocketURI, offer: ClientOffer) -> bytes:
        """The octets of the request. Raises `UsageError`."""
        if self._sent is not None:
            raise UsageError("a client's endpoint connects once")
        sent = make_the_clients_opening_handshake(uri, offer, self._random)
        octets = sent.octets()
        self._sent = sent
        return octets

    def receive(self, octets: bytes) -> Opened | None:
        """What was agreed on, once the answer is complete. Raises `HandshakeFailure`."""
        sent = self._sent
        if sent is None:
            raise HandshakeFailure("hybi00:4.1-step28", 0, "an answer to no request")
        response = self._reader.receive(octets)
        if response is None:
            return None
        check_the_servers_opening_handshake(response, sent)
        # draft 4.1 step 46: the connection is established
        return Opened(sent.request.target, sent.protocol, (), sent.request, response)

    def octets_behind(self) -> bytes:
        """What came behind the answer."""
        return self._reader.behind


class ServerOpening:
    """The opening handshake as a server has it; `request` is what waits for an answer."""

    def __init__(self, limits: Limits, secure: bool) -> None:
        self._secure = secure
        self._read = False
        self._behind = b""
        self.request: Request | None = None
        steps = read_the_clients_opening_handshake(limits)
        self._reader = HandshakeReader(steps, limits.max_head_size + 8, _too_large(limits, 431))

    def receive(self, octets: bytes) -> Request | None:
        """The request, once its eight octets have come. Raises `HandshakeFailure`."""
        if not self._read:
            self.request = self._reader.receive(octets)
            self._read = self.request is not None
            self._behind = self._reader.behind
            return self.request
        # The client does not wait for the answer. Behind one that ends the connection nothing counts.
        if self.request is not None:
            self._behind += octets
            if len(self._behind) > MOST_BEHIND:
                raise HandshakeFailure("hybi00:2", 400, f"more than {MOST_BEHIND} octets before the answer")
        return None

    def accept(
        self,
        subprotocols: SubprotocolPolicy,
        origins: OriginPolicy,
        additional_headers: Sequence[tuple[str, str]],
    ) -> tuple[Opened, bytes]:
        """What was agreed on, and the octets of the answer. Raises `HandshakeFailure` and `UsageError`."""
        assert self.request is not None
        # draft 5.2 step 2: what the handshake says
        view = check_the_clients_opening_handshake(self.request, self._secure)
        # draft 7: an origin that is not expected gets no answer but an error
        check_origin(view.origin, origins)
        protocol = choose_protocol(view.protocol, subprotocols)
        response = make_the_servers_opening_handshake(self.request, view, protocol, self._secure, additional_headers)
        return Opened(self.request.target, protocol, (), self.request, response), format_response(response)

    def respond(self, response: Response) -> bytes:
        """The octets of an ordinary HTTP answer, the last on its connection. Raises `UsageError`."""
        if not 200 <= response.status <= 599:
            raise UsageError(f"a request is answered with a status from 200 to 599, not with {response.status}")
        fields = [(n, v) for n, v in response.headers if n.lower() not in ("connection", "content-length")]
        fields.append(("Connection", "close"))
        if response.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            fields.append(("Content-Length", str(len(response.body))))
        octets = format_response(replace(response, headers=HeaderFields(fields)))
        self.request = None
        return octets

    def octets_behind(self) -> bytes:
        """What came behind the request."""
        return self._behind
