"""Records read, found and refused."""

import re
from importlib import resources

import pytest
from small_rfc import HEAD, RECORDS, record, small

from refws.clauses import ledger
from refws.clauses.ledger import EXCUSES, UnknownClause, documents, lookup, read_document

# The records


def test_a_record_has_its_fields():
    fields = {
        "who": ["client", "server"],
        "obligation": "sender",
        "wire": "inside",
        "autobahn": "partial: 1.2.*, 3.4-3.6",
        "rulings": [7, 9],
        "errata": [3433],
    }
    clause = small({"1-p1-s2/1": record("1-p1-s2/1", "SHOULD NOT", "SHOULD NOT", **fields)}).clauses["1-p1-s2/1"]
    assert (clause.name, clause.sentence, clause.section) == ("lamps:1-p1-s2/1", "1-p1-s2", "1")
    assert (clause.who, clause.obligation, clause.wire) == (("client", "server"), "sender", "inside")
    assert (clause.coverage, clause.cases) == ("partial", ("1.2.*", "3.4-3.6"))
    assert (clause.rulings, clause.errata, clause.excused, clause.todo) == ((7, 9), (3433,), "", "")


def test_what_a_record_leaves_out_is_empty():
    clause = small({"1-p2-s1": record("1-p2-s1", "MUST", obligation=None)}).clauses["1-p2-s1"]
    assert (clause.keyword, clause.obligation, clause.coverage, clause.cases) == ("", "none", "none", ())


def test_what_is_a_requirement_and_what_a_visible_must():
    clauses = small({"1-p4-s1": record("1-p4-s1", "MUST", "REQUIRED", wire="inside")}).clauses
    assert [key for key, clause in clauses.items() if not clause.is_requirement] == ["1-p6-s1"]
    assert [key for key, clause in clauses.items() if clause.is_wire_visible_must] == [
        "1-p1-s1",
        "1-p1-s2/2",
        "A.1-p1-s1",
    ]


def test_a_section_and_an_appendix_have_links():
    document = small()
    assert document.link("1.1") == "https://lamps.example/rfc99001#section-1.1"
    assert document.link("A.1") == "https://lamps.example/rfc99001#appendix-A.1"


def test_a_document_keeps_the_order_of_its_records():
    assert list(small().clauses) == list(RECORDS)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"level": "must"}, "'must' is none of MUST, MUST NOT"),
        ({"level": ["MUST"]}, "is no level"),
        ({"kind": "word"}, "'word' is none of keyword"),
        ({"obligation": "all"}, "'all' is none of sender"),
        ({"wire": "maybe"}, "'maybe' is none of yes, inside, no"),
        ({"autobahn": "wholly: 1.1"}, "'wholly' is none of direct"),
        ({"autobahn": "direct: 1.1, x"}, "'x' are no cases of Autobahn"),
        ({"who": "client"}, "'client' is no who"),
        ({"rulings": 7}, "7 is no rulings"),
        ({"digest": 7}, "7 is no digest"),
        ({"excused": "nobody can"}, "'nobody can' is not others, definition, permission, condition with"),
        ({"excused": "others"}, "'others' is not"),
        ({"excused": "others: "}, "'others: ' is not"),
        ({"excused": "nobody: wants it."}, "'nobody: wants it.' is not"),
        ({"digest": None}, "digest"),
        ({"colour": "red"}, "colour"),
        ({"id": "1-p1-s9"}, "id"),
        ({"coverage": "none"}, "coverage"),
    ],
)
def test_a_malformed_record_is_named(fields, says):
    with pytest.raises(ValueError, match=rf"lamps:1-p2-s1: .*{re.escape(says)}"):
        small({"1-p2-s1": record("1-p2-s1", "MUST", **fields)})


@pytest.mark.parametrize("word", EXCUSES)
def test_every_word_of_excuse_takes_a_reason(word):
    excused = {"1-p2-s1": record("1-p2-s1", "MUST", excused=f"{word}: it is so.")}
    assert small(excused).clauses["1-p2-s1"].excused.endswith("it is so.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[document",
        "[document]\nname = 'x'\n[clauses]\n",
        "document = 1",
        HEAD.replace('title = "The Small Lamp Protocol"\n', "") + RECORDS["1-p1-s1"],
        HEAD.replace("[sections]", "[more]") + RECORDS["1-p1-s1"],
        HEAD + '[clauses]\n"1-p1-s1" = 1',
        HEAD + RECORDS["1-p1-s1"] * 2,
    ],
)
def test_a_malformed_document_is_a_value_error(text):
    with pytest.raises(ValueError):
        read_document(text)


# The files


def test_rfc_6455_comes_first_and_every_file_is_read():
    files = {entry.name for entry in resources.files("refws.clauses").iterdir() if entry.name.endswith(".toml")}
    assert {f"{name}.toml" for name in documents()} == files
    assert next(iter(documents())) == "rfc6455"


def test_the_records_stand_in_the_order_of_their_document():
    for document in documents().values():
        places = [[[int(n) for n in re.findall(r"\d+", part)] for part in key.split("-")] for key in document.clauses]
        assert places == sorted(places), document.name


def test_a_malformed_file_is_named(monkeypatch, tmp_path):
    (tmp_path / "lamps.toml").write_text("[document]\nname = ?")
    monkeypatch.setattr(ledger.resources, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"^lamps\.toml: .*line 2"):
        documents.__wrapped__()


# Names


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("lamps:1-p1-s2/1", ["1-p1-s2/1"]),
        ("§lamps:1-p1-s2/1", ["1-p1-s2/1"]),
        ("1-p1-s2/2", ["1-p1-s2/2"]),
        ("1-p1-s2", ["1-p1-s2/1", "1-p1-s2/2"]),
        (" §1-p1 ", ["1-p1-s1", "1-p1-s2/1", "1-p1-s2/2"]),
        ("1.1", ["1.1-p1-s1"]),
        ("1", list(RECORDS)[:9]),
        ("A", ["A-p1-s1", "A.1-p1-s1"]),
        ("A.1", ["A.1-p1-s1"]),
        ("lamps:A.1", ["A.1-p1-s1"]),
        ("lamps", list(RECORDS)),
    ],
)
def test_a_name_means_a_rule_a_sentence_a_paragraph_a_section_or_a_document(name, means, monkeypatch):
    monkeypatch.setattr(ledger, "documents", lambda: {"lamps": small()})
    assert [clause.id for clause in lookup(name)] == means


@pytest.mark.parametrize("document", documents())
def test_every_record_is_found_by_its_name(document):
    for clause in documents()[document].clauses.values():
        assert lookup(clause.name) == [clause]
        assert clause in lookup(f"§{document}:{clause.sentence}")


def test_without_a_document_the_first_that_knows_the_name_is_meant():
    assert {clause.document for clause in lookup("5.1")} == {"rfc6455"}
    assert {clause.document for clause in lookup("7.2.3.6")} == {"rfc7692"}
    assert {clause.document for clause in lookup("rfc7692:5.1")} == {"rfc7692"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("5.5.9", r"no requirement is called '5\.5\.9'; did you mean .*5\.5\.1"),
        ("rfc7692:" + "7.2.1-p99-s1", r"did you mean rfc7692:7\.2\.1-p\d"),
        ("5.5.1-p6-s9", r"did you mean 5\.5\.1-p6-s"),
        ("rfc1:5.5", r"no document 'rfc1'; it has rfc6455, rfc7692"),
        ("rfc6455:", "names look like"),
        ("", "names look like"),
        ("one\ntwo", r"'one\\ntwo'; names look like"),
        ("-p-s-/.", "no requirement"),
    ],
)
def test_a_name_that_means_nothing_gets_a_suggestion_in_one_line(name, says):
    with pytest.raises(UnknownClause, match=says) as caught:
        lookup(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("1-p1-s9", "did you mean lamps:1-p1-s2, lamps:1-p1-s1?"),
        ("lamps:1-p1-s2/9", "did you mean lamps:1-p1-s2/2, lamps:1-p1-s2/1?"),
        ("1-p9", "did you mean lamps:1-p6, lamps:1-p4, lamps:1-p3?"),
        ("A.9", "did you mean lamps:A.1?"),
        ("9", "names look like 5.5.1, 5.5.1-p6 or rfc7692:7.2.1-p3-s1"),
        ("p1-s1", "did you mean lamps:A-p1-s1, lamps:1-p1-s1, lamps:A.1-p1-s1?"),
    ],
)
def test_another_number_in_the_same_place_is_suggested(name, says, monkeypatch):
    monkeypatch.setattr(ledger, "documents", lambda: {"lamps": small()})
    with pytest.raises(UnknownClause) as caught:
        lookup(name)
    assert str(caught.value) == f"no requirement is called {name!r}; {says}"


def test_suggestions_from_several_documents_do_not_name_one(monkeypatch):
    monkeypatch.setattr(ledger, "documents", lambda: {"lamps": small(), "plugs": small()})
    with pytest.raises(UnknownClause, match=r"did you mean A\.1\?$"):
        lookup("A.9")
