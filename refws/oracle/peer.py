"""The testee as a case sees it: what the oracle says to it, what it is waited for, what has come since.

Longer than 250 lines: saying, waiting and seeing stand on one state, that of a connection.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from refws.oracle.conversation import Conversation, Message, Side
from refws.oracle.link import Link
from refws.oracle.observed import Observed
from refws.oracle.opening import Opening, new_key
from refws.oracle.verdict import Role
from refws.oracle.wire import permessage
from refws.oracle.wire.deflate import Deflater
from refws.oracle.wire.extensions import Extension
from refws.oracle.wire.frame import Frame, Opcode, close, ping, text
from refws.oracle.wire.http import Head, head_octets
from refws.oracle.wire.permessage import BITS
from refws.oracle.wire.reading import ReadFrame

__all__ = ["Observed", "Opening", "Peer", "new_key"]

_SWITCHING: Final = "HTTP/1.1 101 Switching Protocols"


@dataclass(slots=True)
class _Mark:
    frames: int = 0
    messages: int = 0
    time: float = 0.0
    markers: list[bytes] = field(default_factory=list)
    pending: bytes | None = None


class Peer:
    """One connection with the testee.

    `patience` is the watchdog: how many seconds the testee gets for anything, calibrated to its round trip. `usual` is
    what every request has, whatever a case is about: a server may want an Origin, a subprotocol, or credentials.
    """

    def __init__(
        self,
        testee: Role,
        link: Link,
        patience: float,
        *,
        host: str = "127.0.0.1",
        target: str = "/",
        usual: Opening = Opening(),  # noqa: B008 (frozen)
    ) -> None:
        self.testee = testee
        self.link = link
        self.patience = patience
        self.host = host
        self.target = target
        self.usual = usual
        self.key = new_key()
        self.deflater: Deflater | None = None
        self.round_trip: float | None = None
        self.another: Callable[[bool], Awaitable[Peer]] | None = None
        """Connects to the same server once more, without TLS where it is told so; who asks drops the link. Raises
        OSError. None where the testee is a client."""
        self.uri = ""
        """Of a client: the URI that the oracle has given it; empty where the client has put it together itself."""
        self.earlier_keys: tuple[str, ...] = ()
        """Of a client: the values of Sec-WebSocket-Key on its connections before this one."""
        self._masks = testee is Role.SERVER
        self._mark = _Mark()
        self._taken = 0  # messages that `message` has given
        self._heads = 0  # heads that `head` has given
        self._closed = False  # whether we have sent a Close
        self.is_deaf = False
        """Whether it let the last Ping's time go by, and neither answered nor failed."""

    @property
    def has_closed(self) -> bool:
        """Whether the oracle has sent a Close."""
        return self._closed

    @property
    def conversation(self) -> Conversation:
        """All that both have said."""
        return self.link.conversation

    @property
    def theirs(self) -> Side:
        """What the testee has said."""
        return self.conversation.sides[self.testee]

    @property
    def ours(self) -> Side:
        """What the oracle has said."""
        return self.conversation.sides[self.testee.other]

    # The opening handshake

    def request(self, opening: Opening = Opening()) -> list[tuple[str, str]]:  # noqa: B008 (frozen)
        """The header fields of an ordinary request."""
        return opening.beside(self.usual).request(self.host, self.key)

    async def ask(
        self,
        fields: list[tuple[str, str]],
        *,
        method: str = "GET",
        target: str | None = None,
        version: str = "HTTP/1.1",
    ) -> Head | None:
        """Send a request, right or wrong, and wait for the head of the answer; None where none comes."""
        self.send_octets(head_octets(f"{method} {target or self.target} {version}", fields))
        head = await self.head()
        while head is not None and head.is_interim:
            head = await self.head()
        return head

    async def head(self) -> Head | None:
        """Wait for the testee's (next) head; None where none comes."""
        number = self._heads
        await self.link.until(lambda: len(self.theirs.heads) > number or self.link.is_over, self.patience)
        if len(self.theirs.heads) == number:
            return None
        self._heads += 1
        return self.theirs.heads[number]

    def answer(self, opening: Opening = Opening()) -> list[tuple[str, str]]:  # noqa: B008 (frozen)
        """The header fields of an ordinary answer to the client's request."""
        return opening.answer(self.theirs.head)

    def respond(self, fields: list[tuple[str, str]], *, status: str = _SWITCHING, behind: bytes = b"") -> None:
        """Send the server's answer, right or wrong, and what is to come in the same segment."""
        self.send_octets(head_octets(status, fields) + behind)

    def refuse(self, status: int, reason: str) -> None:
        """Answer a request with an HTTP error."""
        self.respond([("Content-Length", "0"), ("Connection", "close")], status=f"HTTP/1.1 {status} {reason}")

    async def open(self, opening: Opening = Opening()) -> bool:  # noqa: B008 (frozen)
        """Do the ordinary opening handshake; whether a WebSocket connection is there."""
        if self.testee is Role.SERVER:
            await self.ask(self.request(opening))
        else:
            if self.theirs.head is None and await self.head() is None:
                return False
            self.respond(self.answer(opening))
        self.configure()
        return self.conversation.is_open

    def configure(self) -> None:
        """Compress as was agreed on, if it was; `open` does so by itself."""
        agreed = self.agreed(permessage.NAME)
        if agreed is not None:
            ours = self.testee.other
            bits = agreed.get(f"{ours}_max_window_bits") or "15"
            takeover = f"{ours}_no_context_takeover" not in agreed
            self.deflater = Deflater(int(bits) if bits in BITS else 15, takeover=takeover)

    def agreed(self, name: str) -> Extension | None:
        """An extension in use, with its parameters."""
        return next((extension for extension in self.conversation.extensions if extension.name == name), None)

    # Saying something

    def send_octets(self, octets: bytes, *, read: bool = True) -> None:
        """Send octets as they are; not to `read` many that are whole frames without a fault saves time."""
        self.link.write(octets, read=read)

    def octets(self, *what: Frame | bytes) -> bytes:
        """Frames as this side writes them: a client masks."""
        return b"".join(one if isinstance(one, bytes) else one.octets(self._masks) for one in what)

    def send(self, *what: Frame | bytes) -> None:
        """Send frames in one write."""
        self._closed = self._closed or any(isinstance(one, Frame) and one.opcode == Opcode.CLOSE for one in what)
        self.send_octets(self.octets(*what))

    async def send_chopped(self, octets: bytes, size: int, pause: float = 0.0) -> None:
        """Send octets in writes of `size` octets, with a pause behind each, or at least a turn of the loop."""
        for at in range(0, len(octets), size):
            self.send_octets(octets[at : at + size])
            await asyncio.sleep(pause)
            if self.theirs.close is not None or self.link.is_over or not await self.link.drained(self.patience):
                return

    def compressed(self, message: Frame) -> Frame:
        """A message as the agreed permessage-deflate has it."""
        assert self.deflater is not None
        return Frame(message.opcode, self.deflater.message(message.payload), rsv=message.rsv | 4)

    # Waiting

    def begin(self) -> None:
        """From here on is the stimulus: what came before counts no more."""
        self._mark = _Mark(len(self.theirs.frames), len(self.theirs.messages), self.link.now)
        self._taken = len(self.theirs.messages)

    async def message(self, grace: float = 0.0) -> Message | None:
        """Wait for the next message; None where the testee ends or is silent.

        With `grace` it gets so many seconds more, for where silence is a FAIL.
        """
        number = self._taken
        await self.link.until(lambda: len(self.theirs.messages) > number or self.link.is_over, self.patience + grace)
        if len(self.theirs.messages) == number:
            return None
        self._taken += 1
        return self.theirs.messages[number]

    async def frame(self, opcode: int | None = None) -> ReadFrame | None:
        """Wait for a frame since `begin` (of that opcode); None where the testee ends or is silent."""

        def found() -> ReadFrame | None:
            since = self.theirs.frames[self._mark.frames :]
            return next((frame for frame in since if opcode is None or frame.opcode == opcode), None)

        await self.link.until(lambda: found() is not None or self.link.is_over, self.patience)
        return found()

    async def echo(self, payload: str | bytes, grace: float = 0.0) -> bool:
        """Send a message, and wait for its echo; whether it came, octet by octet, and nothing else.

        `grace` is as with `message`.
        """
        began = self.link.now
        sent = payload.encode() if isinstance(payload, str) else payload
        self.send(Frame(Opcode.TEXT if isinstance(payload, str) else Opcode.BINARY, sent))
        message = await self.message(grace)
        if message is None or message.payload != sent or message.is_text is not isinstance(payload, str):
            return False
        self.round_trip = self.link.now - began
        return True

    async def pong(self, payload: bytes, grace: float = 0.0) -> bool:
        """Wait for the Pong to a Ping that was sent since `begin`; False where the testee fails, or is silent.

        With `grace` it gets so many seconds more, for where a Ping that is sent meanwhile may take its Pong's place.
        """
        await self.link.until(
            lambda: self.theirs.close is not None or self.link.is_over or payload in self.observed().pongs,
            self.patience + grace,
        )
        return payload in self.observed().pongs

    def marker(self) -> Frame:
        """A Ping to send behind a stimulus, in its write: who fails is sent no more; `settle` waits for its answer."""
        self._mark.pending = self._new_payload()
        return ping(self._mark.pending)

    def _new_payload(self) -> bytes:
        """Octets that nobody has seen before; what comes back with them is no part of what is observed."""
        payload = b"refws oracle " + os.urandom(4).hex().encode()
        self._mark.markers.append(payload)
        return payload

    async def goes_on(self) -> bool:
        """Send a Ping, and wait until the testee answers it, ends, or sends a Close; whether it answered.

        Where `marker` has given a Ping that was sent, it waits for that one's answer. One behind the testee's Close is
        none: whether the Ping had been read by then is a matter of how TCP has cut the octets.
        """
        if self.is_deaf and self._has_answered():
            self.is_deaf = False
            return True
        if self._mark.pending is None:
            if self.theirs.close is not None or self.link.is_over:
                return False
            self.send(self.marker())
        pending, self._mark.pending = self._mark.pending, None
        assert pending is not None
        answered = await self._pong(pending)
        self.is_deaf = not answered and self.theirs.close is None and not self.link.is_over
        return answered

    def _has_answered(self) -> bool:
        """Whether a Ping of `marker` since `begin` was answered in the meantime, and before a Close."""
        for frame in self.theirs.frames[self._mark.frames :]:
            if frame.opcode == Opcode.CLOSE:
                return False
            if frame.opcode == Opcode.PONG and frame.payload in self._mark.markers:
                return True
        return False

    async def _pong(self, marker: bytes) -> bool:
        side, start = self.theirs, self._mark.frames
        seen = {"at": start, "answered": False}

        def settled() -> bool:
            while seen["at"] < len(side.frames):
                frame = side.frames[seen["at"]]
                seen["at"] += 1
                if frame.opcode == Opcode.CLOSE:
                    return True
                seen["answered"] = seen["answered"] or (frame.opcode == Opcode.PONG and frame.payload == marker)
            return bool(seen["answered"]) or side.close is not None or self.link.is_over

        await self.link.until(settled, self.patience)
        return bool(seen["answered"])

    async def echoes(self) -> bool:
        """Whether a message of no other use comes back: who answers no Ping may go on all the same.

        None is sent within a message, or behind a Close.
        """
        if self.ours.is_within_a_message or self._closed or self.theirs.close is not None or self.link.is_over:
            return False
        payload = self._new_payload()
        self.text(payload)

        def came() -> bool:
            return any(message.payload == payload for message in self.theirs.messages[self._mark.messages :])

        await self.link.until(lambda: came() or self.theirs.close is not None or self.link.is_over, self.patience)
        self.is_deaf = self.is_deaf and not came()
        return came()

    async def settle(self, *, marker: bool = True, finish: bool = True) -> Observed:
        """Wait until the testee has answered a Ping behind the stimulus, has failed, or its time is over.

        Without a `marker` no Ping is sent, for none would be read as one, and only the end is waited for. Where the
        testee has sent a Close it gets one back, and with `finish` it gets the time to end TCP, too.
        """
        went_on = False
        if marker:
            went_on = await self.goes_on()
        else:
            await self.link.until(lambda: self.theirs.close is not None or self.link.is_over, self.patience)
        return await self.settled(went_on=went_on, finish=finish)

    async def settled(self, *, went_on: bool, finish: bool = True) -> Observed:
        """See a closing that the testee has begun through, unless not to `finish`; what was seen."""
        if self.theirs.close is not None and finish:
            await self.finish()
        return self.observed(went_on=went_on)

    async def finish(self) -> None:
        """Answer the testee's Close, and let TCP end: the server is to do it first."""
        if not self._closed and not self.link.ours_ended:
            code = self.theirs.close.close_code if self.theirs.close is not None else None
            self.send(close(code))
        if self.testee is Role.CLIENT:
            self.link.end()
        await self.link.until(lambda: self.link.is_over, self.patience)

    def observed(self, *, went_on: bool = False) -> Observed:
        """What has come since `begin`."""
        frames = tuple(self.theirs.frames[self._mark.frames :])
        markers = self._mark.markers
        events = self.conversation.recording.events
        first = next((event.sender is self.testee for event in events if event.end is not None), False)
        close_frame = next((frame for frame in frames if frame.opcode == Opcode.CLOSE), None)
        return Observed(
            messages=tuple(one for one in self.theirs.messages[self._mark.messages :] if one.payload not in markers),
            frames=frames,
            pongs=tuple(f.payload for f in frames if f.opcode == Opcode.PONG and f.payload not in markers),
            pings=tuple(f.payload for f in frames if f.opcode == Opcode.PING),
            close=close_frame,
            end=self.theirs.end,
            first_to_end=first,
            went_on=went_on,
            silent=not went_on and close_frame is None and self.theirs.end is None,
            seconds=self.link.now - self._mark.time,
        )

    async def closing_handshake(self, code: int | None = 1000, reason: str = "") -> Observed:
        """Start the closing handshake, and see it through: the testee's Close, then TCP, which a server ends first."""
        self.begin()
        self.send(close(code, reason))
        await self.link.until(lambda: self.theirs.close is not None or self.link.is_over, self.patience)
        if self.theirs.close is not None and self.testee is Role.CLIENT:
            self.link.end()
        await self.link.until(lambda: self.link.is_over, self.patience)
        return self.observed()

    def nudge(self) -> bytes:
        """Send a Ping to a testee that is silent; its payload.

        Some leave what came right behind the answer to the opening handshake until more comes; whether it does come in
        the same segment is chance. A case of section 4.1 is about that, and no other is to depend on it.
        """
        payload = b"refws oracle: anything else?"
        self.send(ping(payload))
        return payload

    async def control(self) -> bool:
        """The positive control: a message comes back."""
        wanted = "the oracle's control: é"
        if await self.echo(wanted):
            return True
        if self.theirs.messages or self.theirs.close is not None or self.link.is_over:
            return False
        payload = self.nudge()
        message = await self.message()
        if message is None or not message.is_text or message.payload != wanted.encode():
            return False
        await self.pong(payload)  # not to be taken for what comes of the stimulus
        return True

    def text(self, payload: str | bytes) -> None:
        """Send a text message."""
        self.send(text(payload))
