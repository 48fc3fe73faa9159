"""The beginning of a ledger for another document: a record for each keyword, to be read and put in words."""

import json
import re

from refws.clauses.rfctext import LEVEL_OF, Section, Sentence, read_rfc

__all__ = ["draft"]

# A sentence with more keywords than this explains the keywords.
_BOILERPLATE = 5


def draft(name: str, text: str, *, every_sentence: bool = False) -> str:
    """The TOML of a ledger for the document `name` with this text. Raises ValueError where it has no sections.

    A sentence with several keywords becomes several records, ``/1`` and so on. With `every_sentence` those without a
    keyword are recorded too, as definitions: a rule needs no keyword to bind. Each record is ``todo`` until somebody
    has read it.
    """
    sections = [section for section in read_rfc(text) if section.is_numbered]
    if not sections:
        raise ValueError("the text has no numbered section")
    records = [
        record
        for section in sections
        for paragraph in section.paragraphs
        for sentence in paragraph.sentences
        for record in _records(sentence, every_sentence=every_sentence)
    ]
    requirements = sum('level = "meta"' not in record for record in records)
    return "\n".join([*_head(name, text, sections, requirements), *records])


def _head(name: str, text: str, sections: list[Section], requirements: int) -> list[str]:
    title = next((line.strip() for line in text.splitlines() if re.match(r"\s{6,}\S", line)), name)
    return [
        "[document]",
        f"name = {_quoted(name)}",
        f"title = {_quoted(title)}",
        f"url = {_quoted(f'https://www.rfc-editor.org/rfc/{name}')}",
        f"requirements = {requirements}",
        "",
        "[sections]",
        *(f"{_quoted(section.id)} = {_quoted(section.title)}" for section in sections),
        "",
    ]


def _records(sentence: Sentence, *, every_sentence: bool) -> list[str]:
    words = sentence.keywords
    if not words:
        return [_record(sentence, sentence.id, "")] if every_sentence else []
    if len(words) > _BOILERPLATE:
        return [_record(sentence, sentence.id, ", ".join(words), meta=True)]
    several = len(words) > 1
    return [
        _record(sentence, f"{sentence.id}/{n}" if several else sentence.id, word) for n, word in enumerate(words, 1)
    ]


def _record(sentence: Sentence, identifier: str, keyword: str, *, meta: bool = False) -> str:
    level = "meta" if meta else LEVEL_OF.get(keyword, "MUST")
    kind = "meta" if meta else "keyword" if keyword else "def"
    fields = [
        f"[clauses.{_quoted(identifier)}]",
        f"level = {_quoted(level)}",
        f"kind = {_quoted(kind)}",
        *([f"keyword = {_quoted(keyword)}"] if keyword else []),
        'who = ["both"]',
        'obligation = "both"',
        'rule = "."',
        f"digest = {_quoted(sentence.digest)}",
        'wire = "yes"',
        'todo = "Read it."',
        "",
    ]
    return "\n".join(fields)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
