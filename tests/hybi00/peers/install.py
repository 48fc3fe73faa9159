"""Installs the programs that hixie-76 is proven against: Debian's and PyPI's packages, and npm's, kept in a folder.

Debian 12 has no CPython 2.7 any more, so that of Debian 11 is unpacked beside them; nothing of it is installed in the
system. Only what has to be in the system (node, npm, perl) is, by root, where it is missing.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Programs", "SetUpError", "install"]

HERE = Path(__file__).parent
MIRROR = os.environ.get("REFWS_DEBIAN_MIRROR", "http://deb.debian.org/debian")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PYTHON27 = ("python2.7", "python2.7-minimal", "libpython2.7-minimal", "libpython2.7-stdlib", "libssl1.1", "libffi7")
INSTALLERS = ("pip==20.3.4", "setuptools==44.0.0", "wheel==0.37.1")
PERL = ("libprotocol-websocket-perl",)
PERL_VERSION = "0.26"
NPM = ("websocket-driver@0.8.0",)
TOOLS = {
    "dpkg": ("dpkg-deb", "--version"),
    "nodejs": ("node", "--version"),
    "npm": ("npm", "--version"),
    # Debian's smallest perl has no modules.
    "perl": ("perl", "-MEncode", "-MJSON::PP", "-MIO::Socket::INET", "-e1"),
}
LIMIT = 600


class SetUpError(Exception):
    """A program cannot be had: one line that says which, and why."""


@dataclass(frozen=True)
class Programs:
    """How to start a peer: the beginning of its command, and what is added to the environment."""

    python27: tuple[list[str], dict[str, str]]
    node: tuple[list[str], dict[str, str]]
    perl: tuple[list[str], dict[str, str]]


def install(cache: Path, tell: Callable[[str], object]) -> Programs:
    """Put what is missing into the folder. Raises `SetUpError`."""
    cache.mkdir(parents=True, exist_ok=True)
    need(tell)
    debian11 = part(cache, tell, "python27", (*PYTHON27, MIRROR), lambda folder: unpack(folder, "bullseye", PYTHON27))
    libraries = ":".join(map(str, debian11.glob("usr/lib/*-linux-gnu")))
    python27, environment = [str(debian11 / "usr/bin/python2.7")], {"LD_LIBRARY_PATH": libraries}
    requirements = (HERE / "requirements.txt").read_text()
    packages = part(
        cache,
        tell,
        "packages27",
        (requirements, *INSTALLERS),
        lambda folder: pip(folder, python27, environment),
    )
    modules = part(cache, tell, "node", NPM, npm)
    perl = part(cache, tell, "perl", (*PERL, PERL_VERSION), lambda folder: unpack(folder, "bookworm", PERL))
    if f"'{PERL_VERSION}'" not in (perl / "usr/share/perl5/Protocol/WebSocket.pm").read_text():
        raise SetUpError(f"{PERL[0]} of Debian 12 is not {PERL_VERSION}")
    return Programs(
        (python27, {**environment, "PYTHONUSERBASE": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}),
        (["node"], {"NODE_PATH": str(modules / "node_modules")}),
        (["perl"], {"PERL5LIB": str(perl / "usr/share/perl5")}),
    )


def answers(command: tuple[str, ...]) -> bool:
    """Whether a tool is there."""
    with contextlib.suppress(SetUpError):
        run(list(command))
        return True
    return False


def need(tell: Callable[[str], object]) -> None:
    """Install the Debian packages of what does not answer."""
    missing = sorted(package for package, asked in TOOLS.items() if not answers(asked))
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetUpError(f"missing: {', '.join(missing)}; on Debian: apt-get install {' '.join(missing)}")
    tell(f"installing {', '.join(missing)}")
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "-qq", "update"], environment)
    run(["apt-get", "-qq", "--yes", "--no-install-recommends", "install", *missing], environment)


def part(
    cache: Path, tell: Callable[[str], object], name: str, recipe: tuple[str, ...], make: Callable[[Path], None]
) -> Path:
    """The folder that this recipe makes, made now unless it is there; one that was left half made is not."""
    digest = hashlib.sha256("\n".join(recipe).encode()).hexdigest()[:12]
    made = cache / f"{name}-{digest}"
    if not made.is_dir():
        tell(f"setting up {name}")
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=cache, ignore_cleanup_errors=True) as scratch:
            folder = Path(scratch) / "made"
            folder.mkdir()
            make(folder)
            # Whoever else was at it has made the same.
            with contextlib.suppress(OSError):
                folder.rename(made)
    return made


def unpack(folder: Path, suite: str, packages: tuple[str, ...]) -> None:
    """Unpack packages of a release of Debian, whose signature apt checks."""
    with apt_for(suite) as (apt, downloads):
        run([*apt, "update"])
        run([*apt, "download", *packages], folder=downloads)
        found = sorted(downloads.glob("*.deb"))
        if len(found) != len(packages):
            raise SetUpError(f"Debian's {suite} has given {len(found)} of {len(packages)} packages")
        for package in found:
            run(["dpkg-deb", "-x", str(package), str(folder)])


@contextlib.contextmanager
def apt_for(suite: str) -> Iterator[tuple[list[str], Path]]:
    """An apt-get that knows this release only, and a folder to download into."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for name in ("state/lists/partial", "cache/archives/partial", "downloads"):
            (root / name).mkdir(parents=True)
        (root / "status").touch()
        (root / "sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main\n")
        options = {
            "Dir::State": root / "state",
            "Dir::State::status": root / "status",
            "Dir::Cache": root / "cache",
            "Dir::Etc::SourceList": root / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Acquire::Languages": "none",
        }
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"
        yield ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())], root / "downloads"


def pip(folder: Path, python27: list[str], environment: dict[str, str]) -> None:
    """Install the requirements for CPython 2.7, by the last pip that runs there."""
    with tempfile.TemporaryDirectory() as scratch:
        download = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version=27"]
        download += ["--implementation=py", "--abi=none", "--platform=any", "--dest", scratch, *INSTALLERS]
        run([sys.executable, "-m", "pip", *download])
        wheels = ":".join(sorted(str(wheel) for wheel in Path(scratch).glob("*.whl")))
        tools = Path(scratch, "tools")
        quietly = ["--quiet", "--disable-pip-version-check", "--no-cache-dir"]
        by_hand = {**environment, "PYTHONPATH": wheels}
        install = [*python27, "-m", "pip", "install", *quietly]
        run([*install, "--no-index", "--find-links", scratch, "--target", str(tools), *INSTALLERS], by_hand)
        requirements = ["--no-build-isolation", "--no-deps", "--requirement", str(HERE / "requirements.txt")]
        # As a user's packages, since only there CPython 2.7 finds parts of one package in several places (zope).
        run(
            [*install, "--user", *requirements],
            {**environment, "PYTHONPATH": str(tools), "PYTHONUSERBASE": str(folder)},
        )


def npm(folder: Path) -> None:
    """Install the modules, and what they need."""
    # Node has authorities of its own; those of the system count, too, as for the others here.
    known = os.environ.get("NODE_EXTRA_CA_CERTS") or os.environ.get("SSL_CERT_FILE") or AUTHORITIES
    quietly = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    run(["npm", "install", *quietly, "--prefix", str(folder), *NPM], {"NODE_EXTRA_CA_CERTS": known}, folder)


def run(command: list[str], environment: dict[str, str] | None = None, folder: Path | None = None) -> None:
    """Run a step. Raises `SetUpError` with the last it said."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetUpError(f"{command[0]}: {error}") from None
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise SetUpError(f"{' '.join(command[:6])} … ended with status {done.returncode}: {' | '.join(said)}")
