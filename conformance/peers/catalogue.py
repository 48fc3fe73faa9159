"""Which libraries are judged, in which role, how they are started, and which version is there."""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.autobahn.cases import ALL_CASES
from conformance.failure import HarnessFailure
from conformance.paths import WORK
from conformance.results import Role
from conformance.testees import TESTEES, Testee

HERE: Final = Path(__file__).parent
CACHE: Final = Path(os.environ.get("REFWS_PEERS_CACHE", WORK / "npm"))
NPM: Final = {"ws": "8.23.0"}
"""Packages of npm, which are put into the folder that REFWS_PEERS_CACHE names."""
CHROMIUM: Final = "/usr/bin/chromium"
LIMIT_S: Final = 120


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
                return _installed(self.package.removeprefix("npm:"))
            if self.package.startswith("/"):
                return _said(self.package, "--version", "--headless").split()[1]
            return importlib.metadata.version(self.package)
        except (OSError, subprocess.SubprocessError, importlib.metadata.PackageNotFoundError, IndexError) as error:
            raise HarnessFailure(f"{self.package} is not installed ({error}); `tox -e peers` installs it") from error

    @property
    def is_of_the_system(self) -> bool:
        """Whether the system chooses its version, and not this project."""
        return self.package.startswith("/")

    def testee(self, cases: Sequence[str] = ALL_CASES) -> Testee:
        """What the harness runs."""
        return Testee(self.name, self.library, self._command(), cases)

    def _command(self) -> Sequence[str]:
        if self.library == "refws":
            return next(testee.command for testee in TESTEES if testee.name == self.role)
        target = ("{url}", "{agent}") if self.role == "client" else ()
        if self.package.startswith("npm:"):
            return ("env", f"NODE_PATH={CACHE / 'node_modules'}", "node", str(HERE / f"{self.role}.js"), *target)
        return (sys.executable, "-m", f"conformance.peers.{self.role}s", self.library, *target)


PEERS: Final = (
    Peer("refws", "server", "refws"),
    Peer("websockets", "server", "websockets"),
    Peer("aiohttp", "server", "aiohttp"),
    Peer("wsproto", "server", "wsproto"),
    Peer("autobahn", "server", "autobahn"),
    Peer("tornado", "server", "tornado"),
    Peer("picows", "server", "picows"),
    Peer("ws", "server", "npm:ws"),
    Peer("refws", "client", "refws"),
    Peer("websockets", "client", "websockets"),
    Peer("aiohttp", "client", "aiohttp"),
    Peer("autobahn", "client", "autobahn"),
    Peer("tornado", "client", "tornado"),
    Peer("picows", "client", "picows"),
    Peer("websocket-client", "client", "websocket-client"),
    Peer("ws", "client", "npm:ws"),
    Peer("Chromium", "client", CHROMIUM),
)


def _installed(package: str) -> str:
    """The version of a package of npm, which is installed where it is missing."""
    manifest = CACHE / "node_modules" / package / "package.json"
    if not manifest.is_file() or json.loads(manifest.read_text("utf-8"))["version"] != NPM[package]:
        CACHE.mkdir(parents=True, exist_ok=True)
        _said(
            "npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(CACHE), f"{package}@{NPM[package]}"
        )
    version: str = json.loads(manifest.read_text("utf-8"))["version"]
    return version


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return done.stdout.strip()
