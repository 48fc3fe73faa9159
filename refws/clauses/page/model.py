"""What the page shows, in plain values and in its order; nothing here is about HTML but the names of anchors."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from refws.clauses.ledger import LEVELS, Clause, Document, documents
from refws.clauses.page.snippet import Snippet, snippet_of
from refws.clauses.reference import Reference

__all__ = ["STATES", "Page", "Part", "Requirement", "Section", "Tally", "digest", "page_of"]

# In the order of the bars.
STATES = ("tested", "implemented", "open", "todo", "excused")
UNFINISHED = STATES[1:4]

_KINDS = {
    "keyword": "",
    "lower": "in lower case",
    "def": "by definition",
    "abnf": "by its ABNF",
    "step": "a step of an algorithm",
    "code": "a status code",
    "cond": "a condition",
    "meta": "about the document",
}
_OBLIGATIONS = {"sender": "sends", "receiver": "receives", "both": "", "none": ""}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What Autobahn said of refws: the cases that match, and how often each verdict as a server and as a client."""

    coverage: str
    patterns: tuple[str, ...]
    cases: int
    server: tuple[tuple[str, int], ...]
    client: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One clause. `bound` are the words that a reader filters by: ``both`` is client and server."""

    name: str
    id: str
    anchor: str
    sentence: str
    level: str
    is_keyword: bool
    how: str
    who: str
    obligation: str
    bound: tuple[str, ...]
    wire: str
    state: str
    rule: str
    excused: str
    todo: str
    code: tuple[Snippet, ...]
    tests: tuple[tuple[str, tuple[str, ...]], ...]
    test_count: int
    autobahn: Verdicts | None
    rulings: tuple[tuple[int, str], ...]
    errata: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many requirements, and how many of each state, those with none left out."""

    total: int
    states: tuple[tuple[str, int], ...]
    levels: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `tally` counts its subsections too. `paragraphs` are those with requirements, by their ids."""

    number: str
    anchor: str
    title: str
    link: str
    depth: int
    tally: Tally
    own: Tally
    paragraphs: Mapping[str, tuple[Requirement, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """One document of the ledger; `prefix` makes its anchors differ from those of the first."""

    name: str
    label: str
    title: str
    url: str
    prefix: str
    tally: Tally
    sections: tuple[Section, ...]

    @property
    def requirements(self) -> list[Requirement]:
        """All of them, in the order of the document."""
        return [found for section in self.sections for group in section.paragraphs.values() for found in group]


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page shows when it is given no text of an RFC."""

    parts: tuple[Part, ...]
    levels: tuple[str, ...]
    states: tuple[str, ...]
    bound: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many requirements all documents have."""
        return sum(part.tally.total for part in self.parts)

    @property
    def unfinished(self) -> list[Requirement]:
        """Those that are neither tested nor excused."""
        return [found for part in self.parts for found in part.requirements if found.state in UNFINISHED]


def page_of(reference: Reference) -> Page:
    """Put in order what a reference knows."""
    parts = tuple(_part(reference, document, first=place == 0) for place, document in enumerate(documents().values()))
    bound = Counter(word for part in parts for found in part.requirements for word in found.bound)
    return Page(parts, LEVELS[:-1], STATES, tuple(sorted(bound, key=lambda word: (-bound[word], word))))


def digest(page: Page, *makers: bytes) -> str:
    """Name the content of a page and whatever else it is made with."""
    found = hashlib.sha256(json.dumps(asdict(page), sort_keys=True).encode())
    for maker in makers:
        found.update(hashlib.sha256(maker).digest())
    return found.hexdigest()[:32]


def _part(reference: Reference, document: Document, *, first: bool) -> Part:
    prefix = "" if first else f"{document.name}:"
    requirements = [_requirement(reference, clause, prefix) for clause in document.clauses.values()]
    pairs = list(zip(document.clauses.values(), requirements, strict=True))
    sections = tuple(_section(document, number, pairs, prefix) for number in document.sections)
    label = re.sub(r"^rfc(?=\d)", "RFC ", document.name)
    return Part(document.name, label, document.title, document.url, prefix, _tally(requirements), sections)


def _section(document: Document, number: str, pairs: list[tuple[Clause, Requirement]], prefix: str) -> Section:
    own = [pair for pair in pairs if pair[0].section == number]
    below = [found for clause, found in pairs if f"{clause.section}.".startswith(f"{number}.")]
    paragraphs: dict[str, tuple[Requirement, ...]] = {}
    for clause, found in own:
        paragraph = clause.sentence.rpartition("-")[0]
        paragraphs[paragraph] = (*paragraphs.get(paragraph, ()), found)
    return Section(
        number,
        f"{prefix}{number}",
        document.sections[number],
        document.link(number),
        number.count("."),
        _tally(below),
        _tally(found for _, found in own),
        paragraphs,
    )


def _tally(requirements: Iterable[Requirement]) -> Tally:
    counted = [found for found in requirements if found.state != "meta"]
    states, levels = Counter(found.state for found in counted), Counter(found.level for found in counted)
    return Tally(
        len(counted),
        tuple((state, states[state]) for state in STATES if states[state]),
        tuple((level, levels[level]) for level in LEVELS if levels[level]),
    )


def _requirement(reference: Reference, clause: Clause, prefix: str) -> Requirement:
    known = reference.describe(clause)
    both = ("client", "server") if "both" in clause.who else ()
    bound = tuple(dict.fromkeys((*both, *(word for word in clause.who if word != "both"))))
    tests = _by_file(known["tests"])
    # The code of the document's own folder comes first; hosts and others follow.
    code = sorted(known["code"], key=lambda entry: not entry["path"].startswith(f"refws/{clause.document}/"))
    return Requirement(
        name=clause.name,
        id=clause.id,
        anchor=prefix + clause.id,
        sentence=prefix + clause.sentence,
        level=clause.level,
        is_keyword=clause.kind == "keyword",
        how=_KINDS[clause.kind],
        who=", ".join(bound),
        obligation=_OBLIGATIONS[clause.obligation],
        bound=bound,
        wire=clause.wire,
        state=known["state"],
        rule=clause.rule,
        excused=clause.excused,
        todo=clause.todo,
        code=tuple(map(snippet_of, code)),
        tests=tests,
        test_count=sum(len(names) for _, names in tests),
        autobahn=_verdicts(known["autobahn"]),
        rulings=tuple((int(number), title) for number, title in known["rulings"].items()),
        errata=clause.errata,
    )


def _by_file(tests: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    files: dict[str, tuple[str, ...]] = {}
    for test in tests:
        path, _, name = test.partition("::")
        files[path] = (*files.get(path, ()), name)
    return tuple(files.items())


def _verdicts(autobahn: dict[str, Any]) -> Verdicts | None:
    pairs = list(autobahn["cases"].values())
    if not pairs:
        return None
    server, client = (tuple(Counter(told).most_common()) for told in zip(*pairs, strict=True))
    return Verdicts(autobahn["coverage"], tuple(autobahn["patterns"]), len(pairs), server, client)
