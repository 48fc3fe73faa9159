import os
import subprocess
import sys

import harness
import pytest
from click.testing import CliRunner

from conformance import cli, cli_run, paths
from conformance import results as model
from conformance.cli import main
from conformance.engines.local_engine import LocalEngine
from conformance.failure import ExitStatus, HarnessFailure
from conformance.results import CaseResult, Results, load, to_json


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Calls `run` with a stand-in wstest; the agent's name says how that one behaves."""
    monkeypatch.setattr(cli_run, "choose", lambda *_: LocalEngine(harness.FAKE_WSTEST))
    monkeypatch.setattr(cli_run, "server_command", lambda text: harness.IDLE_SERVER)
    monkeypatch.setattr(cli_run, "client_command", lambda text: harness.IDLE_CLIENT)

    def run(*arguments, agent="honest"):
        return call("run", "--work", tmp_path / "work", "--reports", tmp_path / "reports", "--agent", agent, *arguments)

    return run


def commit(tmp_path, **cases):
    (tmp_path / "reports").mkdir()
    verdicts = {name.removeprefix("c").replace("_", "."): CaseResult(word, "OK", 1000) for name, word in cases.items()}
    (tmp_path / "reports" / "autobahn.json").write_text(
        to_json(Results({"server": model.TesteeResults("honest", verdicts)}))
    )


def test_a_run_that_is_good(run, tmp_path):
    result = run("--cases", "1.1.*,2.1", "--cases", "5.19", "--exclude-cases", "1.1.8")
    assert result.exit_code == 0
    assert result.stdout.endswith("18 passed, 0 failed\n")
    assert "9 cases, role both" in result.stdout
    assert set(load(tmp_path / "work" / "last" / "autobahn.json").testees) == {"server", "client"}


def test_a_run_that_is_as_good_as_the_committed_one(run, tmp_path):
    commit(tmp_path, c1_1_1="OK", c1_1_2="OK")
    result = run("--cases", "1.1.1", "--role", "server")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_a_run_that_is_worse(run, tmp_path, monkeypatch):
    commit(tmp_path, c1_1_1="OK")
    monkeypatch.setattr("conformance.autobahn.report.case_from", lambda _entry: CaseResult("NON-STRICT", "OK", 1000))
    result = run("--cases", "1.1.1", "--role", "server")
    assert result.exit_code == ExitStatus.WORSE
    assert "worse: server 1.1.1 behavior: OK -> NON-STRICT\n0 passed, 1 failed\n" in result.stdout


def test_many_differences_are_cut_short(run, monkeypatch):
    monkeypatch.setattr("conformance.autobahn.report.case_from", lambda _entry: CaseResult("FAILED", "OK", 1000))
    result = run("--cases", "6.*", "--role", "server")
    assert result.exit_code == ExitStatus.WORSE
    assert "and 105 more: python -m conformance compare" in result.stdout


def test_a_run_that_cannot_be_trusted(run):
    result = run("--cases", "1.1.1,1.1.2", "--role", "server", "--shards", "1", agent="forgetful")
    assert result.exit_code == ExitStatus.FAILURE
    assert "failure: server 1/1: Autobahn reports 1 of 2 cases; missing: 1.1.2\n" in result.stderr
    assert "passed" not in result.stdout


def test_an_interrupted_run(run, monkeypatch, tmp_path):
    class SetEvent(cli_run.Event):
        def __init__(self):
            super().__init__()
            self.set()

    monkeypatch.setattr(cli_run, "Event", SetEvent)
    result = run("--cases", "1.1.1")
    assert result.exit_code == ExitStatus.INTERRUPTED
    assert "interrupted: the report is partial" in result.stderr
    assert load(tmp_path / "work" / "last" / "autobahn.json").partial


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cases", "5"], "did you mean 5.*?"),
        (["--exclude-cases", "99.*"], "no case matches '99.*'"),
        (["--shards", "0"], "0 is not in the range"),
        (["--role", "judge"], "'judge' is not one of"),
        (["--bless", "--agent", "other"], "--bless is for refws itself"),
        (["--client-command", "client"], "needs {url}"),
        (["--server-command", "'"], "No closing quotation"),
        (["--time-limit", "0"], "is not in the range"),
    ],
)
def test_a_wrong_option_is_one_line_without_a_traceback(arguments, words):
    result = call("run", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("agent", "published"), [("refws", True), ("forgetful", False)])
def test_only_a_whole_run_is_blessed(run, monkeypatch, tmp_path, agent, published):
    blessed = []
    monkeypatch.setattr(cli_run, "bless_run", lambda results, folder, reports: blessed.append((folder, reports)))
    monkeypatch.setattr(cli_run, "_AGENT", agent)
    run("--cases", "1.1.1", "--bless", agent=agent)
    assert blessed == ([(tmp_path / "work" / "last", tmp_path / "reports")] if published else [])


def test_a_run_of_some_cases_cannot_be_blessed(run, tmp_path):
    result = run("--cases", "1.1.1", "--bless", agent="refws")
    assert result.exit_code == ExitStatus.FAILURE
    assert "nothing was published" in result.stderr
    assert not (tmp_path / "reports").exists()


def test_compare(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for path, word in ((old, "OK"), (new, "FAILED")):
        path.write_text(
            to_json(Results({"server": model.TesteeResults("refws", {"1.1.1": CaseResult(word, "OK", 1)})}))
        )
    result = call("compare", old, new)
    assert (result.exit_code, result.stdout.splitlines()) == (
        ExitStatus.WORSE,
        ["worse: server 1.1.1 behavior: OK -> FAILED", "1 differences, 1 for the worse"],
    )
    assert call("compare", new, old).exit_code == call("compare", new, new).exit_code == 0
    absent = call("compare", old, tmp_path / "absent")
    assert absent.exit_code == ExitStatus.FAILURE
    assert absent.stderr.startswith("failure: ")


def test_publish_refuses_what_is_not_complete(tmp_path):
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "autobahn.json").write_text(to_json(Results({}, partial=True)))
    result = call("publish", "--work", tmp_path, "--reports", tmp_path / "reports")
    assert result.exit_code == ExitStatus.FAILURE
    assert "the run is partial" in result.stderr
    assert not (tmp_path / "reports").exists()


def test_publish(monkeypatch, tmp_path):
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "autobahn.json").write_text(to_json(Results({})))
    blessed = []
    monkeypatch.setattr(cli, "bless", lambda *arguments: blessed.append(arguments))
    assert call("publish", "--work", tmp_path, "--reports", tmp_path / "reports").exit_code == 0
    assert blessed == [(Results({}), tmp_path / "last", tmp_path / "reports")]


def test_build_image_without_an_engine(monkeypatch):
    def refuse():
        raise cli.NoDockerEngine("unix:///nowhere/docker.sock")

    monkeypatch.setattr(cli, "connect", refuse)
    result = call("build-image")
    assert result.exit_code == ExitStatus.FAILURE
    assert "no Docker engine answers" in result.stderr


def test_build_image(monkeypatch):
    class Client:
        def close(self):
            pass

    given = []
    monkeypatch.setattr(cli, "connect", Client)
    monkeypatch.setattr(
        cli.image, "build", lambda _client, mirror, log, _tell: given.append((mirror, log)) or "an:image"
    )
    result = call("build-image", "--mirror", "http://mirror.test/debian")
    assert (result.exit_code, result.stdout) == (0, "an:image\n")
    assert given == [("http://mirror.test/debian", paths.WORK / "build-image.log")]


def test_ctrl_c_before_the_cases_run(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_run, "choose", interrupt)
    result = call("run", "--cases", "1.1.1")
    assert (result.exit_code, result.stderr) == (ExitStatus.INTERRUPTED, "interrupted\n")


def test_a_harness_failure_is_one_line(monkeypatch):
    def fail(*_):
        raise HarnessFailure("no engine")

    monkeypatch.setattr(cli_run, "choose", fail)
    result = call("run")
    assert (result.exit_code, result.stderr) == (ExitStatus.FAILURE, "failure: no engine\n")


def test_the_client_testee_without_a_fuzzing_server():
    environment = {**os.environ, "PYTHONPATH": str(paths.ROOT)}
    command = [sys.executable, "-m", "conformance", "client-testee", "ws://127.0.0.1:1", "--agent", "refws"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == ExitStatus.FAILURE
    assert done.stderr.startswith("failure: ws://127.0.0.1:1: ")
    assert done.stderr.count("\n") == 1
