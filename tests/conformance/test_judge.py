import sys

import harness
import pytest

from conformance.failure import HarnessFailure
from conformance.judge import Shard, judge
from conformance.results import CaseResult

CASES = ("1.1.1", "1.1.2", "2.1")


def shard(folder, role="server", cases=CASES, command=None):
    return Shard(f"{role} 1/1", harness.stand_in(role, command=command), cases, folder / "shard")


@pytest.mark.parametrize("role", ["server", "client"])
def test_a_shard_gives_its_verdicts_and_case_files(tmp_path, role):
    counts = []
    job = harness.job(progress=lambda name, count: counts.append((name, count)))
    verdicts = judge(job, shard(tmp_path, role), tmp_path / "raw")
    assert verdicts == dict.fromkeys(CASES, CaseResult("OK", "OK", 1000))
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == [f"{case}.json" for case in CASES]
    assert counts[-1] == (f"{role} 1/1", 3)
    assert "Running test case ID 2.1" in (tmp_path / "shard" / "wstest.log").read_text()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("forgetful", r"reports 2 of 3 cases; missing: 2\.1"),
        ("garbled", "does not parse"),
        ("contradicting", "says something else"),
    ],
)
@pytest.mark.parametrize("role", ["server", "client"])
def test_a_report_is_not_trusted(tmp_path, agent, words, role):
    with pytest.raises(HarnessFailure, match=words):
        judge(harness.job(agent), shard(tmp_path, role), tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


def test_an_exit_status_is_not_ignored(tmp_path):
    with pytest.raises(HarnessFailure, match="wstest ended with status 1: crashed"):
        judge(harness.job("crashing"), shard(tmp_path), tmp_path / "raw")


@pytest.mark.parametrize("role", ["server", "client"])
def test_a_shard_that_hangs_ends_at_its_time_limit(tmp_path, role):
    command = harness.WAITING_CLIENT if role == "client" else None
    with pytest.raises(HarnessFailure, match=r"hung: not done within 0 s"):
        judge(harness.job("hanging", time_limit_s=0.001), shard(tmp_path, role, command=command), tmp_path / "raw")


def test_the_time_limit_grows_with_the_cases(tmp_path):
    assert shard(tmp_path).time_limit_s() == 198
    assert shard(tmp_path, cases=CASES * 100).time_limit_s() == 1980


def test_a_server_that_dies_is_blamed(tmp_path):
    code = "print('listening on ws://127.0.0.1:1', flush=True); raise SystemExit('out of breath')"
    with pytest.raises(HarnessFailure, match=r"the server died \(.*\): it ended with status 1; .*: out of breath"):
        judge(harness.job("hanging"), shard(tmp_path, command=(sys.executable, "-c", code)), tmp_path / "raw")


def test_a_client_that_dies_is_blamed(tmp_path):
    command = (sys.executable, "-c", "raise SystemExit('boom')")
    with pytest.raises(HarnessFailure, match=r"the client died \(3 cases were begun, the last 2\.1\): .* boom"):
        judge(harness.job(), shard(tmp_path, "client", command=command), tmp_path / "raw")


def test_an_interrupted_client_keeps_what_had_finished(tmp_path):
    job = harness.job()
    job.cancel.set()
    waiting = shard(tmp_path, "client", command=harness.WAITING_CLIENT)
    assert list(judge(job, waiting, tmp_path / "raw")) == ["1.1.1", "1.1.2"]
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["1.1.1.json", "1.1.2.json"]


def test_an_interrupted_server_without_a_report_gives_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("conformance.judge._WRITE_LIMIT_S", 0.0)
    job = harness.job("hanging")
    job.cancel.set()
    assert judge(job, shard(tmp_path), tmp_path / "raw") == {}


class RefusingEngine:
    """Its wstest says what it is told to say and ends."""

    def __init__(self, words):
        self.words = words
        self.starts = 0

    def start(self, mode, folder):
        self.starts += 1
        return self

    def output(self):
        return self.words

    def exit_status(self):
        return 1

    def stop(self):
        pass


@pytest.mark.parametrize(("words", "starts"), [("[Errno 98] Address already in use.", 3), ("no such spec", 1), ("", 1)])
def test_a_port_that_is_taken_is_tried_again(tmp_path, words, starts):
    engine = RefusingEngine(words)
    with pytest.raises(HarnessFailure, match="did not listen"):
        judge(harness.job(engine=engine), shard(tmp_path, "client"), tmp_path / "raw")
    assert engine.starts == starts
