"""HTTP/1.1 heads (RFC 7230, section 3): written with any octets, and read whatever they are."""

from dataclasses import dataclass, field

__all__ = ["Field", "Head", "head_octets", "parse_head", "stream_head", "switches_elsewhere"]


@dataclass(frozen=True, slots=True)
class Field:
    """A header field as it came; `offset` is that of its line in the stream."""

    name: str
    value: str
    offset: int
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Head:
    """A request's or a response's head; `size` are its octets, the empty line included, from `offset` on.

    `odd` lists what is no HTTP in it, one sentence each with its offset; those that RFC 2616 had, and RFC 7230 has no
    more, are in `dated`, too.
    """

    start_line: str
    fields: tuple[Field, ...]
    offset: int
    size: int
    time: float = 0.0
    odd: tuple[tuple[int, str], ...] = ()
    dated: frozenset[tuple[int, str]] = frozenset()
    is_of_stream: bool = False
    """Whether it is a stream's, of HTTP/2 or HTTP/3; its first line is then made of pseudo-header fields."""

    def all(self, name: str) -> list[Field]:
        """The fields of a name, in their order."""
        return [field for field in self.fields if field.name.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        """The values of all fields of a name, joined with a comma; None where there is none."""
        found = self.all(name)
        return ", ".join(field.value for field in found) if found else None

    def tokens(self, name: str) -> list[str]:
        """The comma-separated values of a name, in lower case."""
        return [token.strip().lower() for token in (self.get(name) or "").split(",") if token.strip()]

    @property
    def opens(self) -> bool:
        """Whether this answer opens a WebSocket connection; what request it is the answer to is not asked."""
        status = self.status
        return status is not None and 200 <= status < 300 if self.is_of_stream else status == 101

    @property
    def words(self) -> list[str]:
        """The three parts of the start line; fewer where it has fewer."""
        return self.start_line.split(" ", 2)

    @property
    def status(self) -> int | None:
        """The status code of a response; None where there is none."""
        words = self.words
        return int(words[1]) if len(words) > 1 and len(words[1]) == 3 and words[1].isdecimal() else None

    @property
    def is_interim(self) -> bool:
        """Whether it is a 1xx behind which the answer is still to come (RFC 7231, section 6.2)."""
        return self.status is not None and 100 <= self.status < 200 and self.status != 101

    @property
    def target(self) -> str | None:
        """The target of a request; None where there is none."""
        return self.words[1] if len(self.words) > 1 else None


def switches_elsewhere(request: Head | None, answer: Head) -> bool:
    """Whether an answer with 101 switches to a protocol other than WebSocket that the request names, such as h2c.

    On a stream: whether it is the answer to a request that is no CONNECT.
    """
    if answer.is_of_stream:
        return request is not None and request.get(":method") != "CONNECT"
    named = set(answer.tokens("Upgrade"))
    asked = set(request.tokens("Upgrade")) if request is not None else set()
    return answer.status == 101 and bool(named) and "websocket" not in named and named <= asked


def stream_head(fields: "tuple[tuple[str, str], ...]", version: str, offset: int = 0, time: float = 0.0) -> Head:
    """The head that a stream of that version of HTTP has, made of its fields."""
    pseudo = dict(fields)
    if ":status" in pseudo:
        start_line = f"{version} {pseudo[':status']}"
    else:
        start_line = f"{pseudo.get(':method', '')} {pseudo.get(':path', '')} {version}"
    made = tuple(Field(name, value, offset, f"{name}: {value}".encode("latin-1", "replace")) for name, value in fields)
    return Head(start_line, made, offset, 0, time, is_of_stream=True)


def head_octets(start_line: str, fields: "list[tuple[str, str]]") -> bytes:
    """A head as it is written: each field on its line, and the empty line."""
    lines = [start_line, *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def parse_head(octets: bytes, offset: int = 0, time: float = 0.0) -> Head | None:
    """The head at the beginning of these octets; None while it is not whole. Lines may end without CR, which is odd."""
    ends = [(at + len(mark), mark) for mark in (b"\r\n\r\n", b"\n\n", b"\n\r\n") if (at := octets.find(mark)) >= 0]
    if not ends:
        return None
    size = min(ends)[0]
    odd: list[tuple[int, str]] = []
    dated: set[tuple[int, str]] = set()
    fields: list[Field] = []
    lines = octets[:size].split(b"\n")[:-1]
    at = offset
    start_line = ""
    for number, line in enumerate(lines):
        if not line.endswith(b"\r"):
            odd.append((at, "a line ends with LF alone"))
        text = line.rstrip(b"\r")
        if number == 0:
            start_line = text.decode("latin-1")
        elif text[:1] in (b" ", b"\t") and fields:
            dated.add((at, "a folded header line"))
            last = fields[-1]
            value = f"{last.value} {text.decode('latin-1').strip()}".strip()
            fields[-1] = Field(last.name, value, last.offset, last.raw + b"\n" + line)
        elif text:
            name, colon, value = text.decode("latin-1").partition(":")
            if not colon:
                odd.append((at, f"a header line without a colon: {text[:40]!r}"))
            elif name != name.strip():
                dated.add((at, f"white space before the colon of {name.strip()}"))
            fields.append(Field(name.strip(), value.strip(" \t"), at, bytes(line)))
        at += len(line) + 1
    return Head(start_line, tuple(fields), offset, size, time, tuple(sorted({*odd, *dated})), frozenset(dated))
