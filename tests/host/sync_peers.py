"""What tests of the host with threads need: raw peers over blocking sockets, and nothing left behind."""

import contextlib
import socket
import ssl
import threading
import time

import pytest
import trustme
from peers import accept, request, xor

import refws
from refws.host.connection.times import TimeLimits
from refws.host.threads.client import connect_sync
from refws.host.threads.server import serve_sync
from refws.host.threads.websocket import SyncWebSocket
from refws.rfc6455 import endpoint

SOON = 10
"""Seconds that nothing here takes."""

LIMITS = refws.Limits()


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No thread outlives a test by more than it takes to end, nor does an exception in one go unseen."""
    before = set(threading.enumerate())
    seen = []
    hook, threading.excepthook = threading.excepthook, seen.append
    yield
    threading.excepthook = hook
    assert seen == []
    for thread in set(threading.enumerate()) - before:
        thread.join(SOON)
        assert not thread.is_alive(), thread


class Raw:
    """One end of a connection, read and written by hand."""

    def __init__(self, sock):
        sock.settimeout(SOON)
        self.sock, self.file = sock, sock.makefile("rb")

    def send(self, octets):
        self.sock.sendall(octets)

    def head(self):
        """(first line, [(name in lower case, value), …])."""
        lines = []
        while (line := self.file.readline().decode("latin-1").rstrip("\r\n")) != "":
            lines.append(line)
        return lines[0], [(n.lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines[1:])]

    def response(self):
        """(status, header fields, body)."""
        line, fields = self.head()
        return int(line.split()[1]), dict(fields), self.file.read(int(dict(fields).get("content-length", 0)))

    def frame(self):
        """(first octet, payload), or None at the end of octets."""
        head = self.file.read(2)
        if len(head) < 2:
            return None
        size = head[1] & 127
        if size > 125:
            size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big")
        key = self.file.read(4) if head[1] & 128 else bytes(4)
        return head[0], xor(self.file.read(size), key)

    def frames_to_the_end(self):
        return list(iter(self.frame, None))

    def at_end(self):
        return self.file.read(1) == b""

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def tcp(server):
    """A TCP connection to a server."""
    return Raw(socket.create_connection(("127.0.0.1", server.port)))


@contextlib.contextmanager
def raw_client(server, *fields):
    """A raw client, behind the opening handshake."""
    with tcp(server) as raw:
        raw.send(request(*fields))
        assert raw.head()[0] == "HTTP/1.1 101 Switching Protocols"
        yield raw


@contextlib.contextmanager
def raw_server(script, connections=1):
    """A server that plays `script(raw)` for each connection; gives its URI. What the script raises, the test does."""
    raised = []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(SOON)

    def play():
        try:
            for _ in range(connections):
                with Raw(listening.accept()[0]) as raw:
                    script(raw)
        except BaseException as error:
            raised.append(error)

    with listening, running(play):
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/"
    if raised:
        raise raised[0]


def answer(raw, *fields, behind=b""):
    """Answer a client's opening handshake; returns its header fields."""
    got = dict(raw.head()[1])
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Accept: {accept(got['sec-websocket-key'])}", *fields]
    raw.send("\r\n".join([*lines, "", ""]).encode() + behind)
    return got


def until(condition):
    """Let other threads run until something is so."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0)


@contextlib.contextmanager
def running(*functions):
    """Run functions in threads while the block runs, and to their end."""
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


def echo(ws):
    for message in ws:
        ws.send(message)


@contextlib.contextmanager
def pair(handler=echo, *, client=None, **options):
    """A client and the server's end of its connection."""
    ends = []
    there = threading.Event()

    def handle(ws):
        ends.append(ws)
        there.set()
        handler(ws)

    with serve_sync(handle, **options) as server, connect_sync(server.uri, **(client or {})) as ws:
        assert there.wait(SOON)
        yield ws, ends[0]


@contextlib.contextmanager
def end(role=refws.Role.SERVER, times=TimeLimits(), max_queue=16, **options):  # noqa: B008 (frozen)
    """An open connection without a handshake, and a raw peer at its other end."""
    ours, theirs = socket.socketpair()
    ws = SyncWebSocket(endpoint.Endpoint.established(role, **options), times, max_queue)
    with Raw(theirs) as raw:
        ws.start(ours)
        until(lambda: ws.transport is not None)
        try:
            yield ws, raw
        finally:
            ws.drop_tcp()
            ws.wait_closed(SOON)


@contextlib.contextmanager
def both_ends(times=TimeLimits(), max_queue=16):  # noqa: B008 (frozen)
    """An open connection without a handshake: the client's end and the server's."""
    sockets = socket.socketpair()
    roles = refws.Role.CLIENT, refws.Role.SERVER
    ends = [SyncWebSocket(endpoint.Endpoint.established(role), times, max_queue) for role in roles]
    for ws, sock in zip(ends, sockets, strict=True):
        ws.start(sock)
    until(lambda: all(ws.transport is not None for ws in ends))
    try:
        yield ends
    finally:
        for ws in ends:
            ws.drop_tcp()
            ws.wait_closed(SOON)


@pytest.fixture(scope="module")
def contexts():
    """A server's TLS that hosts one name and the loopback address, and a client's that trusts it."""
    authority = trustme.CA()
    serving, connecting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("hosted.example", "127.0.0.1").configure_cert(serving)
    authority.configure_trust(connecting)
    return serving, connecting
