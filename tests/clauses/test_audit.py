"""Whatever is lost or changed in the ledger, the source, the tests, the text or the reports is found."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from small_rfc import HEAD, RECORDS, TEXT, record, small

from refws.clauses import audit as module
from refws.clauses import evidence as evidence_module
from refws.clauses.audit import (
    audit,
    audit_citations,
    audit_ledger,
    audit_requirements,
    audit_snapshot,
    audit_text,
)
from refws.clauses.citations import Citation, Mention, citations
from refws.clauses.evidence import PACKAGE, Evidence, state_of
from refws.clauses.finding import Finding
from refws.clauses.ledger import Clause, Document, documents
from refws.clauses.rfctext import read_rfc

# The ledger and the source as they are. A gap that they have today is found in any case, and does not count.


@dataclass
class Inputs:
    """What an audit looks at, and what it finds; everything that has to be tested is taken as tested and blessed."""

    documents: dict[str, Document]
    cited: list[Citation]
    tests: dict[str, tuple[str, ...]]
    blessed: Evidence

    def findings(
        self, cited: list[Citation] | None = None, documents: dict[str, Document] | None = None
    ) -> set[Finding]:
        cited = self.cited if cited is None else cited
        documents = documents or self.documents
        evidence = Evidence.found(cited, self.tests)
        return {
            *audit_ledger(documents),
            *audit_citations(documents, cited, []),
            *audit_requirements(documents, evidence),
            *audit_snapshot(documents, evidence, self.blessed),
        }

    def without(self, clause: Clause) -> dict[str, Document]:
        return self.changed(clause, None)

    def changed(self, clause: Clause, other: Clause | None) -> dict[str, Document]:
        document = self.documents[clause.document]
        clauses = {key: other if key == clause.id else value for key, value in document.clauses.items()}
        kept = {key: value for key, value in clauses.items() if value is not None}
        return {**self.documents, document.name: replace(document, clauses=kept)}


def bless(documents: dict[str, Document], evidence: Evidence) -> Evidence:
    every = [clause for document in documents.values() for clause in document.clauses.values()]
    return replace(evidence, states={clause.name: state_of(clause, evidence) for clause in every})


@pytest.fixture(scope="module")
def real() -> Inputs:
    cited = citations(PACKAGE)
    every = [clause for document in documents().values() for clause in document.clauses.values()]
    tests = {clause.name: ("t.py::t",) for clause in every if clause.is_requirement and not clause.excused}
    evidence = Evidence.found(cited, tests)
    return Inputs(dict(documents()), cited, tests, bless(dict(documents()), evidence))


def clauses_of(inputs: Inputs) -> Iterator[Clause]:
    for document in inputs.documents.values():
        yield from document.clauses.values()


def test_deleting_any_one_citation_is_found(real):
    known = real.findings()
    assert len(real.cited) > 600
    for place, citation in enumerate(real.cited):
        new = real.findings(real.cited[:place] + real.cited[place + 1 :]) - known
        assert any(citation.clause in finding.where for finding in new), citation


def test_a_clause_that_loses_its_last_citation_is_open_whatever_was_blessed(real):
    known = set(audit_requirements(real.documents, Evidence.found(real.cited, real.tests)))
    for clause in clauses_of(real):
        if clause.name in real.blessed.code and not clause.excused and not clause.todo:
            kept = [citation for citation in real.cited if citation.clause != clause.name]
            new = set(audit_requirements(real.documents, Evidence.found(kept, real.tests))) - known
            assert [finding.where for finding in new] == [clause.name]


def test_deleting_any_one_record_is_found(real):
    known = real.findings()
    for clause in clauses_of(real):
        new = real.findings(documents=real.without(clause)) - known
        assert Finding(clause.name, "is in reports/clauses.json and no longer in the ledger") in new
        if clause.is_requirement:
            assert any(finding.where == f"{clause.document}.toml" for finding in new), clause.name
        if clause.name in real.blessed.code:
            assert any(f"cites {clause.name}, which is not in the ledger" == finding.what for finding in new)


def test_losing_the_tests_of_any_one_clause_is_found(real):
    evidence = Evidence.found(real.cited, real.tests)
    known = {*audit_requirements(real.documents, evidence), *audit_snapshot(real.documents, evidence, real.blessed)}
    for name in real.tests:
        less = replace(evidence, tests={other: tests for other, tests in real.tests.items() if other != name})
        new = {*audit_requirements(real.documents, less), *audit_snapshot(real.documents, less, real.blessed)} - known
        assert {finding.where for finding in new} == {name}


def test_any_other_level_of_a_record_is_found(real):
    known = set(audit_ledger(real.documents)) | set(audit_citations(real.documents, real.cited, []))
    for clause in clauses_of(real):
        if clause.kind == "keyword" or clause.name in real.blessed.code:
            other = real.changed(clause, replace(clause, level="MAY" if clause.level != "MAY" else "MUST"))
            new = {*audit_ledger(other), *audit_citations(other, real.cited, [])} - known
            assert any(clause.name in str(finding) for finding in new), clause.name


def test_any_citation_of_another_level_or_of_nothing_is_found(real):
    for citation in real.cited:
        level = "MAY" if citation.level != "MAY" else "SHOULD"
        assert len(list(audit_citations(real.documents, [replace(citation, level=level)], []))) == 1
        nothing = replace(citation, clause=citation.clause + "9")
        assert [str(finding) for finding in audit_citations(real.documents, [nothing], [])] == [
            f"{citation.path}:{citation.line}: cites {nothing.clause}, which is not in the ledger"
        ]


def test_excusing_or_postponing_any_one_clause_is_found(real):
    evidence = Evidence.found(real.cited, real.tests)
    for clause in clauses_of(real):
        if clause.is_requirement and not clause.excused and not clause.todo:
            for word in ({"excused": "others: somebody else."}, {"todo": "Later."}):
                document = real.documents[clause.document]
                changed = {document.name: replace(document, clauses={clause.id: replace(clause, **word)})}
                blessed = replace(real.blessed, states={clause.name: real.blessed.states[clause.name]})
                state = next(iter(word))
                assert [finding.what for finding in audit_snapshot(changed, evidence, blessed)] == [
                    f"is {state} now; reports/clauses.json has it as {real.blessed.states[clause.name]}"
                ]


# The records


def small_findings(changes=None, head=HEAD, **more):
    return [str(finding) for finding in audit_ledger({"lamps": small(changes, head)}, **more)]


def test_a_ledger_without_faults_has_no_findings():
    assert small_findings() == []
    assert small_findings({"1-p2-s1": record("1-p2-s1", "MUST", rulings=[7], autobahn="direct: 9.*")}) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"1-p2-s1": None}, "lamps.toml: 9 requirements, and 10 were counted"),
        (
            {"2-p1-s1": RECORDS["1-p2-s1"].replace("1-p2", "2-p1")},
            "lamps:2-p1-s1: section 2 has no title in the ledger",
        ),
        ({"1-p2-s1": record("1-p2-s1", "MUST", rule="A rule")}, "lamps:1-p2-s1: its rule is not a sentence"),
        (
            {"1-p2-s1": record("1-p2-s1", "MUST", excused="others: no.", todo="Later.")},
            "lamps:1-p2-s1: excused and todo at once",
        ),
        ({"1-p2-s1": record("1-p2-s1", "MUST", rulings=[6, 7])}, "lamps:1-p2-s1: ruling 7 is not in docs/rulings.md"),
        (
            {"1-p2-s1": record("1-p2-s1", "MUST", autobahn="direct: 1.*, 3.1")},
            "lamps:1-p2-s1: Autobahn has no case 3.1",
        ),
        (
            {"1-p2-s1": record("1-p2-s1", "MUST", "SHOULD")},
            "lamps:1-p2-s1: MUST, and yet its keyword is SHOULD",
        ),
        (
            {"1-p2-s1": record("1-p2-s1", "MUST", "MUST, MAY")},
            "lamps:1-p2-s1: MUST, and yet its keyword is MUST, MAY",
        ),
        (
            {"1-p2-s1": record("1-p2-s1", "MUST", kind="keyword")},
            "lamps:1-p2-s1: MUST, and yet its keyword is missing",
        ),
    ],
)
def test_faults_of_a_record(changes, finding):
    assert finding in small_findings(changes, rulings=[6], cases=["1.2.1"])


@pytest.mark.parametrize(
    ("level", "keyword"),
    [
        ("MUST", "SHALL"),
        ("MUST", "MUST, REQUIRED"),
        ("MUST NOT", "SHALL NOT"),
        ("SHOULD NOT", "NOT RECOMMENDED"),
        ("MAY", "OPTIONAL"),
    ],
)
def test_words_that_mean_a_level(level, keyword):
    assert small_findings({"1-p2-s1": record("1-p2-s1", level, keyword)}) == []


# The source and the tests

CITATION = Citation("lamps:1-p1-s1", "MUST", "lamp/a.py", "", 3, 4, 4)


@pytest.mark.parametrize(
    ("citation", "finding"),
    [
        (CITATION, None),
        (replace(CITATION, clause="lamps:1-p9-s1"), "cites lamps:1-p9-s1, which is not in the ledger"),
        (replace(CITATION, clause="lamp:1-p1-s1"), "cites lamp:1-p1-s1, which is not in the ledger"),
        (replace(CITATION, level="MUST NOT"), "cites lamps:1-p1-s1 as MUST NOT; it is a MUST"),
        (
            replace(CITATION, clause="lamps:1-p3-s1", level="MAY"),
            "cites lamps:1-p3-s1, which the ledger excuses (permission: these lamps do not blink.)",
        ),
        (replace(CITATION, clause="lamps:1-p6-s1"), "cites lamps:1-p6-s1 as MUST; it is a meta"),
        (replace(CITATION, clause="lamps:1-p6-s2", level="SHOULD"), None),
    ],
)
def test_faults_of_a_citation(citation, finding):
    found = [str(finding) for finding in audit_citations({"lamps": small()}, [citation], [])]
    assert found == ([f"lamp/a.py:3: {finding}"] if finding else [])


def test_a_name_in_a_test_has_to_exist():
    mentioned = [Mention("lamps:1-p1-s1", "tests/a.py", 1), Mention("lamps:1-p9-s1", "tests/a.py", 2)]
    assert [str(finding) for finding in audit_citations({"lamps": small()}, [], mentioned)] == [
        "tests/a.py:2: names lamps:1-p9-s1, which is not in the ledger"
    ]


def test_every_requirement_is_tested_or_excused_or_todo_and_nothing_else_is():
    evidence = Evidence(
        {"lamps:1-p1-s1": ("a.py",), "lamps:1-p2-s1": ("a.py",)},
        {"lamps:1-p2-s1": ("t.py::t",), "lamps:1-p3-s1": ("t.py::x",), "lamps:1-p9-s1": ("t.py::y",)},
    )
    found = [str(finding) for finding in audit_requirements({"lamps": small()}, evidence)]
    assert found[:4] == [
        "t.py::y: is marked with lamps:1-p9-s1, which is not in the ledger",
        "lamps:1-p1-s1: MUST, and no test with its marker passed: A rule.",
        "lamps:1-p1-s2/1: SHOULD NOT, and no code cites it: A rule.",
        "lamps:1-p1-s2/2: MUST NOT, and no code cites it: A rule.",
    ]
    assert "lamps:1-p3-s1: excused, and yet tested by t.py::x" in found
    assert len(found) == 9


# The report

BEFORE = Evidence({"lamps:1-p1-s1": ("a.py", "b.py")}, {"lamps:1-p1-s1": ("t.py::t",)})


@pytest.mark.parametrize(
    ("now", "findings"),
    [
        (BEFORE, []),
        (
            replace(BEFORE, code={"lamps:1-p1-s1": ("a.py", "c.py")}),
            [
                "lamps:1-p1-s1: is no longer cited in b.py",
                "lamps:1-p1-s1: is now cited in c.py, which reports/clauses.json does not know",
            ],
        ),
        (
            replace(BEFORE, code={"lamps:1-p1-s1": ("a.py", "b.py", "b.py")}),
            ["lamps:1-p1-s1: is now cited in b.py, which reports/clauses.json does not know"],
        ),
        (
            replace(BEFORE, tests={}),
            [
                "lamps:1-p1-s1: is implemented now; reports/clauses.json has it as tested",
                "lamps:1-p1-s1: is no longer tested by t.py::t",
            ],
        ),
    ],
)
def test_what_the_report_has_is_still_there_and_nothing_else(now, findings):
    documents = {"lamps": small()}
    assert [str(finding) for finding in audit_snapshot(documents, now, bless(documents, BEFORE))] == findings


def test_the_report_has_every_record_in_the_state_it_has():
    blessed = bless({"lamps": small()}, BEFORE)
    changed = {"lamps": small({"1-p2-s1": None, "1-p2-s2": record("1-p2-s2", "MUST", todo="Later."), "1-p6-s1": None})}
    changed["lamps"] = replace(changed["lamps"], name="lamps")
    again = small({"1.1-p1-s1": record("1.1-p1-s1", "MUST", todo="Later.")})
    assert [str(finding) for finding in audit_snapshot(changed, BEFORE, blessed)] == [
        "lamps:1-p2-s1: is in reports/clauses.json and no longer in the ledger",
        "lamps:1-p6-s1: is in reports/clauses.json and no longer in the ledger",
        "lamps:1-p2-s2: is in the ledger and not in reports/clauses.json",
    ]
    assert [str(finding) for finding in audit_snapshot({"lamps": again}, BEFORE, blessed)] == [
        "lamps:1.1-p1-s1: is todo now; reports/clauses.json has it as open"
    ]


# The text


def text_findings(changes=None, text=TEXT, head=HEAD):
    return [str(finding) for finding in audit_text(small(changes, head), text)]


def test_a_ledger_that_agrees_with_its_text_has_no_findings():
    assert text_findings() == []


@pytest.mark.parametrize("key", RECORDS)
def test_any_other_digest_is_found(key):
    digest = small().clauses[key].digest
    other = RECORDS[key].replace(digest, "0" * 12)
    assert text_findings({key: other}) == [f"lamps:{key}: the sentence has digest {digest}, not 000000000000"]


@pytest.mark.parametrize("key", [key for key, text in RECORDS.items() if "keyword" in text])
def test_any_record_of_a_keyword_that_is_lost_is_found(key):
    keyword = small().clauses[key].keyword
    assert text_findings({key: None}) == [
        f"lamps:{key.partition('/')[0]}: {keyword} stands 1 more times in the text than in the ledger"
    ]


@pytest.mark.parametrize(
    ("was", "now", "findings"),
    [
        ("A lamp MUST stay", "A lamp must stay", ["the sentence has digest", "MUST stands 1 more times in the ledger"]),
        ("Any lamp", "Any lamp MAY, and MAY,", ["MAY stands 2 more times in the text than in the ledger"]),
        ("A lamp MAY\n", "A lamp MAY, MAY\n", ["the sentence has digest", "MAY stands 1 more times in the text"]),
        ("is a colour.", "is a colour.  Nothing MUST be black.", ["MUST stands 1 more times in the text"]),
        ("Paper SHALL NOT burn.", "", ["the text has no such sentence"]),
        ("A.1.  Paper", "A.1.  Wood", ["lamps:A.1: is called 'Wood' in the text, and 'Paper' in the ledger"]),
        ("Author's Address\n", "2.  More\n", ["lamps:2: is called 'More' in the text, and None in the ledger"]),
    ],
)
def test_what_has_changed_in_the_text_is_found(was, now, findings):
    assert TEXT.count(was) == 1
    found = text_findings(text=TEXT.replace(was, now))
    assert len(found) == len(findings)
    assert all(expected in actual for expected, actual in zip(findings, found, strict=True)), found


@pytest.mark.parametrize("section", [section for section in read_rfc(TEXT) if section.is_numbered], ids=lambda s: s.id)
def test_a_section_that_the_ledger_lacks_is_found(section):
    head = "\n".join(line for line in HEAD.splitlines() if not line.startswith(f'"{section.id}" ')) + "\n"
    assert text_findings(head=head) == [
        f"lamps:{section.id}: is called {section.title!r} in the text, and None in the ledger"
    ]


# All of it


@pytest.fixture
def project(monkeypatch, tmp_path):
    """A project that agrees with itself; its page is whatever `page` says of it."""
    document = small({"1-p2-s1": record("1-p2-s1", "MUST", rulings=[7], autobahn="direct: 1.2.*")})
    bound = [c for c in document.clauses.values() if c.is_requirement and not c.excused and not c.todo]
    files = {
        "refws/lamps/s01.py": "".join(f"# §{clause.id} {clause.level} do so\n" for clause in bound) + "x = 1\n",
        "tests/test_s01.py": "",
        "docs/rulings.md": "**Ruling 7: so.**\n",
        "reports/clauses.json": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for owner in (module, evidence_module):
        monkeypatch.setattr(owner, "PACKAGE", tmp_path / "refws")
    monkeypatch.setattr(module, "documents", lambda: {"lamps": document})
    monkeypatch.setattr(module, "verdicts", lambda: {"1.2.1": ("OK", "OK")})
    monkeypatch.setattr(module, "audit_page", lambda reference, path: iter(()))
    found = Evidence.found(citations(tmp_path / "refws"), {clause.name: ("t.py::t",) for clause in bound})
    (tmp_path / "reports/clauses.json").write_text(found.as_json({"lamps": document}))
    return tmp_path


def all_findings(**options):
    evidence = Evidence.now()
    return [str(finding) for finding in audit(evidence, {"lamps": TEXT}, **options)]


def test_a_project_that_agrees_with_itself_has_no_findings(project):
    assert all_findings() == []


@pytest.mark.parametrize(
    ("file", "was", "now", "finding"),
    [
        ("docs/rulings.md", "Ruling 7", "Ruling 8", "lamps:1-p2-s1: ruling 7 is not in docs/rulings.md"),
        ("refws/lamps/s01.py", "§1-p1-s1 MUST", "§1-p1-s1 MAY", "cites lamps:1-p1-s1 as MAY; it is a MUST"),
        ("refws/lamps/s01.py", "§A-p1-s1 MAY", "", "lamps:A-p1-s1: MAY, and no code cites it: A rule."),
        (
            "refws/lamps/s01.py",
            "x = 1",
            "x = 'rfc" + "1:1-p1-s1'",
            "names rfc" + "1:1-p1-s1, which is not in the ledger",
        ),
        ("tests/test_s01.py", "", "'rfc" + "1:1-p1-s1'", "names rfc" + "1:1-p1-s1, which is not in the ledger"),
        ("reports/clauses.json", '"tests": ["t.py::t"]', '"tests": []', "no test with its marker passed"),
        ("reports/clauses.json", '"tested"', '"open"', "is tested now; reports/clauses.json has it as open"),
    ],
)
def test_an_audit_looks_at_all_of_it(project, file, was, now, finding):
    path = project / file
    path.write_text(path.read_text().replace(was, now, 1))
    assert any(finding in found for found in all_findings()), all_findings()


def test_an_audit_looks_at_the_text_the_cases_and_the_page(project, monkeypatch):
    assert list(audit(Evidence.now(), {"lamps": TEXT.replace("blink", "wink", 1)}))
    monkeypatch.setattr(module, "audit_page", lambda reference, path: iter([Finding(str(path), "is old")]))
    assert all_findings() == [f"{project / 'reports' / 'clauses.html'}: is old"]
    monkeypatch.setattr(module, "verdicts", lambda: {"2.1": ("OK", "OK")})
    assert "lamps:1-p2-s1: Autobahn has no case 1.2.*" in all_findings()


def test_what_is_about_to_be_blessed_is_not_compared_with_what_was(project, monkeypatch):
    evidence = Evidence.now()
    (project / "reports" / "clauses.json").write_text('{"schema": "refws-clauses/1", "clauses": {}}')
    monkeypatch.setattr(module, "audit_page", lambda reference, path: iter([Finding(path.name, "is old")]))
    assert len(list(audit(evidence, {}))) == len(RECORDS) + 1
    assert list(audit(evidence, {}, against_reports=False)) == []


def test_installed_without_its_project_only_the_package_is_looked_at(project, monkeypatch):
    evidence = Evidence.now()
    monkeypatch.setattr(module, "checkout", lambda: None)
    (project / "tests" / "test_s01.py").write_text("'rfc" + "1:1-p1-s1'")
    (project / "docs" / "rulings.md").unlink()
    assert list(audit(evidence, {})) == []
