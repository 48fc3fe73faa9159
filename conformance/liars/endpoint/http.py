"""HTTP heads and the header fields of the opening handshake, read strictly."""

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Extension", "Fields", "Head", "head_octets", "is_token", "read_extensions", "read_head"]

Fields = list[tuple[str, str]]

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PARAMETER: Final = re.compile(
    r"\s*(?P<name>[^\s;,=\"]+)\s*(?:=\s*(?P<value>[^\s;,=\"]+|\"(?:[^\"\\]|\\.)*\"))?\s*(?P<end>[;,]|$)"
)
_MOST_OCTETS: Final = 32768


def is_token(text: str) -> bool:
    """Whether it is what HTTP calls a token."""
    return _TOKEN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Head:
    """A request's or a response's start line and header fields."""

    start: str
    fields: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """The values of all fields of that name."""
        return [value for known, value in self.fields if known.lower() == name.lower()]

    def value(self, name: str) -> str:
        """The values of all fields of that name, joined."""
        return ", ".join(self.values(name))

    def elements(self, name: str) -> list[str]:
        """The elements of a list."""
        return [element for part in ",".join(self.values(name)).split(",") if (element := part.strip(" \t"))]

    def has(self, name: str, word: str) -> bool:
        """Whether a list has an element, whatever its case."""
        return word in (element.lower() for element in self.elements(name))


def read_head(buffer: bytes) -> tuple[Head, bytes] | None:
    """The head at the beginning, and what follows; None while it is not whole. Raises ValueError for what is none."""
    octets, end, rest = buffer.partition(b"\r\n\r\n")
    if not end:
        if len(buffer) > _MOST_OCTETS or b"\n\n" in buffer:
            raise ValueError("no head of HTTP")
        return None
    start, *lines = octets.decode("latin-1").split("\r\n")
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not is_token(name) or "\n" in value or "\r" in value or "\0" in value:
            raise ValueError(f"no header field: {line!r}")
        fields.append((name, value.strip(" \t")))
    return Head(start, tuple(fields)), rest


def head_octets(start: str, fields: Fields) -> bytes:
    """A head as it is written."""
    return "\r\n".join([start, *(f"{name}: {value}" for name, value in fields), "", ""]).encode("latin-1")


@dataclass(frozen=True, slots=True)
class Extension:
    """An element of Sec-WebSocket-Extensions; a parameter without a value has None."""

    name: str
    parameters: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        said = [name if value is None else f"{name}={value}" for name, value in self.parameters]
        return "; ".join([self.name, *said])


def read_extensions(value: str) -> list[Extension]:
    """The elements of Sec-WebSocket-Extensions (section 9.1). Raises ValueError for what its grammar does not have."""
    found: list[Extension] = []
    parts: list[tuple[str, str | None]] = []
    at = 0
    # A list may have elements of nothing.
    value = re.sub(r"(?<=,)(?:\s*,)+", "", value.strip(" \t,")) if '"' not in value else value
    while True:
        match = _PARAMETER.match(value, at)
        if match is None:
            raise ValueError(f"no extensions: {value!r}")
        name, raw = match["name"], match["value"]
        if raw is not None and raw[0] == '"':
            raw = re.sub(r"\\(.)", r"\1", raw[1:-1])
        if not is_token(name) or (raw is not None and (not parts or not is_token(raw))):
            raise ValueError(f"no extensions: {value!r}")
        parts.append((name, raw))
        if match["end"] != ";":
            found.append(Extension(parts[0][0], tuple(parts[1:])))
            parts = []
        if not match["end"]:
            return found
        at = match.end()
