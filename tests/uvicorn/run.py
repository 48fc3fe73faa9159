"""Run uvicorn's own WebSocket tests with refws as the protocol class: ``python tests/uvicorn/run.py [--keep DIR]``.

The tests are those of the source distribution of the installed uvicorn, from the package index pip is set to; no file
of them is changed. What refws is expected to do differently is in `plugin.DEVIATIONS`. Exit status: 0 if all else
passes, 1 if not, 2 where the tests cannot be had.
"""

import argparse
import importlib.metadata
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TESTS = "tests/protocols/test_websocket.py"
NEEDED = {"uvicorn", "httpx2", "httptools", "pytest", "pytest-xdist", "websockets", "wsproto"}
SECONDS = 300


class NotThere(Exception):
    """The tests cannot be had."""


def check_packages() -> None:
    """Whether all is installed that the tests import, or skip cases without."""
    if missing := NEEDED - {distribution.name for distribution in importlib.metadata.distributions()}:
        raise NotThere(f"uvicorn's tests need {', '.join(sorted(missing))}: pip install {' '.join(sorted(missing))}")


def source_distribution(version: str, folder: Path) -> Path:
    """The archive of this version of uvicorn, from `folder` if it is there."""
    archive = folder / f"uvicorn-{version}.tar.gz"
    if not archive.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-binary", "uvicorn", "--dest", str(folder), f"uvicorn=={version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not archive.exists():
            last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise NotThere(f"the source distribution of uvicorn {version} cannot be downloaded: {last}")
    return archive


def unpack_tests(archive: Path, folder: Path) -> Path:
    """The folder that has uvicorn's tests and their settings, and nothing else of it: the installed one is tested."""
    with tarfile.open(archive) as tar:
        top = archive.name.removesuffix(".tar.gz")
        wanted = (f"{top}/tests/", f"{top}/pyproject.toml")
        tar.extractall(folder, [m for m in tar.getmembers() if m.name.startswith(wanted)], filter="data")
    if not (folder / top / TESTS).exists():
        raise NotThere(f"there is no {TESTS} in {archive.name}")
    return folder / top


def run(tests: Path, workers: str, pytest_arguments: list[str]) -> int:
    """Pytest's exit status."""
    paths = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "pytest", "-p", "plugin", "-o", "addopts=", "-n", workers, "-q", TESTS]
    environment = {**os.environ, "PYTHONPATH": paths}
    try:
        return subprocess.run(
            [*command, *pytest_arguments], cwd=tests, env=environment, timeout=SECONDS, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"uvicorn's tests have not ended after {SECONDS} seconds", file=sys.stderr)
        return 1


def main() -> int:
    """Say what is tested, and test it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the source distribution there for the next run")
    parser.add_argument("--workers", default="4", metavar="N", help="tests at the same time (default: 4)")
    arguments, others = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = arguments.keep.absolute() if arguments.keep else folder
        try:
            check_packages()
            kept.mkdir(parents=True, exist_ok=True)
            version = importlib.metadata.version("uvicorn")
            tests = unpack_tests(source_distribution(version, kept), folder)
        except NotThere as error:
            print(error, file=sys.stderr)
            return 2
        print(f"uvicorn {version}: {TESTS} with refws.host.uvicorn:WebSocketProtocol", flush=True)
        return 1 if run(tests, arguments.workers, others) else 0


if __name__ == "__main__":
    sys.exit(main())
