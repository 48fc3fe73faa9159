"""`serve` on asyncio."""

import asyncio
import socket
import ssl
from collections.abc import Generator, Sequence
from typing import Any, Self

from refws.host.server_connection import Handler, HttpHook, ServerWebSocket, Service
from refws.host.times import TimeLimits
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy
from refws.rfc7692 import PermessageDeflate

__all__ = ["Server", "serve"]

MiB = 1024 * 1024


class Server:
    """A listening server; what `serve` gives."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._server: asyncio.Server | None = None
        self._secure = False

    @property
    def connections(self) -> set[ServerWebSocket]:
        """The connections that are not closed."""
        return self._service.connections

    async def listen(self, host: str | None, port: int, tls: ssl.SSLContext | None, **options: Any) -> None:
        """Begin to listen. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        self._secure = tls is not None
        if tls is not None:
            options.setdefault("ssl_handshake_timeout", self._service.times.open_timeout)
            options.setdefault("ssl_shutdown_timeout", self._service.times.close_timeout)
        # §rfc6455:4.2.2-p2-s1 MUST begin with the TLS handshake; §rfc6455:4.2.2-p2-s2 MUST end where it fails
        # §rfc6455:10.6-p1-s2/1 MUST know TLS
        self._server = await loop.create_server(lambda: ServerWebSocket(self._service), host, port, ssl=tls, **options)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The sockets that listen."""
        return tuple(self._server.sockets) if self._server is not None else ()

    @property
    def port(self) -> int:
        """The port of the first of them."""
        return int(self.sockets[0].getsockname()[1])

    @property
    def uri(self) -> str:
        """The URI of the first of them."""
        host, port = self.sockets[0].getsockname()[:2]
        return f"{'wss' if self._secure else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}"

    async def serve_forever(self) -> None:
        """Serve until cancelled, then close all connections."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop listening, close every connection with 1001, and wait for the handlers.

        Those that have not ended `close_timeout` seconds later are cancelled.
        """
        self._service.closing = True
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(connection.stop() for connection in list(self.connections)))
        pending = await self._wait_for(self._service.tasks)
        for task in pending:
            task.cancel()
        await self._wait_for(pending)

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
    request first: a `Response` is sent as plain HTTP, None goes on with the opening handshake. `tls` is a context for
    ``wss``. Sizes are octets, times seconds, and None is no limit: see `Limits` and `TimeLimits`. Raises `OSError`
    where it cannot listen.
    """

    def __init__(
        self,
        handler: Handler,
        host: str | None = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        http: HttpHook | None = None,
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
        **options: Any,
    ) -> None:
        self._listen = (host, port, tls)
        self._options = options
        limits = Limits(max_frame_size, max_message_size, max_fragments, max_head_size, max_header_fields)
        times = TimeLimits(open_timeout, close_timeout, ping_interval, ping_timeout, answer_timeout)
        self._server = Server(
            Service(
                handler,
                http=http,
                subprotocols=subprotocols,
                extensions=extensions,
                origins=origins,
                additional_headers=additional_headers,
                limits=limits,
                times=times,
                max_queue=max_queue,
                max_connections=max_connections,
            )
        )

    async def _start(self) -> Server:
        await self._server.listen(*self._listen, **self._options)
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
