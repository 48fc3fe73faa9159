"""Grammars that header fields of both handshakes share (section 4.3), and what a valid HTTP head is."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from refws.oracle.referee.book import Check
from refws.oracle.verdict import Verdict
from refws.oracle.wire.extensions import parse_extensions
from refws.oracle.wire.http import Field, Head

__all__ = ["CLAUSES", "TOKEN", "VERSION", "check_extension_grammar", "check_head", "decode_base64", "elements"]

TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
VERSION: Final = re.compile(r"(0|[1-9][0-9]{0,2})\Z")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

ONE_OR_MORE = "rfc6455:9.1-p2-s2"
NAME_FIRST = "rfc6455:9.1-p2-s3"
PARAMETERS = "rfc6455:9.1-p2-s6"
CLAUSES: Final = frozenset({ONE_OR_MORE, NAME_FIRST, PARAMETERS})


def elements(fields: list[Field]) -> list[tuple[str, int]]:
    """The elements of list fields, each with the offset of its line; empty ones, which the rule allows, left out."""
    found = [(part.strip(" \t"), field.offset) for field in fields for part in field.value.split(",")]
    return [one for one in found if one[0]]


def decode_base64(value: str) -> bytes | None:
    """The octets; None for what is no Base64 of section 4.3. Bits behind the last octet may be anything (ruling 2)."""
    if not _BASE64.match(value):
        return None
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return None


def check_head(clause: str, head: Head) -> Iterator[Check]:
    """That a head is HTTP; what only RFC 2616 still had, such as folded lines, is NON-STRICT."""
    yield Check(clause)
    for offset, what in head.odd:
        dated = (offset, what) in head.dated
        yield Check(clause, f"this is no HTTP: {what}", offset, Verdict.NON_STRICT if dated else None)
    for field in head.fields:
        if field.name and not TOKEN.match(field.name):
            yield Check(clause, f"{field.name!r} is no name of a header field", field.offset)
        if _CONTROLS.search(field.value):
            yield Check(clause, f"there are control characters in the value of {field.name}", field.offset)


def check_extension_grammar(fields: list[Field]) -> Iterator[Check]:
    """Sec-WebSocket-Extensions, by the grammar of section 9.1."""
    for field in fields:
        found = parse_extensions(field.value)
        yield Check(ONE_OR_MORE, "" if found else "Sec-WebSocket-Extensions names no extension", field.offset)
        for extension in found:
            named = TOKEN.match(extension.name)
            yield Check(NAME_FIRST, "" if named else f"{extension.name!r} is no name of an extension", field.offset)
            odd = extension.odd if named else ()
            yield Check(PARAMETERS, f"in {extension.name}, {odd[0]}" if odd else "", field.offset)
