"""A TCP connection (or TLS over one) with the testee: writes any octets, and tells a conversation all that happens."""

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Callable
from typing import Final

from refws.oracle.conversation import Conversation
from refws.oracle.recording import End, Event
from refws.oracle.verdict import Role

__all__ = ["MOST_PROGRESS", "Link"]

MOST_PROGRESS: Final = 30.0
"""Seconds for which a testee that goes on sending is waited for, whatever the patience is."""


class Link(asyncio.Protocol):
    """One end of the connection; `testee` is at the other.

    What is written and what comes goes into `conversation`, with its times.
    """

    def __init__(self, testee: Role, conversation: Conversation) -> None:
        self.testee = testee
        self.conversation = conversation
        self.ours_ended = False
        self.left_tls = False
        """Whether the testee has sent octets that are no record of TLS, on a connection with TLS."""
        self._dropped = False
        self.lost = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._began = time.perf_counter()
        self._waiters: list[asyncio.Future[None]] = []
        self._writable = asyncio.Event()
        self._writable.set()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP (and TLS) is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._began = time.perf_counter()

    def data_received(self, data: bytes) -> None:
        """The testee has sent octets."""
        self.conversation.add(Event(self.now, self.testee, data))
        self._wake()

    def eof_received(self) -> bool:
        """The testee has ended its half; ours stays."""
        self._ended(End.FIN)
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is None

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is gone."""
        self.left_tls = isinstance(exc, ssl.SSLError) and exc.reason == "WRONG_VERSION_NUMBER"
        if not self._dropped:
            self._read_rest()
            # A reset behind FIN is a broken pipe to who writes: what came first counts.
            self._ended(End.RST if isinstance(exc, ConnectionResetError) else End.FIN)
        self._wake()
        self._writable.set()
        self.ours_ended = True
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        """The testee takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It takes more."""
        self._writable.set()
        self._wake()

    # What a case does

    @property
    def now(self) -> float:
        """Seconds since TCP was there."""
        return time.perf_counter() - self._began

    @property
    def is_writable(self) -> bool:
        """Whether the testee takes octets, as far as is known."""
        return self._writable.is_set()

    @property
    def is_over(self) -> bool:
        """Whether the testee has ended its half."""
        return self.conversation.sides[self.testee].end is not None

    def write(self, octets: bytes, *, read: bool = True, size: int | None = None) -> None:
        """Write octets; what cannot be written any more is dropped, as TCP would.

        `read` is as with `Conversation.add`. With a `size` it goes out in writes of so many octets.
        """
        if self._transport is None or self.ours_ended or self._transport.is_closing() or not octets:
            return
        self.conversation.add(Event(self.now, self.testee.other, octets), read=read)
        for at in range(0, len(octets), size or len(octets)):
            self._transport.write(octets[at : at + size] if size else octets)

    async def drained(self, patience: float) -> bool:
        """Wait until the testee takes octets again; False if it does not in that many seconds."""
        if self._writable.is_set():
            return True
        try:
            async with asyncio.timeout(patience):
                await self._writable.wait()
        except TimeoutError:
            return False
        return True

    def end(self) -> None:
        """End our half: FIN; over TLS the whole connection."""
        if self._transport is None or self.ours_ended or self._transport.is_closing():
            return
        self.conversation.add(Event(self.now, self.testee.other, end=End.FIN))
        self.ours_ended = True
        if self._transport.can_write_eof():
            with contextlib.suppress(OSError):  # the testee's reset was quicker
                self._transport.write_eof()
        else:
            self._transport.close()

    def reset(self) -> None:
        """Drop the connection: RST."""
        if self._transport is None or self.lost.done():
            return
        if not self.ours_ended:
            self.conversation.add(Event(self.now, self.testee.other, end=End.RST))
        self.ours_ended = True
        self._dropped = True
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def drop(self) -> None:
        """Let go of the connection, whatever its state."""
        self._dropped = True
        if self._transport is not None:
            self._transport.abort()

    def stop_reading(self) -> None:
        """Read nothing more, so that the testee's octets pile up."""
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on_reading(self) -> None:
        """Read again."""
        if self._transport is not None and not self.lost.done():
            self._transport.resume_reading()

    async def until(self, condition: Callable[[], bool], patience: float) -> bool:
        """Wait until something is so, asked whenever something has come; False if it is not in that many seconds.

        They count anew, for `MOST_PROGRESS` seconds at most, while heads and data go on coming: slow is not silent.
        Control frames do not count.
        """
        loop = asyncio.get_running_loop()
        began, deadline, progress = loop.time(), loop.time() + patience, self._progress
        while not condition():
            if progress != self._progress:
                progress = self._progress
                deadline = max(deadline, min(loop.time(), began + MOST_PROGRESS) + patience)
            left = deadline - loop.time()
            if left <= 0:
                return False
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            await asyncio.wait([waiter], timeout=left)
        return True

    @property
    def _progress(self) -> tuple[int, int, int]:
        """What of the testee's heads and messages there is."""
        side = self.conversation.sides[self.testee]
        return len(side.heads), len(side.messages), side.held

    def _read_rest(self) -> None:
        """Read what had come when a write failed, for asyncio drops it then: maybe the Close that says why."""
        assert self._transport is not None
        sock = self._transport.get_extra_info("socket")
        if sock is None or self._transport.get_extra_info("ssl_object") is not None:
            return
        try:
            with sock.dup() as copy:
                copy.setblocking(False)
                while octets := copy.recv(65536):
                    self.conversation.add(Event(self.now, self.testee, octets))
        except OSError:
            pass  # there is nothing more, or it is a reset

    def _ended(self, end: End) -> None:
        self.conversation.add(Event(self.now, self.testee, end=end))
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
