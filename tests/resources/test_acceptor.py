"""Acceptors: the dispatch table, plain HTTP beside it, TLS, unix sockets, and the end."""

import asyncio
import contextlib
import os
import signal
import ssl
import sys
from functools import partial

import pytest
import trustme
from serving import Recorder, end_of, on_both_hosts, raw_to, serving, status_of, stop, tcp_to, went_wrong

import refws
from refws.resources import Acceptor, Resource, SSLAcceptor
from tests.host.peers import CLOSE, TEXT, Raw, asyncio_test, frame, request, until


def get(target="/"):
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


# The dispatch table


@on_both_hosts
@asyncio_test
async def test_the_first_function_with_a_resource_wins_and_each_is_asked_once(host):
    room, asked = Recorder(), []

    def nothing(request):
        asked.append(("nothing", request.path))

    def found(request):
        asked.append(("found", request.path))
        return room

    def never(request):
        raise AssertionError("asked behind the first hit")

    async with (
        serving(host, dispatch_table=[nothing, found, never]) as acceptor,
        refws.connect(f"{acceptor.uri}/here?name=Ada") as ws,
    ):
        for message in ("a", "b"):
            await ws.send(message)
            assert await ws.recv() == message
        assert asked == [("nothing", "/here"), ("found", "/here")]
        assert [client.request.target for client in room.clients] == ["/here?name=Ada"]


@on_both_hosts
@asyncio_test
async def test_the_table_can_change_while_it_is_served(host):
    table = []
    async with serving(host, dispatch_table=table) as acceptor:
        assert await status_of(acceptor) == 404
        room = Recorder()
        table.append(lambda request: room)
        assert await status_of(acceptor) == 101


@pytest.mark.clause("rfc6455:4.2.2-p9-s3")
@pytest.mark.parametrize(("answer", "status"), [(None, 404), (299, 404), (300, 300), (401, 401)])
@on_both_hosts
@asyncio_test
async def test_a_handshake_for_what_is_not_there_gets_an_http_error(host, answer, status):
    def http(request):
        return None if answer is None else refws.Response(answer)

    async with serving(host, dispatch_table=[lambda request: None], http=http) as acceptor, tcp_to(acceptor) as raw:
        raw.send(request())
        got, fields, _ = await raw.response()
        assert (got, "sec-websocket-accept" in dict(fields)) == (status, False)


@pytest.mark.clause("rfc6455:4.2.2-p9-s3")
@on_both_hosts
@asyncio_test
async def test_http_and_websocket_on_one_port_and_one_connection(host):
    room, asked = Recorder(), []

    def dispatch(request):
        asked.append(request.path)
        return room

    def http(request):
        return refws.Response(200, body=b"a page\n") if request.path == "/page" else None

    async with serving(host, dispatch_table=[dispatch], http=http) as acceptor, tcp_to(acceptor) as raw:
        raw.send(get("/page"))
        status, _, body = await raw.response()
        assert (status, body) == (200, b"a page\n")
        raw.send(get("/none"))
        status, _, body = await raw.response()
        assert (status, body) == (404, b"not found\n")
        assert asked == []
        raw.send(request() + frame(TEXT, b"hello"))
        assert (await raw.head())[0].split()[1] == "101"
        assert await raw.frame() == (TEXT, b"hello")
        assert asked == ["/"]


@pytest.mark.parametrize("where", ["dispatch_table", "http"])
@on_both_hosts
@asyncio_test
async def test_a_function_that_raises_is_500_and_logged(host, where, caplog):
    def fail(request):
        raise LookupError("of the table")

    options = {"dispatch_table": [fail]} if where == "dispatch_table" else {"dispatch_table": [], "http": fail}
    async with serving(host, **options) as acceptor, tcp_to(acceptor) as raw:
        raw.send(request())
        assert (await raw.response())[0] == 500
        assert await raw.reader.read() == b""
    assert went_wrong(caplog) == ["choosing the answer to a request failed"]


@on_both_hosts
@asyncio_test
async def test_what_is_no_resource_is_500_and_named(host, caplog):
    async with serving(host, dispatch_table=[lambda request: "lobby"]) as acceptor:
        assert await status_of(acceptor) == 500
    assert "returns a Resource or None, not 'lobby'" in caplog.text


@asyncio_test
async def test_functions_of_the_table_can_be_coroutines():
    room = Recorder()

    async def nothing(request):
        await asyncio.sleep(0)

    async def http(request):
        await asyncio.sleep(0)
        return refws.Response(410) if request.path == "/gone" else None

    async def found(request):
        return room if request.path == "/" else None

    table = [nothing, lambda request: None, found]
    async with serving("asyncio", dispatch_table=table, http=http) as acceptor:
        assert [await status_of(acceptor, target=target) for target in ("/", "/gone", "/none")] == [101, 410, 404]


@asyncio_test
async def test_a_coroutine_of_the_table_that_raises_is_500_and_logged(caplog):
    async def fail(request):
        raise LookupError("of the table")

    async with serving("asyncio", dispatch_table=[fail]) as acceptor:
        assert await status_of(acceptor) == 500
    assert went_wrong(caplog) == ["choosing the answer to a request failed"]


async def a_coroutine(request):
    raise AssertionError("nobody awaits it")


@pytest.mark.parametrize("options", [{"dispatch_table": [a_coroutine]}, {"dispatch_table": [], "http": a_coroutine}])
def test_with_threads_a_coroutine_of_the_table_is_refused_at_the_start(options):
    with pytest.raises(refws.UsageError, match="with threads, the functions"):
        Acceptor(threads=True, **options).start()


@asyncio_test
async def test_with_threads_a_coroutine_that_nobody_could_foresee_is_500_and_logged(caplog):
    async with serving("threads", dispatch_table=[partial(lambda ask, request: ask(request), a_coroutine)]) as acceptor:
        assert await status_of(acceptor) == 500
    assert went_wrong(caplog) == ["choosing the answer to a request failed"]


# Where it listens


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The files of a certificate and its key, and a client's context that trusts it."""
    folder = tmp_path_factory.mktemp("tls")
    authority, context = trustme.CA(), ssl.create_default_context()
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(folder / "chain.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    authority.configure_trust(context)
    return folder / "chain.pem", folder / "key.pem", context


@pytest.mark.clause("rfc6455:10.6-p1-s2/1")
@pytest.mark.parametrize("given", ["files", "context"])
@on_both_hosts
@asyncio_test
async def test_tls(host, given, certificates):
    chain, key, trust = certificates
    options = {"certificate": chain, "key": key}
    if given == "context":
        options = {"tls": ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)}
        options["tls"].load_cert_chain(chain, key)
    room = Recorder()
    acceptor = SSLAcceptor(dispatch_table=[lambda request: room], threads=host == "threads", **options)
    await acceptor.start()
    try:
        assert acceptor.uri == f"wss://127.0.0.1:{acceptor.port}"
        async with refws.connect(acceptor.uri, tls=trust) as ws:
            await ws.send("inside")
            assert await ws.recv() == "inside"
    finally:
        await stop(acceptor)


@pytest.mark.parametrize(
    ("options", "why"),
    [({}, "wants a certificate"), ({"certificate": "/none.pem"}, "cannot use the certificate /none.pem")],
)
def test_tls_without_a_certificate(options, why):
    with pytest.raises(refws.UsageError, match=why):
        SSLAcceptor(dispatch_table=[], **options)


@on_both_hosts
@asyncio_test
async def test_a_unix_socket(host, tmp_path):
    path, room = tmp_path / "socket", Recorder()
    async with serving(host, room, path=path) as acceptor:
        assert acceptor.uri == "ws://localhost"
        raw = Raw(*await asyncio.open_unix_connection(path))
        raw.send(request() + frame(TEXT, b"hello"))
        assert (await raw.head())[0].split()[1] == "101"
        assert await raw.frame() == (TEXT, b"hello")
        assert [client.remote_address for client in room.clients] == [""]
        await raw.close()
    assert not path.exists()


@on_both_hosts
@asyncio_test
async def test_more_clients_than_the_limit_are_503(host):
    async with serving(host, Recorder(), max_clients=1) as acceptor, raw_to(acceptor):
        assert await status_of(acceptor) == 503


# The end


@pytest.mark.clause("rfc6455:7.4.1-p5-s1", "rfc6455:7.3-p1-s3")
@on_both_hosts
@asyncio_test
async def test_a_graceful_stop_closes_every_client_and_tells_the_resources(host):
    rooms = Recorder(), Recorder()
    async with serving(host, *rooms) as acceptor, contextlib.AsyncExitStack() as stack:
        targets = ["/", "/", "/1"]
        clients = [await stack.enter_async_context(refws.connect(f"{acceptor.uri}{target}")) for target in targets]
        ends = [asyncio.create_task(end_of(ws)) for ws in clients]
        await until(lambda: [len(room.clients) for room in rooms] == [2, 1])
        await stop(acceptor)
        assert [room.clients for room in rooms] == [[], []]
        assert [call[:2] for room in rooms for call in room.calls if call[0] == "disconnected"] == [
            ("disconnected", target) for target in targets
        ]
        assert await asyncio.gather(*ends) == [([], refws.Close(1001, "the server stops"))] * 3


@on_both_hosts
@asyncio_test
async def test_a_hard_stop_waits_for_no_client(host):
    room = Recorder()
    async with serving(host, room) as acceptor, raw_to(acceptor) as raw:
        await until(lambda: room.clients)
        await stop(acceptor, soft=False)
        assert room.calls[-1] == ("disconnected", "/", False)
        with contextlib.suppress(ConnectionResetError):
            assert await raw.reader.read() == b""


@on_both_hosts
@asyncio_test
async def test_a_handler_can_stop_its_acceptor(host):
    class Stopper(Resource):
        def text_message_received(self, client, message):
            return acceptor.stop()

    async with serving(host, Stopper()) as acceptor, refws.connect(acceptor.uri) as ws:
        await ws.send("stop")
        assert await end_of(ws) == ([], refws.Close(1001, "the server stops"))


@asyncio_test
async def test_a_handler_that_is_stuck_is_cancelled_and_its_client_has_left():
    class Stuck(Recorder):
        async def text_message_received(self, client, message):
            await asyncio.Event().wait()

    room = Stuck()
    async with serving("asyncio", room, close_timeout=0.05) as acceptor, refws.connect(acceptor.uri) as ws:
        await ws.send("x")
        await until(lambda: room.clients)
        await acceptor.stop()
        assert (room.clients, room.calls[-1]) == ([], ("disconnected", "/", False))
        assert await end_of(ws) == ([], refws.Close(1001, "the server stops"))


@on_both_hosts
@asyncio_test
async def test_an_acceptor_starts_once_and_again_after_a_stop(host):
    acceptor = Acceptor(dispatch_table=[], threads=host == "threads")
    with pytest.raises(refws.UsageError, match="does not listen"):
        _ = acceptor.uri
    for _ in range(2):
        assert await acceptor.start() is acceptor
        with pytest.raises(refws.UsageError, match="listens already"):
            acceptor.start()
        assert await status_of(acceptor) == 404
        await stop(acceptor)
        await stop(acceptor)
    with pytest.raises(refws.UsageError, match="does not listen"):
        _ = acceptor.port


@asyncio_test
async def test_an_acceptor_with_threads_serves_in_any_thread_until_another_stops_it():
    uris = asyncio.Queue()
    loop, acceptor = asyncio.get_running_loop(), Acceptor(dispatch_table=[], threads=True)

    def announce(uri):
        loop.call_soon_threadsafe(uris.put_nowait, uri)

    serving = asyncio.create_task(asyncio.to_thread(acceptor.serve_forever, announce))
    assert await uris.get() == acceptor.uri
    assert await status_of(acceptor) == 404
    await stop(acceptor)
    await serving


@asyncio_test
async def test_an_acceptor_is_a_context():
    async with Acceptor(dispatch_table=[]) as acceptor:
        assert await status_of(acceptor) == 404
    with Acceptor(dispatch_table=[], threads=True) as acceptor:
        assert await status_of(acceptor) == 404
    with pytest.raises(refws.UsageError, match="async with"), Acceptor(dispatch_table=[]):
        pass
    with pytest.raises(refws.UsageError, match="async with"):
        Acceptor(dispatch_table=[]).serve_forever()


@on_both_hosts
@asyncio_test
async def test_a_port_that_is_taken(host):
    async with serving(host) as acceptor:
        with pytest.raises(OSError, match="ddress already in use"):
            await Acceptor(acceptor.port, dispatch_table=[], threads=host == "threads").start()


PROGRAM = """
import sys
from refws.resources import Acceptor, Resource


class Echo(Resource):
    def text_message_received(self, client, message):
        if message == "hang":
            {hang}
        client.send_text(message)

    def client_disconnected(self, client):
        print("left", flush=True)


echo = Echo()
acceptor = Acceptor(dispatch_table=[lambda request: echo], threads={threads}, close_timeout={close_timeout})
acceptor.serve_forever(lambda uri: print(uri, flush=True))
print("stopped", acceptor._server, flush=True)
"""


@contextlib.asynccontextmanager
async def program(host, hang="pass", close_timeout=10):
    source = PROGRAM.format(hang=hang, threads=host == "threads", close_timeout=close_timeout)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", source, stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@on_both_hosts
@asyncio_test
async def test_a_signal_stops_gracefully(host, number):
    async with program(host) as (process, uri), refws.connect(uri) as ws:
        await ws.send("hello")
        assert await ws.recv() == "hello"
        process.send_signal(number)
        assert await end_of(ws) == ([], refws.Close(1001, "the server stops"))
        assert await process.stdout.read() == b"left\nstopped None\n"
        assert await process.wait() == 0


@on_both_hosts
@asyncio_test
async def test_a_second_signal_does_not_wait_for_clients(host):
    async with program(host, close_timeout=None) as (process, uri):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(uri.rpartition(":")[2]))
        raw = Raw(reader, writer)
        raw.send(request() + frame(TEXT, b"hello"))
        await raw.head()
        assert await raw.frame() == (TEXT, b"hello")
        process.send_signal(signal.SIGTERM)
        # A client that does not answer.
        assert await raw.frame() == (CLOSE, b"\x03\xe9the server stops")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        await raw.close()
