"""A plain socket as `refws.host.connection.callbacks` writes to it: what asyncio's transports are, for a thread."""

import asyncio
import contextlib
import logging
import socket
from collections import deque
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from refws.host.connection.callbacks import Connection
from refws.host.connection.reading import READ_SIZE
from refws.host.threads.loop import ThreadLoop

__all__ = ["ThreadTransport"]

logger = logging.getLogger("refws")

HIGH_WATER = 65536
"""Octets that wait to be taken above which writers are told to pause, as with asyncio."""

LOW_WATER = HIGH_WATER // 4

SMALL_READ = 16384
"""Octets read at once from a peer that sends little: what one TLS record holds."""


class ThreadTransport(asyncio.Transport):
    """The transport of one connection; all calls are made with the loop's lock held, `run` alone without it.

    What is written goes out in the thread of the caller; what the peer does not take at once is buffered, and the
    loop's thread sends it. `is_over` says that TCP is closed.
    """

    def __init__(self, loop: ThreadLoop, sock: socket.socket, protocol: Connection) -> None:
        super().__init__()
        self._info: dict[str, Any] = {"socket": sock}
        with contextlib.suppress(OSError):
            self._info.update(sockname=sock.getsockname(), peername=sock.getpeername())
        sock.setblocking(False)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            # Some systems refuse it where the peer has gone already, as the first read will tell.
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._loop = loop
        self._sock = sock
        self._protocol = protocol
        self._buffer: deque[memoryview] = deque()
        self._buffered = 0
        self._writing_is_paused = False
        self._reading = False
        self._ended = False
        self._eof = False
        self._closing = False
        self.is_over = False
        self._error: Exception | None = None
        self._read_size = SMALL_READ

    def run(self) -> None:
        """Serve the connection until TCP is closed."""
        with self._loop.lock:
            try:
                self._loop.call_soon(self._begin)
                self._loop.run(self)
            except Exception as error:
                logger.exception("a connection broke")
                self._abort(error)
                self._finish()

    def _begin(self) -> None:
        if not self._closing:
            self._reading = True
            self._protocol.connection_made(self)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What asyncio's transports tell: socket, sockname, peername; with TLS ssl_object, cipher, peercert."""
        return self._info.get(name, default)

    # What the loop asks and calls

    def fileno(self) -> int:
        """The socket's file descriptor."""
        return self._sock.fileno()

    def interest(self) -> int:
        """What to wait for."""
        events = EVENT_READ if self._reading else 0
        return events | EVENT_WRITE if self._buffer else events

    def is_ready(self) -> bool:
        """Whether more is there to be read than the socket tells."""
        return False

    def ready(self, events: int) -> None:
        """Write and read."""
        if self._buffer and events & EVENT_WRITE:
            self._write_on()
        if self._reading and events & EVENT_READ:
            self._read()

    # Reading

    def _read(self) -> None:
        try:
            data = self._receive()
        except OSError as error:
            self._abort(error)
            return
        if data:
            self._read_size = READ_SIZE if len(data) >= SMALL_READ else SMALL_READ
            self._protocol.data_received(data)
        elif data is not None:
            self._reading, self._ended = False, True
            if not self._protocol.eof_received():
                self.close()

    def _receive(self) -> bytes | None:
        """What has come; None for nothing yet. Raises `OSError`."""
        try:
            return self._sock.recv(self._read_size)
        except (BlockingIOError, InterruptedError):
            return None

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`."""
        self._reading = False

    def resume_reading(self) -> None:
        """Read again."""
        if not (self._reading or self._ended or self._closing):
            self._reading = True
            self._loop.wake()

    def is_reading(self) -> bool:
        """Whether what comes is read."""
        return self._reading

    # Writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send now what the peer takes at once, and the rest when it does."""
        if self._eof:
            raise RuntimeError("nothing can be written behind the end")
        if self._closing:
            return
        rest = memoryview(bytes(data))
        if not self._buffer:
            rest = self._send(rest)
            if not rest:
                return
            self._loop.wake()
        self._buffer.append(rest)
        self._buffered += len(rest)
        if self._buffered > HIGH_WATER and not self._writing_is_paused:
            self._writing_is_paused = True
            self._protocol.pause_writing()

    def _send(self, data: memoryview) -> memoryview:
        """Send what the peer takes; returns the rest, of which there is none on a connection that broke."""
        try:
            return data[self._taken(data) :]
        except OSError as error:
            self._abort(error)
            return data[:0]

    def _taken(self, data: memoryview) -> int:
        """Send, and return how many octets were taken. Raises `OSError`."""
        try:
            return self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0

    def _write_on(self) -> None:
        rest = self._send(memoryview(b"".join(self._buffer)) if len(self._buffer) > 1 else self._buffer[0])
        if self._is_broken():
            return
        self._buffer.clear()
        self._buffered = len(rest)
        if rest:
            self._buffer.append(rest)
        if self._buffered <= LOW_WATER and self._writing_is_paused:
            self._writing_is_paused = False
            self._protocol.resume_writing()
        if not self._buffer:
            self._written()

    def _is_broken(self) -> bool:
        return self._error is not None

    def _written(self) -> None:
        """Nothing is left to be sent."""
        if self._closing:
            self._close()
        elif self._eof:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)

    def can_write_eof(self) -> bool:
        """Whether this side can end without the other."""
        return True

    def write_eof(self) -> None:
        """Send FIN behind what is buffered."""
        if not (self._closing or self._eof):
            self._eof = True
            if not self._buffer:
                self._written()

    def get_write_buffer_size(self) -> int:
        """The octets that the peer has not taken."""
        return self._buffered

    # The end

    def is_closing(self) -> bool:
        """Whether nothing more is written."""
        return self._closing

    def close(self) -> None:
        """Close TCP when what is buffered has been sent; nothing more is read."""
        if not self._closing:
            self._closing, self._reading = True, False
            if not self._buffer:
                self._loop.call_soon(self._close)

    def _close(self) -> None:
        """All has been sent."""
        self._finish()

    def abort(self) -> None:
        """Close TCP at once; what is buffered is lost."""
        self._abort(None)

    def _abort(self, error: Exception | None) -> None:
        self._closing, self._reading = True, False
        self._error = self._error or error
        self._buffer.clear()
        self._buffered = 0
        self._loop.call_soon(self._finish)

    def _finish(self) -> None:
        """Close TCP; in the loop's thread, and with nothing of the connection on the way."""
        if not self.is_over:
            self.is_over = True
            self._loop.end()
            try:
                self._protocol.connection_lost(self._error)
            finally:
                self._sock.close()
