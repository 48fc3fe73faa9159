"""``refws oracle``, as a person or a script has it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conversations import KEY
from sample_reports import PING, TEXT, echo, of, result, running, sample, wrong_at_125

from refws.cli import main
from refws.host.threads.server import serve_sync
from refws.oracle.cases import all_cases
from refws.oracle.coverage import not_shown
from refws.oracle.output.json_output import stable
from refws.oracle.verdict import Verdict

REFWS = [sys.executable, "-W", "error", "-m", "refws"]
FEW = ("--cases", "1.1.1-1.1.3,2.1-2.4")
"""Cases that the server of `wrong_at_125` fails one of: 1.1.2."""


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command line in this process; (exit code, standard output, standard error)."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["refws", "oracle", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        output, error = capsys.readouterr()
        code = ended.value.code
        return (1, output, f"{error}{code}\n") if isinstance(code, str) else (code or 0, output, error)

    return run


@pytest.fixture(scope="module")
def good():
    with running() as uri:
        yield uri


@pytest.fixture(scope="module")
def bad():
    with running(wrong_at_125) as uri:
        yield uri


@pytest.fixture
def nobody():
    """The address of a server that is down."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"ws://127.0.0.1:{held.getsockname()[1]}"


# Servers


def test_a_server_that_does_well(run, good):
    code, output, error = run("server", good, *FEW)
    assert (code, error) == (0, "")
    assert output.startswith(f"server {good}\nround trip ")
    assert output.endswith("7 PASS\nconformant\n")


def test_a_server_that_does_not(run, bad):
    code, output, _ = run("server", bad, *FEW)
    assert code == 1
    assert "(Autobahn 1.1.2)" in output
    assert output.endswith("6 PASS, 1 FAIL\nnot conformant: 1 FAIL\n")


def test_quiet(run, bad):
    assert run("server", bad, *FEW, "-q") == (1, "not conformant: 1 FAIL\n", "")


def test_several_at_a_time(run, good, tmp_path):
    documents = []
    for jobs in ("1", "3"):
        assert run("server", good, *FEW, "--jobs", jobs, "--json", tmp_path / jobs, "-q")[0] == 0
        documents.append(stable(json.loads((tmp_path / jobs).read_text())))
    assert documents[0] == documents[1]


def test_a_server_that_is_down_is_not_run_in_one_line(run, nobody, tmp_path):
    code, output, error = run("server", nobody, *FEW, "--report", tmp_path)
    assert (code, output) == (2, "")
    assert error.startswith(f"refws: could not tell: no server answers at {nobody}: ")
    assert error.endswith("; 7 cases NOT-RUN\n")
    assert error.count("\n") == 1
    document = json.loads((tmp_path / "report.json").read_text())
    assert document["counts"]["NOT-RUN"] == 7
    assert "could not tell" in (tmp_path / "badge.svg").read_text()


def test_a_server_that_speaks_no_http2_is_unimplemented_in_one_line(run, good):
    code, output, error = run("server", "--http2", good, "--cases", "8441:3/client-sends-*")
    assert (code, output) == (2, "")
    assert error.startswith(f"refws: could not tell: {good} cannot be judged over HTTP/2: it does not speak HTTP/2: ")
    assert error.endswith("; 3 cases UNIMPLEMENTED\n")


def test_over_http2_there_are_other_cases(run, good):
    _, over, _ = run("server", "--http2", good, "--dry-run")
    _, usual, _ = run("server", good, "--dry-run")
    names = [{line.partition("\t")[0] for line in output.splitlines()} for output in (over, usual)]
    assert {"8441:5/ordinary", "5.5/ping-of-126-octets"} <= names[0]
    assert {"4.2.1/no-version", "5.5/ping-of-126-octets", "8307:1/well-known"} <= names[1]
    assert not any(name.startswith("8441") for name in names[1])
    code, _, error = run("server", good, "--cases", "8441:*")
    assert (code, "can be played over HTTP/1.1" in error) == (2, True)
    _, clients, _ = run("client", "--http2", "--dry-run")
    assert "8441:5/client-ordinary\t" in clients
    assert "8441:5/ordinary\t" not in clients


def test_http2_wants_its_libraries(run, monkeypatch, good):
    for name in ("refws.oracle.streams.http2", "refws.oracle.wire.http2"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "hpack", None)
    code, _, error = run("server", "--http2", good)
    assert (code, error.count("\n")) == (2, 1)
    assert "--http2 needs hpack; install it with: pip install 'refws[oracle]'" in error


def test_json_on_standard_output_stands_alone(run, good):
    code, output, error = run("server", good, *FEW, "--json", "-")
    assert (code, json.loads(output)["exit_code"]) == (0, 0)
    assert error.endswith("conformant\n")


def test_every_form_of_report(run, bad, tmp_path):
    options = [f"--{name}={tmp_path / name}" for name in ("json", "junit", "html", "badge", "autobahn", "report")]
    assert run("server", bad, *FEW, *options, "-q")[0] == 1
    assert (tmp_path / "json").read_text() == (tmp_path / "report" / "report.json").read_text()
    (cases,) = json.loads((tmp_path / "autobahn" / "index.json").read_text()).values()
    assert cases["1.1.2"]["behavior"] == "FAILED"
    assert cases["2.4"] | {"duration": 0, "reportfile": ""} == {
        "behavior": "OK",
        "behaviorClose": "OK",
        "duration": 0,
        "remoteCloseCode": 1000,
        "reportfile": "",
    }


def test_what_is_known(run, bad, tmp_path):
    file = tmp_path / "known.toml"
    file.write_text('[cases."1.1.2"]\nverdict = "FAIL"\nreason = "on purpose"\n')
    code, output, _ = run("server", bad, *FEW, "--expect", file)
    assert (code, output.splitlines()[-1]) == (0, "conformant but for 1 known")
    assert "known: on purpose" in output
    file.write_text('[cases."1.1.1"]\nverdict = "FAIL"\nreason = "no more"\n')
    code, output, _ = run("server", bad, *FEW, "--expect", file)
    assert (code, output.splitlines()[-1]) == (1, "not conformant: 1 FAIL, 1 not as expected")


def test_a_dry_run_connects_to_nobody(run, nobody):
    code, output, _ = run("server", nobody, "--cases", "2.5,1.1.2", "--dry-run")
    assert code == 0
    rows = [line.split("\t") for line in output.splitlines()]
    assert sorted((row[1], row[2], row[3]) for row in rows) == [
        ("1.1.2", "client,server", "MUST"),
        ("2.5", "client,server", "MUST"),
    ]


def test_what_a_server_wants_in_each_request_is_sent_and_shown_nowhere(run, tmp_path):
    seen = []

    def wanting(ws):
        seen.append((ws.request.headers.get("X-Key"), ws.request.headers.get("Origin"), ws.subprotocol))
        echo(ws)

    options = ("--header", "X-Key: s3cret", "--origin", "http://a.example", "--subprotocol", "chat")
    with serve_sync(wanting, subprotocols=["chat"]) as server:
        kept = tmp_path / "kept"
        code, _, _ = run("server", server.uri, *FEW, *options, "--keep", kept, "--report", tmp_path / "report")
    assert code == 0
    assert set(seen) == {("s3cret", "http://a.example", "chat")}
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(list(kept.iterdir())) == 7
    assert not [path for path in written if b"s3cret" in path.read_bytes()]
    assert "X-Key: ***" in (tmp_path / "report" / "report.json").read_text()


def test_tls(run, tmp_path):
    trustme = pytest.importorskip("trustme")
    import ssl

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serve_sync(echo, tls=context) as server:
        uri = f"wss://localhost:{server.port}/"
        assert run("server", uri, *FEW, "--ca", tmp_path / "ca.pem", "-q")[0] == 0
        code, _, error = run("server", uri, *FEW, "-q")
        assert (code, "certificate" in error.lower(), error.count("\n")) == (2, True, 1)
        code, output, error = run("server", uri, *FEW, "--insecure", "-q")
        assert (code, output, "WARNING: --insecure" in error) == (0, "conformant\n", True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["server"], "Missing argument 'URL'"),
        (["server", "http://a"], "'http://a' is no address of a server; write ws://HOST:PORT/PATH"),
        (["server", "ws://a", "--cases", "5.5/ping-of-126"], "did you mean 5.5/ping-of-126-octets"),
        (["server", "ws://a", "--cases", "7.1.99"], "no case is called '7.1.99'; did you mean 7.1."),
        (["server", "ws://a", "--section", "5.55"], "no case is about section '5.55'"),
        (["server", "ws://a", "--level", "OUGHT"], "is no level"),
        (["server", "ws://a", "--header", "x"], "--header wants 'Name: value'"),
        (["server", "ws://a", "--key", "k"], "--key goes with --cert"),
        (["server", "ws://a", "--ca", "c", "--insecure"], "exclude each other"),
        (["server", "ws://a", "--ca", "/no/such/file"], "cannot use /no/such/file"),
        (["server", "ws://a", "--expect", "/no/such/file"], "--expect /no/such/file"),
        (["client", "--exec", "a"], "--exec wants {url}"),
        (["client", "--key", "a"], "--key goes with --cert"),
        (["render", "/no/such/file"], "No such file"),
        (["compare", "/no/such/file", "/none"], "No such file"),
        (["judge", "/no/such/file"], "No such file"),
        (["proxy", "--to", "ws://a", "--listen", "9002x"], "--listen wants HOST:PORT"),
        (["proxy", "--to", "http://a"], "'http://a' is no address"),
        (["serve"], "No such command 'serve'"),
    ],
)
def test_a_mistake_is_one_line(run, arguments, said):
    code, output, error = run(*arguments)
    assert (code, output, error.count("\n")) == (2, "", 1)
    assert error.startswith("refws: ")
    assert said in error


def test_help_names_everything(run):
    _, output, _ = run("-h")
    for command in ("server", "client", "proxy", "judge", "compare", "cases", "render"):
        assert f"\n  {command} " in output
    _, output, _ = run("server", "-h")
    assert "shown in no report" in output


def test_ctrl_c_leaves_a_partial_report(tmp_path):
    # A server that answers the oracle's first connections, and then never again: the run has to be interrupted.
    script = """
        import itertools, sys, threading
        from refws.host.threads.server import serve_sync
        count, stuck = itertools.count(), threading.Event()
        def app(ws):
            if next(count) == 3:
                print("stuck", flush=True)
                stuck.wait()
            for message in ws:
                ws.send(message)
        with serve_sync(app, "127.0.0.1", 0) as server:
            print(server.uri, flush=True)
            sys.stdin.read()
            stuck.set()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as server:
        uri = server.stdout.readline().strip()
        judge = [*REFWS, "oracle", "server", uri, *FEW, "--patience", "60", "--report", str(tmp_path)]
        with subprocess.Popen(judge, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as oracle:
            assert server.stdout.readline() == "stuck\n"
            oracle.send_signal(signal.SIGINT)
            output, error = oracle.communicate(timeout=20)
        server.stdin.close()
    assert (oracle.returncode, error) == (2, "")
    assert output.endswith("could not tell: interrupted after 2 of 7 cases\n")
    document = json.loads((tmp_path / "report.json").read_text())
    assert document["counts"]["NOT-RUN"] == 5
    assert [one["played"] for one in document["results"]].count(True) == 2
    assert "Partial report" in (tmp_path / "index.html").read_text()


def test_a_server_that_dies_is_failed_for_the_case_that_killed_it(run, tmp_path):
    script = """
        import os
        from refws.host.threads.server import serve_sync
        def app(ws):
            for message in ws:
                if len(message) == 125:
                    os._exit(0)
                ws.send(message)
        with serve_sync(app, "127.0.0.1", 0) as server:
            print(server.uri, flush=True)
            server.serve_forever()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        uri = server.stdout.readline().strip()
        code, output, _ = run("server", uri, *FEW, "--json", tmp_path / "report")
    document = json.loads((tmp_path / "report").read_text())
    assert code == 1
    assert output.endswith("\nnot conformant: 1 FAIL\n")
    results = document["results"]
    (killed,) = [number for number, one in enumerate(results) if one["alias"] == "1.1.2"]
    assert results[killed]["findings"][0]["why"].endswith("the server answers no ordinary echo any more")
    assert [one["verdict"] for one in results] == ["PASS"] * killed + ["FAIL"] + ["NOT-RUN"] * (6 - killed)
    assert [one["played"] for one in results] == [True] * (killed + 1) + [False] * (6 - killed)


# Clients


CLIENT = """
    import sys
    from refws.host.threads.client import connect_sync
    with connect_sync(sys.argv[1], proxy=None) as ws:
        for message in ws:
            ws.send(message)
"""


def test_a_client_that_is_run_for_each_case(run, tmp_path):
    client = tmp_path / "client.py"
    client.write_text(textwrap.dedent(CLIENT))
    command = f"{sys.executable} {client} {{url}}"
    code, output, error = run(
        "client", "--port", "0", "--exec", command, "--cases", "1.1.1,2.2", "--jobs", "2", "--json", tmp_path / "report"
    )
    assert code == 0
    assert output.endswith("2 PASS\nconformant\n")
    assert error.startswith("listening on ws://127.0.0.1:")
    assert json.loads((tmp_path / "report").read_text())["testee"]["role"] == "client"


def test_clients_that_come_by_themselves_as_to_autobahns_fuzzingserver(tmp_path):
    from refws.host.threads.client import connect_sync

    options = ["--port", "0", "--cases", "1.1.1,2.2", "--stay", "-q", "--json", str(tmp_path / "report.json")]
    command = [*REFWS, "oracle", "client", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as oracle:
        line = oracle.stderr.readline()
        uri = line.removeprefix("listening on ").partition(",")[0]

        def visit(path):
            with connect_sync(uri + path, proxy=None) as ws:
                for message in ws:
                    if not path.startswith("/run"):
                        return message
                    ws.send(message)
            return None

        assert visit("/getCaseCount") == "2"
        for agent, cases in (("one", (1, 2)), ("two", (1,))):
            for case in cases:
                visit(f"/runCase?case={case}&agent={agent}")
            visit(f"/updateReports?agent={agent}")
            assert oracle.stdout.readline() == ("conformant\n" if agent == "one" else "could not tell: 1 NOT-RUN\n")
        visit("/stopServer")
        oracle.communicate(timeout=20)
    assert oracle.returncode == 2
    counted = {
        name: json.loads((tmp_path / name).read_text())["counts"]["PASS"] for name in ("report.json", "report-two.json")
    }
    assert counted == {"report.json": 2, "report-two.json": 1}


def test_nobody_comes(run, tmp_path):
    file = tmp_path / "report.json"
    code, output, error = run("client", "--port", "0", "--cases", "1.1.1", "--idle", "0.05", "--json", file)
    assert (code, output) == (2, "")
    assert error.endswith("refws: could not tell: no client came; 1 case NOT-RUN\n")
    document = json.loads(file.read_text())
    assert (document["counts"]["NOT-RUN"], document["testee"]["role"]) == (1, "client")


def test_a_command_that_never_connects(run):
    command = f"{sys.executable} -c pass {{url}}"
    code, output, error = run("client", "--port", "0", "--exec", command, "--cases", "1.1.1")
    assert (code, output) == (2, "")
    assert error.endswith("refws: could not tell: the command ended without a connection; 1 case NOT-RUN\n")


def test_a_port_that_is_taken(run, good):
    code, _, error = run("client", "--port", good.rpartition(":")[2].strip("/"), "--cases", "1.1.1")
    assert (code, error.count("\n")) == (2, 1)
    assert "in use" in error


# Recorded, compared, made anew


def test_what_was_kept_is_judged_again(run, good, tmp_path):
    assert run("server", good, *FEW, "--keep", tmp_path / "kept", "-q")[0] == 0
    assert len(list((tmp_path / "kept").glob("*.jsonl"))) == 7
    code, output, _ = run("judge", tmp_path / "kept", "--report", tmp_path / "report")
    assert code == 0
    assert output.count("conformant\n") == 2
    assert (tmp_path / "report" / "report.json").exists()
    assert json.loads((tmp_path / "report-server" / "report.json").read_text())["testee"]["role"] == "server"
    (one, *_) = (tmp_path / "kept").iterdir()
    assert run("judge", one, "--role", "server", "-q") == (0, "conformant\n", "")


def test_where_nothing_can_be_judged_one_line_says_what_to_do(run, tmp_path):
    entry = {
        "request": {"method": "GET", "url": "ws://127.0.0.1:9/", "headers": []},
        "response": {"status": -1, "statusText": "", "headers": []},
    }
    har = tmp_path / "page.har"
    har.write_text(json.dumps({"log": {"entries": [entry, entry]}}))
    code, output, error = run("judge", har, "--json", tmp_path / "report.json")
    *notes, last = error.splitlines()
    assert (code, output) == (2, "")
    assert [note.partition(": ")[2].partition(": ")[0] for note in notes] == ["2 connections"] * 2
    assert last.startswith("refws: could not tell: nothing of 2 connections can be judged; record from before the ")
    assert last.endswith("(tcpdump -i any -w FILE), or let it connect through refws oracle proxy")
    assert json.loads((tmp_path / "report.json").read_text())["results"] == []
    one = run("judge", har, "--role", "server", "-q")[2].splitlines()[-1]
    assert "nothing of what the server sent on 2 connections can be judged" in one


def test_the_proxy_judges_what_passes(good):
    command = [*REFWS, "oracle", "proxy", "--listen", "127.0.0.1:0", "--to", good, "-q"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as oracle:
        line = oracle.stderr.readline()
        assert line.startswith("listening on ws://127.0.0.1:")
        from refws.host.threads.client import connect_sync

        with connect_sync(line.removeprefix("listening on ").partition(",")[0], proxy=None) as ws:
            ws.send("hello")
            assert ws.recv() == "hello"
        oracle.send_signal(signal.SIGINT)
        output, error = oracle.communicate(timeout=20)
    assert (oracle.returncode, output, error) == (0, "conformant\nconformant\n", "")


@pytest.fixture
def proxied(good, tmp_path):
    """Starts the proxy, lets somebody use it, and sends it a signal: its exit code, what it says, its two reports."""

    def proxied(use=None, number=signal.SIGINT, options=(), ignored=False):
        report = tmp_path / "proxied.json"
        command = [*REFWS, "oracle", "proxy", "--listen", "127.0.0.1:0", "--to", good, "-q", "--json", str(report)]
        shell = ["sh", "-c", "trap '' INT; exec \"$@\"", "-"] if ignored else []
        command = [*shell, *command, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as oracle:
            uri = oracle.stderr.readline().removeprefix("listening on ").partition(",")[0]
            with contextlib.ExitStack() as stack:
                if use is not None:
                    use(uri, stack)
                oracle.send_signal(number)
                output, error = oracle.communicate(timeout=20)
        kept = [json.loads(path.read_text()) for path in (report, report.with_name("proxied-server.json"))]
        return oracle.returncode, output, error, {one["testee"]["role"]: one for one in kept}

    return proxied


def connected(uri, stack):
    """A TCP connection to the proxy."""
    host, _, port = uri.removeprefix("ws://").strip("/").partition(":")
    return stack.enter_context(socket.create_connection((host, int(port)), timeout=20))


def saying(frame, answer):
    """Connects, sends a frame, and is still there when its answer has come."""

    def use(uri, stack):
        sock = connected(uri, stack)
        fields = [("Host", "a"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
        head = "\r\n".join(f"{name}: {value}" for name, value in [*fields, ("Sec-WebSocket-Key", KEY)])
        for octets, last in ((f"GET / HTTP/1.1\r\n{head}\r\n\r\n".encode(), b"\r\n\r\n"), (frame, answer)):
            sock.sendall(octets)
            came = b""
            while last not in came:
                came += sock.recv(4096)

    return use


MASKED, UNMASKED = b"\x81\x81\0\0\0\0a", b"\x81\x01a"
FAILED = b"\x03\xea"


@pytest.mark.parametrize(
    ("number", "ignored"), [(signal.SIGINT, False), (signal.SIGINT, True), (signal.SIGTERM, False)]
)
def test_the_end_of_the_proxy_leaves_its_reports_of_what_is_still_going_on(proxied, number, ignored):
    code, output, error, kept = proxied(saying(MASKED, UNMASKED), number, ignored=ignored)
    assert (code, output, error) == (0, "conformant\nconformant\n", "")
    assert [kept[role]["exit_code"] for role in ("client", "server")] == [0, 0]
    assert all(one["counts"]["PASS"] > 10 for one in kept.values())


def test_the_proxy_ends_with_what_it_has_found(proxied):
    code, output, error, kept = proxied(saying(UNMASKED, FAILED))
    assert (code, output) == (1, "not conformant: 1 FAIL\nconformant\n")
    assert "FAIL connection 1, client, octet" in error
    (failed,) = [one for one in kept["client"]["results"] if one["verdict"] == "FAIL"]
    assert failed["clauses"][0]["id"] == "rfc6455:5.1-p1-s2"
    assert kept["server"]["exit_code"] == 0


def test_a_proxy_to_which_nobody_came_could_not_tell(proxied):
    code, output, error, kept = proxied()
    assert (code, output) == (2, "")
    assert error == "refws: could not tell: nobody came; let a WebSocket client connect to where the proxy listens\n"
    assert [kept[role]["exit_code"] for role in ("client", "server")] == [2, 2]


def test_a_proxy_to_which_no_websocket_client_came_could_not_tell(proxied):
    code, output, error, _ = proxied(lambda uri, stack: connected(uri, stack).sendall(b"hello\r\n\r\n"))
    assert (code, output) == (2, "")
    assert error.splitlines()[-1].startswith("refws: could not tell: n")


def test_compare(run, tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(of(result(PING), result(TEXT)).dump())
    new.write_text(of(result(PING), result(TEXT, Verdict.FAIL)).dump())
    code, output, _ = run("compare", old, new)
    assert code == 1
    assert "5.2/text  PASS → FAIL\n    it is wrong\n" in output
    assert output.endswith("1 worse; 1 the same\n")
    code, output, _ = run("compare", new, old, "--json")
    assert (code, [one["case"] for one in json.loads(output)["better"]]) == (0, [TEXT.id])
    assert run("compare", old, old) == (0, "nothing has changed; 2 the same\n", "")


def test_compare_tells_briefly_what_has_become_good(run, tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(of(result(TEXT, Verdict.FAIL)).dump())
    new.write_text(of(result(TEXT), result(PING)).dump())
    expected = "new (1)\n  PASS: 5.5.2/a-ping\nbetter (1)\n  PASS: 5.2/text\n1 new, 1 better; 0 the same\n"
    assert run("compare", old, new) == (0, expected, "")


def test_what_is_known_of_a_report_and_of_a_recording(run, good, tmp_path):
    (tmp_path / "report.json").write_text(of(result(PING), result(TEXT, Verdict.FAIL)).dump())
    known = tmp_path / "known.toml"
    known.write_text('[cases."5.2/text"]\nverdict = "FAIL"\nreason = "so"\n')
    assert run("render", tmp_path / "report.json", "--expect", known, "-q") == (0, "conformant but for 1 known\n", "")
    assert run("server", good, "--cases", "2.1", "--keep", tmp_path / "kept", "-q")[0] == 0
    code, output, _ = run("judge", tmp_path / "kept", "--role", "server", "--json", "-")
    kept = json.loads(output)["results"][0]["id"]
    known.write_text(f'[cases."{kept}"]\nverdict = "FAIL"\nreason = "not seen"\n')
    assert code == 0
    code, output, _ = run("judge", tmp_path / "kept", "--role", "server", "--expect", known, "-q")
    assert (code, output) == (1, "not conformant: 1 not as expected\n")


def test_render(run, tmp_path):
    (tmp_path / "report.json").write_text(sample().dump())
    code, output, _ = run(
        "render", tmp_path / "report.json", "--html", tmp_path / "page", "--junit", tmp_path / "junit"
    )
    assert code == 1
    assert "5.2/text" in output
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "page", "junit"}


def test_the_cases_are_listed(run):
    code, output, _ = run("cases", "--json", "--role", "client", "--section", "5.5")
    told = json.loads(output)
    assert code == 0
    assert all("client" in one["roles"] and one["section"].startswith("rfc6455:5.5") for one in told)
    (ping,) = [one for one in told if one["alias"] == "2.5"]
    assert ping["clauses"][0]["level"] == "MUST"
    assert ping["allowed"][0] == {
        "outcome": "fails the connection with 1002",
        "verdict": "PASS",
        "why": "1002 is the status code of that",
    }
    _, output, _ = run("cases")
    assert len(output.splitlines()) == len(all_cases())


def test_what_no_case_can_show_is_listed(run):
    code, output, error = run("cases", "--uncovered")
    assert (code, error) == (0, "")
    rows = [line.split("\t") for line in output.splitlines()]
    assert {row[0]: row[2] for row in rows} == not_shown()
    assert ("rfc6455:5.4-p14-s1", "MUST NOT") in [(row[0], row[1]) for row in rows]
    told = json.loads(run("cases", "--uncovered", "--json")[1])
    assert [list(one.values()) for one in told] == rows
    code, _, error = run("cases", "--uncovered", "--section", "5.5")
    assert (code, error.count("\n"), "chooses no cases" in error) == (2, 1, True)


def test_without_the_extra_it_says_what_to_install(run, monkeypatch, tmp_path):
    (tmp_path / "report.json").write_text(of(result(PING)).dump())
    monkeypatch.setitem(sys.modules, "jinja2", None)
    code, _, error = run("render", tmp_path / "report.json", "--html", tmp_path / "page")
    assert (code, error) == (1, "refws: the page needs jinja2; install it with: pip install 'refws[oracle]'\n")
    assert not Path(tmp_path / "page").exists()
    assert run("render", tmp_path / "report.json", "--badge", tmp_path / "badge", "-q") == (0, "conformant\n", "")


# The GitHub Action

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "refws-oracle"
REFWS_OF_A_WORKFLOW = """\
#!{python}
import json, os, sys
with open(os.environ["SAID"], "w") as file:
    json.dump(sys.argv[1:], file)
print("1 case: 1 PASS")
print(os.environ["WORDS"])
sys.exit(int(os.environ["CODE"]))
"""


@pytest.fixture
def judge_step(tmp_path):
    """Runs the step of the action that judges; (exit code, what it printed, what refws was called with)."""
    refws = tmp_path / "refws"
    refws.write_text(REFWS_OF_A_WORKFLOW.format(python=sys.executable))
    refws.chmod(0o755)
    names = ("SERVER", "CLIENT", "CASES", "SECTION", "EXCLUDE", "EXPECT", "ARGUMENTS", "WORDS")
    inputs = dict.fromkeys(names, "") | {"JOBS": "1", "WAIT": "0", "REPORT": "report", "CODE": "0"}
    inputs |= {"REFWS": str(refws), "SAID": str(tmp_path / "said"), "RUNNER_TEMP": str(tmp_path)}
    inputs |= {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}

    def step(**given):
        command = ["bash", str(ACTION / "judge.sh")]
        environment = {"PATH": os.environ["PATH"]} | inputs | given
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        said = tmp_path / "said"
        return done.returncode, done.stdout + done.stderr, json.loads(said.read_text()) if said.exists() else None

    return step


def test_the_action_judges_a_server(judge_step, tmp_path):
    hostile = "1-10; echo $(id) 'x"
    code, output, said = judge_step(
        SERVER="ws://127.0.0.1:1", CASES=hostile, ARGUMENTS="--origin=https://a b\n-v\n", WORDS="conformant"
    )
    assert (code, output) == (0, "1 case: 1 PASS\nconformant\n")
    options = [f"--cases={hostile}", "--origin=https://a b", "-v", "--jobs=1", "--report=report"]
    assert said == ["oracle", "server", "ws://127.0.0.1:1", *options]
    outputs = (tmp_path / "output").read_text().splitlines()
    assert outputs == ["exit-code=0", "report=report/report.json", "badge=report/badge.svg"]
    assert "conformant" in (tmp_path / "summary").read_text()


def test_the_action_fails_as_the_oracle_does(judge_step):
    code, output, said = judge_step(CLIENT="a {url}", CODE="1", WORDS="not conformant: 1 FAIL")
    assert (code, said[:4]) == (1, ["oracle", "client", "--port=0", "--exec=a {url}"])
    assert output.endswith("::error::refws oracle: not conformant: 1 FAIL\n")
    code, output, _ = judge_step(SERVER="ws://127.0.0.1:1", CODE="2")
    assert (code, "could not tell" in output) == (2, True)


def test_the_action_wants_one_testee(judge_step):
    assert judge_step() == (2, "::error::refws oracle: give either server or client\n", None)
    assert judge_step(SERVER="ws://a", CLIENT="b")[0] == 2


def test_the_action_uses_what_it_declares():
    text = (ACTION / "action.yml").read_text()
    declared = text.partition("\noutputs:")[0].partition("\ninputs:")[2]
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(re.findall(r"^  ([a-z-]+):$", declared, re.MULTILINE))
    handed = set(re.findall(r"^        ([A-Z]+): \$", text, re.MULTILINE)) - {"PACKAGE"}
    script = (ACTION / "judge.sh").read_text()
    assert len(handed) == 10
    assert handed <= set(re.findall(r"\$\{?([A-Z]+)", script)) | {"WAIT"}
    assert "WAIT" in script
