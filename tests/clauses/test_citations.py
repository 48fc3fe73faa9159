"""Where a package cites the ledger."""

from pathlib import Path

import pytest

from refws.clauses.citations import Citation, Mention, citations, line_below, mentions
from refws.clauses.evidence import PACKAGE
from refws.clauses.ledger import documents


@pytest.fixture
def package(tmp_path):
    """Writes modules into a package, and finds what they cite."""

    def write(**modules: str) -> list[Citation]:
        for name, source in modules.items():
            path = tmp_path / "lamp" / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, "utf-8")
        return citations(tmp_path / "lamp")

    return write


def test_a_citation_has_its_clause_its_level_and_its_place(package):
    source = "def shine():\n    # §1-p1-s1 MUST shine\n    if dark:\n        light()\n    done()\n"
    assert package(lamps__s01=source) == [
        Citation("lamps:1-p1-s1", "MUST", "lamp/lamps/s01.py", "shine", line=2, first=3, last=4)
    ]
    assert package(lamps__s01=source)[0].place == "lamp/lamps/s01.py::shine"


def test_in_the_folder_of_a_document_its_name_is_understood(package):
    found = package(
        lamps__s01="# §1-p1-s1 MUST a\n# §plugs:1-p1-s1 MAY b\nx = 1\n",
        host__aio="# §lamps:2-p1-s1 SHOULD c\n# §2-p1-s1 SHOULD d\nx = 1\n",
        failure="# §3-p1-s1 MUST e\nx = 1\n",
    )
    # What has no document outside of its folder names none that exists.
    assert [citation.clause for citation in found] == [
        ":3-p1-s1",
        "lamps:2-p1-s1",
        "host:2-p1-s1",
        "lamps:1-p1-s1",
        "plugs:1-p1-s1",
    ]


@pytest.mark.parametrize("level", ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"])
def test_every_level_is_read_whole(package, level):
    assert package(lamps__a=f"# §A.1-p1-s1/2 {level} do it\nx = 1\n")[0].level == level


@pytest.mark.parametrize("text", ["§1-p1-s1 must", "§1-p1-s1 MUSTY", "§1-p1 MUST", "1-p1-s1 MUST", "§1-p1-s1: MUST"])
def test_what_has_another_form_is_no_citation(package, text):
    assert package(lamps__a=f"# {text} do it\nx = 1\n") == []


def test_several_on_one_line_and_several_lines_are_of_the_same_code(package):
    found = package(lamps__a="# §1-p1-s1 MUST a; §1-p1-s2 MAY b\n\n# and more\n# §1-p1-s3 MAY c\nx = [\n]\n")
    assert [(c.clause, c.line, c.first, c.last) for c in found] == [
        ("lamps:1-p1-s1", 1, 5, 6),
        ("lamps:1-p1-s2", 1, 5, 6),
        ("lamps:1-p1-s3", 4, 5, 6),
    ]


SOURCE = '''\
# §1-p1-s1 MUST
@decorated
@again
def function(a):
    """Docstring."""
    x = 1  # §1-p1-s2 MUST
    if a:
        pass
    # §1-p1-s3 MUST
    elif x:
        pass
    try:
        x()
    # §1-p1-s4 MUST
    except OSError:
        x()
    match a:
        # §1-p1-s5 MUST
        case 1:
            x()
            x()


class Lamp:
    # §1-p1-s6 MUST
    field = 1

    async def method(self):
        return {
            "a": 1,
            # §1-p1-s7 MUST
            "b": 2,
        }
        # §1-p1-s8 MUST
'''


def test_the_statement_below_and_the_definition_around(package):
    found = package(lamps__a=SOURCE)
    assert [(c.clause[-2:], c.where, c.first, c.last) for c in found] == [
        ("s1", "function", 2, 21),
        ("s2", "function", 6, 6),
        ("s3", "function", 10, 11),
        ("s4", "function", 15, 16),
        ("s5", "function", 19, 21),
        ("s6", "Lamp", 26, 26),
        ("s7", "Lamp.method", 29, 33),
        ("s8", "", 34, 34),  # nothing stands below it
    ]
    assert found[-1].place == "lamp/lamps/a.py"


@pytest.mark.parametrize(("number", "below"), [(1, 4), (2, 4), (3, 4), (4, 4), (5, 5), (6, 6)])
def test_the_line_of_code_below_a_comment(number, below):
    assert line_below(["# a", "", "  # b", "x = 1", "y = 2  # c", "# d"], number) == below


def test_files_come_in_order_and_lines_too(package):
    found = package(
        b="# §lamps:1-p1-s1 MAY a\nx = 1\n", a="# §lamps:1-p1-s2 MAY a\nx = 1\n# §lamps:1-p1-s1 MAY\nx = 1\n"
    )
    assert [(c.path, c.line) for c in found] == [("lamp/a.py", 1), ("lamp/a.py", 3), ("lamp/b.py", 1)]


def test_ids_with_their_document_are_mentions(tmp_path):
    folder = tmp_path / "tests"
    folder.mkdir()
    name = "rfc" + "1:1-p1-s1"
    (folder / "a.py").write_text(f'mark("{name}", "{name}/2")\n"1-p1-s1"  # {name.upper()}\n# hybi' + "00:1-p2-s3\n")
    assert mentions(folder) == [
        Mention(name, "tests/a.py", 1),
        Mention(f"{name}/2", "tests/a.py", 1),
        Mention("hybi" + "00:1-p2-s3", "tests/a.py", 3),
    ]


# The source as it is


def test_the_lines_of_every_citation_hold_what_it_cites():
    files: dict[str, list[str]] = {}
    for citation in citations(PACKAGE):
        path = Path(PACKAGE.parent, citation.path)
        lines = files.setdefault(citation.path, path.read_text("utf-8").splitlines())
        assert f"§{citation.clause.partition(':')[2]} {citation.level}" in lines[citation.line - 1].replace(
            f"{citation.clause.partition(':')[0]}:", ""
        )
        assert 1 <= citation.first <= citation.last <= len(lines)
        assert lines[citation.first - 1].strip()
        assert citation.last >= citation.line or citation.first > citation.line


def test_every_id_of_the_ledger_can_be_cited_and_mentioned(package, tmp_path):
    clauses = [clause for d in documents().values() for clause in d.clauses.values() if clause.is_requirement]
    lines = "".join(f"# §{clause.name} {clause.level} be so\n" for clause in clauses)
    found = package(host__aio=f"{lines}x = 1\n")
    assert [(citation.clause, citation.level) for citation in found] == [(c.name, c.level) for c in clauses]
    assert [mention.clause for mention in mentions(tmp_path / "lamp")] == [clause.name for clause in clauses]
