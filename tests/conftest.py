"""What several tests need.

``pytest --clauses FILE`` records which tests ran and passed with which clause markers: the ledger's evidence. `visit`
opens a page in Chromium.
"""

import gc
import json
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from refws.clauses.evidence import SCHEMA

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


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


def pytest_collection_finish() -> None:
    """Tests look for what nobody closed with `gc.collect`, which need not go through all that is there for good."""
    # Before that: it registers generators of random numbers, and looks for who refers to them.
    import hypothesis  # noqa: F401

    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")
    if CHROMIUM is None:
        pytest.skip("needs a Chromium on the PATH")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES.split())
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open a page of a certain width without a network; whatever it complains about fails the test."""
    complaints, contexts = [], []

    def open_page(url, width=1280, **settings):
        context = browser.new_context(viewport={"width": width, "height": 850}, offline=True, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
