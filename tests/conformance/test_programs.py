import sys

import pytest

from conformance import programs
from conformance.failure import HarnessFailure


def server(code, folder):
    return programs.ServerProgram([sys.executable, "-c", code], folder)


def test_the_url_is_read_from_the_line(tmp_path):
    code = "import signal; print('hello\\nlistening on ws://127.0.0.1:9\\nmore', flush=True); signal.pause()"
    with server(code, tmp_path) as running:
        assert running.url() == "ws://127.0.0.1:9"
    assert running.exit_status() is not None


def test_a_server_that_ends_before_it_listens(tmp_path):
    with (
        server("import sys; sys.exit('no port left')", tmp_path) as ended,
        pytest.raises(HarnessFailure, match=r"did not start, it ended with status 1; its last words: no port left"),
    ):
        ended.url()


def test_a_server_that_never_listens(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "_START_LIMIT_S", 0.0)
    # A line that is not complete is not a line: the port could still grow.
    with (
        server(
            "import signal; print('listening on ws://127.0.0.1:8', end='', flush=True); signal.pause()", tmp_path
        ) as mute,
        pytest.raises(HarnessFailure, match="printed no line"),
    ):
        mute.url()


def test_the_client_is_told_where_to_go(tmp_path):
    command = [sys.executable, "-c", "import sys; print(sys.argv[1:])", "{url}", "--agent={agent}"]
    with programs.ClientProgram(command, "ws://x:1", "a b", tmp_path) as client:
        while client.exit_status() is None:
            pass
    assert (tmp_path / "testee.stdout").read_text() == "['ws://x:1', '--agent=a b']\n"
