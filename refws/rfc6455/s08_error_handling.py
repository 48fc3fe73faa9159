"""Section 8.1, Handling Errors in UTF-8-Encoded Data."""

from codecs import utf_8_decode

from refws.failure import Failure, UsageError
from refws.rfc6455.s07_4_status_codes import StatusCode

__all__ = ["Utf8Stream", "decode_utf_8", "encode_utf_8", "invalid_utf_8"]

Octets = bytes | bytearray | memoryview


def invalid_utf_8(error: UnicodeDecodeError, clause: str = "rfc6455:8.1-p1-s1") -> Failure:
    """The failure for octets that are not UTF-8."""
    # Up to the octet that cannot be, and no further: the same however the octets were split.
    last = error.end + (error.reason == "invalid continuation byte")
    octets = error.object[error.start : last].hex(" ")
    return Failure(clause, StatusCode.INVALID_FRAME_PAYLOAD_DATA, f"not UTF-8: {octets} ({error.reason})")


def decode_utf_8(octets: Octets) -> str:
    """Decode octets that are to be UTF-8 as a whole.

    Python's strict decoder is RFC 3629 to the letter: no overlong forms, no surrogates, nothing above U+10FFFF.
    """
    try:
        # §2.1-p2-s1 MUST be the UTF-8 of RFC 3629
        return str(octets, "utf-8")
    except UnicodeDecodeError as error:
        # §8.1-p1-s1 MUST fail on octets that are not UTF-8
        raise invalid_utf_8(error) from None


def encode_utf_8(text: str) -> bytes:
    """The octets of a text. Raises `UsageError` where it has no UTF-8 form."""
    try:
        # §5.6-p4-s1 MUST be UTF-8
        return text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"this text has a lone surrogate at index {error.start} and cannot be UTF-8") from None


class Utf8Stream:
    """Decodes a text message while it arrives, and fails at the first octet that makes it impossible."""

    __slots__ = ("_incomplete",)

    def __init__(self) -> None:
        self._incomplete = b""

    def decode(self, octets: Octets, final: bool = False) -> str:
        """The text of these octets, and of what was kept of the ones before.

        At most three octets, of a character that is not complete, are kept for the next call; with `final` there is
        none, and such a rest is a failure.
        """
        if self._incomplete:
            octets = self._incomplete + octets
        try:
            text, decoded = utf_8_decode(octets, "strict", final)
            self._incomplete = rest = bytes(octets[decoded:])
            # Behind the half of a surrogate Python waits for a third octet, though none can make it right.
            if b"\xed\xa0" <= rest < b"\xee":
                utf_8_decode(rest, "strict", True)
        except UnicodeDecodeError as error:
            # §8.1-p1-s1 MUST fail on octets that are not UTF-8; §5.6-p4-s3 MUST be handled like this in a message
            raise invalid_utf_8(error) from None
        return text
