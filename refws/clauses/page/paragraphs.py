"""An RFC's paragraphs as the page shows them: running text flows, what is drawn with characters keeps its lines."""

import textwrap
from dataclasses import dataclass

from refws.clauses.rfctext import Paragraph, read_rfc

__all__ = ["Shown", "paragraphs_of"]

_MARGIN = 3
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """A paragraph: `pieces` are its sentences, id and text; `mark` is that of an item, or the term that it explains.

    `kind` is ``text``, ``item``, ``term``, or ``lines`` for figures, grammars and examples.
    """

    id: str
    kind: str
    depth: int
    mark: str
    pieces: tuple[tuple[str, str], ...]


def paragraphs_of(text: str) -> dict[str, list[Shown]]:
    """The paragraphs of an RFC's plain text by section."""
    return {section.id: [_shown(paragraph) for paragraph in section.paragraphs] for section in read_rfc(text)}


def _shown(paragraph: Paragraph) -> Shown:
    first = paragraph.raw.partition("\n")[0]
    depth = min(max(0, len(first) - len(first.lstrip()) - _MARGIN) // _MARGIN, _DEEPEST)
    if paragraph.kind not in ("text", "item"):
        return Shown(paragraph.id, "lines", depth, "", _pieces(paragraph))
    starts = _starts(paragraph.raw, paragraph)
    mark = " ".join(paragraph.raw[: starts[0]].split()) if starts else ""
    kind = "term" if mark and paragraph.kind == "text" else paragraph.kind
    return Shown(
        paragraph.id, kind, depth, mark, tuple((sentence.id, sentence.text) for sentence in paragraph.sentences)
    )


def _pieces(paragraph: Paragraph) -> tuple[tuple[str, str], ...]:
    raw = textwrap.dedent(paragraph.raw)
    starts = _starts(raw, paragraph)
    if len(starts) != len(paragraph.sentences):
        # The parts of an example are one sentence, put together in another way.
        return ((paragraph.sentences[0].id, raw),)
    # White space between two belongs to the former, so that the lines stay as they are.
    cuts = [0, *starts[1:], len(raw)]
    ids = [sentence.id for sentence in paragraph.sentences]
    return tuple((id_, raw[begin:end]) for id_, begin, end in zip(ids, cuts[:-1], cuts[1:], strict=True))


def _starts(raw: str, paragraph: Paragraph) -> list[int]:
    """Where the sentences begin in the text, whose white space is another; as far as they are found."""
    places = [place for place, character in enumerate(raw) if not character.isspace()]
    solid = "".join(raw[place] for place in places)
    starts, after = [], 0
    for sentence in paragraph.sentences:
        wanted = "".join(sentence.text.split())
        found = solid.find(wanted, after)
        if found < 0:
            break
        starts.append(places[found])
        after = found + len(wanted)
    return starts
