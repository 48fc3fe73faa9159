"""Frames of section 5.2 as they come, read whatever they are."""

from dataclasses import dataclass, field

from refws.oracle.wire.frame import CONTROL, Opcode, apply_mask

__all__ = ["FrameReader", "ReadFrame"]


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
