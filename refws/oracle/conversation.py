"""A conversation: what both sides of a connection have said so far, read from the octets they sent.

The same for a case that the oracle plays, for what passes through its proxy, and for what was recorded elsewhere.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from refws.oracle.carrier import Carrier
from refws.oracle.recording import Event, Recording
from refws.oracle.side import Message, Side
from refws.oracle.verdict import Role
from refws.oracle.wire import permessage
from refws.oracle.wire.deflate import Inflater
from refws.oracle.wire.extensions import Extension, parse_extensions
from refws.oracle.wire.http import Head, stream_head, switches_elsewhere
from refws.oracle.wire.reading import ReadFrame

__all__ = ["Conversation", "Message", "Side", "Watcher", "accept_of"]

_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key: str) -> str:
    """The Sec-WebSocket-Accept that proves that a key was read (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode("latin-1")).digest()).decode()  # noqa: S324


class Watcher(Protocol):
    """Whoever is told what has come."""

    def head(self, side: Side, head: Head) -> None:
        """A side's head has come."""

    def opened(self, sides: Iterable[Side]) -> None:
        """Frames come from here on."""

    def frame(self, side: Side, frame: ReadFrame) -> None:
        """A side's frame has come, and is in `side.frames`."""

    def ended(self, side: Side) -> None:
        """A side has ended."""

    def settings(self, side: Side) -> None:
        """A side's settings have come, those of HTTP/2 or HTTP/3, and are in `side.settings`."""


class Conversation:
    """Both sides, and what they negotiated.

    `offset` and times are those of the events it is given. `is_open` once the opening handshake is done, however badly.
    Without `keep` what came is forgotten once the watchers have seen it: for connections that go on and on.
    """

    def __init__(
        self,
        watchers: Iterable[Watcher] = (),
        *,
        name: str = "",
        secure: bool = False,
        keep: bool = True,
        carrier: Carrier = Carrier.HTTP1,
    ) -> None:
        self.sides = {role: Side(role) for role in Role}
        self.recording = Recording(name=name, secure=secure, carrier=carrier)
        self.watchers = list(watchers)
        self.keep = keep
        self.is_open = False
        self.asked_again = False
        """Whether the client took the 101 for no upgrade, and sent another request where frames were to come."""
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

    def add(self, event: Event, *, read: bool = True) -> None:
        """Take what a side has sent, or that it has ended.

        Octets that are not to be `read` are whole frames without a fault, of which only the recording keeps anything.
        """
        if self.keep:
            self.recording.events.append(event)
        self.time = event.time
        side = self.sides[event.sender]
        if event.settings or event.acknowledges:
            side.settings.append(dict(event.settings))
            side.has_acknowledged = side.has_acknowledged or event.acknowledges
            self._tell(lambda watcher: watcher.settings(side))
        if event.head:
            self._stream_head(side, event)
        if event.octets:
            side.size += len(event.octets)
            if read or side.reader is None:
                self._octets(side, event.octets, event.time)
            else:
                side.skip(len(event.octets), event.time)
        if event.end is not None and side.end is None:
            side.end, side.end_time, side.end_code = event.end, event.time, event.code
            self._tell(lambda watcher: watcher.ended(side))

    def established(self, extensions: str = "", subprotocol: str | None = None) -> None:
        """Begin with frames: the opening handshake is done, or is not to be seen."""
        self.is_open = True
        self.extensions = parse_extensions(extensions)
        self.subprotocol = subprotocol
        for extension in self.extensions:
            if extension.name == permessage.NAME:
                self._begin_deflate(extension)
        for side in self.sides.values():
            side.extensions = self.extensions
        self._tell(lambda watcher: watcher.opened(self.sides.values()))
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
        if self._asks_again(side, octets):
            side.reader, self.is_open, self.asked_again = None, False, True
        if side.reader is not None:
            for frame in side.reader.feed(octets, time):
                side.take_frame(frame)
                for watcher in self.watchers:
                    watcher.frame(side, frame)
                if not self.keep:
                    side.forget()
            return
        if self.recording.carrier is not Carrier.HTTP1:
            side.body += octets  # of an answer that opens nothing
            return
        head = side.take_head(octets, time)
        while head is not None and head.is_interim:
            self._tell_head(side, head)
            head = side.take_head(b"", time)
        if head is None:
            return
        self._tell_head(side, head)
        if side.role is Role.SERVER and head.status == 101 and not switches_elsewhere(self.client.head, head):
            self.established(head.get("Sec-WebSocket-Extensions") or "", head.get("Sec-WebSocket-Protocol"))
        elif side.role is Role.SERVER:
            side.body = side.undone_head

    def _stream_head(self, side: Side, event: Event) -> None:
        """A head that is not among the octets; a server's that opens the connection, unless it is open already."""
        head = stream_head(event.head, self.recording.carrier.value, side.size, event.time)
        side.head = head
        side.heads.append(head)
        self._tell_head(side, head)
        opens = side.role is Role.SERVER and head.opens and not switches_elsewhere(self.client.head, head)
        if opens and not self.is_open:
            self.established(head.get("Sec-WebSocket-Extensions") or "", head.get("Sec-WebSocket-Protocol"))

    def _asks_again(self, side: Side, octets: bytes) -> bool:
        """Whether these are the first octets behind a client's request, and begin another: no frame begins so."""
        first = side.head is not None and side.size - len(octets) == side.head.offset + side.head.size
        return first and side.role is Role.CLIENT and side.reader is not None and octets.startswith(b"GET ")

    def _tell_head(self, side: Side, head: Head) -> None:
        self._tell(lambda watcher: watcher.head(side, head))

    def _tell(self, tell: Callable[[Watcher], None]) -> None:
        for watcher in self.watchers:
            tell(watcher)
