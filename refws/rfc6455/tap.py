"""Where somebody listens to the frames of an endpoint, in both directions: a log, for example.

An endpoint on whose frames nobody listens has nothing to do with this module.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from refws.failure import Failure
from refws.rfc6455.s06_1_sending_data import Message, MessageSender, PreparedMessage
from refws.rfc6455.s06_2_receiving_data import MessageReceiver, Received

__all__ = ["FrameTap", "TappedReceiver", "TappedSender"]


class FrameTap(Protocol):
    """Who listens. It raises nothing."""

    def received(self, octets: bytes) -> None:
        """These octets, behind all that came before, are about to be read as frames."""
        ...

    def failed(self) -> None:
        """What has come cannot be read; no more will."""
        ...

    def sent(self, pieces: Sequence[bytes]) -> None:
        """A frame is to be sent."""
        ...


class TappedReceiver(MessageReceiver):
    """A receiver on which somebody listens."""

    __slots__ = ("_tap",)

    def __init__(self, tap: FrameTap, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._tap = tap

    def keep(self, octets: bytes) -> None:
        """Keep octets that came before anybody asked for them."""
        self._tap.received(octets)
        super().keep(octets)

    def receive(self, octets: bytes, deliver: Callable[[Received], object]) -> None:
        """Deliver all that is complete with these octets. Raises `Failure`."""
        self._tap.received(octets)
        try:
            super().receive(octets, deliver)
        except Failure:
            self._tap.failed()
            raise


class TappedSender(MessageSender):
    """A sender on which somebody listens."""

    __slots__ = ("_sender", "_tap")

    def __init__(self, tap: FrameTap, sender: MessageSender) -> None:
        self._tap = tap
        self._sender = sender

    def _tell(self, pieces: list[bytes]) -> list[bytes]:
        self._tap.sent(pieces)
        return pieces

    def message(self, data: Message, extended: bool = True) -> list[bytes]:
        """The frame of a whole message. Raises `UsageError`."""
        return self._tell(self._sender.message(data, extended))

    def fragment(self, data: Message, *, fin: bool, continues: bool = True, extended: bool = True) -> list[bytes]:
        """The frame of the next fragment of a message. Raises `UsageError`."""
        return self._tell(self._sender.fragment(data, fin=fin, continues=continues, extended=extended))

    def prepared(self, message: PreparedMessage) -> list[bytes]:
        """The frame of a message that was framed before. Raises `UsageError`."""
        return self._tell(self._sender.prepared(message))

    def control(self, opcode: int, payload: bytes) -> list[bytes]:
        """A control frame."""
        return self._tell(self._sender.control(opcode, payload))
