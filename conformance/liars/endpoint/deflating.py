"""permessage-deflate (RFC 7692), a method for each decision."""

import zlib
from dataclasses import dataclass
from typing import Final

from conformance.liars.endpoint.http import Extension
from conformance.liars.endpoint.opening import Opening

__all__ = ["NAME", "TAIL", "Agreed", "Deflating", "TooLong"]

NAME: Final = "permessage-deflate"
TAIL: Final = b"\x00\x00\xff\xff"
_SWITCHES: Final = ("server_no_context_takeover", "client_no_context_takeover")
_WINDOWS: Final = ("server_max_window_bits", "client_max_window_bits")


class TooLong(Exception):
    """What comes out is longer than a message may be."""


@dataclass(slots=True)
class Agreed:
    """What both have agreed on, for each role."""

    bits: dict[str, int]
    takeover: dict[str, bool]


class Deflating(Opening):
    """Negotiates permessage-deflate, and compresses."""

    LONGEST = 1 << 26
    """Octets of a message."""

    deflate: Agreed | None = None
    _compressor: "zlib._Compress | None" = None
    _inflater: "zlib._Decompress | None" = None
    _history = b""

    # Negotiation

    def offer(self) -> str:
        """The client's offer."""
        return f"{NAME}; client_max_window_bits"

    def choose(self, offers: list[Extension]) -> str:
        """The first offer that can be accepted, as the server answers it."""
        for offer in offers:
            if offer.name == NAME and self.offer_is_right(offer):
                answer = Extension(NAME, self.answer_parameters(dict(offer.parameters)))
                self.take_up(answer)
                return str(answer)
        return ""

    def answer_parameters(self, offered: dict[str, str | None]) -> tuple[tuple[str, str | None], ...]:
        """The parameters of the server's answer: what the client asks for."""
        return tuple((name, offered[name]) for name in (*_SWITCHES, _WINDOWS[0]) if name in offered)

    def agree(self, chosen: list[Extension]) -> bool:
        """Take up the server's answer; whether it is valid."""
        if len(chosen) != 1 or chosen[0].name != NAME or not self.answer_is_right(chosen[0]):
            return False
        self.take_up(chosen[0])
        return True

    def offer_is_right(self, offer: Extension) -> bool:
        """Whether an offer can be accepted."""
        return self.names_are_right(offer) and all(
            self.value_is_right(name, value, in_answer=False) for name, value in offer.parameters
        )

    def answer_is_right(self, answer: Extension) -> bool:
        """Whether an answer can be taken up."""
        return self.names_are_right(answer) and all(
            self.value_is_right(name, value, in_answer=True) for name, value in answer.parameters
        )

    def names_are_right(self, one: Extension) -> bool:
        """Whether the parameters are known, and there once each."""
        names = [name for name, _ in one.parameters]
        return len(set(names)) == len(names) and set(names) <= {*_SWITCHES, *_WINDOWS}

    def value_is_right(self, name: str, value: str | None, *, in_answer: bool) -> bool:
        """Whether a parameter's value is one that it may have."""
        if name in _SWITCHES:
            return value is None
        if value is None:
            return name == _WINDOWS[1] and not in_answer
        return value in ("8", "9", "10", "11", "12", "13", "14", "15")

    def take_up(self, answer: Extension) -> None:
        """Use what was agreed on."""
        said = dict(answer.parameters)
        bits = {role: int(said.get(f"{role}_max_window_bits") or 15) for role in ("server", "client")}
        takeover = {role: f"{role}_no_context_takeover" not in said for role in ("server", "client")}
        self.deflate = Agreed(bits, takeover)

    # Sending

    def window_to_compress(self) -> int:
        """The window to compress with, as the logarithm of its size."""
        assert self.deflate is not None
        return self.deflate.bits[self.role]

    def keeps_window_to_compress(self) -> bool:
        """Whether messages are compressed with the window that the one before has left."""
        assert self.deflate is not None
        return self.deflate.takeover[self.role]

    def new_compressor(self) -> "zlib._Compress":
        """A compressor; the smallest window is one that zlib does not have, so it looks for no matches there."""
        bits = self.window_to_compress()
        strategy = zlib.Z_HUFFMAN_ONLY if bits == 8 else zlib.Z_DEFAULT_STRATEGY
        return zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -max(bits, 9), 8, strategy)

    def compress(self, payload: bytes) -> bytes:
        """A message's payload, compressed (7.2.1)."""
        if self._compressor is None or not self.keeps_window_to_compress():
            self._compressor = self.new_compressor()
        octets = self._compressor.compress(payload) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return octets.removesuffix(TAIL) or b"\x00"

    # Receiving

    def window_to_inflate(self) -> int:
        """The window to decompress with: the largest does for all."""
        return 15

    def keeps_window_to_inflate(self) -> bool:
        """Whether messages are decompressed with the window that the one before has left."""
        assert self.deflate is not None
        return self.deflate.takeover["client" if self.is_server else "server"]

    def inflate(self, payload: bytes) -> bytes:
        """A message's payload, decompressed (7.2.2). Raises zlib.error, and `TooLong`."""
        if self._inflater is None or not self.keeps_window_to_inflate():
            self._inflater = zlib.decompressobj(-self.window_to_inflate())
            self._history = b""
        if not payload:
            raise zlib.error("not a single block")
        out = bytearray()
        rest = payload + TAIL
        while True:
            out += self._inflater.decompress(rest, self.LONGEST + 1 - len(out))
            if len(out) > self.LONGEST or self._inflater.unconsumed_tail:
                raise TooLong
            self._history = (self._history + out)[-32768:]
            if not self._inflater.eof:
                return bytes(out)
            # A block had BFINAL; what follows may still look back to what came out.
            rest = self._inflater.unused_data
            self._inflater = zlib.decompressobj(-self.window_to_inflate(), zdict=self._history)
