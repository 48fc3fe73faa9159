"""TCP on asyncio: the addresses of a host, whose turn it is to connect to one, and happy eyeballs (RFC 8305)."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from refws.host.reaching.addresses import PENDING_THROUGH_PROXIES, Address, Place, interleaved, literal

__all__ = ["connect", "connected_to", "first_of", "pending_through_a_proxy", "resolve", "turn_for"]

T = TypeVar("T")

_turns: WeakValueDictionary[tuple[int, Place], asyncio.Lock] = WeakValueDictionary()
"""A lock for each event loop and place to which a connection is being established."""

_pending: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def resolve(host: str, port: int, family: int = socket.AF_UNSPEC) -> list[Address]:
    """The addresses of a host, each once. Raises `OSError`."""
    written = None if family else literal(host, port)
    if written is not None:
        # A look-up would cost a thread.
        return [written]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(Address(entry[0], entry[4]) for entry in found))


def turn_for(place: Place) -> asyncio.Lock:
    """The lock that whoever connects to a place holds until the WebSocket connection is open, or failed."""
    # §rfc6455:4.1-p5-s2 MUST have no second connection in CONNECTING (ruling 12)
    return _turns.setdefault((id(asyncio.get_running_loop()), place), asyncio.Lock())


@contextlib.asynccontextmanager
async def pending_through_a_proxy(place: Place) -> AsyncIterator[None]:
    """Wait until a host whose addresses only the proxy knows may be connected to."""
    loop = asyncio.get_running_loop()
    # §rfc6455:4.1-p6-s1/2 SHOULD keep the number of all such connections that are pending low
    pending = _pending.setdefault(loop, asyncio.Semaphore(PENDING_THROUGH_PROXIES))
    # §rfc6455:4.1-p6-s1/1 MUST take each host name for a remote host of its own
    async with turn_for(place), pending:
        yield


@contextlib.asynccontextmanager
async def connected_to(addresses: Iterable[Address], delay: float | None) -> AsyncIterator[socket.socket]:
    """A socket that is connected to one of the addresses, whose turn lasts until the block is left.

    The next address is tried when one fails, or `delay` seconds after the one before. Raises `OSError`.
    """
    sock, turn = await first_of(interleaved(addresses), connect_in_turn, delay, lambda it: _give_back(*it))
    try:
        yield sock
    finally:
        turn.release()


async def connect_in_turn(address: Address) -> tuple[socket.socket, asyncio.Lock]:
    """A socket that is connected to an address, and the lock that is held for it. Raises `OSError`."""
    turn = turn_for(address.place)
    # §rfc6455:4.1-p5-s1 MUST wait for another connection to this address and port, under any name, to open or fail
    # §rfc6455:4.1-p5-s3 MUST go one after another
    await turn.acquire()
    try:
        return await connect(address), turn
    except BaseException:
        turn.release()
        raise


def _give_back(sock: socket.socket, turn: asyncio.Lock) -> None:
    sock.close()
    turn.release()


async def connect(address: Address) -> socket.socket:
    """A socket that is connected to an address. Raises `OSError`."""
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address.sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock


async def first_of(
    addresses: Iterable[Address],
    attempt: Callable[[Address], Coroutine[Any, Any, T]],
    delay: float | None,
    give_back: Callable[[T], object],
) -> T:
    """What the first attempt that succeeds returns; where two do, `give_back` takes the other.

    Each begins when one before it has failed, and at the latest `delay` seconds after the one before, where that is
    not None (RFC 8305, section 5). Raises the first failure if all fail, with the others as its notes.
    """
    ahead = iter(addresses)
    running: set[asyncio.Task[T]] = set()
    failures: list[BaseException] = []
    try:
        while True:
            address = next(ahead, None)
            if address is not None:
                running.add(asyncio.create_task(attempt(address)))
            elif not running:
                for other in failures[1:]:
                    failures[0].add_note(str(other))
                raise failures.pop(0)
            pause = None if address is None else delay
            done, _ = await asyncio.wait(running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                running.remove(task)
                failure = task.exception()
                if failure is None:
                    return task.result()
                failures.append(failure)
    finally:
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if not isinstance(result, BaseException):
                give_back(result)
