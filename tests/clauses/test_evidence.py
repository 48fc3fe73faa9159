"""What shows that a clause is obeyed."""

import json

import pytest
from small_rfc import record, small

from refws.clauses import evidence
from refws.clauses.citations import Citation
from refws.clauses.evidence import (
    SCHEMA,
    Evidence,
    cases_of,
    checkout,
    find_report,
    read_tested,
    state_of,
    verdicts,
)


def cited(clause: str, place: str = "a.py") -> Citation:
    return Citation(clause, "MUST", place, "", 1, 2, 2)


@pytest.fixture
def reports(monkeypatch, tmp_path):
    """A project of its own, with a package and reports."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "lamp").mkdir()
    monkeypatch.setattr(evidence, "PACKAGE", tmp_path / "lamp")
    return tmp_path / "reports"


# States


@pytest.mark.parametrize(
    ("fields", "code", "tests", "state"),
    [
        ({}, True, True, "tested"),
        ({}, True, False, "implemented"),
        ({}, False, True, "open"),
        ({}, False, False, "open"),
        ({"excused": "others: no."}, True, True, "excused"),
        ({"todo": "Later."}, True, True, "todo"),
        ({"level": "meta", "kind": "meta"}, False, False, "meta"),
    ],
)
def test_the_state_of_a_clause(fields, code, tests, state):
    usual = {"level": "MUST", **fields}
    clause = small({"1-p2-s1": record("1-p2-s1", usual.pop("level"), **usual)}).clauses["1-p2-s1"]
    shown = Evidence({clause.name: ("a.py",)} if code else {}, {clause.name: ("t.py::t",)} if tests else {})
    assert state_of(clause, shown) == state


def test_two_citations_in_one_place_count_twice_and_places_are_sorted():
    found = Evidence.found([cited("x:1", "b.py"), cited("x:1", "a.py"), cited("x:1", "b.py"), cited("x:2")], {})
    assert found.code == {"x:1": ("a.py", "b.py", "b.py"), "x:2": ("a.py",)}


# Reports


def test_what_is_blessed_is_what_was_found(reports):
    document = small()
    found = Evidence.found([cited("lamps:1-p1-s1"), cited("lamps:1-p2-s1")], {"lamps:1-p1-s1": ("t.py::t",)})
    (reports / "clauses.json").write_text(found.as_json({"lamps": document}), "utf-8")
    blessed = Evidence.blessed()
    assert (blessed.code, blessed.tests) == (found.code, found.tests)
    assert blessed.states == {clause.name: state_of(clause, found) for clause in document.clauses.values()}
    assert {"tested", "implemented", "open", "excused", "todo", "meta"} == set(blessed.states.values())


def test_the_report_has_a_line_for_each_clause_and_the_same_bytes_every_time():
    documents = {"lamps": small()}
    text = Evidence({}, {}).as_json(documents)
    assert text == Evidence({}, {}).as_json(documents)
    assert len(text.splitlines()) == len(documents["lamps"].clauses) + 2
    assert json.loads(text)["schema"] == SCHEMA


def test_without_a_report_nothing_is_blessed(reports):
    assert Evidence.blessed() == Evidence({}, {}, {})


@pytest.mark.parametrize("text", ["", "<<<<<<< ours", "[]", '{"schema": "other/1", "clauses": {}}', '{"clauses": {}}'])
def test_a_report_that_is_none_is_named(reports, text):
    (reports / "clauses.json").write_text(text)
    with pytest.raises(ValueError, match=r"clauses\.json is not what refws clauses audit --bless writes"):
        Evidence.blessed()


def test_evidence_now_is_of_the_source_and_of_the_blessed_tests(reports):
    (reports.parent / "lamp" / "a.py").write_text("# §rfc" + "1:1-p1-s1 MUST shine\nx = 1\n")
    (reports / "clauses.json").write_text(
        json.dumps({"schema": SCHEMA, "clauses": {"a:1": {"state": "tested", "code": [], "tests": ["t.py::t"]}}})
    )
    now = Evidence.now()
    assert now.code == {"rfc" + "1:1-p1-s1": ("lamp/a.py",)}
    assert now.tests == {"a:1": ("t.py::t",)}


def test_an_installed_refws_has_copies_of_its_reports(monkeypatch, tmp_path):
    installed = tmp_path / "site-packages" / "lamp"
    copies = installed / "clauses" / "reports"
    copies.mkdir(parents=True)
    monkeypatch.setattr(evidence, "PACKAGE", installed)
    monkeypatch.setattr(evidence, "__file__", str(installed / "clauses" / "evidence.py"))
    assert (checkout(), find_report("clauses.json")) == (None, None)
    (copies / "clauses.json").write_text("{}")
    assert (checkout(), find_report("clauses.json")) == (None, copies / "clauses.json")


def test_a_checkout_is_where_its_reports_are(reports):
    assert checkout() == reports.parent


# Tests that ran


def test_what_pytest_wrote_is_read(tmp_path):
    path = tmp_path / "tested.json"
    path.write_text(json.dumps({"schema": SCHEMA, "passed": {"a:1": ["t.py::z", "t.py::a"]}}))
    assert read_tested(path) == {"a:1": ("t.py::a", "t.py::z")}


@pytest.mark.parametrize(
    "octets",
    [b"", b"\xff", b"[]", b"{}", b'{"schema": "refws-clauses/1"}', b'{"schema": "refws-clauses/1", "passed": []}'],
)
def test_another_file_is_refused(tmp_path, octets):
    path = tmp_path / "tested.json"
    path.write_bytes(octets)
    with pytest.raises(ValueError, match=r"tested\.json is not what pytest --clauses writes"):
        read_tested(path)


# Autobahn


@pytest.mark.parametrize(
    ("pattern", "cases"),
    [
        ("1.1.1", ["1.1.1"]),
        ("1.1", []),
        ("2.1", ["2.1"]),
        ("2.1.1", []),
        ("2.1.*", []),
        ("2.*", ["2.1", "2.10"]),
        ("1.*", ["1.1.1", "1.2.1"]),
        ("*", ["1.1.1", "1.2.1", "2.1", "2.10", "12.1.10", "12.1.11", "12.2.18", "12.2.19", "13.1.11"]),
        ("2.2-2.10", ["2.10"]),
        ("1.*-2.*", ["1.1.1", "1.2.1", "2.1", "2.10"]),
        ("1.2.*-1.9.*", ["1.2.1"]),
        ("12.*.11-18", ["12.1.11", "12.2.18"]),
        ("12.1.*-13.1.*", ["12.1.10", "12.1.11", "13.1.11"]),
    ],
)
def test_patterns_of_cases(pattern, cases):
    known = ["1.1.1", "1.2.1", "2.1", "2.10", "12.1.10", "12.1.11", "12.2.18", "12.2.19", "13.1.11"]
    clause = small({"1-p2-s1": record("1-p2-s1", "MUST", autobahn=f"direct: {pattern}")}).clauses["1-p2-s1"]
    assert cases_of(clause, known) == cases


def test_a_clause_without_cases_matches_none():
    assert cases_of(small().clauses["1-p2-s1"], ["1.1.1"]) == []


def test_verdicts_are_those_of_both_roles(reports):
    verdict = {"behavior": "OK", "behaviorClose": "OK"}
    testees = {
        "server": {"cases": {"1.1.1": verdict, "1.1.2": verdict}},
        "client": {"cases": {"1.1.1": {**verdict, "behavior": "NON-STRICT"}}},
    }
    assert verdicts() == {}
    (reports / "autobahn.json").write_text(json.dumps({"testees": testees}))
    assert verdicts() == {"1.1.1": ("OK", "NON-STRICT")}
