import io
import json
import os
import signal

import harness
import pytest
from rich.console import Console

from conformance.engines.local_engine import LocalEngine
from conformance.results import load
from conformance.runner import Plan, run

CASES = ("1.1.1", "1.1.2", "2.1", "5.19", "5.20")
SERVER, CLIENT = harness.stand_in("server", CASES), harness.stand_in("client", CASES)


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200)


def test_all_testees_in_shards_give_one_report(tmp_path, console):
    further = harness.stand_in("server-tea.pot", CASES[:4], host="tea.pot")
    outcome = run(Plan((SERVER, further, CLIENT), 2), harness.job(), tmp_path, console)
    assert outcome.is_whole
    last = tmp_path / "last"
    assert load(last / "autobahn.json") == outcome.results
    assert {name: testee.host for name, testee in outcome.results.testees.items()} == {
        "server": "",
        "server-tea.pot": "tea.pot",
        "client": "",
    }
    for testee in (SERVER, further, CLIENT):
        assert tuple(outcome.results.testees[testee.name].cases) == testee.cases
        assert sorted(path.stem for path in (last / testee.name).iterdir()) == sorted(testee.cases)
    said = console.file.getvalue()
    assert (said.count("3 of 3 cases"), said.count("2 of 2 cases")) == (3, 2)
    assert "server-tea.pot 1/2: 1 of 1 cases" in said
    assert [path.name for path in tmp_path.iterdir()] == ["last"]


def test_a_failure_makes_the_report_partial_and_names_the_shard(tmp_path, console):
    outcome = run(Plan((SERVER,), 2), harness.job("crashing"), tmp_path, console)
    assert sorted(failure.partition(":")[0] for failure in outcome.failures) == ["server 1/2", "server 2/2"]
    assert outcome.results.partial
    assert not outcome.is_whole
    assert not outcome.interrupted
    assert json.loads((tmp_path / "last" / "autobahn.json").read_text())["partial"] is True


def test_a_new_run_replaces_the_last(tmp_path, console):
    run(Plan((SERVER,), 1), harness.job(), tmp_path, console)
    run(Plan((CLIENT.limited_to(CASES[:1]),), 1), harness.job(), tmp_path, console)
    assert sorted(path.name for path in (tmp_path / "last").iterdir()) == ["autobahn.json", "client", "logs"]


class InterruptingEngine:
    """An engine whose wstest sends this process a signal once it has printed that the last case was begun."""

    def __init__(self, engine, number):
        self.engine = engine
        self.number = number

    def start(self, mode, folder):
        wstest = self.engine.start(mode, folder)
        output = wstest.output

        def interrupting_output():
            text = output()
            if f"Running test case ID {CASES[-1]} " in text:
                os.kill(os.getpid(), self.number)
            return text

        wstest.output = interrupting_output
        return wstest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_and_keeps_what_had_finished(tmp_path, console, number):
    waiting = harness.stand_in("client", CASES, command=harness.WAITING_CLIENT)
    job = harness.job(engine=InterruptingEngine(LocalEngine(harness.FAKE_WSTEST), number))
    before = signal.getsignal(number)
    outcome = run(Plan((waiting, SERVER), 1), job, tmp_path, console)
    assert signal.getsignal(number) is before
    assert outcome.interrupted
    assert outcome.results.partial
    assert list(outcome.results.testees) == ["client"]
    assert tuple(outcome.results.testees["client"].cases) == CASES[:-1]


def test_a_terminal_gets_bars(tmp_path):
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    run(Plan((SERVER,), 1), harness.job(), tmp_path, console)
    assert "5/5" in console.file.getvalue()
