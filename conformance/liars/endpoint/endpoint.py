"""The endpoint: messages, control frames and closing (sections 5.4 to 8), a method for each decision."""

import asyncio
import codecs
import ssl
import zlib
from collections.abc import Iterator
from typing import Any, ClassVar, Final, NamedTuple, Self

from conformance.liars.endpoint.deflating import TooLong
from conformance.liars.endpoint.framing import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Framing, Incoming
from conformance.liars.endpoint.uris import Address, read_uri

__all__ = ["Endpoint", "Outgoing"]


_ORDER: Final = b"refws-oracle: "


class Outgoing(NamedTuple):
    """A frame to be sent."""

    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0


class Endpoint(Framing):
    """A WebSocket endpoint that sends every message back."""

    secure: ClassVar[bool] = False
    """Whether the judge talks to this kind over TLS."""

    close_sent = False
    close_received = False
    _compressed = False
    _utf8: "codecs.IncrementalDecoder | None" = None

    @classmethod
    def read_uri(cls, uri: str) -> Address:
        """Where a URI leads a client of this kind. Raises ValueError for what is no URI of WebSocket."""
        return read_uri(uri)

    @classmethod
    async def connect(cls, uri: str) -> Self:
        """Connect a client, which then asks. Raises ValueError for what is no URI of WebSocket, and OSError."""
        where = cls.read_uri(uri)
        _, client = await asyncio.get_running_loop().create_connection(
            lambda: cls("client", where.authority, where.resource), where.host, where.port, **cls.tls(where)
        )
        return client

    @classmethod
    def tls(cls, where: Address) -> dict[str, Any]:
        """What TLS takes: a context, and the name of the server."""
        return {"ssl": ssl.create_default_context(), "server_hostname": where.host} if where.secure else {}

    # Receiving

    def opened(self) -> None:
        """The connection is open, and no message has begun."""
        super().opened()
        self._message = bytearray()

    def begin_frame(self, frame: Incoming) -> None:
        """A frame begins, and perhaps a message."""
        if frame.opcode in (TEXT, BINARY):
            self.message_opcode = frame.opcode
            self.message_size = 0
            self._message = bytearray()
            self._compressed = bool(frame.rsv & 4)
            plain_text = frame.opcode == TEXT and not self._compressed
            self._utf8 = codecs.getincrementaldecoder("utf-8")() if plain_text else None

    def take_data(self, frame: Incoming, octets: bytes) -> None:
        """Octets of a message have come: text is checked at once."""
        self.message_size += len(octets)
        self._message += octets
        if self._utf8 is not None and not self.text_is_right(self._utf8, octets, final=False):
            self.fail(1007)

    def text_is_right(self, decoder: codecs.IncrementalDecoder, octets: bytes, *, final: bool) -> bool:
        """Whether text is UTF-8 as far as it has come."""
        try:
            decoder.decode(octets, final)
        except UnicodeDecodeError:
            return False
        # Python waits for the third octet of a surrogate before it refuses it.
        waiting = decoder.getstate()[0]
        return not (waiting[:1] == b"\xed" and waiting[1:2] >= b"\xa0")

    def end_frame(self, frame: Incoming) -> None:
        """A frame is whole, and perhaps a message."""
        payload = bytes(frame.payload)
        if frame.opcode == CLOSE:
            self.take_close(payload)
        elif frame.opcode == PING:
            self.take_ping(payload)
        elif frame.opcode == PONG:
            self.take_pong(payload)
        elif frame.fin:
            self.end_message()

    def end_message(self) -> None:
        """A message is complete: inflate it, check it, send it back."""
        opcode, payload = self.message_opcode, bytes(self._message)
        self.message_opcode = 0
        self.message_size = 0
        if self._compressed:
            try:
                payload = self.inflate(payload)
            except zlib.error:
                self.fail(1007)
                return
            except TooLong:
                self.fail(1009)
                return
        if opcode == TEXT:
            decoder = self._utf8 or codecs.getincrementaldecoder("utf-8")()
            if not self.text_is_right(decoder, payload if self._compressed else b"", final=True):
                self.fail(1007)
                return
        self.take_message(opcode, payload)

    def take_message(self, opcode: int, payload: bytes) -> None:
        """A message is here: an echo sends it back, unless it says what else to do."""
        if self.close_sent:
            return
        if opcode == TEXT and payload.startswith(_ORDER):
            self.obey(payload.removeprefix(_ORDER).decode())
        else:
            self.send_message(opcode, payload)

    def obey(self, order: str) -> None:
        """Do what no echo does: ``close CODE REASON``, ``ping PAYLOAD``, ``send-fragmented SIZE TEXT``."""
        word, _, rest = order.partition(" ")
        first, _, last = rest.partition(" ")
        if word == "close":
            self.send_close(int(first).to_bytes(2, "big") + last.encode() if first else b"")
        elif word == "ping":
            self.send_frame(PING, rest.encode())
        elif word == "send-fragmented":
            size = int(first)
            parts = [last[at : at + size].encode() for at in range(0, len(last), size)]
            for number, part in enumerate(parts, 1):
                self.send_frame(TEXT if number == 1 else CONTINUATION, part, fin=number == len(parts))

    def take_ping(self, payload: bytes) -> None:
        """A Ping is here, and wants a Pong."""
        self.send_frame(PONG, payload)

    def take_pong(self, payload: bytes) -> None:
        """A Pong is here."""

    # Sending

    def send_message(self, opcode: int, payload: bytes) -> None:
        """Send a message."""
        rsv = 0
        if self.deflate is not None:
            payload, rsv = self.compress(payload), 4
        for frame in self.fragments(opcode, payload, rsv):
            self.send_frame(frame.opcode, frame.payload, fin=frame.fin, rsv=frame.rsv)

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        """The frames of a message: one."""
        yield Outgoing(opcode, payload, rsv=rsv)

    def in_fragments(self, opcode: int, payload: bytes, rsv: int, size: int) -> Iterator[Outgoing]:
        """The frames of a message in fragments of `size` octets."""
        for at in range(0, max(len(payload), 1), size):
            last = at + size >= len(payload)
            yield Outgoing(opcode if at == 0 else CONTINUATION, payload[at : at + size], last, 0 if at else rsv)

    # Closing

    def take_close(self, body: bytes) -> None:
        """A Close is here: check it, answer it, and let TCP end."""
        self.close_received = True
        code = self.check_close(body)
        if code:
            self.fail(code)
            return
        self.is_deaf = True
        if not self.close_sent:
            self.answer_close(body)
        self.both_closed()

    def check_close(self, body: bytes) -> int:
        """The status code to fail with for a Close with that body, or 0."""
        if not body:
            return 0
        if len(body) == 1 or not self.code_is_right(int.from_bytes(body[:2], "big")):
            return 1002
        return 0 if self.reason_is_right(body[2:]) else 1007

    def code_is_right(self, code: int) -> bool:
        """Whether a Close may have that status code."""
        return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))

    def reason_is_right(self, reason: bytes) -> bool:
        """Whether a Close may have that reason."""
        return self.text_is_right(codecs.getincrementaldecoder("utf-8")(), reason, final=True)

    def answer_close(self, body: bytes) -> None:
        """Answer a Close with its status code, unless that is only a client's."""
        is_1010 = body[:2] == (1010).to_bytes(2, "big")
        self.send_close((1000).to_bytes(2, "big") if self.is_server and is_1010 else body[:2])

    def send_close(self, body: bytes) -> None:
        """Send a Close."""
        self.close_sent = True
        self.send_frame(CLOSE, body)

    def both_closed(self) -> None:
        """Both Close frames are there: a server ends TCP, a client waits for that."""
        if self.is_server:
            self.end()
        else:
            self.drop_later()

    def fail(self, code: int) -> None:
        """Fail the connection: a Close that says why, and then hear nothing more."""
        self.is_deaf = True
        if not self.close_sent:
            self.send_close(self.failure_body(code))
        self.both_closed()

    def failure_body(self, code: int) -> bytes:
        """The body of the Close of a failure."""
        return code.to_bytes(2, "big")
