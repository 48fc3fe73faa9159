"""DEFLATE (RFC 1951) as permessage-deflate has it (RFC 7692, section 7.2), written by zlib and read strictly.

What zlib does not do by itself is done here: a window of 256 octets, a window that lives on behind a final block, a
check of every distance, and a name for what is wrong.
"""

import enum
import zlib
from collections import deque
from typing import Final

__all__ = ["TAIL", "WINDOW", "Deflater", "Fault", "Inflater", "NotDeflate"]

TAIL: Final = b"\x00\x00\xff\xff"
"""The end of an empty stored block, which a sender takes off and a receiver puts back."""
WINDOW: Final = 1 << 15
"""The largest window, in octets."""
MOST: Final = 1 << 28
"""A message that inflates to more octets than that is not inflated further: a bomb."""
NEAR: Final = ((1 << 12, 1), (1 << 16, 32))
"""With a window of less than 32 KiB each distance is checked: (the octets up to which it may exceed the window by less
than so many octets, unseen). Behind them, what reaches two windows back is still always seen."""

# Behind a whole message more empty blocks say nothing. Within one that is cut short they would go on with what it was
# cut in: octets come out, or an error. The longest that says nothing by itself is a table of code lengths, 286 octets.
_MORE: Final = 60 * (b"\x00" + TAIL)


class Deflater:
    """Compresses messages for a peer with a window of 2**`window_bits` octets.

    With `takeover` the window is kept from message to message. zlib has no window of 8 bits for raw DEFLATE, and its
    one of 9 looks back too far for it: then matches reach one octet back at most. `level` (0 for stored blocks) and
    `strategy` are zlib's.
    """

    def __init__(
        self, window_bits: int = 15, *, takeover: bool = True, level: int = 6, strategy: int = zlib.Z_DEFAULT_STRATEGY
    ) -> None:
        self._bits, self._takeover, self._level = window_bits, takeover, level
        self._strategy = zlib.Z_RLE if window_bits == 8 else strategy
        self._compressor = self._new()

    def _new(self) -> "zlib._Compress":
        return zlib.compressobj(self._level, zlib.DEFLATED, -max(self._bits, 9), 8, self._strategy)

    def message(self, payload: bytes) -> bytes:
        """A message, as 7.2.1 has it: flushed, and without the tail."""
        return self.parts(payload)[0]

    def parts(self, *payloads: bytes) -> list[bytes]:
        """A message in parts, each flushed, so that each can be a fragment; only the last is without its tail."""
        if not self._takeover:
            self._compressor = self._new()
        parts = [self._compressor.compress(one) + self._compressor.flush(zlib.Z_SYNC_FLUSH) for one in payloads]
        parts[-1] = parts[-1].removesuffix(TAIL) or b"\x00"
        return parts

    def finished(self, payload: bytes) -> bytes:
        """A message whose last block has BFINAL, followed by an empty stored block's first octet (7.2.3.4)."""
        octets = self._compressor.compress(payload) + self._compressor.flush(zlib.Z_FINISH)
        self._compressor = self._new()
        return octets + b"\x00"


class Fault(enum.StrEnum):
    """What is wrong with a compressed message."""

    GARBAGE = "it is not DEFLATE"
    WINDOW = "it refers to octets beyond the agreed window"
    TAKEOVER = "it refers to octets of a message before, and no takeover was agreed on"
    CUT_SHORT = "it ends within a block"
    NO_EMPTY_BLOCK = "no empty stored block follows its final block"
    TAIL_KEPT = "the octets 00 00 FF FF are left at its end"
    EMPTY = "it has no octet, and 00 is the least there can be"
    TOO_LONG = "it inflates to more than 256 MiB"


class NotDeflate(zlib.error):
    """A message that does not inflate; `fault` says why."""

    def __init__(self, fault: Fault, why: str = "") -> None:
        super().__init__(f"{fault}: {why}" if why else str(fault))
        self.fault = fault


class Inflater:
    """Inflates messages of a peer whose window has 2**`window_bits` octets.

    `fault` is what was wrong with the last message, also where its payload is beyond doubt; None if it was right. After
    a message that is wrong the window holds what had come out.
    """

    def __init__(self, window_bits: int = 15, *, takeover: bool = True) -> None:
        self._bits, self._takeover = window_bits, takeover
        self._history: deque[bytes] = deque()  # what came out last, at least a window of it
        self._held = 0
        self._stepped = 0  # octets that came out in steps
        self._stream = zlib.decompressobj(-window_bits)
        self.fault: Fault | None = None

    def message(self, payload: bytes) -> bytes:
        """A message's payload, its frames' joined. Raises `NotDeflate`."""
        if not self._takeover:
            self._stream = zlib.decompressobj(-self._bits)
        self.fault = None
        out = bytearray()
        try:
            self._feed(payload, out)
            self.fault = self._end(payload)
        except NotDeflate as error:
            self.fault = error.fault
            raise
        except zlib.error as error:
            self.fault, known = self._explain(payload)
            if known is None:
                raise NotDeflate(self.fault, str(error).rpartition(": ")[2]) from None
            out = bytearray(known)
        finally:
            self._remember(bytes(out))
            if self.fault is not None:
                self._stream = zlib.decompressobj(-self._bits, zdict=b"".join(self._history))
        return bytes(out)

    def _feed(self, octets: bytes, out: bytearray) -> None:
        """Inflate octets that end nowhere in particular."""
        while octets:
            if self._bits == 15:
                out += self._stream.decompress(octets, MOST + 1 - len(out))
            else:
                self._step(octets, out)
            if len(out) > MOST:
                raise NotDeflate(Fault.TOO_LONG)
            octets = b""
            if self._stream.eof and self._stream.unused_data:
                # BFINAL was set (7.2.3.4): the next block begins a new stream over the same window.
                octets = self._stream.unused_data
                self._anew(out)

    def _step(self, octets: bytes, out: bytearray) -> None:
        """Inflate in steps: zlib checks a distance against what came out before the step, and no window more."""
        at = 0
        while at < len(octets):
            most = next((step for upto, step in NEAR if self._stepped < upto), 1 << self._bits)
            given = octets[at : at + 32 + most]
            at += len(given)
            piece = b""
            # Behind the end of a stream zlib takes nothing more from what it was given.
            while (given or len(piece) == most) and not self._stream.eof:
                piece = self._stream.decompress(given, most)
                out += piece
                self._stepped += len(piece)
                given = self._stream.unconsumed_tail
            if self._stream.eof:
                left = self._stream.unused_data + octets[at:]
                if left:
                    self._anew(out)
                    self._feed(left, out)
                return

    def _anew(self, out: bytearray) -> None:
        before = b"".join(self._history) if self._takeover else b""
        self._stream = zlib.decompressobj(-self._bits, zdict=(before + out)[-(1 << self._bits) :])

    def _end(self, payload: bytes) -> Fault | None:
        """Put the tail back, and see that it ends what was there."""
        if not payload:
            return Fault.EMPTY
        if self._stream.eof:
            return Fault.NO_EMPTY_BLOCK
        if payload.endswith(TAIL):
            probe = self._stream.copy()
            if not probe.decompress(b"\x03\x00") and probe.eof and not probe.unused_data:
                return Fault.TAIL_KEPT
        try:
            due = self._stream.decompress(TAIL + _MORE, 1)
        except zlib.error:
            return Fault.CUT_SHORT
        return Fault.CUT_SHORT if due or self._stream.eof else None

    def _explain(self, payload: bytes) -> tuple[Fault, bytes | None]:
        """Why a message does not inflate, and what its sender meant, where that can be known."""
        history = b"".join(self._history)
        try:
            meant = zlib.decompressobj(-15, zdict=history).decompress(payload, MOST)
        except zlib.error:
            return Fault.GARBAGE, None
        if self._takeover:
            return Fault.WINDOW, meant
        try:
            zlib.decompressobj(-15).decompress(payload, MOST)
        except zlib.error:
            return Fault.TAKEOVER, meant
        return Fault.WINDOW, meant

    def _remember(self, out: bytes) -> None:
        if not out:
            return
        self._history.append(out[-WINDOW:])
        self._held += len(self._history[-1])
        while self._held - len(self._history[0]) >= WINDOW:
            self._held -= len(self._history.popleft())
