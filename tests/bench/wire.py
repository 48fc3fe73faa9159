"""What goes over the wire: frames built and read here, so that no contestant judges itself."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "BINARY",
    "CLOSE",
    "RECEIVE_CASES",
    "TEXT",
    "KiB",
    "MiB",
    "ReceiveCase",
    "frame",
    "header_size",
    "letters",
    "read_frame",
]

KiB = 1024
MiB = 1024 * KiB

CONTINUATION, TEXT, BINARY, CLOSE = 0x0, 0x1, 0x2, 0x8
FIN = 0x80
READ = 64 * KiB
"""Octets that one read of a socket brings at most."""

# The same octets in every process and every run.
_random = random.Random(6455)


def letters(octets: int) -> bytes:
    """ASCII text of so many octets."""
    return bytes(_random.choices(b"abcdefghijklmnopqrstuvwxyz ", k=octets))


def _xor(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A client's frame, masked with a key of its own."""
    size = len(payload)
    head = bytearray([FIN * fin | opcode])
    if size < 126:
        head.append(0x80 | size)
    elif size < 65536:
        head += bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([0x80 | 127]) + size.to_bytes(8, "big")
    key = _random.randbytes(4)
    return bytes(head) + key + _xor(payload, key)


def header_size(size: int) -> int:
    """Octets of the header of a server's frame with a payload of `size` octets."""
    return 2 if size < 126 else 4 if size < 65536 else 10


def read_frame(octets: bytes) -> tuple[int, bytes]:
    """The opcode and the payload of one whole final frame. Raises ValueError for anything else."""
    size, behind = octets[1] & 0x7F, 2
    if size > 125:
        width = 2 if size == 126 else 8
        size, behind = int.from_bytes(octets[2 : 2 + width], "big"), 2 + width
    key = b"\0\0\0\0"
    if octets[1] & 0x80:
        key, behind = octets[behind : behind + 4], behind + 4
    if not octets[0] & FIN or len(octets) != behind + size:
        raise ValueError("not one whole final frame")
    return octets[0] & 0x0F, _xor(octets[behind:], key)


@dataclass(frozen=True)
class ReceiveCase:
    """Frames from a client, as reads of a socket: `count` of them, each with `size` octets of payload."""

    name: str
    opcode: int
    size: int
    count: int
    packed: bool = False
    fragments: bool = False

    def batch(self) -> tuple[Sequence[bytes], Sequence[str | bytes]]:
        """The reads, and the messages that they hold."""
        payloads = [letters(self.size) if self.opcode == TEXT else _random.randbytes(self.size)] * self.count
        if self.fragments:
            last = self.count - 1
            frames = [
                frame(CONTINUATION if i else self.opcode, payload, fin=i == last) for i, payload in enumerate(payloads)
            ]
            payloads = [b"".join(payloads)]
        else:
            frames = [frame(self.opcode, payload) for payload in payloads]
        if self.packed:
            stream = b"".join(frames)
            frames = [stream[i : i + READ] for i in range(0, len(stream), READ)]
        return frames, [payload.decode() if self.opcode == TEXT else payload for payload in payloads]


RECEIVE_CASES = (
    ReceiveCase("text 16 B", TEXT, 16, 500),
    ReceiveCase("text 125 B", TEXT, 125, 500),
    ReceiveCase("text 125 B, packed", TEXT, 125, 2000, packed=True),
    ReceiveCase("text 4 KiB", TEXT, 4 * KiB, 200),
    ReceiveCase("binary 64 KiB", BINARY, 64 * KiB, 16),
    ReceiveCase("binary 1 MiB", BINARY, MiB, 2),
    ReceiveCase("64 B fragments, packed", BINARY, 64, MiB // 64, packed=True, fragments=True),
)
