"""The parameters of permessage-deflate (RFC 7692, section 7.1): what is valid, and an honest answer to an offer."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from refws.oracle.wire.extensions import Extension

__all__ = ["BITS", "NAME", "Invalid", "Kind", "Parameters", "honest_answer", "invalid_in", "offers_of"]

NAME: Final = "permessage-deflate"
FLAGS: Final = ("server_no_context_takeover", "client_no_context_takeover")
WINDOWS: Final = ("server_max_window_bits", "client_max_window_bits")
BITS: Final = tuple(str(bits) for bits in range(8, 16))
"""The values that the size of a window may have."""


class Kind(enum.Enum):
    """Why parameters are not valid, in the order of the list in section 7."""

    UNKNOWN = enum.auto()
    VALUE = enum.auto()
    REPEATED = enum.auto()


@dataclass(frozen=True, slots=True)
class Invalid:
    """A parameter that is not valid in an offer, or in an answer; `value` is None where it has none."""

    kind: Kind
    name: str
    value: str | None = None

    def __str__(self) -> str:
        if self.kind is Kind.UNKNOWN:
            return f"{NAME} has no parameter {self.name}"
        if self.kind is Kind.REPEATED:
            return f"{self.name} stands there more than once"
        said = "has no value" if self.value is None else f"has the value {self.value!r}"
        return f"{self.name} {said}, and {'none is right' if self.name in FLAGS else 'a number from 8 to 15 is right'}"


def invalid_in(extension: Extension, *, answer: bool) -> list[Invalid]:
    """What is not valid in an offer of permessage-deflate, or in an answer."""
    found = [_judged(name, value, answer) for name, value in extension.parameters]
    names = [name for name, _ in extension.parameters]
    repeated = [Invalid(Kind.REPEATED, name) for name in dict.fromkeys(names) if names.count(name) > 1]
    return [one for one in found if one is not None] + repeated


def _judged(name: str, value: str | None, answer: bool) -> Invalid | None:
    if name in FLAGS:
        return None if value is None else Invalid(Kind.VALUE, name, value)
    if name not in WINDOWS:
        return Invalid(Kind.UNKNOWN, name, value)
    bare = value is None and name == "client_max_window_bits" and not answer
    return None if bare or value in BITS else Invalid(Kind.VALUE, name, value)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Valid parameters; None for a window that is not limited, and `hinted` where client_max_window_bits is there."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int | None = None
    client_max_window_bits: int | None = None
    hinted: bool = False

    @classmethod
    def of(cls, extension: Extension) -> "Parameters":
        """Read what is valid."""
        server, client = (extension.get(name) for name in WINDOWS)
        return cls(
            "server_no_context_takeover" in extension,
            "client_no_context_takeover" in extension,
            int(server) if server else None,
            int(client) if client else None,
            "client_max_window_bits" in extension,
        )

    def __str__(self) -> str:
        parts = [NAME]
        parts += [name for name in FLAGS if getattr(self, name)]
        parts += [f"{name}={bits}" for name in WINDOWS if (bits := getattr(self, name)) is not None]
        return "; ".join(parts)


def offers_of(extensions: Iterable[Extension]) -> list[Extension]:
    """The valid offers of permessage-deflate, in their order."""
    named = [extension for extension in extensions if extension.name == NAME]
    return [offer for offer in named if not invalid_in(offer, answer=False)]


def honest_answer(wanted: Extension, offers: Iterable[Extension]) -> str | None:
    """An answer with the parameters wanted, and what the client asks for besides; None where no offer allows them.

    A window that the client asks for, or hints at, is not exceeded.
    """
    mine = Parameters.of(wanted)
    for offer in offers_of(offers):
        asked = Parameters.of(offer)
        if mine.client_max_window_bits is not None and not asked.hinted:
            continue
        return str(
            Parameters(
                mine.server_no_context_takeover or asked.server_no_context_takeover,
                mine.client_no_context_takeover,
                _least(mine.server_max_window_bits, asked.server_max_window_bits),
                mine.client_max_window_bits and _least(mine.client_max_window_bits, asked.client_max_window_bits),
            )
        )
    return None


def _least(*limits: int | None) -> int | None:
    return min((bits for bits in limits if bits is not None), default=None)
