import shutil
import subprocess

import pytest

from conformance.autobahn import recipe
from conformance.failure import HarnessFailure


@pytest.fixture
def build(tmp_path):
    return recipe.ImageBuild("http://mirror.test/debian", tmp_path / "scratch", tmp_path / "build.log")


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(recipe.os, "geteuid", lambda: 0)


def test_another_recipe_has_another_digest(monkeypatch, tmp_path):
    before = recipe.digest()
    changed = tmp_path / "requirements.txt"
    changed.write_text("autobahntestsuite==0.8.2\n")
    monkeypatch.setattr(recipe, "_REQUIREMENTS", changed)
    assert len(recipe.digest()) == len(before) == 12
    assert recipe.digest() != before


def test_what_is_missing_is_named(monkeypatch, build, tools):
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "debootstrap" else name)
    with pytest.raises(HarnessFailure, match="building the image needs debootstrap: apt-get install debootstrap"):
        build.archive()


def test_only_root_can_build(monkeypatch, build, tools):
    monkeypatch.setattr(recipe.os, "geteuid", lambda: 1000)
    with pytest.raises(HarnessFailure, match="needs root"):
        build.archive()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (subprocess.CalledProcessError(7, "debootstrap"), r"\(exit status 7\)"),
        (subprocess.TimeoutExpired("debootstrap", 900), "timed out"),
        (FileNotFoundError("no debootstrap"), "no debootstrap"),
    ],
)
def test_a_step_that_fails_is_named_with_its_log(monkeypatch, build, tools, error, words):
    def fail(command, **options):
        options["stdout"].write("E: no such mirror\n")
        raise error

    monkeypatch.setattr(recipe.subprocess, "run", fail)
    with pytest.raises(
        HarnessFailure, match=f"failed at: debootstrap bullseye from http://mirror.test/debian .*{words}.*build.log"
    ):
        build.archive()
    assert build.log.read_text() == "== debootstrap bullseye from http://mirror.test/debian\nE: no such mirror\n"


def test_the_steps_and_what_pip_is_told(monkeypatch, build, tools, tmp_path):
    commands = []
    environments = []
    (tmp_path / "ca.crt").write_text("certificate")
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.test/simple")
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("UNRELATED", "1")

    def imitate(command, **options):
        commands.append(command)
        environments.append(options["env"])
        root = build.scratch / "build"
        if command[0] == "debootstrap":
            for folder in ("opt/installers", "opt/stage/usr/local/bin", "etc", "var/cache/apt/archives"):
                (root / folder).mkdir(parents=True)
            (root / "opt/installers/pip-20.3.4-py2.py3-none-any.whl").touch()
            (root / "opt/stage/usr/local/bin/wstest").touch()
            for package in recipe._IMAGE_PACKAGES:
                (root / f"var/cache/apt/archives/{package}_1_amd64.deb").touch()
        if command[0] == "tar":
            assert (build.scratch / "image/usr/local/bin/wstest").exists()

    monkeypatch.setattr(recipe.subprocess, "run", imitate)
    assert build.archive() == build.scratch / "image.tar"
    assert commands[0][-2:] == [str(build.scratch / "build"), "http://mirror.test/debian"]
    assert "--force-check-gpg" in commands[0]
    assert {command[0] for command in commands[2:4]} == {"chroot"}
    assert environments[2] == environments[3]
    assert environments[3]["PIP_INDEX_URL"] == "https://index.test/simple"
    assert environments[3]["https_proxy"] == "http://proxy.test:3128"
    assert environments[3]["PIP_CERT"] == "/opt/ca.crt"
    assert "UNRELATED" not in environments[3]
    assert (build.scratch / "build/opt/ca.crt").read_text() == "certificate"
