"""A conversation: what both sides of a connection have said so far, read from the octets they sent.

The same for a case that the oracle plays, for what passes through its proxy, and for what was recorded elsewhere.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from refws.oracle.recording import End, Event, Recording
from refws.oracle.verdict import Role
from refws.oracle.wire.deflate import Inflater
from refws.oracle.wire.extensions import Extension, parse_extensions
from refws.oracle.wire.frame import FrameReader, Opcode, ReadFrame
from refws.oracle.wire.http import Head, parse_head

__all__ = ["Conversation", "Message", "Side", "Watcher", "accept_of"]

_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key: str) -> str:
    """The Sec-WebSocket-Accept that proves that a key was read (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode("latin-1")).digest()).decode()  # noqa: S324


@dataclass(frozen=True, slots=True)
class Message:
    """A data message that came, put together and inflated; `payload` is octets for text, too."""

    opcode: int
    payload: bytes = field(repr=False)
    frames: tuple[ReadFrame, ...] = ()
    broken: str = ""
    """Why it could not be inflated; the payload is then as it came."""

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
        self.size = 0
        """Octets that have come."""
        self.inflater: Inflater | None = None
        self.reader: FrameReader | None = None
        """None until frames are to be read."""
        self._head = b""
        self._parts: list[ReadFrame] = []

    def begin_frames(self) -> bytes:
        """From here on octets are frames; returns those that came behind the head."""
        rest, self._head = self._head, b""
        self.body = b""
        self.reader = FrameReader(self.size - len(rest))
        return rest

    def take_head(self, octets: bytes, time: float) -> Head | None:
        """Take octets of the opening handshake; a head that has become whole."""
        self._head += octets
        head = parse_head(self._head, self.size - len(self._head), time)
        if head is not None:
            self._head = self._head[head.size :]
            self.head = head
            self.heads.append(head)
        return head

    @property
    def undone_head(self) -> bytes:
        """Octets that came and are no whole head."""
        return self._head

    def take_frame(self, frame: ReadFrame) -> None:
        """Take a frame, and the message that is whole with it; what makes no message is left."""
        self.frames.append(frame)
        if frame.is_control:
            if frame.opcode == Opcode.CLOSE and self.close is None:
                self.close = frame
            return
        if frame.opcode != Opcode.CONTINUATION:
            self._parts = []
        self._parts.append(frame)
        if frame.fin and self._parts[0].opcode in (Opcode.TEXT, Opcode.BINARY):
            parts, self._parts = self._parts, []
            payload = parts[0].payload if len(parts) == 1 else b"".join(part.payload for part in parts)
            broken = ""
            if parts[0].rsv & 4 and self.inflater is not None:
                try:
                    payload = self.inflater.message(payload)
                except zlib.error as error:
                    broken = str(error)
            self.messages.append(Message(parts[0].opcode, payload, tuple(parts), broken))


class Watcher(Protocol):
    """Whoever is told what has come."""

    def head(self, side: Side, head: Head) -> None:
        """A side's head has come."""

    def frame(self, side: Side, frame: ReadFrame) -> None:
        """A side's frame has come, and is in `side.frames`."""

    def ended(self, side: Side) -> None:
        """A side has ended."""


class Conversation:
    """Both sides, and what they negotiated.

    `offset` and times are those of the events it is given. `is_open` once the opening handshake is done, however badly.
    """

    def __init__(self, watchers: Iterable[Watcher] = (), *, name: str = "", secure: bool = False) -> None:
        self.sides = {role: Side(role) for role in Role}
        self.recording = Recording(name=name, secure=secure)
        self.watchers = list(watchers)
        self.is_open = False
        self.extensions: list[Extension] = []
        self.subprotocol: str | None = None
        self.time = 0.0

    @property
    def client(self) -> Side:
        """The client's side."""
        return self.sides[Role.CLIENT]

    @property
    def server(self) -> Side:
        """The server's side."""
        return self.sides[Role.SERVER]

    def add(self, event: Event) -> None:
        """Take what a side has sent, or that it has ended."""
        self.recording.events.append(event)
        self.time = event.time
        side = self.sides[event.sender]
        if event.octets:
            side.size += len(event.octets)
            self._octets(side, event.octets, event.time)
        if event.end is not None and side.end is None:
            side.end, side.end_time = event.end, event.time
            self._tell(lambda watcher: watcher.ended(side))

    def established(self, extensions: str = "", subprotocol: str | None = None) -> None:
        """Begin with frames: the opening handshake is done, or is not to be seen."""
        self.is_open = True
        self.extensions = parse_extensions(extensions)
        self.subprotocol = subprotocol
        for extension in self.extensions:
            if extension.name == "permessage-deflate":
                self._begin_deflate(extension)
        for side in self.sides.values():
            rest = side.begin_frames()
            if rest:
                self._octets(side, rest, self.time)

    def _begin_deflate(self, agreed: Extension) -> None:
        for side in self.sides.values():
            bits = agreed.get(f"{side.role}_max_window_bits") or "15"
            right = bits.isdecimal() and 8 <= int(bits) <= 15
            takeover = f"{side.role}_no_context_takeover" not in agreed
            side.inflater = Inflater(int(bits) if right else 15, takeover=takeover)

    def _octets(self, side: Side, octets: bytes, time: float) -> None:
        if side.reader is not None:
            for frame in side.reader.feed(octets, time):
                side.take_frame(frame)
                for watcher in self.watchers:
                    watcher.frame(side, frame)
            return
        head = side.take_head(octets, time)
        if head is None:
            return
        self._tell(lambda watcher: watcher.head(side, head))
        if side.role is Role.SERVER and head.status == 101:
            self.established(head.get("Sec-WebSocket-Extensions") or "", head.get("Sec-WebSocket-Protocol"))
        elif side.role is Role.SERVER:
            side.body = side.undone_head

    def _tell(self, tell: Callable[[Watcher], None]) -> None:
        for watcher in self.watchers:
            tell(watcher)
