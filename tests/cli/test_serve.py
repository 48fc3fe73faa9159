"""``refws serve``: files, resources of others, threads, unix sockets, and what goes together."""

import contextlib
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request

import pytest
from runs import REFWS, run_here, serving
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect, unix_connect

import refws
from refws.cli.loading import load
from refws.resources import Resource


def get(uri, path="/"):
    """(status, body) of a request in plain HTTP."""
    try:
        with urllib.request.urlopen(uri.replace("ws", "http", 1) + path, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def echoes(uri, **options):
    with connect(uri, **options) as ws:
        ws.send("one")
        ws.send(b"\x00")
        return [ws.recv(10), ws.recv(10)] == ["one", b"\x00"]


def until_there_is_room(uri, origin):
    for _ in range(1000):
        try:
            return connect(uri, origin=origin)
        except InvalidStatus as refused:
            if refused.response.status_code != 503:
                raise
    raise AssertionError("there is no room")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a page and modules, which is the current one."""
    (tmp_path / "index.html").write_text("a page")
    for name, source in {
        "rooms_here": """
            import refws.resources

            class Loud(refws.resources.Resource):
                def text_message_received(self, client, message):
                    client.send_text(message.upper())

            class Outer:
                room = Loud()

            class Picky(Loud):
                def __init__(self):
                    raise LookupError("no room")

            class Wary:
                @property
                def room(self):
                    raise LookupError("not yet")

            wary = Wary()

            def dispatch(request):
                return Outer.room if request.path == "/loud" else None

            def never(request):
                return None

            table = [never, dispatch]
            number = 3
            empty = []
            """,
        "broken_here": "import math\n\n1 / 0\n",
        "misses_here": "import no_such_module_anywhere\n",
    }.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in ("rooms_here", "broken_here", "misses_here"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("threads", [(), ("--threads",)], ids=["asyncio", "threads"])
def test_an_echo_and_files_on_one_port(folder, threads):
    with serving("--echo", "--static", ".", *threads) as (process, uri):
        assert echoes(uri)
        assert echoes(f"{uri}/index.html")
        assert get(uri) == (200, b"a page")
        assert get(uri, "/nothing") == (404, b"Not Found\n")
        assert get(uri, "/../../etc/passwd")[0] == 404
        process.terminate()
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0


def test_files_alone(folder):
    with serving("--static", str(folder)) as (_, uri):
        assert get(uri) == (200, b"a page")
        with pytest.raises(InvalidStatus):
            connect(uri)


def test_a_chat_and_files_on_one_port(folder):
    with serving("--chat", "--static", ".") as (_, uri):
        assert b"<title>Chat</title>" in get(uri)[1]
        assert get(uri, "/index.html") == (200, b"a page")
        with connect(f"{uri}/x?name=Ann") as ws:
            assert ws.recv(10) == "* You are Ann in x. Here: Ann"


@pytest.mark.parametrize(("name", "threads"), [("Loud", ()), ("Loud", ("--threads",)), ("table", ())])
def test_a_resource_of_a_module_of_this_folder(folder, name, threads):
    with serving(f"rooms_here:{name}", "--static", ".", *threads) as (_, uri):
        with connect(f"{uri}/loud") as ws:
            ws.send("hello")
            assert ws.recv(10) == "HELLO"
        assert get(uri) == (200, b"a page")
        if name == "table":
            with pytest.raises(InvalidStatus, match="404"):
                connect(f"{uri}/quiet")


def test_what_a_name_can_stand_for(folder):
    assert isinstance(load("rooms_here:Loud"), Resource)
    assert isinstance(load("rooms_here:Outer.room"), Resource)
    assert [function.__name__ for function in load("rooms_here:dispatch")] == ["dispatch"]
    assert [function.__name__ for function in load("rooms_here:table")] == ["never", "dispatch"]


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("rooms_here", "'rooms_here' names nothing to serve; it looks like module:Resource"),
        (":x", "names nothing to serve"),
        ("rooms_here:", "names nothing to serve"),
        ("nothing_here:x", "cannot import nothing_here: No module named 'nothing_here'"),
        ("misses_here:x", "cannot import misses_here: No module named 'no_such_module_anywhere' ("),
        ("broken_here:x", "broken_here.py, line 3)"),
        ("rooms_here:Small", "rooms_here has no Small"),
        ("rooms_here:Outer.x", "rooms_here has no Outer.x"),
        ("rooms_here:wary.room", "cannot take wary.room from rooms_here: LookupError: not yet ("),
        ("rooms_here:Picky", "cannot make a Picky: LookupError: no room ("),
        ("rooms_here:Outer", "rooms_here:Outer is no Resource"),
        ("rooms_here:number", "rooms_here:number is no Resource"),
        ("rooms_here:empty", "rooms_here:empty is no Resource"),
    ],
)
def test_what_cannot_be_served_is_told_in_one_line(folder, named, says):
    with pytest.raises(refws.UsageError) as caught:
        load(named)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--echo", "--chat"], "exclude each other"),
        (["--chat", "rooms_here:Loud"], "exclude each other"),
        (["--chat", "--max-message", "5"], "--max-message goes with --echo"),
        (["--static", "nowhere"], "nowhere is no folder"),
        (["--static", "index.html"], "index.html is no folder"),
        (["rooms_here:table", "--origin", "http://a"], "--origin goes with one resource"),
        (["broken_here:x"], "ZeroDivisionError"),
        (["--echo", "--max-clients", "0"], "--max-clients"),
        (["--echo", "--unix", "no/such/folder/x"], "o such file or directory"),
        (["--echo", "--unix", "no/such/folder/x", "--threads"], "o such file or directory"),
        (["--echo", "--threads", "--host", "192.0.2.1"], "192.0.2.1"),
        (["--chat", "--host", "192.0.2.1"], "192.0.2.1"),
    ],
)
def test_a_mistake_is_one_clear_line(folder, monkeypatch, capsys, arguments, says):
    code, output, error = run_here(monkeypatch, capsys, "serve", *arguments)
    assert code in {1, 2}
    assert output == ""
    assert error.startswith("refws: ")
    assert error.count("\n") == 1, error
    assert says in error


@pytest.mark.parametrize(
    ("what", "threads"),
    [("--echo", ()), ("--echo", ("--threads",)), ("rooms_here:Loud", ()), ("--chat", ("--threads",))],
)
def test_who_may_connect_and_how_many(folder, what, threads):
    options = ("--origin", "http://a.example", "--origin", "https://b.example", "--max-clients", "3")
    with serving(what, *threads, *options) as (_, uri), contextlib.ExitStack() as here:
        with pytest.raises(InvalidStatus, match="403"):
            connect(uri, origin="http://c.example")
        for origin in ("http://a.example", "https://b.example", None):
            # The refused one may be among the connections for a moment.
            here.enter_context(until_there_is_room(uri, origin))
        with pytest.raises(InvalidStatus, match="503"):
            connect(uri)


@pytest.mark.parametrize(
    ("what", "threads"), [("--echo", ()), ("--echo", ("--threads",)), ("rooms_here:Loud", ("--threads",))]
)
def test_a_unix_socket(folder, what, threads):
    path = str(folder / "socket")
    with serving(what, *threads, "--unix", path) as (process, uri):
        assert uri == "ws://localhost"
        with unix_connect(path, "ws://localhost/") as ws:
            ws.send("ONE")
            assert ws.recv(10) == "ONE"
        done = subprocess.run(
            [*REFWS, "connect", "ws://localhost/", "--unix", path],
            input="TWO\n",
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert (done.stdout, done.stderr, done.returncode) == ("TWO\n", "", 0)
        process.terminate()
        assert process.communicate(timeout=20) == ("", "")
    assert not (folder / "socket").exists()


def test_verbosely():
    for arguments in (["-v", "serve", "--echo"], ["serve", "--echo", "-v"]):
        command = [*REFWS, *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            uri = process.stdout.readline().split()[-1]
            assert get(uri)[0] == 426
            process.terminate()
            assert "failed the connection: no Upgrade" in process.stderr.read()


def test_serving_loads_nothing_that_it_does_not_need():
    script = """
        import sys
        from refws.cli import main
        sys.argv = ["refws", "serve", "--echo", "--port", "http"]
        try:
            main()
        except SystemExit:
            heavy = {"prompt_toolkit", "rich", "jinja2", "refws.clauses", "refws.cli.chat", "refws.cli.talk"}
            print(sorted(heavy & set(sys.modules)))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("threads", [[], ["--threads"]], ids=["asyncio", "threads"])
def test_clients_of_2010_beside_those_of_today(threads):
    with serving("--echo", "--hybi00", *threads) as (_, uri):
        for options in (["--hybi00"], []):
            command = [*REFWS, "connect", uri, *options]
            done = subprocess.run(command, input="HELLO\n", capture_output=True, text=True, timeout=20, check=False)
            assert (done.returncode, done.stdout, done.stderr) == (0, "HELLO\n", "")


def test_a_client_of_2010_does_not_go_where_its_octets_can_be_read():
    command = [*REFWS, "connect", "--hybi00", "ws://server.example/"]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "poison" in done.stderr
    assert done.stderr.count("\n") == 1
