"""Acceptors: a listening server whose requests the dispatch table leads to resources."""

import asyncio
import contextlib
import os
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self

from refws.failure import UsageError
from refws.host.aio.server import HttpHook, Server
from refws.host.aio.server_connection import Service
from refws.host.connection.times import TimeLimits
from refws.host.endpoints import endpoint_for
from refws.host.threads.server import SyncServer, serve_sync
from refws.resources.dispatch import Dispatch, Dispatcher
from refws.resources.signals import SIGNALS, handled
from refws.resources.waiting import Done
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["Acceptor", "SSLAcceptor"]

Announce = Callable[[str], object]


class Acceptor:
    """Listens, for WebSocket and for HTTP, on a port of a host, or with `path` on a unix socket.

    `dispatch_table` is a list of functions from a request to a `Resource`, or to None; see `refws.resources`. `http` is
    asked where there is none: a `Response` is sent, for None 404. They may be ``async def``, but not with `threads`,
    where each connection has a thread that runs its handlers. `max_clients` is how many connections there may be at one
    time, over all resources and plain HTTP; whoever comes on top gets 503. `allow_hybi00` also takes clients of the
    draft of 2010: text only, unmasked.

        acceptor.serve_forever()                    # until SIGINT, SIGTERM, or `stop`
        async with acceptor: …                      # in an event loop that runs already
        with acceptor: …                            # with threads

    Raises `OSError` where it cannot listen, and `UsageError`.
    """

    def __init__(
        self,
        port: int = 0,
        host: str | None = "127.0.0.1",
        *,
        dispatch_table: Sequence[Dispatch],
        http: HttpHook | None = None,
        path: str | os.PathLike[str] | None = None,
        threads: bool = False,
        max_clients: int | None = None,
        allow_hybi00: bool = False,
        open_timeout: float | None = 10,
        close_timeout: float | None = 10,
        max_head_size: int = 16384,
        max_header_fields: int = 128,
    ) -> None:
        self.dispatch_table = dispatch_table
        self._address = (host, port, None if path is None else os.fspath(path))
        self._http = http
        self._threads = threads
        self._max_clients = max_clients
        self._allow_hybi00 = allow_hybi00
        self._limits = Limits(max_head_size=max_head_size, max_header_fields=max_header_fields)
        self._times = TimeLimits(open_timeout, close_timeout)
        self._tls: ssl.SSLContext | None = None
        self._server: Server | SyncServer | None = None
        self._ended = threading.Event()
        self._stopped = asyncio.Event()
        self._signalled: list[object] = []

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._listening().port

    @property
    def uri(self) -> str:
        """Its URI; of a unix socket, what clients say: ``ws://localhost``."""
        return self._listening().uri

    def _listening(self) -> Server | SyncServer:
        if self._server is None:
            raise UsageError("this acceptor does not listen")
        return self._server

    def start(self) -> Awaitable[Self]:
        """Begin to listen: on asyncio once this is awaited, with threads at once."""
        if self._server is not None:
            raise UsageError("this acceptor listens already")
        dispatcher = Dispatcher(self.dispatch_table, self._http, self._threads)
        dispatcher.check()
        if not self._threads:
            return self._start(dispatcher)
        self._ended.clear()
        self._server = self._serve_sync(dispatcher).__enter__()
        return Done(self)

    def stop(self, soft: bool = True) -> Awaitable[None]:
        """Stop listening, close all clients with 1001, and wait until the last handler has ended.

        On asyncio this is to be awaited; with threads it has happened when this returns. Handlers that have not ended
        `close_timeout` seconds later are cancelled, or with threads left alone. Not `soft`: TCP is closed at once.
        """
        server = self._server
        if not soft and server is not None:
            server.abort()
        if isinstance(server, Server):
            return self._stop(server)
        if server is not None:
            server.close()
            self._server = None
            self._ended.set()
        return Done(None)

    def serve_forever(self, announce: Announce | None = None) -> None:
        """Serve until SIGINT, SIGTERM or `stop`; the second signal stops hard. `announce` is told the URI."""
        # Where signals have no handlers, this is what SIGINT raises: here behind a graceful stop.
        with contextlib.suppress(KeyboardInterrupt):
            if self._threads:
                self._serve_in_threads(announce)
            elif asyncio._get_running_loop() is not None:
                raise UsageError("an event loop runs here already; in it, it is: async with acceptor")
            else:
                asyncio.run(self._serve(announce))

    # On asyncio

    async def _start(self, dispatcher: Dispatcher) -> Self:
        endpoint = endpoint_for(self._allow_hybi00)
        server = Server(Service(dispatcher.choose, self._limits, self._times, self._max_clients, endpoint))
        await server.listen(*self._address, self._tls)
        self._server, self._stopped = server, asyncio.Event()
        return self

    async def _stop(self, server: Server) -> None:
        await server.close()
        self._server = None
        self._stopped.set()

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        return await self.start()

    async def __aexit__(self, *exc: object) -> None:
        """Stop, softly."""
        await self.stop()

    async def _serve(self, announce: Announce | None) -> None:
        loop = asyncio.get_running_loop()
        self._signalled.clear()
        async with self:
            for number in SIGNALS:
                # Windows has none of these, nor has a thread other than the main one.
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, lambda: self._signalled.append(loop.create_task(self._hurry())))
            if announce is not None:
                announce(self.uri)
            await self._stopped.wait()

    async def _hurry(self) -> None:
        """Stop as softly as at this signal."""
        await self.stop(soft=len(self._signalled) == 1)

    # With threads

    def _serve_sync(self, dispatcher: Dispatcher) -> SyncServer:
        host, port, path = self._address
        return serve_sync(
            choose=dispatcher.choose_now,
            host=host,
            port=port,
            path=path,
            tls=self._tls,
            max_head_size=self._limits.max_head_size,
            max_header_fields=self._limits.max_header_fields,
            max_connections=self._max_clients,
            open_timeout=self._times.open_timeout,
            close_timeout=self._times.close_timeout,
            allow_hybi00=self._allow_hybi00,
        )

    def __enter__(self) -> Self:
        """Begin to listen, with threads."""
        if not self._threads:
            raise UsageError("on asyncio it is: async with acceptor")
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop, softly."""
        self.stop()

    def _serve_in_threads(self, announce: Announce | None) -> None:
        with handled(SIGNALS, self._end), self:
            if announce is not None:
                announce(self.uri)
            self._ended.wait()

    def _end(self) -> None:
        """A signal has come."""
        if self._ended.is_set() and self._server is not None:
            self._server.abort()
        self._ended.set()


class SSLAcceptor(Acceptor):
    """An `Acceptor` for ``wss``: with the files of a `certificate` chain and its `key`, PEM, or with a context, `tls`.

    Raises `UsageError` for files that cannot be used.
    """

    def __init__(
        self,
        *arguments: Any,
        certificate: str | os.PathLike[str] | None = None,
        key: str | os.PathLike[str] | None = None,
        tls: ssl.SSLContext | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._tls = tls or _context(certificate, key)


def _context(certificate: str | os.PathLike[str] | None, key: str | os.PathLike[str] | None) -> ssl.SSLContext:
    if certificate is None:
        raise UsageError("an SSLAcceptor wants a certificate, or a context as tls")
    # §rfc6455:10.6-p1-s2/1 MUST know TLS: strong TLS only, that of the standard library's default context
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"cannot use the certificate {certificate}: {error}") from None
    return context
