"""wstest on a CPython 2.7 of this machine, for where there is no Docker engine."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from conformance.engines.base import VERSION_LIMIT_S, Mode, wstest_arguments
from conformance.failure import HarnessFailure
from conformance.process import LoggedProcess

VARIABLE: Final = "REFWS_WSTEST"


class LocalEngine:
    """Runs a local wstest; `command` is how it is called, without arguments."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    @property
    def description(self) -> str:
        """Name the engine for a person."""
        return f"local wstest ({' '.join(self._command)})"

    def print_version(self) -> str:
        """Give what `wstest --autobahnversion` prints."""
        command = [*self._command, "--autobahnversion"]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=VERSION_LIMIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HarnessFailure(f"{self.description}: does not run ({error})") from error
        return done.stdout.decode("utf-8", "replace")

    def start(self, mode: Mode, folder: Path) -> "LocalWstest":
        """Start wstest with `folder` as its current folder."""
        return LocalWstest([*self._command, *wstest_arguments(mode)], folder)

    def close(self) -> None:
        """Do nothing: a local wstest holds nothing."""


class LocalWstest:
    """One wstest as a child process."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        log = folder / "wstest.stdout"
        self._process = LoggedProcess(command, log, log, folder)

    def output(self) -> str:
        """Give what wstest has printed so far."""
        return self._process.output.read_text(encoding="utf-8", errors="replace")

    def exit_status(self) -> int | None:
        """Give the exit status, None while it runs."""
        return self._process.exit_status()

    def stop(self) -> None:
        """End it if it runs."""
        self._process.stop()


def find_local_engine() -> LocalEngine | None:
    """Give the local wstest that $REFWS_WSTEST names, or one that the PATH has, or None.

    Raises HarnessFailure when $REFWS_WSTEST names something that is not a program.
    """
    if named := os.environ.get(VARIABLE):
        if shutil.which(named) is None:
            raise HarnessFailure(f"${VARIABLE} names {named}, which is not a program")
        return LocalEngine([named])
    return next((engine for engine in _candidates() if _answers(engine)), None)


def _candidates() -> Iterator[LocalEngine]:
    if (wstest := shutil.which("wstest")) is not None:
        yield LocalEngine([wstest])
    if (python := shutil.which("python2.7")) is not None:
        yield LocalEngine([python, "-m", "autobahntestsuite.wstest"])


def _answers(engine: LocalEngine) -> bool:
    try:
        return "AutobahnTestSuite" in engine.print_version()
    except HarnessFailure:
        return False
