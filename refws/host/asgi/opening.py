"""How an ASGI application answers the opening handshake: it accepts, refuses, or sends a response of its own."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import Any

from refws.failure import HandshakeFailure
from refws.host.aio.websocket import WebSocket
from refws.host.asgi.denial import DenialResponse
from refws.host.connection.times import TimeLimits
from refws.host.http11 import Endpoint
from refws.rfc6455.endpoint import Opened, Role
from refws.rfc6455.http import HeaderFields, Response
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["SERVER_ERROR", "UNAVAILABLE", "ASGIEvent", "ASGIOpening", "ClientDisconnected", "Phase", "RawHeaders"]

ASGIEvent = dict[str, Any]
RawHeaders = Iterable[tuple[bytes, bytes]]

_TEXT = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
FORBIDDEN = Response(403, HeaderFields([("Connection", "close")]))
SERVER_ERROR = Response(500, HeaderFields(_TEXT), b"Internal Server Error")
UNAVAILABLE = Response(503, HeaderFields(_TEXT), b"Service Unavailable")


class ClientDisconnected(OSError):
    """`send` cannot send: the connection is closed. An application that does not catch it just ends."""


class Phase(Enum):
    """How far the application is."""

    CONNECTING = auto()
    ACCEPTED = auto()
    ANSWERING = auto()
    ENDED = auto()


class ASGIOpening(WebSocket):
    """A server's end of a connection, up to where its application has answered the request."""

    __slots__ = ("_answer", "_extensions", "_logger", "phase")

    def __init__(
        self,
        limits: Limits,
        times: TimeLimits,
        max_queue: int,
        extensions: Sequence[ServerExtension],
        logger: logging.Logger,
    ) -> None:
        super().__init__(Endpoint(Role.SERVER, limits), times, max_queue)
        self.phase = Phase.CONNECTING
        self._extensions = extensions
        self._logger = logger
        self._answer: DenialResponse | None = None

    # What the server around it says

    def default_headers(self) -> RawHeaders:
        """The header fields of every response of this server."""
        return ()

    def answered(self, what: str) -> None:
        """The request has got its answer: "[accepted]" or an HTTP status."""

    # What the application says

    def answer_request(self, kind: str, event: ASGIEvent) -> None:
        """Take the first event of the application, or what continues its response.

        Raises `RuntimeError` for an event that cannot come now, `ValueError` for one that says what may not be sent.
        """
        if self._answer is not None:
            if kind != "websocket.http.response.body":
                raise unexpected(kind, "'websocket.http.response.body'")
            self._send_body(self._answer, event)
        elif kind == "websocket.accept":
            self._accept(event)
        elif kind == "websocket.close":
            self.answered("403")
            self.refuse(FORBIDDEN)
        elif kind == "websocket.http.response.start":
            headers = [*self.default_headers(), *event.get("headers", ())]
            self._answer = DenialResponse(event["status"], headers)
            self.phase = Phase.ANSWERING
            self.answered(str(event["status"]))
        else:
            raise unexpected(kind, "'websocket.accept', 'websocket.close' or 'websocket.http.response.start'")

    def _accept(self, event: ASGIEvent) -> None:
        subprotocol = event.get("subprotocol") or None
        headers = _text([*self.default_headers(), *event.get("headers", ())])
        opened = self.endpoint.accept(
            subprotocols=lambda _: subprotocol, extensions=self._extensions, additional_headers=headers
        )
        if not isinstance(opened, Opened):
            self.answered(str(opened.status))
            self._refused()
            raise ClientDisconnected(str(opened))
        self.phase = Phase.ACCEPTED
        self.answered("[accepted]")
        self.deliver([opened])
        self._loop.call_soon(self._read_what_came_early)

    def _read_what_came_early(self) -> None:
        """Frames that came behind the request, before it was answered."""
        self.data_received(b"")
        self.read_on()

    def refuse(self, response: Response, failure: HandshakeFailure | None = None) -> None:
        """Answer the request that waits with an HTTP error."""
        headers = HeaderFields([*_text(self.default_headers()), *response.headers])
        self.endpoint.refuse(replace(response, headers=headers), failure)
        self._refused()

    def _refused(self) -> None:
        self.phase = Phase.ENDED
        failure = self.endpoint.closing.failure
        assert failure is not None
        self._queue.append(failure)
        self._wake()
        self.go_on_closing()

    def application_left(self) -> None:
        """The application ends before its answer is complete: a response of its own ends here, any other is a 500."""
        if self._answer is None:
            self.refuse(SERVER_ERROR)
        else:
            self._finish(self._answer, self._answer.cut_short())

    def _send_body(self, answer: DenialResponse, event: ASGIEvent) -> None:
        more = event.get("more_body", False)
        octets = answer.body(event.get("body", b""), more=more)
        if more:
            self._write(octets)
        else:
            self._finish(answer, octets)

    def _finish(self, answer: DenialResponse, octets: bytes) -> None:
        self.phase = Phase.ENDED
        self._write(octets)
        why = f"the application has answered with {answer.status}"
        # §rfc6455:4.2.2-p9-s3 MUST be an HTTP error, or another answer of section 4.2.2, where it is not accepted
        self.fail(HandshakeFailure("rfc6455:4.2.2-p9-s3", answer.status, why))

    def _write(self, octets: bytes) -> None:
        if self.transport is not None and octets:
            self.transport.write(octets)


def _text(headers: RawHeaders) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def unexpected(kind: str, expected: str) -> RuntimeError:
    """The error for an event that cannot come now."""
    return RuntimeError(f"Expected ASGI message {expected} but got '{kind}'.")
