"""Section 4.2, Data framing, of a client, and section 5.3, of a server: the same octets, read in the same way.

A server may disconnect over a frame of a reserved type, and may read a length in a way of its own; this one reads
frames as a client has to, so that both sides see the same.
"""

from collections.abc import Callable
from typing import Final

from refws.failure import Failure, UsageError
from refws.hybi00.s04_3_handling_errors_in_utf_8 import new_decoder
from refws.rfc6455.s05_2_base_framing_protocol import FIN, Opcode, build_frame
from refws.rfc6455.s05_4_fragmentation import CheckMessage
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s08_error_handling import encode_utf_8
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["CLOSING_FRAME", "FrameReceiver", "as_frame", "check_text", "text_frame"]

TEXT, END, CLOSING = 0x00, 0xFF, 0xFF
CLOSING_FRAME: Final = b"\xff\x00"

# The steps at which the octets that have come may end.
_TYPE, _LENGTH, _DISCARD, _DATA = range(4)
# A length has no end of its own, and so neither would the number that it is read into.
_LONGEST = (1 << 63) - 1


def check_text(data: object) -> str:
    """The text that this is, or `UsageError`."""
    # draft 1.2: at this time, there are no binary data
    if not isinstance(data, str):
        raise UsageError(f"this protocol has text messages only, none of {type(data).__name__} [hybi00:1.2]")
    return data


def text_frame(data: object) -> bytes:
    """The frame of a message. Raises `UsageError` for what is no text, or cannot be UTF-8."""
    # draft 4.2, sending, steps 1 to 3: 00, the text, FF, which UTF-8 never has
    return b"\x00" + encode_utf_8(check_text(data)) + b"\xff"


def as_frame(event: str | Close) -> list[bytes]:
    """The frame that RFC 6455 has for this, which is what those who listen to frames can read."""
    if isinstance(event, Close):
        return build_frame(FIN | Opcode.CLOSE, b"", False)
    return build_frame(FIN | Opcode.TEXT, encode_utf_8(event), False)


class FrameReceiver:
    """Takes what arrives, in pieces of any size, and delivers its messages, and a `Close` at the end.

    `errors` counts the frames that were discarded: what the draft calls a WebSocket error. `check_message` is asked
    when a message is complete, as its length is not known before.
    """

    __slots__ = (
        "_check",
        "_decoder",
        "_kept",
        "_length",
        "_limit",
        "_raw",
        "_size",
        "_step",
        "_type",
        "closed",
        "errors",
    )

    def __init__(self, limits: Limits = Limits(), check_message: CheckMessage | None = None) -> None:
        sizes = [size for size in (limits.max_frame_size, limits.max_message_size) if size is not None]
        self._limit = min([_LONGEST, *sizes])
        self._check = check_message
        self._step = _TYPE
        self._type = self._length = self._size = 0
        self._raw = bytearray()
        self._decoder = new_decoder()
        self._kept = b""
        self.closed = False
        self.errors = 0

    def keep(self, octets: bytes) -> None:
        """Octets that came early, to be read before the next."""
        self._kept = octets

    def receive(self, octets: bytes, deliver: Callable[[str | Close], object]) -> None:
        """Take the octets. Raises `Failure` for a frame above the limits; nothing is read behind it, or a `Close`."""
        if self._kept:
            octets, self._kept = self._kept + octets, b""
        at, end = 0, len(octets)
        while at < end and not self.closed:
            if self._step == _TYPE:
                # draft 4.2 steps 1 to 3: the high bit of the type says which sort of frame it is
                self._type, self._length, self._size = octets[at], 0, 0
                self._step = _LENGTH if self._type & 0x80 else _DATA
                at += 1
            elif self._step == _DATA:
                at = self._read_data(octets, at, deliver)
            elif self._step == _LENGTH:
                self._read_length(octets[at], deliver)
                at += 1
            else:
                at = self._discard_data(at, end)

    def _read_length(self, octet: int, deliver: Callable[[str | Close], object]) -> None:
        # draft 4.2 step 3, high bit set, steps 2 to 4: seven bits of the length
        # NOTE: draft 5.3 step 9 lets a server pass over a last octet of 00, and read FF 81 00 as a length of 1; the
        # grammar of draft 1.2 does not, and the client that sent it does not either
        self._length = self._length * 128 + (octet & 0x7F)
        if self._length > self._limit:
            raise self._too_large()
        # draft 4.2 step 3, high bit set, step 5: more of them to come
        if octet & 0x80:
            return
        # draft 4.2 step 3, high bit set, step 8: FF of no length closes; FF 80 00 is the same number
        if self._type == CLOSING and not self._length:
            self.closed = True
            deliver(Close())
        elif self._length:
            self._step = _DISCARD
        else:
            self._discarded()

    def _discard_data(self, at: int, end: int) -> int:
        # draft 4.2 step 3, high bit set, steps 6 and 7: read and thrown away
        here = min(self._length - self._size, end - at)
        self._size += here
        if self._size == self._length:
            self._discarded()
        return at + here

    def _discarded(self) -> None:
        # draft 4.2 step 4: an error has been detected; the connection goes on
        self.errors += 1
        self._step = _TYPE

    def _read_data(self, octets: bytes, at: int, deliver: Callable[[str | Close], object]) -> int:
        # draft 4.2 step 3, high bit not set, steps 2 and 3: everything up to FF
        stop = octets.find(END, at)
        end = len(octets) if stop < 0 else stop
        self._size += end - at
        if self._size > self._limit:
            raise self._too_large()
        if self._type == TEXT:
            self._raw += octets[at:end]
        if stop < 0:
            return end
        self._step = _TYPE
        if self._type == TEXT:
            # draft 4.2 step 3, high bit not set, steps 4 and 5: a message has been received
            deliver(self._text())
        else:
            # draft 4.2 step 3, high bit not set, step 5: any other type is thrown away
            self._discarded()
        return stop + 1

    def _text(self) -> str:
        if self._check is not None:
            self._check(Opcode.TEXT, self._size, self._size)
        raw, self._raw = self._raw, bytearray()
        return self._decoder.decode(raw, True)

    def take_part(self) -> str | None:
        """The text that has come of the message in progress; None where no message is in progress."""
        if self._step != _DATA or self._type != TEXT:
            return None
        raw, self._raw = self._raw, bytearray()
        return self._decoder.decode(raw)

    def _too_large(self) -> Failure:
        # draft 4.2, behind step 5: what is too large fails the connection
        return Failure("hybi00:4.2-step5", StatusCode.MESSAGE_TOO_BIG, f"a frame of more than {self._limit} octets")
