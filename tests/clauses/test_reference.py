"""Everything that is known of a clause, together."""

import json
from pathlib import Path

import pytest
from small_rfc import HEAD, record, small

from refws.clauses import reference
from refws.clauses.evidence import PACKAGE, Evidence
from refws.clauses.ledger import documents, lookup
from refws.clauses.reference import Reference, ruling_titles


@pytest.fixture
def lamps(monkeypatch, tmp_path):
    """A project whose one module obeys the small document."""
    source = (
        "# §1-p1-s1 MUST stay dark\nlamp = None\n# §1-p1-s1 MUST stay dark, too\nrows = [\n" + "    1,\n" * 40 + "]\n"
    )
    (tmp_path / "refws" / "lamps").mkdir(parents=True)
    (tmp_path / "refws" / "lamps" / "s01.py").write_text(source)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "rulings.md").write_text("**Ruling 3: what is dark.** Black.\n\n**Ruling 4: other.**\n")
    score = {"clauses": {"lamps:1-p1-s1": {"mutants": 3, "killed": 2}}}
    (tmp_path / "mutants.json").write_text(json.dumps(score))
    monkeypatch.setattr(reference, "find_report", lambda name: tmp_path / name)
    fields = {"rulings": [3, 5], "errata": [99], "autobahn": "direct: 1.*"}
    document = small({"1-p1-s1": record("1-p1-s1", "MUST", "MUST", **fields)})
    monkeypatch.setattr(reference, "PACKAGE", tmp_path / "refws")
    monkeypatch.setattr(reference, "checkout", lambda: tmp_path)
    monkeypatch.setattr(reference, "documents", lambda: {"lamps": document})
    monkeypatch.setattr(reference, "verdicts", lambda: {"1.1": ("OK", "OK"), "2.1": ("OK", "FAILED")})
    return document


def evidence(document):
    code = {"lamps:1-p1-s1": ("refws/lamps/s01.py", "refws/lamps/s01.py")}
    return Evidence(code, {"lamps:1-p1-s1": ("t.py::t",)})


def test_what_is_known_of_a_clause(lamps):
    known = Reference(evidence(lamps)).describe(lamps.clauses["1-p1-s1"])
    code = known.pop("code")
    assert known == {
        "name": "lamps:1-p1-s1",
        "section": "1",
        "title": "Lamps",
        "link": "https://lamps.example/rfc99001#section-1",
        "level": "MUST",
        "kind": "keyword",
        "keyword": "MUST",
        "who": ["both"],
        "obligation": "both",
        "wire": "yes",
        "rule": "A rule.",
        "digest": lamps.clauses["1-p1-s1"].digest,
        "state": "tested",
        "excused": "",
        "todo": "",
        "tests": ["t.py::t"],
        "mutants": {"mutants": 3, "killed": 2},
        "autobahn": {"coverage": "direct", "patterns": ["1.*"], "cases": {"1.1": ["OK", "OK"]}},
        "rulings": {"3": "what is dark", "5": ""},
        "errata": [99],
    }
    assert code[0] == {
        "path": "refws/lamps/s01.py",
        "line": 1,
        "where": "",
        "first": 1,
        "text": "# §1-p1-s1 MUST stay dark\nlamp = None",
    }


def test_of_a_long_statement_the_beginning_is_shown(lamps):
    code = Reference(evidence(lamps)).describe(lamps.clauses["1-p1-s1"])["code"][1]
    assert code["text"].startswith("# §1-p1-s1 MUST stay dark, too\nrows = [\n")
    assert len(code["text"].splitlines()) == 20


def test_a_clause_that_nobody_obeys_has_no_code(lamps):
    known = Reference(evidence(lamps)).describe(lamps.clauses["A-p1-s1"])
    assert (known["state"], known["code"], known["tests"], known["rulings"]) == ("open", [], [], {})


@pytest.mark.parametrize(("key", "state"), [("1-p3-s1", "excused"), ("1-p6-s2", "todo"), ("1-p6-s1", "meta")])
def test_states(lamps, key, state):
    assert Reference(evidence(lamps)).state(lamps.clauses[key]) == state


def test_without_a_checkout_rulings_have_no_titles(lamps, monkeypatch):
    monkeypatch.setattr(reference, "checkout", lambda: None)
    assert Reference(evidence(lamps)).describe(lamps.clauses["1-p1-s1"])["rulings"] == {"3": "", "5": ""}


def test_a_section_without_a_title_has_none(lamps, monkeypatch):
    document = small(head=HEAD.replace('"1" = "Lamps"\n', ""))
    monkeypatch.setattr(reference, "documents", lambda: {"lamps": document})
    assert Reference(evidence(lamps)).describe(lamps.clauses["1-p1-s1"])["title"] == ""


def test_titles_of_rulings():
    text = "**Ruling 1: one.** Text.\n**Ruling 12: it's `a`, and b.** No **Ruling 3.** and Ruling 4: x.\n"
    assert ruling_titles(text) == {1: "one", 12: "it's `a`, and b"}


# The source as it is


def test_every_clause_can_be_described_in_plain_values():
    everything = Reference()
    for document in documents().values():
        for clause in document.clauses.values():
            known = everything.describe(clause)
            assert json.loads(json.dumps(known)) == known
            assert known["title"], clause.name


def test_the_code_that_is_shown_is_the_very_lines_with_the_citation():
    everything = Reference()
    for clause in lookup("rfc6455") + lookup("rfc7692"):
        for code in everything.describe(clause)["code"]:
            lines = Path(PACKAGE.parent, code["path"]).read_text("utf-8").splitlines()
            shown = code["text"].splitlines()
            assert shown == lines[code["first"] - 1 :][: len(shown)]
            assert clause.id in lines[code["line"] - 1]
            assert code["line"] < code["first"] + len(shown), f"{clause.name} at {code['path']}:{code['line']}"
