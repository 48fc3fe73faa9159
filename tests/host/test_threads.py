"""The loop and the transports that a thread runs for one connection."""

import contextlib
import errno
import select
import socket
import ssl
import struct
import sys
import threading
from selectors import EVENT_READ

import pytest
from peers import TEXT, frame
from sync_peers import SOON, Raw, contexts, end, nothing_is_left, running, until  # noqa: F401

from refws.host.connection.times import TimeLimits
from refws.host.threads import loop as threads
from refws.host.threads.loop import ThreadLoop, Waker
from refws.host.threads.tls import TlsTransport, transport_over
from refws.host.threads.transport import ThreadTransport


class Idle:
    """A pollable on which nothing comes."""

    def __init__(self):
        self.interested = 0
        self.sock, self.other = socket.socketpair()
        self.events = []

    def fileno(self):
        return self.sock.fileno()

    def interest(self):
        return self.interested

    def is_ready(self):
        return False

    def ready(self, events):
        self.events.append(events)
        self.interested = 0


@pytest.fixture
def idle():
    pollable = Idle()
    with pollable.sock, pollable.other:
        yield pollable


def run(loop, pollable):
    with loop.lock:
        loop.run(pollable)


# The loop


def test_calls_come_in_their_order(idle):
    loop, called = ThreadLoop(), []
    loop.call_soon(lambda: called.append("soon"))
    loop.call_later(0.002, lambda: called.append("last") or loop.end())
    loop.call_later(0.001, lambda: called.append("later"))
    loop.call_later(0.001, lambda: called.append("never")).cancel()
    run(loop, idle)
    assert called == ["soon", "later", "last"]


def test_a_call_may_cancel_another_that_is_due(idle):
    loop, called = ThreadLoop(), []
    loop.call_later(0, lambda: other.cancel() or loop.call_soon(loop.end))
    other = loop.call_later(0, lambda: called.append("never"))
    other_cancelled_twice = other
    run(loop, idle)
    other_cancelled_twice.cancel()
    assert called == []


def test_what_a_call_asks_for_waits_for_the_next_turn(idle):
    loop, called = ThreadLoop(), []

    def again():
        called.append(len(called))
        if len(called) < 3:
            loop.call_soon(again)
        else:
            loop.end()

    loop.call_soon(again)
    run(loop, idle)
    assert called == [0, 1, 2]


def test_nothing_is_called_behind_the_end(idle):
    loop, called = ThreadLoop(), []
    loop.call_soon(loop.end)
    loop.call_soon(lambda: called.append("never"))
    loop.call_later(0, lambda: called.append("never"))
    run(loop, idle)
    loop.call_soon(lambda: called.append("never"))
    assert called == []


@pytest.mark.parametrize("platform", ["linux", "other"])
def test_another_thread_wakes_the_loop(idle, platform, monkeypatch):
    monkeypatch.setattr(threads.sys, "platform", platform)
    loop, called = ThreadLoop(), []
    with running(lambda: run(loop, idle)):
        for number in range(3):
            until(lambda: loop._is_waiting)
            with loop.lock:
                loop.call_soon(lambda number=number: called.append(number))
            until(lambda number=number: called[-1:] == [number])
        with loop.lock:
            idle.interested = EVENT_READ
            loop.wake()
        idle.other.send(b"x")
        until(lambda: idle.events)
        with loop.lock:
            loop.call_soon(loop.end)
    assert called == [0, 1, 2]
    assert idle.events == [EVENT_READ]


def test_a_waker_takes_any_number_of_calls(monkeypatch):
    monkeypatch.setattr(threads.sys, "platform", "other")
    waker = Waker()
    for _ in range(5000):
        waker.wake()
    waker.clear()
    waker.close()
    assert sys.platform == "other"


def test_time_does_not_go_back():
    loop = ThreadLoop()
    assert loop.time() <= loop.time()
    future = loop.create_future()
    future.set_result("any thread")
    assert future.result() == "any thread"


# Transports


class Recorder:
    """A protocol that notes what its transport tells it."""

    times = TimeLimits()

    def __init__(self):
        self.told, self.keep_open = [], False
        self.lost = threading.Event()

    def connection_made(self, transport):
        self.told.append("made")

    def data_received(self, data):
        if data == b"fail":
            raise LookupError("of the protocol")
        self.told.append(data)

    def eof_received(self):
        self.told.append("eof")
        return self.keep_open

    def pause_writing(self):
        self.told.append("pause")

    def resume_writing(self):
        self.told.append("resume")

    def connection_lost(self, error):
        self.told.append(type(error))
        self.lost.set()


@contextlib.contextmanager
def transport(keep_open=False, sock=None, raw=None):
    """A transport with its protocol, and the raw peer at the other end."""
    if sock is None:
        sock, raw = socket.socketpair()
    loop, protocol = ThreadLoop(), Recorder()
    protocol.keep_open = keep_open
    ours = transport_over(loop, sock, protocol)
    with Raw(raw) as peer, running(ours.run):
        until(lambda: protocol.told)
        try:
            yield ours, loop, protocol, peer
        finally:
            with loop.lock:
                ours.abort()


def test_a_transport_reads_to_the_end():
    with transport() as (ours, _, protocol, raw):
        raw.send(b"some")
        until(lambda: b"some" in protocol.told)
        raw.close()
        assert protocol.lost.wait(SOON)
    assert protocol.told == ["made", b"some", "eof", type(None)]
    assert ours.fileno() == -1
    assert ours.is_over


def test_a_transport_stays_open_where_the_protocol_says_so():
    with transport(keep_open=True) as (ours, loop, protocol, raw):
        raw.sock.shutdown(socket.SHUT_WR)
        until(lambda: "eof" in protocol.told)
        with loop.lock:
            ours.resume_reading()
            ours.write(b"still there")
            assert not ours.is_reading()
            ours.write_eof()
            ours.write_eof()
            with pytest.raises(RuntimeError, match="behind the end"):
                ours.write(b"x")
        assert raw.file.read() == b"still there"
        assert not protocol.lost.is_set()


def test_writing_pauses_and_goes_on():
    with transport() as (ours, loop, protocol, raw):
        with loop.lock:
            ours.write(b"a" * 2**22)
            ours.write(b"b" * 2**17)
            assert ours.get_write_buffer_size() > 0
            ours.write_eof()
        assert raw.file.read(2**22 + 2**17) == b"a" * 2**22 + b"b" * 2**17
        assert raw.at_end()
        until(lambda: "resume" in protocol.told)
        assert ours.get_write_buffer_size() == 0
    assert protocol.told[:3] == ["made", "pause", "resume"]


def test_closing_sends_what_is_buffered():
    with transport() as (ours, loop, _, raw):
        with loop.lock:
            ours.write(b"a" * 2**22)
            ours.close()
            ours.close()
            ours.write(b"too late")
            assert ours.is_closing()
        assert raw.file.read() == b"a" * 2**22


def test_aborting_does_not():
    with transport() as (ours, loop, protocol, raw):
        with loop.lock:
            ours.write(b"a" * 2**22)
            ours.abort()
        assert len(raw.file.read()) < 2**22
        assert protocol.lost.wait(SOON)
    assert protocol.told == ["made", "pause", type(None)]


def test_reading_pauses_and_goes_on():
    with transport() as (ours, loop, protocol, raw):
        with loop.lock:
            assert ours.is_reading()
            ours.pause_reading()
        raw.send(b"some")
        with running(lambda: None):
            assert protocol.told == ["made"]
        with loop.lock:
            ours.resume_reading()
            ours.resume_reading()
        until(lambda: b"some" in protocol.told)


def test_a_connection_that_is_reset():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sock = socket.create_connection(listening.getsockname())
        with transport(sock=sock, raw=listening.accept()[0]) as (ours, _, protocol, raw):
            assert ours.get_extra_info("peername") == listening.getsockname()
            assert ours.get_extra_info("nothing", 1) == 1
            # To linger for no time is to reset.
            raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
            assert protocol.lost.wait(SOON)
    assert protocol.told == ["made", ConnectionResetError]


def test_a_system_that_sets_nothing_on_a_socket_whose_peer_has_gone():
    class Gone(socket.socket):
        def setsockopt(self, *args):
            raise OSError(errno.EINVAL, "Invalid argument")

    with Gone() as sock:
        assert ThreadTransport(ThreadLoop(), sock, Recorder()).get_extra_info("socket") is sock


def test_writing_to_nobody():
    with transport(keep_open=True) as (ours, loop, protocol, raw):
        raw.close()
        until(lambda: "eof" in protocol.told)
        with loop.lock:
            ours.write(b"x")
            assert ours.is_closing()
        assert protocol.lost.wait(SOON)
    assert protocol.told == ["made", "eof", BrokenPipeError]


def test_a_protocol_that_fails_loses_its_connection(caplog):
    with transport() as (_, _, protocol, raw):
        raw.send(b"fail")
        assert raw.at_end()
        assert protocol.lost.wait(SOON)
    assert protocol.told == ["made", LookupError]
    assert "a connection broke" in caplog.text


# TLS


@pytest.fixture
def tls_pair(contexts):  # noqa: F811
    """Two TLS sockets, connected, of which the second has done nothing yet."""
    ours, theirs = socket.socketpair()
    serving, connecting = contexts
    sock = serving.wrap_socket(ours, server_side=True, do_handshake_on_connect=False)
    yield sock, lambda: connecting.wrap_socket(theirs, server_hostname="127.0.0.1")
    theirs.close()
    sock.close()


def test_tls_in_records(tls_pair):
    sock, connect = tls_pair
    loop, protocol = ThreadLoop(), Recorder()
    ours = transport_over(loop, sock, protocol)
    assert isinstance(ours, TlsTransport)
    with running(ours.run), Raw(connect()) as raw:
        until(lambda: protocol.told)
        with loop.lock:
            ours.pause_reading()
        raw.send(b"x" * 40000)
        with loop.lock:
            # Only part of a record is asked for, so that TLS keeps the rest.
            ours._read_size = 10
            ours.resume_reading()
        until(lambda: sum(map(len, protocol.told[1:])) == 40000)
        assert len(protocol.told[1]) == 10
        with loop.lock:
            ours.write(b"y" * 2**22)
            assert ours.get_write_buffer_size() > 0
            assert not ours.can_write_eof()
            ours.close()
        assert raw.file.read() == b"y" * 2**22
        raw.close()
        assert protocol.lost.wait(SOON)
    assert protocol.told[-1] is type(None)


def test_tls_begins_once_however_soon_the_peer_begins(tls_pair):
    sock, connect = tls_pair
    protocol, raws = Recorder(), []
    ours = transport_over(ThreadLoop(), sock, protocol)
    with running(lambda: raws.append(Raw(connect()))):
        assert select.select([sock], [], [], SOON)[0]
        with running(ours.run):
            until(lambda: raws)
            with raws[0] as raw:
                raw.send(b"x")
                until(lambda: b"x" in protocol.told)
    assert protocol.told[:2] == ["made", b"x"]


def test_tls_that_ends_meets_a_reset(tls_pair):
    sock, connect = tls_pair
    loop, protocol = ThreadLoop(), Recorder()
    ours = transport_over(loop, sock, protocol)
    with running(ours.run), Raw(connect()) as raw:
        until(lambda: protocol.told)
        with loop.lock:
            ours.close()
        until(lambda: ours._step == ours._drain)
        # Unread octets reset a unix socket that is closed.
        ours._tls.recv = raising(BlockingIOError(), ConnectionResetError())
        raw.send(b"x")
        assert protocol.lost.wait(SOON)


def raising(*errors):
    """A function that raises these, one after the other."""
    left = list(errors)

    def function(*args):
        raise left.pop(0)

    return function


def test_a_transport_may_be_closed_before_it_begins(tls_pair):
    sock, _ = tls_pair
    other = socket.socketpair()
    for ours in (TlsTransport(ThreadLoop(), sock, Recorder()), ThreadTransport(ThreadLoop(), other[0], Recorder())):
        ours.close()
        ours.run()
        assert ours._protocol.told == [type(None)]
    other[1].close()


@pytest.mark.parametrize("early", [True, False], ids=["there already", "still to come"])
def test_tls_that_ends_is_not_reset_by_what_nobody_reads(tls_pair, early):
    sock, connect = tls_pair
    loop, protocol = ThreadLoop(), Recorder()
    ours = transport_over(loop, sock, protocol)
    with running(ours.run), Raw(connect()) as raw:
        until(lambda: protocol.told)
        if early:
            ours.pause_reading()
            raw.send(b"x" * 1000)
        with loop.lock:
            ours.write(b"the last")
            ours.close()
        raw.send(b"x" * 100000)
        assert raw.file.read() == b"the last"
        raw.close()
        assert protocol.lost.wait(SOON)


def test_tls_may_need_the_other_direction(tls_pair, monkeypatch):
    sock, connect = tls_pair
    loop, protocol = ThreadLoop(), Recorder()
    ours = transport_over(loop, sock, protocol)
    wants = {name: [ssl.SSLWantReadError(), ssl.SSLWantWriteError()] for name in ("recv", "send")}

    def wanting(name, method):
        def call(self, *args):
            if self is sock and wants[name]:
                raise wants[name].pop()
            return method(self, *args)

        return call

    for name in wants:
        monkeypatch.setattr(ssl.SSLSocket, name, wanting(name, getattr(ssl.SSLSocket, name)))
    with running(ours.run), Raw(connect()) as raw:
        until(lambda: protocol.told)
        raw.send(b"there")
        until(lambda: b"there" in protocol.told)
        with loop.lock:
            ours.write(b"back")
            assert ours.get_write_buffer_size() == 4
        until(lambda: ours._write_event == EVENT_READ)
        raw.send(b"again")
        assert raw.file.read(4) == b"back"
        raw.close()
        assert protocol.lost.wait(SOON)
    assert wants["recv"] == wants["send"] == []


def test_a_connection_over_a_plain_socket_has_a_plain_transport():
    with end() as (ws, raw):
        assert type(ws.transport) is ThreadTransport
        raw.send(frame(TEXT, b"x"))
        assert ws.recv(SOON) == "x"
