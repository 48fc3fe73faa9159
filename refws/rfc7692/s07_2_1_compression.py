"""Section 7.2.1, Compression."""

from typing import TYPE_CHECKING

from refws.rfc7692 import zlib_seam

if TYPE_CHECKING:
    import zlib

__all__ = ["Compressor"]

EMPTY_BLOCK = b"\x00\x00\xff\xff"


class Compressor:
    """Compresses the messages of one direction.

    The context is made when the first message needs it, and, without takeover, let go behind each.
    """

    __slots__ = ("_deflate", "_level", "_memory_level", "_takeover", "_window_bits")

    def __init__(self, window_bits: int, *, takeover: bool, level: int, memory_level: int) -> None:
        self._window_bits = window_bits
        self._takeover = takeover
        self._level = level
        self._memory_level = memory_level
        self._deflate: "zlib._Compress | None" = None  # noqa: UP037 (the stub's name, not the module's)

    def _context(self) -> "zlib._Compress":
        # Ruling 26: zlib has no raw DEFLATE with a window of 256 octets. What it writes with run-length matches only
        # refers to the octet before, and so fits every window.
        bits, strategy = self._window_bits, zlib_seam.Z_DEFAULT_STRATEGY
        if bits == 8:
            bits, strategy = 9, zlib_seam.Z_RLE
        # §7.2.1-p14-s1 MUST NOT exceed the client's window; §7.2.1-p15-s1 MUST NOT exceed the server's
        return zlib_seam.compressobj(self._level, zlib_seam.DEFLATED, -bits, self._memory_level, strategy)

    # §7.2.1-p1-s1 MUST be done in these steps
    def compress(self, octets: bytes, final: bool) -> bytes:
        """Compress a part of a message; `final` for its last."""
        if self._deflate is None:
            self._deflate = self._context()
        # §7.2.1-p2-s1 MUST compress all octets; §7.2.1-p3-s1 MUST end in an empty stored block
        # §7-p1-s2 MUST be DEFLATE, up to a border of octets
        # §7.2.1-p10-s2 MAY flush a fragment while data is still to come; §7.2.3.6-p1-s3 MAY be a fragment of no data
        compressed = self._deflate.compress(octets) + self._deflate.flush(zlib_seam.Z_SYNC_FLUSH)
        # §7.2.1-p10-s3 MUST NOT cut the end of any fragment but the last
        if not final:
            return compressed
        # §7.2.1-p12-s2 MAY keep the window otherwise; §7.2.1-p13-s2 MAY keep it otherwise
        # §7.2.1-p12-s1 MUST start each message with an empty one; §7.2.1-p13-s1 MUST start with an empty one
        if not self._takeover:
            self._deflate = None
        # §7.2.1-p4-s1 MUST cut the last four octets; §7.2.1-p4-s2 MUST leave the bits that begin the empty block
        return compressed[: -len(EMPTY_BLOCK)]
