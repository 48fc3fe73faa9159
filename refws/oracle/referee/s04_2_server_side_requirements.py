"""Section 4.2.2, as far as the server's answer shows it, with the sections on its header fields (4.3, 9.1, 11.3)."""

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Final

from refws.oracle.referee.book import Check
from refws.oracle.referee.fields import TOKEN, VERSION, check_extension_grammar, check_head, decode_base64, elements
from refws.oracle.verdict import Verdict
from refws.oracle.wire.extensions import parse_extensions
from refws.oracle.wire.http import Field, Head

__all__ = ["CLAUSES", "check_response", "check_shared_fields"]

VALID_HTTP = "rfc6455:4.2.2-p12-s1"
STATUS_101 = "rfc6455:4.2.2-p13-s1"
HTTP_VERSION = "rfc6455:11.1.1-p11-s1"
UPGRADE = "rfc6455:4.2.2-p14-s1"
CONNECTION = "rfc6455:4.2.2-p15-s1"
ACCEPT = "rfc6455:4.2.2-p16-s1"
ACCEPT_IS_RIGHT = "rfc6455:4.2.2-p16-s2"
KEY_AS_SENT = "rfc6455:4.2.2-p7-s2"
ACCEPT_GRAMMAR = "rfc6455:4.2.2-p18-s1"
ONE_ACCEPT = "rfc6455:11.3.3-p9-s1"
SUBPROTOCOL_OFFERED = "rfc6455:4.2.2-p10-s2"
NO_SUBPROTOCOL_ASKED = "rfc6455:4.2.2-p10-s3"
SUBPROTOCOL_NOT_EMPTY = "rfc6455:4.2.2-p10-s5"
SINGLE_NAME = "rfc6455:4.2.2-p10-s6"
ONE_SUBPROTOCOL_FIELD = "rfc6455:11.3.4-p9-s2"
EXTENSIONS_NOT_EMPTY = "rfc6455:4.2.2-p11-s4"
EXTENSIONS_OFFERED = "rfc6455:4.2.2-p11-s5"
ONE_EXTENSIONS_FIELD = "rfc6455:11.3.2-p9-s2"
TELLS_VERSIONS = "rfc6455:4.4-p2-s3"
VERSION_LIST = "rfc6455:4.3-p7-s4"
CLAUSES: Final = frozenset(
    (
        *(VALID_HTTP, STATUS_101, HTTP_VERSION, UPGRADE, CONNECTION),
        *(ACCEPT, ACCEPT_IS_RIGHT, KEY_AS_SENT, ACCEPT_GRAMMAR, ONE_ACCEPT),
        *(SUBPROTOCOL_OFFERED, NO_SUBPROTOCOL_ASKED, SUBPROTOCOL_NOT_EMPTY, SINGLE_NAME, ONE_SUBPROTOCOL_FIELD),
        *(EXTENSIONS_NOT_EMPTY, EXTENSIONS_OFFERED, ONE_EXTENSIONS_FIELD, TELLS_VERSIONS, VERSION_LIST),
    )
)

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_STATUS_LINE: Final = re.compile(r"HTTP/\d+\.\d+ \d{3}( .*)?\Z")


def check_response(head: Head, request: Head | None) -> Iterator[Check]:
    """All that a server's answer owes to the client's request; None where that was not seen."""
    if head.status == 101:
        yield from _switching(head, request)
        return
    accepts = head.status is not None and 200 <= head.status < 300 and head.get("Sec-WebSocket-Accept") is not None
    why = f"the status is {head.status} where the other fields accept the connection"
    if accepts:
        yield Check(STATUS_101, why, head.offset)
    yield from _versions(head, request)


def _switching(head: Head, request: Head | None) -> Iterator[Check]:
    yield Check(STATUS_101)
    yield from check_head(VALID_HTTP, head)
    if not _STATUS_LINE.match(head.start_line):
        yield Check(VALID_HTTP, f"{head.start_line!r} is no status line", head.offset)
    old = head.start_line.startswith(("HTTP/0", "HTTP/1.0"))
    yield Check(HTTP_VERSION, f"{head.words[0]} is older than HTTP/1.1" if old else "", head.offset)
    for name in ("Content-Length", "Transfer-Encoding"):
        for field in head.all(name)[:1]:
            why = f"{name} is in an answer with 101, which has no body"
            yield Check(VALID_HTTP, why, field.offset, Verdict.NON_STRICT)
    yield from _upgrade(head)
    yield from _accept(head, request)
    yield from check_shared_fields(head, request)


def check_shared_fields(head: Head, request: Head | None) -> Iterator[Check]:
    """The header fields that an answer which opens the connection has over every version of HTTP."""
    yield from _subprotocol(head, request)
    yield from _extensions(head, request)


def _upgrade(head: Head) -> Iterator[Check]:
    fields, tokens = head.all("Upgrade"), head.tokens("Upgrade")
    at = fields[0].offset if fields else head.offset
    if set(tokens) == {"websocket"}:
        why = "" if len(tokens) == 1 else f"Upgrade names websocket {len(tokens)} times"
        yield Check(UPGRADE, why, at, Verdict.NON_STRICT)
    else:
        yield Check(UPGRADE, f"Upgrade is {head.get('Upgrade')!r}" if fields else "there is no Upgrade field", at)
    fields = head.all("Connection")
    at = fields[0].offset if fields else head.offset
    why = f"Connection is {head.get('Connection')!r}" if fields else "there is no Connection field"
    yield Check(CONNECTION, "" if "upgrade" in head.tokens("Connection") else why, at)


def _accept(head: Head, request: Head | None) -> Iterator[Check]:
    fields = head.all("Sec-WebSocket-Accept")
    yield Check(ACCEPT, "" if fields else "there is no Sec-WebSocket-Accept field", head.offset)
    if not fields:
        return
    value, at = fields[0].value, fields[0].offset
    why = f"Sec-WebSocket-Accept is there {len(fields)} times" if len(fields) > 1 else ""
    yield Check(ONE_ACCEPT, why, fields[-1].offset)
    grammatical = decode_base64(value) is not None
    yield Check(ACCEPT_GRAMMAR, "" if grammatical else f"Sec-WebSocket-Accept is {value!r}, and no Base64", at)
    keys = request.all("Sec-WebSocket-Key") if request else []
    if not grammatical or len(keys) != 1:
        return
    key = keys[0].value
    nonce = decode_base64(key)
    if nonce is not None:
        decoded = value == _accept_of(nonce)
        why = f"Sec-WebSocket-Accept {value!r} is made of what the key decodes to, and not of the key as it was sent"
        yield Check(KEY_AS_SENT, why if decoded else "", at)
        if decoded:
            return
    wanted = _accept_of(key.encode("latin-1"))
    why = f"Sec-WebSocket-Accept is {value!r}, and for the key {key!r} it is {wanted!r}"
    yield Check(ACCEPT_IS_RIGHT, "" if value == wanted else why, at)


def _accept_of(key: bytes) -> str:
    return base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()  # noqa: S324 (section 4.2.2 has it)


def _subprotocol(head: Head, request: Head | None) -> Iterator[Check]:
    fields = head.all("Sec-WebSocket-Protocol")
    offered = None if request is None else [name for name, _ in elements(request.all("Sec-WebSocket-Protocol"))]
    if not fields:
        return
    why = f"Sec-WebSocket-Protocol is there {len(fields)} times" if len(fields) > 1 else ""
    yield Check(ONE_SUBPROTOCOL_FIELD, why, fields[-1].offset)
    value, at = fields[0].value, fields[0].offset
    yield Check(SUBPROTOCOL_NOT_EMPTY, "" if value else "Sec-WebSocket-Protocol is empty; none is said by no field", at)
    if not value:
        return
    single = TOKEN.match(value)
    yield Check(SINGLE_NAME, "" if single else f"Sec-WebSocket-Protocol is {value!r}, and not one token", at)
    if not single or offered is None:
        return
    if offered:
        why = f"the subprotocol {value!r} is none of those offered: {', '.join(offered)}"
        yield Check(SUBPROTOCOL_OFFERED, "" if value in offered else why, at)
    else:
        yield Check(NO_SUBPROTOCOL_ASKED, f"the subprotocol {value!r} is answered where none was offered", at)


def _extensions(head: Head, request: Head | None) -> Iterator[Check]:
    fields = head.all("Sec-WebSocket-Extensions")
    if not fields:
        return
    why = f"Sec-WebSocket-Extensions is there {len(fields)} times; erratum 3433 allows it, the text of 11.3.2 does not"
    yield Check(ONE_EXTENSIONS_FIELD, why if len(fields) > 1 else "", fields[-1].offset, Verdict.NON_STRICT)
    empty = next((field for field in fields if not field.value), None)
    why = "Sec-WebSocket-Extensions is empty; none is said by no field"
    yield Check(EXTENSIONS_NOT_EMPTY, why if empty else "", empty.offset if empty else fields[0].offset)
    yield from check_extension_grammar([field for field in fields if field.value])
    if request is not None:
        yield from _offered(fields, request)


def _offered(fields: list[Field], request: Head) -> Iterator[Check]:
    offers = {one.name for field in request.all("Sec-WebSocket-Extensions") for one in parse_extensions(field.value)}
    for field in fields:
        for extension in parse_extensions(field.value):
            why = f"the extension {extension.name!r} was not offered"
            yield Check(EXTENSIONS_OFFERED, "" if extension.name in offers else why, field.offset)


def _versions(head: Head, request: Head | None) -> Iterator[Check]:
    fields = head.all("Sec-WebSocket-Version")
    asked = request.get("Sec-WebSocket-Version") if request else None
    if head.status == 426 and asked is not None and VERSION.match(asked) and asked != "13":
        why = f"426 for version {asked} comes without a Sec-WebSocket-Version that says which there are"
        yield Check(TELLS_VERSIONS, "" if fields else why, head.offset)
    if not fields:
        return
    found = elements(fields)
    wrong = next((value for value, _ in found if not VERSION.match(value) or int(value) > 255), None)
    why = f"Sec-WebSocket-Version has {wrong!r}, no number from 0 to 255" if wrong is not None else ""
    why = why if found else "Sec-WebSocket-Version names no version"
    yield Check(VERSION_LIST, why, fields[0].offset)
