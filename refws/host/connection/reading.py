"""What connections are read into."""

import sys
import threading

__all__ = ["READ_SIZE", "buffer_to_read_into"]

READ_SIZE = 262144
"""Octets read at once, at most."""


class _ThreadsBuffer(threading.local):
    """The one buffer of a thread: its connections are read one after the other, and no read has to allocate."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(READ_SIZE))


_buffer = _ThreadsBuffer()
# Where reads are started ahead of the octets, as on Windows, two connections cannot share.
_SHARED = sys.platform != "win32"


def buffer_to_read_into() -> memoryview:
    """A buffer whose content is good until the next read in this thread."""
    return _buffer.view if _SHARED else memoryview(bytearray(READ_SIZE))
