"""Section 7.1, Definitions: how a connection closes and fails, and what is then known of it."""

from collections.abc import Callable

from refws.failure import Failure, UsageError
from refws.rfc6455.s05_2_base_framing_protocol import Opcode
from refws.rfc6455.s05_5_control_frames import Close, build_close_body
from refws.rfc6455.s07_4_status_codes import StatusCode, may_be_sent
from refws.rfc6455.state import READY_STATE, TRANSITIONS, Occurrence, ReadyState, State

__all__ = ["Closing"]

REASON_OCTETS = 123


class Closing:
    """The state of one connection, and the only place that changes it.

    `sent` and `received` are the Close frames; `failure` is why the connection failed, if it did. `send_frame`
    takes an opcode and a payload.
    """

    __slots__ = ("_client", "_send_frame", "failure", "received", "sent", "state")

    def __init__(self, send_frame: Callable[[int, bytes], object], *, client: bool) -> None:
        self._send_frame = send_frame
        self._client = client
        # §4.1-p1-s2 MUST begin in CONNECTING
        self.state = State.CONNECTING
        self.sent: Close | None = None
        self.received: Close | None = None
        self.failure: Failure | None = None

    def has_occurred(self, occurrence: Occurrence) -> None:
        """Move to the next state of the table. Raises `UsageError` where that cannot happen now."""
        state = TRANSITIONS.get((self.state, occurrence))
        if state is None:
            raise UsageError(f"{occurrence.name} cannot happen to a connection that is {self.state.name}")
        self.state = state

    @property
    def ready_state(self) -> ReadyState:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return READY_STATE[self.state]

    # 7.1.2
    def start_the_websocket_closing_handshake(self, code: int | None = None, reason: str = "") -> None:
        """Send a Close frame with this status code and reason, or with neither. Raises `UsageError`."""
        # §7.1.5-p1-s1 MAY carry a code; §7.4-p1-s4 MAY carry neither code nor reason
        body = build_close_body(code, reason, client=self._client)
        # §7.1.5-p1-s2 MAY be started by either side, by both at once too
        self.has_occurred(Occurrence.CLOSE_SENT)
        self.sent = Close(StatusCode.NO_STATUS_RECEIVED if code is None else code, reason)
        # §7.1.2-p1-s1 MUST send a Close frame with the given code and reason
        self._send_frame(Opcode.CLOSE, body)

    def a_close_frame_has_been_received(self, close: Close) -> None:
        """Take note of the peer's Close frame, and answer it unless one was sent (section 5.5.1)."""
        self.has_occurred(Occurrence.CLOSE_RECEIVED)
        # §7.1.5-p1-s3 MUST be the first Close frame's code; §7.1.6-p1-s3 MUST be its reason
        self.received = close
        # §5.5.1-p5-s1 MUST answer with a Close frame, unless one was sent
        if self.sent is None:
            # §5.5.1-p5-s2 SHOULD repeat the code (ruling 29: but not 1010, which a server may not send)
            no_code = close.code == StatusCode.NO_STATUS_RECEIVED
            sendable = may_be_sent(close.code, client=self._client) is None
            code = None if no_code else close.code if sendable else StatusCode.NORMAL_CLOSURE
            self.start_the_websocket_closing_handshake(code)

    # 7.1.7
    def fail_the_websocket_connection(self, failure: Failure) -> None:
        """Act on a failure; the host then closes TCP. The first failure is the one that counts."""
        if self.state in (State.FAILED, State.CLOSED):
            return
        established = self.state is not State.CONNECTING
        self.failure = failure
        self.has_occurred(Occurrence.FAILED)
        # §7.1.7-p2-s2 MAY be omitted: where TCP is gone (1006), or the status is none for a Close frame of this side
        # §10.7-p1-s3 SHOULD send a Close frame with a fitting code once the handshake is over
        if established and self.sent is None and may_be_sent(failure.status, client=self._client) is None:
            # §5.5.1-p2-s3 MAY say why, cut to what a control frame holds
            reason = failure.why.encode("utf-8", "replace")[:REASON_OCTETS].decode("utf-8", "ignore")
            # §7.4-p1-s1 MAY give a code and a reason
            self.sent = Close(failure.status, reason)
            # §7.1.7-p2-s1 SHOULD send a Close frame with a fitting code first, where the connection was established
            self._send_frame(Opcode.CLOSE, build_close_body(failure.status, reason, client=self._client))

    # 7.1.4
    def the_tcp_connection_is_closed(self) -> None:
        """TCP is closed, by whomever."""
        if self.state is not State.CLOSED:
            self.has_occurred(Occurrence.TCP_CLOSED)

    @property
    def cleanly(self) -> bool:
        """Whether the closing handshake was completed (section 7.1.4)."""
        # §7.1.4-p1-s2 MUST be called clean only if TCP closed after the closing handshake
        return self.sent is not None and self.received is not None and self.failure is None

    # 7.1.5
    @property
    def code(self) -> int:
        """The WebSocket Connection Close Code: the peer's."""
        # §7.1.5-p1-s5 MUST be 1006 where no Close frame came
        return StatusCode.ABNORMAL_CLOSURE if self.received is None else self.received.code

    # 7.1.6
    @property
    def reason(self) -> str:
        """The WebSocket Connection Close Reason: the peer's."""
        # §7.1.6-p1-s4 MUST be empty where there is none
        return "" if self.received is None else self.received.reason

    # 7.1.1
    @property
    def tcp_close_is_due(self) -> bool:
        """Whether this endpoint is to close TCP now: once what is to be sent has been sent."""
        # §7.1.7-p1-s3/1 MUST close TCP on a failure
        # §10.7-p1-s2 MAY drop TCP over data that is not safe, and over a handshake that is not acceptable
        if self.state is State.FAILED:
            # §7.1.1-p2-s3/1 SHOULD be done at once by a server
            # §7.1.1-p2-s3/2 SHOULD be left to the server by a client: where a Close frame has told it to
            return not self._client or self.sent is None
        # §5.5.1-p6-s1 MUST close TCP once both Close frames have gone
        # §5.5.1-p6-s2/1 MUST be done at once by a server; §7.1.1-p2-s1 SHOULD be done by the server first
        # §5.5.1-p6-s2/2 SHOULD be left to the server by a client
        return self.state is State.CLOSE_EXCHANGED and not self._client
