"""Payloads as Autobahn logs them, made exact again: text where the octets are UTF-8, hexadecimal where they are not."""

import re
from dataclasses import dataclass
from typing import Final

# Autobahn logs the first 64 octets and marks the cut, also where nothing was left to cut (61 to 64 octets).
_LOGGED_OCTETS: Final = 64
_CUT_MARK: Final = " ..."
_HEXADECIMAL: Final = re.compile(r"0x((?:[0-9a-f]{2})*)")


@dataclass(frozen=True, slots=True)
class Payload:
    """The beginning of a payload: the octets that the log has, and how many follow (None: some, uncounted)."""

    shown: bytes
    hidden: int | None = 0

    def to_page(self) -> list[object]:
        """Give the form the page reads: "t" and text or "x" and hexadecimal, then the octets that follow (-1: some)."""
        hidden = -1 if self.hidden is None else self.hidden
        try:
            return ["t", self.shown.decode("utf-8"), hidden]
        except UnicodeDecodeError:
            return ["x", self.shown.hex(), hidden]


def from_log(logged: str, length: int | None = None) -> Payload:
    """Read a payload from a log, where `length` is its octets in full if the log says so.

    Autobahn writes octets that its Python could not decode as "0x" and hexadecimal, so text that looks like this is
    told apart by its length. Its Python also decoded UTF-16 surrogates in UTF-8, which is no UTF-8.
    """
    cut = logged.endswith(_CUT_MARK) and (length is None or length > _LOGGED_OCTETS - len(_CUT_MARK))
    readings = _readings(logged.removesuffix(_CUT_MARK) if cut else logged)
    if length is None:
        shown = readings[0]
        return Payload(shown, None if cut and len(shown) >= _LOGGED_OCTETS else 0)
    wanted = min(length, _LOGGED_OCTETS)
    shown = next((octets for octets in readings if len(octets) == wanted), readings[0])
    return Payload(shown, max(0, length - len(shown)))


def _readings(logged: str) -> list[bytes]:
    """Give the octets a logged text can stand for, the likeliest first."""
    hexadecimal = _HEXADECIMAL.fullmatch(logged)
    return [
        *([bytes.fromhex(hexadecimal[1])] if hexadecimal else []),
        logged.encode("utf-8", "surrogatepass"),
        b"".join(surrogate.encode("utf-8", "surrogatepass") for surrogate in _utf16_units(logged)),
    ]


def _utf16_units(text: str) -> list[str]:
    """Part text into UTF-16 code units, each a character of its own: surrogates where a character needs a pair."""
    octets = text.encode("utf-16-le", "surrogatepass")
    return [octets[i : i + 2].decode("utf-16-le", "surrogatepass") for i in range(0, len(octets), 2)]
