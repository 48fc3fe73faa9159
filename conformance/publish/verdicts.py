"""Autobahn's verdicts: their order and how good they are."""

from collections.abc import Iterable
from typing import Final

# The best first.
_ORDER: Final = (
    "OK",
    "NON-STRICT",
    "INFORMATIONAL",
    "UNIMPLEMENTED",
    "WRONG CODE",
    "UNCLEAN",
    "FAILED BY CLIENT",
    "FAILED",
)

# What a verdict is shown as; any other verdict is shown as bad.
TONES: Final = {
    "OK": "good",
    "INFORMATIONAL": "info",
    "UNIMPLEMENTED": "void",
    "NON-STRICT": "weak",
    "WRONG CODE": "weak",
    "FAILED BY CLIENT": "weak",
}


def in_order(verdicts: Iterable[str]) -> list[str]:
    """Sort different verdicts, the best first; a verdict that this harness does not know stands behind the others."""
    return sorted(set(verdicts), key=lambda verdict: (_place(verdict), verdict))


def tone(verdict: str) -> str:
    """Give the tone a verdict is shown in: "good", "weak", "info", "void" or "bad"."""
    return TONES.get(verdict, "bad")


def _place(verdict: str) -> int:
    return _ORDER.index(verdict) if verdict in _ORDER else len(_ORDER)
