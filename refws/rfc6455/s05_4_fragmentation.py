"""Section 5.4, Fragmentation: which frame may follow which, and what comes of them."""

from collections.abc import Callable

from refws.failure import Failure, UsageError
from refws.rfc6455.s05_2_base_framing_protocol import CONTINUATION, FIN, OPCODE, TEXT
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s08_error_handling import Utf8Stream
from refws.rfc6455.s10_security_considerations import fragments_exceeded, size_exceeded

__all__ = [
    "BinaryInProgress",
    "CheckMessage",
    "MessageCheck",
    "MessageInProgress",
    "TextInProgress",
    "begin_message",
    "check_fragment",
    "first_octet_of_fragment",
]

# Pieces smaller than this are joined as they come: a list of them would weigh many times what they hold.
SMALL = 4096
FEW_CHARACTERS = 1024


class MessageInProgress:
    """A message of which not all has come: its size in octets so far, and the number of its frames."""

    __slots__ = ("fragments", "limit", "size")

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.size = 0
        self.fragments = 0

    def append(self, octets: bytes, final: bool) -> None:
        """Add octets of the payload, `final` if they are the last. Raises `Failure`."""
        self.size += len(octets)
        # §10.4-p1-s3 SHOULD limit a message once its frames are joined
        if self.limit is not None and self.size > self.limit:
            raise size_exceeded(self.limit, "a message")
        # §5.4-p6-s2 MUST be the fragments joined in order; §6.2-p1-s7 MUST be appended
        self._add(octets, final)

    def _add(self, octets: bytes, final: bool) -> None:
        raise AssertionError("a message is a text or binary")

    def joined(self) -> str | bytes:
        """The whole of it, or of what has not been taken out."""
        raise AssertionError("a message is a text or binary")

    def take(self) -> str | bytes:
        """Take out what has come; of a text, without the octets of a character that is not complete."""
        raise AssertionError("a message is a text or binary")


class TextInProgress(MessageInProgress):
    """A text message, decoded as it comes, in pieces that are joined once."""

    __slots__ = ("_few", "_pieces", "_utf_8")

    def __init__(self, limit: int | None) -> None:
        super().__init__(limit)
        self._pieces: list[str] = []
        self._few = ""
        self._utf_8 = Utf8Stream()

    def _add(self, octets: bytes, final: bool) -> None:
        # §5.6-p4-s2 MUST be UTF-8 as a whole, though a frame may end within a character
        text = self._few + self._utf_8.decode(octets, final)
        if len(text) < FEW_CHARACTERS:
            self._few = text
        else:
            self._pieces.append(text)
            self._few = ""

    def joined(self) -> str:
        """The text."""
        return "".join([*self._pieces, self._few])

    def take(self) -> str:
        """Take out the text that has come."""
        text, self._pieces, self._few = self.joined(), [], ""
        return text


class BinaryInProgress(MessageInProgress):
    """A binary message, in pieces that are joined once."""

    __slots__ = ("_pieces",)

    def __init__(self, limit: int | None) -> None:
        super().__init__(limit)
        self._pieces: list[bytes | bytearray] = []

    def _add(self, octets: bytes, final: bool) -> None:
        pieces = self._pieces
        if len(octets) >= SMALL:
            pieces.append(octets)
        elif pieces and isinstance(pieces[-1], bytearray):
            pieces[-1] += octets
        else:
            pieces.append(bytearray(octets))

    def joined(self) -> bytes:
        """The octets."""
        # §5.6-p6-s1 MUST be left as they are
        return b"".join(self._pieces)

    def take(self) -> bytes:
        """Take out the octets that have come."""
        octets, self._pieces = self.joined(), []
        return octets


def begin_message(opcode: int, limit: int | None) -> MessageInProgress:
    """The message that a data frame with this opcode begins."""
    # §5.4-p17-s1 MUST be of the type that its first frame has; §5.6-p2-s2 MUST be read as the opcode says
    return TextInProgress(limit) if opcode == TEXT else BinaryInProgress(limit)


def check_fragment(first_octet: int, message: MessageInProgress | None, max_fragments: int | None) -> None:
    """Refuse a data frame that does not fit the message in progress, or the absence of one."""
    opcode = first_octet & OPCODE
    if message is None:
        # §5.4-p6-s1 MUST begin with an opcode other than 0, and go on with opcode 0
        if opcode == CONTINUATION:
            why = "a continuation frame with nothing to continue"
            raise Failure("rfc6455:5.4-p6-s1", StatusCode.PROTOCOL_ERROR, why)
        return
    # §5.4-p10-s1 MUST NOT mix the fragments of two messages
    if opcode != CONTINUATION:
        why = "a new message inside a fragmented one that is not over"
        raise Failure("rfc6455:5.4-p10-s1", StatusCode.PROTOCOL_ERROR, why)
    # §10.4-p1-s1 MUST protect what has limits from being pushed past them
    if max_fragments is not None and message.fragments >= max_fragments:
        raise fragments_exceeded(max_fragments)


CheckMessage = Callable[[int, int, int], object]
"""Whether an application goes on taking a message, asked before the payload of each of its frames: with the opcode of
the message (1 or 2), the octets of the frame's payload, and those of all its frames so far with this one, as they are
on the wire. It raises `Failure`, with 1009 for example, where it does not."""


class MessageCheck:
    """Asks an application about the messages of one connection, frame by frame."""

    __slots__ = ("_ask", "_opcode", "_total")

    def __init__(self, ask: CheckMessage) -> None:
        self._ask = ask
        self._opcode = self._total = 0

    def check(self, first_octet: int, length: int) -> None:
        """A data frame with `length` octets of payload, none of which is taken yet. Raises `Failure`."""
        if first_octet & OPCODE != CONTINUATION:
            # §5.4-p17-s1 MUST be of the type that its first frame has
            self._opcode, self._total = first_octet & OPCODE, 0
        self._total += length
        self._ask(self._opcode, length, self._total)


def first_octet_of_fragment(opcode: int, fin: bool, opcode_in_progress: int) -> int:
    """The first octet, RSV bits zero, of the next data frame to send, or `UsageError`.

    `opcode` is that of the whole message; `opcode_in_progress` that of the message already begun, 0 for none.
    """
    # §5.4-p17-s1 MUST be of the type that its first frame has
    if opcode_in_progress not in (0, opcode):
        raise UsageError("a fragmented message of the other type is being sent; finish it first")
    # §5.4-p6-s1 MUST begin with an opcode other than 0, and go on with opcode 0
    first = CONTINUATION if opcode_in_progress else opcode
    # §6.1-p5-s1 MUST have FIN in its last frame; §5.4-p5-s1 MUST have it in the only one
    # §5.2-p6-s1 MUST be zero in the RSV bits, which are an extension's to set
    return first | FIN if fin else first
