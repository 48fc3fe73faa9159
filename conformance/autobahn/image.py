"""Where the image of wstest comes from: already here, pulled from a registry that answers, or built."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from docker.errors import APIError, DockerException, ImageNotFound  # type: ignore[import-untyped]

from conformance.autobahn import recipe
from conformance.autobahn.cases import SUITE_VERSION
from conformance.failure import HarnessFailure

OFFICIAL_IMAGE: Final = f"crossbario/autobahn-testsuite:{SUITE_VERSION}"

_REPOSITORY: Final = "refws-autobahn"
_REGISTRY_LIMIT_S: Final = 15
_PULL_LIMIT_S: Final = 300.0
_ENTRYPOINT: Final = ("ENV PATH=/usr/local/bin:/usr/bin:/bin", 'ENTRYPOINT ["wstest"]')

Tell = Callable[[str], None]


def built_image() -> str:
    """Name the image that `build` makes of this recipe; another recipe gives another name."""
    return f"{_REPOSITORY}:{recipe.digest()}"


def ensure(client: Any, mirror: str, log: Path, tell: Tell) -> str:
    """Give the name of an image of the suite, which is then present: built before, pulled, or built now.

    `client` is a docker.DockerClient, `mirror` the Debian mirror and `log` the log file of a build; `tell` gets one
    line for a person per step that takes time. Raises HarnessFailure when none of the three ways works.
    """
    for name in (built_image(), OFFICIAL_IMAGE):
        if _is_present(client, name):
            return name
    if (refusal := _pull(client, tell)) is None:
        return OFFICIAL_IMAGE
    tell(f"{OFFICIAL_IMAGE} cannot be pulled ({refusal}); building {built_image()} instead")
    return build(client, mirror, log, tell)


def build(client: Any, mirror: str, log: Path, tell: Tell) -> str:
    """Build the image unless it is present, and give its name; raises HarnessFailure when a step fails."""
    name = built_image()
    if _is_present(client, name):
        tell(f"{name} is present")
        return name
    began = time.monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="refws-image-", ignore_cleanup_errors=True) as scratch:
        archive = recipe.ImageBuild(mirror, Path(scratch), log).archive()
        repository, _, tag = name.partition(":")
        try:
            client.api.import_image(str(archive), repository=repository, tag=tag, changes=list(_ENTRYPOINT))
        except (DockerException, OSError) as error:
            raise HarnessFailure(f"the Docker engine did not take the image: {error}") from error
        tell(f"built {name}: {archive.stat().st_size / 1e6:.0f} MB in {time.monotonic() - began:.0f} s")
    return name


def _ask_registry(client: Any) -> None:
    """Ask one quick question, so that a machine that no registry answers loses little time."""
    usual, client.api.timeout = client.api.timeout, _REGISTRY_LIMIT_S
    try:
        client.images.get_registry_data(OFFICIAL_IMAGE)
    finally:
        client.api.timeout = usual


def _is_present(client: Any, name: str) -> bool:
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    except (DockerException, OSError) as error:
        raise HarnessFailure(f"the Docker engine could not be asked for {name}: {error}") from error
    return True


def _pull(client: Any, tell: Tell) -> str | None:
    """Pull the official image; give the reason when that fails, None when it worked."""
    deadline = time.monotonic() + _PULL_LIMIT_S
    try:
        _ask_registry(client)
        tell(f"pulling {OFFICIAL_IMAGE}")
        repository, _, tag = OFFICIAL_IMAGE.partition(":")
        for event in client.api.pull(repository, tag=tag, stream=True, decode=True):
            if "error" in event:
                return str(event["error"])
            if time.monotonic() > deadline:
                return f"not done within {_PULL_LIMIT_S:.0f} s"
    except APIError as error:
        return str(error.explanation or error)
    except (DockerException, OSError) as error:
        return str(error)
    return None if _is_present(client, OFFICIAL_IMAGE) else "it is absent after the pull"
