"""``pytest --clauses FILE``: what counts as tested."""

import json
from pathlib import Path

import pytest

from refws.clauses.evidence import SCHEMA, read_tested

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
CONFTEST = (ROOT / "tests" / "conftest.py").read_text("utf-8")
TESTS = """
    import pytest

    clause = pytest.mark.clause

    @clause("a:1", "a:2")
    @clause("a:1", "a:3")
    def test_passes(): pass

    @clause("a:1")
    def test_fails(): raise AssertionError

    @clause("a:skipped")
    def test_skips(): pytest.skip()

    @pytest.mark.skip
    @clause("a:skipped")
    def test_is_skipped(): pass

    @pytest.mark.xfail
    @clause("a:xfail")
    def test_is_expected_to_fail(): raise AssertionError

    @pytest.fixture
    def broken(): raise OSError

    @pytest.fixture
    def breaks_afterwards():
        yield
        raise OSError

    @clause("a:setup")
    def test_cannot_begin(broken): pass

    @clause("a:teardown")
    def test_cannot_end(breaks_afterwards): pass

    each = pytest.mark.parametrize("n", [1, 2, 3])

    @each
    @clause("a:all")
    def test_all_cases_pass(n): pass

    @each
    @clause("a:some")
    def test_some_cases_pass(n): assert n < 3

    @each
    @clause("a:some")
    def test_some_cases_run(n):
        if n == 3:
            pytest.skip()

    @pytest.mark.parametrize("n", [pytest.param(1, marks=clause("a:marked")), 2])
    def test_a_case_without_the_marker_does_not_matter(n): assert n == 1

    @clause("a:class")
    class TestClass:
        @clause("a:method")
        def test_method(self): pass

    @clause()
    def test_of_nothing(): pass

    def test_without_a_marker(): pass
"""
PASSED = {
    "a:1": ("test_lamp.py::test_passes",),
    "a:2": ("test_lamp.py::test_passes",),
    "a:3": ("test_lamp.py::test_passes",),
    "a:all": ("test_lamp.py::test_all_cases_pass",),
    "a:class": ("test_lamp.py::TestClass::test_method",),
    "a:marked": ("test_lamp.py::test_a_case_without_the_marker_does_not_matter",),
    "a:method": ("test_lamp.py::TestClass::test_method",),
}


@pytest.fixture(autouse=True)
def checkout(monkeypatch):
    """The tests of a test import the source as it is here."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def recorded(pytester):
    """Runs tests with the recorder; what it wrote."""
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nmarkers = clause(*ids): of the ledger\n")

    def run(source: str, *arguments: str) -> dict[str, tuple[str, ...]]:
        pytester.makepyfile(test_lamp=source)
        pytester.runpytest_subprocess("--clauses", "tested.json", "-p", "no:cacheprovider", *arguments)
        return read_tested(pytester.path / "tested.json")

    return run


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_only_what_ran_and_passed_counts(recorded, workers):
    assert recorded(TESTS, *workers) == PASSED


CASES = """
    import os, pytest

    @pytest.mark.clause("a:1")
    @pytest.mark.parametrize("n", [1, 2])
    def test_cases(n): pass

    @pytest.mark.clause("a:2")
    def test_dies(request):
        if hasattr(request.config, "workerinput"):
            os._exit(1)

    @pytest.mark.clause("a:3")
    def test_behind(): raise AssertionError

    @pytest.mark.clause("a:4")
    @pytest.mark.parametrize("n", [1, 2])
    def test_behind_the_failure(n): pass
"""


@pytest.mark.parametrize(
    ("arguments", "clauses"),
    [
        ([], ["a:1", "a:2", "a:4"]),
        (["-k", "test_cases and 1"], []),
        (["-k", "test_cases"], ["a:1"]),
        (["--deselect", "test_lamp.py::test_cases[2]"], ["a:2", "a:4"]),
        (["-x"], ["a:1", "a:2"]),
        (["-n", "1"], ["a:1", "a:4"]),
        (["--collect-only"], []),
    ],
    ids=lambda value: " ".join(value) or "all",
)
def test_a_test_counts_when_all_its_cases_have_run(recorded, arguments, clauses):
    assert list(recorded(CASES, *arguments)) == clauses


def test_the_file_is_the_same_every_time_and_tells_its_schema(recorded, pytester):
    recorded(TESTS)
    text = (pytester.path / "tested.json").read_text("utf-8")
    recorded(TESTS, "-n", "2")
    assert (pytester.path / "tested.json").read_text("utf-8") == text
    assert json.loads(text)["schema"] == SCHEMA


def test_a_file_that_cannot_be_written_is_said_before_anything_runs(pytester):
    pytester.makeconftest(CONFTEST)
    run = pytester.runpytest_subprocess("--clauses", "nowhere/tested.json")
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines(["ERROR: --clauses: there is no folder for nowhere/tested.json"])


def test_without_the_option_nothing_is_written(pytester):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("def test(): pass")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert not list(pytester.path.glob("*.json"))
