"""Frames of section 5.2: written as a case wants them, right or wrong, and read whatever they are."""

import enum
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

__all__ = [
    "CONTROL",
    "Frame",
    "FrameReader",
    "Opcode",
    "ReadFrame",
    "apply_mask",
    "binary",
    "close",
    "close_body",
    "continuation",
    "ping",
    "pong",
    "text",
]


class Opcode(enum.IntEnum):
    """The opcodes that the RFC defines."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


CONTROL: Final = 8
"""The bit that makes an opcode one of a control frame."""

_SHORTEST: Final = ((125, 7), (0xFFFF, 16), (0xFFFF_FFFF_FFFF_FFFF, 64))
_MARKS: Final = {16: 126, 64: 127}


def apply_mask(octets: bytes, key: bytes, at: int = 0) -> bytes:
    """Mask or unmask octets that begin `at` octets into their payload."""
    size = len(octets)
    if not size or not any(key):
        return octets
    turned = key[at % 4 :] + key[: at % 4]
    stream = (turned * (size // 4 + 1))[:size]
    return (int.from_bytes(octets, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def close_body(code: int | None = None, reason: str | bytes = b"") -> bytes:
    """The body of a Close frame; without a code it is empty, whatever the reason."""
    if code is None:
        return b""
    return code.to_bytes(2, "big") + (reason.encode() if isinstance(reason, str) else reason)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame to be written; what is not given is as it should be.

    `rsv` has RSV1 as 4, RSV2 as 2 and RSV3 as 1. `masked` is None for what the sender's role asks for, and
    `masking_key` for a random one. `length_form` is the number of bits of the payload length, 7, 16 or 64, and
    `declared_length` what it says, where that is not the length of the payload.
    """

    opcode: int
    payload: bytes = field(default=b"", repr=False)
    fin: bool = True
    rsv: int = 0
    masked: bool | None = None
    masking_key: bytes | None = None
    length_form: int | None = None
    declared_length: int | None = None

    def octets(self, masked: bool) -> bytes:
        """The frame, as a side writes it that masks, or does not."""
        length = len(self.payload) if self.declared_length is None else self.declared_length
        form = self.length_form or next(form for most, form in _SHORTEST if length <= most)
        masked = masked if self.masked is None else self.masked
        first = self.fin << 7 | self.rsv << 4 | self.opcode
        head = bytes((first, masked << 7 | _MARKS.get(form, length)))
        if form != 7:
            head += length.to_bytes(form // 8, "big")
        if not masked:
            return head + self.payload
        key = os.urandom(4) if self.masking_key is None else self.masking_key
        return head + key + apply_mask(self.payload, key)

    def fragments(self, size: int) -> Iterator["Frame"]:
        """The message in fragments of `size` octets each, the last with what is left."""
        parts = [self.payload[at : at + size] for at in range(0, len(self.payload), size)] or [b""]
        for number, part in enumerate(parts):
            yield replace(
                self,
                opcode=self.opcode if number == 0 else Opcode.CONTINUATION,
                rsv=self.rsv if number == 0 else 0,
                payload=part,
                fin=self.fin and number == len(parts) - 1,
            )


def text(payload: str | bytes = b"", **how: Any) -> Frame:
    """A text frame, alone or the first fragment of a message."""
    return Frame(Opcode.TEXT, payload.encode() if isinstance(payload, str) else payload, **how)


def binary(payload: bytes = b"", **how: Any) -> Frame:
    """A binary frame, alone or the first fragment of a message."""
    return Frame(Opcode.BINARY, payload, **how)


def continuation(payload: str | bytes = b"", **how: Any) -> Frame:
    """A continuation frame."""
    return Frame(Opcode.CONTINUATION, payload.encode() if isinstance(payload, str) else payload, **how)


def ping(payload: bytes = b"", **how: Any) -> Frame:
    """A Ping."""
    return Frame(Opcode.PING, payload, **how)


def pong(payload: bytes = b"", **how: Any) -> Frame:
    """A Pong."""
    return Frame(Opcode.PONG, payload, **how)


def close(code: int | None = None, reason: str | bytes = b"", **how: Any) -> Frame:
    """A Close."""
    return Frame(Opcode.CLOSE, close_body(code, reason), **how)


@dataclass(slots=True)
class ReadFrame:
    """A frame that came, or as much of it as has come: `payload` is unmasked.

    `offset` is where it begins in its side's TCP stream, `payload_offset` where its payload does. Times are seconds
    since the conversation began: when its first octet was read, and its last.
    """

    offset: int
    time: float
    fin: bool
    rsv: int
    opcode: int
    length: int
    length_form: int
    masking_key: bytes | None
    payload_offset: int
    payload: bytes = field(default=b"", repr=False)
    time_end: float = 0.0

    @property
    def is_control(self) -> bool:
        """Whether its opcode is one of control frames."""
        return bool(self.opcode & CONTROL)

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.payload_offset + self.length

    @property
    def close_code(self) -> int | None:
        """The status code of a Close frame; None where its body is too short for one."""
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) >= 2 else None

    @property
    def close_reason(self) -> bytes:
        """The reason of a Close frame, which may not be UTF-8."""
        return self.payload[2:]

    @property
    def name(self) -> str:
        """What it is called."""
        try:
            return Opcode(self.opcode).name.capitalize()
        except ValueError:
            return f"opcode {self.opcode:#x}"

    def __str__(self) -> str:
        parts = [self.name, f"of {self.length} octets"]
        if self.opcode == Opcode.CLOSE and self.close_code is not None:
            parts.append(f"with {self.close_code}")
        if not self.fin:
            parts.append("without FIN")
        if self.rsv:
            parts.append("with " + " and ".join(f"RSV{n}" for n in (1, 2, 3) if self.rsv >> (3 - n) & 1))
        return " ".join(parts)


class FrameReader:
    """Reads frames as they come, and refuses nothing: what is wrong in them is for others to say.

    `partial` is the frame whose header has come and whose payload has not, with what there is of it.
    """

    def __init__(self, offset: int = 0) -> None:
        self.partial: ReadFrame | None = None
        self._offset = offset  # of the first octet in _pieces
        self._pieces: list[bytes] = []
        self._size = 0
        self._began = 0.0

    @property
    def pending(self) -> int:
        """Octets that have come and belong to no whole frame."""
        held = self.partial
        return self._size + (held.payload_offset - held.offset if held else 0)

    def feed(self, octets: bytes, time: float) -> list[ReadFrame]:
        """The frames that are whole with these octets."""
        if not self._size and self.partial is None:
            self._began = time
        self._pieces.append(octets)
        self._size += len(octets)
        frames: list[ReadFrame] = []
        wanted = self.partial.length if self.partial else 2
        if self._size < wanted:
            return frames
        buffer = octets if len(self._pieces) == 1 else b"".join(self._pieces)
        at = 0
        while True:
            if self.partial is None:
                self.partial = self._header(buffer, at)
                if self.partial is None:
                    break
                at += self.partial.payload_offset - self.partial.offset
            frame = self.partial
            if len(buffer) - at < frame.length:
                break
            payload = buffer[at : at + frame.length]
            frame.payload = payload if frame.masking_key is None else apply_mask(payload, frame.masking_key)
            frame.time_end = time
            frames.append(frame)
            at += frame.length
            self.partial = None
            self._began = time
        rest = buffer[at:]
        self._offset += at
        self._pieces = [rest] if rest else []
        self._size = len(rest)
        return frames

    def skip(self, size: int) -> None:
        """Count octets that are whole frames, and need not be read."""
        assert not self.pending
        self._offset += size

    def so_far(self) -> bytes:
        """The unmasked payload of the partial frame, as far as it has come."""
        if self.partial is None:
            return b""
        octets = b"".join(self._pieces)
        return octets if self.partial.masking_key is None else apply_mask(octets, self.partial.masking_key)

    def _header(self, buffer: bytes, at: int) -> ReadFrame | None:
        there = len(buffer) - at
        if there < 2:
            return None
        first, second = buffer[at], buffer[at + 1]
        length, form, size = second & 127, 7, 2
        if length > 125:
            form = 16 if length == 126 else 64
            size += form // 8
            length = int.from_bytes(buffer[at + 2 : at + size], "big")
        masked = second & 128
        key_at = size
        size += 4 if masked else 0
        if there < size:
            return None
        key = buffer[at + key_at : at + size] if masked else None
        offset = self._offset + at
        return ReadFrame(
            offset, self._began, bool(first & 128), first >> 4 & 7, first & 15, length, form, key, offset + size
        )
