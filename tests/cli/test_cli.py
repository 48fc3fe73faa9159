"""``python -m refws`` in a process of its own, as a person or a script has it."""

import asyncio
import os
import re
import signal
import socket
import ssl
import subprocess
import sys

import pytest
import trustme
from runs import REFWS, run_here, serving

import refws
from refws.cli import main, talk
from tests.host.peers import asyncio_test


def run(*arguments, octets=b""):
    """(exit code, standard output, standard error) of one run."""
    done = subprocess.run([*REFWS, *arguments], input=octets, capture_output=True, timeout=20, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def start(*arguments, **options):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return await asyncio.create_subprocess_exec(*REFWS, *arguments, **{**pipes, **options})


def one_line(text):
    return bool(re.fullmatch(r"refws: [^\n]+\n", text))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Paths of a certificate for 127.0.0.1, its key, and the authority's certificate."""
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    issued = ca.issue_cert("127.0.0.1")
    paths = [folder / name for name in ("cert.pem", "key.pem", "ca.pem")]
    paths[0].write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(paths[1])
    ca.cert_pem.write_to_path(paths[2])
    return [str(path) for path in paths]


# serve


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_one_line_and_a_signal_stops_it(number):
    with serving("--echo") as (process, uri):
        assert re.fullmatch(r"ws://127\.0\.0\.1:\d+", uri)
        with socket.create_connection(("127.0.0.1", int(uri.rpartition(":")[2]))):
            process.send_signal(number)
            assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0


def test_serve_takes_a_host_and_a_limit_and_says_what_happens_if_asked():
    with serving("--echo", "--host", "localhost", "--max-message", "3") as (_, uri):
        code, _, error = run("connect", uri, octets=b"four")
        assert (code, error.count("\n")) == (1, 1)
        assert error.startswith("refws: closed by the peer with 1009 (")
    with serving("--echo", "-v") as (process, uri):
        assert run("connect", uri, octets=b"x\n")[:2] == (0, "x\n")
        with socket.create_connection(("127.0.0.1", int(uri.rpartition(":")[2]))) as http:
            http.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert http.recv(100).startswith(b"HTTP/1.1 426 ")
        process.terminate()
        assert "failed the connection: no Upgrade to websocket was asked for" in process.communicate(timeout=20)[1]


@asyncio_test
async def test_a_signal_closes_every_client_with_1001():
    server = await start("serve", "--echo")
    uri = (await server.stdout.readline()).decode().removeprefix("listening on ").strip()
    async with refws.connect(uri) as ws:
        await ws.ping()
        server.terminate()
        assert [message async for message in ws] == []
        assert ws.close_received.code == 1001
    assert await server.communicate() == (b"", b"")
    assert server.returncode == 0


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing command"),
        (["sevre"], "sevre"),
        (["serve"], "try: refws serve --echo"),
        (["serve", "--ehco"], "--echo"),
        (["serve", "--echo", "--port", "70000"], "70000"),
        (["serve", "--echo", "--port", "http"], "http"),
        (["serve", "--echo", "--max-message", "0"], "--max-message"),
        (["serve", "--echo", "--tls-key", "key.pem"], "--tls-key goes with --tls-cert"),
        (["serve", "--echo", "--tls-cert", "/nowhere.pem"], "cannot use the certificate /nowhere.pem"),
        (["serve", "--echo", "--tls-cert", __file__], "cannot use the certificate"),
        (["serve", "--echo", "--host", "192.0.2.1"], "192.0.2.1"),
        (["connect"], "URI"),
        (["connect", "http://127.0.0.1"], "ws://"),
        (["connect", "ws://127.0.0.1/#x"], "fragment"),
        (["connect", "ws://127.0.0.1", "--header", "no colon"], "'Name: value'"),
        (["connect", "ws://127.0.0.1", "--ca", "/nowhere.pem"], "cannot use the certificates /nowhere.pem"),
        (["connect", "wss://127.0.0.1", "--ca", __file__], "cannot use the certificates"),
        (["connect", "ws://127.0.0.1:1", "--subprotocol", "a b"], "Connect call failed"),
        (["connect", "ws://127.0.0.1:1"], "Connect call failed"),
        (["connect", "ws://nowhere.invalid"], "nowhere.invalid"),
    ],
)
def test_a_mistake_is_one_clear_line(monkeypatch, capsys, arguments, says):
    code, output, error = run_here(monkeypatch, capsys, *arguments)
    assert code in {1, 2}
    assert output == ""
    assert one_line(error), error
    if arguments[-1:] != ["ws://nowhere.invalid"]:
        assert says in error


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["serve", "-h"], ["connect", "-h"], ["--version"]])
def test_help_is_no_mistake(monkeypatch, capsys, arguments):
    code, output, error = run_here(monkeypatch, capsys, *arguments)
    assert (code, error) == (0, "")
    assert refws.__version__ in output or "Usage: refws" in output


def test_without_its_extra_it_says_what_to_install():
    script = "import sys; sys.modules['click'] = None; from refws.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "refws: the command line needs click; install it with: pip install 'refws[cli]'\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (TimeoutError(), "refws: the peer did not answer in time"),
        (OSError("no route"), "refws: no route"),
        (refws.HandshakeFailure("rfc6455:4.1-p39-s1", 403, "forbidden"), "refws: forbidden [rfc6455:4.1-p39-s1]"),
    ],
)
def test_whatever_goes_wrong_is_one_line(monkeypatch, error, code):
    def fail(**_):
        raise error

    monkeypatch.setattr("refws.cli.commands.refws", fail)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == code


# connect


def test_a_pipe_is_sent_line_by_line_and_what_comes_is_printed():
    lines = "one\n\nzwei ü 𝄞\n" + "x" * 100_000 + "\n" + "".join(f"{i}\n" for i in range(500)) + "the last"
    with serving("--echo") as (_, uri):
        assert run("connect", uri, octets=lines.encode()) == (0, lines + "\n", "")
        assert run("connect", uri) == (0, "", "")


@asyncio_test
async def test_what_is_asked_for_arrives_and_octets_are_shown_as_such():
    async def handler(ws):
        headers = ws.request.headers
        await ws.send(f"{ws.subprotocol} {headers.get('Origin')} {headers.get('X')} {headers.get('Y')}")
        await ws.send(b"\x00\xff")

    options = [
        "--subprotocol",
        "a",
        "--subprotocol",
        "b",
        "--origin",
        "http://o",
        "--header",
        "X: 1",
        "--header",
        "Y:2",
    ]
    async with refws.serve(handler, subprotocols=["b"]) as server:
        client = await start("connect", server.uri, *options)
        assert await client.communicate() == (b"b http://o 1 2\n[2 octets] 00 ff\n", b"")
        assert client.returncode == 0


@asyncio_test
async def test_it_ends_when_the_peer_closes_though_the_input_has_not():
    async with refws.serve(lambda ws: ws.send("bye")) as server:
        client = await start("connect", server.uri)
        assert await client.stdout.read() == b"bye\n"
        assert await client.stderr.read() == b""
        assert await client.wait() == 0
        client.stdin.close()


@asyncio_test
async def test_an_end_that_is_not_normal_is_said():
    async with refws.serve(lambda ws: ws.close(4000, "no more")) as server:
        client = await start("connect", server.uri)
        assert await client.communicate() == (b"", b"refws: closed by the peer with 4000 (no more)\n")
        assert client.returncode == 1


@asyncio_test
async def test_a_line_that_is_not_utf_8_ends_it_behind_what_was_sent():
    async def echo(ws):
        async for message in ws:
            await ws.send(message)

    async with refws.serve(echo) as server:
        for stay in ([], ["--stay"]):
            client = await start("connect", server.uri, *stay)
            output, error = await client.communicate(b"good\n\xff\nnever\n")
            assert (client.returncode, output) == (1, b"good\n")
            assert error == b"refws: line 2 of the input is not UTF-8; a message a line is text\n"


@asyncio_test
async def test_staying_when_the_input_ends():
    async def handler(ws):
        assert await ws.recv() == "the only line"
        for _ in range(3):
            await ws.ping()
        await ws.send("and still here")

    async with refws.serve(handler) as server:
        client = await start("connect", "--stay", server.uri)
        assert await client.communicate(b"the only line\n") == (b"and still here\n", b"")
        assert client.returncode == 0


@asyncio_test
async def test_an_interrupt_closes_the_connection():
    closed = asyncio.Event()

    async def handler(ws):
        await ws.send("connected")
        async for _ in ws:
            pass
        assert ws.close_received.code == 1000
        closed.set()

    async with refws.serve(handler) as server:
        client = await start("connect", server.uri)
        assert await client.stdout.readline() == b"connected\n"
        client.send_signal(signal.SIGINT)
        assert await client.wait() == 130
        await closed.wait()
        assert (await client.stderr.read()).strip() == b""
        client.stdin.close()


def test_tls(authority):
    cert, key, ca = authority
    with serving("--echo", "--tls-cert", cert, "--tls-key", key) as (_, uri):
        assert uri.startswith("wss://127.0.0.1:")
        assert run("connect", uri, "--ca", ca, octets=b"secret\n") == (0, "secret\n", "")
        code, output, error = run("connect", uri, octets=b"secret\n")
        assert (code, output) == (1, "")
        assert one_line(error), error
        assert "certificate" in error
        with pytest.raises(ssl.SSLError):
            ssl.create_default_context().wrap_socket(
                socket.create_connection(("127.0.0.1", int(uri.rpartition(":")[2]))), server_hostname="127.0.0.1"
            ).close()


def test_a_line_that_cannot_be_sent_any_more_is_not_lost_in_silence(monkeypatch, capsys):
    async def piped():
        yield "taken"
        while ws.ready_state is refws.ReadyState.OPEN:  # noqa: ASYNC110 (there is no event for it)
            await asyncio.sleep(0)
        yield "late"

    class Connect(refws.connect):
        async def __aenter__(self):
            nonlocal ws
            ws = await super().__aenter__()
            return ws

    async def converse():
        async with asyncio.timeout(20), refws.serve(lambda ws: ws.recv()) as server:
            await talk.talk(Connect(server.uri), stay=False)

    ws = None
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115 (closed with the process)
    monkeypatch.setattr(talk, "piped", piped)
    with pytest.raises(refws.ConnectionClosed, match="closed by the peer with 1000"):
        asyncio.run(converse())
    sys.stdin.close()
