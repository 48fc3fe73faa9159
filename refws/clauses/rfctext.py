"""An RFC's own text, taken apart into sections, paragraphs and sentences with the ids that citations use.

Pages break sentences; paragraphs are set apart by blank lines; sentences end with a full stop and two spaces. Where a
page ends on a full line that ends a sentence, nothing says whether the paragraph goes on: see `_GOES_ON`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["KEYWORD", "LEVEL_OF", "Paragraph", "Section", "Sentence", "read_rfc"]

# The words of RFC 2119 and 8174, longest first.
KEYWORD = re.compile(
    r"\b(MUST NOT|SHALL NOT|SHOULD NOT|NOT RECOMMENDED|MUST|REQUIRED|SHALL|SHOULD|RECOMMENDED|MAY|OPTIONAL)\b"
)
# What each of them comes to.
LEVEL_OF = {
    **dict.fromkeys(("MUST", "REQUIRED", "SHALL"), "MUST"),
    **dict.fromkeys(("MUST NOT", "SHALL NOT"), "MUST NOT"),
    **dict.fromkeys(("SHOULD", "RECOMMENDED"), "SHOULD"),
    **dict.fromkeys(("SHOULD NOT", "NOT RECOMMENDED"), "SHOULD NOT"),
    **dict.fromkeys(("MAY", "OPTIONAL"), "MAY"),
}
# First words behind a page break that cannot be told by its form: does the paragraph before it go on?
_GOES_ON = {
    "Conformance requirements phrased as algorithms": False,
    "Clients running in controlled environments": False,
    "IANA has added initial values to the registry": False,
    "extension-param = token [": True,
}
_FOOTER = re.compile(r"\S.*\[Page \d+\]\s*")
_HEADER = re.compile(r"RFC \d+\s.*\s\d{4}\s*")
_NUMBERED = re.compile(r"(?:Appendix ([A-Z](?:\.\d+)*)|(\d+(?:\.\d+)*|[A-Z](?:\.\d+)+))\.?\s+(\S.*)")
_UNNUMBERED = re.compile(
    r"Abstract|Status of This Memo|Copyright Notice|Table of Contents|Acknowledge?ments|Author'?s'? Address(?:es)?"
)
_ITEM = re.compile(r"(\s*)(o|\*|\d{1,2}\.)\s+(\S.*)")
_ENDS = re.compile(r"[.?!:][)\"'_]*$")
_FIGURE = re.compile(r"\+-[-+]|-\+-")
_GRAMMAR = re.compile(
    r"Sec-WebSocket-[A-Za-z-]+\s*=|ws-frame\s*=|NZDIGIT\s*=|frame-.*=|\"wss?:\" |j\s+= i MOD|; |extension-param = "
)
_RULE = re.compile(r"(?![A-Z]\w+ = )[A-Za-z][\w-]*\s*=\s*\S")
_EXAMPLE = re.compile(
    r"(?:GET|CONNECT|HTTP/1\.1|Host:|Upgrade:|Sec-WebSocket-[A-Za-z]+:|0x[0-9a-f]{2}\b(?!.*\bis\b)|permessage-|\[\["
    r"|:method|DATA|HEADERS|SETTINGS$)"
)
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|cf|vs|Ed|Eds|No|J|M|R|T|L-S|E|C|S)\.$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, or one production of a grammar; `id` is such as ``5.5-p3-s1``."""

    id: str
    text: str

    @property
    def digest(self) -> str:
        """The first 12 hexadecimal digits of the SHA-1 of the sentence, white space normalised."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()[:12]

    @property
    def keywords(self) -> list[str]:
        """The capital keywords in it, in their order."""
        return KEYWORD.findall(self.text)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, an item of a list, a piece of grammar, an example or a figure; `raw` keeps its lines."""

    id: str
    kind: str
    raw: str
    sentences: tuple[Sentence, ...]


@dataclass(slots=True)
class Section:
    """A section with its number, or the slug of its title where it has none."""

    id: str
    title: str
    lines: list[str] = field(default_factory=list)

    @property
    def is_numbered(self) -> bool:
        """Whether it is of the body or an appendix, and not of what stands before and behind them."""
        return bool(re.match(r"\d|[A-Z](\.|$)", self.id))

    @property
    def paragraphs(self) -> list[Paragraph]:
        """What stands between the blank lines, without the title."""
        found = []
        for number, block in enumerate(_blocks(self.lines), 1):
            name = f"{self.id}-p{number}"
            texts = enumerate(_texts(block), 1)
            sentences = tuple(Sentence(f"{name}-s{place}", text) for place, text in texts)
            kind = "item" if _kind(block) == "text" and _ITEM.fullmatch(block[0]) else _kind(block)
            found.append(Paragraph(name, kind, "\n".join(block), sentences))
        return found


def read_rfc(text: str) -> list[Section]:
    """Take the plain text of an RFC apart. Its table of contents is a section without use.

    Raises ValueError for a page break that leaves open whether the paragraph goes on.
    """
    lines = _without_page_breaks(text.lstrip("\N{BYTE ORDER MARK}").replace("\r", "").replace("\f", "\n\f\n"))
    sections = [Section("front", "front matter")]
    pending: Section | None = None
    for line in lines:
        # A title can run over to the next line, indented.
        if pending and line.strip() and _indent(line) >= 4:
            pending.title += f" {line.strip()}"
            pending = None
            continue
        if pending := _heading(line):
            sections.append(pending)
        else:
            sections[-1].lines.append(line)
    return sections


def _heading(line: str) -> Section | None:
    if _UNNUMBERED.fullmatch(line.rstrip()):
        return Section(re.sub(r"[^a-z]+", "-", line.strip().lower()).strip("-"), line.strip())
    numbered = _NUMBERED.fullmatch(line)
    # The dots are those of the table of contents.
    if numbered and not re.search(r"(\. ){2}|\.{4}", line):
        return Section(numbered[1] or numbered[2], numbered[3])
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _without_page_breaks(text: str) -> list[str]:
    kept: list[str] = []
    lines = (line.rstrip() for line in text.split("\n"))
    for line in lines:
        if _FOOTER.fullmatch(line):
            while kept and not kept[-1]:
                kept.pop()
            following = next((x for x in lines if x.strip() and not _HEADER.fullmatch(x)), None)
            if following is None:
                break
            if kept and not _paragraph_goes_on(kept[-1], following):
                kept.append("")
            kept.append(following)
        elif line.strip() or not line:
            kept.append(line)
    return kept


def _paragraph_goes_on(before: str, after: str) -> bool:
    for words, goes_on in _GOES_ON.items():
        if after.strip().startswith(words):
            return goes_on
    item = _ITEM.fullmatch(before)
    continuation = len(before) - len(item[3]) if item else _indent(before)
    elsewhere = _ITEM.fullmatch(after) or not _indent(after) or _indent(after) != continuation
    if elsewhere or _is_set_apart(before) or _is_set_apart(after):
        return False
    if not _ENDS.search(before.strip()):
        return True
    # Where the next word would have found room in the 72 columns, the paragraph had ended.
    if len(before) + 1 + len(after.split(maxsplit=1)[0]) <= 72:
        return False
    raise ValueError(f"nothing tells whether the paragraph goes on behind {before.strip()!r}")


def _is_set_apart(line: str) -> bool:
    stripped = line.strip()
    return bool(re.search(r"\S {3,}\S|\+-", stripped) or re.match(r"[;|:]|[A-Za-z][\w-]*\s+=\s", stripped))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        ends = not line.strip()
        # An item can follow another without a blank line between them.
        items = block and _ITEM.fullmatch(line) and _ITEM.fullmatch(block[0]) and _kind(block) == "text"
        if block and (ends or (items and _indent(line) <= _indent(block[0]))):
            yield block
            block = []
        if not ends:
            block.append(line)


def _kind(block: list[str]) -> str:
    first = block[0].strip()
    if _FIGURE.search("\n".join(block)):
        return "figure"
    if _GRAMMAR.match(first) or _RULE.match(first):
        return "grammar"
    return "example" if _EXAMPLE.match(first) else "text"


def _texts(block: list[str]) -> list[str]:
    kind = _kind(block)
    if kind == "grammar":
        return _productions(block)
    if kind != "text":
        return [" / ".join(re.sub(r"\s+", " ", line.strip()) for line in block)]
    if item := _ITEM.fullmatch(block[0]):
        return _sentences([item[3], *block[1:]])
    return _sentences(block[1:] if _has_term(block) else block)


def _has_term(block: list[str]) -> bool:
    """Whether the first line is a term and the rest, indented, its explanation."""
    first = block[0].strip()
    indents = {_indent(line) for line in block[1:]}
    return len(indents) == 1 and min(indents) > _indent(block[0]) and len(first) < 60 and first[-1] not in ",;"


def _sentences(lines: list[str]) -> list[str]:
    text = ""
    for line in lines:
        stripped = line.strip()
        if not text or re.search(r"[A-Za-z0-9]-$", text):
            text += stripped
        else:
            ended = _ENDS.search(text) and not re.search(r"\b(e\.g|i\.e|cf|vs)\.$", text)
            text += f"  {stripped}" if ended else f" {stripped}"
    text = re.sub(r"\. (?=_[A-Z])", ".  ", text)
    found, start = [], 0
    for gap in re.finditer(r"[.?!][)\"'_]*(  +)(?=\S)", text):
        if not _ABBREVIATION.search(text[start : gap.start(1)]):
            found.append(text[start : gap.start(1)].strip())
            start = gap.end()
    return [sentence for sentence in (*found, text[start:].strip()) if sentence]


def _productions(block: list[str]) -> list[str]:
    """One text for each production; comments and continuation lines belong to it."""
    base = min(map(_indent, block))
    found: list[str] = []
    for line in block:
        begins = re.match(r"[A-Za-z\"][\w\":-]*\s*(=|//)|\"wss?:\" ", line.strip())
        if not found or (begins and _indent(line) <= base + 1):
            found.append(line.strip())
        else:
            found[-1] += f" {line.strip()}"
    return found
