"""Frames of section 5.2, written as a case wants them, right or wrong."""

import enum
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

__all__ = [
    "CONTROL",
    "Frame",
    "Opcode",
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


def _random_keys() -> Iterator[bytes]:
    while True:
        random = os.urandom(4096)  # a call for each key would take longer than the masking
        yield from (random[at : at + 4] for at in range(0, 4096, 4))


_KEYS: Final = _random_keys()


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
        key = next(_KEYS) if self.masking_key is None else self.masking_key
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
