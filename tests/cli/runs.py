"""Runs of the command line: in this process, and in processes of their own, serving or at a terminal."""

import contextlib
import os
import re
import select
import subprocess
import sys

import pytest

from refws.cli import main

REFWS = [sys.executable, "-W", "error", "-m", "refws"]


def run_here(monkeypatch, capsys, *arguments):
    """(exit code, standard output, standard error) of a run in this process, which is the quickest."""
    monkeypatch.setattr("sys.argv", ["refws", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    code, (output, error) = caught.value.code, capsys.readouterr()
    # What the interpreter does with the argument of sys.exit
    return (1, output, f"{error}{code}\n") if isinstance(code, str) else (code, output, error)


@contextlib.contextmanager
def serving(*arguments, **options):
    """``refws serve …``: the process, and its address."""
    command = [*REFWS, "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on ws"), process.stderr.read()
            yield process, line.removeprefix("listening on ").partition(",")[0].strip()
        finally:
            process.terminate()


class Terminal:
    """``refws …`` at a pseudo-terminal."""

    PROMPT = r"\x1b\[\?2004h.*>.*\x1b\[\?25h"

    def __init__(self, *arguments, home, stdout=None, **environment):
        import pty

        self._ours, theirs = pty.openpty()
        self.seen = ""
        known = {name: value for name, value in os.environ.items() if name != "XDG_STATE_HOME"}
        known |= {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "NO_COLOR": "1", "HOME": str(home), **environment}
        streams = {"stdin": theirs, "stdout": stdout or theirs, "stderr": theirs}
        self.process = subprocess.Popen([*REFWS, *arguments], **streams, env=known, start_new_session=True)
        os.close(theirs)

    def until(self, pattern):
        """Read until this is seen, from what was seen last on."""
        while not (found := re.search(pattern, self.seen, re.DOTALL)):
            assert select.select([self._ours], [], [], 20)[0], self.seen
            self.seen += os.read(self._ours, 65536).decode()
        self.seen = self.seen[found.end() :]
        return found

    def press_until(self, octets, pattern):
        """Press a key, again and again, until this is seen: what it does may not be ready yet."""
        for _ in range(100):
            self.press(octets)
            while select.select([self._ours], [], [], 0.2)[0]:
                self.seen += os.read(self._ours, 65536).decode()
                if re.search(pattern, self.seen, re.DOTALL):
                    self.seen = ""
                    return
        raise AssertionError(self.seen)

    def type(self, text, *expected):
        """Type a line once the prompt is there; what is expected then comes, in that order."""
        os.write(self._ours, f"{text}\r".encode())
        for pattern in expected:
            self.until(pattern)

    def press(self, octets):
        os.write(self._ours, octets)

    def end(self):
        """All that comes until it ends, and the exit code."""
        with contextlib.suppress(OSError):
            while octets := os.read(self._ours, 65536):
                self.seen += octets.decode()
        return self.seen, self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
