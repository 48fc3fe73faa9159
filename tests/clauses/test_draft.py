"""The beginning of a ledger: it agrees with the text that it was made of."""

import pytest
from small_rfc import SENTENCES, TEXT

from refws.clauses.audit import audit_ledger, audit_text
from refws.clauses.draft import draft
from refws.clauses.ledger import read_document


@pytest.mark.parametrize("every_sentence", [False, True])
def test_a_draft_agrees_with_its_text(every_sentence):
    document = read_document(draft("lamps", TEXT, every_sentence=every_sentence))
    assert list(audit_text(document, TEXT)) == []
    assert list(audit_ledger({"lamps": document})) == []
    assert (document.name, document.title) == ("lamps", "The Small Lamp Protocol")
    assert document.link("1.1") == "https://www.rfc-editor.org/rfc/lamps#section-1.1"
    assert document.sections["1.1"] == "Colours, and Whatever Else a Lamp Can Show"
    assert all(clause.todo for clause in document.clauses.values())


def test_every_keyword_has_a_record_and_with_that_every_sentence():
    levels = {key: clause.level for key, clause in read_document(draft("lamps", TEXT)).clauses.items()}
    assert levels == {
        "1-p1-s1": "MUST",
        "1-p1-s2/1": "SHOULD NOT",
        "1-p1-s2/2": "MUST NOT",
        "1-p3-s1": "MAY",
        "1-p4-s1": "MUST",
        "1-p6-s2": "SHOULD",
        "A-p1-s1": "MAY",
        "A.1-p1-s1": "MUST NOT",
    }
    every = read_document(draft("lamps", TEXT, every_sentence=True)).clauses
    assert {clause.sentence for clause in every.values()} == set(SENTENCES)
    assert {clause.kind for clause in every.values() if not clause.keyword} == {"def"}


def test_what_explains_the_keywords_binds_nobody():
    words = '"MUST", "MUST NOT", "REQUIRED", "SHOULD", "MAY", and "OPTIONAL"'
    text = f'1.  Words\n\n   The words {words} are loud.  "A \\ B" MUST NOT be.\n'
    (meta, other) = read_document(draft("lamps", text)).clauses.values()
    assert (meta.level, meta.is_requirement, other.level) == ("meta", False, "MUST NOT")
    assert meta.keyword == "MUST, MUST NOT, REQUIRED, SHOULD, MAY, OPTIONAL"
    document = read_document(draft("lamps", text))
    assert [*audit_text(document, text), *audit_ledger({"lamps": document})] == []
    assert document.requirements == 1


def test_five_keywords_in_a_sentence_can_still_be_rules():
    document = read_document(draft("lamps", "1.  Lamps\n\n   It MAY a, MAY b, MAY c, MAY d, and MAY e.\n"))
    assert [clause.id for clause in document.clauses.values()] == [f"1-p1-s1/{n}" for n in range(1, 6)]


@pytest.mark.parametrize("text", ["", "Request for Comments: 1\n\n   A lamp MUST shine.\n"])
def test_a_text_without_sections_is_refused(text):
    with pytest.raises(ValueError, match="no numbered section"):
        draft("lamps", text)
