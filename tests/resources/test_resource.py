"""Resources: what is called and in which order, policy, and handlers that fail."""

import asyncio
import re
import threading

import pytest
from serving import Recorder, end_of, on_both_hosts, raw_to, serving, status_of, tcp_to, went_wrong

import refws
from refws.resources import Client, Resource, any_origin
from tests.host.peers import BINARY, CLOSE, PONG, TEXT, asyncio_test, close_frame, frame, request, until

# The order of the calls


class Diary(Resource):
    """Notes every call."""

    def __init__(self):
        self.calls = []

    def note(self, *call):
        self.calls.append((*call, len(self.clients)))

    def client_connected(self, client):
        self.note("client_connected")

    def client_disconnected(self, client):
        self.note("client_disconnected")

    def check_message(self, client, opcode, fragment_length, total_length):
        self.note("check_message", opcode, fragment_length, total_length)

    def text_message_received(self, client, message):
        self.note("text", message)

    def binary_message_received(self, client, message):
        self.note("binary", message)


class AsyncDiary(Diary):
    """The same with coroutines, each of which lets the others go on."""

    async def client_connected(self, client):
        await asyncio.sleep(0)
        super().client_connected(client)

    async def client_disconnected(self, client):
        await asyncio.sleep(0)
        super().client_disconnected(client)

    async def text_message_received(self, client, message):
        await asyncio.sleep(0)
        super().text_message_received(client, message)

    async def binary_message_received(self, client, message):
        await asyncio.sleep(0)
        super().binary_message_received(client, message)


@pytest.mark.clause("rfc6455:6.2-p1-s8", "rfc6455:6.2-p1-s9", "rfc6455:5.4-p17-s1")
@pytest.mark.parametrize(
    ("host", "diary"),
    [("asyncio", Diary), ("asyncio", AsyncDiary), ("threads", Diary)],
    ids=["asyncio", "async", "threads"],
)
@asyncio_test
async def test_the_order_of_the_calls(host, diary):
    diary = diary()
    async with serving(host, diary) as acceptor, tcp_to(acceptor) as raw:
        # All of it in one segment, behind the request: a binary message in fragments, between them a Ping.
        raw.send(
            request()
            + frame(TEXT, b"one")
            + frame(0x02, b"tw")
            + frame(0x89, b"ping")
            + frame(0x80, b"o")
            + frame(TEXT, b"")
            + close_frame(1000)
        )
        await raw.head()
        assert await raw.frames_to_the_end() == [(PONG, b"ping"), (CLOSE, b"\x03\xe8")]
        await until(lambda: diary.calls[-1][0] == "client_disconnected")
    checks = [call for call in diary.calls if call[0] == "check_message"]
    assert [call[1:4] for call in checks] == [(1, 3, 3), (2, 2, 2), (2, 1, 3), (1, 0, 0)]
    others = [call for call in diary.calls if call[0] != "check_message"]
    assert others == [
        ("client_connected", 1),
        ("text", "one", 1),
        ("binary", b"two", 1),
        ("text", "", 1),
        ("client_disconnected", 0),
    ]


@on_both_hosts
@asyncio_test
async def test_a_check_comes_before_the_payload(host):
    diary = Diary()
    async with serving(host, diary) as acceptor, raw_to(acceptor) as raw:
        whole = frame(TEXT, b"payload")
        raw.send(whole[:6])
        await until(lambda: len(diary.calls) == 2)
        assert sorted(diary.calls) == [("check_message", 1, 7, 7, 1), ("client_connected", 1)]
        raw.send(whole[6:])
        await until(lambda: ("text", "payload", 1) in diary.calls)


@on_both_hosts
@asyncio_test
async def test_whoever_leaves_misses_the_broadcast(host):
    class Room(Recorder):
        def client_disconnected(self, client):
            super().client_disconnected(client)
            self.broadcast("somebody has left")

    room = Room()
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri) as stays:
        async with refws.connect(acceptor.uri) as leaves:
            await until(lambda: len(room.clients) == 2)
        assert await stays.recv() == "somebody has left"
        assert await end_of(leaves) == ([], refws.Close(1000))
    assert room.calls.count(("disconnected", "/", False)) == 2


@on_both_hosts
@asyncio_test
async def test_clients_is_a_snapshot(host):
    room = Recorder()
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri):
        await until(lambda: room.clients)
        before = room.clients
        async with refws.connect(acceptor.uri):
            await until(lambda: len(room.clients) == 2)
            assert len(before) == 1
        before.clear()
        assert room.clients


@asyncio_test
async def test_two_clients_do_not_wait_for_each_other_and_one_does_for_itself():
    gate, seen = asyncio.Event(), []

    class Room(Resource):
        async def text_message_received(self, client, message):
            if message == "wait":
                await gate.wait()
            seen.append(message)
            await client.send_text(message)

    async with (
        serving("asyncio", Room()) as acceptor,
        refws.connect(acceptor.uri) as one,
        refws.connect(acceptor.uri) as other,
    ):
        await one.send("wait")
        await one.send("behind it")
        await other.send("meanwhile")
        assert await other.recv() == "meanwhile"
        assert seen == ["meanwhile"]
        gate.set()
        assert [await one.recv(), await one.recv()] == ["wait", "behind it"]


@asyncio_test
async def test_in_threads_two_clients_do_not_wait_for_each_other_and_one_does_for_itself():
    gate, seen = threading.Event(), []

    class Room(Resource):
        def text_message_received(self, client, message):
            if message == "wait":
                assert gate.wait(20)
            seen.append(message)
            client.send_text(message)

    async with (
        serving("threads", Room()) as acceptor,
        refws.connect(acceptor.uri) as one,
        refws.connect(acceptor.uri) as other,
    ):
        await one.send("wait")
        await one.send("behind it")
        await other.send("meanwhile")
        assert await other.recv() == "meanwhile"
        assert seen == ["meanwhile"]
        gate.set()
        assert [await one.recv(), await one.recv()] == ["wait", "behind it"]


@asyncio_test
async def test_in_threads_clients_come_and_go_one_by_one_for_the_resource():
    room = Recorder()
    async with serving("threads", room) as acceptor:

        async def come_and_go():
            async with refws.connect(acceptor.uri) as ws:
                await ws.send("hello")
                assert await ws.recv() == "hello"

        await asyncio.gather(*(come_and_go() for _ in range(30)))
        await until(lambda: not room.clients and len(room.calls) == 90)
    assert [room.calls.count(call) for call in [("connected", "/", True), ("disconnected", "/", False)]] == [30, 30]


# Handlers that fail


@pytest.mark.clause("rfc6455:7.4.1-p25-s1")
@pytest.mark.parametrize("where", ["client_connected", "text_message_received", "binary_message_received"])
@on_both_hosts
@asyncio_test
async def test_a_handler_that_raises_closes_its_client_once_and_nobody_else(host, where, caplog):
    class Room(Recorder):
        def fail(self, client, *message):
            if client.request.target != "/1":
                raise LookupError("of the handler")
            for text in message:
                super().text_message_received(client, text)

    room = Room()
    room.client_connected = lambda client: None
    setattr(
        room, where, room.fail if where != "client_connected" else lambda c: c.request.target == "/1" or room.fail(c)
    )
    async with serving(host, room, room) as acceptor, refws.connect(f"{acceptor.uri}/1") as other:
        async with raw_to(acceptor) as raw:
            raw.send(frame(BINARY if where.startswith("binary") else TEXT, b"x"))
            assert await raw.frame() == (CLOSE, b"\x03\xf3the handler failed")
            raw.send(close_frame(1011))
            # No second one, and TCP is closed.
            assert await raw.frames_to_the_end() == []
        await until(lambda: len(room.clients) == 1 and room.calls)
        assert room.calls == [("disconnected", "/", False)]
        await other.send("still here")
        assert await other.recv() == "still here"
    assert went_wrong(caplog) == ["a handler of Room failed"]


@on_both_hosts
@asyncio_test
async def test_a_handler_of_the_end_that_raises_is_logged(host, caplog):
    class Room(Resource):
        def client_disconnected(self, client):
            raise LookupError("of the handler")

    room = Room()
    async with serving(host, room) as acceptor:
        async with refws.connect(acceptor.uri) as ws:
            await until(lambda: room.clients)
        assert ws.close_received == refws.Close(1000)
        await until(lambda: went_wrong(caplog))
    assert went_wrong(caplog) == ["a handler of Room failed"]
    assert room.clients == []


@on_both_hosts
@asyncio_test
async def test_a_handler_can_raise_a_failure_with_its_own_code(host, caplog):
    class Room(Resource):
        def text_message_received(self, client, message):
            raise refws.Failure("rfc6455:7.4.1-p19-s1", 1008, "mind your language")

    async with serving(host, Room()) as acceptor, refws.connect(acceptor.uri) as ws:
        await ws.send("x")
        assert await end_of(ws) == ([], refws.Close(1008, "mind your language"))
    assert went_wrong(caplog) == []


@on_both_hosts
@asyncio_test
async def test_a_message_to_somebody_who_has_gone_is_no_failure_of_the_sender(host, caplog):
    class Room(Recorder):
        def text_message_received(self, client, message):
            if message == "tell the other":
                gone.send_text("too late")
            client.send_text(message)

    room = Room()
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri) as sender:
        await until(lambda: room.clients)
        async with refws.connect(acceptor.uri):
            await until(lambda: len(room.clients) == 2)
            gone = room.clients[1]
        await until(lambda: gone.state is refws.ReadyState.CLOSED)
        await sender.send("tell the other")
        await sender.send("next")
        assert await sender.recv() == "next"
    assert went_wrong(caplog) == []


@pytest.mark.parametrize(
    "name", ["client_connected", "client_disconnected", "text_message_received", "binary_message_received"]
)
@asyncio_test
async def test_in_threads_a_handler_is_def(name, caplog):
    async def handler(self, client, message=None):
        raise AssertionError("nobody awaits it")

    async with serving("threads", type("Room", (Resource,), {name: handler})()) as acceptor:
        assert await status_of(acceptor) == 500
    [said] = went_wrong(caplog)
    assert said.startswith(f"an opening handshake was answered with 500: Room.{name} is async def")
    assert "Traceback" not in caplog.text


@on_both_hosts
@asyncio_test
async def test_a_check_is_def(host, caplog):
    class Room(Resource):
        async def check_message(self, client, opcode, fragment_length, total_length):
            raise AssertionError("nobody awaits it")

    async with serving(host, Room()) as acceptor:
        assert await status_of(acceptor) == 500
    assert "Room.check_message is def" in caplog.text


# Policy


@pytest.mark.clause("rfc6455:7.4.1-p9-s1")
@pytest.mark.parametrize(("first", "kind"), [(TEXT, "text"), (BINARY, "binary")])
@on_both_hosts
@asyncio_test
async def test_a_type_of_message_without_a_handler_is_refused(host, first, kind):
    async with serving(host, Resource()) as acceptor, raw_to(acceptor) as raw:
        raw.send(frame(first, b""))
        assert await raw.frames_to_the_end() == [(CLOSE, f"\x03ëno {kind} messages are taken here".encode("latin-1"))]


@pytest.mark.clause("rfc6455:7.4.1-p21-s1", "rfc6455:10.4-p1-s1")
@pytest.mark.parametrize(
    ("octets", "taken"),
    [
        (frame(BINARY, bytes(65536)), True),
        (frame(BINARY, bytes(65537))[:14], False),
        (frame(0x02, bytes(65536)) + frame(0x00, bytes(65536)) * 14 + frame(0x80, bytes(65536)), True),
        (frame(0x02, bytes(65536)) + frame(0x00, bytes(65536)) * 15 + frame(0x80, b"x")[:6], False),
    ],
    ids=["fragment", "fragment above", "message", "message above"],
)
@on_both_hosts
@asyncio_test
async def test_limits_of_fragments_and_messages_fail_on_the_header(host, octets, taken):
    class Sizes(Resource):
        def binary_message_received(self, client, message):
            client.send_text(str(len(message)))

    async with serving(host, Sizes()) as acceptor, raw_to(acceptor) as raw:
        raw.send(octets)
        first, payload = await raw.frame()
        assert (first, payload[:2] == b"\x03\xf1") == ((TEXT, False) if taken else (CLOSE, True))


@on_both_hosts
@asyncio_test
async def test_the_limits_are_attributes(host):
    room = Recorder()
    room.max_fragment_size, room.max_message_size = 3, 4
    async with serving(host, room) as acceptor:
        for octets, code in [
            (frame(TEXT, b"four"), 1009),
            (frame(0x01, b"thr") + frame(0x80, b"ee"), 1009),
        ]:
            async with raw_to(acceptor) as raw:
                raw.send(octets)
                [(_, payload)] = await raw.frames_to_the_end()
                assert int.from_bytes(payload[:2], "big") == code
        room.max_fragment_size = room.max_message_size = None
        async with refws.connect(acceptor.uri) as ws:
            await ws.send("long" * 1000)
            assert await ws.recv() == "long" * 1000


def test_the_check_that_is_there_knows_the_limits():
    room = Resource()
    room.check_message(None, 1, 65536, 1 << 20)
    for lengths in [(65537, 65537), (1, (1 << 20) + 1)]:
        with pytest.raises(refws.Failure) as failed:
            room.check_message(None, 2, *lengths)
        assert (failed.value.status, failed.value.clause) == (1009, "rfc6455:10.4-p1-s1")
    room.max_fragment_size = room.max_message_size = None
    room.check_message(None, 2, 1 << 40, 1 << 40)


@on_both_hosts
@asyncio_test
async def test_a_check_of_ones_own_refuses_with_its_code_and_still_has_the_limits(host):
    class Room(Recorder):
        def check_message(self, client, opcode, fragment_length, total_length):
            if client.request.target == "/1":
                raise refws.Failure("rfc6455:7.4.1-p19-s1", 1008, "not from there")

    room = Room()
    async with serving(host, room, room) as acceptor:
        async with refws.connect(f"{acceptor.uri}/1") as ws:
            await ws.send("x")
            assert await end_of(ws) == ([], refws.Close(1008, "not from there"))
        async with refws.connect(acceptor.uri, extensions=()) as ws:
            await ws.send("x")
            assert await ws.recv() == "x"
            await ws.send("x" * 65537)
            assert (await end_of(ws))[1].code == 1009


@on_both_hosts
@asyncio_test
async def test_a_full_resource_is_503(host):
    room = Recorder()
    room.max_clients = 1
    async with serving(host, room) as acceptor:
        async with refws.connect(acceptor.uri):
            await until(lambda: room.clients)
            async with tcp_to(acceptor) as raw:
                raw.send(request())
                status, fields, body = await raw.response()
                assert (status, dict(fields)["retry-after"], body) == (503, "1", b"too many clients\n")
        await until(lambda: not room.clients)
        assert await status_of(acceptor) == 101


@on_both_hosts
@asyncio_test
async def test_whoever_takes_the_last_place_at_the_same_time_is_told_to_come_again(host):
    class Room(Recorder):
        def choose_subprotocol(self, request, offered):
            # Between the question whether there is room, and entering.
            self._enter(Client(self, request))

    room = Room()
    room.max_clients = 1
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri) as ws:
        assert await end_of(ws) == ([], refws.Close(1013, "too many clients"))
    assert room.calls == []


@pytest.mark.clause("rfc6455:10.2-p1-s1", "rfc6455:10.2-p1-s2")
@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        (None, ["http://good.example", "http://bad.example", None]),
        (["http://good.example"], ["http://good.example"]),
        ([re.compile(r"http://(good|better)\.example")], ["http://good.example"]),
        (any_origin(required=True), ["http://good.example", "http://bad.example"]),
        (lambda origin: origin is None, [None]),
    ],
    ids=["all", "list", "pattern", "predicate", "function"],
)
@on_both_hosts
@asyncio_test
async def test_origins(host, policy, taken):
    room = Recorder()
    room.origins = policy
    async with serving(host, room) as acceptor:
        for origin in ["http://good.example", "http://bad.example", None]:
            status = await status_of(acceptor, *([f"Origin: {origin}"] if origin else []))
            assert status == (101 if origin in taken else 403)
    assert len([call for call in room.calls if call[0] == "connected"]) == len(taken)


@on_both_hosts
@asyncio_test
async def test_a_policy_that_raises_is_500_and_logged(host, caplog):
    room = Recorder()
    room.origins = lambda origin: {}[origin]
    async with serving(host, room) as acceptor:
        assert await status_of(acceptor) == 500
    assert went_wrong(caplog) == ["the opening handshake cannot be answered"]


@pytest.mark.clause("rfc6455:4.2.2-p10-s2", "rfc6455:4.2.2-p10-s3")
@pytest.mark.parametrize(
    ("supported", "offered", "chosen"),
    [(["b", "a"], ["a", "b"], "b"), (["c"], ["a", "b"], None), ([], ["a"], None), (["a"], [], None)],
)
@on_both_hosts
@asyncio_test
async def test_the_server_chooses_the_subprotocol(host, supported, offered, chosen):
    room = Recorder()
    room.subprotocols = supported
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri, subprotocols=offered) as ws:
        await until(lambda: room.clients)
        assert [ws.subprotocol, room.clients[0].subprotocol] == [chosen, chosen]


@on_both_hosts
@asyncio_test
async def test_a_function_can_choose_the_subprotocol(host):
    class Room(Recorder):
        def choose_subprotocol(self, request, offered):
            return offered[-1] if request.path == "/1" else None

    room = Room()
    async with serving(host, room, room) as acceptor:
        for target, chosen in [("/1", "b"), ("/", None)]:
            async with refws.connect(f"{acceptor.uri}{target}", subprotocols=["a", "b"]) as ws:
                assert ws.subprotocol == chosen


@on_both_hosts
@asyncio_test
async def test_extensions_and_header_fields_are_attributes(host):
    room = Recorder()
    room.extensions, room.additional_headers = (), [("X-Room", "small")]
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri) as ws:
        fields = {name.lower(): value for name, value in ws.response.headers}
        assert ("sec-websocket-extensions" in fields, fields["x-room"]) == (False, "small")


@on_both_hosts
@asyncio_test
async def test_the_client_class_is_made_for_the_request(host):
    class User(Client):
        def __init__(self, resource, request):
            super().__init__(resource, request)
            self.name = request.target.partition("=")[2]
            assert self.state is refws.ReadyState.CONNECTING
            with pytest.raises(refws.UsageError, match="not over"):
                self.send_text("too early")

    class Room(Resource):
        client_class = User

        def client_connected(self, client):
            client.send_text(f"welcome, {client.name}")

    async with serving(host, Room()) as acceptor, refws.connect(f"{acceptor.uri}/?name=Ada") as ws:
        assert await ws.recv() == "welcome, Ada"


# Time limits


@pytest.mark.clause("rfc6455:7.4.1-p5-s1")
@on_both_hosts
@asyncio_test
async def test_an_idle_client_is_closed_and_it_does_not_look_like_an_error(host, caplog):
    class Room(Recorder):
        def text_message_received(self, client, message):
            super().text_message_received(client, message)
            # Not before: how long a handshake takes is not what is asked here.
            self.idle_timeout = 0.05

    room = Room()
    async with serving(host, room) as acceptor, refws.connect(acceptor.uri) as ws:
        await ws.send("I am here")
        messages, close = await end_of(ws)
        assert (messages, close) == (["I am here"], refws.Close(1001, "idle for 0.05 s"))
        await ws.wait_closed()
    assert (went_wrong(caplog), room.calls[-1]) == ([], ("disconnected", "/", False))


def test_time_limits_are_attributes():
    room = Resource()
    room.close_timeout, room.ping_interval, room.ping_timeout, room.answer_timeout = 1, 2, 3, 4
    room.max_queue, room.max_fragments = 5, 6
    choice = room.choice(refws.Request("GET", "/", refws.HeaderFields()))
    times = choice.times
    assert (times.close_timeout, times.ping_interval, times.ping_timeout, times.answer_timeout) == (1, 2, 3, 4)
    assert (choice.max_queue, choice.limits.max_fragments) == (5, 6)


@on_both_hosts
@asyncio_test
async def test_a_client_that_does_not_answer_a_keep_alive_ping_is_closed(host):
    room = Recorder()
    room.ping_interval = room.ping_timeout = 0.02
    async with serving(host, room) as acceptor, raw_to(acceptor) as raw:
        frames = await raw.frames_to_the_end()
        assert [first for first, _ in frames] == [0x89, CLOSE]
        await until(lambda: not room.clients)


@pytest.mark.parametrize("how", ["send_text", "broadcast"])
@on_both_hosts
@asyncio_test
async def test_a_client_that_takes_nothing_is_dropped_after_write_timeout(host, how, caplog):
    caplog.set_level("INFO", "refws")
    room = Recorder()
    room.write_timeout, room.max_backlog, room.extensions = 0.1, 1 << 30, ()
    async with serving(host, room) as acceptor, raw_to(acceptor) as raw:
        await until(lambda: room.clients)
        [client] = room.clients
        while client.state is refws.ReadyState.OPEN:
            (client.send_text if how == "send_text" else room.broadcast)("x" * 1_000_000)
            if client.websocket.backlog > 1 << 24:
                break
        await until(lambda: not room.clients)
        raw.writer.transport.abort()
    assert "has taken nothing for 0.1 s" in caplog.text


# The faults that were measured in the ancestors


@pytest.mark.clause("rfc6455:5.1-p1-s4", "rfc6455:5.5.1-p2-s2", "rfc6455:7.1.1-p1-s1")
@on_both_hosts
@asyncio_test
async def test_one_close_frame_and_then_tcp_is_closed(host):
    async with serving(host, Recorder()) as acceptor:
        for octets, code in [
            (frame(TEXT, b"unmasked", mask=False), 1002),
            (frame(CLOSE, b"\x03"), 1002),
            (close_frame(1005), 1002),
            (close_frame(1000, b"\xff"), 1007),
            (frame(TEXT, b"\xff"), 1007),
            (close_frame(1000), 1000),
            (frame(CLOSE), None),
        ]:
            async with raw_to(acceptor) as raw:
                # What is sent behind it gets no answer: neither a frame nor HTTP.
                raw.send(octets + frame(TEXT, b"x") + b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                [(first, payload)] = await raw.frames_to_the_end()
                assert (first, payload[:2]) == (CLOSE, b"" if code is None else code.to_bytes(2, "big"))


@pytest.mark.clause("rfc6455:4.2.1-p8-s1", "rfc6455:4.4-p2-s2")
@on_both_hosts
@asyncio_test
async def test_a_handshake_that_is_wrong_is_the_clients_mistake(host):
    room = Recorder()
    async with serving(host, room) as acceptor:
        for old, new, status in [
            (b"Version: 13", b"Version: 8", 426),
            (b"Key: dGhl", b"Key: dG", 400),
            (b"Sec-WebSocket-Key", b"X-Key", 400),
            (b"Connection: Upgrade", b"Connection: close", 400),
        ]:
            async with tcp_to(acceptor) as raw:
                raw.send(request().replace(old, new))
                assert (await raw.response())[0] == status
                assert await raw.reader.read() == b""
    assert room.calls == []
