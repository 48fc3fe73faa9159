"""How the image of wstest is made without a registry: Debian's packages, PyPI's packages, one tar archive.

A build root (debootstrap, with a compiler) installs the suite into a stage; the image holds that stage and the few
unpacked packages that CPython 2.7 needs, and nothing else.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.failure import HarnessFailure

DEBIAN_MIRROR: Final = "http://deb.debian.org/debian"

_SUITE: Final = "bullseye"  # the last Debian release with CPython 2.7
_REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
_BUILD_PACKAGES: Final = "python2.7,python2.7-dev,gcc,libc6-dev,ca-certificates"
_INSTALLERS: Final = ("pip==20.3.4", "setuptools==44.0.0", "wheel==0.37.1")
_IMAGE_PACKAGES: Final = (
    *("python2.7", "python2.7-minimal", "libpython2.7-minimal", "libpython2.7-stdlib"),
    *("libc6", "libgcc-s1", "libstdc++6", "libcrypt1", "zlib1g", "libbz2-1.0"),
    *("libssl1.1", "libffi7", "libexpat1", "libsqlite3-0"),
)
_UNNEEDED: Final = ("usr/share/doc", "usr/share/man", "usr/share/lintian", "usr/share/locale")
_PASSED_TO_PIP: Final = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_RETRIES",
)
_PROXIES: Final = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_CERTIFICATES: Final = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_STEP_LIMIT_S: Final = 900.0


def digest() -> str:
    """Give the first 12 hexadecimal digits of the digest of everything that decides what the image holds."""
    return hashlib.sha256(Path(__file__).read_bytes() + _REQUIREMENTS.read_bytes()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class ImageBuild:
    """One build of the image: where Debian's packages come from, a scratch folder, and where the log goes."""

    mirror: str
    scratch: Path
    log: Path

    def archive(self) -> Path:
        """Build the image's file system and give the path of its tar archive, inside the scratch folder.

        Raises HarnessFailure when this machine cannot build it or when a step fails; the log then holds the details.
        """
        _require_tools()
        self._debootstrap()
        self._install_the_suite()
        self._assemble()
        archive = self.scratch / "image.tar"
        self._step(
            "pack the image", ["tar", "-c", "--sort=name", "--numeric-owner", "-f", str(archive), "-C", *self._tree]
        )
        return archive

    @property
    def _tree(self) -> tuple[str, str]:
        return str(self.scratch / "image"), "."

    @property
    def _build_root(self) -> Path:
        return self.scratch / "build"

    def _debootstrap(self) -> None:
        options = ["--variant=minbase", "--force-check-gpg", f"--include={_BUILD_PACKAGES}"]
        command = ["debootstrap", *options, _SUITE, str(self._build_root), self.mirror]
        self._step(f"debootstrap {_SUITE} from {self.mirror}", command)

    def _install_the_suite(self) -> None:
        wheels = self._build_root / "opt/installers"
        download = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--python-version=27"]
        download += ["--implementation=py", "--abi=none", "--platform=any", f"--dest={wheels}", *_INSTALLERS]
        self._step("download pip, setuptools and wheel for CPython 2.7", download)
        shutil.copy(_REQUIREMENTS, self._build_root / "opt/requirements.txt")
        shutil.copy("/etc/resolv.conf", self._build_root / "etc/resolv.conf")
        (pip,) = wheels.glob("pip-*.whl")
        bootstrap = [
            f"/opt/installers/{pip.name}/pip",
            "install",
            "--no-index",
            "--find-links=/opt/installers",
            *_INSTALLERS,
        ]
        self._python2("install pip, setuptools and wheel", bootstrap)
        install = ["-m", "pip", "install", "--root=/opt/stage", "--ignore-installed", "-r", "/opt/requirements.txt"]
        self._python2("install the Autobahn Testsuite from PyPI", install)

    def _assemble(self) -> None:
        image = self.scratch / "image"
        (image / "tmp").mkdir(parents=True)
        for package in _IMAGE_PACKAGES:
            (archive,) = (self._build_root / "var/cache/apt/archives").glob(f"{package}_*.deb")
            self._step(f"unpack {package}", ["dpkg-deb", "-x", str(archive), str(image)])
        for folder in _UNNEEDED:
            shutil.rmtree(image / folder, ignore_errors=True)
        shutil.copytree(self._build_root / "opt/stage", image, symlinks=True, dirs_exist_ok=True)

    def _python2(self, step: str, arguments: Sequence[str]) -> None:
        environment = {name: os.environ[name] for name in (*_PASSED_TO_PIP, *_PROXIES) if name in os.environ}
        environment |= {
            "PATH": "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin",
            "LC_ALL": "C.UTF-8",
            "PIP_NO_CACHE_DIR": "1",
        }
        if (certificates := _certificates()) is not None:
            shutil.copy(certificates, self._build_root / "opt/ca.crt")
            environment["PIP_CERT"] = "/opt/ca.crt"
        self._step(step, ["chroot", str(self._build_root), "/usr/bin/python2.7", *arguments], environment)

    def _step(self, step: str, command: Sequence[str], environment: dict[str, str] | None = None) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"== {step}\n")
            log.flush()
            try:
                subprocess.run(
                    command,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment,
                    timeout=_STEP_LIMIT_S,
                )
            except (subprocess.SubprocessError, OSError) as error:
                reason = (
                    f"exit status {error.returncode}" if isinstance(error, subprocess.CalledProcessError) else error
                )
                raise HarnessFailure(f"building the image failed at: {step} ({reason}); see {self.log}") from error


def _require_tools() -> None:
    missing = [tool for tool in ("debootstrap", "dpkg-deb", "chroot", "tar") if shutil.which(tool) is None]
    if missing:
        raise HarnessFailure(f"building the image needs {', '.join(missing)}: apt-get install debootstrap")
    if os.geteuid() != 0:
        raise HarnessFailure(
            "building the image needs root (debootstrap, chroot): run it once with sudo, or pull an image"
        )


def _certificates() -> Path | None:
    named = (os.environ.get(name) for name in _CERTIFICATES)
    candidates = [Path(name) for name in named if name] + [Path("/etc/ssl/certs/ca-certificates.crt")]
    return next((path for path in candidates if path.is_file()), None)
