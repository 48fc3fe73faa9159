"""WebSocket for the handler classes of `http.server`, and so for those of wsgiref and Werkzeug, on the same port."""

import threading
from collections.abc import Callable, Sequence
from email.message import Message
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import Any
from weakref import WeakKeyDictionary

from refws.host.choice import Choice
from refws.host.connection.times import TimeLimits
from refws.host.threads.server_connection import SyncServerWebSocket
from refws.host.threads.service import Served, SyncService
from refws.host.threads.websocket import SyncWebSocket
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy, names_token
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy
from refws.rfc7692 import PermessageDeflate

__all__ = ["WebSocketMixin"]

_served: WeakKeyDictionary[BaseServer, Served] = WeakKeyDictionary()
_served_is_changed = threading.Lock()


def _served_by(server: BaseServer) -> Served:
    with _served_is_changed:
        return _served.setdefault(server, Served())


class WebSocketMixin(BaseHTTPRequestHandler):
    """Makes a handler class of `http.server` speak WebSocket, too.

        class Handler(refws.WebSocketMixin, http.server.SimpleHTTPRequestHandler):
            def websocket(self, ws):
                for message in ws:
                    ws.send(message)

        http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler).serve_forever()

    The same goes for `wsgiref.simple_server.WSGIRequestHandler` and `werkzeug.serving.WSGIRequestHandler`. A request
    with ``Upgrade: websocket`` is answered here; all others go on to the class, untouched. `websocket` is called in the
    thread of the request, so the server has to be one with threads: another serves nobody else meanwhile.

    The policy is in class attributes, and `websocket_choice` may be overridden to choose for each request. What
    `timeout` bounds is the head of the request; from then on it is `websocket_times`.

    When a server stops, its `server_close` knows nothing of WebSocket: with ``daemon_threads`` (ThreadingHTTPServer,
    Werkzeug) it leaves connections as they are, without (a plain ThreadingMixIn) it waits for as long as they are open.
    Call `close_websockets` between its ``shutdown`` and ``server_close``.
    """

    websocket_subprotocols: SubprotocolPolicy = ()
    websocket_extensions: Sequence[ServerExtension] = (PermessageDeflate(),)
    websocket_origins: OriginPolicy = None
    websocket_limits = Limits()
    websocket_times = TimeLimits()
    websocket_max_queue = 16

    raw_requestline: bytes

    def websocket(self, ws: SyncWebSocket) -> object:
        """Use an open connection, which closes when this returns; ``ws.request`` is the opening handshake."""
        raise NotImplementedError("a handler class with WebSocketMixin has a method websocket(self, ws)")

    def websocket_choice(self, request: Request) -> Choice | Response:
        """What a request for WebSocket gets: by default `websocket` and the policy of the class."""
        return Choice(
            self.websocket,
            self.websocket_subprotocols,
            self.websocket_extensions,
            self.websocket_origins,
            limits=self.websocket_limits,
            times=self.websocket_times,
            max_queue=self.websocket_max_queue,
        )

    @staticmethod
    def close_websockets(
        server: BaseServer,
        code: int = StatusCode.GOING_AWAY,
        reason: str = "the server stops",
        timeout: float | None = 10,
    ) -> None:
        """Close every WebSocket connection of a server within so many seconds, and wait as long for their handlers.

        The server takes no more of them. Raises `UsageError` for a code or a reason that may not be sent.
        """
        _served_by(server).close(code, reason, timeout)

    def parse_request(self) -> bool:
        """Read the head of a request, and answer it where it is for WebSocket; then there is nothing left to do."""
        file = self.rfile
        recorder = _Recorder(file)
        self.rfile = recorder  # type: ignore[assignment]  # which is all of a file that is asked for
        try:
            parsed = super().parse_request()
        finally:
            self.rfile = file
        if not parsed or not names_token(_fields(self.headers), "Upgrade", "websocket"):
            return parsed
        self.close_connection = True
        self._serve_websocket(self.raw_requestline + b"".join(recorder.lines))
        return False

    def _serve_websocket(self, head: bytes) -> None:
        service = SyncService(self._choose, self.websocket_limits, self.websocket_times, served=_served_by(self.server))
        connection = _LoggedWebSocket(service, self.log_request)
        octets = head + self._read_ahead()
        # They would keep the socket open when it is closed.
        self.wfile.close()
        self.rfile.close()
        connection.serve(self.connection, octets)

    def _choose(self, request: Request) -> Choice | Response:
        answer = self.websocket_choice(request)
        if isinstance(answer, Response) and answer.headers.get("Connection") is None:
            # What might follow would not come to the class.
            headers = HeaderFields([*answer.headers, ("Connection", "close")])
            return Response(answer.status, headers, answer.body, answer.reason)
        return answer

    def _read_ahead(self) -> bytes:
        """What has been read behind the head already."""
        self.wfile.flush()
        self.connection.setblocking(False)
        try:
            octets: bytes = self.rfile.peek() if hasattr(self.rfile, "peek") else b""
        except OSError:
            # Nothing has come; or nothing will, as will be seen.
            return b""
        return octets


class _LoggedWebSocket(SyncServerWebSocket):
    """A connection whose answer goes into the log of requests."""

    __slots__ = ("_log",)

    def __init__(self, service: SyncService, log: Callable[[int], None]) -> None:
        super().__init__(service)
        self._log = log

    def answered(self, status: int) -> None:
        """Log the status."""
        self._log(status)


class _Recorder:
    """A file of which the lines that are read are kept."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.lines: list[bytes] = []

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._file.readline(size)
        self.lines.append(line)
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _fields(headers: Message) -> HeaderFields:
    # The lines of a field that was folded are one here, as they are for h11 afterwards.
    return HeaderFields((name, " ".join(str(value).split())) for name, value in headers.items())
