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
SLICE = 4096
"""Octets that go in at once: zlib copies those that it leaves over each time it stops."""

# Behind a whole message more empty blocks say nothing. Within one that is cut short, they would go on with what it was
# cut in: octets come out, or an error. The longest that says nothing by itself is a table of code lengths, 286 octets.
MORE_EMPTY_BLOCKS = 60 * (b"\x00" + EMPTY_BLOCK)


class Decompressor:
    """Decompresses the messages of one direction, in pieces of at most `PIECE` octets.

    The context is made when the first message needs it, and, without takeover, let go behind each.
    """

    __slots__ = ("_complete", "_history", "_inflate", "_keeps_history", "_takeover", "_window_bits")

    def __init__(self, window_bits: int, *, takeover: bool) -> None:
        # §7.2.2-p6-s1 MAY be less than 32 KiB where that is agreed; §7.2.2-p7-s1 MAY be less where that is agreed
        self._window_bits = window_bits
        self._takeover = takeover
        self._inflate: "zlib._Decompress | None" = None  # noqa: UP037 (the stub's name, not the module's)
        # Whether nothing is due any more: what has come of a message ends with a final block.
        self._complete = False
        # What came out last: a window that zlib gives up behind a final block (ruling 27).
        self._history = bytearray()
        self._keeps_history = False

    # §7.2.2-p1-s1 MUST be done in these steps
    def decompress(self, octets: bytes) -> Iterator[bytes]:
        """Decompress a part of a message. Raises `Failure` for what is not DEFLATE."""
        try:
            for start in range(0, len(octets), SLICE):
                slice_, piece = octets[start : start + SLICE], b""
                # Behind a full piece zlib may hold more of what has gone in.
                while slice_ or len(piece) == PIECE:
                    # §7.2.1-p10-s1 MUST go on where the fragment before was cut
                    inflate = self._context()
                    # §7.2.2-p3-s1 MUST be decompressed with DEFLATE
                    # §7.2.1-p6-s1 MAY be several blocks; §7.2.1-p7-s1 MAY be blocks of any type
                    piece = inflate.decompress(slice_, PIECE)
                    self._remember(piece)
                    if piece:
                        yield piece
                    slice_ = inflate.unconsumed_tail
                    self._complete = inflate.eof
                    # §7.2.1-p8-s1 MAY be a final block
                    if inflate.eof:
                        # §7.2.1-p9-s2 MUST go on behind its padding
                        slice_, piece = inflate.unused_data, b""
                        self._inflate, self._keeps_history = None, True
        except zlib_seam.error as error:
            raise _not_deflate(str(error).rpartition(": ")[2]) from None

    def end(self) -> None:
        """The message is complete. Raises `Failure` where its compressed data is not."""
        # Ruling 27: nothing is due behind a final block that ends the message.
        if not self._complete:
            inflate = self._context()
            try:
                # §7.2.2-p2-s1 MUST append 00 00 FF FF
                due = inflate.decompress(EMPTY_BLOCK + MORE_EMPTY_BLOCKS, 1)
            except zlib_seam.error:
                due = EMPTY_BLOCK
            if due or inflate.eof:
                raise _not_deflate("it is cut short")
        self._complete = False
        # §7.2.2-p4-s1 MAY start anew without takeover; §7.2.2-p5-s1 MAY start anew without takeover
        if not self._takeover:
            self._inflate, self._keeps_history = None, False
        if not self._keeps_history:
            self._history.clear()

    def _context(self) -> "zlib._Decompress":
        # §7.2.2-p4-s2 MUST go on with the window that is there; §7.2.2-p5-s2 MUST go on with it
        if self._inflate is None:
            bits, history = -self._window_bits, bytes(self._history[-WINDOW:])
            self._inflate = zlib_seam.decompressobj(bits, history) if history else zlib_seam.decompressobj(bits)
        return self._inflate

    def _remember(self, piece: bytes) -> None:
        """Keep the last 32 KiB: of this message, and from the first final block on of all."""
        history = self._history
        history += piece[-WINDOW:]
        if len(history) > 2 * WINDOW:
            del history[:-WINDOW]


def _not_deflate(why: str) -> Failure:
    return Failure(
        "rfc7692:7.2.2-p3-s1", StatusCode.INVALID_FRAME_PAYLOAD_DATA, f"compressed data is not DEFLATE: {why}"
    )
