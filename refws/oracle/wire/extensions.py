"""The Sec-WebSocket-Extensions header (section 9.1), read whatever it is, and what is wrong in it."""

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Extension", "parse_extensions"]

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_SPLIT: Final = re.compile(r'((?:[^",;]|"(?:[^"\\]|\\.)*"?)*)([,;]|\Z)')


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension with its parameters in their order; the value of one without a value is None.

    `odd` says what is not of the header's grammar in it, one sentence each.
    """

    name: str
    parameters: tuple[tuple[str, str | None], ...] = ()
    odd: tuple[str, ...] = ()

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of a parameter; the default where it is absent, the empty text where it has none."""
        return next((value or "" for known, value in self.parameters if known == name), default)

    def __contains__(self, name: str) -> bool:
        return any(known == name for known, _ in self.parameters)


def parse_extensions(value: str) -> list[Extension]:
    """The elements of the header's value, in their order; an element of nothing is left out."""
    elements: list[list[str]] = [[]]
    for match in _SPLIT.finditer(value):
        elements[-1].append(match[1].strip(" \t"))
        if match[2] == ",":
            elements.append([])
        elif not match[2]:
            break
    return [_extension(parts) for parts in elements if any(parts)]


def _extension(parts: list[str]) -> Extension:
    name, *rest = parts
    odd = [] if _TOKEN.match(name) else [f"{name!r} is no token"]
    parameters: list[tuple[str, str | None]] = []
    for part in rest:
        key, equals, raw = part.partition("=")
        key, raw = key.strip(" \t"), raw.strip(" \t")
        if not _TOKEN.match(key):
            odd.append(f"{key!r} is no token")
        if raw[:1] == '"':
            # what is not closed is no quoted string, so its mark stays in the value
            closed = len(raw) > 1 and raw[-1] == '"'
            unquoted = re.sub(r"\\(.)", r"\1", raw[1:-1])
            if not closed or not _TOKEN.match(unquoted):
                odd.append(f"{raw} does not hold a token in quotation marks")
            raw = unquoted if closed else raw
        elif equals and not _TOKEN.match(raw):
            odd.append(f"{raw!r} is no token")
        parameters.append((key, raw if equals else None))
    return Extension(name, tuple(parameters), tuple(odd))
