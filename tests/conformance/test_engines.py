import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import docker.errors
import harness
import pytest

from conformance.engines import choice, docker_engine, local_engine
from conformance.engines.base import require_pinned_version, wstest_arguments
from conformance.failure import HarnessFailure

VERSION = "Autobahn 0.10.9\nAutobahnTestSuite 25.10.1\n"


class FakeContainer:
    def __init__(self, output=VERSION, owner=None):
        self.output = output
        self.labels = {"refws.conformance.owner": owner}
        self.attrs = {"State": {"Status": "running", "ExitCode": 0}}
        self.removed = 0
        self.trouble = None

    def start(self):
        if self.trouble:
            raise self.trouble

    def reload(self):
        if self.trouble:
            raise self.trouble

    def wait(self, timeout):
        if self.trouble:
            raise self.trouble

    def logs(self):
        return self.output.encode()

    def remove(self, force, v):
        assert force
        assert v
        self.removed += 1


class FakeClient:
    """The part of docker.DockerClient that the engine uses."""

    def __init__(self, container=None, orphans=(), security=()):
        self.container = container or FakeContainer()
        self.created = []
        self.closed = False
        self.security = list(security)
        self.containers = SimpleNamespace(create=self.create, list=lambda **_: list(orphans))

    def create(self, image, command, **options):
        self.created.append((image, command, options))
        return self.container

    def info(self):
        return {"SecurityOptions": self.security}

    def close(self):
        self.closed = True


@pytest.fixture
def no_docker(monkeypatch):
    def refuse(**_):
        raise docker.errors.DockerException("connection refused")

    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setattr(docker_engine.docker, "from_env", refuse)


def docker_engine_of(client):
    return docker_engine.DockerEngine(client, "an:image")


def test_the_version_is_asked_in_a_container_that_is_then_removed():
    client = FakeClient()
    require_pinned_version(docker_engine_of(client))
    ((image, command, options),) = client.created
    assert (image, command, options["entrypoint"]) == ("an:image", ["--autobahnversion"], ["wstest"])
    assert client.container.removed == 1


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("Autobahn 0.10.9\nAutobahnTestSuite 0.8.2\n", "version 0.8.2, the pinned one is 25.10.1"),
        ("Autobahn 25.10.1\n", "did not tell its version, it printed: Autobahn 25.10.1"),
        ("AutobahnTestSuite 25.10.10\n", "version 25.10.10"),
        ("", "it printed: nothing"),
    ],
)
def test_another_version_is_refused(output, words):
    with pytest.raises(HarnessFailure, match=words):
        require_pinned_version(docker_engine_of(FakeClient(FakeContainer(output))))


def test_wstest_sees_its_folder_and_the_hosts_network(tmp_path):
    client = FakeClient()
    docker_engine_of(client).start("fuzzingclient", tmp_path)
    ((_, command, options),) = client.created
    assert command == wstest_arguments("fuzzingclient")
    assert options["network_mode"] == "host"
    assert options["volumes"] == {str(tmp_path): {"bind": options["working_dir"], "mode": "rw"}}
    assert options["user"] == f"{os.getuid()}:{os.getgid()}"


def test_a_rootless_engine_keeps_its_own_user(tmp_path):
    client = FakeClient(security=["name=rootless"])
    docker_engine_of(client).start("fuzzingclient", tmp_path)
    assert client.created[0][2]["user"] is None


@pytest.mark.parametrize(("state", "status"), [("created", None), ("running", None), ("exited", 137), ("dead", 137)])
def test_the_exit_status_of_a_container(tmp_path, state, status):
    client = FakeClient()
    wstest = docker_engine_of(client).start("fuzzingserver", tmp_path)
    client.container.attrs = {"State": {"Status": state, "ExitCode": 137}}
    assert wstest.exit_status() == status
    assert wstest.output() == VERSION


def test_a_container_that_does_not_start_is_removed(tmp_path):
    client = FakeClient()
    client.container.trouble = docker.errors.APIError("no room")
    with pytest.raises(HarnessFailure, match=r"asked to start a container of an:image, failed: no room"):
        docker_engine_of(client).start("fuzzingserver", tmp_path)
    assert client.container.removed == 1


def test_an_engine_that_goes_away_is_one_line(tmp_path):
    client = FakeClient()
    wstest = docker_engine_of(client).start("fuzzingserver", tmp_path)
    client.container.trouble = ConnectionError("gone")
    with pytest.raises(HarnessFailure, match="asked for a container's state, failed: gone"):
        wstest.exit_status()
    wstest.stop()
    wstest.stop()
    assert client.container.removed == 1


def test_containers_of_a_killed_harness_are_removed_and_no_others():
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    orphan, mine = FakeContainer(owner=dead.stdout.decode().strip()), FakeContainer(owner=str(os.getpid()))
    docker_engine_of(FakeClient(orphans=[orphan, mine]))
    assert (orphan.removed, mine.removed) == (1, 0)


class MuteClient:
    closed = False

    def ping(self):
        raise docker.errors.APIError("no answer")

    def close(self):
        self.closed = True


def test_no_engine_answers(no_docker):
    with pytest.raises(docker_engine.NoDockerEngine, match=r"unix:///nowhere/docker\.sock"):
        docker_engine.connect()


def test_an_engine_that_does_not_answer_is_none(monkeypatch):
    client = MuteClient()
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker_engine.docker, "from_env", lambda **_: client)
    with pytest.raises(docker_engine.NoDockerEngine, match="the default socket"):
        docker_engine.connect()
    assert client.closed


def test_a_local_wstest():
    engine = local_engine.LocalEngine(harness.FAKE_WSTEST)
    require_pinned_version(engine)
    assert engine.description == f"local wstest ({' '.join(harness.FAKE_WSTEST)})"


def test_a_local_wstest_that_does_not_run(tmp_path):
    with pytest.raises(HarnessFailure, match="does not run"):
        local_engine.LocalEngine([str(tmp_path / "nothing")]).print_version()


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def fake_wstest(folder, name="wstest"):
    return script(folder / name, f'#!/bin/sh\nexec {" ".join(harness.FAKE_WSTEST)} "$@"\n')


def test_the_wstest_that_the_environment_names_comes_first(monkeypatch, tmp_path):
    named = fake_wstest(tmp_path, "mine")
    monkeypatch.setenv("REFWS_WSTEST", str(named))
    assert str(named) in local_engine.find_local_engine().description
    monkeypatch.setenv("REFWS_WSTEST", str(tmp_path / "nothing"))
    with pytest.raises(HarnessFailure, match=r"REFWS_WSTEST names .*, which is not a program"):
        local_engine.find_local_engine()


def test_a_wstest_on_the_path_must_answer(monkeypatch, tmp_path):
    monkeypatch.delenv("REFWS_WSTEST", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert local_engine.find_local_engine() is None
    script(tmp_path / "wstest", "#!/bin/sh\nexit 1\n")
    assert local_engine.find_local_engine() is None
    python = shutil.which("true", path="/usr/bin:/bin")
    (tmp_path / "python2.7").symlink_to(python)
    assert local_engine.find_local_engine() is None
    fake_wstest(tmp_path)
    assert local_engine.find_local_engine().description == f"local wstest ({tmp_path / 'wstest'})"


def choose(name, told):
    return choice.choose(name, None, "mirror", None, told.append)


def test_without_docker_a_line_says_so_and_the_local_wstest_is_taken(monkeypatch, tmp_path, no_docker):
    monkeypatch.setenv("REFWS_WSTEST", str(fake_wstest(tmp_path)))
    told = []
    assert "local wstest" in choose("auto", told).description
    assert len(told) == 1
    assert "no Docker engine answers" in told[0]
    assert "apt-get install docker.io" in told[0]


def test_without_docker_and_wstest_there_is_no_run(monkeypatch, tmp_path, no_docker):
    monkeypatch.delenv("REFWS_WSTEST", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HarnessFailure, match=r"no local wstest was found: .*docker\.io.*REFWS_WSTEST"):
        choose("auto", [])
    with pytest.raises(HarnessFailure, match="no local wstest was found"):
        choose("local", [])


def test_who_asks_for_docker_gets_no_other(monkeypatch, tmp_path, no_docker):
    monkeypatch.setenv("REFWS_WSTEST", str(fake_wstest(tmp_path)))
    with pytest.raises(HarnessFailure, match="no Docker engine answers"):
        choose("docker", [])


def test_the_version_is_verified_before_anything_runs(monkeypatch):
    client = FakeClient(FakeContainer("AutobahnTestSuite 0.8.2"))
    monkeypatch.setattr(choice, "connect", lambda: client)
    with pytest.raises(HarnessFailure, match=r"0\.8\.2"):
        choice.choose("docker", "an:image", "mirror", None, print)
    assert client.closed


def test_the_engine_is_let_go_when_there_is_no_image(monkeypatch):
    client = FakeClient()
    monkeypatch.setattr(choice, "connect", lambda: client)

    def refuse(*_):
        raise HarnessFailure("no image")

    monkeypatch.setattr(choice.images, "ensure", refuse)
    with pytest.raises(HarnessFailure, match="no image"):
        choose("auto", [])
    assert client.closed
