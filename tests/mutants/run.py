"""``tox -e mutants``: do the tests of a clause notice when the line that obeys it is broken?

For every capital MUST and MUST NOT that the wire shows: each statement that cites it is broken in every way that
`mutate.py` knows, and the tests with that clause's marker run against each mutant. One of them has to fail. Mutation
testers that exist choose tests by what they cover; here only the clause's own tests count, so this one is our own.

A mutant that cannot be imported says nothing of the tests and does not count. Those that survive are explained in
``survivors.toml``, or the run fails; it fails too for a clause whose tests fail without a mutant. Each mutant lives in
a forked process that has the libraries loaded; no file changes.
"""

import argparse
import ast
import contextlib
import importlib.machinery
import io
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

# The source that is broken is that of the checkout, wherever refws is installed.
sys.path.insert(0, str(Path(__file__).parents[2]))

from mutate import Mutant, mutants
from outcomes import Score, Trial, explained, outcome_of

from refws.clauses.citations import citations, line_below
from refws.clauses.evidence import PACKAGE
from refws.clauses.ledger import Clause, UnknownClause, documents, lookup

ROOT = PACKAGE.parent
REPORT = ROOT / "reports" / "mutants.json"
SURVIVORS = Path(__file__).with_name("survivors.toml")
# What a test of one clause takes at most, and then some; a mutant that makes it hang is noticed.
TIME_LIMIT = 60.0
# What is loaded before pytest starts cannot be rewritten, and need not be.
ALREADY_LOADED = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:xdist", "-p", "no:cacheprovider"]
QUIET = ["-x", "-q", "--no-header", *ALREADY_LOADED]
FORK = multiprocessing.get_context("fork")
LOADED = ["asyncio", "ssl", "h11", "hypothesis", "websockets", "autobahn", "aiohttp", "trustme", "click", "rich"]


class Markers:
    """Collects which tests carry which clause."""

    def __init__(self) -> None:
        self.tests: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for marker in item.iter_markers("clause"):
                for clause in marker.args:
                    self.tests[clause][item.nodeid.partition("[")[0]] = None


def marked_tests() -> dict[str, list[str]]:
    """The tests of every clause, found in a process of its own so that this one stays clean."""
    receiver, sender = FORK.Pipe(duplex=False)

    def collect() -> None:
        markers = Markers()
        with contextlib.redirect_stdout(io.StringIO()):
            status = pytest.main(
                ["--collect-only", "-q", *ALREADY_LOADED, "--ignore", str(ROOT / "tests/oracle"), str(ROOT / "tests")],
                [markers],
            )
        sender.send((int(status), {clause: list(tests) for clause, tests in markers.tests.items()}))

    process = FORK.Process(target=collect)
    process.start()
    sender.close()
    try:
        status, tests = receiver.recv()
    except EOFError:
        sys.exit("mutants: the process that collects the tests died")
    process.join()
    if status:
        sys.exit(f"mutants: pytest could not collect the tests (status {status})")
    return tests


def trials(asked: list[Clause]) -> list[Trial]:
    """What there is to try: every mutant of every statement that cites one of the clauses."""
    tests = marked_tests()
    wanted = {clause.name: clause for clause in asked}
    made: dict[tuple[str, int], list[Mutant]] = {}
    controlled: set[tuple[str, str]] = set()
    found = []
    for citation in citations(PACKAGE):
        clause = wanted.get(citation.clause)
        if clause is None:
            continue
        path = ROOT / citation.path
        source = path.read_text("utf-8")
        target = (citation.path, line_below(source.splitlines(), citation.line))
        if target not in made:
            made[target] = mutants(source, target[1])
        if (clause.name, citation.path) not in controlled:
            controlled.add((clause.name, citation.path))
            control = Mutant("", "", ast.unparse(ast.parse(source)))
            found.append(Trial(clause, citation.place, path, control, tests.get(clause.name, []), is_control=True))
        found += [Trial(clause, citation.place, path, mutant, tests.get(clause.name, [])) for mutant in made[target]]
    return found


def run_in_fork(path: str, source: str, tests: list[str]) -> None:
    """Run the tests with one module replaced; the process ends with pytest's exit code."""
    status = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.setsid()
        status = run_replaced(path, source, tests)
    finally:
        os._exit(int(status))


def run_replaced(path: str, source: str, tests: list[str]) -> int | pytest.ExitCode:
    sys.dont_write_bytecode = True
    original = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> object:
        if loader.path == path:
            return compile(source, path, "exec", dont_inherit=True)
        return original(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code
    for name in [name for name in sys.modules if name.partition(".")[0] == "refws"]:
        del sys.modules[name]
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.chdir(ROOT)
    return pytest.main([*QUIET, *tests])


def try_all(found: list[Trial], jobs: int, progress: Progress) -> None:
    task = progress.add_task("mutants", total=len(found))
    waiting = found[::-1]
    running: list[Trial] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            trial = waiting.pop()
            if not trial.tests:
                trial.outcome = "survived"
                progress.advance(task)
                continue
            trial.process = FORK.Process(target=run_in_fork, args=(str(trial.path), trial.mutant.source, trial.tests))
            trial.process.start()
            trial.deadline = time.monotonic() + TIME_LIMIT
            running.append(trial)
        progress.refresh()
        if running:
            multiprocessing.connection.wait([trial.process.sentinel for trial in running], min(1.0, TIME_LIMIT))
        for trial in list(running):
            if trial.process.is_alive() and time.monotonic() < trial.deadline:
                continue
            if trial.process.is_alive():
                os.killpg(trial.process.pid, signal.SIGKILL)
                trial.outcome = "killed"
            trial.process.join()
            if trial.outcome == "untried":
                trial.outcome = outcome_of(trial.process.exitcode)
            running.remove(trial)
            progress.advance(task)


def proven() -> list[Clause]:
    """The clauses whose tests have to notice: capital MUST and MUST NOT, visible on the wire, not excused."""
    every = [clause for document in documents().values() for clause in document.clauses.values()]
    return [clause for clause in every if clause.is_wire_visible_must and not clause.excused]


def main() -> None:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "names", nargs="*", help="clauses, paragraphs or sections; all that the wire shows where none is given"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many run side by side")
    parser.add_argument("--bless", action="store_true", help="write reports/mutants.json")
    options = parser.parse_args()
    try:
        named = dict.fromkeys(clause for name in options.names for clause in lookup(name))
    except UnknownClause as error:
        parser.error(str(error))
    asked = [clause for clause in named if clause.is_requirement and not clause.excused] if named else proven()
    if not asked:
        parser.error(f"nothing to break: the ledger excuses {', '.join(options.names)}")
    for module in LOADED:
        with contextlib.suppress(ImportError):
            __import__(module)
    found = trials(asked)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    # A thread that draws could hold a lock at the moment of a fork.
    with Progress(*columns, transient=True, auto_refresh=False) as progress:
        try_all(found, max(1, options.jobs), progress)
    score = Score(found, explained(SURVIVORS.read_text("utf-8")))
    complaints = score.complaints(asked, all_tried=not options.names)
    print("\n".join(complaints), end="\n" if complaints else "")
    report = score.report(asked)
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    if options.bless and not options.names and not complaints:
        REPORT.write_text(text, "utf-8")
    elif not options.names and not complaints and (not REPORT.exists() or REPORT.read_text("utf-8") != text):
        complaints = ["reports/mutants.json says something else; look, and then: tox -e mutants -- --bless"]
        print(complaints[0])
    tried = [trial for trial in found if trial.counts]
    killed = sum(trial.outcome == "killed" for trial in tried)
    print(
        f"{len(asked)} clauses, {len(tried)} mutants: {killed} killed, {len(tried) - killed} survived, "
        f"{sum(trial.outcome == 'invalid' for trial in found)} could not be imported"
    )
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
