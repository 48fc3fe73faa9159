"""Frames, written and read (sections 5.2 and 5.3), a method for each decision."""

import os
from dataclasses import dataclass, field
from typing import ClassVar, Final

from conformance.liars.endpoint.deflating import Deflating

__all__ = ["BINARY", "CLOSE", "CONTINUATION", "PING", "PONG", "TEXT", "Framing", "Incoming", "mask"]

CONTINUATION: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10


def mask(octets: bytes, key: bytes, at: int = 0) -> bytes:
    """Mask or unmask octets that begin `at` octets into their payload."""
    size = len(octets)
    if not size:
        return b""
    stream = ((key[at % 4 :] + key[: at % 4]) * (size // 4 + 1))[:size]
    return (int.from_bytes(octets, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


@dataclass(slots=True)
class Incoming:
    """A frame that is coming: `form` is how many bits its length has, `got` how many octets of its payload are here."""

    fin: bool
    rsv: int
    opcode: int
    length: int
    form: int
    key: bytes | None
    got: int = 0
    payload: bytearray = field(default_factory=bytearray)

    @property
    def is_control(self) -> bool:
        """Whether it is a control frame."""
        return self.opcode >= CLOSE


class Framing(Deflating):
    """Writes frames, and reads them. A check of a header gives the status code to fail with, or 0."""

    HEADER_CHECKS: ClassVar[tuple[str, ...]] = (
        "check_rsv",
        "check_opcode",
        "check_mask",
        "check_length_form",
        "check_top_bit",
        "check_control_length",
        "check_control_fin",
        "check_order",
        "check_size",
    )

    is_deaf = False
    """Whether what comes is of no interest any more."""
    _octets = b""
    _frame: Incoming | None = None
    message_opcode = 0
    """The opcode of the message that is coming; 0 between messages."""
    message_size = 0

    # Writing

    def send_frame(self, opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> None:
        """Send a frame."""
        self.write(self.frame(opcode, payload, fin=fin, rsv=rsv))

    def frame(self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
        """A frame's octets."""
        first = bytes([fin << 7 | self.rsv_of(opcode, rsv) << 4 | opcode])
        if not self.masks():
            return first + self.length(len(payload), 0) + payload
        key = self.masking_key()
        return first + self.length(len(payload), 0x80) + key + mask(payload, key)

    def rsv_of(self, opcode: int, rsv: int) -> int:
        """The three bits, RSV1 as 4."""
        return rsv

    def length(self, length: int, mask_bit: int) -> bytes:
        """The octets with the MASK bit and the length, as few as will do."""
        if length < 126:
            return bytes([mask_bit | length])
        if length < 65536:
            return bytes([mask_bit | 126]) + length.to_bytes(2, "big")
        return bytes([mask_bit | 127]) + length.to_bytes(8, "big")

    def masks(self) -> bool:
        """Whether frames are masked: those of a client are."""
        return not self.is_server

    def masking_key(self) -> bytes:
        """The key of a frame."""
        return os.urandom(4)

    # Reading

    def receive(self, data: bytes) -> None:
        """Take octets, and every frame that is whole with them."""
        self._octets += data
        while not self.is_deaf and (self._frame is not None or self._header()):
            if not self._payload():
                return

    def _header(self) -> bool:
        octets = self._octets
        if len(octets) < 2:
            return False
        first, second = octets[0], octets[1]
        length, form, size = second & 127, 7, 2
        if length > 125:
            form = 16 if length == 126 else 64
            size += form // 8
            length = int.from_bytes(octets[2:size], "big")
        masked = bool(second & 128)
        if len(octets) < size + 4 * masked:
            return False
        key = octets[size : size + 4] if masked else None
        self._octets = octets[size + 4 * masked :]
        self._frame = Incoming(bool(first & 128), first >> 4 & 7, first & 15, length, form, key)
        for check in self.HEADER_CHECKS:
            code = getattr(self, check)(self._frame)
            if code:
                self.fail(code)
                return False
        self.begin_frame(self._frame)
        return True

    def _payload(self) -> bool:
        """Take what there is of a frame's payload; whether it is whole."""
        frame = self._frame
        assert frame is not None
        part = self._octets[: frame.length - frame.got]
        self._octets = self._octets[len(part) :]
        plain = self.unmask(part, frame.key, frame.got)
        frame.got += len(part)
        if frame.is_control:
            frame.payload += plain
        elif plain:
            self.take_data(frame, plain)
        if frame.got < frame.length or self.is_deaf:
            return False
        self._frame = None
        self.end_frame(frame)
        return True

    def unmask(self, octets: bytes, key: bytes | None, at: int) -> bytes:
        """Octets of a payload as they were before they were masked."""
        return octets if key is None else mask(octets, key, at)

    def check_rsv(self, frame: Incoming) -> int:
        """RSV bits are 0, but for RSV1 at the beginning of a compressed message."""
        allowed = 4 if self.deflate is not None and frame.opcode in (TEXT, BINARY) else 0
        return 1002 if frame.rsv & ~allowed else 0

    def check_opcode(self, frame: Incoming) -> int:
        """The opcode is known."""
        return 0 if frame.opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG) else 1002

    def check_mask(self, frame: Incoming) -> int:
        """A client's frames are masked, a server's are not."""
        return 0 if (frame.key is not None) is self.is_server else 1002

    def check_length_form(self, frame: Incoming) -> int:
        """The length has as few octets as will do."""
        least = {7: 0, 16: 126, 64: 65536}[frame.form]
        return 1002 if frame.length < least else 0

    def check_top_bit(self, frame: Incoming) -> int:
        """The first bit of a length of 64 bits is 0."""
        return 1002 if frame.length >> 63 else 0

    def check_control_length(self, frame: Incoming) -> int:
        """A control frame has 125 octets at most."""
        return 1002 if frame.is_control and frame.length > 125 else 0

    def check_control_fin(self, frame: Incoming) -> int:
        """A control frame has FIN."""
        return 1002 if frame.is_control and not frame.fin else 0

    def check_order(self, frame: Incoming) -> int:
        """A continuation continues something, and nothing else begins before that is complete."""
        if frame.is_control:
            return 0
        return 0 if (frame.opcode == CONTINUATION) is bool(self.message_opcode) else 1002

    def check_size(self, frame: Incoming) -> int:
        """Neither the frame nor its message is longer than can be taken."""
        before = 0 if frame.is_control else self.message_size
        return 1009 if before + frame.length > self.LONGEST else 0

    # What the next layer does

    def begin_frame(self, frame: Incoming) -> None:
        """A frame's header has come, and is right."""
        raise NotImplementedError

    def take_data(self, frame: Incoming, octets: bytes) -> None:
        """Octets of a data frame's payload have come."""
        raise NotImplementedError

    def end_frame(self, frame: Incoming) -> None:
        """A frame is whole."""
        raise NotImplementedError

    def fail(self, code: int) -> None:
        """Fail the connection."""
        raise NotImplementedError
