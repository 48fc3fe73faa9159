"""The client that loads all servers alike: blocking sockets, frames that were made before."""

import contextlib
import socket
from collections.abc import Iterator, Sequence

from contestants import BenchFailure
from wire import CLOSE, frame, header_size, read_frame

__all__ = ["Echo", "connections"]

HOST = "127.0.0.1"
PATIENCE = 20.0
"""Seconds after which a server that says nothing has failed."""
AT_ONCE = 50
"""Opening handshakes in flight at a time: below every server's backlog."""

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
GOODBYE = frame(CLOSE, b"\x03\xe8")


def open_connections(port: int, count: int) -> list[socket.socket]:
    """So many open connections. Raises `BenchFailure` or OSError."""
    opened: list[socket.socket] = []
    for start in range(0, count, AT_ONCE):
        batch = []
        for _ in range(min(AT_ONCE, count - start)):
            connection = socket.create_connection((HOST, port), PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            batch.append(connection)
        for connection in batch:
            connection.sendall(REQUEST)
        for connection in batch:
            _read_answer(connection)
        opened += batch
    return opened


def _read_answer(connection: socket.socket) -> None:
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        octets = connection.recv(4096)
        if not octets:
            raise BenchFailure("a server closed the connection instead of answering the handshake")
        answer += octets
    if b" 101 " not in answer.partition(b"\r\n")[0] or ACCEPT not in answer:
        raise BenchFailure(f"a server refused the handshake: {answer[:80]!r}")


def close_connections(opened: Sequence[socket.socket]) -> None:
    """The closing handshake on all of them, then TCP."""
    for connection in opened:
        connection.sendall(GOODBYE)
    for connection in opened:
        # What still comes is of no interest, and a reset is an end like any other.
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass
        connection.close()


@contextlib.contextmanager
def connections(port: int, count: int) -> Iterator[list[socket.socket]]:
    """So many open connections, closed behind."""
    opened = open_connections(port, count)
    try:
        yield opened
    finally:
        close_connections(opened)


class Echo:
    """Messages of one payload, `depth` of them sent at once on a connection, and their echoes."""

    def __init__(self, opcode: int, payload: bytes, depth: int = 1) -> None:
        self._opcode, self._payload = opcode, payload
        self.sent = b"".join(frame(opcode, payload) for _ in range(depth))
        self._echo_size = header_size(len(payload)) + len(payload)
        self._echoes = memoryview(bytearray(self._echo_size * depth))

    def run(self, opened: Sequence[socket.socket], times: int) -> None:
        """Send on all connections and take all echoes, so many times. Raises `BenchFailure` or OSError."""
        echoes = self._echoes
        size = len(echoes)
        for _ in range(times):
            for connection in opened:
                connection.sendall(self.sent)
            for connection in opened:
                got = connection.recv_into(echoes)
                while got < size:
                    more = connection.recv_into(echoes[got:])
                    if not more:
                        raise BenchFailure("a server closed the connection instead of echoing")
                    got += more

    def check(self) -> None:
        """See that the echoes that came last are what was sent. Raises `BenchFailure`."""
        octets = bytes(self._echoes)
        for start in range(0, len(octets), self._echo_size):
            if read_frame(octets[start : start + self._echo_size]) != (self._opcode, self._payload):
                raise BenchFailure("an echo is not what was sent")
