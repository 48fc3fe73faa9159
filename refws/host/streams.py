"""WebSocket over any stream that blocks: no event loop and no thread.

    with server_handshake(stream) as ws:
        for message in ws:
            ws.send(message)

A stream is a socket, plain or TLS, a file-like object that reads and writes, or a pair of them, such as two pipes. The
caller opens it, and closes it at the end. After the `TimeoutError` of a socket, `recv` can be called again.
"""

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

from refws.failure import Failure
from refws.host.bytestream import ByteStream
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.frame_log import log_frames
from refws.host.http11 import Endpoint
from refws.rfc6455.endpoint import Event, Opened, Role
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s06_1_sending_data import Message
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import ClientExtension, ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy
from refws.rfc6455.state import ReadyState
from refws.rfc7692 import PermessageDeflate

__all__ = ["StreamWebSocket", "client_handshake", "server_handshake"]

logger = logging.getLogger("refws")


def server_handshake(
    stream: Any,
    *,
    subprotocols: SubprotocolPolicy = (),
    extensions: Sequence[ServerExtension] = (PermessageDeflate(),),
    origins: OriginPolicy = None,
    additional_headers: Sequence[tuple[str, str]] = (),
    limits: Limits = Limits(),
) -> "StreamWebSocket":
    """Read the opening handshake of a client from `stream`, and answer it (section 4.2).

    The options are those of `refws.serve`. Raises `HandshakeFailure` for a request that was refused, with the status of
    the refusal; `Failure` where the stream ended before; `UsageError`; and what the stream raises.
    """
    websocket = StreamWebSocket(stream, Role.SERVER, limits)
    websocket._first_event()
    answer = websocket.endpoint.accept(
        subprotocols=subprotocols, extensions=extensions, origins=origins, additional_headers=additional_headers
    )
    websocket._flush()
    if not isinstance(answer, Opened):
        raise answer
    # Frames may have come behind the request.
    websocket._events += websocket.endpoint.receive_octets(b"")
    return websocket._opened(answer)


def client_handshake(
    stream: Any,
    uri: str,
    *,
    subprotocols: Sequence[str] = (),
    extensions: Sequence[ClientExtension] = (PermessageDeflate(),),
    origin: str | None = None,
    additional_headers: Sequence[tuple[str, str]] = (),
    limits: Limits = Limits(),
) -> "StreamWebSocket":
    """Send a client's opening handshake over `stream`, and wait for the answer (section 4.1).

    `uri` says what is asked for, `stream` leads where the caller chose. The options are those of `refws.connect`.
    Raises `HandshakeFailure` for an answer that is not acceptable, `Failure` for an early end, and `UsageError`.
    """
    websocket = StreamWebSocket(stream, Role.CLIENT, limits)
    offer = ClientOffer(subprotocols, extensions, origin, additional_headers)
    websocket.endpoint.connect(parse_websocket_uri(uri), offer)
    opened = websocket._first_event()
    assert isinstance(opened, Opened)
    return websocket._opened(opened)


class StreamWebSocket:
    """One end of a connection; what `server_handshake` and `client_handshake` give. Of one thread at a time.

    Messages are `str` (text) and `bytes` (binary). A Ping is answered while `recv` reads. `request` and `response` are
    the opening handshake, `dropped` the number of messages that came during `close`.
    """

    request: Request
    response: Response

    def __init__(self, stream: Any, role: Role, limits: Limits = Limits()) -> None:
        self.endpoint = Endpoint(role, limits)
        log_frames(self.endpoint, None)
        self.subprotocol: str | None = None
        self.dropped = 0
        self._stream = ByteStream(stream)
        self._events: deque[Event] = deque()
        self._ended = False

    def recv(self) -> str | bytes:
        """The next message. Raises `ConnectionClosed` once there is none and none will come."""
        while not isinstance(event := self.recv_event(), (str, bytes)):
            pass
        return event

    def recv_event(self) -> str | bytes | Ping | Pong:
        """The next message, Ping (it has been answered) or Pong. Raises `ConnectionClosed`."""
        while not self._events and not self._ended:
            self._flush()
            self._receive()
        event = self._events[0] if self._events else None
        if isinstance(event, (str, bytes, Ping, Pong)):
            del self._events[0]
            return event
        # Behind all that the application has sent for the messages before
        self.endpoint.react()
        self._flush()
        if isinstance(event, Failure):
            # §rfc6455:7.1.7-p1-s3/2 SHOULD log it
            logger.info("failed the connection: %s", event)
        raise ConnectionClosed(self.endpoint)

    def send(self, message: Message, *, compress: bool = True) -> None:
        """Send a message: text for a `str`, binary for octets. Raises `ConnectionClosed` and `UsageError`.

        With `compress` false it is not compressed, even where that was negotiated.
        """
        self._put(self.endpoint.send_a_websocket_message, message, compress)

    def send_fragment(self, data: Message, *, fin: bool) -> None:
        """Send the next fragment of a message, which the one with `fin` ends. Raises as `send` does."""
        self._put(self.endpoint.send_a_fragment, data, fin=fin)

    def ping(self, payload: bytes = b"") -> None:
        """Send a Ping; `recv_event` shows its Pong. Raises `ConnectionClosed`, and `UsageError` above 125 octets."""
        self._put(self.endpoint.send_ping, payload)

    def pong(self, payload: bytes = b"") -> None:
        """Send a Pong that nobody asked for. Raises as `ping` does."""
        self._put(self.endpoint.send_pong, payload)

    def __iter__(self) -> Iterator[str | bytes]:
        """The messages, until the connection closes; raises `ConnectionClosed` if it did not close normally."""
        try:
            while True:
                yield self.recv()
        except ConnectionClosed as closed:
            if not closed.normally:
                raise

    def close(self, code: int | None = StatusCode.NORMAL_CLOSURE, reason: str = "", timeout: float = 10) -> None:
        """Do the closing handshake, and read to the end of the stream; a socket no longer than `timeout` seconds.

        What came before can still be received. Of what is no socket, a server reads no more than the Close frame.
        Raises `UsageError` for what may not be sent.
        """
        endpoint = self.endpoint
        endpoint.react()
        if self.ready_state is ReadyState.OPEN:
            # §rfc6455:7.3-p1-s3 MUST begin with the closing handshake, whoever closes
            endpoint.start_the_websocket_closing_handshake(code, reason)
        deadline = time.monotonic() + timeout
        with contextlib.suppress(OSError, ValueError):
            while not self._ended:
                self._stream.limit_time(deadline)
                self._flush()
                if endpoint.closing.tcp_close_is_due:
                    # §rfc6455:7.1.1-p1-s1 MUST close TCP
                    self._stream.half_close()
                    if not self._stream.is_socket:
                        break
                self._stream.limit_time(deadline)
                # §rfc6455:7.1.1-p1-s2 SHOULD drop what still comes
                self._receive(closing=True)
                endpoint.react()
        self._ended = True
        self._stream.half_close()
        endpoint.the_tcp_connection_is_closed()

    def _first_event(self) -> Request | Opened:
        """What the opening handshake of the peer says. Raises its `Failure`."""
        while not self._events:
            self._flush()
            self._receive()
        event = self._events.popleft()
        if isinstance(event, Failure):
            self.endpoint.react()
            self._flush()
            raise event
        assert isinstance(event, (Request, Opened))
        return event

    def _opened(self, opened: Opened) -> Self:
        self.request, self.response, self.subprotocol = opened.request, opened.response, opened.subprotocol
        return self

    def _receive(self, closing: bool = False) -> None:
        """Wait for octets, and queue what they complete; during `close` only the end is, and messages are counted."""
        octets = self._stream.receive()
        self._ended = not octets
        for event in self.endpoint.receive_end_of_octets() if self._ended else self.endpoint.receive_octets(octets):
            if not closing or isinstance(event, (Close, Failure)):
                self._events.append(event)
            else:
                self.dropped += isinstance(event, (str, bytes))

    def _put(self, put: Callable[..., object], *args: object, **options: object) -> None:
        """Put something into the outbox, and write it. Raises `ConnectionClosed` where nobody takes it."""
        if self.ready_state is ReadyState.OPEN and self._stream.writable:
            put(*args, **options)
            self._flush()
        if self.ready_state is not ReadyState.OPEN or not self._stream.writable:
            raise ConnectionClosed(self.endpoint)

    def _flush(self) -> None:
        """Write what the endpoint wants sent; where nobody takes it, the end of the stream will tell."""
        self._stream.send(b"".join(self.endpoint.take_outbox()))

    @property
    def ready_state(self) -> ReadyState:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return self.endpoint.ready_state

    @property
    def close_sent(self) -> Close | None:
        """The Close frame that this side has sent."""
        return self.endpoint.closing.sent

    @property
    def close_received(self) -> Close | None:
        """The Close frame that the peer has sent."""
        return self.endpoint.closing.received

    def __enter__(self) -> Self:
        """The connection itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the connection."""
        self.close()
