"""Which engine a run uses."""

from pathlib import Path
from typing import Final, Literal

from conformance.autobahn import image as images
from conformance.engines.base import Engine, require_pinned_version
from conformance.engines.docker_engine import DockerEngine, NoDockerEngine, connect
from conformance.engines.local_engine import VARIABLE, find_local_engine
from conformance.failure import HarnessFailure

EngineName = Literal["auto", "docker", "local"]


class NoEngine(HarnessFailure):
    """There is neither a Docker engine nor a local wstest."""


_INSTALL_DOCKER: Final = "install one (Debian: apt-get install docker.io) and start it, or set DOCKER_HOST"
_INSTALL_WSTEST: Final = f"or install autobahntestsuite into a CPython 2.7 and name its wstest in ${VARIABLE}"


def choose(name: EngineName, image: str | None, mirror: str, log: Path, tell: images.Tell) -> Engine:
    """Give the engine that `name` asks for, its wstest verified to be the pinned version.

    "auto" is Docker, or a local wstest where no Docker engine answers; `tell` then gets a line that says so. `image`,
    `mirror` and `log` are as in `conformance.autobahn.image.ensure`. Raises NoEngine when there is neither, and
    HarnessFailure when there is no such engine or its wstest is another version.
    """
    engine = _local() if name == "local" else _docker_or_local(name, image, mirror, log, tell)
    try:
        require_pinned_version(engine)
    except BaseException:
        engine.close()
        raise
    return engine


def _docker_or_local(name: EngineName, image: str | None, mirror: str, log: Path, tell: images.Tell) -> Engine:
    try:
        client = connect()
    except NoDockerEngine as error:
        line = f"no Docker engine answers at {error}: {_INSTALL_DOCKER}"
        if name == "docker":
            raise HarnessFailure(line) from error
        tell(line)
        return _local()
    try:
        return DockerEngine(client, image or images.ensure(client, mirror, log, tell))
    except BaseException:
        client.close()
        raise


def _local() -> Engine:
    engine = find_local_engine()
    if engine is None:
        raise NoEngine(f"no local wstest was found: {_INSTALL_DOCKER}, {_INSTALL_WSTEST}")
    return engine
