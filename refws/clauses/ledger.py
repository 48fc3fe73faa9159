"""The ledger itself: every requirement of the documents that refws implements, one record each.

A file per document, ``rfc6455.toml`` and so on, in the order of the document; the fields of a record are those of
`Clause`. The ledger holds no sentence of an RFC: a rule is in our own words, and the digest is that of the sentence it
paraphrases, so that `refws clauses audit --text` can tell whether the two still belong together.
"""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["EXCUSES", "Clause", "Document", "UnknownClause", "documents", "lookup", "read_document"]

# An excuse begins with one of these words; the README says what they mean.
EXCUSES = ("others", "definition", "permission", "condition")
OBLIGATIONS = ("sender", "receiver", "both", "none")
LEVELS = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "meta")
KINDS = ("keyword", "lower", "def", "abnf", "step", "code", "cond", "meta")
WIRE = ("yes", "inside", "no")
COVERAGE = ("direct", "partial", "implicit", "none")
_CASES = re.compile(r"\*|\d+(?:\.(?:\d+|\*))*(?:-\d+(?:\.(?:\d+|\*))*)?")


class UnknownClause(ValueError):
    """No record has that name; the message suggests what was perhaps meant."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One requirement.

    `kind` is how the text states it: by a capital ``keyword`` (which one is in `keyword`), by ``lower``-case wording,
    as a definition (``def``), as ``abnf``, as a ``step`` of an algorithm, as a status ``code`` or a condition
    (``cond``); ``meta`` is a sentence about the document itself, no requirement. `who` is bound, and by `obligation` as
    ``sender``, ``receiver``, ``both`` or ``none`` of them. `wire` is ``yes`` where a peer can see it, ``inside`` where
    only a test within the implementation can, and ``no`` where nothing can. `coverage` says how the Autobahn cases that
    match `cases` exercise it: ``direct``, ``partial``, ``implicit`` or ``none``. `excused` is why nobody can implement
    it here, `todo` what still has to be done.
    """

    document: str
    id: str
    level: str
    kind: str
    who: tuple[str, ...]
    rule: str
    digest: str
    wire: str
    obligation: str = "none"
    keyword: str = ""
    coverage: str = "none"
    cases: tuple[str, ...] = ()
    rulings: tuple[int, ...] = ()
    errata: tuple[int, ...] = ()
    excused: str = ""
    todo: str = ""

    @property
    def name(self) -> str:
        """The id with its document, as failures and tests have it: ``rfc6455:5.5-p3-s1/1``."""
        return f"{self.document}:{self.id}"

    @property
    def sentence(self) -> str:
        """The id of the sentence, which holds other requirements too where this id ends in ``/1``: ``5.5-p3-s1``."""
        return self.id.partition("/")[0]

    @property
    def section(self) -> str:
        """The number of the section: ``5.5``."""
        return self.id.partition("-")[0]

    @property
    def is_requirement(self) -> bool:
        """Whether it binds anybody."""
        return self.level != "meta"

    @property
    def is_wire_visible_must(self) -> bool:
        """Whether it is a capital MUST or MUST NOT that a peer can see kept or broken."""
        return self.kind == "keyword" and self.level in ("MUST", "MUST NOT") and self.wire == "yes"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the ledger; `requirements` is how many it has, counted when it was read."""

    name: str
    title: str
    url: str
    requirements: int
    sections: Mapping[str, str]
    clauses: Mapping[str, Clause]

    def link(self, section: str) -> str:
        """Where the section can be read."""
        anchor = f"appendix-{section}" if section[0].isalpha() else f"section-{section}"
        return f"{self.url}#{anchor}"


def read_document(text: str) -> Document:
    """Read one file of the ledger. Raises ValueError, naming the record, for anything malformed."""
    data = tomllib.loads(text)
    try:
        head: dict[str, Any] = data["document"]
        clauses = {key: _clause(head["name"], key, fields) for key, fields in data["clauses"].items()}
        return Document(**head, sections=data["sections"], clauses=clauses)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no document of the ledger: {error}") from None


def _clause(document: str, key: str, fields: dict[str, Any]) -> Clause:
    coverage, _, cases = fields.pop("autobahn", "none").partition(": ")
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    try:
        clause = Clause(
            document, key, **{**fields, **lists}, coverage=coverage, cases=tuple(filter(None, cases.split(", ")))
        )
    except TypeError as error:
        raise ValueError(f"{document}:{key}: {error}") from None
    for field in dataclasses.fields(Clause):
        value = getattr(clause, field.name)
        if not isinstance(value, str if field.type is str else tuple):
            raise ValueError(f"{clause.name}: {value!r} is no {field.name}")
    for value, allowed in (
        (clause.level, LEVELS),
        (clause.kind, KINDS),
        (clause.obligation, OBLIGATIONS),
        (clause.wire, WIRE),
        (clause.coverage, COVERAGE),
    ):
        if value not in allowed:
            raise ValueError(f"{clause.name}: {value!r} is none of {', '.join(allowed)}")
    word, _, reason = clause.excused.partition(": ")
    if clause.excused and (word not in EXCUSES or not reason.strip()):
        raise ValueError(f"{clause.name}: {clause.excused!r} is not {', '.join(EXCUSES)} with a colon and the reason")
    for pattern in clause.cases:
        if not _CASES.fullmatch(pattern):
            raise ValueError(f"{clause.name}: {pattern!r} are no cases of Autobahn")
    return clause


@cache
def documents() -> Mapping[str, Document]:
    """All documents of the ledger by name, RFC 6455 first. Raises ValueError, naming the file, for a malformed one."""
    files = sorted(
        (entry for entry in resources.files(__package__).iterdir() if entry.name.endswith(".toml")),
        key=lambda entry: (entry.name != "rfc6455.toml", entry.name),
    )
    found = {}
    for entry in files:
        try:
            document = read_document(entry.read_text("utf-8"))
        except ValueError as error:
            raise ValueError(f"{entry.name}: {error}") from None
        found[document.name] = document
    return found


def lookup(name: str) -> list[Clause]:
    """Find the clauses that a name means: a requirement, a sentence, a paragraph, a section or a whole document.

    ``rfc6455:5.5.1-p6-s2/1``, ``5.5.1-p6-s2``, ``5.5.1-p6``, ``5.5`` (with 5.5.1 and so on) and ``rfc6455``; a § before
    it does not matter, and where the document is left out the first that knows the name is meant. Raises
    `UnknownClause`.
    """
    wanted = name.strip().removeprefix("§")
    if wanted in documents():
        return list(documents()[wanted].clauses.values())
    document, _, rest = wanted.rpartition(":")
    if document and document not in documents():
        raise UnknownClause(f"the ledger has no document {document!r}; it has {', '.join(documents())}")
    among = [documents()[document]] if document else list(documents().values())
    for candidate in among:
        found = [clause for clause in candidate.clauses.values() if rest in _names(clause)]
        if found:
            return found
    raise UnknownClause(f"no requirement is called {name!r}; {_suggestion(rest, among)}")


def _names(clause: Clause) -> tuple[str, ...]:
    numbers = clause.section.split(".")
    sections = (".".join(numbers[:depth]) for depth in range(len(numbers), 0, -1))
    return clause.id, clause.sentence, clause.sentence.rpartition("-")[0], *sections


def _suggestion(rest: str, among: list[Document]) -> str:
    known = dict.fromkeys(name for document in among for clause in document.clauses.values() for name in _names(clause))
    # Another number in the same place says more than letters in common.
    parent = re.sub(r"[-/.]?[^-/.]*$", "", rest)
    depth = len(re.findall(r"[-/.]", rest))
    siblings = [
        name for name in known if parent and name.startswith(parent) and len(re.findall(r"[-/.]", name)) == depth
    ]
    close = difflib.get_close_matches(rest, siblings or known, n=3, cutoff=0.5)
    prefix = f"{among[0].name}:" if len(among) == 1 else ""
    names = ", ".join(f"{prefix}{name}" for name in close)
    return f"did you mean {names}?" if close else "names look like 5.5.1, 5.5.1-p6 or rfc7692:7.2.1-p3-s1"
