"""A WSGI application with WebSocket beside it: ``python examples/wsgi.py [--werkzeug] [PORT]``.

The application is an ordinary one, and knows nothing of WebSocket; it runs under wsgiref, or under Werkzeug's
development server, which Flask uses, too. Both take a class for their requests, and that class gets the mixin.
"""

import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import refws


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"Connect to {environ['PATH_INFO']} by WebSocket: it echoes.\n".encode()]


class Echo(refws.WebSocketMixin):
    def websocket(self, ws: refws.SyncWebSocket) -> None:
        ws.send(f"this is {ws.request.path}")
        for message in ws:
            ws.send(message)


class Handler(Echo, WSGIRequestHandler):
    """The class that wsgiref makes for each connection."""


class Server(ThreadingMixIn, WSGIServer):
    """wsgiref with a thread for each connection: a WebSocket takes one for as long as it is open."""

    daemon_threads = True


def on_werkzeug(port: int) -> Any:
    from werkzeug import serving  # noqa: PLC0415 (not needed for wsgiref)

    handler = type("Handler", (Echo, serving.WSGIRequestHandler), {})
    return serving.make_server("127.0.0.1", port, application, threaded=True, request_handler=handler)


def main(arguments: list[str]) -> None:
    werkzeug = "--werkzeug" in arguments
    port = int(next((argument for argument in arguments if argument.isdecimal()), "8080"))
    server = on_werkzeug(port) if werkzeug else make_server("127.0.0.1", port, application, Server, Handler)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        Echo.close_websockets(server)
        server.server_close()


if __name__ == "__main__":
    main(sys.argv[1:])
