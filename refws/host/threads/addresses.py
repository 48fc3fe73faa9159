"""TCP with threads: time that is left, the addresses of a host, whose turn it is, and happy eyeballs (RFC 8305)."""

import contextlib
import errno
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Self
from weakref import WeakValueDictionary

from refws.host.reaching.addresses import Address, Place, interleaved, literal

__all__ = [
    "TOO_LATE",
    "Deadline",
    "acquire",
    "connect_to_one_of",
    "holding",
    "nobodys_turn",
    "resolve",
    "turn_for",
    "turn_of",
]

TOO_LATE = "the connection could not be opened in time"

_IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)

_turns: WeakValueDictionary[Place, threading.Lock] = WeakValueDictionary()
"""A lock for each place to which a thread of this process is establishing a connection."""

_turns_are_changed = threading.Lock()


class Deadline:
    """The end of a time limit."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self, most: float | None = None) -> float | None:
        """The seconds that are left, `most` of them at the most; None without a limit. Raises `TimeoutError`."""
        if self._end is None:
            return most
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(TOO_LATE)
        return left if most is None else min(left, most)


def resolve(host: str, port: int, deadline: Deadline, family: int = socket.AF_UNSPEC) -> list[Address]:
    """The addresses of a host, each once. Raises `OSError` and `TimeoutError`."""
    found: list[Address] = []
    failures: list[BaseException] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            found.extend(dict.fromkeys(Address(entry[0], entry[4]) for entry in entries))
        except BaseException as error:
            failures.append(error)

    if literal(host, port) is None:
        # A look-up cannot be interrupted; a thread can be left behind.
        thread = threading.Thread(target=look_up, name="refws look-up", daemon=True)
        thread.start()
        thread.join(deadline.left())
    else:
        look_up()
    if failures:
        raise failures[0]
    if not found:
        raise TimeoutError(f"{host} was not found in time")
    return found


def turn_for(place: Place) -> threading.Lock:
    """The lock that whoever connects to a place holds until the WebSocket connection is open, or failed."""
    with _turns_are_changed:
        # §rfc6455:4.1-p5-s2 MUST have no second connection in CONNECTING (ruling 12)
        return _turns.setdefault(place, threading.Lock())


def turn_of(address: Address) -> threading.Lock:
    """The turn for the place of an address."""
    return turn_for(address.place)


def nobodys_turn(_: Address) -> threading.Lock:
    """A turn for what is no server of WebSocket: it is free."""
    return threading.Lock()


@contextlib.contextmanager
def holding(turn: "threading.Lock | threading.Semaphore", deadline: Deadline) -> Iterator[None]:
    """Hold a turn. Raises `TimeoutError`."""
    if not acquire(turn, deadline.left()):
        raise TimeoutError(TOO_LATE)
    try:
        yield
    finally:
        turn.release()


def acquire(turn: "threading.Lock | threading.Semaphore", seconds: float | None) -> bool:
    """Wait so long for a turn; returns whether it has come."""
    return turn.acquire() if seconds is None else turn.acquire(timeout=seconds)


def connect_to_one_of(
    addresses: Sequence[Address],
    delay: float | None,
    deadline: Deadline,
    turn_of: Callable[[Address], threading.Lock] = turn_of,
) -> tuple[socket.socket, threading.Lock]:
    """A socket that is connected to one of the addresses, and its turn, which the caller releases.

    The next address is tried when one fails, or `delay` seconds after the one before (RFC 8305, section 5). Raises
    `OSError`: the first failure if all fail, with the others as its notes.
    """
    with selectors.DefaultSelector() as selector, _Attempts(selector) as attempts:
        waiting = deque(interleaved(addresses))
        while waiting or attempts.running:
            if waiting:
                address = waiting.popleft()
                turn = turn_of(address)
                patience = 0 if attempts.running else deadline.left(delay if waiting else None)
                # §rfc6455:4.1-p5-s1 MUST wait for another connection to this address and port to open or fail
                # §rfc6455:4.1-p5-s3 MUST go one after another
                if acquire(turn, patience):
                    attempts.begin(address, turn)
                else:
                    waiting.append(address)
            connected = attempts.wait(deadline.left(delay if waiting else None))
            if connected is not None:
                return connected
    for failure in attempts.failures[1:]:
        attempts.failures[0].add_note(str(failure))
    raise attempts.failures[0]


class _Attempts:
    """Connections that are being opened; as a context, those that have come to nothing are closed in the end."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self.running: dict[socket.socket, tuple[Address, threading.Lock]] = {}
        self.failures: list[OSError] = []

    def begin(self, address: Address, turn: threading.Lock) -> None:
        """Begin to connect."""
        try:
            sock = socket.socket(address.family, socket.SOCK_STREAM)
        except OSError as error:
            # The system may not have such addresses.
            self.failures.append(error)
            turn.release()
            return
        self.running[sock] = address, turn
        sock.setblocking(False)
        outcome = sock.connect_ex(address.sockaddr)
        if outcome in _IN_PROGRESS:
            self._selector.register(sock, selectors.EVENT_WRITE)
        else:
            self._failed(sock, outcome)

    def wait(self, seconds: float | None) -> tuple[socket.socket, threading.Lock] | None:
        """The first that is connected, if one is before one fails or the time is over."""
        if not self._selector.get_map():
            return None
        for key, _ in self._selector.select(seconds):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            self._selector.unregister(sock)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error == 0:
                return sock, self.running.pop(sock)[1]
            self._failed(sock, error)
        return None

    def _failed(self, sock: socket.socket, error: int) -> None:
        address, turn = self.running.pop(sock)
        sock.close()
        turn.release()
        self.failures.append(OSError(error, f"{os.strerror(error)}: {address.sockaddr}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for sock, (_, turn) in self.running.items():
            sock.close()
            turn.release()
