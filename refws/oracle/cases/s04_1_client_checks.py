"""Section 4.1: what a client checks in the server's answer: status line, Upgrade, Connection, Sec-WebSocket-Accept."""

import base64
import hashlib
from typing import Final

from refws.oracle.case import Case
from refws.oracle.conversation import accept_of
from refws.oracle.handshake_answers import (
    Fields,
    accept_with,
    answer_case,
    key_of,
    may_open,
    must_open,
    must_refuse,
    named,
    plus,
    value,
    without,
)
from refws.oracle.peer import new_key
from refws.oracle.wire.http import Head

__all__ = ["CASES"]

IN_ANY_CASE: Final = "rfc6455:2.1-p8-s1"
UPGRADE: Final = ("rfc6455:4.1-p40-s1", "rfc6455:4.2.2-p14-s1", "rfc6455:4.1-p38-s2", IN_ANY_CASE)
CONNECTION: Final = ("rfc6455:4.1-p41-s1", "rfc6455:4.2.2-p15-s1", "rfc6455:4.1-p38-s2", IN_ANY_CASE)
ACCEPT: Final = ("rfc6455:4.1-p42-s1", "rfc6455:4.2.2-p16-s2", "rfc6455:11.3.3-p8-s2")
ESTABLISHED: Final = "rfc6455:4.1-p47-s1"
NAMES: Final = ("rfc6455:4.1-p46-s1", ESTABLISHED)

KELVIN: Final = "websoc\xe2\x84\xaaet"
"""The UTF-8 octets of a word whose K is the Kelvin sign: the same in Unicode's lower case, not in ASCII's."""

# What is wrong, by its field: the end of the case's id, what it is, how to make it.
WRONG_UPGRADE: Final = (
    ("missing", "without Upgrade", without("Upgrade")),
    ("empty", "with an empty Upgrade", value("Upgrade", "")),
    ("h2c", "that upgrades to h2c", value("Upgrade", "h2c")),
    ("longer", "with Upgrade: websockets", value("Upgrade", "websockets")),
    ("shorter", "with Upgrade: websocke", value("Upgrade", "websocke")),
    ("with-version", "with Upgrade: websocket/13", value("Upgrade", "websocket/13")),
    ("list", "with Upgrade: websocket, h2c", value("Upgrade", "websocket, h2c")),
    ("another-field", "with a second Upgrade, of h2c", plus("Upgrade", "h2c")),
    ("kelvin-sign", "whose Upgrade has a Kelvin sign for its K", value("Upgrade", KELVIN)),
)
WRONG_CONNECTION: Final = (
    ("missing", "without Connection", without("Connection")),
    ("empty", "with an empty Connection", value("Connection", "")),
    ("close", "with Connection: close", value("Connection", "close")),
    ("keep-alive", "with Connection: keep-alive", value("Connection", "keep-alive")),
    ("longer", "with Connection: Upgraded", value("Connection", "Upgraded")),
    ("within-a-token", "with Connection: no-upgrade", value("Connection", "no-upgrade")),
    ("two-words", "with Connection: Up grade", value("Connection", "Up grade")),
)


def _of_the_octets(request: Head) -> str:
    """What comes out where the key is decoded first."""
    octets = base64.b64decode(key_of(request).encode("latin-1") + b"==")
    return base64.b64encode(hashlib.sha1(octets + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()  # noqa: S324


def _of_lower_guid(request: Head) -> str:
    """What comes out where the GUID is in lower case."""
    text = key_of(request) + "258eafa5-e914-47da-95ca-c5ab0dc85b11"
    return base64.b64encode(hashlib.sha1(text.encode("latin-1")).digest()).decode()  # noqa: S324


def _in_hex(request: Head) -> str:
    return base64.b64decode(accept_of(key_of(request))).hex()


def _next_letter(right: str) -> str:
    """The value with one bit of the digest turned over."""
    octets = bytearray(base64.b64decode(right))
    octets[-1] ^= 1
    return base64.b64encode(octets).decode()


_FIELD: Final = "Sec-WebSocket-Accept"
WRONG_ACCEPT: Final = (
    ("missing", "without Sec-WebSocket-Accept", without(_FIELD)),
    ("empty", "with an empty Sec-WebSocket-Accept", value(_FIELD, "")),
    ("of-another-key", "whose Accept is that of another key", value(_FIELD, lambda request: accept_of(new_key()))),
    ("of-the-decoded-key", "whose Accept is that of the key's 16 octets", value(_FIELD, _of_the_octets)),
    ("of-the-lower-guid", "whose Accept is made with the GUID in lower case", value(_FIELD, _of_lower_guid)),
    ("of-no-guid", "whose Accept is the key itself", value(_FIELD, key_of)),
    ("in-hex", "whose Accept is the digest in hexadecimal", value(_FIELD, _in_hex)),
    ("lower-case", "whose Accept is in lower case", accept_with(str.lower)),
    ("upper-case", "whose Accept is in upper case", accept_with(str.upper)),
    ("one-bit-off", "whose Accept has one bit turned over", accept_with(_next_letter)),
    ("truncated", "whose Accept lacks its last four characters", accept_with(lambda right: right[:-4])),
    ("without-padding", "whose Accept lacks its equals sign", accept_with(lambda right: right.rstrip("="))),
    ("longer", "whose Accept has four characters more", accept_with(lambda right: right + "AAAA")),
    ("in-quotes", "whose Accept is in quotation marks", accept_with(lambda right: f'"{right}"')),
    ("space-within", "whose Accept has a space within", accept_with(lambda right: f"{right[:14]} {right[14:]}")),
    ("right-then-wrong", "with the right Accept, and a wrong one behind", plus(_FIELD, _of_the_octets)),
    ("wrong-then-right", "with a wrong Accept, and the right one behind", plus(_FIELD, _of_the_octets, first=True)),
)


def _padded(request: Head, fields: Fields) -> Fields:
    return [(name, f" \t {was} \t") for name, was in fields]


def _reversed(request: Head, fields: Fields) -> Fields:
    return fields[::-1]


# What is right, however unusual.
RIGHT: Final = (
    ("upgrade/lower-case", "whose Upgrade is in lower case", UPGRADE, value("Upgrade", "websocket")),
    ("upgrade/mixed-case", "with Upgrade: WebSocket", UPGRADE, value("Upgrade", "WebSocket")),
    ("upgrade/upper-case", "with Upgrade: WEBSOCKET", UPGRADE, value("Upgrade", "WEBSOCKET")),
    ("connection/lower-case", "with Connection: upgrade", CONNECTION, value("Connection", "upgrade")),
    ("connection/upper-case", "with Connection: UPGRADE", CONNECTION, value("Connection", "UPGRADE")),
    (
        "connection/last-of-a-list",
        "whose Connection lists Upgrade last",
        CONNECTION,
        value("Connection", "keep-alive, Upgrade"),
    ),
    (
        "connection/first-of-a-list",
        "whose Connection lists upgrade first",
        CONNECTION,
        value("Connection", "upgrade,keep-alive"),
    ),
    ("connection/two-fields", "with two Connection fields", CONNECTION, plus("Connection", "keep-alive", first=True)),
    (
        "accept/padded",
        "whose Accept has spaces and tabs around",
        ACCEPT,
        accept_with(lambda right: f"  \t {right} \t "),
    ),
    ("names/lower-case", "whose field names are in lower case", NAMES, named(str.lower)),
    ("names/upper-case", "whose field names are in upper case", NAMES, named(str.upper)),
    ("names/swapped-case", "whose field names have their case swapped", NAMES, named(str.swapcase)),
    ("fields/padded", "all of whose values have spaces and tabs around", (ESTABLISHED,), _padded),
    ("fields/reversed", "whose fields are in another order", (ESTABLISHED,), _reversed),
    ("fields/unknown", "with fields that nobody knows", (ESTABLISHED,), plus("X-Unknown", "?")),
    ("fields/cookie", "that sets a cookie", ("rfc6455:4.1-p47-s4", ESTABLISHED), plus("Set-Cookie", "a=b; Path=/")),
    ("fields/version", "with Sec-WebSocket-Version: 13", (ESTABLISHED,), plus("Sec-WebSocket-Version", "13")),
)

_HTTP: Final = ("rfc6455:4.1-p45-s1", "rfc6455:4.2.2-p12-s1", "rfc6455:10.7-p1-s1")
_STATUS: Final = ("rfc6455:4.1-p39-s1", "rfc6455:4.2.2-p13-s1", "rfc6455:10.7-p1-s1")
_VERSION: Final = ("rfc6455:11.1.1-p11-s1", "rfc6455:11.1.2-p11-s1", "rfc6455:4.1-p45-s1")

# Start lines that are none, or have no status of 101, above the fields of a right answer.
WRONG_START: Final = (
    ("four-digits", "HTTP/1.1 1010 Switching Protocols", _STATUS),
    ("two-digits", "HTTP/1.1 10 Switching Protocols", _STATUS),
    ("negative", "HTTP/1.1 -101 Switching Protocols", _STATUS),
    ("in-words", "HTTP/1.1 Switching Protocols", _STATUS),
    ("no-version", "101 Switching Protocols", _HTTP),
    ("another-protocol", "ICY/1.1 101 Switching Protocols", _HTTP),
    ("a-request", "GET / HTTP/1.1", _HTTP),
    ("empty", "", _HTTP),
)

RIGHT_START: Final = (
    ("another-reason", "HTTP/1.1 101 Web Socket Protocol Handshake", ""),
    ("no-reason", "HTTP/1.1 101 ", ""),
    ("no-reason-nor-space", "HTTP/1.1 101", "HTTP has a space behind the status, even where no reason follows"),
    (
        "latin-1-reason",
        "HTTP/1.1 101 Protokoll gewechselt: \u00e4\u00f6\u00fc",
        "a reason may hold such octets by RFC 2616",
    ),
    (
        "later-version",
        "HTTP/1.2 101 Switching Protocols",
        "HTTP of the same major version is read as the version known",
    ),
)

CASES: tuple[Case, ...] = (
    *(
        answer_case(f"4.1/{field}/{end}", f"a 101 {what}", clauses, must_refuse(), change)
        for field, clauses, rows in (
            ("upgrade", UPGRADE, WRONG_UPGRADE),
            ("connection", CONNECTION, WRONG_CONNECTION),
            ("accept", ACCEPT, WRONG_ACCEPT),
        )
        for end, what, change in rows
    ),
    *(answer_case(f"4.1/{end}", f"a 101 {what}", clauses, must_open(), change) for end, what, clauses, change in RIGHT),
    *(
        answer_case(
            f"4.1/start-line/{end}", f"an answer that begins with {line!r}", clauses, must_refuse(), status=line
        )
        for end, line, clauses in WRONG_START
    ),
    *(
        answer_case(
            f"4.1/start-line/{end}",
            f"an answer that begins with {line!r}",
            (ESTABLISHED, "rfc6455:4.1-p38-s2"),
            must_open(refusing),
            status=line,
        )
        for end, line, refusing in RIGHT_START
    ),
    answer_case(
        "4.1/start-line/http-1.0",
        "a 101 of HTTP/1.0",
        _VERSION,
        must_refuse("section 4.1 has no check of the version, though 11.1.1 needs HTTP/1.1 (ruling 36)"),
        status="HTTP/1.0 101 Switching Protocols",
    ),
    answer_case(
        "4.1/start-line/leading-zero",
        "an answer with the status 0101",
        _STATUS,
        must_refuse("as a number it is 101, though a status has three digits"),
        status="HTTP/1.1 0101 Switching Protocols",
    ),
    answer_case(
        "4.1/upgrade/twice",
        "a 101 with Upgrade: websocket twice",
        UPGRADE,
        must_refuse("each of the two fields is right, while both together are no value that equals websocket"),
        plus("Upgrade", "websocket"),
    ),
    answer_case(
        "4.1/connection/close-and-upgrade",
        "a 101 with Connection: close, Upgrade",
        CONNECTION,
        may_open("Connection names Upgrade, which is all that section 4.1 asks for"),
        value("Connection", "close, Upgrade"),
    ),
    answer_case(
        "4.1/connection/empty-elements",
        "a 101 with Connection: , Upgrade,",
        CONNECTION,
        must_open("the empty elements of a list are passed over by RFC 2616, section 2.1"),
        value("Connection", ", Upgrade,"),
    ),
)
