"""Happy eyeballs, unix sockets, and sockets that are connected already."""

import asyncio
import socket

import pytest
from peers import Raw, answer, asyncio_test, close_frame, echo, until
from test_client import addresses, trusting_contexts

import refws
from refws.host.aio.addresses import first_of, resolve, turn_for
from refws.host.reaching.addresses import Address, interleaved

FOUR, SIX = socket.AF_INET, socket.AF_INET6


@pytest.mark.parametrize(
    ("families", "order"),
    [([6, 6, 6, 4, 4], "0 3 1 4 2"), ([4, 6, 6], "0 1 2"), ([4, 4, 6], "0 2 1"), ([6, 6], "0 1"), ([4], "0"), ([], "")],
)
def test_families_take_turns(families, order):
    found = [Address({4: FOUR, 6: SIX}[family], (str(n), 80)) for n, family in enumerate(families)]
    assert " ".join(address.place[0] for address in interleaved(found)) == order


class Attempts:
    """Attempts to connect that end when a test says so."""

    def __init__(self):
        self.begun, self.given_back = {}, []

    async def __call__(self, address):
        self.begun[address] = asyncio.get_running_loop().create_future()
        try:
            return await self.begun[address]
        except asyncio.CancelledError:
            self.begun[address] = "cancelled"
            raise

    def race(self, delay, *addresses):
        return asyncio.create_task(first_of(addresses, self, delay, self.given_back.append))


@asyncio_test
async def test_an_attempt_that_fails_lets_the_next_begin():
    attempts = Attempts()
    racing = attempts.race(None, "a", "b", "c")
    await until(lambda: "a" in attempts.begun)
    attempts.begun["a"].set_exception(OSError("a is not there"))
    await until(lambda: "b" in attempts.begun)
    attempts.begun["b"].set_result("connected to b")
    assert await racing == "connected to b"
    assert list(attempts.begun) == ["a", "b"]


@asyncio_test
async def test_one_that_does_not_answer_does_not_keep_the_next_from_being_tried():
    attempts = Attempts()
    racing = attempts.race(0.001, "a", "b")
    await until(lambda: "b" in attempts.begun)
    attempts.begun["b"].set_result("connected to b")
    assert await racing == "connected to b"
    assert attempts.begun["a"] == "cancelled"


@asyncio_test
async def test_the_first_may_still_win_after_the_next_has_begun():
    attempts = Attempts()
    racing = attempts.race(0.001, "a", "b")
    await until(lambda: "b" in attempts.begun)
    attempts.begun["a"].set_result("connected to a")
    assert await racing == "connected to a"
    assert attempts.begun["b"] == "cancelled"


@asyncio_test
async def test_the_last_is_waited_for_when_those_before_it_have_failed():
    attempts = Attempts()
    racing = attempts.race(0.001, "a", "b")
    await until(lambda: "b" in attempts.begun)
    attempts.begun["a"].set_exception(OSError("a is not there"))
    await asyncio.wait([racing], timeout=0.005)
    attempts.begun["b"].set_result("connected to b")
    assert await racing == "connected to b"


@asyncio_test
async def test_where_two_succeed_at_once_one_is_given_back():
    attempts = Attempts()
    racing = attempts.race(0.001, "a", "b")
    await until(lambda: "b" in attempts.begun)
    for address in "ab":
        attempts.begun[address].set_result(address)
    assert {await racing, *attempts.given_back} == {"a", "b"}
    assert len(attempts.given_back) == 1


@asyncio_test
async def test_where_all_fail_the_first_failure_counts_and_tells_of_the_others():
    attempts = Attempts()
    racing = attempts.race(None, "a", "b")
    for address in "ab":
        await until(lambda address=address: address in attempts.begun)
        attempts.begun[address].set_exception(OSError(f"{address} is not there"))
    with pytest.raises(OSError, match="a is not there") as caught:
        await racing
    assert caught.value.__notes__ == ["b is not there"]


@asyncio_test
async def test_whoever_gives_up_leaves_no_attempt_behind():
    attempts = Attempts()
    racing = attempts.race(0.001, "a", "b")
    await until(lambda: "b" in attempts.begun)
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert set(attempts.begun.values()) == {"cancelled"}


@pytest.mark.clause("rfc6455:4.1-p5-s1", "rfc6455:4.1-p14-s1")
@asyncio_test
async def test_an_address_that_swallows_everything_costs_the_delay_only(monkeypatch):
    swallowed = []

    async def sock_connect(self, sock, address):
        if address[0] == "127.0.0.2":
            swallowed.append(sock)
            await self.create_future()
        await real(self, sock, address)

    loop = asyncio.SelectorEventLoop
    real = loop.sock_connect
    monkeypatch.setattr(loop, "sock_connect", sock_connect)
    with addresses(monkeypatch, "127.0.0.2", "127.0.0.1"):
        async with refws.serve(echo) as server:
            uri = f"ws://both.example:{server.port}"
            async with refws.connect(uri, happy_eyeballs_delay=0.001) as ws:
                assert ws.transport.get_extra_info("peername")[0] == "127.0.0.1"
            patient = asyncio.create_task(refws.connect(uri, happy_eyeballs_delay=None)._open())
            await until(lambda: len(swallowed) == 2)
            patient.cancel()
            with pytest.raises(asyncio.CancelledError):
                await patient
    assert [sock.fileno() for sock in swallowed] == [-1, -1]


@pytest.mark.clause("rfc6455:4.1-p5-s1", "rfc6455:4.1-p5-s3")
@asyncio_test
async def test_while_one_address_is_being_connected_to_another_of_the_host_is_free(monkeypatch):
    async with refws.serve(echo, "127.0.0.2") as server, turn_for(("127.0.0.1", server.port)):
        with addresses(monkeypatch, "127.0.0.1", "127.0.0.2"):
            uri = f"ws://both.example:{server.port}"
            with pytest.raises(TimeoutError):
                await refws.connect(uri, happy_eyeballs_delay=None, open_timeout=0.01)
            async with refws.connect(uri, happy_eyeballs_delay=0.001) as ws:
                assert ws.transport.get_extra_info("peername")[0] == "127.0.0.2"


@asyncio_test
async def test_a_name_is_looked_up_once(monkeypatch):
    asked = []
    # The inner patch goes before the outer one does, or that would be put back for good.
    with addresses(monkeypatch, "127.0.0.2", "127.0.0.1"), monkeypatch.context() as patch:
        found = asyncio.BaseEventLoop.getaddrinfo

        async def getaddrinfo(self, host, *rest, **options):
            asked.append(host)
            return await found(self, host, *rest, **options)

        patch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
        async with refws.serve(echo) as server:
            asked.clear()
            async with refws.connect(f"ws://both.example:{server.port}"):
                pass
    assert asked == ["both.example"]


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", (FOUR, ("127.0.0.1", 80))), ("::1", (SIX, ("::1", 80, 0, 0)))]
)
@asyncio_test
async def test_an_address_is_not_looked_up(monkeypatch, host, address):
    monkeypatch.delattr(asyncio.BaseEventLoop, "getaddrinfo")
    assert await resolve(host, 80) == [address]


@asyncio_test
async def test_a_name_that_nobody_knows(monkeypatch):
    async def getaddrinfo(self, host, *_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    with pytest.raises(socket.gaierror, match="not known"):
        await refws.connect("ws://nobody.example/")


# Unix sockets, and those that are given


@asyncio_test
async def test_a_unix_socket(tmp_path):
    path = str(tmp_path / "s")
    async with refws.serve(echo, path=path), refws.connect("ws://example.org/x", path=path) as ws:
        assert ws.request.headers.get("Host") == "example.org"
        await ws.send("x")
        assert await ws.recv() == "x"
        assert ws.uri == "ws://example.org/x"


@asyncio_test
async def test_tls_over_a_unix_socket(tmp_path):
    serving, connecting = trusting_contexts("named.example")
    path = str(tmp_path / "s")
    async with (
        refws.serve(echo, path=path, tls=serving),
        refws.connect("wss://named.example", path=path, tls=connecting) as ws,
    ):
        await ws.send("x")
        assert await ws.recv() == "x"


@asyncio_test
async def test_a_unix_socket_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        await refws.connect("ws://localhost", path=str(tmp_path / "s"))


@asyncio_test
async def test_a_socket_that_is_connected_already():
    async with refws.serve(echo) as server:
        sock = socket.create_connection(("127.0.0.1", server.port))
        async with refws.connect("ws://example.org/", sock=sock) as ws:
            assert ws.request.headers.get("Host") == "example.org"
            await ws.send("x")
            assert await ws.recv() == "x"
        assert sock.fileno() == -1


@asyncio_test
async def test_one_of_a_pair_of_sockets():
    ours, theirs = socket.socketpair()

    async def serve():
        raw = Raw(*await asyncio.open_connection(sock=theirs))
        await answer(raw)
        raw.send(close_frame(1000, mask=False))
        await raw.frame()
        await raw.close()

    serving = asyncio.create_task(serve())
    async with refws.connect("ws://localhost", sock=ours) as ws:
        assert [message async for message in ws] == []
    await serving


@pytest.mark.clause("rfc6455:4.1-p5-s1")
@asyncio_test
async def test_a_given_socket_that_is_not_connected_is_closed():
    sock = socket.socket()
    with pytest.raises(OSError, match="connected"):
        await refws.connect("ws://localhost", sock=sock)
    assert sock.fileno() == -1


@asyncio_test
async def test_a_given_socket_waits_for_its_turn_and_is_closed_where_that_does_not_come():
    async with refws.serve(echo) as server:
        sock = socket.create_connection(("127.0.0.1", server.port))
        async with turn_for(("127.0.0.1", server.port)):
            with pytest.raises(TimeoutError):
                await refws.connect(server.uri, sock=sock, open_timeout=0.01)
        assert sock.fileno() == -1


@pytest.mark.parametrize(
    "options",
    [
        {"path": "/x", "sock": socket.socket.__new__(socket.socket)},
        {"path": "/x", "proxy": "http://127.0.0.1:1"},
        {"sock": socket.socket.__new__(socket.socket), "proxy": lambda uri: None},
    ],
)
def test_there_is_one_way(options):
    with pytest.raises(refws.UsageError, match="exclude each other"):
        refws.connect("ws://127.0.0.1/", **options)


def test_a_system_without_unix_sockets(monkeypatch):
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(refws.UsageError, match="no unix sockets"):
        refws.connect("ws://127.0.0.1/", path="/x")
