"""Who is compared, and the processes that they run in."""

import importlib.metadata
import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["BASELINE", "CONTESTANTS", "ON_REQUEST", "BenchFailure", "Worker", "versions"]

BASELINE = "websockets"
CONTESTANTS = ("refws +C", "refws pure", BASELINE, "wsproto", "aiohttp", "picows")
ON_REQUEST = ("websockets pure",)
"""Who is left out unless asked for. "pure" is without the C part of websockets, all others are as they install."""

ANSWER_WITHIN = 60.0
"""Seconds after which a process that does not answer has failed."""

STEADY_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 28)}
"""Keeps glibc from giving every large buffer back to the kernel, or not, as the heap happens to lie: of a MiB that is
the difference between 0.08 and 0.6 ms. For samples without a socket only, and for all contestants alike."""


class BenchFailure(Exception):
    """Nothing was measured, and why: one line for a person."""


class Worker:
    """One contestant in a process of its own (`worker.py`), which it ends with. Raises `BenchFailure`."""

    def __init__(self, name: str, what: str) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), name, what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **(STEADY_MALLOC if what == "sansio" else {})},
        )
        self.greeting: Any = None
        """What the process says once it is ready."""

    def ask(self, **command: object) -> Any:
        """Send a command; returns the answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None
        return self._answer()

    def _answer(self) -> Any:
        out = self._process.stdout
        assert out is not None
        if not select.select([out], [], [], ANSWER_WITHIN)[0]:
            raise BenchFailure(f"{self.name} has not answered for {ANSWER_WITHIN:.0f} s")
        line = out.readline()
        if not line:
            raise self._failure()
        return json.loads(line)

    def _failure(self) -> BenchFailure:
        self._process.wait(ANSWER_WITHIN)
        self._errors.seek(0)
        words = self._errors.read().strip().splitlines()[-1:] or ["it said nothing"]
        return BenchFailure(f"the process of {self.name} ended: {words[0]}")

    def __enter__(self) -> Self:
        try:
            self.greeting = self._answer()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()


def versions(contestants: tuple[str, ...]) -> dict[str, str]:
    """The versions of the packages that are compared. Raises `BenchFailure` where one is not installed."""
    found = {}
    for package in dict.fromkeys(name.split()[0] for name in contestants):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            raise BenchFailure(f"{package} is not installed; run `tox -e bench`, or choose with --with") from None
    return found
