"""``refws connect``: credentials, TLS, proxies, time limits, and connecting again."""

import base64
import contextlib
import os
import queue
import socket
import ssl
import subprocess
import threading

import pytest
import trustme
from runs import REFWS, Terminal, run_here, serving

from refws.cli.talk import Connect
from refws.host.threads.server import serve_sync


def run(uri, *options, lines="", **environment):
    """(exit code, standard output, standard error) of one conversation through a pipe."""
    known = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()} | environment
    done = subprocess.run(
        [*REFWS, "connect", uri, *options],
        input=lines.encode(),
        capture_output=True,
        timeout=20,
        check=False,
        env=known,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def asked():
    """A server that says what it was asked: its URI, and the requests."""
    requests = queue.Queue()

    def handler(ws):
        requests.put(ws.request)
        ws.send("welcome")

    with serve_sync(handler) as server:
        yield server.uri, requests


@pytest.mark.parametrize(
    ("options", "environment", "sent"),
    [
        (["--user", "Ann:se:cret"], {}, b"Ann:se:cret"),
        (["--user", "Ann:"], {}, b"Ann:"),
        ([], {"REFWS_USER": "Bob:from the environment"}, b"Bob:from the environment"),
    ],
)
def test_basic_authentication(asked, options, environment, sent):
    uri, requests = asked
    assert run(uri, "--stay", *options, **environment) == (0, "welcome\n", "")
    assert requests.get(timeout=10).headers.get("Authorization") == f"Basic {base64.b64encode(sent).decode()}"


@pytest.mark.parametrize(("options", "environment"), [(["--bearer", "a.b-c"], {}), ([], {"REFWS_BEARER": "a.b-c"})])
def test_a_bearer_token(asked, options, environment):
    uri, requests = asked
    assert run(uri, *options, **environment)[0] == 0
    assert requests.get(timeout=10).headers.get("Authorization") == "Bearer a.b-c"


def test_a_password_is_asked_for_and_not_shown(asked, tmp_path):
    uri, requests = asked
    with Terminal("connect", uri, "--user", "Ann", home=tmp_path) as terminal:
        terminal.until("password: ")
        terminal.type("secret", "< welcome")
        seen, _ = terminal.end()
    assert requests.get(timeout=10).headers.get("Authorization") == f"Basic {base64.b64encode(b'Ann:secret').decode()}"
    assert "secret" not in seen


def test_compression_is_offered_unless_it_is_not_wanted(asked):
    uri, requests = asked
    for options in ([], ["--no-compression"]):
        assert run(uri, *options)[0] == 0
    offers = [requests.get(timeout=10).headers.get("Sec-WebSocket-Extensions") for _ in range(2)]
    assert offers[0].startswith("permessage-deflate")
    assert offers[1] is None


def test_frames_are_told_with_vv_and_only_then(asked):
    uri, _ = asked
    for option, frames in (("-vv", ["< close", "< text", "> close"]), ("-v", [])):  # -v has opened and closed
        code, output, error = run(uri, "--stay", "--no-compression", option)
        assert (code, output) == (0, "welcome\n")
        # A time, a number and the peer's address stand before.
        told = [line.split() for line in error.splitlines()]
        assert [words[2].rstrip(",") for words in told if not words[1].startswith("#")] == ["opened", "closed"]
        assert sorted(" ".join(words[3:5]) for words in told if words[1].startswith("#")) == frames


def test_a_servers_answer_has_its_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        assert run(uri, "--timeout", "0.1") == (1, "", "refws: the peer did not answer in time\n")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--proxy", "http://127.0.0.1:1", "--no-proxy"], "--proxy and --no-proxy exclude each other"),
        (["--proxy", "nonsense"], "proxy"),
        (["--key", "key.pem"], "--key goes with --cert"),
        (["--cert", "/nowhere.pem"], "cannot use the certificate /nowhere.pem"),
        (["--insecure", "--ca", "ca.pem"], "--insecure and --ca exclude each other"),
        (["--user", "a:b", "--bearer", "c"], "exclude each other"),
        (["--user", "Ann"], "password"),
        (["--timeout", "0"], "--timeout"),
        (["--unix", "/nowhere.sock"], "No such file"),
    ],
)
def test_a_mistake_is_one_clear_line(monkeypatch, capsys, options, says):
    code, output, error = run_here(monkeypatch, capsys, "connect", "wss://127.0.0.1:1", *options)
    assert code in {1, 2}
    assert output == ""
    assert error.count("\n") == 1, error
    assert says in error


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Paths of a certificate for a name, its key, the authority's certificate, and a client's with its key."""
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    server, client = ca.issue_cert("server.example"), ca.issue_cert("client.example")
    paths = {name: str(folder / f"{name}.pem") for name in ("cert", "key", "ca", "client", "client-key", "both")}
    server.cert_chain_pems[0].write_to_path(paths["cert"])
    server.private_key_pem.write_to_path(paths["key"])
    ca.cert_pem.write_to_path(paths["ca"])
    client.cert_chain_pems[0].write_to_path(paths["client"])
    client.private_key_pem.write_to_path(paths["client-key"])
    client.private_key_and_cert_chain_pem.write_to_path(paths["both"])
    return paths


def test_a_name_that_is_another_than_the_uris(authority):
    with serving("--echo", "--tls-cert", authority["cert"], "--tls-key", authority["key"]) as (_, uri):
        trusted = ["--ca", authority["ca"]]
        code, output, error = run(uri, *trusted, lines="x\n")
        assert (code, output) == (1, "")
        assert "certificate" in error
        assert run(uri, *trusted, "--server-name", "server.example", lines="x\n") == (0, "x\n", "")
        code, output, error = run(uri, "--insecure", lines="x\n")
        assert (code, output) == (0, "x\n")
        assert error.startswith("refws: WARNING: --insecure: nobody checks who the server is")


def test_a_clients_certificate(authority):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority["ca"])
    tls.load_cert_chain(authority["cert"], authority["key"])
    tls.verify_mode = ssl.CERT_REQUIRED
    with serve_sync(lambda ws: ws.send("known"), tls=tls) as server:
        options = ["--ca", authority["ca"], "--server-name", "server.example"]
        for own in (["--cert", authority["client"], "--key", authority["client-key"]], ["--cert", authority["both"]]):
            assert run(server.uri, "--stay", *options, *own) == (0, "known\n", "")
        code, output, error = run(server.uri, *options)
        assert (code, output, error.count("\n")) == (1, "", 1)


# Proxies


@pytest.fixture
def proxy():
    """A proxy for CONNECT, of one connection: its URL, and what it was asked."""
    heads = queue.Queue()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(20)

    def copy(source, sink):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                sink.sendall(octets)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve():
        client, _ = listening.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        heads.put(head)
        host, port = head.split()[1].decode().rsplit(":", 1)
        with client, socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=copy, args=(server, client))
            back.start()
            copy(client, server)
            back.join()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", heads
    listening.close()


def test_through_a_proxy(asked, proxy):
    uri, _ = asked
    url, heads = proxy
    assert run(uri, "--stay", "--proxy", url) == (0, "welcome\n", "")
    assert heads.get(timeout=10).startswith(f"CONNECT {uri.removeprefix('ws://')} HTTP/1.1\r\n".encode())


def test_through_the_environments_proxy_or_none():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        proxy = f"http://127.0.0.1:{busy.getsockname()[1]}"
    code, _, error = run("ws://server.invalid", https_proxy=proxy)
    assert (code, "proxy" in error) == (1, True)
    code, _, error = run("ws://server.invalid", "--no-proxy", https_proxy=proxy)
    assert (code, "proxy" in error) == (1, False)


# Connecting again


def test_it_connects_again_and_no_line_is_lost(monkeypatch):
    heard = queue.Queue()

    def handler(ws):
        message = ws.recv()
        heard.put(message)
        ws.send(f"{message}!")
        # The end without a closing handshake
        ws.drop_tcp()

    with (
        serve_sync(handler) as server,
        subprocess.Popen(
            [*REFWS, "connect", server.uri, "--reconnect"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as client,
    ):
        client.stdin.write("one\n")
        client.stdin.flush()
        assert client.stdout.readline() == "one!\n"
        assert "connecting again" in client.stderr.readline()
        client.kill()
    assert heard.get(timeout=10) == "one"


def test_several_connections_one_conversation(monkeypatch, capsys):
    """In this process, without the pauses that a polite client makes."""
    import asyncio

    import refws
    from refws.cli import talk
    from refws.host.reaching.reconnection import Backoff

    served = []

    async def handler(ws):
        served.append(await ws.recv())
        await ws.send(f"{served[-1]}!")
        await ws.close(4000 if len(served) < 3 else 1000)

    async def piped():
        for number in range(3):
            while len(served) < number:  # noqa: ASYNC110 (what is waited for has no event)
                await asyncio.sleep(0)
            yield f"line {number}"
        await asyncio.Event().wait()

    async def converse():
        async with asyncio.timeout(20), refws.serve(handler) as server:
            opening = Connect(server.uri, backoff=Backoff(initial=0))
            talking = asyncio.create_task(talk.talk(opening, again=True))
            while len(served) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0)
            talking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await talking

    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115 (closed below)
    monkeypatch.setattr(talk, "piped", piped)
    asyncio.run(converse())
    os.sys.stdin.close()
    assert served == ["line 0", "line 1", "line 2"]
    output, error = capsys.readouterr()
    assert output.splitlines()[:2] == ["line 0!", "line 1!"]
    assert error.splitlines()[:2] == ["closed: sent 4000, received 4000; connecting again"] * 2


@pytest.mark.parametrize("key", [b"\x04", b"\x03"], ids=["Ctrl-D", "Ctrl-C"])
def test_whoever_does_not_want_to_wait_for_another_connection_ends_it(tmp_path, key):
    with (
        serve_sync(lambda ws: ws.recv()) as server,
        Terminal("connect", server.uri, "--reconnect", home=tmp_path) as at,
    ):
        at.until(f"Ctrl-D closes.*{Terminal.PROMPT}")
        server.close()
        at.until(f"received 1001 .*; connecting again.*{Terminal.PROMPT}")
        at.press(key)
        seen, code = at.end()
    assert code == 0
    assert "Traceback" not in seen


def test_a_refusal_is_not_tried_again_and_an_absent_server_is():
    with serving("--echo", "--origin", "http://a.example") as (_, uri):
        code, _, error = run(uri, "--reconnect", "--origin", "http://b.example")
        assert (code, error.count("\n"), "403" in error) == (1, 1, True)
    with subprocess.Popen(
        [*REFWS, "connect", "ws://127.0.0.1:1", "--reconnect"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stderr.readline().endswith("; trying again\n")
        client.kill()
