"""A server with threads: it listens, accepts, and closes all it has accepted."""

import logging
import os
import selectors
import socket
import ssl
import threading
from collections.abc import Sequence
from typing import Self
from weakref import WeakSet

from refws.host.listening import remove_socket_file
from refws.host.threads.loop import Waker
from refws.host.threads.server_connection import SyncServerWebSocket
from refws.host.threads.service import SyncService
from refws.rfc6455.s05_5_control_frames import build_close_body
from refws.rfc6455.s07_4_status_codes import StatusCode

__all__ = ["SyncServer"]

PAUSE = 1.0
"""Seconds without an `accept` when there was no room for one more connection."""

logger = logging.getLogger("refws")


class SyncServer:
    """A listening server with threads, two for each connection; what `serve_sync` gives.

    ``with serve_sync(…) as server`` serves in a thread of its own, `serve_forever` in that of the caller.
    """

    def __init__(self, service: SyncService, sockets: Sequence[socket.socket], tls: ssl.SSLContext | None) -> None:
        self._service = service
        self._sockets = tuple(sockets)
        self._tls = tls
        address = sockets[0].getsockname()
        self._path: str | None = address if isinstance(address, str) else None
        self._inode = 0 if self._path is None else os.stat(self._path).st_ino
        self._address = ("localhost", 0) if self._path is not None else address
        self._waker: Waker | None = None
        self._thread: threading.Thread | None = None
        self._threads: WeakSet[threading.Thread] = WeakSet()
        self._accepting: threading.Thread | None = None
        self._accepts_no_more = threading.Event()
        self._accepts_no_more.set()

    @property
    def connections(self) -> set[SyncServerWebSocket]:
        """The connections that are not closed, at this moment."""
        with self._service.served.lock:
            return set(self._service.served.open)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The sockets that listen."""
        return () if self._service.served.stopped.is_set() else self._sockets

    @property
    def port(self) -> int:
        """The port of the first of them."""
        return int(self._address[1])

    @property
    def path(self) -> str | None:
        """The path of the unix socket, where it is one."""
        return self._path

    @property
    def uri(self) -> str:
        """The URI of the first of them; of a unix socket, what its clients say: ``ws://localhost``."""
        host, port = self._address[:2]
        host = f"[{host}]" if ":" in host else host
        return f"{'ws' if self._tls is None else 'wss'}://{host}{f':{port}' if port else ''}"

    # Serving

    def serve_forever(self) -> None:
        """Serve until another thread, or the handler of a signal, calls `close`; an exception closes, too."""
        try:
            with self._service.served.lock:
                if self._service.served.stopped.is_set():
                    return
                self._accepts_no_more.clear()
            self._accept_connections()
        finally:
            self.close()

    def _accept_connections(self) -> None:
        self._accepting = threading.current_thread()
        try:
            with selectors.DefaultSelector() as selector:
                self._waker = Waker()
                selector.register(self._waker, selectors.EVENT_READ)
                for sock in self._sockets:
                    sock.setblocking(False)
                    selector.register(sock, selectors.EVENT_READ)
                while not self._service.served.stopped.is_set():
                    for key, _ in selector.select():
                        if isinstance(key.fileobj, socket.socket):
                            self._accept(key.fileobj)
        finally:
            with self._service.served.lock:
                waker, self._waker = self._waker, None
            if waker is not None:
                waker.close()
            self._close_sockets()
            self._accepting = None
            self._accepts_no_more.set()

    def _accept(self, listening: socket.socket) -> None:
        try:
            sock, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:
            logger.exception("no connection can be accepted")
            self._service.served.stopped.wait(PAUSE)
            return
        try:
            if self._tls is not None:
                # §rfc6455:4.2.2-p2-s1 MUST begin with the TLS handshake; §rfc6455:4.2.2-p2-s2 MUST end where it fails
                # §rfc6455:10.6-p1-s2/1 MUST know TLS
                sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            connection = SyncServerWebSocket(self._service)
            thread = threading.Thread(target=connection.serve, args=(sock,), name="refws handler", daemon=True)
            thread.start()
            self._threads.add(thread)
        except Exception:
            # No thread for it, or a peer that has gone already.
            logger.exception("a connection cannot be served")
            sock.close()

    def _close_sockets(self) -> None:
        for sock in self._sockets:
            sock.close()
        if self._path is not None:
            remove_socket_file(self._path, self._inode)

    def close(self, code: int = StatusCode.GOING_AWAY, reason: str = "the server stops") -> None:
        """Stop listening, close every connection with this code and reason, and wait for the handlers.

        A thread cannot be stopped from outside: a handler that has not ended `close_timeout` seconds after its
        connection, which took no longer to close, is told of in the log and left alone. Its thread does not keep the
        process from ending. Raises `UsageError` for a code or a reason that may not be sent.
        """
        build_close_body(code, reason, client=False)
        served, here = self._service.served, threading.current_thread()
        with served.lock:
            served.stopped.set()
            if self._waker is not None:
                self._waker.wake()
        if self._accepting is not here:
            self._accepts_no_more.wait()
            self._close_sockets()
        late = served.close(code, reason, self._service.times.close_timeout)
        for thread in [self._thread, *self._threads]:
            if thread is not None and thread is not here and thread not in late:
                thread.join()

    def abort(self) -> None:
        """Close TCP at once, without a word to anybody; `close` is still to be called."""
        for connection in self.connections:
            connection.drop_tcp()

    def __enter__(self) -> Self:
        """Begin to serve, in a thread of its own. Raises `RuntimeError` where there is none."""
        self._accepts_no_more.clear()
        thread = threading.Thread(target=self._accept_connections, name="refws server", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._accepts_no_more.set()
            self.close()
            raise
        self._thread = thread
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the server."""
        self.close()
