"""What the connections of a server with threads have in common, and who is being served."""

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refws.host.choice import SERVER_ERROR, UNAVAILABLE, Choice
from refws.host.connection.times import TimeLimits
from refws.host.endpoints import NewEndpoint, new_endpoint
from refws.host.threads.addresses import Deadline
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s05_5_control_frames import build_close_body
from refws.rfc6455.s10_security_considerations import Limits

if TYPE_CHECKING:
    from refws.host.threads.server_connection import SyncServerWebSocket

__all__ = ["Served", "SyncChooser", "SyncService"]

logger = logging.getLogger("refws")

SyncChooser = Callable[[Request], Choice | Response]


class Served:
    """The connections that are being served, each with the thread that its handler runs in."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.open: set[SyncServerWebSocket] = set()
        self.threads: dict[SyncServerWebSocket, threading.Thread] = {}
        self.stopped = threading.Event()
        self._ended = threading.Condition(self.lock)

    def begin(self, connection: "SyncServerWebSocket", sock: socket.socket) -> bool:
        """Begin to serve a connection; returns False, and closes the socket, where that cannot be."""
        with self.lock:
            if not self.stopped.is_set():
                try:
                    connection.start(sock)
                except RuntimeError:
                    logger.exception("there is no thread for a connection")
                else:
                    self.threads[connection] = threading.current_thread()
                    return True
        sock.close()
        return False

    def end(self, connection: "SyncServerWebSocket") -> None:
        """The connection is closed, and its handler has ended."""
        with self._ended:
            del self.threads[connection]
            self._ended.notify_all()

    def close(self, code: int, reason: str, timeout: float | None) -> set[threading.Thread]:
        """Serve no more connections, close those there are within `timeout` seconds, and wait as long for the handlers.

        Returns the threads of those that have not ended by then. A handler that calls this is not waited for. Raises
        `UsageError` for a code or a reason that may not be sent.
        """
        build_close_body(code, reason, client=False)
        with self.lock:
            self.stopped.set()
            threads = dict(self.threads)
        for connection in threads:
            connection.stop(code, reason)
        here = threading.current_thread()
        others = {connection for connection, thread in threads.items() if thread is not here}
        deadline = Deadline(timeout)
        for connection in others:
            try:
                connection.wait_closed(deadline.left())
            except TimeoutError:
                connection.drop_tcp()
        with self._ended:
            self._ended.wait_for(lambda: others.isdisjoint(self.threads), timeout)
            late = {self.threads[connection] for connection in others & self.threads.keys()}
        if late:
            logger.warning("%d handlers have not ended %s s after their connections", len(late), timeout)
        return late


@dataclass(slots=True)
class SyncService:
    """What a server does for its connections, and what they have in common.

    `choose` is asked for each request. `limits` and `times` hold until it has answered, then those of the choice.
    """

    choose: SyncChooser
    limits: Limits = Limits()
    times: TimeLimits = field(default_factory=TimeLimits)
    max_connections: int | None = None
    endpoint: NewEndpoint = new_endpoint
    served: Served = field(default_factory=Served)

    def answer(self, request: Request) -> Choice | Response:
        """What to answer to a request."""
        if self.max_connections is not None and len(self.served.open) > self.max_connections:
            return UNAVAILABLE
        try:
            return self.choose(request)
        except Exception:
            logger.exception("choosing the answer to a request failed")
            return SERVER_ERROR
