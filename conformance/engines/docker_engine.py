"""wstest in Docker containers, on the host's network so that it reaches testees on the loopback."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import docker  # type: ignore[import-untyped]
from docker.errors import DockerException, NotFound  # type: ignore[import-untyped]

from conformance.engines.base import VERSION_LIMIT_S, Mode, wstest_arguments
from conformance.failure import HarnessFailure

_MOUNT_POINT: Final = "/conformance"
_OWNER_LABEL: Final = "refws.conformance.owner"
_ANSWER_LIMIT_S: Final = 60


class NoDockerEngine(Exception):
    """No Docker engine answers; the message says what was tried."""


def connect() -> Any:
    """Give a docker.DockerClient for the engine that DOCKER_HOST names, or the local one.

    Raises NoDockerEngine when none answers.
    """
    try:
        client = docker.from_env(timeout=_ANSWER_LIMIT_S)
    except (DockerException, OSError) as error:
        raise NoDockerEngine(_where()) from error
    try:
        client.ping()
    except (DockerException, OSError) as error:
        client.close()
        raise NoDockerEngine(_where()) from error
    return client


class DockerEngine:
    """Runs wstest in containers of one image, one container per shard."""

    def __init__(self, client: Any, image: str) -> None:
        self._client = client
        self._image = image
        with _engine_trouble("asked for its containers"):
            self._remove_orphans()
            options = client.info().get("SecurityOptions") or []
        # A rootless engine already maps its root to the person who runs it.
        self._user = None if "name=rootless" in options else f"{os.getuid()}:{os.getgid()}"

    @property
    def description(self) -> str:
        """Name the engine for a person."""
        return f"Docker, image {self._image}"

    def print_version(self) -> str:
        """Give what `wstest --autobahnversion` prints in a container of the image."""
        wstest = self._start(["--autobahnversion"], {})
        try:
            return wstest.wait_for_output(VERSION_LIMIT_S)
        finally:
            wstest.stop()

    def start(self, mode: Mode, folder: Path) -> "ContainerWstest":
        """Start wstest in a container that sees `folder` as its current folder."""
        volumes = {str(folder.resolve()): {"bind": _MOUNT_POINT, "mode": "rw"}}
        return self._start(wstest_arguments(mode), {"volumes": volumes, "working_dir": _MOUNT_POINT})

    def close(self) -> None:
        """Close the connection to the engine."""
        self._client.close()

    def _start(self, arguments: Sequence[str], options: dict[str, Any]) -> "ContainerWstest":
        with _engine_trouble(f"asked for a container of {self._image}"):
            container = self._client.containers.create(
                self._image,
                list(arguments),
                entrypoint=["wstest"],
                user=self._user,
                network_mode="host",
                environment={"PYTHONUNBUFFERED": "1", "HOME": "/tmp"},  # noqa: S108  # inside the container
                labels={_OWNER_LABEL: str(os.getpid())},
                **options,
            )
        wstest = ContainerWstest(container)
        try:
            with _engine_trouble(f"asked to start a container of {self._image}"):
                container.start()
        except BaseException:
            wstest.stop()
            raise
        return wstest

    def _remove_orphans(self) -> None:
        """Remove containers whose harness was killed before it could do so."""
        for container in self._client.containers.list(all=True, filters={"label": _OWNER_LABEL}, ignore_removed=True):
            if not _is_alive(int(container.labels[_OWNER_LABEL])):
                ContainerWstest(container).stop()


class ContainerWstest:
    """One wstest in its container."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._removed = False

    def output(self) -> str:
        """Give what wstest has printed so far."""
        with _engine_trouble("asked for a container's output"):
            return str(self._container.logs().decode("utf-8", "replace"))

    def exit_status(self) -> int | None:
        """Give the exit status, None while it runs."""
        with _engine_trouble("asked for a container's state"):
            self._container.reload()
            state = self._container.attrs["State"]
        return int(state["ExitCode"]) if state["Status"] in {"exited", "dead"} else None

    def wait_for_output(self, limit_s: float) -> str:
        """Wait until wstest ends and give what it printed; raises HarnessFailure when it takes more seconds."""
        with _engine_trouble(f"asked to wait {limit_s:.0f} s for a container"):
            self._container.wait(timeout=limit_s)
        return self.output()

    def stop(self) -> None:
        """Kill the container if it runs, and remove it."""
        if self._removed:
            return
        self._removed = True
        with _engine_trouble("asked to remove a container"):
            try:
                self._container.remove(force=True, v=True)
            except NotFound:
                pass


@contextmanager
def _engine_trouble(what: str) -> Iterator[None]:
    try:
        yield
    except (DockerException, OSError) as error:
        raise HarnessFailure(f"the Docker engine, {what}, failed: {error}") from error


def _where() -> str:
    return os.environ.get("DOCKER_HOST") or "the default socket"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
