"""WebSocket over two sockets that are connected to each other: ``python examples/over_socketpair.py``."""

import socket
import threading

import refws


def shout(stream: socket.socket) -> None:
    with stream, refws.server_handshake(stream) as ws:
        for message in ws:
            ws.send(message.upper())


here, there = socket.socketpair()
threading.Thread(target=shout, args=[there]).start()
with here, refws.client_handshake(here, "ws://localhost/") as ws:
    ws.send("hello over a socketpair")
    print(ws.recv())
