"""Section 6.2, Receiving Data: octets in, messages and control frames out.

Longer than other modules: beside the way that the section describes stand two short cuts for short frames
(`_receive_short_messages`, `_receive_short_fragments`), which read small messages three to five times as fast.
"""

from collections.abc import Callable, Sequence
from itertools import chain

from refws.rfc6455 import s09_extensions
from refws.rfc6455.s05_2_base_framing_protocol import (
    BINARY,
    CLOSE,
    CONTROL,
    FIN,
    MASK,
    OPCODE,
    PING,
    RSV,
    TEXT,
    check_first_octet,
    read_payload_length,
)
from refws.rfc6455.s05_3_client_to_server_masking import check_mask, mask, mask_short, rotate
from refws.rfc6455.s05_4_fragmentation import (
    CheckMessage,
    MessageCheck,
    MessageInProgress,
    begin_message,
    check_fragment,
)
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong, check_control_frame, parse_close_body
from refws.rfc6455.s08_error_handling import decode_utf_8, invalid_utf_8
from refws.rfc6455.s09_extensions import Extension
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["MessageReceiver", "Received"]

Received = str | bytes | Ping | Pong | Close
"""A text message is a `str`, a binary one `bytes`; control frames have classes of their own."""

_TEXT = FIN | TEXT
_BINARY = FIN | BINARY
_NOTHING_CLAIMED = s09_extensions.rsv_claimed(())
# A slice of so few octets is cheaper as a copy than as a view.
COPIED_BELOW = 4096


class MessageReceiver:
    """Takes what arrives, in pieces of any size, and delivers what it says.

    `answer_ping` is called with the payload of every Ping, `check_message` before that of every data frame. Nothing is
    read behind a Close frame, nor is there anything to be asked of a receiver whose `receive` raised `Failure`.
    """

    __slots__ = (
        "_answer_ping",
        "_check",
        "_control",
        "_deliver",
        "_extensions",
        "_first_octet",
        "_fragments",
        "_header",
        "_key",
        "_limits",
        "_masked",
        "_message",
        "_only_marked",
        "_remaining",
        "_rsv_claimed",
        "_short",
        "_through",
        "closed",
    )

    def __init__(
        self,
        answer_ping: Callable[[bytes], object],
        *,
        masked: bool,
        limits: Limits = Limits(),
        extensions: Sequence[Extension] = (),
        check_message: CheckMessage | None = None,
    ) -> None:
        self._answer_ping = answer_ping
        self._masked = masked
        self._limits = limits
        self._extensions = extensions
        self._rsv_claimed = s09_extensions.rsv_claimed(extensions) if extensions else _NOTHING_CLAIMED
        self._check = None if check_message is None else MessageCheck(check_message).check
        # What `_receive_short_messages` may take without asking anybody: -1 for nothing.
        sizes = [size for size in (limits.max_frame_size, limits.max_message_size) if size is not None]
        self._only_marked = all(extension.only_marked for extension in extensions)
        self._short = min([125, *sizes]) if self._only_marked and check_message is None else -1
        self._through: Sequence[Extension] = ()
        self._header = b""
        self._remaining = -1
        self._message: MessageInProgress | None = None
        self._fragments = 0
        self.closed = False

    @property
    def fragments(self) -> int:
        """The frames that have come beside the last ones of messages, and control frames."""
        if self._message is None:
            return self._fragments
        in_progress = self._remaining >= 0 and not self._first_octet & CONTROL
        return self._fragments + (0 if in_progress else 1)

    @property
    def within_a_frame(self) -> bool:
        """Whether a frame has begun, behind its header, and is not over: nothing else can come before its end."""
        return self._remaining >= 0

    def keep(self, octets: bytes) -> None:
        """Keep octets that came before anybody asked for them, behind an opening handshake."""
        self._header = octets

    def take_part(self) -> str | bytes | None:
        """Take out what has come of the message in progress; None where there is none."""
        return None if self._message is None else self._message.take()

    def receive(self, octets: bytes, deliver: Callable[[Received], object]) -> None:
        """Deliver all that is complete with these octets. Raises `Failure`."""
        self._deliver = deliver
        if self._header:
            # §6.2-p1-s2 MUST be parsed as frames, wherever they were cut
            octets = self._header + octets
            self._header = b""
        position, end = 0, len(octets)
        while position < end and not self.closed:
            if self._remaining >= 0:
                position = self._receive_payload(octets, position, end)
            else:
                if self._message is None:
                    position = self._receive_short_messages(octets, position, end)
                elif self._short >= 0 and not self._through:
                    position = self._receive_short_fragments(octets, position, end, self._message)
                if position < end:
                    position = self._receive_header(octets, position, end)
        # What was delivered must not be held by a connection at rest.
        del self._deliver

    def _receive_short_messages(self, octets: bytes, position: int, end: int) -> int:
        """The octets that most connections see most: whole messages in one short frame, here in one place for speed.

        Whatever is anything else, or not acceptable, is left to the sections. Returns where it stopped.
        """
        deliver, short, masked = self._deliver, self._short, self._masked
        header, mask_bit = (6, MASK) if masked else (2, 0)
        try:
            while position + header <= end:
                first = octets[position]
                if first != _TEXT and first != _BINARY:  # noqa: PLR1714 (two comparisons are the faster)
                    break
                length = octets[position + 1] - mask_bit
                start = position + header
                behind = start + length
                if not 0 <= length <= short or behind > end:
                    break
                payload = octets[start:behind]
                if masked:
                    payload = mask_short(payload, octets[position + 2 : start])
                deliver(str(payload, "utf-8") if first == _TEXT else payload)
                position = behind
        except UnicodeDecodeError as error:
            raise invalid_utf_8(error) from None
        return position

    def _receive_short_fragments(self, octets: bytes, position: int, end: int, message: MessageInProgress) -> int:
        """The same for short continuation frames, up to the one that ends the message."""
        short, masked, limits = self._short, self._masked, self._limits
        header, mask_bit = (6, MASK) if masked else (2, 0)
        room = end if limits.max_message_size is None else limits.max_message_size - message.size
        frames = end if limits.max_fragments is None else limits.max_fragments - message.fragments
        begun = message.fragments
        while position + header <= end and frames > 0:
            first = octets[position]
            if first & ~FIN:
                break
            length = octets[position + 1] - mask_bit
            start = position + header
            behind = start + length
            if not 0 <= length <= short or length > room or behind > end:
                break
            payload = octets[start:behind]
            message.fragments += 1
            message.append(mask_short(payload, octets[position + 2 : start]) if masked else payload, first == FIN)
            position = behind
            if first == FIN:
                self._deliver_message(message)
                break
            room -= length
            frames -= 1
        self._fragments += message.fragments - begun
        return position

    def _receive_header(self, octets: bytes, position: int, end: int) -> int:
        """Check a header as far as it has come; once it is complete, begin its frame. Returns the index behind."""
        first = octets[position]
        # §10.7-p1-s1 MUST validate whatever comes, from the first octet of a frame on
        check_first_octet(first, self._rsv_claimed[first & OPCODE])
        # §5.6-p1-s1 MUST be known for a data frame by the top bit of the opcode, which is 0
        control = first & CONTROL
        if not control:
            check_fragment(first, self._message, self._limits.max_fragments)
        if position + 1 < end:
            second = octets[position + 1]
            if control:
                check_control_frame(first, second)
            check_mask(second & MASK != 0, self._masked)
            length, behind = read_payload_length(octets, position + 1, *self._limit(first))
            # §5.2-p39-s1 MUST have a key where MASK is set, and only there; §5.2-p43-s1 MUST be four octets of key
            start = behind + 4 if self._masked else behind
            if length >= 0 and start <= end:
                # §5.2-p18-s2 MUST be followed by a key where MASK is set
                self._key = octets[behind:start]
                return self._begin_frame(first, length, octets, start, end)
        elif control:
            check_control_frame(first, None)
        self._header = octets[position:]
        return end

    def _concerned(self, first: int) -> Sequence[Extension]:
        """The extensions that a data frame goes through."""
        if self._message is not None:
            return self._through
        return () if self._only_marked and not first & RSV else self._extensions

    def _limit(self, first: int) -> tuple[int | None, str]:
        """How long the payload of the next frame may be, and of what that is the limit."""
        limits = self._limits
        if first & CONTROL:
            return None, ""
        frame, message = limits.max_frame_size, limits.max_message_size
        if message is None or self._concerned(first):
            return frame, "a frame"
        left = message - (self._message.size if self._message else 0)
        return (frame, "a frame") if frame is not None and frame < left else (left, "the rest of a message")

    def _begin_frame(self, first: int, length: int, octets: bytes, start: int, end: int) -> int:
        """A header is complete. Returns the index behind what has been read."""
        self._first_octet = first
        if first & CONTROL:
            self._control = bytearray()
        else:
            if self._check is not None:
                # §10.4-p1-s1 MUST protect what has limits: here those of the application
                self._check(first, length)
            through = self._concerned(first)
            whole = start + length <= end
            if whole:
                payload = octets[start : start + length]
                if self._masked:
                    # §6.2-p3-s1 MUST unmask what a client sends
                    payload = mask(payload, self._key)
                if first & FIN and self._message is None and not through:
                    # §6.2-p1-s6 MUST be delivered with its type and data
                    self._deliver(decode_utf_8(payload) if first & OPCODE == TEXT else payload)
                    return start + length
            self._begin_data_frame(first, through)
            if whole:
                self._receive_data(payload, first & FIN != 0)
                return start + length
        self._remaining = length
        # Also where nothing of the payload is there yet, or ever will be.
        return self._receive_payload(octets, start, end)

    def _begin_data_frame(self, first: int, through: Sequence[Extension]) -> None:
        # §5.4-p13-s1 MUST be taken whole and in fragments
        if self._message is None:
            self._through = through
            # §6.2-p1-s4 MUST have its type noted, from the opcode
            self._message = begin_message(first & OPCODE, self._limits.max_message_size)
        else:
            # Each of them stands for the one before, which was not the last.
            self._fragments += 1
        self._message.fragments += 1
        s09_extensions.begin(through, first)

    def _receive_payload(self, octets: bytes, position: int, end: int) -> int:
        """What has come of the payload of the frame in progress. Returns the index behind it."""
        # §10.7-p2-s3 SHOULD find the end of a frame by its length, whatever is in it
        behind = min(position + self._remaining, end)
        piece = octets[position:behind] if behind - position < COPIED_BELOW else memoryview(octets)[position:behind]
        self._remaining -= behind - position
        if self._masked:
            # §6.2-p3-s1 MUST unmask what a client sends
            octets_of_it = mask(piece, self._key)
            if self._remaining:
                self._key = rotate(self._key, behind - position)
        else:
            octets_of_it = bytes(piece)
        frame_ends = self._remaining == 0
        # §6.2-p1-s3 MUST be handled as 5.5 says where it is a control frame
        # §5.4-p11-s1 MUST be taken in the middle of a message, too; §5.5-p2-s2 MAY come there
        if self._first_octet & CONTROL:
            self._receive_control(octets_of_it, frame_ends)
        else:
            self._receive_data(octets_of_it, frame_ends and self._first_octet & FIN != 0)
        if frame_ends:
            self._remaining = -1
        return behind

    def _receive_control(self, octets: bytes, frame_ends: bool) -> None:
        self._control += octets
        payload = bytes(self._control)
        opcode = self._first_octet & OPCODE
        # §5.5.1-p1-s1 MUST be 8 for Close
        if opcode == CLOSE:
            close = parse_close_body(payload, frame_ends)
            if frame_ends:
                self.closed = True
                self._deliver(close)
        elif frame_ends:
            # §5.5.2-p1-s1 MUST be 9 for Ping; §5.5.3-p5-s3 MUST go unanswered where it is a Pong
            if opcode == PING:
                self._answer_ping(payload)
            # §5.5.3-p1-s1 MUST be 10 for Pong
            self._deliver(Ping(payload) if opcode == PING else Pong(payload))

    def _receive_data(self, octets: bytes, message_ends: bool) -> None:
        message = self._message
        assert message is not None
        # §5.2-p26-s1 MUST be without extension data where no extension is; §5.2-p20-s7 MUST all be application data
        if not self._through:
            message.append(octets, message_ends)
        else:
            # §5.2-p28-s1 MUST be what the extension data leaves of it; §5.2-p28-s2 MUST be shorter by that much
            # §6.2-p2-s2 MAY be changed by extensions, as by compression
            pieces = s09_extensions.decode(self._through, octets)
            last = b""
            for piece in chain(pieces, s09_extensions.end(self._through)) if message_ends else pieces:
                if last:
                    message.append(last, False)
                last = piece
            # §rfc7692:6-p3-s4 MUST be the message, without its RSV bits; §rfc7692:6.2-p5-s1 MUST be so
            # §rfc7692:6.1-p12-s3 MUST be UTF-8 now where it is a text
            message.append(last, message_ends)
        if message_ends:
            self._deliver_message(message)

    def _deliver_message(self, message: MessageInProgress) -> None:
        # §6.2-p1-s9 MUST begin a new message with the next data frame
        self._message = None
        # §6.2-p1-s8 MUST be delivered whole, with its first frame's type; §6.2-p1-s5 MUST be the application data
        # §5.4-p3-s1 MUST mean nothing how it was cut into frames; §5.4-p3-s3 MUST NOT depend on where it was
        self._deliver(message.joined())
