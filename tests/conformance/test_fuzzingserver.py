import socket
import threading
from contextlib import contextmanager

import pytest

from conformance import fuzzingserver
from conformance.failure import HarnessFailure

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


@contextmanager
def server(answer):
    """Answers one request with octets and hangs up; what it was asked is in the list it gives."""
    heads = []

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(4096)
            heads.append(head.decode())
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1], heads
        thread.join()


def test_reports_are_written_once_a_close_frame_follows_the_handshake():
    with server(ACCEPTED + b"\x88\x00") as (port, heads):
        fuzzingserver.update_reports(port, "a b")
    assert heads[0].startswith("GET /updateReports?agent=a%20b HTTP/1.1\r\n")
    assert "Sec-WebSocket-Version: 13\r\n" in heads[0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404"),
        (ACCEPTED, "hung up"),
        (b"", "does not write its reports"),
        (b"hello\r\n\r\n", "does not write its reports"),
    ],
)
def test_a_server_that_does_not_write_them(answer, words):
    with server(answer) as (port, _), pytest.raises(HarnessFailure, match=words):
        fuzzingserver.update_reports(port, "a")


def test_whether_a_port_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert fuzzingserver.listens(port)
    assert not fuzzingserver.listens(port)
    with pytest.raises(HarnessFailure, match="ConnectionRefusedError"):
        fuzzingserver.update_reports(port, "a")


def test_a_free_port_can_be_bound():
    with socket.create_server(("127.0.0.1", fuzzingserver.free_port())):
        pass
