"""Section 4.1, as far as the client's request shows it, with the sections on its header fields (4.3, 9.1, 11.3)."""

import re
from collections.abc import Iterator
from typing import Final

from refws.oracle.referee.book import Check
from refws.oracle.referee.fields import TOKEN, VERSION, check_extension_grammar, check_head, decode_base64, elements
from refws.oracle.verdict import Verdict
from refws.oracle.wire.extensions import parse_extensions
from refws.oracle.wire.http import Head

__all__ = ["CLAUSES", "check_early_data", "check_request", "check_shared_fields", "is_websocket"]

VALID_HTTP = "rfc6455:4.1-p22-s1"
GET = "rfc6455:4.1-p23-s1/1"
HTTP_VERSION = "rfc6455:4.1-p23-s1/2"
TARGET = "rfc6455:4.1-p25-s1"
NO_FRAGMENT = "rfc6455:3-p11-s1"
PERCENT_ENCODED = "rfc6455:11.1.1-p9-s1"
HOST = "rfc6455:4.1-p26-s1"
UPGRADE = "rfc6455:4.1-p27-s1"
CONNECTION = "rfc6455:4.1-p28-s1"
KEY = "rfc6455:4.1-p29-s1"
KEY_OF_16_OCTETS = "rfc6455:4.1-p29-s2"
KEY_NOT_EMPTY = "rfc6455:4.3-p4-s1"
KEY_ALPHABET = "rfc6455:4.3-p5-s4"
ONE_KEY = "rfc6455:11.3.1-p9-s1"
ORIGIN = "rfc6455:4.1-p31-s3"
VERSION_FIELD = "rfc6455:4.1-p33-s1"
VERSION_13 = "rfc6455:4.1-p33-s2"
ONE_VERSION_NUMBER = "rfc6455:4.3-p4-s4"
VERSION_NUMBER = "rfc6455:4.3-p5-s11"
ONE_VERSION_FIELD = "rfc6455:11.3.5-p10-s2"
SUBPROTOCOL_NAMES = "rfc6455:4.1-p35-s3/1"
SUBPROTOCOLS_ONCE = "rfc6455:4.1-p35-s3/2"
SUBPROTOCOL_LIST = "rfc6455:4.1-p35-s4"
REGISTERED = "rfc6455:9.1-p7-s1"
WAITS = "rfc6455:4.1-p38-s1"
CLAUSES: Final = frozenset(
    (
        *(VALID_HTTP, GET, HTTP_VERSION, TARGET, NO_FRAGMENT, PERCENT_ENCODED, HOST, UPGRADE, CONNECTION),
        *(KEY, KEY_OF_16_OCTETS, KEY_NOT_EMPTY, KEY_ALPHABET, ONE_KEY, ORIGIN),
        *(VERSION_FIELD, VERSION_13, ONE_VERSION_NUMBER, VERSION_NUMBER, ONE_VERSION_FIELD),
        *(SUBPROTOCOL_NAMES, SUBPROTOCOLS_ONCE, SUBPROTOCOL_LIST, REGISTERED, WAITS),
    )
)

_HTTP_VERSION: Final = re.compile(r"HTTP/(\d+)\.(\d+)\Z")
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+(?:%25[^\]]+)?\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)(:\d*)?\Z")
_ORIGIN: Final = re.compile(r"null\Z|[A-Za-z][A-Za-z0-9+.\-]*://[^/\s?#]+( [A-Za-z][A-Za-z0-9+.\-]*://[^/\s?#]+)*\Z")
_ABSOLUTE: Final = re.compile(r"https?://[^/?#]+(/|\?|\Z)", re.IGNORECASE)
_NO_URI: Final = re.compile(r"[\x00-\x20\x7f-\xff]")
_REGISTRY: Final = frozenset({"permessage-deflate", "bbf-usp-protocol"})


def is_websocket(head: Head) -> bool:
    """Whether a request is to open a WebSocket connection, however badly it says so."""
    return "websocket" in head.tokens("Upgrade") or any(
        field.name.lower().startswith("sec-websocket-") for field in head.fields
    )


def check_request(head: Head) -> Iterator[Check]:
    """All that a client's opening handshake owes."""
    yield from check_head(VALID_HTTP, head)
    yield from _request_line(head)
    yield from _host_and_upgrade(head)
    yield from _key(head)
    yield from check_shared_fields(head)


def check_shared_fields(head: Head) -> Iterator[Check]:
    """The header fields that a request has over every version of HTTP."""
    yield from _version(head)
    yield from _subprotocols(head)
    yield from _extensions(head)
    for field in head.all("Origin"):
        right = _ORIGIN.match(field.value)
        why = f"Origin is {field.value!r}, and no origin as RFC 6454 writes it"
        yield Check(ORIGIN, "" if right else why, field.offset, Verdict.NON_STRICT)


def check_early_data(size: int, offset: int) -> Iterator[Check]:
    """What came from the client between its request and the server's answer."""
    why = f"{size} octets were sent behind the request, before the server had answered it"
    yield Check(WAITS, why if size else "", offset)


def _request_line(head: Head) -> Iterator[Check]:
    at, words = head.offset, head.words
    if len(words) != 3:
        yield Check(VALID_HTTP, f"{head.start_line!r} is no request line", at)
        return
    method, target, version = words
    yield Check(GET, "" if method == "GET" else f"the method is {method!r}", at)
    found = _HTTP_VERSION.match(version)
    if found is None:
        yield Check(VALID_HTTP, f"{version!r} is no version of HTTP", at)
    else:
        recent = (int(found[1]), int(found[2])) >= (1, 1)
        yield Check(HTTP_VERSION, "" if recent else f"{version} is older than HTTP/1.1", at)
    right = target.startswith("/") or _ABSOLUTE.match(target)
    why = f"the target {target!r} is neither a path nor an http or https URI"
    yield Check(TARGET, "" if right else why, at)
    yield Check(NO_FRAGMENT, f"the target {target!r} has a fragment" if "#" in target else "", at)
    why = f"the target {target!r} has characters that are to be percent-encoded"
    yield Check(PERCENT_ENCODED, why if _NO_URI.search(target) else "", at)


def _host_and_upgrade(head: Head) -> Iterator[Check]:
    hosts = head.all("Host")
    if not hosts:
        yield Check(HOST, "there is no Host field", head.offset)
    for field in hosts[:1]:
        right = _AUTHORITY.match(field.value)
        yield Check(HOST, "" if right else f"Host is {field.value!r}, and no host with its port", field.offset)
    if len(hosts) > 1:
        yield Check(VALID_HTTP, f"Host is there {len(hosts)} times", hosts[1].offset)
    for clause, name, wanted in ((UPGRADE, "Upgrade", "websocket"), (CONNECTION, "Connection", "upgrade")):
        fields = head.all(name)
        missing = f"there is no {name} field" if not fields else f"{name} is {head.get(name)!r}, without {wanted!r}"
        offset = fields[0].offset if fields else head.offset
        yield Check(clause, "" if wanted in head.tokens(name) else missing, offset)


def _key(head: Head) -> Iterator[Check]:
    keys = head.all("Sec-WebSocket-Key")
    yield Check(KEY, "" if keys else "there is no Sec-WebSocket-Key field", head.offset)
    if not keys:
        return
    value, at = keys[0].value, keys[0].offset
    why = f"Sec-WebSocket-Key is there {len(keys)} times" if len(keys) > 1 else ""
    yield Check(ONE_KEY, why, keys[-1].offset)
    yield Check(KEY_NOT_EMPTY, "" if value else "Sec-WebSocket-Key is empty", at)
    if not value:
        return
    foreign = re.search(r"[^A-Za-z0-9+/=]", value)
    yield Check(KEY_ALPHABET, f"the key {value!r} has a {foreign[0]!r}, which is not of Base64" if foreign else "", at)
    if foreign:
        return
    nonce = decode_base64(value)
    size = "is no Base64" if nonce is None else f"stands for {len(nonce)} octets"
    right = nonce is not None and len(nonce) == 16
    yield Check(KEY_OF_16_OCTETS, "" if right else f"the key {value!r} {size}, not for 16 octets", at)


def _version(head: Head) -> Iterator[Check]:
    fields = head.all("Sec-WebSocket-Version")
    yield Check(VERSION_FIELD, "" if fields else "there is no Sec-WebSocket-Version field", head.offset)
    if not fields:
        return
    value, at = fields[0].value, fields[0].offset
    why = f"Sec-WebSocket-Version is there {len(fields)} times" if len(fields) > 1 else ""
    yield Check(ONE_VERSION_FIELD, why, fields[-1].offset)
    several = "," in value
    yield Check(ONE_VERSION_NUMBER, f"Sec-WebSocket-Version is {value!r}, more than one number" if several else "", at)
    if several:
        return
    number = VERSION.match(value) and int(value) < 256
    yield Check(VERSION_NUMBER, "" if number else f"Sec-WebSocket-Version is {value!r}, no number from 0 to 255", at)
    if number:
        yield Check(VERSION_13, "" if value == "13" else f"Sec-WebSocket-Version is {value}, not 13", at)


def _subprotocols(head: Head) -> Iterator[Check]:
    fields = head.all("Sec-WebSocket-Protocol")
    if not fields:
        return
    found = elements(fields)
    at = fields[0].offset
    yield Check(SUBPROTOCOL_LIST, "" if found else "Sec-WebSocket-Protocol names no subprotocol", at)
    seen: set[str] = set()
    for name, offset in found:
        yield Check(SUBPROTOCOL_NAMES, "" if TOKEN.match(name) else f"the subprotocol {name!r} is no token", offset)
        yield Check(SUBPROTOCOLS_ONCE, f"the subprotocol {name!r} is listed twice" if name in seen else "", offset)
        seen.add(name)


def _extensions(head: Head) -> Iterator[Check]:
    fields = head.all("Sec-WebSocket-Extensions")
    yield from check_extension_grammar(fields)
    for field in fields:
        for extension in parse_extensions(field.value):
            known = extension.name in _REGISTRY
            why = f"the extension {extension.name!r} is not among those that are registered"
            yield Check(REGISTERED, "" if known else why, field.offset, Verdict.NON_STRICT)
