"""Section 4.3, Collected ABNF for the header fields of the opening handshake, and section 2.1's ASCII."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "ExtensionParameters",
    "GrammarError",
    "ascii_lowercase",
    "decode_base64",
    "format_extension_list",
    "is_token",
    "parse_extension_list",
    "parse_token_list",
    "parse_version",
]


class GrammarError(ValueError):
    """A header field value that its grammar does not produce; the text says where."""


@dataclass(frozen=True, slots=True)
class ExtensionParameters:
    """One extension in a Sec-WebSocket-Extensions field: its token, and its parameters in their order."""

    name: str
    parameters: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        written = (name if value is None else f"{name}={value}" for name, value in self.parameters)
        return "; ".join([self.name, *written])


# RFC 2616: one or more characters, none of them a control or a separator
_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 (no password)
_LWS = r"[ \t]*"
# §4.3-p5-s9 MUST be a token, which a token or a quoted string may follow
_PARAMETER = rf'{_LWS};{_LWS}({_TOKEN})(?:{_LWS}={_LWS}(?:({_TOKEN})|"((?:[^"\\\x00-\x1f\x7f]|\\.)*)"))?'
_token = re.compile(_TOKEN)
_parameter = re.compile(_PARAMETER)
# §4.3-p5-s6 MUST be a token and parameters, each behind a semicolon
_extension = re.compile(rf"({_TOKEN})((?:{_PARAMETER})*)")
_separator = re.compile(rf"{_LWS}(?:,{_LWS})+|{_LWS}\Z")
# §4.3-p5-s11 MUST be 0 to 255 without leading zeros (ruling 8: the comment, not the looser production)
_version = re.compile(r"0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5]")

# §4.3-p5-s4 MUST be of the alphabet with "+" and "/", in groups of four; padding fills up the last of them
_base64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

_UPPER_TO_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def ascii_lowercase(text: str) -> str:
    """Fold A to Z and nothing else (section 2.1)."""
    # §2.1-p7-s1 MUST touch only A to Z; §2.1-p8-s1 MUST compare all other code points exactly
    return text.translate(_UPPER_TO_LOWER)


def is_token(text: str) -> bool:
    """Whether a text is a token of RFC 2616."""
    return _token.fullmatch(text) is not None


def _parse_list(values: Iterable[str], element: re.Pattern[str], what: str) -> list[re.Match[str]]:
    """RFC 2616's ``1#element`` over one or several fields: empty elements count for nothing, and one is needed."""
    # §4.3-p1-s1 MUST be read by RFC 2616's rules, with the implied white space
    found = []
    for value in values:
        at = re.match(r"[ \t,]*", value).end()  # type: ignore[union-attr]  # it matches the empty text too
        while at < len(value):
            match = element.match(value, at)
            behind = match and _separator.match(value, match.end())
            if match is None or behind is None:
                raise GrammarError(f"no {what} at character {at + 1} of {value!r}")
            found.append(match)
            at = behind.end()
    # §4.3-p5-s5 MUST have at least one element
    if not found:
        raise GrammarError(f"no {what} at all")
    return found


def parse_token_list(values: Iterable[str]) -> list[str]:
    """The tokens of ``1#token``. Raises `GrammarError`."""
    return [match[0] for match in _parse_list(values, _token, "token")]


def parse_extension_list(values: Iterable[str]) -> list[ExtensionParameters]:
    """The extensions of an ``extension-list``. Raises `GrammarError`."""
    return [
        ExtensionParameters(match[1], tuple(_parse_parameter(p) for p in _parameter.finditer(match[2])))
        for match in _parse_list(values, _extension, "extension")
    ]


def _parse_parameter(match: re.Match[str]) -> tuple[str, str | None]:
    name, token, quoted = match.groups()
    if quoted is None:
        return name, token
    value = re.sub(r"\\(.)", r"\1", quoted)
    # §4.3-p5-s9 MUST be a token once the quotes are gone
    if not is_token(value):
        raise GrammarError(f"the quoted value of {name} is no token")
    return name, value


def format_extension_list(extensions: Iterable[ExtensionParameters]) -> str:
    """The value of a Sec-WebSocket-Extensions field."""
    return ", ".join(map(str, extensions))


def parse_version(value: str) -> int:
    """A version number. Raises `GrammarError`."""
    if _version.fullmatch(value) is None:
        raise GrammarError(f"{value!r} is no version number")
    return int(value)


def decode_base64(value: str) -> bytes:
    """Decode a ``base64-value-non-empty``. Raises `GrammarError`.

    Ruling 2: bits behind the last octet need not be zero.
    """
    # §4.3-p4-s1 MUST have at least one octet
    if not value or _base64.fullmatch(value) is None:
        raise GrammarError(f"{value!r} is not base64")
    return base64.b64decode(value)
