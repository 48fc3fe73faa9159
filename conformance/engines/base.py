"""What the harness asks of a place where wstest can run."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, Protocol

from conformance.autobahn.cases import SUITE_VERSION
from conformance.failure import HarnessFailure

Mode = Literal["fuzzingclient", "fuzzingserver"]

SPECIFICATION: Final = "spec.json"
REPORTS: Final = "reports"
VERSION_LIMIT_S: Final = 60.0

_VERSION_LINE: Final = re.compile(r"^AutobahnTestSuite (\S+)\s*$", re.MULTILINE)


class Wstest(Protocol):
    """One wstest that was started. Every method raises HarnessFailure when the engine does not answer."""

    def output(self) -> str:
        """Give what wstest has printed so far."""

    def exit_status(self) -> int | None:
        """Give the exit status, None while it runs."""

    def stop(self) -> None:
        """End it if it runs, and remove what it leaves in the engine; harmless when called again."""


class Engine(Protocol):
    """A place where wstest runs."""

    @property
    def description(self) -> str:
        """Name the engine for a person."""

    def print_version(self) -> str:
        """Give what `wstest --autobahnversion` prints."""

    def start(self, mode: Mode, folder: Path) -> Wstest:
        """Start wstest with `folder` as its current folder, on the specification that stands there.

        Raises HarnessFailure when it cannot be started.
        """

    def close(self) -> None:
        """Let go of the engine."""


def wstest_arguments(mode: Mode) -> Sequence[str]:
    """Give the arguments of wstest for a mode; its web interface stays off."""
    return ["-m", mode, "-s", SPECIFICATION, "-u", "0"]


def require_pinned_version(engine: Engine) -> None:
    """Ask wstest itself for its version; raises HarnessFailure unless it is the pinned one."""
    printed = engine.print_version()
    match = _VERSION_LINE.search(printed)
    if match is None:
        said = " ".join(printed.split())[-200:] or "nothing"
        raise HarnessFailure(f"{engine.description}: wstest did not tell its version, it printed: {said}")
    if match[1] != SUITE_VERSION:
        raise HarnessFailure(f"{engine.description}: wstest is version {match[1]}, the pinned one is {SUITE_VERSION}")
