"""The event loop of one connection, which one thread runs."""

import os
import selectors
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

__all__ = ["Pollable", "ThreadLoop", "ThreadTimer", "Waker"]

# Neither needs a file descriptor of its own.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class Pollable(Protocol):
    """What a loop waits for: the transport of its connection."""

    def fileno(self) -> int:
        """The file descriptor to wait for."""
        ...

    def interest(self) -> int:
        """What to wait for: `EVENT_READ` and `EVENT_WRITE` of `selectors`, or 0."""
        ...

    def is_ready(self) -> bool:
        """Whether there is something to read that the file descriptor does not tell of."""
        ...

    def ready(self, events: int) -> None:
        """It has come: read, write."""
        ...


class Waker:
    """Ends another thread's wait for file descriptors."""

    def __init__(self) -> None:
        self._pair: tuple[socket.socket, socket.socket] | None = None
        if sys.platform == "linux":
            self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        else:
            self._pair = socket.socketpair()
            for end in self._pair:
                end.setblocking(False)
            self._fd = self._pair[0].fileno()

    def fileno(self) -> int:
        """The file descriptor that is readable once `wake` was called."""
        return self._fd

    def wake(self) -> None:
        """End the wait."""
        if self._pair is None:
            os.write(self._fd, b"\1\0\0\0\0\0\0\0")
        else:
            try:
                self._pair[1].send(b"\1")
            except BlockingIOError:
                pass  # It has been woken often enough.

    def clear(self) -> None:
        """Be ready for the next `wake`."""
        if self._pair is None:
            os.read(self._fd, 8)
        else:
            self._pair[0].recv(4096)

    def close(self) -> None:
        """Give the file descriptors back."""
        if self._pair is None:
            os.close(self._fd)
        else:
            for end in self._pair:
                end.close()


class ThreadTimer:
    """A call that is to come."""

    __slots__ = ("_timers", "callback", "when")

    def __init__(self, timers: list["ThreadTimer"], when: float, callback: Callable[[], object]) -> None:
        self._timers = timers
        self.when = when
        self.callback = callback

    def cancel(self) -> None:
        """Do not call."""
        if self in self._timers:
            self._timers.remove(self)


class ThreadLoop:
    """A loop over the socket and the timers of one connection.

    One thread is in `run`; all others call the rest, with `lock` held, as everything that belongs to the connection is
    done with it held. The lock is let go only while the loop waits.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._ready: deque[Callable[[], object]] = deque()
        # A connection has one or two, so a list is searched faster than a heap is kept.
        self._timers: list[ThreadTimer] = []
        self._waker: Waker | None = None
        self._is_waiting = False
        self._ended = False

    def time(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def call_soon(self, callback: Callable[[], object], /) -> None:
        """Call in the loop's thread, when what is being done now is over."""
        if not self._ended:
            self._ready.append(callback)
            self.wake()

    def call_later(self, delay: float, callback: Callable[[], object], /) -> ThreadTimer:
        """Call in the loop's thread after so many seconds, unless the timer is cancelled."""
        timer = ThreadTimer(self._timers, time.monotonic() + delay, callback)
        self._timers.append(timer)
        self.wake()
        return timer

    def create_future(self) -> "Future[Any]":
        """A future that any thread can wait for."""
        return Future()

    def wake(self) -> None:
        """Have the loop look again at what it is to wait for."""
        if self._is_waiting and self._waker is not None:
            self._is_waiting = False
            self._waker.wake()

    def end(self) -> None:
        """Let `run` return; what was to be called is not."""
        self._ended = True
        self._ready.clear()
        self._timers.clear()

    def run(self, pollable: Pollable) -> None:
        """Serve the connection until `end`; to be called with the lock held. Raises what a callback raises."""
        selector = _Selector()
        self._waker = Waker()
        try:
            selector.register(self._waker, selectors.EVENT_READ)
            interest = 0
            while not self._ended:
                interest = _set_interest(selector, pollable, interest)
                self._wait(selector, pollable)
                self._call()
        finally:
            self._waker.close()
            self._waker = None
            selector.close()

    def _wait(self, selector: selectors.BaseSelector, pollable: Pollable) -> None:
        """Wait for the socket, for a timer, and for other threads."""
        timeout: float | None = None
        if self._ready or pollable.is_ready():
            timeout = 0
        elif self._timers:
            timeout = max(0.0, min(timer.when for timer in self._timers) - time.monotonic())
        self._is_waiting = True
        self.lock.release()
        try:
            selected = selector.select(timeout)
        finally:
            self.lock.acquire()
            self._is_waiting = False
        events = selectors.EVENT_READ if pollable.is_ready() else 0
        for key, mask in selected:
            if key.fileobj is pollable:
                events |= mask
            elif self._waker is not None:
                self._waker.clear()
        if events:
            pollable.ready(events)

    def _call(self) -> None:
        """Call what is due."""
        for _ in range(len(self._ready)):
            if self._ready:
                self._ready.popleft()()
        if self._timers:
            now = time.monotonic()
            for timer in sorted((timer for timer in self._timers if timer.when <= now), key=lambda timer: timer.when):
                # One may have cancelled another.
                if timer in self._timers:
                    timer.cancel()
                    timer.callback()


def _set_interest(selector: selectors.BaseSelector, pollable: Pollable, before: int) -> int:
    """Have the selector wait for what the transport wants; returns what that is."""
    interest = pollable.interest()
    if interest != before:
        if before == 0:
            selector.register(pollable, interest)
        elif interest == 0:
            selector.unregister(pollable)
        else:
            selector.modify(pollable, interest)
    return interest
