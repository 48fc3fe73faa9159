"""The programs that are judged, as they run: a server that says where it listens, a client that is told where to go."""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from conformance.failure import HarnessFailure
from conformance.process import LoggedProcess

_LISTENING: Final = re.compile(r"listening on (wss?://\S+)\n")
_START_LIMIT_S: Final = 30.0
_POLL_S: Final = 0.05


class Program:
    """A program that is judged, as a context manager that ends it; its output stands in the folder afterwards."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._process = LoggedProcess(command, folder / "testee.stdout", folder / "testee.stderr")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def exit_status(self) -> int | None:
        """Give the exit status, None while it runs."""
        return self._process.exit_status()

    def epitaph(self) -> str:
        """Tell how it ended, in one line."""
        return self._process.epitaph()

    def stop(self) -> None:
        """End it if it runs."""
        self._process.stop()


class ServerProgram(Program):
    """A server that prints `listening on ws://HOST:PORT` once it listens."""

    def url(self) -> str:
        """Wait for the line and give its URL.

        Raises HarnessFailure when the server ends and when no line comes within 30 s.
        """
        deadline = time.monotonic() + _START_LIMIT_S
        while (match := _LISTENING.search(self._process.output.read_text(encoding="utf-8", errors="replace"))) is None:
            if self.exit_status() is not None:
                raise HarnessFailure(f"the server did not start, it {self.epitaph()}")
            if time.monotonic() > deadline:
                raise HarnessFailure(f"the server printed no line `listening on ws://…` within {_START_LIMIT_S:.0f} s")
            time.sleep(_POLL_S)
        return match[1]


class ClientProgram(Program):
    """A client that runs all cases of one fuzzing server and then ends."""

    def __init__(self, command: Sequence[str], url: str, agent: str, folder: Path) -> None:
        super().__init__([part.replace("{url}", url).replace("{agent}", agent) for part in command], folder)
