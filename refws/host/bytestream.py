"""What a stream of octets is asked to do, whatever it is: a socket, a file-like object, a pair of them."""

import contextlib
import io
import socket
import time
from collections.abc import Callable
from typing import Any

from refws.failure import UsageError

__all__ = ["ByteStream"]

READ_SIZE = 65536

_WANTED = "a stream has to block, and to read and write octets"


class ByteStream:
    """Reads and writes a stream that blocks. Raises `UsageError` for what is none.

    `writable` tells whether all that was sent so far has been taken, `is_socket` whether it has times and a half-close.
    """

    def __init__(self, stream: Any) -> None:
        reader, writer = stream if isinstance(stream, tuple) else (stream, stream)
        if hasattr(stream, "gettimeout") and stream.gettimeout() == 0:
            raise UsageError(_WANTED)
        self.writable = True
        self.is_socket = hasattr(stream, "shutdown")
        self._stream = stream
        self._read = _method(reader, "recv", "read1", "read")
        self._write = _method(writer, "sendall", "write")
        self._flush: Callable[[], object] | None = getattr(writer, "flush", None)
        # These may write a part; sendall and io's buffers write all.
        self._raw = isinstance(writer, io.RawIOBase)
        self._half_closed = False

    def receive(self) -> bytes:
        """What comes next; nothing at the end, and where the connection is lost. Raises `TimeoutError`."""
        try:
            octets = self._read(READ_SIZE)
        except TimeoutError:
            raise
        except OSError:
            return b""
        if not isinstance(octets, bytes):
            raise UsageError(_WANTED)
        return octets

    def send(self, octets: bytes) -> None:
        """Write octets; does nothing where the peer takes no more. Raises `TimeoutError`."""
        if not octets or not self.writable:
            return
        # Until it is done: octets that went out in part are the last.
        self.writable = False
        try:
            self._write_all(octets)
        except TimeoutError:
            raise
        except OSError:
            return
        self.writable = True

    def _write_all(self, octets: bytes) -> None:
        rest = memoryview(octets)
        taken = self._write(octets)
        while self._raw and taken != len(rest):
            if taken is None:
                raise UsageError(_WANTED)
            rest = rest[taken:]
            taken = self._write(rest)
        if self._flush is not None:
            self._flush()

    def limit_time(self, deadline: float) -> None:
        """Give a socket until `deadline` (of `time.monotonic`). Raises `TimeoutError` where that is over."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self.is_socket:
            self._stream.settimeout(left)

    def half_close(self) -> None:
        """Tell the peer of a socket that no more is sent; once is enough."""
        if self._half_closed or not self.is_socket:
            return
        self._half_closed = True
        with contextlib.suppress(OSError):
            if hasattr(self._stream, "unwrap"):
                # TLS has an end of its own.
                self._stream.unwrap()
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_WR)


def _method(stream: Any, *names: str) -> Callable[..., Any]:
    for name in names:
        if callable(method := getattr(stream, name, None)):
            return method  # type: ignore[no-any-return]
    raise UsageError(f"a stream has {' or '.join(names)}; this {type(stream).__name__} has not")
