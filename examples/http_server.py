"""The files of a folder, and an echo for WebSocket on the same port: ``python examples/http_server.py [PORT]``.

What `http.server` serves is not touched: `refws.WebSocketMixin` takes the requests for WebSocket, and nothing else.
"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import refws


class Handler(refws.WebSocketMixin, SimpleHTTPRequestHandler):
    def websocket(self, ws: refws.SyncWebSocket) -> None:
        for message in ws:
            ws.send(message)


def main(port: int) -> None:
    handler = partial(Handler, directory=str(Path(__file__).parent))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/sample.html", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            Handler.close_websockets(server)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
