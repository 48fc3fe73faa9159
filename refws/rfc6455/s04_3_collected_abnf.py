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
# §9.1-p2-s5 MUST be a token
# §8.1-p1-s2 MUST be refused in the opening handshake, too, where it is not UTF-8 (ruling 16: outside ASCII)
_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 (no password)
# §4.3-p1-s1 MUST be allowed between parts: RFC 2616's implied white space, in lines that the host has unfolded
# §9.1-p1-s2 MUST be read by the rules of RFC 2616, white space between the parts included
_LWS = r"[ \t]*"
# §4.3-p5-s9 MUST be a token, which a token or a quoted string may follow
_PARAMETER = rf'{_LWS};{_LWS}({_TOKEN})(?:{_LWS}={_LWS}(?:({_TOKEN})|"((?:[^"\\\x00-\x1f\x7f]|\\.)*)"))?'
_token = re.compile(_TOKEN)
_parameter = re.compile(_PARAMETER)
# §4.3-p5-s6 MUST be a token and parameters, each behind a semicolon; §4.3-p5-s8 MUST be a token to be registered
# §4.3-p5-s7 MUST be the token of an extension (ruling 15: the one in use, registered or not)
# §9.1-p2-s3 MUST be a token and parameters; §9.1-p2-s4 MUST begin with the extension's token
_extension = re.compile(rf"({_TOKEN})((?:{_PARAMETER})*)")
_separator = re.compile(rf"{_LWS}(?:,{_LWS})+|{_LWS}\Z")
# §4.3-p5-s10 MUST be 1 to 9
_NZDIGIT = "[1-9]"
# §4.3-p5-s11 MUST be 0 to 255 without leading zeros (ruling 8: the comment, not the looser production)
# §11.6-p3-s2 MUST be 0 to 255
_version = re.compile(rf"[0-9]|{_NZDIGIT}[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5]")

# What section 4.2.2 says of Sec-WebSocket-Accept, section 4.3 repeats.
# §4.3-p5-s4 MUST be a letter, a digit, "+" or "/"; §4.2.2-p18-s5 MUST be one of these
_BASE64_CHARACTER = "[A-Za-z0-9+/]"
# §4.3-p5-s2 MUST be four characters; §4.2.2-p18-s3 MUST be four
_BASE64_DATA = f"{_BASE64_CHARACTER}{{4}}"
# §4.3-p5-s3 MUST be two characters and "==", or three and "="; §4.2.2-p18-s4 MUST be one of these
_BASE64_PADDING = f"(?:{_BASE64_CHARACTER}{{2}}==|{_BASE64_CHARACTER}{{3}}=)"
# §4.3-p5-s1 MUST be groups of four, padding behind them or alone; §4.2.2-p18-s2 MUST be that
_base64 = re.compile(f"(?:{_BASE64_DATA})+{_BASE64_PADDING}?|{_BASE64_PADDING}")

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
    # §9.1-p2-s2 MUST be one extension or more
    if not found:
        raise GrammarError(f"no {what} at all")
    return found


def parse_token_list(values: Iterable[str]) -> list[str]:
    """The tokens of ``1#token``. Raises `GrammarError`."""
    return [match[0] for match in _parse_list(values, _token, "token")]


def parse_extension_list(values: Iterable[str]) -> list[ExtensionParameters]:
    """The extensions of an ``extension-list``. Raises `GrammarError`."""
    # §9.1-p2-s1 MUST be a list of extensions
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
    # §9.1-p2-s6 MUST be a token when unescaped
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
    if _base64.fullmatch(value) is None:
        raise GrammarError(f"{value!r} is not base64")
    return base64.b64decode(value)
