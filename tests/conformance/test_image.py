import re
from pathlib import Path
from types import SimpleNamespace

import docker.errors
import pytest

from conformance.autobahn import image, recipe
from conformance.failure import HarnessFailure

AUTOBAHN = Path(image.__file__).parent


class FakeEngine:
    """The part of docker.DockerClient that deals with images."""

    def __init__(self, present=(), registry=None, pulled=({},)):
        self.present = set(present)
        self.registry = registry
        self.pulled = pulled
        self.imported = []
        self.images = SimpleNamespace(get=self.get, get_registry_data=self.ask)
        self.api = SimpleNamespace(timeout=60, pull=self.pull, import_image=self.take)

    def get(self, name):
        if name not in self.present:
            raise docker.errors.ImageNotFound("absent")

    def ask(self, name):
        assert self.api.timeout < 60
        if self.registry is not None:
            raise self.registry

    def pull(self, repository, tag, stream, decode):
        yield from self.pulled
        if not any("error" in event for event in self.pulled):
            self.present.add(f"{repository}:{tag}")

    def take(self, archive, repository, tag, changes):
        assert Path(archive).read_bytes() == b"tar"
        self.imported.append(f"{repository}:{tag}")


@pytest.fixture(autouse=True)
def quick_build(monkeypatch):
    def archive(build):
        path = build.scratch / "image.tar"
        path.write_bytes(b"tar")
        return path

    monkeypatch.setattr(recipe.ImageBuild, "archive", archive)


def ensure(engine, tmp_path, told):
    name = image.ensure(engine, "mirror", tmp_path / "logs" / "build.log", told.append)
    assert engine.api.timeout == 60
    return name


def test_the_image_is_named_by_its_recipe():
    assert re.fullmatch(r"refws-autobahn:[0-9a-f]{12}", image.built_image())


def test_an_image_that_was_built_before_is_reused(tmp_path):
    told = []
    engine = FakeEngine([image.built_image(), image.OFFICIAL_IMAGE])
    assert ensure(engine, tmp_path, told) == image.built_image()
    assert image.build(engine, "mirror", tmp_path / "log", told.append) == image.built_image()
    assert told == [f"{image.built_image()} is present"]


def test_an_official_image_that_is_present_is_not_pulled(tmp_path):
    assert ensure(FakeEngine([image.OFFICIAL_IMAGE]), tmp_path, told := []) == image.OFFICIAL_IMAGE
    assert told == []


def test_the_official_image_is_pulled_where_a_registry_answers(tmp_path):
    assert ensure(FakeEngine(), tmp_path, told := []) == image.OFFICIAL_IMAGE == "crossbario/autobahn-testsuite:25.10.1"
    assert told == [f"pulling {image.OFFICIAL_IMAGE}"]


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (FakeEngine(registry=docker.errors.APIError("no such host")), "no such host"),
        (FakeEngine(registry=TimeoutError("timed out")), "timed out"),
        (FakeEngine(pulled=[{"error": "no amd64 image"}]), "no amd64 image"),
    ],
)
def test_else_it_is_built(tmp_path, engine, reason):
    assert ensure(engine, tmp_path, told := []) == image.built_image()
    assert engine.imported == [image.built_image()]
    assert any(reason in line and "building" in line for line in told)
    assert re.fullmatch(r"built refws-autobahn:\w{12}: 0 MB in 0 s", told[-1])


def test_a_pull_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(image, "_PULL_LIMIT_S", -1.0)
    assert ensure(FakeEngine(), tmp_path, told := []) == image.built_image()
    assert any("not done within" in line for line in told)


def test_an_engine_that_does_not_answer_is_one_line(tmp_path):
    engine = FakeEngine()

    def fail(*_args, **_options):
        raise ConnectionError("gone")

    engine.api.import_image = fail
    with pytest.raises(HarnessFailure, match="did not take the image: gone"):
        image.build(engine, "mirror", tmp_path / "log", print)
    engine.images.get = fail
    with pytest.raises(HarnessFailure, match="could not be asked"):
        image.build(engine, "mirror", tmp_path / "log", print)


def test_everything_is_pinned():
    lines = (AUTOBAHN / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\d.]+", pin) for pin in pins)
    assert "autobahntestsuite==25.10.1" in pins
    dockerfile = (AUTOBAHN / "Dockerfile").read_text()
    assert all(pin in dockerfile for pin in recipe._INSTALLERS)
