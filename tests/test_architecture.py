"""The house: sizes, names, and the form of citations. Imports are import-linter's (``tox -e architecture``)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "refws").rglob("*.py")) + sorted((ROOT / "conformance").rglob("*.py"))
SECTIONS = sorted((ROOT / "refws/rfc6455").glob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_short_or_says_why_not(path: Path) -> None:
    source = path.read_text()
    docstring = ast.get_docstring(ast.parse(source)) or ""
    assert len(source.splitlines()) <= 250 or "Longer than" in docstring


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_functions_are_short(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text()))
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {f.name: (f.end_lineno or 0) - f.lineno + 1 for f in functions}
    assert {n: length for n, length in lengths.items() if length > 50} == {}


@pytest.mark.parametrize("path", SECTIONS, ids=name)
def test_identifiers_carry_no_section_numbers(path: Path) -> None:
    defined = [n.name for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    assert [n for n in defined if re.search(r"\d_\d|s\d\d", n)] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_citations_have_their_form(path: Path) -> None:
    document = "(rfc[0-9]+:)?" if {"rfc6455", "rfc7692"} & set(path.parts) else "rfc[0-9]+:"
    form = rf"{document}[0-9]+(\.[0-9]+)*-p[0-9]+-s[0-9]+(/[0-9]+)? (MUST|SHOULD|MAY) .*"
    for number, line in enumerate(path.read_text().splitlines(), 1):
        before, _, cited = line.partition("§")
        if "#" in before and cited:
            assert re.fullmatch(form, cited), f"line {number}: §{cited}"


@pytest.mark.parametrize("path", [p for p in SECTIONS if p.stem != "__init__"], ids=name)
def test_every_module_has_its_test_module(path: Path) -> None:
    assert (ROOT / "tests/rfc6455" / f"test_{path.stem}.py").exists()


def test_every_ruling_that_is_cited_is_written() -> None:
    written = set(re.findall(r"\*\*Ruling (\d+):", (ROOT / "docs/rulings.md").read_text()))
    cited = {n for path in MODULES for n in re.findall(r"[Rr]uling (\d+)", path.read_text())}
    assert cited <= written
