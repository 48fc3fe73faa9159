"""The half of an endpoint that sends: what is said, as octets for the host (sections 6.1, 5.5 and 7.1.2)."""

from collections.abc import Sequence
from enum import Enum
from typing import ClassVar

from refws.failure import UsageError
from refws.rfc6455.s05_2_base_framing_protocol import Opcode, count_frames
from refws.rfc6455.s05_5_control_frames import check_payload
from refws.rfc6455.s06_1_sending_data import Message, MessageSender, PreparedMessage
from refws.rfc6455.s07_1_definitions import Closing
from refws.rfc6455.state import ReadyState, State

__all__ = ["Role", "SendingEndpoint"]

_OPEN = State.OPEN


class Role(Enum):
    """Which side of the connection an endpoint is."""

    CLIENT = "client"
    SERVER = "server"


class SendingEndpoint:
    """What both roles say. `closing` is the state of the connection.

    `pings_sent`, `pongs_sent` and `fragments_sent`, of messages those frames that are not their last, are counts.
    """

    __slots__ = ("_client", "_outbox", "_sender", "closing", "fragments_sent", "pings_sent", "pongs_sent")

    has_pings: ClassVar[bool] = True
    """Whether this protocol has Pings and Pongs."""

    _sender: MessageSender

    def __init__(self, role: Role) -> None:
        self._client = role is Role.CLIENT
        self._outbox: list[bytes] = []
        self.closing = Closing(self._send_control, client=self._client)
        self.pings_sent = self.pongs_sent = self.fragments_sent = 0

    @property
    def role(self) -> Role:
        """Which side of the connection this is."""
        return Role.CLIENT if self._client else Role.SERVER

    @property
    def ready_state(self) -> ReadyState:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return self.closing.ready_state

    # What is said

    def send_a_websocket_message(self, data: Message, extended: bool = True) -> None:
        """Put a message into the outbox: text for a `str`, binary for octets (section 6.1). Raises `UsageError`.

        With `extended` false, extensions that can leave a message as it is (as compression can) are asked to.
        """
        # §4.1-p38-s1 MUST wait for the server's handshake
        # §6.1-p2-s1 MUST be OPEN; §5.1-p3-s1 MAY be sent from the handshake on until a Close frame is
        # §5.5.1-p4-s1 MUST NOT be sent after a Close frame
        if self.closing.state is not _OPEN:
            raise self._not_open()
        # §6.1-p1-s1 MUST take the steps of 6.1; §5.1-p1-s1 MUST go out as frames
        self._outbox += self._sender.message(data, extended)

    def send_a_prepared_message(self, prepared: PreparedMessage) -> None:
        """Put a message of `prepare_message` into the outbox of a server. Raises `UsageError`.

        It goes out as it was framed; where an extension is in use that leaves no message as it is, it is framed anew.
        """
        # §6.1-p2-s1 MUST be OPEN
        if self.closing.state is not _OPEN:
            raise self._not_open()
        self._outbox += self._sender.prepared(prepared)

    def send_a_fragment(self, data: Message, *, fin: bool, extended: bool = True) -> None:
        """Put the next fragment of a message into the outbox; the one with `fin` ends it. Raises `UsageError`.

        `extended` counts for the first fragment of a message, and is as in `send_a_websocket_message`.
        """
        # §6.1-p2-s2 MUST stop where the state changes; §5.5.1-p4-s1 MUST NOT be sent after a Close frame
        if self.closing.state is not _OPEN:
            raise self._not_open()
        # §5.4-p9-s1 MUST go out in order
        self._outbox += self._sender.fragment(data, fin=fin, extended=extended)
        self.fragments_sent += not fin

    def send_ping(self, payload: bytes = b"") -> None:
        """Put a Ping frame into the outbox (section 5.5.2). Raises `UsageError` above 125 octets."""
        # §5.5.2-p4-s1 MAY be sent while the connection is open
        if self.closing.state is not _OPEN:
            raise self._not_open()
        # §5.5.2-p2-s1 MAY carry data
        self._send_control(Opcode.PING, check_payload(payload))
        self.pings_sent += 1

    def send_pong(self, payload: bytes = b"") -> None:
        """Put a Pong frame that nobody asked for into the outbox (section 5.5.3)."""
        # §5.5.3-p5-s1 MAY be sent unasked
        if self.closing.state is not _OPEN:
            raise self._not_open()
        self._send_control(Opcode.PONG, check_payload(payload))
        self.pongs_sent += 1

    def start_the_websocket_closing_handshake(self, code: int | None = 1000, reason: str = "") -> None:
        """Put a Close frame into the outbox (section 7.1.2). Raises `UsageError`."""
        if self.closing.state is not _OPEN:
            raise self._not_open()
        self.closing.start_the_websocket_closing_handshake(code, reason)

    def _answer_ping(self, payload: bytes) -> None:
        # §5.5.2-p3-s1 MUST answer with a Pong, until a Close frame has come: from there on nothing is read (ruling 10)
        # §5.5.3-p3-s1 MUST repeat the data of the Ping; §5.5.2-p3-s2 SHOULD be soon
        self._send_control(Opcode.PONG, payload)
        self.pongs_sent += 1

    def _send_control(self, opcode: int, payload: bytes) -> None:
        self._outbox += self._sender.control(opcode, payload)

    def _not_open(self) -> UsageError:
        return UsageError(f"the connection is {self.ready_state.name}, not OPEN [rfc6455:6.1-p2-s1]")

    # What the host has to write

    def take_outbox(self) -> list[bytes]:
        """Hand over what is to be sent now, without acting on what was reported."""
        outbox, self._outbox = self._outbox, []
        return outbox

    @property
    def pieces_to_send(self) -> int:
        """The number of pieces in the outbox: frames, most of them."""
        return len(self._outbox)

    def frames_in(self, pieces: Sequence[bytes]) -> int:
        """How many frames these pieces of the outbox are; a piece of the opening handshake counts for one, too."""
        return count_frames(pieces)

    @property
    def frames_to_send(self) -> int:
        """The number of frames, and of pieces of the opening handshake, in the outbox."""
        return self.frames_in(self._outbox)

    @property
    def octets_in_outbox(self) -> int:
        """The octets that are to be sent now."""
        return sum(map(len, self._outbox)) if self._outbox else 0
