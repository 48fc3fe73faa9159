"""Section 6.1, Sending Data: messages in, frames out."""

from collections.abc import Sequence
from dataclasses import dataclass

from refws.failure import UsageError
from refws.rfc6455 import s09_extensions
from refws.rfc6455.s05_2_base_framing_protocol import BINARY, FIN, TEXT, build_frame
from refws.rfc6455.s05_4_fragmentation import first_octet_of_fragment
from refws.rfc6455.s08_error_handling import encode_utf_8
from refws.rfc6455.s09_extensions import Extension

__all__ = ["MessageSender", "PreparedMessage", "prepare_message"]

Message = str | bytes | bytearray | memoryview

# §5.2-p4-s2 MAY be the first fragment and the last; §5.2-p6-s1 MUST be zero in the RSV bits
# §6.1-p5-s1 MUST have FIN in its last frame
_TEXT = FIN | TEXT
_BINARY = FIN | BINARY


@dataclass(frozen=True, slots=True)
class PreparedMessage:
    """A message, and the one frame of a server that holds it as it is: unmasked, and untouched by extensions."""

    data: str | bytes
    frame: bytes


def prepare_message(data: Message) -> PreparedMessage:
    """Frame a message that many are to get once: text for a `str`, binary for octets. Raises `UsageError`."""
    if not isinstance(data, str):
        data = octets_of(data)
    return PreparedMessage(data, b"".join(MessageSender(masked=False).message(data)))


class MessageSender:
    """Turns messages, and fragments of messages, into frames; whether they may go out now is asked elsewhere."""

    __slots__ = ("_extensions", "_masked", "_opcode")

    def __init__(self, *, masked: bool, extensions: Sequence[Extension] = ()) -> None:
        self._masked = masked
        self._extensions = extensions
        self._opcode = 0

    def message(self, data: Message, extended: bool = True) -> list[bytes]:
        """The frame of a whole message: text for a `str`, binary for octets. Raises `UsageError`.

        With `extended` false, extensions that can leave a message as it is are asked to.
        """
        if self._opcode or self._extensions:
            return self.fragment(data, fin=True, continues=False, extended=extended)
        # §6.1-p4-s1 MUST have the opcode of its type
        if isinstance(data, str):
            # §6.1-p3-s1 MUST be in a frame; §6.1-p6-s1 MUST be masked where a client sends
            return build_frame(_TEXT, encode_utf_8(data), self._masked)
        return build_frame(_BINARY, data if type(data) is bytes else octets_of(data), self._masked)

    def fragment(self, data: Message, *, fin: bool, continues: bool = True, extended: bool = True) -> list[bytes]:
        """The frame of the next fragment of a message, which the one with `fin` ends. Raises `UsageError`.

        All fragments of a message are of one type. A text may be cut between any two characters. With `continues`
        false a message in progress is refused.
        """
        # §6.1-p3-s2 MAY go out as several frames; §5.4-p12-s1 MAY be of any size
        opcode = TEXT if isinstance(data, str) else BINARY
        payload = encode_utf_8(data) if isinstance(data, str) else octets_of(data)
        # §5.4-p10-s1 MUST NOT mix the fragments of two messages
        if self._opcode and not continues:
            raise UsageError("a fragmented message is being sent; finish it first [rfc6455:5.4-p10-s1]")
        first = first_octet_of_fragment(opcode, fin, self._opcode)
        # §6.1-p7-s1 MAY be changed by extensions: before the masking, whatever the numbering says
        # §5.2-p24-s1 MUST be extension data, then application data: an extension puts its own before ours
        first, payload = s09_extensions.encode(self._extensions, first, payload, extended)
        self._opcode = 0 if fin else opcode
        # §6.1-p6-s1 MUST be masked where a client sends
        return build_frame(first, payload, self._masked)

    def prepared(self, message: PreparedMessage) -> list[bytes]:
        """The frame of a message that was framed before; only for a server. Raises `UsageError`."""
        if self._masked:
            # §5.3-p3-s2 MUST take a fresh key for every frame
            raise UsageError("a client masks every message anew, and so can send no prepared one [rfc6455:5.3-p3-s2]")
        # An extension that is not bound to touch a message is not asked to.
        if self._opcode or not all(extension.only_marked for extension in self._extensions):
            return self.fragment(message.data, fin=True, continues=False, extended=False)
        # §5.1-p1-s6 MUST NOT be masked from a server
        return [message.frame]

    def control(self, opcode: int, payload: bytes) -> list[bytes]:
        """A control frame."""
        # §5.5-p3-s1/2 MUST NOT be fragmented; §5.5.1-p3-s1 MUST be masked where a client sends
        # §5.4-p8-s1 MAY be sent in the middle of a fragmented message
        return build_frame(FIN | opcode, payload, self._masked)


def octets_of(data: object) -> bytes:
    """A copy, if need be, of octets that the caller may still change. Raises `UsageError` for anything else."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise UsageError(f"a message is a str or octets, not {type(data).__name__}")
    return bytes(data)
