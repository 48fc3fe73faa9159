"""The wiring of the sections: octets in, events out; octets out.

Longer than other modules: with `sending_endpoint`, this is the whole of what an application without a host calls.

    for event in endpoint.receive_octets(data):
        ...                                     # send what the application answers
    transport.write(endpoint.octets_to_send())

A Close frame, and a failure, is always the last event of a list. It is acted on by `octets_to_send`, or by `react`:
behind what the application has sent for the messages before it.
"""

from collections.abc import Sequence
from functools import partial

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.rfc6455.http import HttpCodec, Request, Response
from refws.rfc6455.opening import ClientOpening, Opened, ServerOpening
from refws.rfc6455.s03_websocket_uris import WebSocketURI
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy, refusal
from refws.rfc6455.s05_4_fragmentation import CheckMessage
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s06_1_sending_data import MessageSender
from refws.rfc6455.s06_2_receiving_data import MessageReceiver, Received
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import Extension, ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy
from refws.rfc6455.sending_endpoint import Role, SendingEndpoint
from refws.rfc6455.state import Occurrence, State
from refws.rfc6455.tap import FrameTap, TappedReceiver, TappedSender

__all__ = ["Endpoint", "Event", "Opened", "Role"]


_OPEN = State.OPEN
_RECEIVING = (State.OPEN, State.CLOSE_SENT)


Event = Received | Request | Opened | Failure
"""What `Endpoint.receive_octets` returns a list of; a text message is a `str`, a binary one `bytes`."""


class Endpoint(SendingEndpoint):
    """One end of one WebSocket connection, without a socket and without a clock.

    A server's endpoint reports the `Request` of the opening handshake, which `accept` or `refuse` answers. A client's
    begins with `connect` and reports `Opened`. With `established` there is no handshake at all.

    `tap` listens to its frames, if it is set before the opening handshake is over.
    """

    __slots__ = ("_due", "_limits", "_opening", "_receiver", "tap")

    def __init__(self, role: Role, limits: Limits = Limits(), http: HttpCodec | None = None) -> None:
        super().__init__(role)
        self._limits = limits
        self._due: Close | Failure | None = None
        self._opening: ClientOpening | ServerOpening | None = None
        if http is not None:
            self._opening = ClientOpening(http) if self._client else ServerOpening(http)
        self.tap: FrameTap | None = None

    @classmethod
    def established(
        cls,
        role: Role,
        *,
        extensions: Sequence[Extension] = (),
        limits: Limits = Limits(),
        check_message: CheckMessage | None = None,
    ) -> "Endpoint":
        """An endpoint whose opening handshake has been done elsewhere, or is not needed: over TLS, HTTP/2, a pipe."""
        endpoint = cls.__new__(cls)
        # Not what a subclass makes of it: there is no HTTP to read.
        Endpoint.__init__(endpoint, role, limits)
        endpoint._establish(extensions, limits, check_message)
        return endpoint

    def _establish(self, extensions: Sequence[Extension], limits: Limits, check: CheckMessage | None) -> None:
        # §4.1-p47-s1 MUST be OPEN now; §4.2.2-p22-s2 MUST be OPEN now
        self.closing.has_occurred(Occurrence.ESTABLISHED)
        # §5.1-p1-s2 MUST be masked from a client; §5.1-p1-s3 MUST be masked over TLS too
        # §5.1-p1-s6 MUST NOT be masked from a server
        # §9.1-p7-s3 MUST NOT use an extension before the server takes it
        self._sender = MessageSender(masked=self._client, extensions=extensions)
        make_receiver = MessageReceiver if self.tap is None else partial(TappedReceiver, self.tap)
        self._receiver = make_receiver(
            self._answer_ping,
            masked=not self._client,
            limits=limits,
            extensions=extensions,
            check_message=check,
        )
        if self.tap is not None:
            self._sender = TappedSender(self.tap, self._sender)
        # The opening handshake is over, and with it the largest part of what a connection holds.
        self._opening = None

    # The opening handshake

    def connect(self, uri: WebSocketURI, offer: ClientOffer = ClientOffer()) -> None:
        """_Establish a WebSocket Connection_: put the client's opening handshake into the outbox (section 4.1)."""
        if not isinstance(self._opening, ClientOpening):
            raise UsageError("only a client's endpoint connects, and once")
        self._outbox.append(self._opening.send(uri, offer))

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
        """Accept the request that was reported last, or refuse it where sections 4.2.1 or 10.2 say so.

        `limits` are those of its frames and messages, in place of the endpoint's. `check_message` is asked before the
        payload of each data frame is taken, and may raise `Failure`; see `CheckMessage`.

        Frames that came behind the request are reported by the next `receive_octets`, even of no octets.
        """
        opening = self._server_opening()
        try:
            opened, octets = opening.accept(subprotocols, extensions, origins, additional_headers)
        except HandshakeFailure as failure:
            self.refuse(refusal(failure), failure)
            return failure
        self._outbox.append(octets)
        limits = limits or self._limits
        # §5.8-p1-s2 MUST be agreed on in the opening handshake
        self._establish(opened.extensions, limits, check_message)
        # §4.2.2-p22-s3 MAY receive from now on, and what came behind the request first
        self._receiver.keep(opening.octets_behind())
        return opened

    def refuse(self, response: Response, failure: HandshakeFailure | None = None) -> None:
        """Answer the request with an HTTP error, and end the connection (section 4.2.2)."""
        self._outbox.append(self._server_opening().respond(response))
        why = f"the request was answered with {response.status}"
        self.closing.fail_the_websocket_connection(
            failure or HandshakeFailure("rfc6455:4.2.2-p9-s3", response.status, why)
        )

    def respond(self, response: Response) -> bool:
        """Answer a request that is none for WebSocket as an HTTP server does.

        Returns whether another request may come on this connection, which the next `receive_octets` reports.
        """
        opening = self._server_opening()
        # §10.5-p1-s2 MAY authenticate the client as an HTTP server does
        self._outbox.append(opening.respond(response))
        return opening.next_request()

    def _server_opening(self) -> ServerOpening:
        opening = self._opening
        if (
            not isinstance(opening, ServerOpening)
            or opening.request is None
            or self.closing.state is not State.CONNECTING
        ):
            raise UsageError("there is no request to answer")
        return opening

    def _open(self, opening: ClientOpening, opened: Opened, events: list[Event]) -> None:
        events.append(opened)
        # §5.8-p1-s2 MUST be agreed on in the opening handshake
        self._establish(opened.extensions, self._limits, None)
        # §4.2.2-p22-s3 MAY follow the 101 in the same segment
        self._receive_frames(opening.octets_behind(), events)

    # Octets in

    def receive_octets(self, octets: bytes) -> list[Event]:
        """What these octets, behind all that came before, complete. Never raises for what a peer sends."""
        events: list[Event] = []
        # §7.1.7-p2-s3 MUST NOT read on after a failure; §7.1.1-p1-s2 SHOULD drop what trails the closing handshake
        if self._due is not None:
            return events
        try:
            if self.closing.state in _RECEIVING:
                # §6.2-p1-s1 MUST be read from the connection: here the host hands it over
                self._receive_frames(octets, events)
            elif self.closing.state is State.CONNECTING:
                self._receive_handshake(octets, events)
        except Failure as failure:
            events.append(failure)
            self._due = failure
        return events

    def _receive_handshake(self, octets: bytes, events: list[Event]) -> None:
        if isinstance(self._opening, ClientOpening):
            opened = self._opening.receive(octets)
            if opened is not None:
                self._open(self._opening, opened, events)
        elif self._opening is not None:
            request = self._opening.receive(octets)
            if request is not None:
                events.append(request)

    def _receive_frames(self, octets: bytes, events: list[Event]) -> None:
        receiver = self._receiver
        receiver.receive(octets, events.append)
        if receiver.closed:
            close = events[-1]
            assert isinstance(close, Close)
            # §5.5.1-p5-s4/1 MAY wait until a message is sent (ruling 32); §5.5.1-p5-s4/2 MAY let its fragments go first
            self._due = close

    def take_part(self) -> str | bytes | None:
        """Take out what has come of a message that is not complete; None where there is none.

        The event that ends the message is then only the rest of it. The type is that of the message; what is taken out
        has been checked as UTF-8 and counts for the limits, as ever. It may be empty.
        """
        if self._due is not None or self.closing.state not in _RECEIVING:
            return None
        return self._receiver.take_part()

    def receive_end_of_octets(self) -> list[Event]:
        """The peer sends no more: TCP's FIN, or the loss of the connection (sections 7.1.4 and 7.2.1)."""
        events: list[Event] = []
        if self._due is not None:
            return events
        if isinstance(self._opening, ClientOpening) and self.closing.state is State.CONNECTING:
            try:
                self._opening.receive_end_of_octets()
            except Failure as failure:
                events.append(failure)
                self._due = failure
        # §7.2.1-p2-s1 MUST fail on a sudden loss of the transport
        if self._due is None and self.closing.state in (State.CONNECTING, State.OPEN, State.CLOSE_SENT):
            self._due = Failure("rfc6455:7.2.1-p2-s1", StatusCode.ABNORMAL_CLOSURE, "the peer closed TCP")
            events.append(self._due)
        return events

    def react(self) -> None:
        """Act on the Close frame or the failure that was reported last, if there is one."""
        due, self._due = self._due, None
        if isinstance(due, Close):
            # §5.5.1-p5-s3 SHOULD be answered soon
            self.closing.a_close_frame_has_been_received(due)
        elif due is not None:
            if isinstance(self._opening, ServerOpening) and isinstance(due, HandshakeFailure):
                self._outbox.append(self._opening.respond(refusal(due)))
            # §7.2.1-p1-s2 MUST fail in this way for a handshake, too
            self.closing.fail_the_websocket_connection(due)

    @property
    def reaction_is_due(self) -> bool:
        """Whether there is something that `react` would act on."""
        return self._due is not None

    def the_tcp_connection_is_closed(self) -> None:
        """Tell the endpoint that TCP is closed on both sides; what was reported can no longer be answered."""
        due, self._due = self._due, None
        if isinstance(due, Close):
            self.closing.received = due
        elif due is not None and self.closing.failure is None:
            self.closing.failure = due
        self.closing.the_tcp_connection_is_closed()

    # Octets out

    def octets_to_send(self) -> bytes:
        """Act on what was reported, and hand over all that is to be sent now."""
        self.react()
        # §6.1-p8-s1 MUST be transmitted: the host writes what is handed over
        return b"".join(self.take_outbox())

    @property
    def fragments_received(self) -> int:
        """The frames of messages that have come and were not the last ones of their messages."""
        receiver: MessageReceiver | None = getattr(self, "_receiver", None)
        return 0 if receiver is None else receiver.fragments

    @property
    def within_a_frame(self) -> bool:
        """Whether a frame is coming, before whose end the peer can send nothing else."""
        receiver: MessageReceiver | None = getattr(self, "_receiver", None)
        return receiver is not None and receiver.within_a_frame

    def fail_the_websocket_connection(self, failure: Failure) -> None:
        """Fail for a reason of the host's, such as a time limit (section 7.1.7)."""
        self._due = None
        self.closing.fail_the_websocket_connection(failure)
