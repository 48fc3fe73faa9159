"""The refws client as a testee: it runs every case of an Autobahn fuzzing server and echoes what it is sent."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

import refws

# No fragment limit and no keep-alive: the suite sends 4 MiB in fragments of 64 octets, and judges every Ping.
_MAX_MESSAGE_SIZE: Final = 64 * 2**20


async def drive(url: str, agent: str) -> int:
    """Run all cases of the fuzzing server at a URL under the name of an agent; give how many there were.

    Raises OSError when the server does not answer, refws.Failure when it does not speak WebSocket, and ValueError
    when it does not tell how many cases it has.
    """
    base = url.rstrip("/")
    count = await _case_count(f"{base}/getCaseCount")
    for path in _paths(count, agent):
        await _echo(f"{base}/{path}")
    return count


def drive_on_threads(url: str, agent: str) -> int:
    """Do the same as `drive` with the client that has threads."""
    base = url.rstrip("/")
    count = _case_count_on_threads(f"{base}/getCaseCount")
    for path in _paths(count, agent):
        _echo_on_threads(f"{base}/{path}")
    return count


CLIENTS: Final[dict[str, Callable[[str, str], int]]] = {
    "asyncio": lambda url, agent: asyncio.run(drive(url, agent)),
    "threads": drive_on_threads,
}
"""By host, what runs all cases."""


def _paths(count: int, agent: str) -> Iterator[str]:
    name = quote(agent, safe="")
    for case in range(1, count + 1):
        yield f"runCase?case={case}&agent={name}"
    yield f"updateReports?agent={name}"


def _uncounted() -> ValueError:
    return ValueError("the fuzzing server did not tell how many cases it has")


async def _case_count(uri: str) -> int:
    async with refws.connect(uri) as ws:
        async for message in ws:
            return int(message)
    raise _uncounted()


def _case_count_on_threads(uri: str) -> int:
    with refws.connect_sync(uri) as ws:
        for message in ws:
            return int(message)
    raise _uncounted()


async def _echo(uri: str) -> None:
    connecting = refws.connect(uri, max_message_size=_MAX_MESSAGE_SIZE, max_fragments=None, ping_interval=None)
    async with connecting as ws:
        with _judged_closing():
            async for message in ws:
                await ws.send(message)


def _echo_on_threads(uri: str) -> None:
    connected = refws.connect_sync(uri, max_message_size=_MAX_MESSAGE_SIZE, max_fragments=None, ping_interval=None)
    with connected as ws, _judged_closing():
        for message in ws:
            ws.send(message)


@contextmanager
def _judged_closing() -> Iterator[None]:
    """Let a connection end in whatever way: that is what the fuzzing server judges."""
    try:
        yield
    except refws.ConnectionClosed:
        pass
