"""Section 7.2.2, Decompression."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from refws.failure import Failure
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc7692 import zlib_seam

if TYPE_CHECKING:
    import zlib

__all__ = ["Decompressor"]

EMPTY_BLOCK = b"\x00\x00\xff\xff"
WINDOW = 32768
PIECE = 65536
"""Octets that come out of the decompressor at once; whoever takes them can stop in between."""


class Decompressor:
    """Decompresses the messages of one direction, in pieces of at most `PIECE` octets.

    The context is made when the first message needs it, and, without takeover, let go behind each.
    """

    __slots__ = ("_history", "_inflate", "_keeps_history", "_takeover", "_window_bits")

    def __init__(self, window_bits: int, *, takeover: bool) -> None:
        # §7.2.2-p6-s2 MUST use 32 KiB where nothing else is agreed; §7.2.2-p7-s2 MUST use 32 KiB
        self._window_bits = window_bits
        self._takeover = takeover
        self._inflate: "zlib._Decompress | None" = None  # noqa: UP037 (the stub's name, not the module's)
        # What came out last: a window that zlib gives up behind a final block (ruling 27).
        self._history: list[bytes] = []
        self._keeps_history = False

    def decompress(self, octets: bytes) -> Iterator[bytes]:
        """Decompress a part of a message. Raises `Failure` for what is not DEFLATE."""
        try:
            while octets:
                if self._inflate is None:
                    self._inflate = self._context()
                piece = self._inflate.decompress(octets, PIECE)
                self._remember(piece)
                if piece:
                    yield piece
                if self._inflate.eof:
                    # §7.2.1-p8-s1 MAY be a final block; §7.2.1-p9-s2 MUST go on behind its padding
                    octets = self._inflate.unused_data
                    self._inflate, self._keeps_history = None, True
                else:
                    octets = self._inflate.unconsumed_tail
        except zlib_seam.error as error:
            why = f"compressed data is not DEFLATE: {str(error).rpartition(': ')[2]}"
            raise Failure("rfc7692:7.2.2-p3-s1", StatusCode.INVALID_FRAME_PAYLOAD_DATA, why) from None

    def end(self) -> Iterator[bytes]:
        """The rest of a message."""
        # §7.2.2-p2-s1 MUST append 00 00 FF FF (ruling 27: behind a final block that ends the message nothing is due)
        if self._inflate is not None:
            yield from self.decompress(EMPTY_BLOCK)
        # §7.2.2-p4-s2 MUST keep the window with takeover; §7.2.2-p5-s2 MUST keep the window with takeover
        if not self._takeover:
            self._inflate, self._keeps_history = None, False
        if not self._keeps_history:
            self._history.clear()

    def _context(self) -> "zlib._Decompress":
        history = b"".join(self._history)[-WINDOW:] if self._keeps_history else b""
        bits = -self._window_bits
        return zlib_seam.decompressobj(bits, history) if history else zlib_seam.decompressobj(bits)

    def _remember(self, piece: bytes) -> None:
        """Keep the last 32 KiB: of this message, and from the first final block on of all."""
        self._history.append(piece)
        if len(self._history) > 1 and sum(map(len, self._history[1:])) >= WINDOW:
            del self._history[0]
        elif len(self._history) > 64:
            self._history = [b"".join(self._history)[-WINDOW:]]
