"""HTTP/1.1 by h11, in the shape that `refws.rfc6455` asks for, and the endpoint that has it built in."""

from collections.abc import Iterable
from http import HTTPStatus

import h11

from refws.failure import HandshakeFailure, UsageError
from refws.rfc6455 import endpoint
from refws.rfc6455.endpoint import Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["WITHOUT_LENGTH", "Endpoint", "Http11", "reason_phrase"]

MAX_BODY = 65536
"""The octets of a request's or a refusal's body that are kept."""

# Of a 204 there is none; of a 304 it would be that of another response.
WITHOUT_LENGTH = frozenset({204, 304})


class Http11:
    """An `HttpCodec` over h11."""

    def __init__(self, role: Role, limits: Limits = Limits()) -> None:
        self._client = role is Role.CLIENT
        self._limits = limits
        self._h11 = self._connection()
        self._start: bytes | None = None if self._client else b""
        self._head: h11.Request | h11.Response | None = None
        self._method = b"GET"
        self._body = bytearray()
        self._octets = 0

    def read_request(self, octets: bytes) -> Request | None:
        """The request, once it is complete with its body. Raises `HandshakeFailure`: 400, 413 or 431."""
        event = self._receive(octets)
        if isinstance(event, h11.Request):
            self._head, self._method = event, event.method
            self._check_head(event)
            event = self._read_body()
        if not isinstance(event, h11.EndOfMessage) or not isinstance(self._head, h11.Request):
            return None
        head, body = self._head, bytes(self._body)
        self._head, self._body = None, bytearray()
        return Request(
            head.method.decode("ascii"),
            head.target.decode("latin-1"),
            _header_fields(head.headers.raw_items()),
            _version(head.http_version),
            body,
        )

    def read_response(self, octets: bytes) -> Response | None:
        """The answer: of a 101 its head, of any other the whole. Raises `HandshakeFailure`."""
        event = self._receive(octets)
        while isinstance(event, h11.InformationalResponse):
            self._check_head(event)
            if event.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                return self._response(event)
            event = self._receive(b"")
        if isinstance(event, h11.Response):
            self._head = event
            self._check_head(event)
            event = self._read_body()
        if isinstance(event, h11.EndOfMessage) and isinstance(self._head, h11.Response):
            return self._response(self._head)
        return None

    def end_of_octets(self) -> Response | None:
        """The peer will send no more. Raises `HandshakeFailure` where that cuts its message short."""
        self._h11.receive_data(b"")
        return self.read_response(b"")

    def write_request(self, request: Request) -> bytes:
        """The octets of a request. Raises `UsageError` for a header field that HTTP does not allow."""
        head = (request.method, request.target, _raw(request.headers))
        try:
            # §rfc6455:4.1-p22-s1 MUST be valid HTTP, which h11 makes sure of
            # §rfc6455:4.1-p23-s1/2 MUST be at least HTTP/1.1, which is what h11 writes
            octets = self._h11.send(h11.Request(method=head[0], target=head[1], headers=head[2]))
            return (octets or b"") + (self._h11.send(h11.EndOfMessage()) or b"")
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise UsageError(f"this request cannot be sent as HTTP: {error}") from None

    def write_response(self, response: Response) -> bytes:
        """The octets of a response. Raises `UsageError` for a header field that HTTP does not allow."""
        reason = response.reason or reason_phrase(response.status)
        if not (reason.isascii() and reason.isprintable()):
            raise UsageError(f"this response cannot be sent as HTTP: its reason is {reason!r}")
        try:
            if response.status == HTTPStatus.SWITCHING_PROTOCOLS:
                head = h11.InformationalResponse(status_code=101, headers=_raw(response.headers), reason=reason)
                return self._h11.send(head) or b""
            headers = _raw(response.headers)
            if response.headers.get("Content-Length") is None and response.status not in WITHOUT_LENGTH:
                headers.append(("Content-Length", str(len(response.body))))
            octets = self._h11.send(h11.Response(status_code=response.status, headers=headers, reason=reason)) or b""
            if response.body and self._method != b"HEAD":
                octets += self._h11.send(h11.Data(data=response.body)) or b""
            return octets + (self._h11.send(h11.EndOfMessage()) or b"")
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise UsageError(f"this response cannot be sent as HTTP: {error}") from None

    def octets_behind(self) -> bytes:
        """What came behind the message that was read."""
        return bytes(self._h11.trailing_data[0])

    def next_request(self) -> bool:
        """Be ready for another request; False where this connection has to end."""
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        self._start, self._method, self._octets = self.octets_behind(), b"GET", 0
        self._h11 = self._connection()
        return True

    def _connection(self) -> h11.Connection:
        role = h11.CLIENT if self._client else h11.SERVER
        return h11.Connection(role, max_incomplete_event_size=self._limits.max_head_size)

    def _receive(self, octets: bytes) -> object:
        if self._h11.their_state is h11.MUST_CLOSE:
            # Nothing counts behind a request that ends its connection.
            return h11.PAUSED
        if self._start is not None:
            # An empty line before a request is passed over, as RFC 7230 section 3.5 has it; h11 refuses it.
            self._start += octets
            if self._start in (b"", b"\r"):
                return h11.NEED_DATA
            octets, self._start = self._start.removeprefix(b"\r\n"), None
        if octets:
            self._octets += len(octets)
            try:
                self._h11.receive_data(octets)
            except RuntimeError:
                # There are none behind the end of octets.
                return h11.PAUSED
        return self._read_body() if self._head is not None else self._next_event()

    def _read_body(self) -> object:
        """Take what has come of the body; returns the event behind it."""
        event = self._next_event()
        while isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MAX_BODY and isinstance(self._head, h11.Request):
                raise HandshakeFailure("rfc6455:10.4-p1-s1", 413, f"a request body above {MAX_BODY} octets")
            del self._body[MAX_BODY:]
            event = self._next_event()
        return event

    def _next_event(self) -> object:
        try:
            return self._h11.next_event()
        except h11.RemoteProtocolError as error:
            # §rfc6455:4.2.1-p2-s2 MUST be refused by a server; §rfc6455:4.1-p45-s1 MUST fail the connection of a client
            clause = "rfc6455:4.1-p45-s1" if self._client else "rfc6455:4.2.1-p2-s2"
            if error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
                clause = "rfc6455:10.4-p1-s1"
            status = 0 if self._client else error.error_status_hint
            raise HandshakeFailure(clause, status, f"no acceptable HTTP: {error}") from None

    def _check_head(self, head: h11.Request | h11.Response | h11.InformationalResponse) -> None:
        behind = len(self._h11.trailing_data[0])
        size, self._octets = self._octets - behind, behind
        limits = self._limits
        # h11 has the same limit, but only for a head that comes in pieces
        if size > limits.max_head_size or len(head.headers) > limits.max_header_fields:
            why = f"a head of more than {limits.max_head_size} octets or {limits.max_header_fields} fields"
            status = 431 if isinstance(head, h11.Request) else head.status_code
            raise HandshakeFailure("rfc6455:10.4-p1-s1", status, why)

    def _response(self, head: h11.Response | h11.InformationalResponse) -> Response:
        return Response(
            head.status_code,
            _header_fields(head.headers.raw_items()),
            bytes(self._body),
            head.reason.decode("latin-1"),
            _version(head.http_version),
        )


def _header_fields(raw: Iterable[tuple[bytes, bytes]]) -> HeaderFields:
    return HeaderFields((name.decode("ascii"), value.decode("latin-1")) for name, value in raw)


def _raw(fields: HeaderFields) -> list[tuple[str, str]]:
    return list(fields)


def _version(version: bytes) -> tuple[int, int]:
    major, _, minor = version.partition(b".")
    return int(major), int(minor)


def reason_phrase(status: int) -> str:
    """The phrase that goes with a status; none where it is not registered."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class Endpoint(endpoint.Endpoint):
    """`refws.rfc6455.endpoint.Endpoint` with HTTP/1.1 by h11 for its opening handshake."""

    __slots__ = ()

    def __init__(self, role: Role, limits: Limits = Limits()) -> None:
        super().__init__(role, limits, Http11(role, limits))
