"""The wiring of the sections: octets in, events out; octets out. The life of a connection is that of RFC 6455.

Used as `refws.rfc6455.endpoint.Endpoint`, and by the same hosts; what the draft does not know is a `UsageError`.
"""

from collections.abc import Sequence
from functools import partial
from random import Random, SystemRandom
from typing import ClassVar

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.hybi00.opening import ClientOpening, ServerOpening
from refws.hybi00.s04_2_data_framing import FrameReceiver, as_frame, check_text, text_frame
from refws.hybi00.s06_closing_the_connection import Closing
from refws.rfc6455 import endpoint
from refws.rfc6455.endpoint import Event, Opened, Role
from refws.rfc6455.http import Response
from refws.rfc6455.s03_websocket_uris import WebSocketURI
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy, refusal
from refws.rfc6455.s05_4_fragmentation import CheckMessage
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s06_1_sending_data import Message, PreparedMessage
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import Extension, ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy
from refws.rfc6455.state import Occurrence, State

__all__ = ["Endpoint"]


class Endpoint(endpoint.Endpoint):
    """One end of one connection of draft-ietf-hybi-thewebsocketprotocol-00, without a socket and without a clock.

    `secure` says to a server whether its clients come over TLS, which its answer has to state; a client knows from the
    URI. `random` is where a client's keys come from. `extensions` are left out wherever they are given.
    """

    __slots__ = ("_collected", "_frames", "_the_opening")

    has_pings: ClassVar[bool] = False

    def __init__(
        self, role: Role, limits: Limits = Limits(), *, secure: bool = False, random: Random | None = None
    ) -> None:
        super().__init__(role, limits)
        self.closing = Closing(self._send_closing_frame, client=role is Role.CLIENT)
        self._collected: list[str] = []
        self._the_opening: ClientOpening | ServerOpening | None
        if role is Role.CLIENT:
            self._the_opening = ClientOpening(limits, random or SystemRandom())
        else:
            self._the_opening = ServerOpening(limits, secure)

    @classmethod
    def established(
        cls,
        role: Role,
        *,
        extensions: Sequence[Extension] = (),
        limits: Limits = Limits(),
        check_message: CheckMessage | None = None,
    ) -> "Endpoint":
        """An endpoint whose opening handshake has been done elsewhere, or is not needed."""
        made = cls(role, limits)
        made._establish(extensions, limits, check_message)
        return made

    def _establish(self, extensions: Sequence[Extension], limits: Limits, check: CheckMessage | None) -> None:
        # draft 4.1 step 46, and the end of draft 5.2
        self.closing.has_occurred(Occurrence.ESTABLISHED)
        self._frames = FrameReceiver(limits, check)
        self._the_opening = None

    @property
    def errors(self) -> int:
        """The frames of types that the draft reserves, which were discarded: what it calls WebSocket errors."""
        return self._frames.errors if self._the_opening is None else 0

    # The opening handshake

    def connect(self, uri: WebSocketURI, offer: ClientOffer = ClientOffer()) -> None:
        """_Establish a WebSocket connection_: put the client's opening handshake into the outbox (section 4.1).

        At most one subprotocol can be asked for. Without an origin it is the server's own. Raises `UsageError`.
        """
        if not isinstance(self._the_opening, ClientOpening):
            raise UsageError("only a client's endpoint connects, and once")
        self._outbox.append(self._the_opening.send(uri, offer))

    def accept(
        self,
        *,
        subprotocols: SubprotocolPolicy = (),
        extensions: Sequence[ServerExtension] = (),
        origins: OriginPolicy = None,
        additional_headers: Sequence[tuple[str, str]] = (),
        limits: Limits | None = None,
        check_message: CheckMessage | None = None,
    ) -> Opened | HandshakeFailure:
        """Accept the request that was reported, or refuse it where sections 5.1 and 5.2 say so: 400, or 403.

        `check_message` is asked when a message is complete: its length stands nowhere before. Frames that came behind
        the request are reported by the next `receive_octets`, even of no octets.
        """
        opening = self._waiting()
        try:
            opened, octets = opening.accept(subprotocols, origins, additional_headers)
        except HandshakeFailure as failure:
            self.refuse(refusal(failure), failure)
            return failure
        self._outbox.append(octets)
        self._establish((), limits or self._limits, check_message)
        self._frames.keep(opening.octets_behind())
        return opened

    def refuse(self, response: Response, failure: HandshakeFailure | None = None) -> None:
        """Answer the request with an HTTP error, and end the connection."""
        # draft 6.2: a server aborts by closing the connection; that it says why first is HTTP's way
        self._outbox.append(self._waiting().respond(response))
        why = f"the request was answered with {response.status}"
        self.closing.fail_the_websocket_connection(failure or HandshakeFailure("hybi00:6.2", response.status, why))

    def respond(self, response: Response) -> bool:
        """Answer the request as an HTTP server does; returns False, as none may follow on this connection."""
        self._outbox.append(self._waiting().respond(response))
        return False

    def _waiting(self) -> ServerOpening:
        opening = self._the_opening
        if (
            not isinstance(opening, ServerOpening)
            or opening.request is None
            or self.closing.state is not State.CONNECTING
        ):
            raise UsageError("there is no request to answer")
        return opening

    # Octets in

    def _receive_handshake(self, octets: bytes, events: list[Event]) -> None:
        opening = self._the_opening
        assert opening is not None
        if isinstance(opening, ServerOpening):
            request = opening.receive(octets)
            if request is not None:
                events.append(request)
        else:
            opened = opening.receive(octets)
            if opened is not None:
                events.append(opened)
                self._establish((), self._limits, None)
                self._receive_frames(opening.octets_behind(), events)

    def _receive_frames(self, octets: bytes, events: list[Event]) -> None:
        frames = self._frames
        frames.receive(octets, events.append if self.tap is None else partial(self._deliver_and_tell, events))
        if frames.closed:
            # draft 5.3 step 2.10, draft 4.2 step 3: nothing counts behind it
            self._due = Close()

    def receive_end_of_octets(self) -> list[Event]:
        """The peer sends no more (section 6.3)."""
        # draft 6.3: not clean, unless the closing handshake is over
        if self._due is None and self.closing.state in (State.CONNECTING, State.OPEN, State.CLOSE_SENT):
            self._due = Failure("hybi00:6.3", StatusCode.ABNORMAL_CLOSURE, "the peer closed TCP")
            return [self._due]
        return []

    def react(self) -> None:
        """Act on the closing frame or the failure that was reported last, if there is one."""
        due = self._due
        if isinstance(due, HandshakeFailure) and isinstance(self._the_opening, ServerOpening):
            self._outbox.append(self._the_opening.respond(refusal(due)))
        super().react()

    def take_part(self) -> str | bytes | None:
        """Take out the text that has come of the message in progress: the event that ends it is then only the rest."""
        if self._due is not None or self.closing.state not in (State.OPEN, State.CLOSE_SENT):
            return None
        return self._frames.take_part()

    @property
    def fragments_received(self) -> int:
        """The frames that have come and were neither messages nor the end: `errors`."""
        return self.errors

    def _deliver_and_tell(self, events: list[Event], event: str | Close) -> None:
        events.append(event)
        assert self.tap is not None
        self.tap.received(b"".join(as_frame(event)))

    # Octets out

    def frames_in(self, pieces: Sequence[bytes]) -> int:
        """How many frames these pieces of the outbox are: as many."""
        return len(pieces)

    def _send_closing_frame(self, octets: bytes) -> None:
        self._outbox.append(octets)
        if self.tap is not None:
            self.tap.sent(as_frame(Close()))

    def send_a_websocket_message(self, data: Message, extended: bool = True) -> None:
        """Put a text message into the outbox (section 4.2 or 5.3). Raises `UsageError`, also for octets."""
        # draft 4.2, sending: from the handshake on until a closing frame is sent
        if self.closing.state is not State.OPEN:
            raise self._not_open()
        if self._collected:
            raise UsageError("a fragmented message is being sent; finish it first")
        self._outbox.append(text_frame(data))
        if self.tap is not None:
            self.tap.sent(as_frame(check_text(data)))

    def send_a_prepared_message(self, prepared: PreparedMessage) -> None:
        """Put a message of `prepare_message` into the outbox, framed anew. Raises `UsageError`."""
        self.send_a_websocket_message(prepared.data)

    def send_a_fragment(self, data: Message, *, fin: bool, extended: bool = True) -> None:
        """Collect the text of a message, which the fragment with `fin` sends as one frame. Raises `UsageError`.

        Nothing goes out before: an end of the connection in the middle of a frame would look like its own end.
        """
        if self.closing.state is not State.OPEN:
            raise self._not_open()
        self._collected.append(check_text(data))
        if fin:
            collected, self._collected = self._collected, []
            self.send_a_websocket_message("".join(collected))

    def send_ping(self, payload: bytes = b"") -> None:
        """Raises `UsageError`: there are no Pings."""
        raise UsageError("draft-ietf-hybi-thewebsocketprotocol-00 has no Ping")

    def send_pong(self, payload: bytes = b"") -> None:
        """Raises `UsageError`: there are no Pongs."""
        raise UsageError("draft-ietf-hybi-thewebsocketprotocol-00 has no Pong")
