"""DEFLATE (RFC 1951) written block by block, where a case wants another than zlib would write."""

from typing import Final

__all__ = ["Blocks"]

_FIXED: Final = ((280, 0xC0, 8), (256, 0, 7), (144, 0x190, 9), (0, 0x30, 8))
"""The fixed codes: (the first symbol, its code, the bits of the codes from there on), from the last row up."""


class Blocks:
    """DEFLATE written block by block, with every symbol as it is wanted; the methods can be chained."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._held = self._count = 0  # bits that make no octet yet

    def _put(self, value: int, count: int) -> None:
        self._held |= value << self._count
        self._count += count
        whole = self._count // 8
        self._octets += (self._held & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
        self._held >>= 8 * whole
        self._count -= 8 * whole

    def _code(self, code: int, count: int) -> None:
        self._put(int(f"{code:0{count}b}"[::-1], 2), count)

    def _symbol(self, symbol: int) -> None:
        first, code, count = next(row for row in _FIXED if symbol >= row[0])
        self._code(code + symbol - first, count)

    def pad(self) -> "Blocks":
        """Zero bits up to the border of an octet."""
        if self._count:
            self._put(0, 8 - self._count)
        return self

    def stored(self, octets: bytes = b"", *, final: bool = False) -> "Blocks":
        """A stored block of at most 65535 octets."""
        self._put(final, 3)
        self.pad()
        size = len(octets)
        self._octets += size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + octets
        return self

    def fixed(self, *symbols: bytes | tuple[int, int], final: bool = False) -> "Blocks":
        """A block with the fixed codes: octets are literals, a pair is a match's length (3 to 258) and distance."""
        self._put(final | 2, 3)
        for symbol in symbols:
            if isinstance(symbol, bytes):
                for octet in symbol:
                    self._symbol(octet)
            else:
                self._match(*symbol)
        self._symbol(256)
        return self.pad() if final else self

    def _match(self, length: int, distance: int) -> None:
        rest, extra = length - 3, max((length - 3).bit_length() - 3, 0)
        self._symbol(285 if length == 258 else 257 + 4 * extra + (rest >> extra))
        self._put(0 if length == 258 else rest & ((1 << extra) - 1), 0 if length == 258 else extra)
        back, extra = distance - 1, max((distance - 1).bit_length() - 2, 0)
        self._code(2 * extra + (back >> extra), 5)
        self._put(back & ((1 << extra) - 1), extra)

    def octets(self) -> bytes:
        """What was written, up to a whole octet."""
        return bytes(self.pad()._octets)

    def message(self) -> bytes:
        """A message's payload: behind the blocks is the first octet of an empty stored one, without its tail."""
        self._put(0, 3)
        return self.octets()
