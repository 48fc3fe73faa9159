"""The refws client as a testee: it runs every case of an Autobahn fuzzing server and echoes what it is sent."""

from typing import Final
from urllib.parse import quote

import refws

_MAX_MESSAGE_SIZE: Final = 64 * 2**20


async def drive(url: str, agent: str) -> int:
    """Run all cases of the fuzzing server at a URL under the name of an agent; give how many there were.

    Raises OSError when the server does not answer, refws.Failure when it does not speak WebSocket, and ValueError
    when it does not tell how many cases it has.
    """
    base, name = url.rstrip("/"), quote(agent, safe="")
    count = await _case_count(f"{base}/getCaseCount")
    for case in range(1, count + 1):
        await _echo(f"{base}/runCase?case={case}&agent={name}")
    await _echo(f"{base}/updateReports?agent={name}")
    return count


async def _case_count(uri: str) -> int:
    async with refws.connect(uri) as ws:
        async for message in ws:
            return int(message)
    raise ValueError("the fuzzing server did not tell how many cases it has")


async def _echo(uri: str) -> None:
    # No fragment limit and no keep-alive: the suite sends 4 MiB in fragments of 64 octets, and judges every Ping.
    connecting = refws.connect(uri, max_message_size=_MAX_MESSAGE_SIZE, max_fragments=None, ping_interval=None)
    async with connecting as ws:
        try:
            async for message in ws:
                await ws.send(message)
        except refws.ConnectionClosed:
            pass  # how a connection ends is what the fuzzing server judges
