"""What is logged of a connection: its beginning and its end by "refws" at INFO, its frames by "refws.frames" at DEBUG.

One line for each frame, in either direction:

    #3 127.0.0.1:51324 < text fin rsv1 125 octets 8a 52 4f …
    #3 127.0.0.1:51324 > close 1000 "bye"

Whether the frames of a connection are logged is decided when it begins; one whose frames are not has no costs.
"""

import itertools
import logging
from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import Any, Protocol

from refws.failure import Failure
from refws.rfc6455.endpoint import Endpoint, Opened
from refws.rfc6455.s05_2_base_framing_protocol import (
    CLOSE,
    CONTINUATION,
    CONTROL,
    FIN,
    MASK,
    OPCODE,
    TEXT,
    Opcode,
    read_payload_length,
)
from refws.rfc6455.s05_3_client_to_server_masking import mask
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.state import State

__all__ = ["FrameLog", "log_end", "log_frames", "log_opened", "printable"]

logger = logging.getLogger("refws.frames")
connections = logging.getLogger("refws")

CHARACTERS = 60
"""Characters of a text that are shown."""
OCTETS = 20
"""Octets of anything else that are shown."""

_NEEDED = 4 * CHARACTERS + 4
_NAMES = {int(opcode): opcode.name.lower() for opcode in Opcode}
_utf_8 = getincrementaldecoder("utf-8")
_serial = itertools.count(1)


def log_opened(opened: Opened, transport: "HasPeer | None") -> None:
    """Log that a connection is established."""
    if connections.isEnabledFor(logging.INFO):
        subprotocol = f", subprotocol {opened.subprotocol}" if opened.subprotocol else ""
        # Without the query, which may hold what is secret.
        connections.info("%s opened %s%s", _peer(transport), opened.request.path, subprotocol)


def log_end(endpoint: Endpoint, transport: "HasPeer | None") -> None:
    """Log how a connection has ended that was established."""
    if endpoint.closing.state is not State.CONNECTING and connections.isEnabledFor(logging.INFO):
        sent, received = _brief(endpoint.closing.sent), _brief(endpoint.closing.received)
        connections.info("%s closed, sent %s, received %s", _peer(transport), sent, received)


def _brief(close: Close | None) -> str:
    """A Close frame in a line, whatever its reason holds."""
    return "no Close" if close is None else f"{close.code} {printable(close.reason)}".rstrip()


class HasPeer(Protocol):
    """What a transport knows of its peer."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known under this name."""
        ...


def log_frames(endpoint: Endpoint, transport: HasPeer | None) -> None:
    """Log the frames of this endpoint, if "refws.frames" is to be logged and they are not already."""
    if endpoint.tap is None and logger.isEnabledFor(logging.DEBUG):
        endpoint.tap = FrameLog(f"#{next(_serial)} {_peer(transport)}")


def _peer(transport: HasPeer | None) -> str:
    peer = None if transport is None else transport.get_extra_info("peername")
    if isinstance(peer, tuple) and len(peer) >= 2:
        return f"[{peer[0]}]:{peer[1]}" if ":" in str(peer[0]) else f"{peer[0]}:{peer[1]}"
    return str(peer) if peer else "-"


class FrameLog:
    """Logs the frames of one connection, whose name begins each line."""

    __slots__ = ("_in", "_out")

    def __init__(self, name: str) -> None:
        self._in = _Direction(f"{name} <")
        self._out = _Direction(f"{name} >")

    def received(self, octets: bytes) -> None:
        """Octets have come."""
        self._in.read(octets)

    def failed(self) -> None:
        """What has come cannot be read: log what is known of it."""
        self._in.end()

    def sent(self, pieces: Sequence[bytes]) -> None:
        """A frame is to be sent."""
        self._out.read(b"".join(pieces))


class _Direction:
    """Reads frames only as far as it shows them, and logs each as soon as it has that much."""

    __slots__ = ("_begun", "_kept", "_readable", "_skip", "_who")

    def __init__(self, who: str) -> None:
        self._who = who
        self._kept = b""
        self._skip = 0
        self._readable = True
        # The first octet of the message in progress: what its continuation frames hold.
        self._begun = 0

    def read(self, octets: bytes) -> None:
        if self._readable:
            octets = self._kept + octets
            at = 0
            while 0 <= at < len(octets):
                self._kept = octets[at : at + _NEEDED + 14]
                at = self._skip_payload(at, len(octets)) if self._skip else self._frame(octets, at)
            if at >= 0:
                self._kept = b""

    def _skip_payload(self, at: int, end: int) -> int:
        skipped = min(self._skip, end - at)
        self._skip -= skipped
        return at + skipped

    def _frame(self, octets: bytes, at: int) -> int:
        """Log the frame that begins here; returns the index behind what has been read of it, -1 for too little."""
        head = octets[at : at + 14]
        if len(head) < 2:
            return -1
        try:
            length, behind = read_payload_length(head, 1, None, "")
        except Failure as failure:
            self._log(_described(head[0], None), f"{failure.why}: {_hex(head)}")
            self._readable = False
            return -1
        start = behind + (4 if head[1] & MASK else 0)
        if length < 0 or len(head) < start:
            return -1
        shown = octets[at + start : at + start + min(length, _NEEDED)]
        if len(shown) < min(length, _NEEDED):
            return -1
        self._log_frame(head, length, behind, shown)
        self._skip = length - len(shown)
        return at + start + len(shown)

    def _log_frame(self, head: bytes, length: int, behind: int, payload: bytes) -> None:
        first = head[0]
        if head[1] & MASK:
            payload = mask(payload, head[behind : behind + 4])
        if not first & CONTROL and first & OPCODE != CONTINUATION:
            self._begun = first
        if first & OPCODE == CLOSE and length >= 2:
            self._log("close", str(int.from_bytes(payload[:2], "big")), _text(payload[2:], length - 2))
            return
        # What is compressed is no text yet.
        is_text = not first & CONTROL and self._begun & (OPCODE | 0x70) == TEXT
        self._log(_described(first, length), _text(payload, length) if is_text else _hex(payload, length))

    def end(self) -> None:
        """No more can be read: log what is there of a frame."""
        if self._readable and len(self._kept) >= 1:
            self._log(_described(self._kept[0], None), f"cut short: {_hex(self._kept)}")
        self._readable = False

    def _log(self, *what: str) -> None:
        logger.debug("%s %s", self._who, " ".join(filter(None, what)))


def _described(first: int, length: int | None) -> str:
    """The type of a frame, its bits and its length."""
    words = [_NAMES.get(first & OPCODE, f"opcode {first & OPCODE}")]
    if first & CONTROL:
        words += [] if first & FIN else ["without fin"]
    elif first & FIN:
        words.append("fin")
    words += [f"rsv{n}" for n in (1, 2, 3) if first & (FIN >> n)]
    if length is not None:
        words.append("1 octet" if length == 1 else f"{length} octets")
    return " ".join(words)


def _text(octets: bytes, length: int) -> str:
    """What of a payload of this length is shown, these being its first octets."""
    # What is cut off may be the rest of a character.
    text = _utf_8("replace").decode(octets, len(octets) == length)
    shown = "".join(map(_visible, text[:CHARACTERS]))
    more = "\u2026" if len(text) > CHARACTERS or len(octets) < length else ""
    return f'"{shown}{more}"' if length else ""


def _visible(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return printable(character)


def printable(text: str, also: str = "") -> str:
    """A peer's text in one line, without what a terminal would act on; the characters of `also` stay as they are."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in also else c.encode("unicode_escape").decode("ascii") for c in text)


def _hex(octets: bytes, length: int = 0) -> str:
    more = " \u2026" if max(length, len(octets)) > OCTETS else ""
    return octets[:OCTETS].hex(" ") + more
