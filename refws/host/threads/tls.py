"""TLS for a thread: the transport over an `ssl.SSLSocket`."""

import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE

from refws.host.connection.callbacks import Connection
from refws.host.connection.reading import READ_SIZE
from refws.host.threads.loop import ThreadLoop, ThreadTimer
from refws.host.threads.transport import ThreadTransport

__all__ = ["TlsTransport", "transport_over"]

logger = logging.getLogger("refws")


def transport_over(loop: ThreadLoop, sock: socket.socket, protocol: Connection) -> ThreadTransport:
    """The transport for a socket, plain or TLS."""
    if isinstance(sock, ssl.SSLSocket):
        return TlsTransport(loop, sock, protocol)
    return ThreadTransport(loop, sock, protocol)


class TlsTransport(ThreadTransport):
    """A transport that does the TLS handshake first, unless that is done, and ends TLS before TCP.

    Two threads may not use one `ssl.SSLSocket` at once: the loop's lock sees to that.
    """

    def __init__(self, loop: ThreadLoop, sock: ssl.SSLSocket, protocol: Connection) -> None:
        super().__init__(loop, sock, protocol)
        self._tls = sock
        # What is done in place of reading and writing: the handshake of TLS, and its end.
        self._step: Callable[[], None] | None = None
        self._limit: ThreadTimer | None = None
        # What to wait for before reading (or for the step), and before writing: each may need the other.
        self._read_event, self._write_event = EVENT_READ, EVENT_WRITE

    def _begin(self) -> None:
        if self._closing:
            return
        limit = self._protocol.times.open_timeout
        if limit is not None:
            self._limit = self._loop.call_later(limit, self._handshake_timeout)
        self._step = self._handshake
        self._handshake()

    def _handshake_timeout(self) -> None:
        self._abort(TimeoutError("the TLS handshake took too long"))

    def _handshake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._read_event = EVENT_READ
        except ssl.SSLWantWriteError:
            self._read_event = EVENT_WRITE
        except OSError as error:
            logger.debug("the TLS handshake failed: %s", error)
            self._abort(error)
        else:
            self._step, self._read_event = None, EVENT_READ
            if self._limit is not None:
                self._limit.cancel()
            self._info.update(ssl_object=self._tls, cipher=self._tls.cipher(), peercert=self._tls.getpeercert())
            super()._begin()

    # What the loop asks and calls

    def interest(self) -> int:
        """What to wait for."""
        events = self._read_event if self._reading or self._step is not None else 0
        return events | self._write_event if self._buffer else events

    def is_ready(self) -> bool:
        """Whether TLS has decrypted more than was read."""
        return self._reading and self._tls.pending() > 0

    def ready(self, events: int) -> None:
        """Write and read, or go on with TLS itself."""
        if self._step is not None:
            self._step()
            return
        if self._reading and events & self._read_event:
            self._read()
        # What writing waits to be read may have been read just now.
        if self._buffer and (events & self._write_event or self._write_event == EVENT_READ):
            self._write_on()

    def _receive(self) -> bytes | None:
        try:
            octets = self._tls.recv(self._read_size)
        except ssl.SSLWantReadError:
            self._read_event = EVENT_READ
        except ssl.SSLWantWriteError:
            self._read_event = EVENT_WRITE
        else:
            self._read_event = EVENT_READ
            return octets
        return None

    def _taken(self, data: memoryview) -> int:
        taken = 0
        try:
            # One record at a time.
            while taken < len(data):
                taken += self._tls.send(data[taken:])
        except ssl.SSLWantReadError:
            self._write_event = EVENT_READ
            return taken
        except ssl.SSLWantWriteError:
            pass
        self._write_event = EVENT_WRITE
        return taken

    # The end

    def can_write_eof(self) -> bool:
        """Whether this side can end without the other: TLS, as Python has it, cannot."""
        return False

    def _close(self) -> None:
        """All has been sent: tell the peer that TLS ends, and wait for its end, for as long as whoever closes says."""
        self._step = self._close
        if self._tls.version() is None:
            # TLS has not begun.
            self._finish()
            return
        try:
            self._tls.unwrap()
        except ssl.SSLWantWriteError:
            self._read_event = EVENT_WRITE
            return
        except ssl.SSLError:
            # Ours has gone; the peer's is still to come, behind data maybe, which TLS itself does not take any longer.
            # From here on it is plain TCP, which octets that nobody reads would reset.
            with contextlib.suppress(OSError):
                self._tls.shutdown(socket.SHUT_WR)
                self._step, self._read_event = self._drain, EVENT_READ
                return
        except OSError:
            pass  # The peer is gone.
        self._finish()

    def _drain(self) -> None:
        """Drop what still comes, to the peer's end."""
        try:
            if self._tls.recv(READ_SIZE):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._finish()

    def _abort(self, error: Exception | None) -> None:
        self._step = None
        super()._abort(error)
