"""The README's code runs, and what it points at exists."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, re.S))
def test_code_runs(code: str) -> None:
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    # http.server has its log there.
    assert [line for line in done.stderr.splitlines() if not line.startswith("127.0.0.1 - - [")] == []


def test_the_failure_is_the_one_the_comment_shows() -> None:
    code = next(code for code in re.findall(r"```python\n(.*?)```", README, re.S) if "print(event)" in code)
    comment = re.search(r"print\(event\) *# (.*)", code)[1]
    done = run(code)
    assert done.stdout.splitlines()[0] == comment


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


FEATURES = README.split("<!-- features -->\n")[1].split("<!-- end of features -->")[0]
ROWS = [row for row in FEATURES.splitlines() if row.startswith("| ") and not row.endswith("| shown by |")]


@pytest.mark.parametrize("row", ROWS, ids=[row.split(" | ")[0].strip("| ") for row in ROWS])
def test_a_feature_is_shown_by_tests_that_exist(row: str) -> None:
    shown = re.findall(r"\[([^\]]+)\]\((tests/[^)]+)\)", row.rpartition(" | ")[2])
    assert shown
    for name, path in shown:
        function = name.replace(" ", "_") if name == "main" else f"test_{name.replace(' ', '_')}"
        assert re.search(rf"^(async )?def {function}\(", (ROOT / path).read_text(), re.M), f"{path}: no {function}"


def test_every_section_module_is_on_the_map() -> None:
    modules = {path.stem for path in (ROOT / "refws/rfc6455").glob("s*.py")} - {"state"}
    assert modules <= set(re.findall(r"\[`(\w+)`\]", README))


def test_the_score_is_that_of_the_reports() -> None:
    score = README.split("<!-- score: from reports/summary.md -->\n")[1].split("<!-- end of score -->")[0]
    assert score.strip() == (ROOT / "reports/summary.md").read_text().strip()


def test_the_ledger_is_counted_as_the_reports_have_it() -> None:
    clauses = json.loads((ROOT / "reports/clauses.json").read_text())["clauses"]
    mutants = json.loads((ROOT / "reports/mutants.json").read_text())["clauses"]
    rows = [
        "| | requirements | tested | excused | MUSTs broken on purpose | mutants noticed |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for document in dict.fromkeys(name.partition(":")[0] for name in clauses):
        states = [entry["state"] for name, entry in clauses.items() if name.startswith(f"{document}:")]
        states = [state for state in states if state != "meta"]
        scores = [score for name, score in mutants.items() if name.startswith(f"{document}:")]
        noticed = f"{sum(s['killed'] for s in scores)} of {sum(s['mutants'] for s in scores)}"
        counts = [len(states), states.count("tested"), states.count("excused"), len(scores), noticed]
        rows.append(f"| {document.upper().replace('RFC', 'RFC ')} | {' | '.join(map(str, counts))} |")
    table = README.split("<!-- ledger: from reports/clauses.json and reports/mutants.json -->\n")[1].split("<!-- end")[
        0
    ]
    assert table.splitlines() == rows


def test_the_echo_example_says_where_it_listens() -> None:
    example = ROOT / "examples/echo.py"
    with subprocess.Popen([sys.executable, str(example), "0"], stdout=subprocess.PIPE, env=os.environ) as process:
        try:
            assert process.stdout is not None
            assert re.fullmatch(rb"ws://127\.0\.0\.1:\d+\n", process.stdout.readline())
        finally:
            process.kill()
