"""What several tests of the harness share: the stand-ins, and jobs that use them."""

import sys
from pathlib import Path
from threading import Event

from conformance.autobahn.cases import ALL_CASES
from conformance.engines.local_engine import LocalEngine
from conformance.judge import Job
from conformance.testees import Testee

HERE = Path(__file__).parent
FAKE_WSTEST = (sys.executable, str(HERE / "fake_wstest.py"))
ECHO_SERVER = (sys.executable, str(HERE / "echo_server.py"))

# A server that says it listens and waits; a client that does nothing, quickly, and one that waits.
IDLE_SERVER = (
    sys.executable,
    "-c",
    "import signal; print('listening on ws://127.0.0.1:1', flush=True); signal.pause()",
)
IDLE_CLIENT = (sys.executable, "-c", "pass", "{url}")
WAITING_CLIENT = (sys.executable, "-c", "import signal; signal.pause()")


def job(agent="honest", **changes):
    given = {
        "engine": LocalEngine(FAKE_WSTEST),
        "agent": agent,
        "time_limit_s": None,
        "cancel": Event(),
        "progress": lambda _name, _finished: None,
    }
    return Job(**(given | changes))


def dying(words):
    """A program that ends at once with these last words."""
    return (sys.executable, "-c", f"raise SystemExit({words!r})")


def stand_in(name="server", cases=ALL_CASES, *, host="", command=None):
    idle = IDLE_SERVER if name.startswith("server") else IDLE_CLIENT
    return Testee(name, host, command or idle, tuple(cases))
