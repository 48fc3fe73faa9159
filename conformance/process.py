"""A child process in a session of its own, whose output goes to files."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from conformance.failure import HarnessFailure

_GRACE_S: Final = 5.0
_LAST_LINES: Final = 3


class LoggedProcess:
    """A child that neither a Ctrl-C at the terminal nor a full pipe reaches; whoever starts it stops it.

    `output` and `errors` are the files its standard output and standard error go to; they may be one file. Raises
    HarnessFailure when the command cannot be started.
    """

    def __init__(self, command: Sequence[str], output: Path, errors: Path, folder: Path | None = None) -> None:
        self.output = output
        self.errors = errors
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with output.open("ab") as out, errors.open("ab") as err:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise HarnessFailure(f"{command[0]}: cannot be started ({error.strerror})") from error

    def exit_status(self) -> int | None:
        """Give the exit status, negative for the signal that ended it, None while it runs."""
        return self._process.poll()

    def epitaph(self) -> str:
        """Tell how it ended: exit status and the last lines of its standard error."""
        status = self.exit_status()
        manner = f"signal {signal.Signals(-status).name}" if status is not None and status < 0 else f"status {status}"
        lines = self.errors.read_text(encoding="utf-8", errors="replace").split("\n")
        words = " | ".join([line.strip() for line in lines if line.strip()][-_LAST_LINES:])
        return f"ended with {manner}; its last words: {words or 'none'}"

    def stop(self) -> None:
        """End it and what it started: SIGTERM, then SIGKILL after 5 s; harmless when it has ended."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass
