"""Section 6, Closing the connection, and the closing handshake of sections 4.2 and 5.3."""

from collections.abc import Callable

from refws.failure import Failure
from refws.hybi00.s04_2_data_framing import CLOSING_FRAME
from refws.rfc6455 import s07_1_definitions
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.state import Occurrence, State

__all__ = ["Closing"]


class Closing(s07_1_definitions.Closing):
    """The state of one connection: that of RFC 6455, with a closing frame that carries neither code nor reason."""

    __slots__ = ()

    def __init__(self, send: Callable[[bytes], object], *, client: bool) -> None:
        super().__init__(lambda opcode, body: send(CLOSING_FRAME), client=client)

    def start_the_websocket_closing_handshake(self, code: int | None = None, reason: str = "") -> None:
        """Send FF 00. What code and reason say stays here, checked as in RFC 6455: `UsageError`."""
        # draft 4.2, closing handshake, steps 1 to 4; draft 5.3, terminating, step 1
        super().start_the_websocket_closing_handshake(code, reason)
        self.sent = Close()

    def fail_the_websocket_connection(self, failure: Failure) -> None:
        """Take note of a failure; the host then closes TCP. The first failure is the one that counts."""
        # draft 6.1: it is closed without the handshake, which would say that all is well
        if self.state not in (State.FAILED, State.CLOSED):
            self.failure = failure
            self.has_occurred(Occurrence.FAILED)

    @property
    def tcp_close_is_due(self) -> bool:
        """Whether this endpoint is to close TCP now: once what is to be sent has been sent."""
        # draft 4.2 step 3, high bit set, step 8.3: a client closes, too; draft 5.3, terminating, step 3; draft 6.3
        return self.state in (State.FAILED, State.CLOSE_EXCHANGED)
