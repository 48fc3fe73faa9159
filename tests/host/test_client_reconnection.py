"""``async for ws in connect(…)``: when to connect again, after which pause, and when not."""

import asyncio
import logging
import socket
import ssl

import pytest
import trustme
from peers import CLOSE, Raw, answer, asyncio_test, close_frame, echo, raw_server, until

import refws
from refws.host.aio.client import connect
from refws.host.reaching.proxies import ProxyError, parse_proxy
from refws.host.reaching.reconnection import Backoff, Reconnection, will_not_get_better
from refws.rfc6455.http import HeaderFields, Response


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self):
        return self.now


def recorded(intervals):
    """A choice from an interval that keeps the interval, and takes the longest pause."""

    def uniform(shortest, longest):
        intervals.append((shortest, longest))
        return longest

    return uniform


ENDED = OSError("it ended")


@pytest.mark.clause("rfc6455:7.2.3-p2-s1", "rfc6455:7.2.3-p3-s1", "rfc6455:7.2.3-p3-s2", "rfc6455:7.2.3-p4-s1")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [(0, 5), (5, 10), (10, 20), (20, 40), (30, 60), (30, 60)]),
        ({"initial": 1, "factor": 3, "maximum": 20}, [(0, 1), (1, 3), (3, 9), (20 / 3, 20), (20 / 3, 20)]),
        ({"initial": 8, "factor": 1}, [(0, 8), (8, 8), (8, 8)]),
        ({"initial": 8, "maximum": 4}, [(0, 4), (2, 4), (2, 4)]),
        ({"initial": 0}, [(0, 0), (0, 0)]),
    ],
)
def test_the_first_pause_is_random_and_those_behind_it_grow_up_to_a_limit(options, expected):
    intervals = []
    reconnection = Reconnection(Backoff(**options, uniform=recorded(intervals)))
    pauses = [reconnection.pause_after(ENDED) for _ in expected]
    assert intervals == expected
    assert pauses == [longest for _, longest in expected]


@pytest.mark.clause("rfc6455:7.2.3-p3-s1", "rfc6455:7.2.3-p3-s2")
def test_two_clients_do_not_come_back_at_the_same_time():
    pauses = [Reconnection(Backoff()).pause_after(ENDED) for _ in range(50)]
    assert all(0 <= pause <= 5 for pause in pauses)
    assert len(set(pauses)) > 40


def test_pauses_grow_for_ever_without_an_overflow():
    reconnection = Reconnection(Backoff(factor=1e200))
    assert [reconnection.pause_after(ENDED) for _ in range(5)][-1] <= 60


@pytest.mark.parametrize(("open_for", "longest"), [(0, 10), (9.9, 10), (10, 5), (1000, 5)])
def test_a_connection_that_stayed_open_begins_anew(open_for, longest):
    clock, intervals = Clock(), []
    reconnection = Reconnection(Backoff(clock=clock, uniform=recorded(intervals)))
    reconnection.pause_after(ENDED)
    reconnection.opened()
    clock.now += open_for
    assert reconnection.pause_after(ENDED) == longest
    # Only once: the attempt behind it has failed.
    clock.now += 1000
    assert reconnection.pause_after(ENDED) == longest * 2


def refused(status, *fields):
    failure = refws.HandshakeFailure("rfc6455:4.1-p39-s1", status, f"the server answered {status}")
    failure.response = Response(status, HeaderFields(fields))
    return failure


@pytest.mark.parametrize(
    ("status", "fields", "pause"),
    [
        (503, [("Retry-After", "7")], 7),
        (429, [("Retry-After", " 7 ")], 7),
        (503, [("Retry-After", "1")], 5),
        (503, [("Retry-After", "61")], 60),
        (503, [("Retry-After", "9" * 400)], 60),
        (503, [("Retry-After", "Thu, 01 Jan 1970 00:00:42 GMT")], 32),
        (503, [("Retry-After", "Thu, 01 Jan 1970 00:00:05 GMT")], 5),
        (503, [("Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT")], 60),
        (503, [("Retry-After", "soon")], 5),
        (503, [("Retry-After", f"Thu, 01 Jan 1970 00:00:42 +{'9' * 40}")], 5),
        (503, [("Retry-After", "-7")], 5),
        (503, [("Retry-After", "\u0667")], 5),
        (503, [], 5),
        (500, [("Retry-After", "7")], 5),
    ],
)
def test_retry_after(status, fields, pause):
    reconnection = Reconnection(Backoff(uniform=recorded([]), now=lambda: 10))
    assert reconnection.pause_after(refused(status, *fields)) == pause


PROXY = parse_proxy("http://a.example")


@pytest.mark.parametrize("status", [200, 101, 302, 400, 401, 403, 404, 407, 409, 424, 426, 428, 430, 499])
def test_a_refusal_is_the_end(status):
    failure = refused(status)
    assert will_not_get_better(failure)
    with pytest.raises(refws.HandshakeFailure) as caught:
        Reconnection(Backoff()).pause_after(failure)
    assert caught.value is failure


@pytest.mark.parametrize("status", [0, 408, 425, 429, 500, 502, 503, 504, 599])
def test_a_server_that_is_busy_or_broken_may_get_better(status):
    assert not will_not_get_better(refused(status))


@pytest.mark.parametrize(
    ("error", "hopeless"),
    [
        (refws.UsageError("no"), True),
        (ssl.SSLCertVerificationError("no"), True),
        (RuntimeError("a mistake"), True),
        (ssl.SSLError("no"), False),
        (ConnectionRefusedError(), False),
        (TimeoutError(), False),
        (refws.Failure("rfc6455:7.2.1-p2-s1", 1006, "the peer closed TCP"), False),
        (ProxyError(PROXY, "is not there"), False),
        (ProxyError(PROXY, "no", 407), True),
        (ProxyError(PROXY, "no", 403), True),
        (ProxyError(PROXY, "no", 400), True),
        (ProxyError(PROXY, "no", 499), True),
        (ProxyError(PROXY, "no", 429), False),
        (ProxyError(PROXY, "no", 502), False),
        (ProxyError(PROXY, "no", 5), False),
    ],
)
def test_other_errors(error, hopeless):
    assert will_not_get_better(error) == hopeless


def test_what_was_open_is_opened_again_whatever_ended_it():
    reconnection = Reconnection(Backoff())
    reconnection.opened()
    assert 0 <= reconnection.pause_after(refused(404)) <= 5


@pytest.mark.parametrize("options", [{"initial": -1}, {"factor": 0.9}, {"maximum": -1}, {"steady": -1}])
def test_a_backoff_that_makes_no_sense(options):
    with pytest.raises(refws.UsageError):
        Backoff(**options)


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that were made, at once."""
    made = []

    async def sleep(seconds):
        made.append(seconds)

    monkeypatch.setattr(connect, "_sleep", staticmethod(sleep))
    return made


LONGEST = {"backoff": Backoff(uniform=lambda shortest, longest: longest, clock=Clock())}


@pytest.mark.clause("rfc6455:7.2.3-p2-s1", "rfc6455:7.2.3-p3-s1", "rfc6455:7.2.3-p4-s1")
@asyncio_test
async def test_it_connects_again_and_tells_why(pauses, caplog):
    caplog.set_level(logging.INFO, "refws")
    connections = 0

    async def script(raw):
        nonlocal connections
        connections += 1
        if connections == 2:
            await raw.head()
            raw.send(b"HTTP/1.1 503 Busy\r\nRetry-After: 42\r\nContent-Length: 0\r\n\r\n")
        elif connections == 3:
            # TCP ends in place of an answer.
            await raw.head()
        else:
            await answer(raw)
            raw.send(close_frame(1000 if connections == 4 else 1012, b"restart", mask=False))
            await raw.frame()

    closed = []
    async with raw_server(script) as uri:
        async for ws in refws.connect(f"{uri}?token=opensesame", **LONGEST):
            try:
                await ws.recv()
            except refws.ConnectionClosed as end:
                closed.append(end.code)
            if len(closed) == 3:
                break
        await until(lambda: ws.ready_state is refws.ReadyState.CLOSED)
    assert closed == [1012, 1000, 1012]
    assert pauses == [5, 42, 20, 40]
    again = f"connecting to {uri.rstrip('/')} again in"
    lines = [line for line in caplog.messages if line.startswith("connecting")]
    assert lines[0] == f"{again} 5.0 s: closed by the peer with 1012 (restart)"
    assert lines[1] == f"{again} 42.0 s: the server answered 503 [rfc6455:4.1-p39-s1]"
    assert lines[2].startswith(f"{again} 20.0 s: ")
    assert lines[3] == f"{again} 40.0 s: closed by the peer with 1000 (restart)"
    assert "opensesame" not in caplog.text


@asyncio_test
async def test_a_server_that_is_not_there_yet(pauses):
    async def accepted(reader, writer):
        raw = Raw(reader, writer)
        await answer(raw, behind=close_frame(1000, mask=False))
        await raw.frame()
        await raw.close()
        done.set()

    done = asyncio.Event()
    # Nobody else gets this port, and nobody is behind it yet.
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    servers = []

    async def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            servers.append(await asyncio.start_server(accepted, sock=place))

    connecting = refws.connect(f"ws://127.0.0.1:{place.getsockname()[1]}", **LONGEST)
    connecting._sleep = sleep
    async for ws in connecting:
        assert [message async for message in ws] == []
        break
    assert pauses == [5, 10, 20]
    await done.wait()
    servers[0].close()


@asyncio_test
async def test_what_is_refused_for_good_ends_the_loop(pauses):
    async def script(raw):
        await raw.head()
        raw.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async with raw_server(script) as uri:
        with pytest.raises(refws.HandshakeFailure, match="403"):
            async for _ in refws.connect(uri):
                pass
    assert pauses == []


@asyncio_test
async def test_a_certificate_that_does_not_fit_ends_the_loop(pauses):
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(serving)
    async with refws.serve(echo, tls=serving) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            async for _ in refws.connect(server.uri):
                pass
    assert pauses == []


@asyncio_test
async def test_the_caller_may_say_what_is_the_end(pauses):
    async def script(raw):
        await raw.head()

    causes = []

    def gives_up(error):
        causes.append(error)
        return len(causes) == 3

    async with raw_server(script) as uri:
        with pytest.raises(refws.Failure) as caught:
            async for _ in refws.connect(uri, backoff=Backoff(gives_up=gives_up)):
                pass
    assert caught.value is causes[2]
    assert len(pauses) == 2


@pytest.mark.parametrize("leaving", ["break", "raise", "continue"])
@asyncio_test
async def test_whoever_leaves_the_loop_or_goes_on_has_the_connection_closed(pauses, leaving):
    frames, connections = [], []

    async def script(raw):
        await answer(raw)
        frames.append(await raw.frame())
        raw.send(close_frame(1000, mask=False))

    async def use(uri):
        async for ws in refws.connect(uri):
            connections.append(ws)
            if leaving == "raise":
                raise RuntimeError("something else is wrong")
            if leaving == "break" or len(connections) == 2:
                break

    async with raw_server(script) as uri:
        if leaving == "raise":
            with pytest.raises(RuntimeError, match="something else"):
                await use(uri)
        else:
            await use(uri)
        await until(lambda: all(ws.ready_state is refws.ReadyState.CLOSED for ws in connections))
    assert frames == [(CLOSE, b"\x03\xe8")] * len(connections)
    assert len(pauses) == (leaving == "continue")


@asyncio_test
async def test_a_task_that_is_cancelled_leaves_nothing_behind():
    async with refws.serve(echo) as server:

        async def use():
            async for ws in refws.connect(server.uri):
                await ws.recv()

        using = asyncio.create_task(use())
        await until(lambda: server.connections)
        await until(lambda: next(iter(server.connections)).ready_state is refws.ReadyState.OPEN)
        using.cancel()
        with pytest.raises(asyncio.CancelledError):
            await using
        await until(lambda: not server.connections)


@asyncio_test
async def test_an_iterator_that_is_closed_in_a_hurry_drops_tcp():
    async def script(raw):
        await answer(raw)
        # The Close frame is not answered.
        await raw.reader.read()

    async with raw_server(script) as uri:
        iterator = refws.connect(uri, close_timeout=None).__aiter__()
        ws = await anext(iterator)
        closing = asyncio.create_task(iterator.aclose())
        await until(lambda: ws.close_sent is not None)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await until(lambda: ws.ready_state is refws.ReadyState.CLOSED)


@asyncio_test
async def test_one_socket_is_one_connection():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(refws.UsageError, match="one connection"):
        async for _ in refws.connect("ws://localhost", sock=ours):
            pass
