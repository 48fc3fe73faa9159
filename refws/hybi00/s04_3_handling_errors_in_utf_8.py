"""Section 4.3, Handling errors in UTF-8 from the server, and section 5.4, from the client."""

from codecs import IncrementalDecoder, getincrementaldecoder

__all__ = ["interpret_as_utf_8", "new_decoder"]


def interpret_as_utf_8(octets: bytes | bytearray) -> str:
    """The text of these octets; what is no UTF-8 becomes U+FFFD."""
    # draft 4.3: a client replaces; draft 5.4: a server may do as it likes, and this one does the same
    return octets.decode("utf-8", "replace")


def new_decoder() -> IncrementalDecoder:
    """`interpret_as_utf_8` for a text that is taken out in parts, which may cut characters."""
    return getincrementaldecoder("utf-8")("replace")
