"""What an application is told when a connection is closed."""

from refws.failure import Failure
from refws.host.connection.frame_log import printable
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s07_4_status_codes import StatusCode

__all__ = ["ConnectionClosed"]

NORMALLY = (StatusCode.NORMAL_CLOSURE, StatusCode.GOING_AWAY, StatusCode.NO_STATUS_RECEIVED)


class ConnectionClosed(Exception):
    """The connection is closed, or closing.

    `sent` and `received` are the Close frames, None where there was none; `failure` is why the connection failed, if it
    did; `cleanly` says whether the closing handshake was completed, `normally` whether it says that all is well.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        closing = endpoint.closing
        self.sent: Close | None = closing.sent
        self.received: Close | None = closing.received
        self.failure: Failure | None = closing.failure
        self.cleanly = closing.cleanly
        self.code = closing.code
        self.reason = closing.reason
        # §rfc6455:7.4-p1-s2 MAY be acted on freely: only these codes let a loop over messages end without an exception
        self.normally = self.failure is None and self.code in NORMALLY
        super().__init__(self.__str__())

    def __str__(self) -> str:
        if self.failure is not None:
            return str(self.failure)
        who = "the peer" if self.sent is None or self.received is not None else "this side"
        return f"closed by {who} with {self.code}{self.reason and f' ({printable(self.reason)})'}"
