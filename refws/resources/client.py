"""One client of a resource."""

from typing import TYPE_CHECKING, Any, Literal

from refws.failure import Failure, UsageError
from refws.host.connection.counters import Counters
from refws.host.connection.queued import QueuedConnection
from refws.host.connection.sending import Offered
from refws.resources.link import Link
from refws.resources.waiting import Closing, Sent
from refws.rfc6455.http import Request
from refws.rfc6455.s05_5_control_frames import Close, parse_close_body
from refws.rfc6455.s06_1_sending_data import PreparedMessage
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import ReadyState

if TYPE_CHECKING:
    from refws.resources.resource import Resource

__all__ = ["Client"]


class Client:
    """A client of a resource. Subclasses add what an application wants to know of it; see `Resource.client_class`.

    `resource` is where it is, `request` its opening handshake, `subprotocol` what was agreed on, `remote_address` what
    the socket says, `dropped` the number of messages that it has not been sent because it was slow, and `websocket`
    the connection beneath.

    What sends, sends at once and in order, and never waits: to await what it returns is to wait while the peer does not
    take what was sent, which nobody has to. It raises `ConnectionClosed` where the connection is not open any more.
    """

    websocket: QueuedConnection
    remote_address: Any

    def __init__(self, resource: "Resource", request: Request) -> None:
        self.resource = resource
        self.request = request
        self.dropped = 0
        self._leaving = False
        self._attached: Link | None = None

    def _attach(self, websocket: QueuedConnection) -> None:
        """The connection is open: hosts call this."""
        self.websocket = websocket
        self.remote_address = websocket.transport.get_extra_info("peername") if websocket.transport else None
        self._attached = Link(websocket, self.resource.write_timeout)

    @property
    def _link(self) -> Link:
        """The way to the connection. Raises `UsageError` before that is open."""
        if self._attached is None:
            raise UsageError("the opening handshake of this client is not over")
        return self._attached

    @property
    def state(self) -> ReadyState:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return ReadyState.CONNECTING if self._attached is None else self.websocket.ready_state

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self.websocket.subprotocol

    @property
    def latency(self) -> float | None:
        """The seconds that the last Ping which was answered took."""
        return self.websocket.latency

    @property
    def counters(self) -> Counters:
        """What has gone through the connection, in numbers."""
        return self.websocket.counters

    @property
    def close_sent(self) -> Close | None:
        """The Close frame that this side has sent."""
        return self.websocket.close_sent

    @property
    def close_received(self) -> Close | None:
        """The Close frame that the client has sent."""
        return self.websocket.close_received

    @property
    def close_code(self) -> int:
        """The code that the client has closed with, 1005 where it gave none; 1006 as long as it has not."""
        return self.websocket.endpoint.closing.code

    @property
    def close_reason(self) -> str:
        """The reason that the client has closed with."""
        return self.websocket.endpoint.closing.reason

    def send_text(self, message: str, *, compress: bool = True) -> Sent:
        """Send a text message. Raises `ConnectionClosed`, and `UsageError` for what is none."""
        _check_type(message, (str,), "a text message is a str")
        return self._link.send(message, compress)

    def send_binary(self, message: bytes | bytearray | memoryview, *, compress: bool = True) -> Sent:
        """Send a binary message. Raises `ConnectionClosed`, and `UsageError` for what is none."""
        _check_type(message, (bytes, bytearray, memoryview), "a binary message is octets")
        return self._link.send(message, compress)

    def send_ping(self, payload: bytes = b"") -> Sent:
        """Send a Ping. Raises `ConnectionClosed`, and `UsageError` above 125 octets."""
        return self._link.ping(payload)

    def close(
        self, code: int | None = StatusCode.NORMAL_CLOSURE, reason: str = "", *, data: bytes | None = None
    ) -> Closing:
        """Close: with a code and a reason, with neither (None), or with `data`, the whole body of the Close frame.

        No handler is called for what the client may still send. Awaiting this waits until TCP is closed. Closing what
        is closed does nothing. Raises `UsageError` for what may not be sent.
        """
        if data is not None:
            code, reason = _parse(data)
        with self._link.lock:
            closing = self._link.close(code, reason)
            self._leaving = True
        return closing

    def _fail(self, failure: Failure) -> None:
        self._leaving = True
        self._link.fail(failure)

    def offer_prepared(
        self, prepared: PreparedMessage, max_backlog: int, when_exceeded: Literal["close", "drop"]
    ) -> Offered:
        """Take part in a broadcast; see `refws.host.connection.broadcast`."""
        # Not `_link` at once: a property takes its time, and this is called for many.
        offered = (self._attached or self._link).offer(prepared, max_backlog, when_exceeded)
        if offered == "dropped":
            self.dropped += 1
        return offered


def _check_type(message: object, types: tuple[type, ...], wanted: str) -> None:
    if not isinstance(message, types):
        raise UsageError(f"{wanted}, not {type(message).__name__}")


def _parse(body: bytes) -> tuple[int | None, str]:
    """The code and the reason of the body of a Close frame; raises `UsageError` where it is none."""
    if not body:
        return None, ""
    try:
        close = parse_close_body(body)
    except Failure as failure:
        raise UsageError(f"{body!r} is no body of a Close frame: {failure}") from None
    if close.code == StatusCode.NO_STATUS_RECEIVED:
        raise UsageError(f"{body!r} is no body of a Close frame: a code has two octets")
    return close.code, close.reason
