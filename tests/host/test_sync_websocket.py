"""`SyncWebSocket`: receiving, sending, closing, keep-alive; from many threads."""

import threading

import pytest
from peers import BINARY, CLOSE, PING, PONG, TEXT, close_frame, frame
from sync_peers import SOON, both_ends, echo, end, nothing_is_left, pair, raw_client, running, until  # noqa: F401

import refws
from refws.host.connection.broadcast import broadcast
from refws.host.connection.times import TimeLimits
from refws.host.threads.server import serve_sync


def unmasked(raw, first, payload=b""):
    raw.send(frame(first, payload, mask=False))


# Receiving


def test_messages_come_in_their_order_and_type():
    with end() as (ws, raw):
        raw.send(frame(TEXT, "é".encode()) + frame(BINARY, b"\0") + frame(1, b"in ") + frame(0x80, b"two"))
        assert [ws.recv(SOON), ws.recv(SOON), ws.recv(SOON)] == ["é", b"\0", "in two"]


def test_a_message_that_does_not_come_in_time():
    with end() as (ws, raw):
        with pytest.raises(TimeoutError, match="no message came in time"):
            ws.recv(0.01)
        raw.send(frame(TEXT, b"late"))
        assert ws.recv(SOON) == "late"
        with pytest.raises(TimeoutError):
            ws.recv(0)


def test_iteration_ends_with_a_normal_close_and_raises_for_another():
    with end() as (ws, raw):
        raw.send(frame(TEXT, b"x") + close_frame(1001))
        assert list(ws) == ["x"]
        with pytest.raises(refws.ConnectionClosed, match="1001"):
            ws.recv()
    with end() as (ws, raw):
        raw.send(close_frame(3000, b"why"))
        with pytest.raises(refws.ConnectionClosed, match=r"3000 \(why\)"):
            list(ws)


def test_one_thread_receives_at_a_time():
    with end() as (ws, raw):
        got = []
        with running(lambda: got.append(ws.recv(SOON))):
            until(lambda: ws._receives)
            with pytest.raises(refws.UsageError, match="another thread is receiving"):
                ws.recv(SOON)
            raw.send(frame(TEXT, b"for the first"))
        assert got == ["for the first"]


def test_receiving_in_parts():
    with end() as (ws, raw):
        parts = ws.recv_streaming()
        raw.send(frame(1, b"one"))
        assert next(parts) == "one"
        raw.send(frame(0x80, b"two") + frame(TEXT, b"next"))
        assert list(parts) == ["two"]
        assert list(ws.recv_streaming()) == ["next"]
        raw.send(frame(2, b"cut"))
        parts = ws.recv_streaming()
        assert next(parts) == b"cut"
        raw.close()
        with pytest.raises(refws.ConnectionClosed):
            next(parts)


@pytest.mark.clause("rfc6455:5.5.2-p3-s1")
def test_pings_are_answered_while_the_application_computes():
    with end() as (_, raw):
        raw.send(frame(PING, b"are you there"))
        assert raw.frame() == (PONG, b"are you there")


def test_a_slow_application_holds_up_its_peer():
    with end(max_queue=4) as (ws, raw):
        message = frame(BINARY, b"x" * 65536)
        with running(lambda: raw.send(message * 128)):
            until(lambda: ws._held_up)
            assert len(ws._queue) < 128
            for _ in range(128):
                assert ws.recv(SOON) == b"x" * 65536


# Sending


def test_text_binary_and_fragments_are_sent():
    with end() as (ws, raw):
        ws.send("é")
        ws.send(memoryview(b"\0\1"))
        ws.send(part for part in ("one", "two", "three"))
        assert [raw.frame() for _ in range(5)] == [
            (TEXT, "é".encode()),
            (BINARY, b"\0\1"),
            (1, b"one"),
            (0, b"two"),
            (0x80, b"three"),
        ]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (None, "a message is a str"),
        ({"a": 1}, "a message is a str"),
        ([], "no parts"),
        (["a", b"b"], "all text, or all octets"),
        ("\ud800", "UTF-8"),
    ],
)
def test_what_is_no_message(message, why):
    with end() as (ws, _), pytest.raises(refws.UsageError, match=why):
        ws.send(message)


def test_other_messages_wait_for_one_in_fragments():
    with end() as (ws, raw):
        begun, waiting = threading.Event(), threading.Event()

        def parts():
            yield "one"
            begun.set()
            assert waiting.wait(SOON)
            yield "two"

        def other():
            assert begun.wait(SOON)
            waiting.set()
            ws.send("other")

        with running(lambda: ws.send(parts()), other):
            assert [raw.frame() for _ in range(3)] == [(1, b"one"), (0x80, b"two"), (TEXT, b"other")]


@pytest.mark.clause("rfc6455:7.4.1-p25-s1")
def test_no_message_from_within_another():
    with end() as (ws, raw):

        def parts():
            yield "one"
            yield "two"
            ws.send("other")

        with pytest.raises(refws.UsageError, match="from within"):
            ws.send(parts())
        raw.send(close_frame(1011))
        assert raw.frames_to_the_end() == [(1, b"one"), (CLOSE, b"\x03\xf3a message was left unfinished")]


def test_large_parts_wait_for_a_slow_peer():
    with end() as (ws, raw):
        parts = [b"x" * 2**20] * 4
        with running(lambda: ws.send(parts)):
            until(lambda: ws.backlog > 0)
            assert [raw.frame() for _ in parts] == [(2, parts[0]), (0, parts[0]), (0, parts[0]), (0x80, parts[0])]


def test_closing_acts_on_the_close_that_has_come():
    with end(times=TimeLimits(answer_timeout=None)) as (ws, raw):
        raw.send(frame(TEXT, b"x") + close_frame(3000))
        assert ws.recv(SOON) == "x"
        until(lambda: ws.endpoint.reaction_is_due)
        with running(ws.close):
            assert raw.frames_to_the_end() == [(CLOSE, b"\x0b\xb8")]
            raw.close()
        assert ws.close_received == refws.Close(3000)


def test_many_threads_send():
    with both_ends() as (client, server):

        def send(name):
            for number in range(100):
                client.send(f"{name} {number}")

        got = {}
        with running(*(lambda name=name: send(name) for name in range(8))):
            for _ in range(800):
                name, number = server.recv(SOON).split()
                got.setdefault(name, []).append(int(number))
        assert sorted(got) == [str(name) for name in range(8)]
        assert all(numbers == list(range(100)) for numbers in got.values())


def test_a_mebibyte_each_way_at_once():
    with both_ends() as (client, server):
        there, back = b"\1" * 2**20, b"\2" * 2**20
        with running(lambda: server.send(back)):
            client.send(there)
            assert client.recv(SOON) == back
            assert server.recv(SOON) == there


def test_sending_waits_for_a_slow_peer():
    with end() as (ws, raw):
        sent = threading.Event()

        def send():
            ws.send(b"x" * 2**22)
            sent.set()

        with running(send):
            until(lambda: ws.backlog > 0)
            assert not sent.is_set()
            assert raw.frame() == (BINARY, b"x" * 2**22)
        assert sent.is_set()
        assert ws.backlog == 0


@pytest.mark.parametrize("number", ["backlog", "counters"])
def test_numbers_are_read_while_nothing_changes_them(number):
    with end() as (ws, _):
        thread = threading.Thread(target=lambda: getattr(ws, number))
        with ws._lock:
            thread.start()
            thread.join(0.02)
            assert thread.is_alive()
        thread.join(SOON)
        assert not thread.is_alive()


def test_sending_is_given_up_where_the_connection_is_lost():
    with end() as (ws, raw):
        with running(lambda: ws.send(b"x" * 2**22)):
            until(lambda: ws.backlog > 0)
            raw.close()
        with pytest.raises(refws.ConnectionClosed):
            ws.send("x")


def test_answers_to_what_came_together_leave_together():
    with end() as (ws, raw):
        raw.send(frame(TEXT, b"a") * 3)
        for _ in range(3):
            ws.send(ws.recv(SOON))
        assert [raw.frame() for _ in range(3)] == [(TEXT, b"a")] * 3
        # The answer to the first goes out even where the others are never taken.
        raw.send(frame(TEXT, b"b") * 3)
        ws.send(ws.recv(SOON))
        assert raw.frame() == (TEXT, b"b")


def test_a_broadcast_reaches_connections_of_threads():
    with end() as (ws, raw), end() as (deaf, _):
        assert broadcast([ws, deaf], "to all").sent == 2
        assert raw.frame() == (TEXT, b"to all")
        while deaf.backlog <= 2**20:
            broadcast([deaf], b"x" * 2**18)
        result = broadcast([ws, deaf], "again")
        assert (result.sent, result.closed) == (1, 1)
        assert deaf.close_sent.code == 1008


# Pings


def test_a_ping_measures():
    with end() as (ws, raw):
        latencies = []
        with running(lambda: latencies.append(ws.ping(timeout=SOON))):
            first, payload = raw.frame()
            raw.send(frame(PONG, payload))
        assert first == PING
        assert latencies == [ws.latency]
        ws.pong(b"unasked")
        assert raw.frame() == (PONG, b"unasked")


def test_a_pong_that_does_not_come():
    with end() as (ws, raw):
        with pytest.raises(TimeoutError, match="no Pong"):
            ws.ping(b"x", timeout=0.01)
        with pytest.raises(refws.UsageError, match="is waiting for its Pong"):
            ws.ping(b"x")
        raised = []

        def ping():
            try:
                ws.ping(b"y")
            except refws.ConnectionClosed as closed:
                raised.append(closed)

        with running(ping):
            assert raw.frame() == (PING, b"x")
            assert raw.frame() == (PING, b"y")
            raw.close()
        assert len(raised) == 1


@pytest.mark.clause("rfc6455:7.3-p1-s2")
def test_keep_alive_goes_on_while_the_peer_answers():
    with serve_sync(echo, ping_interval=0.01, ping_timeout=SOON) as server, raw_client(server) as raw:
        for number in range(4):
            first, payload = raw.frame()
            assert first == PING
            raw.send(frame(PONG, payload) if number < 3 else frame(TEXT, b"x"))
        assert raw.frame() == (TEXT, b"x")


@pytest.mark.clause("rfc6455:7.2.1-p3-s1")
def test_a_peer_that_answers_no_ping_is_given_up():
    raised = []

    def handle(ws):
        try:
            ws.recv(SOON)
        except refws.ConnectionClosed as closed:
            raised.append(str(closed))

    with serve_sync(handle, ping_interval=0.01, ping_timeout=0.01) as server, raw_client(server) as raw:
        assert raw.frame()[0] == PING
        assert raw.frame() == (CLOSE, b"\x03\xf3no Pong came for a keep-alive Ping")
        assert raw.at_end()
    assert raised == ["no Pong came for a keep-alive Ping [rfc6455:7.1.1-p1-s3]"]


# Closing


@pytest.mark.clause("rfc6455:5.5.1-p6-s2/1", "rfc6455:7.1.1-p2-s1")
def test_a_server_closes_tcp_first():
    with end(refws.Role.SERVER) as (ws, raw):
        with running(lambda: ws.close(1000, "bye")):
            assert raw.frame() == (CLOSE, b"\x03\xe8bye")
            raw.send(close_frame(1000))
            assert raw.at_end()
            raw.close()
        assert (ws.close_sent, ws.close_received) == (refws.Close(1000, "bye"), refws.Close(1000))
        assert ws.ready_state is refws.ReadyState.CLOSED


@pytest.mark.clause("rfc6455:5.5.1-p6-s2/2")
def test_a_client_leaves_tcp_to_the_server():
    with end(refws.Role.CLIENT) as (ws, raw):
        with running(ws.close):
            assert raw.frame() == (CLOSE, b"\x03\xe8")
            unmasked(raw, CLOSE, b"\x03\xe8")
            raw.sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                raw.at_end()
            raw.close()
        assert ws.ready_state is refws.ReadyState.CLOSED


@pytest.mark.clause("rfc6455:5.5.1-p6-s2/3", "rfc6455:7.1.1-p2-s2")
def test_closing_does_not_wait_for_ever():
    with end(times=TimeLimits(close_timeout=0.01)) as (ws, raw):
        ws.close()
        assert raw.frame() == (CLOSE, b"\x03\xe8")
        assert raw.at_end()
        ws.close()
        with pytest.raises(refws.ConnectionClosed) as caught:
            ws.send("x")
        assert (caught.value.sent, caught.value.received) == (refws.Close(1000), None)


def test_what_may_not_be_sent_as_a_close():
    with end() as (ws, _), pytest.raises(refws.UsageError):
        ws.close(1005)


def test_waiting_for_the_end_has_a_limit():
    with end() as (ws, _), pytest.raises(TimeoutError, match="did not close in time"):
        ws.wait_closed(0.01)


@pytest.mark.clause("rfc6455:7.2.1-p2-s1")
def test_a_peer_that_vanishes():
    with end() as (ws, raw):
        raw.close()
        with pytest.raises(refws.ConnectionClosed, match="the peer closed TCP") as caught:
            ws.recv(SOON)
        assert caught.value.code == 1006


def test_the_answer_to_the_last_message_comes_before_the_close():
    with end() as (ws, raw):
        raw.send(frame(TEXT, b"question") + close_frame(1000))
        ws.send(f"answer to {ws.recv(SOON)}")
        with pytest.raises(refws.ConnectionClosed):
            ws.recv(SOON)
        assert raw.frames_to_the_end() == [(TEXT, b"answer to question"), (CLOSE, b"\x03\xe8")]


def test_a_close_is_answered_in_time_by_an_application_that_does_not_care():
    with end(times=TimeLimits(answer_timeout=0.01)) as (ws, raw):
        raw.send(frame(TEXT, b"never taken") + close_frame(1000))
        assert raw.frames_to_the_end() == [(CLOSE, b"\x03\xe8")]
        raw.close()
        ws.wait_closed(SOON)
        assert ws.recv() == "never taken"


def test_a_failure_closes_with_its_code():
    with end() as (ws, raw):
        raw.send(frame(TEXT, b"\xff"))
        with pytest.raises(refws.ConnectionClosed, match="rfc6455:"):
            ws.recv(SOON)
        assert raw.frame()[1][:2] == b"\x03\xef"
        assert raw.at_end()


def test_the_end_of_a_with_block_closes():
    with pair() as (ws, server_end):
        with ws:
            ws.send("x")
            assert ws.recv(SOON) == "x"
        assert ws.close_received == refws.Close(1000)
        server_end.wait_closed(SOON)
