"""``refws clauses``, as a person or a script has it."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from refws.clauses import evidence
from refws.clauses.evidence import SCHEMA, Evidence
from refws.clauses.finding import Finding
from refws.clauses.ledger import documents, lookup
from refws.clauses.page import MissingExtra
from refws.clauses.reference import Reference
from refws.cli import clauses_commands as module
from refws.cli import main
from refws.cli.clauses_shown import show_clause

NAME = "rfc6455:5.5-p3-s1/1"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
TEXT = """\
Request for Comments: 6455

1.  Introduction

   Nothing of it MUST agree.
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What the surroundings say does not matter here."""
    for name in ("REFWS_RFC_TEXTS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command line; (exit code, standard output, standard error)."""

    def run(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["refws", "clauses", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        output, error = capsys.readouterr()
        code = ended.value.code
        if isinstance(code, str):
            return 1, output, f"{error}{code}\n"
        return code or 0, output, error

    return run


@pytest.fixture
def listed(run):
    """Runs ``list``; the fields of each line."""

    def listed(*arguments: str) -> list[list[str]]:
        code, output, error = run("list", *arguments)
        assert (code, error) == (0, "")
        return [line.split("\t") for line in output.splitlines()]

    return listed


@pytest.fixture
def on_a_terminal(monkeypatch, run):
    """Runs it on a terminal of so many columns; the text that is seen."""

    def run_there(columns: int, *arguments: str) -> str:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(columns))
        code, output, error = run(*arguments)
        assert (code, error) == (0, "")
        assert ANSI.search(output)
        return ANSI.sub("", output)

    return run_there


def one_line(text: str) -> bool:
    return bool(re.fullmatch(r"refws: [^\n]+\n", text))


def every_requirement():
    return [c for d in documents().values() for c in d.clauses.values() if c.is_requirement]


# list


def test_list_has_a_line_for_every_requirement(listed):
    lines = listed()
    assert [(name, level, rule) for name, level, _, rule in lines] == [
        (clause.name, clause.level, clause.rule) for clause in every_requirement()
    ]
    assert {state for _, _, state, _ in lines} <= set(module.STATES)


def test_names_pick_each_requirement_once(listed):
    assert [line[0] for line in listed("5.5.1-p6", "§5.5.1-p6-s1", "rfc7692:5.1")] == [
        clause.name for clause in lookup("5.5.1-p6") + lookup("rfc7692:5.1")
    ]
    assert [line[0] for line in listed("5.5")] == [clause.name for clause in lookup("5.5")]
    assert {line[0].partition(":")[0] for line in listed("rfc7692")} == {"rfc7692"}


@pytest.mark.parametrize("level", ["MUST", "must not", "Should", "SHOULD NOT", "may"])
def test_filter_by_level(listed, level):
    assert [line[0] for line in listed("--level", level)] == [
        clause.name for clause in every_requirement() if clause.level == level.upper()
    ]


@pytest.mark.parametrize("state", module.STATES)
def test_filter_by_state(listed, state):
    reference = Reference()
    assert [line[0] for line in listed("--state", state)] == [
        clause.name for clause in every_requirement() if reference.state(clause) == state
    ]


def test_filter_by_who_is_bound(listed):
    both, client, server = ({line[0] for line in listed("--who", who)} for who in ("both", "client", "server"))
    assert both == client & server
    assert client - both == {c.name for c in every_requirement() if "client" in c.who and "both" not in c.who} - both
    assert server - both


def test_filter_by_what_a_peer_sees(listed):
    assert {line[0] for line in listed("--wire")} == {c.name for c in every_requirement() if c.wire == "yes"}


def test_filters_go_together(listed):
    names = {line[0] for line in listed("5", "--wire", "--level", "MUST NOT", "--who", "server")}
    assert names == {
        clause.name
        for clause in lookup("5")
        if clause.wire == "yes" and clause.level == "MUST NOT" and {"both", "server"} & set(clause.who)
    }
    assert names


def test_on_a_terminal_the_list_is_a_table_with_totals(on_a_terminal):
    seen = on_a_terminal(100, "list", "5.5.2")
    assert max(map(len, seen.splitlines())) <= 100
    assert re.search(r"^rfc6455:5\.5\.2-p3-s1  MUST +\w+ +An endpoint", seen, re.MULTILINE)
    assert re.search(r"\n5 requirements: \d \w+.*\n$", seen)


@pytest.mark.parametrize("columns", [30, 79, 80, 200])
def test_no_word_of_a_list_is_lost_on_a_terminal(on_a_terminal, columns):
    words = set(on_a_terminal(columns, "list", "5.5").split())
    for clause in lookup("5.5"):
        assert {clause.name, *clause.level.split(), *clause.rule.split()} <= words


def test_where_nothing_is_left_the_list_is_empty(run, listed, monkeypatch):
    assert listed("5.5.2", "--level", "should not") == []
    assert run("list", "5.5.2", "--level", "should not", "--json") == (0, "[]\n", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run("list", "5.5.2", "--level", "should not")[1].split() == ["0", "requirements"]


# show


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_show_loses_nothing_however_wide_the_terminal_is(monkeypatch, run, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    code, output, error = run("show", NAME)
    assert (code, error) == (0, "")
    solid = re.sub(r"\s", "", output)
    clause = Reference().describe(lookup(NAME)[0])
    for text in (clause["name"], clause["level"], clause["rule"], clause["link"], clause["title"], *clause["tests"]):
        assert re.sub(r"\s", "", text) in solid
    assert len(clause["code"]) > 1
    for code in clause["code"]:
        assert f"{code['path']}:{code['line']}  {code['where']}" in output
        for number, line in enumerate(code["text"].splitlines(), code["first"]):
            assert re.sub(r"\s", "", f"{number}{line}") in solid
    assert "ruling 7" in " ".join(output.split())
    assert "\x1b" not in output


def test_show_takes_everything_that_a_name_can_mean(run):
    for name in ("5.5.1-p6-s2/1", "5.5.1-p6-s2", "5.5.1-p6", "5.5.1", "§rfc6455:5.5.1"):
        output = run("show", name)[1]
        assert [line for line in output.splitlines() if re.match(r"rfc6455:\S+  [A-Z]", line)]
        assert all(clause.name in output for clause in lookup(name))


def test_show_says_why_a_clause_is_excused(run):
    excused = next(clause for clause in every_requirement() if clause.excused)
    code, output, _ = run("show", excused.name)
    assert code == 0
    assert f"excused: {excused.excused}" in " ".join(output.split())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("5.5-p3-s1/1", "oracle, its referee in every conversation, "),
        ("8.1-p1-s1", "more (refws oracle cases --clause rfc6455:8.1-p1-s1)"),
        ("4.2.2-p6-s2", "oracle, cannot show it: needs a server with a list of origins"),
    ],
)
def test_show_says_how_the_oracle_judges_a_clause(run, name, said):
    assert said in " ".join(run("show", name)[1].split())


def shown(**changed: object) -> str:
    entry = {**Reference().describe(lookup(NAME)[0]), **changed}
    stream = io.StringIO()
    show_clause(Console(file=stream, width=100, highlight=False, emoji=False), entry)
    return stream.getvalue()


def test_brackets_and_colons_in_a_text_are_no_markup():
    output = shown(rule="A [bold]rule[/] of [/] and :lamp:.", excused="others: [red] ones.", errata=[1, 22])
    assert "A [bold]rule[/] of [/] and :lamp:." in output
    assert "excused: others: [red] ones." in output
    assert "errata 1, 22" in output


def test_many_cases_are_shown_as_their_patterns():
    cases = {f"1.1.{number}": ["OK", "NON-STRICT"] for number in range(30)}
    output = shown(autobahn={"coverage": "partial", "patterns": ["1.*", "2.3"], "cases": cases})
    assert "Autobahn, partial: 1.*, 2.3: 30 cases; both roles: 30 OK, 30 NON-STRICT" in output
    assert "Autobahn" not in shown(autobahn={"coverage": "none", "patterns": [], "cases": {}})


@pytest.mark.parametrize(
    ("obligation", "says"), [("none", "client\n"), ("sender", "(sender)"), ("both", "(sender and receiver)")]
)
def test_who_is_bound(obligation, says):
    output = shown(who=["client"], obligation=obligation, state="").splitlines()[0].rstrip() + "\n"
    assert says in output


# --json


def test_json_of_show_and_list_is_all_that_is_known(run):
    code, output, error = run("show", NAME, "--json")
    assert (code, error) == (0, "")
    assert json.loads(output) == [Reference().describe(lookup(NAME)[0])]
    listed = json.loads(run("list", "5.5-p3", "--json")[1])
    assert listed[0] == json.loads(output)[0]
    assert len(listed) == 2


def test_json_has_its_fields(run):
    (known,) = json.loads(run("show", NAME, "--json")[1])
    assert {key: type(value) for key, value in known.items()} == {
        **dict.fromkeys(["name", "section", "title", "link", "level", "kind", "keyword"], str),
        **dict.fromkeys(["obligation", "wire", "rule", "digest", "state", "excused", "todo"], str),
        **dict.fromkeys(["who", "code", "tests", "errata"], list),
        **dict.fromkeys(["autobahn", "mutants", "rulings"], dict),
    }
    assert set(known["code"][0]) == {"path", "line", "where", "first", "text"}
    assert set(known["autobahn"]) == {"coverage", "patterns", "cases"}


# audit


@pytest.fixture
def findings(monkeypatch):
    """Replaces what an audit finds."""

    def replace(*found: Finding) -> list[tuple[Evidence, dict[str, str], bool]]:
        asked = []

        def audit(evidence, texts, *, against_reports):
            asked.append((evidence, texts, against_reports))
            return iter(found)

        monkeypatch.setattr(module, "audit", audit)
        return asked

    return replace


def test_an_audit_without_findings_is_0(run, findings):
    findings()
    code, output, error = run("audit")
    assert (code, error) == (0, "")
    assert re.search(
        r"^rfc6455: \d+ requirements: .*; NOT compared with its text \(give --text\)$", output, re.MULTILINE
    )
    assert output.endswith("\nthe ledger, the source, the tests and the reports agree\n")


def test_an_audit_with_findings_is_1(run, findings):
    findings(Finding("a.py:1", "is wrong"))
    code, output, error = run("audit")
    assert (code, error) == (1, "")
    assert output.startswith("a.py:1: is wrong\n")
    assert output.endswith("\n1 finding\n")
    findings(Finding("a.py:1", "is wrong"), Finding("b", "too"))
    assert run("audit")[1].endswith("\n2 findings\n")


def test_findings_as_json(run, findings):
    findings(Finding("a.py:1", "is wrong"))
    code, output, _ = run("audit", "--json")
    assert (code, json.loads(output)) == (1, [{"where": "a.py:1", "what": "is wrong"}])
    findings()
    assert run("audit", "--json")[:2] == (0, "[]\n")


def test_the_real_audit_runs(run):
    code, output, error = run("audit", "--json")
    assert (code, error) == (1 if json.loads(output) else 0, "")


def test_what_pytest_wrote_counts_as_tested(run, findings, tmp_path):
    asked = findings()
    (tmp_path / "tested.json").write_text(json.dumps({"schema": SCHEMA, "passed": {NAME: ["t.py::t"]}}))
    code, output, _ = run("audit", "--tested", tmp_path / "tested.json")
    assert code == 0
    assert asked[0][0].tests == {NAME: ("t.py::t",)}
    assert re.search(r"rfc6455: \d+ requirements: 1 tested, ", output)


def test_texts_are_given_as_files_as_a_folder_or_by_the_environment(run, findings, tmp_path, monkeypatch):
    asked = findings()
    (tmp_path / "rfc6455.txt").write_text(TEXT, "utf-8-sig")
    (tmp_path / "other.txt").write_text(TEXT.replace("6455", "7692"))
    output = run("audit", "--text", tmp_path, "--text", tmp_path / "other.txt")[1]
    assert asked.pop()[1] == {"rfc6455": TEXT, "rfc7692": TEXT.replace("6455", "7692")}
    assert output.count("; compared with its text\n") == 2
    monkeypatch.setenv("REFWS_RFC_TEXTS", str(tmp_path))
    run("audit")
    assert asked.pop()[1] == {"rfc6455": TEXT}


def test_a_text_that_says_something_else_gives_findings(run, tmp_path):
    (tmp_path / "rfc6455.txt").write_text(TEXT)
    code, output, error = run("audit", "--text", tmp_path)
    assert (code, error) == (1, "")
    assert "rfc6455:" + "1-p1-s1: MUST stands 1 more times in the text than in the ledger\n" in output
    assert f"{NAME}: the text has no such sentence\n" in output


# --bless


@pytest.fixture
def checkout(monkeypatch, tmp_path):
    (tmp_path / "reports").mkdir()
    monkeypatch.setattr(module, "checkout", lambda: tmp_path)
    monkeypatch.setattr(module, "render", lambda reference: f"page of {len(reference.evidence.tests)}")
    return tmp_path / "reports"


def test_blessing_writes_both_reports(run, findings, checkout, tmp_path):
    asked = findings()
    (tmp_path / "tested.json").write_text(json.dumps({"schema": SCHEMA, "passed": {NAME: ["t.py::t"]}}))
    assert run("audit", "--bless", "--tested", tmp_path / "tested.json")[0] == 0
    assert asked[0][2] is False
    entry = json.loads((checkout / "clauses.json").read_text("utf-8"))["clauses"][NAME]
    assert (entry["state"], entry["tests"]) == ("tested", ["t.py::t"])
    assert (checkout / "clauses.html").read_text("utf-8") == "page of 1"


def test_blessing_refuses_where_there_are_findings(run, findings, checkout):
    findings(Finding("a.py:1", "is wrong"))
    code, output, _ = run("audit", "--bless")
    assert (code, output.splitlines()[0]) == (1, "a.py:1: is wrong")
    assert list(checkout.iterdir()) == []


def test_what_cannot_be_drawn_is_not_blessed_by_half(run, findings, checkout, monkeypatch):
    def render(reference):
        raise MissingExtra("the page needs jinja2; install it")

    findings()
    monkeypatch.setattr(module, "render", render)
    code, _, error = run("audit", "--bless")
    assert (code, error) == (1, "refws: the page needs jinja2; install it\n")
    assert list(checkout.iterdir()) == []


def test_blessing_needs_a_checkout(run, findings, monkeypatch):
    findings()
    monkeypatch.setattr(module, "checkout", lambda: None)
    code, output, error = run("audit", "--bless")
    assert (code, output) == (2, "")
    assert one_line(error), error
    assert "installed without one" in error


# html


def test_html_writes_the_page_with_the_text_or_without(run, tmp_path, monkeypatch):
    assert run("html", "-o", tmp_path / "page.html") == (0, f"wrote {tmp_path / 'page.html'}\n", "")
    without = (tmp_path / "page.html").read_text("utf-8")
    (tmp_path / "text.txt").write_text(TEXT)
    assert run("html", "--output", tmp_path / "page.html", "--text", tmp_path / "text.txt")[0] == 0
    assert "Nothing of it MUST agree." in (tmp_path / "page.html").read_text("utf-8")
    assert "Nothing of it MUST agree." not in without
    monkeypatch.chdir(tmp_path)
    assert run("html")[1] == "wrote clauses.html\n"
    assert Path("clauses.html").read_text("utf-8") == without


def test_without_its_extra_the_page_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    code, output, error = run("html")
    assert (code, output) == (1, "")
    assert one_line(error), error
    assert "pip install 'refws[oracle]'" in error
    assert run("list", "5.5.2")[0] == 0


# draft


def test_a_draft_is_printed(run, tmp_path):
    (tmp_path / "lamps.txt").write_text(TEXT.replace("6455", "99001"))
    code, output, error = run("draft", tmp_path / "lamps.txt")
    assert (code, error) == (0, "")
    assert 'name = "rfc99001"' in output
    assert '[clauses."1-p1-s1"]\nlevel = "MUST"' in output


# Mistakes


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with files that are not what is asked for."""
    ambiguous = f"   {'word ' * 12}the end.\n\nA. Wick  [Page 1]\n\f\nRFC 6455  Lamps  May 2026\n\n   Extraordinary.\n"
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "another.txt").write_text(TEXT.replace("6455", "99001"))
    (tmp_path / "empty.txt").write_text("Request for Comments: 6455\n")
    (tmp_path / "unclear.txt").write_text(f"{TEXT}\n{ambiguous}")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        ([], "Missing command", 2),
        (["lsit"], "lsit", 2),
        (["list", "5.5.9"], "no requirement is called '5.5.9'; did you mean 5.5.", 2),
        (["list", "rfc1:5.5"], "no document 'rfc1'", 2),
        (["list", "--level", "maybe"], "--level", 2),
        (["list", "--state", "maybe"], "--state", 2),
        (["list", "--who", "klient"], "nothing binds 'klient' here; try one of", 2),
        (["show"], "NAME", 2),
        (["show", "5.5.1", "nothing"], "no requirement is called 'nothing'", 2),
        (["show", ""], "no requirement is called ''", 2),
        (["show", "5.5-p3-s3\n"], "no requirement is called", 2),
        (["show", NAME, "--jsno"], "--json", 2),
        (["audit", "extra"], "extra", 2),
        (["audit", "--text", "missing.txt"], "missing.txt is no text of an RFC and no folder with rfc6455", 2),
        (["audit", "--text", "empty"], "empty is no text of an RFC and no folder", 2),
        (["audit", "--text", "binary"], "binary is not the plain text of an RFC", 2),
        (["audit", "--text", "another.txt"], "another.txt is the text of rfc99001; the ledger has rfc6455", 2),
        (["audit", "--text", "unclear.txt"], "nothing tells whether the paragraph goes on", 2),
        (["audit", "--tested", "missing.json"], "missing.json", 1),
        (["audit", "--tested", "empty"], "empty", 1),
        (["audit", "--tested", "binary"], "binary is not what pytest --clauses writes", 2),
        (["html", "--text", "binary"], "binary is not the plain text", 2),
        (["html", "-o", "missing/page.html"], "missing/page.html", 1),
        (["draft"], "TEXT", 2),
        (["draft", "missing.txt"], "missing.txt", 1),
        (["draft", "binary"], "binary is not the plain text of an RFC", 2),
        (["draft", "empty.txt"], "no numbered section", 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_clear_line(run, files, arguments, says, code):
    found, output, error = run(*arguments)
    assert (found, output) == (code, "")
    assert one_line(error), error
    assert says in error


@pytest.mark.parametrize("command", ["list", "show", "audit", "html"])
def test_a_report_that_is_broken_is_one_clear_line(run, tmp_path, monkeypatch, command):
    (tmp_path / "clauses.json").write_text("<<<<<<< ours\n")
    monkeypatch.setattr(evidence, "find_report", tmp_path.joinpath)
    code, output, error = run(command, *(["5.5"] if command == "show" else []))
    assert (code, output) == (2, "")
    assert one_line(error), error
    assert "clauses.json is not what refws clauses audit --bless writes" in error


@pytest.mark.parametrize("command", [[], ["list"], ["show"], ["audit"], ["html"], ["draft"]])
def test_help_is_no_mistake(run, command):
    code, output, error = run(*command, "-h")
    assert (code, error) == (0, "")
    assert output.startswith(f"Usage: {' '.join(['refws', 'clauses', *command])} ")


# In a process of its own

REFWS = [sys.executable, "-W", "error", "-m", "refws", "clauses"]


def test_a_ledger_with_a_mistake_is_one_clear_line(tmp_path):
    shutil.copytree(Path(module.__file__).parents[1], tmp_path / "refws", ignore=shutil.ignore_patterns("__pycache__"))
    ledger = tmp_path / "refws" / "clauses" / "rfc6455.toml"
    ledger.write_text(ledger.read_text("utf-8").replace('level = "MUST"', 'level = "MUSST"', 1), "utf-8")
    # Coverage would measure the copy, and not find it later.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "timeout": 20}
    for command in ("list", "audit", "html"):
        done = subprocess.run([*REFWS, command], **options, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert one_line(done.stderr), done.stderr
        assert re.search(r"rfc6455\.toml: rfc6455:\S+: 'MUSST' is none of MUST, ", done.stderr)


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["show", "5"], ["show", "rfc6455", "--json"]])
def test_a_pipe_that_closes_ends_it_in_silence(arguments):
    with subprocess.Popen([*REFWS, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        # 0 where the system took all of it before the other end was gone.
        assert process.wait(20) in {0, 1}


def test_a_pipe_that_is_closed_from_the_beginning():
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen([*REFWS, "show", NAME], stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        assert process.stderr.read() == b""
        assert process.wait(20) == 1


def test_what_is_written_is_utf_8_where_the_terminal_takes_it():
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([*REFWS, "show", NAME], env=environment, capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "§5.5-p3-s1/1 MUST" in done.stdout.decode()


@pytest.mark.parametrize("arguments", [["show", NAME], ["list", "5.5"], ["show", NAME, "--json"]])
def test_a_terminal_without_utf_8_is_no_reason_for_a_traceback(arguments):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*REFWS, *arguments], env=environment, capture_output=True, timeout=20, check=False)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
