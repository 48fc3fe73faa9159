import signal
import sys
import time
from pathlib import Path

import pytest

from conformance.failure import HarnessFailure
from conformance.process import LoggedProcess


@pytest.fixture
def start(tmp_path):
    started = []

    def run(code):
        child = LoggedProcess([sys.executable, "-c", code], tmp_path / "out", tmp_path / "err")
        started.append(child)
        return child

    yield run
    for child in started:
        child.stop()


def wait(child):
    while child.exit_status() is None:
        pass
    return child.exit_status()


def wait_for_output(child):
    while not child.output.read_text():
        assert child.exit_status() is None


def test_output_and_errors_go_to_files(start):
    child = start("import sys; print('said'); sys.exit('one\\ntwo\\nthree\\nfour')")
    assert wait(child) == 1
    assert child.output.read_text() == "said\n"
    assert child.epitaph() == "ended with status 1; its last words: two | three | four"


def test_a_signal_is_named(start):
    child = start("import os; os.abort()")
    assert wait(child) == -signal.SIGABRT
    assert child.epitaph() == "ended with signal SIGABRT; its last words: none"


def test_stop_ends_it_and_may_be_called_again(start):
    child = start("import signal; print('up', flush=True); signal.pause()")
    wait_for_output(child)
    child.stop()
    child.stop()
    assert child.exit_status() == -signal.SIGTERM


def test_stop_ends_what_it_started_too(start, tmp_path):
    grandchild = "import signal, os; print(os.getpid(), flush=True); signal.pause()"
    child = start(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {grandchild!r}]).wait()")
    wait_for_output(child)
    pid = int(child.output.read_text())
    child.stop()
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_command_that_is_none(tmp_path):
    with pytest.raises(HarnessFailure, match=r"nowhere/at-all: cannot be started \(No such file"):
        LoggedProcess(["nowhere/at-all"], tmp_path / "out", tmp_path / "err")
