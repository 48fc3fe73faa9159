"""The header fields of either handshake, read octet by octet: the ABNF of section 1.2, steps 32 to 40 of section 4.1.

An HTTP parser would not do: it takes white space off both ends of a value, and a key may end with spaces that count.
"""

from collections.abc import Callable, Generator
from typing import Generic, TypeVar

from refws.failure import HandshakeFailure, UsageError
from refws.rfc6455.http import HeaderFields

__all__ = ["CR", "LF", "SPACE", "Fail", "HandshakeReader", "check_additional", "format_fields", "read_fields"]

LF, CR, SPACE, COLON = 0x0A, 0x0D, 0x20, 0x3A

T = TypeVar("T")

Fail = Callable[[int, str], HandshakeFailure]
"""Makes the failure for a step of section 4.1."""


class HandshakeReader(Generic[T]):
    """Carries out the steps of a handshake: each `yield` of theirs reads one octet. Keeps no more than `max_size`."""

    def __init__(self, steps: Generator[None, int, T], max_size: int, too_large: HandshakeFailure) -> None:
        self._steps = steps
        self._left = max_size
        self._too_large = too_large
        self.behind = b""
        next(steps)

    def receive(self, octets: bytes) -> T | None:
        """What the steps result in, once they have read their last octet; `behind` is then what came behind it."""
        for number, octet in enumerate(octets, 1):
            if not self._left:
                raise self._too_large
            self._left -= 1
            try:
                self._steps.send(octet)
            except StopIteration as done:
                self.behind = octets[number:]
                result: T = done.value
                return result
        return None


def read_fields(fail: Fail, too_many: HandshakeFailure, most: int) -> Generator[None, int, list[tuple[bytes, bytes]]]:
    """The fields up to the empty line that ends them, their names in lower case. Raises `HandshakeFailure`."""
    # draft 4.1 step 32: no field has been read
    fields: list[tuple[bytes, bytes]] = []
    while True:
        # draft 4.1 step 33: a field begins
        name, value = bytearray(), bytearray()
        # draft 4.1 step 34: its name goes up to a colon; a line break instead of a name ends the fields
        while (octet := (yield)) != COLON:
            if octet == CR and not name:
                # draft 4.1 step 40: the second octet of that line break
                if (yield) != LF:
                    raise fail(40, "a CR without LF behind the header fields")
                return fields
            if octet in (CR, LF):
                raise fail(34, "a line without a colon among the header fields")
            name.append(octet + 0x20 if 0x41 <= octet <= 0x5A else octet)
        # draft 4.1 steps 35 and 36: one space behind the colon is passed over; all others belong to the value
        if (octet := (yield)) == SPACE:
            octet = yield
        while octet != CR:
            if octet == LF:
                raise fail(36, "an LF without CR in a header field")
            value.append(octet)
            octet = yield
        # draft 4.1 step 37: the second octet of the line break
        if (yield) != LF:
            raise fail(37, "a CR without LF in a header field")
        # draft 4.1 steps 38 and 39: keep it, and go on with the next
        fields.append((bytes(name), bytes(value)))
        if len(fields) > most:
            raise too_many


def format_fields(fields: HeaderFields) -> bytes:
    """The lines of these fields. Raises `UsageError` where one would not end where it should."""
    for name, value in fields:
        # draft 1.2: no line break and no colon in a name, no line break in a value
        if not name or not (name.isascii() and name.isprintable()) or set(name) & set(": ") or set(value) & set("\r\n"):
            raise UsageError(f"this header field cannot be sent: {name!r}: {value!r}")
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in fields)


_HANDSHAKE_FIELDS = frozenset(
    {
        "host",
        "upgrade",
        "connection",
        "origin",
        "content-length",
        "transfer-encoding",
        "sec-websocket-key1",
        "sec-websocket-key2",
        "sec-websocket-location",
        "sec-websocket-origin",
        "sec-websocket-protocol",
        "sec-websocket-version",
    }
)


def check_additional(names: list[str]) -> None:
    """Refuse a field that is the handshake's own: `UsageError`."""
    if any(name.lower() in _HANDSHAKE_FIELDS for name in names):
        raise UsageError("a header field of the handshake itself cannot be given as an additional one")
