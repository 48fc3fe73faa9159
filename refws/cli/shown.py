"""What a peer says, as a terminal may have it: nothing of it moves the cursor, changes colours or hides."""

__all__ = ["escaped", "hexadecimal"]

# They join the parts of an emoji and of words in some scripts, and do nothing else.
_JOINERS = "\u200c\u200d"


def escaped(text: str, indent: str | None = None) -> str:
    """The text with its control characters written as in Python; with `indent` new lines stay, and it follows them."""
    lines = [_line(line) for line in text.split("\n")]
    return ("\\n" if indent is None else f"\n{indent}").join(lines)


def _line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode("ascii") for c in text)


def hexadecimal(octets: bytes, most: int | None = None) -> str:
    """How many octets, and the first `most` of them."""
    cut = " …" if most is not None and len(octets) > most else ""
    return f"[{len(octets)} octets] {octets[:most].hex(' ')}{cut}".rstrip()
