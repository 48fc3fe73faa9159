"""WebSocket over a unix socket, as a file to read and write: ``python examples/over_unix_socket.py``."""

import socket
import tempfile
import threading
from pathlib import Path

import refws


def serve_one(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection, connection.makefile("rwb") as stream, refws.server_handshake(stream) as ws:
        for message in ws:
            ws.send(f"{ws.request.target} has {message!r}")


with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
    path = Path(folder) / "refws.sock"
    listening.bind(str(path))
    listening.listen()
    threading.Thread(target=serve_one, args=[listening]).start()
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(path))
        with refws.client_handshake(stream, "ws://localhost/unix?room=1") as ws:
            ws.send("hello over a unix socket")
            print(ws.recv())
