"""A client that is not refws, on websockets: runs all cases of a fuzzing server, a stand-in testee."""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def main(url: str, agent: str) -> None:
    async with connect(f"{url}/getCaseCount") as ws:
        count = int(await ws.recv())
    for case in range(1, count + 1):
        uri = f"{url}/runCase?case={case}&agent={agent}"
        async with connect(uri, max_size=2**26, compression=None, ping_interval=None) as ws:
            try:
                async for message in ws:
                    await ws.send(message)
            except ConnectionClosed:
                pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
