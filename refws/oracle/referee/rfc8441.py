"""RFC 8441, as far as the heads and the settings of a stream show it; RFC 9220 says the same of HTTP/3."""

import re
from collections.abc import Iterator
from typing import Final

from refws.oracle.conversation import Side
from refws.oracle.recording import End
from refws.oracle.referee.book import Check
from refws.oracle.verdict import Verdict
from refws.oracle.wire.http import Head

__all__ = [
    "CLAUSES",
    "SETTING",
    "check_connect",
    "check_reset",
    "check_settings",
    "check_stream_answer",
    "is_websocket",
]

SETTING_VALUE = "rfc8441:3-p2-s2"
NEVER_BACK = "rfc8441:3-p4-s1"
OPTED_IN = "rfc8441:3-p5-s2"
ONE_PROTOCOL = "rfc8441:4-p2-s2"
SCHEME_AND_PATH = "rfc8441:4-p3-s1"
HAS_PROTOCOL = "rfc8441:5-p1-s1/1"
IS_WEBSOCKET = "rfc8441:5-p1-s1/2"
IN_PLACE_OF_GET = "rfc8441:5-p1-s3"
SCHEME = "rfc8441:5-p2-s1"
REST_OF_URI = "rfc8441:5-p2-s2"
NO_UPGRADE = "rfc8441:5-p3-s2"
AUTHORITY = "rfc8441:5-p4-s2"
NO_KEYS = "rfc8441:5-p5-s1"
LOWER_CASE = "rfc8441:5-p6-s2"
CANCELLED = "rfc8441:5-p8-s3"
CANCELLED_HTTP3 = "rfc9220:3-p4-s3"
CLAUSES: Final = frozenset(
    (
        *(SETTING_VALUE, NEVER_BACK, OPTED_IN, ONE_PROTOCOL, SCHEME_AND_PATH),
        *(HAS_PROTOCOL, IS_WEBSOCKET, IN_PLACE_OF_GET, SCHEME, REST_OF_URI, NO_UPGRADE, AUTHORITY, NO_KEYS),
        *(LOWER_CASE, CANCELLED, CANCELLED_HTTP3),
    )
)

SETTING: Final = 8
"""SETTINGS_ENABLE_CONNECT_PROTOCOL, in HTTP/2 and in HTTP/3."""
_CANCEL: Final = {False: (8, "CANCEL"), True: (0x10C, "H3_REQUEST_CANCELLED")}
_NO_ERROR: Final = {False: 0, True: 0x100}
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+(?:%25[^\]]+)?\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)(:\d*)?\Z")


def is_websocket(head: Head) -> bool:
    """Whether a request on a stream is to open a WebSocket connection, however badly it says so."""
    return "websocket" in (head.get(":protocol") or "", head.get("Upgrade") or "") or any(
        field.name.lower().startswith("sec-websocket-") for field in head.fields
    )


def check_settings(settings: list[dict[int, int]]) -> Iterator[Check]:
    """The settings of a side so far, a dictionary for each frame."""
    values = [one[SETTING] for one in settings if SETTING in one]
    for value in values:
        why = f"SETTINGS_ENABLE_CONNECT_PROTOCOL is {value}, and neither 0 nor 1"
        yield Check(SETTING_VALUE, "" if value in (0, 1) else why)
    back = any(value == 0 and 1 in values[:at] for at, value in enumerate(values))
    if values:
        yield Check(NEVER_BACK, "SETTINGS_ENABLE_CONNECT_PROTOCOL is 0 behind a 1" if back else "")


def check_connect(head: Head, client: Side, server: Side, *, secure: bool) -> Iterator[Check]:
    """All that a client's extended CONNECT owes, but for what RFC 6455 says of its header fields."""
    at = head.offset
    protocols = head.all(":protocol")
    method = head.get(":method")
    yield Check(IN_PLACE_OF_GET, "" if method == "CONNECT" else f"the method is {method!r}, not CONNECT", at)
    yield Check(HAS_PROTOCOL, "" if protocols else "there is no :protocol", at)
    if protocols:
        yield from _protocol(head, client, server)
    schemes, paths = head.all(":scheme"), head.all(":path")
    missing = " and no ".join(name for name, there in ((":scheme", schemes), (":path", paths)) if not there)
    yield Check(SCHEME_AND_PATH, f"there is no {missing}" if missing else "", at)
    if schemes:
        wanted = "https" if secure else "http"
        why = f":scheme is {schemes[0].value!r}, and over this connection it is {wanted!r}"
        yield Check(SCHEME, "" if schemes[0].value == wanted else why, at)
    if paths:
        path = paths[0].value
        right = path.startswith("/") and "#" not in path and path.isascii() and path.isprintable() and " " not in path
        yield Check(REST_OF_URI, "" if right else f":path is {path!r}, and no path of a WebSocket URI", at)
    authority = head.get(":authority")
    why = "there is no :authority" if authority is None else f":authority is {authority!r}, and no host with its port"
    yield Check(AUTHORITY, "" if authority is not None and _AUTHORITY.match(authority) else why, at)
    present = [name for name in ("Connection", "Upgrade") if head.all(name)]
    yield Check(NO_UPGRADE, f"{' and '.join(present)} is in an extended CONNECT" if present else "", at)
    why = "Sec-WebSocket-Key is there, which a stream has no use for"
    yield Check(NO_KEYS, why if head.all("Sec-WebSocket-Key") else "", at, Verdict.NON_STRICT)
    yield from _names(head)


def check_stream_answer(head: Head) -> Iterator[Check]:
    """What a server's answer on a stream owes, but for what RFC 6455 says of its header fields."""
    why = "Sec-WebSocket-Accept is there, which a stream has no use for"
    yield Check(NO_KEYS, why if head.all("Sec-WebSocket-Accept") else "", head.offset, Verdict.NON_STRICT)
    yield from _names(head)


def check_reset(side: Side, *, http3: bool) -> Iterator[Check]:
    """A side has reset a stream on which WebSocket was spoken; codes of another fault may be right."""
    if side.end is not End.RST or side.end_code is None:
        return
    code, name = _CANCEL[http3]
    clause = CANCELLED_HTTP3 if http3 else CANCELLED
    why = f"the stream is reset with the code {side.end_code:#x}; {name} ({code:#x}) is what stands for a reset of TCP"
    right = side.end_code in (code, _NO_ERROR[http3])
    yield Check(clause, "" if right else why, side.size, Verdict.NON_STRICT)


def _protocol(head: Head, client: Side, server: Side) -> Iterator[Check]:
    at, values = head.offset, [field.value for field in head.all(":protocol")]
    why = f":protocol is there {len(values)} times"
    yield Check(ONE_PROTOCOL, why if len(values) > 1 else "", at)
    yield Check(IS_WEBSOCKET, "" if values[0] == "websocket" else f":protocol is {values[0]!r}, not 'websocket'", at)
    allowed = any(one.get(SETTING) for one in server.settings)
    if not allowed:
        why = "there is a :protocol, and the server has not sent SETTINGS_ENABLE_CONNECT_PROTOCOL=1"
    elif not client.has_acknowledged:
        why = "there is a :protocol before the server's settings were acknowledged: the client did not wait for them"
    else:
        why = ""
    yield Check(OPTED_IN, why, at)


def _names(head: Head) -> Iterator[Check]:
    wrong = next((field.name for field in head.fields if field.name != field.name.lower()), None)
    why = f"the name {wrong!r} is not in lower case"
    yield Check(LOWER_CASE, why if wrong is not None else "", head.offset)
