"""What a peer says, as a terminal may have it: nothing of it moves the cursor, changes colours or hides."""

from refws.host.connection.frame_log import printable

__all__ = ["escaped", "hexadecimal"]

# They join the parts of an emoji and of words in some scripts, and do nothing else.
_JOINERS = "\u200c\u200d"


def escaped(text: str, indent: str | None = None) -> str:
    """The text with its control characters written as in Python; with `indent` new lines stay, and it follows them."""
    lines = [printable(line, _JOINERS) for line in text.split("\n")]
    return ("\\n" if indent is None else f"\n{indent}").join(lines)


def hexadecimal(octets: bytes, most: int | None = None) -> str:
    """How many octets, and the first `most` of them."""
    cut = " …" if most is not None and len(octets) > most else ""
    return f"[{len(octets)} octets] {octets[:most].hex(' ')}{cut}".rstrip()
