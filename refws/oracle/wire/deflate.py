"""DEFLATE as permessage-deflate has it (RFC 7692, section 7.2), with windows as small as a case wants them."""

import zlib
from typing import Final

__all__ = ["TAIL", "Deflater", "Inflater"]

TAIL: Final = b"\x00\x00\xff\xff"
"""The end of an empty stored block, which a sender takes off and a receiver puts back."""


class Deflater:
    """Compresses messages for a peer with a window of 2**`window_bits` octets.

    With `takeover` the window is kept from message to message. zlib has no window of 8 bits for raw DEFLATE, and its
    one of 9 looks back too far for it: then matches reach one octet back at most.
    """

    def __init__(self, window_bits: int = 15, *, takeover: bool = True, level: int = 6) -> None:
        self._bits, self._takeover, self._level = window_bits, takeover, level
        self._compressor = self._new()

    def _new(self) -> "zlib._Compress":
        strategy = zlib.Z_RLE if self._bits == 8 else zlib.Z_DEFAULT_STRATEGY
        return zlib.compressobj(self._level, zlib.DEFLATED, -max(self._bits, 9), 8, strategy)

    def message(self, payload: bytes) -> bytes:
        """A message, as 7.2.1 has it: flushed, and without the tail."""
        if not self._takeover:
            self._compressor = self._new()
        octets = self._compressor.compress(payload) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return octets.removesuffix(TAIL) or b"\x00"

    def finished(self, payload: bytes) -> bytes:
        """A message whose last block has BFINAL, followed by an empty stored block's first octet (7.2.3.4)."""
        octets = self._compressor.compress(payload) + self._compressor.flush(zlib.Z_FINISH)
        self._compressor = self._new()
        return octets + b"\x00"


class Inflater:
    """Inflates messages of a peer whose window has 2**`window_bits` octets; `zlib.error` for what is no DEFLATE.

    A distance beyond the window is such an error, too.
    """

    def __init__(self, window_bits: int = 15, *, takeover: bool = True) -> None:
        self._bits, self._takeover = window_bits, takeover
        self._inflater = zlib.decompressobj(-window_bits)

    def message(self, payload: bytes) -> bytes:
        """A message's payload, its frames' joined. Raises `zlib.error`."""
        if not self._takeover:
            self._inflater = zlib.decompressobj(-self._bits)
        out = bytearray()
        rest = payload + TAIL
        while rest:
            out += self._inflater.decompress(rest)
            rest = self._inflater.unused_data
            if not self._inflater.eof:
                break
            # BFINAL was set (7.2.3.4): the next block begins a new stream over the same window.
            self._inflater = zlib.decompressobj(-self._bits, zdict=bytes(out[-(1 << self._bits) :]))
        return bytes(out)
