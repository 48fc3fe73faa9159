"""The examples of WebSocket over streams, run as they are."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PRINTED = {
    "over_pipes.py": "hello over two pipes\n",
    "over_socketpair.py": "HELLO OVER A SOCKETPAIR\n",
    "over_ssl.py": "hello over TLS, by TLSv1.3\n",
    "over_trio.py": "HELLO OVER TRIO\n",
    "over_unix_socket.py": "/unix?room=1 has 'hello over a unix socket'\n",
}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("over_*.py")))
def test_it_prints_what_a_reader_expects(name):
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED[name], "")
