"""Whether the ledger, the RFCs' texts, the source, the tests and the blessed report agree."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from refws.clauses.citations import Citation, Mention, citations, mentions
from refws.clauses.evidence import PACKAGE, Evidence, cases_of, checkout, state_of, verdicts
from refws.clauses.finding import Finding
from refws.clauses.ledger import Clause, Document, documents
from refws.clauses.page import audit_page
from refws.clauses.reference import Reference, ruling_titles
from refws.clauses.rfctext import KEYWORD, LEVEL_OF, Sentence, read_rfc

__all__ = ["audit", "audit_citations", "audit_ledger", "audit_requirements", "audit_snapshot", "audit_text"]


def audit(evidence: Evidence, texts: Mapping[str, str], *, against_reports: bool = True) -> Iterator[Finding]:
    """All of it: `evidence` is what the source and the tests show now, `texts` the RFCs' own by document.

    Where refws is installed without its project, its tests, rulings and reports are not looked at.
    """
    root = checkout()
    rulings = ruling_titles((root / "docs" / "rulings.md").read_text("utf-8")) if root else None
    yield from audit_ledger(documents(), rulings, verdicts())
    for name, text in texts.items():
        yield from audit_text(documents()[name], text)
    mentioned = mentions(PACKAGE) + (mentions(root / "tests") if root else [])
    yield from audit_citations(documents(), citations(PACKAGE), mentioned)
    yield from audit_requirements(documents(), evidence)
    if root and against_reports:
        yield from audit_snapshot(documents(), evidence, Evidence.blessed())
        yield from audit_page(Reference(evidence), root / "reports" / "clauses.html")


def audit_ledger(
    documents: Mapping[str, Document], rulings: Collection[int] | None = None, cases: Collection[str] = ()
) -> Iterator[Finding]:
    """Look at the records themselves; `rulings` are the numbers that are written, and `cases` all of Autobahn's.

    Where they are not at hand, what the records say of them is not looked at.
    """
    for document in documents.values():
        clauses = document.clauses.values()
        count = sum(clause.is_requirement for clause in clauses)
        if count != document.requirements:
            yield Finding(f"{document.name}.toml", f"{count} requirements, and {document.requirements} were counted")
        for clause in clauses:
            if clause.section not in document.sections:
                yield Finding(clause.name, f"section {clause.section} has no title in the ledger")
            yield from _audit_record(clause)
            if rulings is not None:
                for number in sorted(set(clause.rulings) - set(rulings)):
                    yield Finding(clause.name, f"ruling {number} is not in docs/rulings.md")
            for pattern in clause.cases if cases else ():
                if not cases_of(replace(clause, cases=(pattern,)), cases):
                    yield Finding(clause.name, f"Autobahn has no case {pattern}")


def _audit_record(clause: Clause) -> Iterator[Finding]:
    if not clause.rule.endswith((".", "?", "!")):
        yield Finding(clause.name, "its rule is not a sentence")
    if clause.excused and clause.todo:
        yield Finding(clause.name, "excused and todo at once")
    if clause.kind == "keyword" and {LEVEL_OF.get(word) for word in clause.keyword.split(", ")} != {clause.level}:
        yield Finding(clause.name, f"{clause.level}, and yet its keyword is {clause.keyword or 'missing'}")


def _by_name(documents: Mapping[str, Document]) -> dict[str, Clause]:
    return {clause.name: clause for document in documents.values() for clause in document.clauses.values()}


def audit_citations(
    documents: Mapping[str, Document], cited: Iterable[Citation], mentioned: Iterable[Mention]
) -> Iterator[Finding]:
    """Look at what the source and the tests name: whether it exists, and with that level."""
    clauses = _by_name(documents)
    for citation in cited:
        where = f"{citation.path}:{citation.line}"
        clause = clauses.get(citation.clause)
        if clause is None:
            yield Finding(where, f"cites {citation.clause}, which is not in the ledger")
        elif citation.level != clause.level:
            yield Finding(where, f"cites {citation.clause} as {citation.level}; it is a {clause.level}")
        elif clause.excused:
            yield Finding(where, f"cites {citation.clause}, which the ledger excuses ({clause.excused})")
    for mention in mentioned:
        if mention.clause not in clauses:
            yield Finding(f"{mention.path}:{mention.line}", f"names {mention.clause}, which is not in the ledger")


def audit_requirements(documents: Mapping[str, Document], evidence: Evidence) -> Iterator[Finding]:
    """Every requirement is implemented and tested, or excused, or todo; and nothing else is tested."""
    for name in sorted(evidence.tests.keys() - _by_name(documents).keys()):
        yield Finding(evidence.tests[name][0], f"is marked with {name}, which is not in the ledger")
    for document in documents.values():
        for clause in filter(lambda clause: clause.is_requirement, document.clauses.values()):
            state = state_of(clause, evidence)
            if state == "open":
                yield Finding(clause.name, f"{clause.level}, and no code cites it: {clause.rule}")
            elif state == "implemented":
                yield Finding(clause.name, f"{clause.level}, and no test with its marker passed: {clause.rule}")
            elif state == "excused" and evidence.tests.get(clause.name):
                yield Finding(clause.name, f"excused, and yet tested by {evidence.tests[clause.name][0]}")


def audit_snapshot(documents: Mapping[str, Document], evidence: Evidence, blessed: Evidence) -> Iterator[Finding]:
    """Compare with the blessed report: what it has must still be there, and nothing else."""
    clauses = _by_name(documents)
    for name in sorted(blessed.states.keys() - clauses):
        yield Finding(name, "is in reports/clauses.json and no longer in the ledger")
    for name in sorted(clauses.keys() - blessed.states):
        yield Finding(name, "is in the ledger and not in reports/clauses.json")
    both = sorted(clauses.keys() & blessed.states)
    for name in both:
        state = state_of(clauses[name], evidence)
        if state != blessed.states[name]:
            yield Finding(name, f"is {state} now; reports/clauses.json has it as {blessed.states[name]}")
    for what, found, known in (("cited in", evidence.code, blessed.code), ("tested by", evidence.tests, blessed.tests)):
        for name in both:
            now, then = found.get(name, ()), known.get(name, ())
            if now == then:
                continue
            for place in sorted((Counter(then) - Counter(now)).elements()):
                yield Finding(name, f"is no longer {what} {place}")
            for place in sorted((Counter(now) - Counter(then)).elements()):
                yield Finding(name, f"is now {what} {place}, which reports/clauses.json does not know")


def audit_text(document: Document, text: str) -> Iterator[Finding]:
    """Hold a document of the ledger against the RFC's own text: ids, digests, section titles, capital keywords."""
    sections = read_rfc(text)
    sentences = {s.id: s for section in sections for p in section.paragraphs for s in p.sentences}
    titles = {section.id: section.title for section in sections if section.is_numbered}
    for number in sorted(titles.keys() | document.sections):
        title, recorded = titles.get(number), document.sections.get(number)
        if title != recorded:
            yield Finding(
                f"{document.name}:{number}", f"is called {title!r} in the text, and {recorded!r} in the ledger"
            )
    records: defaultdict[str, list[Clause]] = defaultdict(list)
    for clause in document.clauses.values():
        records[clause.sentence].append(clause)
        if clause.sentence not in sentences:
            yield Finding(clause.name, "the text has no such sentence")
        elif sentences[clause.sentence].digest != clause.digest:
            yield Finding(
                clause.name, f"the sentence has digest {sentences[clause.sentence].digest}, not {clause.digest}"
            )
    for sentence in sentences.values():
        yield from _keywords(document.name, sentence, records[sentence.id])


def _keywords(document: str, sentence: Sentence, records: list[Clause]) -> Iterator[Finding]:
    recorded = Counter(word for clause in records for word in KEYWORD.findall(clause.keyword))
    for word, count in (Counter(sentence.keywords) - recorded).items():
        yield Finding(f"{document}:{sentence.id}", f"{word} stands {count} more times in the text than in the ledger")
    for word, count in (recorded - Counter(sentence.keywords)).items():
        yield Finding(f"{document}:{sentence.id}", f"{word} stands {count} more times in the ledger than in the text")
