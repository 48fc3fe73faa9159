"""One side of a conversation: what it has sent so far, as heads, frames and messages."""

import zlib
from dataclasses import dataclass, field

from refws.oracle.recording import End
from refws.oracle.verdict import Role
from refws.oracle.wire.deflate import Fault, Inflater
from refws.oracle.wire.extensions import Extension
from refws.oracle.wire.frame import Opcode
from refws.oracle.wire.http import Head, parse_head
from refws.oracle.wire.reading import FrameReader, ReadFrame

__all__ = ["Message", "Side"]


@dataclass(frozen=True, slots=True)
class Message:
    """A data message that came, put together and inflated; `payload` is octets for text, too."""

    opcode: int
    payload: bytes = field(repr=False)
    frames: tuple[ReadFrame, ...] = ()
    broken: str = ""
    """Why it could not be inflated; the payload is then as it came."""
    fault: Fault | None = None
    """What is wrong with it as a compressed message, whether it could be inflated or not."""

    @property
    def is_text(self) -> bool:
        """Whether it is text."""
        return self.opcode == Opcode.TEXT

    @property
    def offset(self) -> int:
        """Where its first frame begins."""
        return self.frames[0].offset if self.frames else 0

    def __str__(self) -> str:
        shown = repr(self.payload if len(self.payload) <= 24 else self.payload[:24] + b"...")[1:]
        return f"{'text' if self.is_text else 'binary'} of {len(self.payload)} octets {shown}"


class Side:
    """What one side has sent: its head, its frames, its messages, its end."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.head: Head | None = None
        """The last head of the opening handshake, a request's or a response's."""
        self.heads: list[Head] = []
        self.body = b""
        """What came behind a head that opens no WebSocket connection."""
        self.frames: list[ReadFrame] = []
        self.messages: list[Message] = []
        self.close: ReadFrame | None = None
        """Its first Close frame."""
        self.end: End | None = None
        self.end_time = 0.0
        self.end_code: int | None = None
        """Of a stream that it has reset: the error code."""
        self.settings: list[dict[int, int]] = []
        """The settings that it has sent, of HTTP/2 or HTTP/3, a dictionary for each frame."""
        self.has_acknowledged = False
        """Whether it has taken the other side's settings."""
        self.size = 0
        """Octets that have come."""
        self.extensions: list[Extension] = []
        """Those in use."""
        self.inflater: Inflater | None = None
        self.reader: FrameReader | None = None
        """None until frames are to be read."""
        self.unread = 0
        """Octets of frames that were not read, the first of them at `unread_time`."""
        self.unread_time = 0.0
        self._head = b""
        self._parts: list[ReadFrame] = []
        self._held = 0  # octets in them

    def begin_frames(self) -> bytes:
        """From here on octets are frames; returns those that came behind the head."""
        rest, self._head = self._head, b""
        self.body = b""
        self.reader = FrameReader(self.size - len(rest))
        return rest

    def skip(self, size: int, time: float) -> None:
        """Count octets of frames that are not read."""
        assert self.reader is not None
        self.reader.skip(size)
        self.unread_time = self.unread_time or time
        self.unread += size

    def take_head(self, octets: bytes, time: float) -> Head | None:
        """Take octets of the opening handshake; a head that has become whole."""
        self._head += octets
        if self.begins_tls:
            return None
        head = parse_head(self._head, self.size - len(self._head), time)
        if head is not None:
            self._head = self._head[head.size :]
            self.head = head
            self.heads.append(head)
        return head

    @property
    def begins_tls(self) -> bool:
        """Whether it has begun a TLS handshake where plain octets were to come."""
        return not self.heads and self._head[:1] == b"\x16"

    @property
    def undone_head(self) -> bytes:
        """Octets that came and are no whole head."""
        return self._head

    @property
    def is_within_a_message(self) -> bool:
        """Whether a frame or a message of it is not whole yet."""
        return bool(self._parts) or self.reader is None or self.reader.pending > 0

    @property
    def held(self) -> int:
        """Octets of frames and messages that are not whole yet."""
        return self._held + (self.reader.pending if self.reader is not None else len(self._head))

    def forget(self) -> None:
        """Let go of the frames and messages that are whole."""
        self.frames.clear()
        self.messages.clear()

    def take_frame(self, frame: ReadFrame) -> None:
        """Take a frame, and the message that is whole with it; what makes no message is left."""
        self.frames.append(frame)
        if frame.is_control:
            if frame.opcode == Opcode.CLOSE and self.close is None:
                self.close = frame
            return
        if frame.opcode != Opcode.CONTINUATION:
            self._parts, self._held = [], 0
        self._parts.append(frame)
        self._held += frame.length
        if frame.fin and self._parts[0].opcode in (Opcode.TEXT, Opcode.BINARY):
            parts, self._parts, self._held = self._parts, [], 0
            payload = parts[0].payload if len(parts) == 1 else b"".join(part.payload for part in parts)
            broken, fault = "", None
            if parts[0].rsv & 4 and self.inflater is not None:
                try:
                    payload = self.inflater.message(payload)
                except zlib.error as error:
                    broken = str(error)
                fault = self.inflater.fault
            self.messages.append(Message(parts[0].opcode, payload, tuple(parts), broken, fault))
