"""What several tests of the harness share: the stand-ins, and jobs that use them."""

import sys
from pathlib import Path
from threading import Event

from conformance.engines.local_engine import LocalEngine
from conformance.judge import Job

HERE = Path(__file__).parent
FAKE_WSTEST = (sys.executable, str(HERE / "fake_wstest.py"))
ECHO_SERVER = (sys.executable, str(HERE / "echo_server.py"))

# A server that says it listens and waits; a client that does nothing, quickly.
IDLE_SERVER = (
    sys.executable,
    "-c",
    "import signal; print('listening on ws://127.0.0.1:1', flush=True); signal.pause()",
)
IDLE_CLIENT = (sys.executable, "-c", "pass", "{url}")


def job(agent="honest", server=IDLE_SERVER, client=IDLE_CLIENT, **changes):
    given = {
        "engine": LocalEngine(FAKE_WSTEST),
        "agent": agent,
        "server_command": server,
        "client_command": client,
        "time_limit_s": None,
        "cancel": Event(),
        "progress": lambda _name, _finished: None,
    }
    return Job(**(given | changes))
