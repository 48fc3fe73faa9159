"""The life of a connection as one table, each row with the clause that asks for it."""

from enum import IntEnum

__all__ = ["READY_STATE", "TRANSITIONS", "Occurrence", "ReadyState", "State"]


class ReadyState(IntEnum):
    """What the RFC calls the state of the WebSocket connection."""

    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


class State(IntEnum):
    """`ReadyState`, with CLOSING told apart by who has sent a Close frame and whether the connection failed."""

    CONNECTING = 0
    OPEN = 1
    CLOSE_SENT = 2
    CLOSE_RECEIVED = 3
    CLOSE_EXCHANGED = 4
    FAILED = 5
    CLOSED = 6


class Occurrence(IntEnum):
    """What can happen to a connection."""

    ESTABLISHED = 0
    CLOSE_SENT = 1
    CLOSE_RECEIVED = 2
    FAILED = 3
    TCP_CLOSED = 4


READY_STATE = {
    State.CONNECTING: ReadyState.CONNECTING,
    State.OPEN: ReadyState.OPEN,
    State.CLOSE_SENT: ReadyState.CLOSING,
    State.CLOSE_RECEIVED: ReadyState.CLOSING,
    State.CLOSE_EXCHANGED: ReadyState.CLOSING,
    State.FAILED: ReadyState.CLOSING,
    State.CLOSED: ReadyState.CLOSED,
}

# A pair that is not here cannot happen; asking for it is an error of the caller (or ours), never of the peer.
TRANSITIONS: dict[tuple[State, Occurrence], State] = {
    # §4.1-p47-s1 MUST be OPEN once the server's handshake is checked; §4.2.2-p22-s2 MUST be OPEN once it is sent
    (State.CONNECTING, Occurrence.ESTABLISHED): State.OPEN,
    (State.CONNECTING, Occurrence.FAILED): State.FAILED,
    # §7.1.4-p2-s1 MUST count a connection that was never established as closed, and not cleanly
    (State.CONNECTING, Occurrence.TCP_CLOSED): State.CLOSED,
    # §7.1.3-p1-s1 MUST enter CLOSING on sending a Close frame, and on receiving one
    (State.OPEN, Occurrence.CLOSE_SENT): State.CLOSE_SENT,
    (State.OPEN, Occurrence.CLOSE_RECEIVED): State.CLOSE_RECEIVED,
    (State.OPEN, Occurrence.FAILED): State.FAILED,
    # §7.1.4-p1-s1 MUST be CLOSED once TCP is
    (State.OPEN, Occurrence.TCP_CLOSED): State.CLOSED,
    # §5.5.1-p7-s1 SHOULD take Close frames that cross for one sent and one received; §7.1.6-p1-s2 MAY cross
    (State.CLOSE_SENT, Occurrence.CLOSE_RECEIVED): State.CLOSE_EXCHANGED,
    (State.CLOSE_SENT, Occurrence.FAILED): State.FAILED,
    (State.CLOSE_SENT, Occurrence.TCP_CLOSED): State.CLOSED,
    (State.CLOSE_RECEIVED, Occurrence.CLOSE_SENT): State.CLOSE_EXCHANGED,
    (State.CLOSE_RECEIVED, Occurrence.FAILED): State.FAILED,
    (State.CLOSE_RECEIVED, Occurrence.TCP_CLOSED): State.CLOSED,
    (State.CLOSE_EXCHANGED, Occurrence.FAILED): State.FAILED,
    (State.CLOSE_EXCHANGED, Occurrence.TCP_CLOSED): State.CLOSED,
    (State.FAILED, Occurrence.TCP_CLOSED): State.CLOSED,
}
