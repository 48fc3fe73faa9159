"""docs/rulings.md: every ruling is there, has its four parts, and names code and clauses that exist."""

import functools
import importlib
import re
from pathlib import Path

import pytest

from refws.clauses import ledger
from refws.clauses.reference import ruling_titles

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "rulings.md"
TEXT = DOCUMENT.read_text("utf-8")

HEAD = re.compile(r'^<a id="ruling-(\d+)"></a>\*\*Ruling (\d+): (.+)\.\*\*$', re.MULTILINE)
PARTS = ("The texts", "Others", "refws", "Code")
LINK = re.compile(r"\[`([\w.]+)`\]\[([\w.]+)\]")
LABELS = dict(re.findall(r"^\[([\w.]+)\]: (\S+)$", TEXT, re.MULTILINE))
CLAUSE = re.compile(r"\b(?:(rfc\d+):)?(\d+(?:\.\d+)*-p\d+-s\d+(?:/\d+)?)")
# What a reading of the texts turned up, before anything was built: none of them may be forgotten.
AMBIGUITIES = range(1, 29)
ERRATA = (3150, 3227, 3433, 3473, 4184, 4398, 4672, 5453, 5498, 7262)


def rulings():
    """(number, its text) for each ruling, in the order of the file."""
    heads = list(HEAD.finditer(TEXT))
    ends = [head.start() for head in heads[1:]] + [len(TEXT)]
    return [
        (int(head[2]), re.split(r"^## ", TEXT[head.end() : end], flags=re.MULTILINE)[0])
        for head, end in zip(heads, ends, strict=True)
    ]


RULINGS = rulings()
each_ruling = pytest.mark.parametrize(("number", "body"), RULINGS, ids=[f"ruling-{number}" for number, _ in RULINGS])


def index():
    """(number, title, decision) of each row of the index."""
    return [
        (int(number), title, decision)
        for number, anchor, title, decision in re.findall(
            r"^\| \[(\d+)\]\(#ruling-(\d+)\) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE
        )
        if number == anchor
    ]


def part(body, name):
    found = re.search(rf"^- \*{name}\.\* (.*?)(?=^- \*|\Z)", body, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def test_numbers_are_unique_and_none_is_missing():
    numbers = [number for number, _ in RULINGS]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert set(AMBIGUITIES) <= set(numbers)


def test_a_title_is_one_line_and_its_anchor_has_its_number():
    titles = ruling_titles(TEXT)
    assert titles == {int(number): title for _, number, title in HEAD.findall(TEXT)}
    assert len(titles) == TEXT.count("**Ruling ")
    assert all(anchor == number for anchor, number, _ in HEAD.findall(TEXT))


def test_numbers_ascend_within_a_topic():
    topics = [
        [int(number) for _, number, _ in HEAD.findall(topic)] for topic in re.split(r"^## ", TEXT, flags=re.MULTILINE)
    ]
    assert any(topics)
    assert all(topic == sorted(topic) for topic in topics)


def test_the_index_has_each_ruling_with_its_title_and_a_decision():
    rows = index()
    assert [number for number, _, _ in rows] == sorted(number for number, _ in RULINGS)
    assert {number: title for number, title, _ in rows} == ruling_titles(TEXT)
    assert all(decision.strip() for _, _, decision in rows)


@each_ruling
def test_a_ruling_has_its_four_parts_in_order(number, body):
    assert tuple(re.findall(r"^- \*(.+?)\.\* \S", body, re.MULTILINE)) == PARTS


@each_ruling
def test_the_code_of_a_ruling_exists(number, body):
    code = part(body, "Code")
    names = LINK.findall(code)
    assert names
    assert LINK.sub("", code).strip(" ,.\n") == ""
    for name, label in names:
        path = (DOCUMENT.parent / LABELS[label]).resolve()
        assert path.is_file()
        assert name.startswith(f"{label}.")
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        # A short name of the module that it links: `rfc7692.s05` for refws.rfc7692.s05_extension_negotiation.
        assert f".{module.__name__}".replace("refws.rfc6455.", "refws.").startswith(f".refws.{label}")
        functools.reduce(getattr, name.removeprefix(f"{label}.").split("."), module)


def test_no_label_is_left_over():
    assert set(LABELS) == {label for _, label in LINK.findall(TEXT)}


def test_every_clause_that_is_named_exists():
    known = {
        (name, id)
        for name, document in ledger.documents().items()
        for clause in document.clauses.values()
        for id in (clause.id, clause.sentence)
    }
    named = {(document or "rfc6455", id) for document, id in CLAUSE.findall(TEXT)}
    assert len(named) > 100
    assert sorted(named - known) == []


def test_a_ruling_says_which_text_it_is_about():
    without = [
        number for number, body in RULINGS if not re.search(rf"{CLAUSE.pattern}|RFC \d+", part(body, "The texts"))
    ]
    assert without == []


def test_links_within_the_file_lead_to_a_ruling():
    anchors = set(re.findall(r'<a id="([\w-]+)"></a>', TEXT))
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) == anchors == {f"ruling-{number}" for number, _ in RULINGS}


def test_the_table_of_errata_names_each_once_and_a_ruling_for_it():
    rows = re.findall(r"^\| (\d{4}) \|.*\| \[(\d+)\]\(#ruling-(\d+)\) \|$", TEXT, re.MULTILINE)
    assert sorted(int(erratum) for erratum, _, _ in rows) == list(ERRATA)
    bodies = dict(RULINGS)
    for erratum, number, anchor in rows:
        assert number == anchor
        # Ruling 44 is about errata as such; the others name theirs.
        assert number == "44" or erratum in bodies[int(number)]


def test_every_erratum_of_the_ledger_is_in_the_table():
    of_ledger = {
        e for document in ledger.documents().values() for clause in document.clauses.values() for e in clause.errata
    }
    assert of_ledger <= set(ERRATA)
