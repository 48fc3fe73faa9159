import subprocess
import sys

import pytest
from websockets.sync.client import connect

from conformance.paths import ROOT
from conformance.programs import ServerProgram
from conformance.testees import hosts_of

FURTHER = [host for host in hosts_of("server") if host != "asyncio"]
MOST_FRAGMENTS = 65537


@pytest.mark.parametrize("host", FURTHER)
def test_each_host_says_where_it_listens_and_echoes(tmp_path, monkeypatch, host):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-m", "conformance", "server-testee", host]
    with ServerProgram(command, tmp_path) as server, connect(server.url(), max_size=None) as ws:
        for message in ("", "käse", b"", b"\x00" * 2**21):
            ws.send(message)
            assert ws.recv() == message
        # As many fragments as the suite sends.
        ws.send(b"" for _ in range(MOST_FRAGMENTS))
        assert ws.recv() == b""


def test_a_host_that_there_is_not():
    command = [sys.executable, "-m", "conformance", "server-testee", "trio"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'trio' is not one of 'http.server', 'threads', 'uvicorn'" in done.stderr
