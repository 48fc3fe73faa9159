"""``pytest --clauses FILE`` records which tests ran and passed with which clause markers: the ledger's evidence."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from refws.clauses.evidence import SCHEMA


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--clauses", metavar="FILE", help="write which clauses the tests that passed are marked with")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--clauses")
    # With xdist the workers report to the controller, which writes.
    if path and not hasattr(config, "workerinput"):
        if not Path(path).absolute().parent.is_dir():
            raise pytest.UsageError(f"--clauses: there is no folder for {path}")
        config.pluginmanager.register(ClauseRecorder(Path(path).absolute()), "clauses")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note at each case its clauses, and how many cases of its test have them, before any case is deselected."""
    marked = [(item, {clause for marker in item.iter_markers("clause") for clause in marker.args}) for item in items]
    cases = Counter((the_test(item.nodeid), clause) for item, clauses in marked for clause in clauses)
    for item, clauses in marked:
        if clauses:
            counted = {clause: cases[the_test(item.nodeid), clause] for clause in sorted(clauses)}
            item.user_properties.append(("clauses", counted))


def the_test(case: str) -> str:
    return case.partition("[")[0]


class ClauseRecorder:
    """A test counts for a clause once all its cases that carry the marker have run and passed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cases: dict[tuple[str, str], int] = {}
        self.passed: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.spoilt: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for clause, cases in dict(report.user_properties).get("clauses", {}).items():
            self.cases[clause, the_test(report.nodeid)] = cases
            if report.when == "call" and report.passed:
                self.passed[clause, the_test(report.nodeid)].add(report.nodeid)
        if not report.passed:
            self.spoilt.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        passed: defaultdict[str, list[str]] = defaultdict(list)
        for (clause, test), cases in sorted(self.cases.items()):
            if len(self.passed[clause, test] - self.spoilt) == cases:
                passed[clause].append(test)
        text = json.dumps({"schema": SCHEMA, "passed": passed}, indent=1)
        self.path.write_text(f"{text}\n", "utf-8")
