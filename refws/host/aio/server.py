"""`serve` on asyncio."""

import asyncio
import inspect
import os
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import partial
from typing import Any, Self

from refws.failure import UsageError
from refws.host.aio.server_connection import Answer, Chooser, ServerWebSocket, Service
from refws.host.aio.websocket import WebSocket
from refws.host.choice import Choice
from refws.host.connection.times import TimeLimits
from refws.host.endpoints import endpoint_for
from refws.host.listening import remove_socket_file
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s05_5_control_frames import build_close_body
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy
from refws.rfc7692 import PermessageDeflate

__all__ = ["Server", "serve"]

Handler = Callable[[WebSocket], Awaitable[object]]
HttpHook = Callable[[Request], Response | Awaitable[Response | None] | None]

MiB = 1024 * 1024


class Server:
    """A listening server; what `serve` gives."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._server: asyncio.Server | None = None
        self._secure = False
        self._path: str | None = None
        self._inode = 0

    @property
    def connections(self) -> set[ServerWebSocket]:
        """The connections that are not closed."""
        return self._service.connections

    async def listen(
        self, host: str | None, port: int, path: str | None = None, tls: ssl.SSLContext | None = None, **options: Any
    ) -> None:
        """Begin to listen, on a host and port or else on the path of a unix socket. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        self._secure = tls is not None
        if tls is not None:
            options.setdefault("ssl_handshake_timeout", self._service.times.open_timeout)
            options.setdefault("ssl_shutdown_timeout", self._service.times.close_timeout)
        # §rfc6455:4.2.2-p2-s1 MUST begin with the TLS handshake; §rfc6455:4.2.2-p2-s2 MUST end where it fails
        # §rfc6455:10.6-p1-s2/1 MUST know TLS
        options["ssl"] = tls
        if path is None:
            self._server = await loop.create_server(self._connection, host, port, **options)
        else:
            self._server = await loop.create_unix_server(self._connection, path, **options)
            self._path, self._inode = os.fspath(path), os.stat(path).st_ino

    def _connection(self) -> ServerWebSocket:
        return ServerWebSocket(self._service)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The sockets that listen."""
        return tuple(self._server.sockets) if self._server is not None else ()

    @property
    def port(self) -> int:
        """The port of the first of them."""
        return int(self.sockets[0].getsockname()[1])

    @property
    def path(self) -> str | None:
        """The path of the unix socket, where it is one."""
        return self._path

    @property
    def uri(self) -> str:
        """The URI of the first of them; of a unix socket, what its clients say: ``ws://localhost``."""
        host, port = ("localhost", None) if self._path is not None else self.sockets[0].getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        return f"{'wss' if self._secure else 'ws'}://{host}{'' if port is None else f':{port}'}"

    async def serve_forever(self) -> None:
        """Serve until cancelled, then close all connections."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.close()

    async def close(self, code: int = StatusCode.GOING_AWAY, reason: str = "the server stops") -> None:
        """Stop listening, close every connection with this code and reason, and wait for the handlers.

        Those that have not ended `close_timeout` seconds later are cancelled. Raises `UsageError` for a code or a
        reason that may not be sent.
        """
        build_close_body(code, reason, client=False)
        self._service.closing = True
        if self._server is not None:
            self._server.close()
            if self._path is not None and sys.version_info < (3, 13):
                # From Python 3.13 on asyncio does.
                remove_socket_file(self._path, self._inode)
        await asyncio.gather(*(connection.stop(code, reason) for connection in list(self.connections)))
        pending = await self._wait_for(self._service.tasks)
        for task in pending:
            task.cancel()
        await self._wait_for(pending)

    def abort(self) -> None:
        """Close TCP at once, without a word to anybody; `close` is still to be called."""
        for connection in list(self.connections):
            connection.drop_tcp()

    async def _wait_for(self, tasks: set["asyncio.Task[None]"]) -> set["asyncio.Task[None]"]:
        """Wait for tasks, but for the one that is waiting here; returns those that have not ended in time."""
        tasks = tasks - {asyncio.current_task()}
        return (await asyncio.wait(tasks, timeout=self._service.times.close_timeout))[1] if tasks else set()

    async def __aenter__(self) -> Self:
        """The server itself."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the server."""
        await self.close()


class serve:
    """Serve WebSocket: ``async with serve(handler, host, port) as server`` or ``server = await serve(…)``.

    `handler` is called with a `WebSocket` for each connection, which closes when it returns. `http` is asked for every
    request first: a `Response` is sent as plain HTTP, None goes on with the opening handshake. In place of a handler,
    `choose` can be given: it answers each request with a `Choice` or a `Response`, at once or later. With `path` a unix
    socket listens, and not a host and port. `tls` is a context for ``wss``. `allow_hybi00` also takes clients of the
    draft of 2010, which no browser needs: text only, unmasked. Sizes are octets, times seconds, and None is no limit:
    see `Limits` and `TimeLimits`. Raises `OSError` where it cannot listen, `UsageError`.
    """

    def __init__(
        self,
        handler: Handler | None = None,
        host: str | None = "127.0.0.1",
        port: int = 0,
        *,
        path: str | None = None,
        tls: ssl.SSLContext | None = None,
        http: HttpHook | None = None,
        choose: Chooser | None = None,
        subprotocols: SubprotocolPolicy = (),
        extensions: Sequence[ServerExtension] = (PermessageDeflate(),),
        origins: OriginPolicy = None,
        additional_headers: Sequence[tuple[str, str]] = (),
        max_message_size: int | None = MiB,
        max_frame_size: int | None = None,
        max_fragments: int | None = 65536,
        max_head_size: int = 16384,
        max_header_fields: int = 128,
        max_queue: int = 16,
        max_connections: int | None = None,
        open_timeout: float | None = 10,
        close_timeout: float | None = 10,
        ping_interval: float | None = 20,
        ping_timeout: float | None = 20,
        answer_timeout: float | None = 1,
        allow_hybi00: bool = False,
        **options: Any,
    ) -> None:
        limits = Limits(max_frame_size, max_message_size, max_fragments, max_head_size, max_header_fields)
        times = TimeLimits(open_timeout, close_timeout, ping_interval, ping_timeout, answer_timeout)
        if choose is None:
            if handler is None:
                raise UsageError("a server needs a handler, or else choose")
            choice = Choice(handler, subprotocols, extensions, origins, additional_headers, limits, times, max_queue)
            choose = _chooser(choice, http)
        elif handler is not None or http is not None:
            raise UsageError("choose takes the place of handler and http")
        service = Service(choose, limits, times, max_connections, endpoint_for(allow_hybi00))
        self._server = Server(service)
        self._listen = partial(self._server.listen, host, port, path, tls, **options)

    async def _start(self) -> Server:
        await self._listen()
        return self._server

    def __await__(self) -> Generator[Any, None, Server]:
        """Begin to listen."""
        return self._start().__await__()

    async def __aenter__(self) -> Server:
        """Begin to listen."""
        return await self._start()

    async def __aexit__(self, *exc: object) -> None:
        """Close the server."""
        await self._server.close()


def _chooser(choice: Choice, http: HttpHook | None) -> Chooser:
    """Ask a hook, and take the one choice where it has no answer."""
    if http is None:
        return lambda _: choice

    async def later(answer: Awaitable[Response | None]) -> Answer:
        response = await answer
        return choice if response is None else response

    def choose(request: Request) -> Answer | Awaitable[Answer]:
        response = http(request)
        if inspect.isawaitable(response):
            return later(response)
        return choice if response is None else response

    return choose
