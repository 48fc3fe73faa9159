"""WebSocket over TLS, with a certificate that lives as long as this runs: ``python examples/over_ssl.py``.

The certificate is made by trustme (``pip install trustme``).
"""

import socket
import ssl
import threading

import trustme

import refws

authority = trustme.CA()
server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
authority.issue_cert("localhost").configure_cert(server_tls)
client_tls = ssl.create_default_context()
authority.configure_trust(client_tls)


def serve_one(stream: socket.socket) -> None:
    with server_tls.wrap_socket(stream, server_side=True) as tls, refws.server_handshake(tls) as ws:
        for message in ws:
            ws.send(f"{message}, by {tls.version()}")


here, there = socket.socketpair()
threading.Thread(target=serve_one, args=[there]).start()
with (
    client_tls.wrap_socket(here, server_hostname="localhost") as tls,
    refws.client_handshake(tls, "wss://localhost/") as ws,
):
    ws.send("hello over TLS")
    print(ws.recv())
