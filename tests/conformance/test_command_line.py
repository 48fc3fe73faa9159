import os
import shlex
import subprocess
import sys
from dataclasses import replace

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
    """Calls `run` with a stand-in wstest; the agent's name says how that one behaves, "refws" is honest.

    For refws, idle programs stand in for its hosts; the oracle would find out that they are idle, so it is left out.
    """
    idle = [replace(one, command=harness.stand_in(one.name).command) for one in cli_run.TESTEES]
    monkeypatch.setattr(cli_run, "choose", lambda *_: LocalEngine(harness.FAKE_WSTEST))
    monkeypatch.setattr(cli_run, "TESTEES", idle)
    programs = [
        "--server-command",
        shlex.join(harness.IDLE_SERVER),
        "--client-command",
        shlex.join(harness.IDLE_CLIENT),
    ]

    def run(*arguments, agent="honest"):
        who = [] if agent == "refws" else ["--agent", agent, *programs]
        folders = ["--work", tmp_path / "work", "--reports", tmp_path / "reports"]
        return call("run", "--no-oracle", *folders, *who, *arguments)

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
    assert "cases: server 9, client 9\n" in result.stdout
    assert set(load(tmp_path / "work" / "last" / "autobahn.json").testees) == {"server", "client"}


def test_every_host_is_judged_by_those_of_the_cases_that_are_for_it(run, tmp_path):
    result = run("--cases", "1.1.1,12.1.1", "--shards", "1", agent="refws")
    assert result.exit_code == 0
    counts = "server 2, server-http.server 1, server-threads 1, server-uvicorn 1, client 2, client-threads 1"
    assert f"cases: {counts}\n" in result.stdout
    judged = load(tmp_path / "work" / "last" / "autobahn.json")
    assert ", ".join(f"{name} {len(testee.cases)}" for name, testee in judged.testees.items()) == counts
    assert judged.source
    assert judged.testees["server-uvicorn"].host == "uvicorn"
    assert result.stdout.endswith("8 passed, 0 failed\n")


@pytest.mark.parametrize(
    ("arguments", "judged"),
    [
        (["--host", "threads"], ["server-threads", "client-threads"]),
        (["--host", "uvicorn", "--host", "asyncio", "--role", "server"], ["server", "server-uvicorn"]),
        (["--role", "client"], ["client", "client-threads"]),
    ],
)
def test_hosts_and_roles_can_be_chosen(run, tmp_path, arguments, judged):
    assert run("--cases", "1.1.1", *arguments, agent="refws").exit_code == 0
    assert list(load(tmp_path / "work" / "last" / "autobahn.json").testees) == judged


def test_a_host_that_dies_fails_the_run(run, monkeypatch):
    dead = harness.stand_in(
        "server-b", host="threads", command=(sys.executable, "-c", "raise SystemExit('no threads')")
    )
    monkeypatch.setattr(cli_run, "TESTEES", [harness.stand_in("server"), dead])
    result = run("--cases", "1.1.1", agent="refws")
    assert result.exit_code == ExitStatus.FAILURE
    assert "failure: server-b 1/1: the server did not start, it ended with status 1" in result.stderr


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
        (["--bless", "--agent", "other"], "--bless and --host are for refws itself"),
        (["--host", "threads", "--server-command", "server"], "--bless and --host are for refws itself"),
        (["--host", "trio"], "'trio' is not one of"),
        (["--host", "uvicorn", "--host", "http.server", "--role", "client"], "has no client on uvicorn or http.server"),
        (["--host", "uvicorn", "--cases", "12.*"], "none of these cases is for uvicorn: it is judged by groups 1-10"),
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


@pytest.mark.parametrize(("command", "published"), [(None, True), (["no such program"], False)])
def test_only_a_whole_run_is_blessed(run, monkeypatch, tmp_path, command, published):
    blessed = []
    monkeypatch.setattr(cli_run, "bless_run", lambda results, folder, reports: blessed.append((folder, reports)))
    testees = [harness.stand_in("server"), harness.stand_in("client", command=command)]
    monkeypatch.setattr(cli_run, "TESTEES", testees)
    run("--cases", "1.1.1", "--bless", agent="refws")
    assert blessed == ([(tmp_path / "work" / "last", tmp_path / "reports")] if published else [])


def test_a_run_of_some_cases_cannot_be_blessed(run, tmp_path):
    result = run("--cases", "1.1.1", "--host", "threads", "--bless", agent="refws")
    assert result.exit_code == ExitStatus.FAILURE
    assert "nothing was published: the run is not complete (server: 0 of 517 cases)" in result.stderr
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
