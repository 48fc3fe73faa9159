"""Which libraries are judged, in which role, how they are started, and which version is there."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.autobahn.cases import ALL_CASES
from conformance.failure import HarnessFailure
from conformance.results import Role
from conformance.testees import Testee

HERE: Final = Path(__file__).parent
CHROMIUM: Final = "/usr/bin/chromium"
LIMIT_S: Final = 30


@dataclass(frozen=True, slots=True)
class Peer:
    """A library in a role. `package` is its name on PyPI, behind `npm:` that on npm, or the path of a program."""

    library: str
    role: Role
    package: str

    @property
    def name(self) -> str:
        """Its name in reports: ``server-websockets``."""
        return f"{self.role}-{self.library}"

    def version(self) -> str:
        """The version that is installed. Raises HarnessFailure where there is none."""
        try:
            if self.package.startswith("npm:"):
                return _said("node", "-p", f"require('{self.package.removeprefix('npm:')}/package.json').version")
            if self.package.startswith("/"):
                return _said(self.package, "--version", "--headless").split()[1]
            return importlib.metadata.version(self.package)
        except (OSError, subprocess.SubprocessError, importlib.metadata.PackageNotFoundError, IndexError) as error:
            raise HarnessFailure(f"{self.package} is not installed ({error}); `tox -e peers` installs it") from error

    def testee(self, cases: Sequence[str] = ALL_CASES) -> Testee:
        """What the harness runs."""
        return Testee(self.name, self.library, self._command(), cases)

    def _command(self) -> Sequence[str]:
        target = ("{url}", "{agent}") if self.role == "client" else ()
        if self.package.startswith("npm:"):
            return (shutil.which("node") or "node", str(HERE / f"{self.role}.js"), *target)
        return (sys.executable, "-m", f"conformance.peers.{self.role}s", self.library, *target)


PEERS: Final = (
    Peer("websockets", "server", "websockets"),
    Peer("aiohttp", "server", "aiohttp"),
    Peer("wsproto", "server", "wsproto"),
    Peer("autobahn", "server", "autobahn"),
    Peer("tornado", "server", "tornado"),
    Peer("picows", "server", "picows"),
    Peer("ws", "server", "npm:ws"),
    Peer("websockets", "client", "websockets"),
    Peer("aiohttp", "client", "aiohttp"),
    Peer("autobahn", "client", "autobahn"),
    Peer("tornado", "client", "tornado"),
    Peer("picows", "client", "picows"),
    Peer("websocket-client", "client", "websocket-client"),
    Peer("ws", "client", "npm:ws"),
    Peer("Chromium", "client", CHROMIUM),
)


def _said(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, check=True, env=os.environ)
    return done.stdout.strip()
