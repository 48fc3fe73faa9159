"""The mutants of a statement, and what is said of those that survive."""

import ast
import importlib
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.progress import Progress

from refws.clauses.citations import citations, line_below
from refws.clauses.evidence import PACKAGE
from refws.clauses.ledger import lookup

FOLDER = Path(__file__).parents[1] / "mutants"
sys.path.insert(0, str(FOLDER))
mutate = importlib.import_module("mutate")
run = importlib.import_module("run")
sys.path.remove(str(FOLDER))

# Mutants are tried in forked processes, and xdist's workers have threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


def changes(source: str) -> list[tuple[str, str]]:
    """What is broken on the line below the one that ends with a caret comment."""
    lines = source.splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.strip() == "#^") + 1
    found = mutate.mutants(source, line)
    assert len({mutant.source for mutant in found}) == len(found)
    for mutant in found:
        assert mutant.source != ast.unparse(ast.parse(source))
    return [(mutant.was, mutant.now) for mutant in found]


def expressions(text: str) -> set[str]:
    """What an expression is changed into."""
    return {now.removeprefix("x = ") for _, now in changes(f"#^\nx = {text}\n")}


# One change at a time


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("a < b", {"a <= b"}),
        ("a <= b", {"a < b"}),
        ("a > b", {"a >= b"}),
        ("a >= b", {"a > b"}),
        ("a == b", {"a != b"}),
        ("a != b", {"a == b"}),
        ("a is b", {"a is not b"}),
        ("a is not b", {"a is b"}),
        ("a in b", {"a not in b"}),
        ("a not in b", {"a in b"}),
        ("a < b <= c", {"a <= b <= c", "a < b < c"}),
        ("a + b", {"a - b"}),
        ("a - b", {"a + b"}),
        ("a & b", {"a | b"}),
        ("a | b", {"a & b"}),
        ("a ^ b", {"a | b"}),
        ("a << b", {"a >> b"}),
        ("a >> b", {"a << b"}),
        ("a % b", {"a + b"}),
        ("a and b", {"a or b", "a", "b"}),
        ("a or b or c", {"a and b and c", "a or b", "a or c", "b or c"}),
        ("not a", {"not not a"}),
        ("a if b else c", {"c if b else a"}),
        ("True", {"False"}),
        ("False", {"True"}),
        ("125", {"126", "124"}),
        ("'a'", {"'a~'"}),
        ("b'a'", {"b'a~'"}),
        ("f(a)[b].c", set()),
        ("None", set()),
    ],
)
def test_operators_and_constants(text, becomes):
    assert expressions(text) == becomes | {"nothing"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("#^\nraise E('a')\n", [("raise E('a')", "nothing")]),
        ("#^\nf('a')\n", [("f('a')", "nothing"), ("f('a')", "f('a~')")]),
        ("#^\nif a:\n    b = 1\n", [("a", "False"), ("a", "True")]),
        ("#^\nwhile a:\n    b = 1\n", [("a", "False")]),
        ("#^\nwhile True:\n    b = 1\n", [("True", "False")]),
        ("#^\nfor a in b:\n    c = 1\n", [("for a in b:", "for a in ():")]),
        ("#^\nwith a as b:\n    c = 1\n", [("with a as b:", "its body alone")]),
        ("#^\ntry:\n    a = 1\nfinally:\n    b = 1\n", [("try:", "nothing")]),
        ("#^\nx += 1\n", [("x += 1", "nothing"), ("x += 1", "x += 2"), ("x += 1", "x += 0")]),
        ("#^\nx = [\n    1,\n]\n", [("x = [1]", "nothing"), ("x = [1]", "x = [2]"), ("x = [1]", "x = [0]")]),
    ],
    ids=lambda value: value.splitlines()[1] if isinstance(value, str) else "",
)
def test_statements(source, found):
    assert changes(source) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("return a == b", [("return a == b", "return None"), ("return a == b", "return a != b")]),
        ("return None", [("return None", "nothing")]),
        ("return", [("return", "nothing")]),
        ("yield 1", [("yield 1", "nothing"), ("yield 1", "yield 2"), ("yield 1", "yield 0")]),
    ],
)
def test_what_a_function_gives_back(text, found):
    assert changes(f"def f(a, b):\n    #^\n    {text}\n") == found


def test_only_the_condition_of_an_if_is_broken_and_not_what_it_holds():
    assert changes("#^\nif a > 1:\n    b = 7\nelse:\n    c = 8\n") == [
        ("a > 1", "False"),
        ("a > 1", "True"),
        ("a > 1", "a >= 1"),
        ("a > 1", "a > 2"),
        ("a > 1", "a > 0"),
    ]


def test_elif_and_what_stands_behind_else():
    source = "if a:\n    b = 1\n#^\nelif c:\n    d = 1\nelse:\n    e = 1\n"
    assert changes(source) == [("c", "False"), ("c", "True")]
    assert mutate.mutants("if a:\n    b = 1\nelse:\n    c = d\n", 3) == []
    assert [m.now for m in mutate.mutants("if a:\n    b = 1\nelse:\n    c = d\n", 4)] == ["nothing"]


def test_an_exception_is_no_longer_caught():
    source = "try:\n    a()\n#^\nexcept OSError as error:\n    b()\nexcept ValueError:\n    c()\n"
    assert [now for _, now in changes(source)] == ["raise"]
    (mutant,) = mutate.mutants(source, 4)
    assert mutant.source == "try:\n    a()\nexcept OSError as error:\n    raise\nexcept ValueError:\n    c()"


def test_a_case_of_a_match():
    source = "match a:\n    #^\n    case 1:\n        b()\n    case _:\n        c()\n"
    assert changes(source) == [("case 1:", "nothing")]
    assert "case 1" not in mutate.mutants(source, 3)[0].source


FUNCTION = '''
#^
@decorated
def f(a):
    """Docstring."""
    b = a + 1
    if a:
        raise ValueError("a")
    c(a)
    return b
'''


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_function_is_broken_as_a_whole_and_at_each_of_its_statements(kind):
    source = FUNCTION.replace("def", kind, 1)
    assert changes(source) == [
        ("@decorated", "return None"),
        ("b = a + 1", "nothing"),
        ("b = a + 1", "b = a - 1"),
        ("b = a + 1", "b = a + 2"),
        ("b = a + 1", "b = a + 0"),
        ("a", "False"),
        ("a", "True"),
        ("c(a)", "nothing"),
        ("return b", "return None"),
    ]


def test_a_class_is_broken_at_each_of_its_fields():
    source = '#^\nclass A:\n    """Docstring."""\n    x: "int" = 1\n    y: str\n    def f(self):\n        return 1\n'
    assert changes(source) == [
        ("x: 'int' = 1", "nothing"),
        ("x: 'int' = 1", "x: 'int' = 2"),
        ("x: 'int' = 1", "x: 'int' = 0"),
        ("y: str", "nothing"),
    ]


# Elements


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "x = {\n    a: 1,\n    #^\n    b: c == 2,\n}",
            ["{a: 1}", "{a: 1, b: c != 2}", "{a: 1, b: c == 3}", "{a: 1, b: c == 1}"],
        ),
        ("x = {\n    #^\n    'a': b,\n}", ["{}", "{'a~': b}"]),
        ("x = [\n    a,\n    #^\n    b,\n]", ["[a]"]),
        ("x = [\n    #^\n    ('a', b),\n]", ["[]", "[('a~', b)]"]),
        ("x = f(\n    a,\n    #^\n    b,\n)", ["f(a)"]),
        ("x = f(\n    a,\n    #^\n    b=1,\n)", ["f(a)", "f(a, b=2)", "f(a, b=0)"]),
        ("x = (\n    a\n    #^\n    and b\n)", ["a"]),
        ("x = (\n    a and\n    #^\n    b\n)", ["a"]),
        ("x = (\n    a and\n    #^\n    b is None and\n    c\n)", ["a and c", "a and b is not None and c"]),
        ("x = {\n    a:\n    #^\n    1,\n}", ["{}", "{a: 2}", "{a: 0}"]),
        ("x = (\n    a +\n    #^\n    1\n)", ["a + 2", "a + 0"]),
    ],
)
def test_elements_rows_arguments_and_operands(text, found):
    source = f"{text}\n"
    changes(source)
    line = source.splitlines().index("    #^") + 2
    assert [mutant.source.removeprefix("x = ") for mutant in mutate.mutants(source, line)] == found


@pytest.mark.parametrize(("source", "line"), [("x = 1\n", 2), ("", 1), ("x = 1\n\n# end\n", 3), ("x = [\n    1]\n", 0)])
def test_where_nothing_begins_there_is_nothing_to_break(source, line):
    assert mutate.mutants(source, line) == []


def test_two_mutants_of_the_same_source_are_one():
    assert [m.now for m in mutate.mutants("x = [\n    a,\n    a,\n]\n", 1)] == ["nothing"]
    assert [(m.was, m.now) for m in mutate.mutants("if False:\n    a = 1\n", 1)] == [("False", "True")]


@pytest.mark.parametrize("name", ["rfc6455:5.5-p3-s1/1", "rfc6455:5.5-p3-s1/2", "rfc6455:5.1-p1-s3"])
def test_every_mutant_of_the_source_can_be_compiled(name):
    places = [citation for citation in citations(PACKAGE) if citation.clause == name]
    assert places
    for citation in places:
        source = (PACKAGE.parent / citation.path).read_text("utf-8")
        found = mutate.mutants(source, line_below(source.splitlines(), citation.line))
        assert found
        for mutant in found:
            compile(mutant.source, citation.path, "exec")


# Trying them

MUTANT = mutate.Mutant("a < b", "a <= b", "")
CLAUSE, OTHER = lookup("5.5-p3-s1")


def trial(outcome, clause=CLAUSE, mutant=MUTANT):
    return run.Trial(clause, "refws/a.py::f", Path("refws/a.py"), mutant, ["t.py::t"], outcome)


def key(clause=CLAUSE, was="a < b"):
    return clause.name, "refws/a.py::f", was, "a <= b"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (0, "survived"),
        (1, "killed"),
        (2, "invalid"),
        (4, "invalid"),
        (5, "invalid"),
        (-9, "invalid"),
        (None, "invalid"),
    ],
)
def test_what_an_exit_code_says(code, outcome):
    assert run.outcome_of(code) == outcome


def outcomes(*trials):
    with Progress(disable=True, auto_refresh=False) as progress:
        run.try_all(list(trials), 2, progress)
    return [trial.outcome for trial in trials]


def test_a_mutant_is_tried_in_a_process_of_its_own(monkeypatch):
    def end(path, source, tests):
        assert (path, tests) == ("refws/a.py", ["t.py::t"])
        os._exit(int(source))

    monkeypatch.setattr(run, "run_in_fork", end)
    codes = ["0", "1", "2", "1", "0"]
    trials = [trial("untried", mutant=mutate.Mutant("", "", code)) for code in codes]
    assert outcomes(*trials) == ["survived", "killed", "invalid", "killed", "survived"]


def test_a_mutant_that_no_test_is_asked_about_survives():
    unasked = trial("untried")
    unasked.tests = []
    assert outcomes(unasked) == ["survived"]


def test_a_mutant_that_hangs_is_noticed(monkeypatch):
    def hang(path, source, tests):
        os.setsid()
        multiprocessing.Event().wait()

    monkeypatch.setattr(run, "run_in_fork", hang)
    monkeypatch.setattr(run, "TIME_LIMIT", 0.2)
    assert outcomes(trial("untried")) == ["killed"]


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("LIMIT = 1", "survived"),
        ("LIMIT = 2", "killed"),
        ("raise OSError", "invalid"),
        ("import nothing_of_that_name", "invalid"),
        ("LIMIT = = 1", "invalid"),
        ("import os; os._exit(7)", "invalid"),
    ],
)
def test_the_tests_see_the_broken_module_and_no_file_changes(tmp_path, monkeypatch, source, outcome):
    module = tmp_path / "refws" / "lamp.py"
    module.parent.mkdir()
    (module.parent / "__init__.py").touch()
    module.write_text("LIMIT = 1\n")
    test = tmp_path / "test_lamp.py"
    test.write_text("from refws.lamp import LIMIT\n\ndef test_limit():\n    assert LIMIT == 1\n")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "refws"]:
        monkeypatch.delitem(sys.modules, name)
    found = run.Trial(CLAUSE, "refws/lamp.py", module, mutate.Mutant("", "", source), [f"{test}::test_limit"])
    assert outcomes(found) == [outcome]
    assert module.read_text() == "LIMIT = 1\n"
    assert sorted(path.name for path in tmp_path.rglob("*.py*")) == ["__init__.py", "lamp.py", "test_lamp.py"]


# The score


def test_a_clause_whose_mutants_are_noticed_has_no_complaint():
    score = run.Score([trial("killed"), trial("invalid")], {})
    assert score.complaints([CLAUSE], all_tried=True) == []
    assert score.report([CLAUSE]) == {
        "schema": "refws-mutants/1",
        "clauses": {CLAUSE.name: {"mutants": 1, "killed": 1}},
        "survivors": [],
    }


@pytest.mark.parametrize("outcome", ["killed", "invalid", "survived"])
def test_tests_have_to_pass_without_a_mutant_and_that_is_no_mutant(outcome):
    control = run.Trial(CLAUSE, "refws/a.py::f", Path("refws/a.py"), MUTANT, ["t.py::t"], outcome, is_control=True)
    score = run.Score([trial("killed"), control], {})
    expected = [] if outcome == "survived" else [f"{CLAUSE.name}: its tests fail without any mutant in a.py"]
    assert score.complaints([CLAUSE], all_tried=True) == expected
    assert score.report([CLAUSE])["clauses"] == {CLAUSE.name: {"mutants": 1, "killed": 1}}


def test_a_survivor_has_to_be_explained():
    found = [trial("killed"), trial("survived")]
    assert run.Score(found, {}).complaints([CLAUSE], all_tried=False) == [
        f"{CLAUSE.name}: refws/a.py::f: `a < b` as `a <= b` is not noticed"
    ]
    explained = run.Score(found, {key(): "It means the same."})
    assert explained.complaints([CLAUSE], all_tried=True) == []
    assert explained.report([CLAUSE])["survivors"] == [
        {"clause": CLAUSE.name, "place": "refws/a.py::f", "was": "a < b", "now": "a <= b", "why": "It means the same."}
    ]


def test_an_explanation_is_of_one_clause_and_one_change():
    found = [trial("killed"), trial("survived"), trial("killed", OTHER), trial("survived", OTHER)]
    complaints = run.Score(found, {key(): "Same."}).complaints([CLAUSE, OTHER], all_tried=True)
    assert complaints == [f"{OTHER.name}: refws/a.py::f: `a < b` as `a <= b` is not noticed"]


@pytest.mark.parametrize("found", [[], [trial("invalid")], [trial("survived")]], ids=["none", "invalid", "survived"])
def test_a_clause_needs_one_mutant_that_is_noticed(found):
    complaints = run.Score(found, {key(): "Same."}).complaints([CLAUSE], all_tried=False)
    assert complaints == [f"{CLAUSE.name}: no mutant of the lines that cite it is noticed by a test with its marker"]


def test_an_explanation_of_what_does_not_survive_is_stale():
    score = run.Score([trial("killed")], {key(): "Same.", key(was="c"): "Gone."})
    assert score.complaints([CLAUSE], all_tried=False) == []
    assert score.complaints([CLAUSE], all_tried=True) == [
        f"survivors.toml explains a mutant that does not survive: {CLAUSE.name} | refws/a.py::f | a < b | a <= b",
        f"survivors.toml explains a mutant that does not survive: {CLAUSE.name} | refws/a.py::f | c | a <= b",
    ]


def test_explanations_are_read():
    assert run.explained("# nothing\n") == {}
    text = '[[survivor]]\nclause = "a"\nplace = "b"\nwas = "c"\nnow = "d"\nwhy = "e"\n'
    assert run.explained(text) == {("a", "b", "c", "d"): "e"}
    assert all(why.strip() for why in run.explained(run.SURVIVORS.read_text("utf-8")).values())


def test_what_has_to_be_proven():
    clauses = run.proven()
    assert CLAUSE in clauses
    for clause in clauses:
        assert (clause.kind, clause.wire, clause.excused) == ("keyword", "yes", "")
        assert clause.level in {"MUST", "MUST NOT"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["5.5.9"], "no requirement is called '5.5.9'; did you mean"),
        (["5.5.1-p2-s4"], "the ledger excuses 5.5.1-p2-s4"),
    ],
)
def test_a_name_that_cannot_be_tried_is_said(arguments, says):
    command = [sys.executable, str(FOLDER / "run.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
