"""An echo server that is not refws, on websockets: a stand-in testee, `--die-after N` cases at will."""

import asyncio
import os
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def main(die_after: int | None) -> None:
    served = 0

    async def echo(ws: ServerConnection) -> None:
        nonlocal served
        served += 1
        if served == die_after:
            print("out of breath", file=sys.stderr, flush=True)
            os._exit(3)
        try:
            async for message in ws:
                await ws.send(message)
        except ConnectionClosed:
            pass

    async with serve(echo, "127.0.0.1", 0, max_size=2**26, compression=None, ping_interval=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"listening on ws://127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[2]) if len(sys.argv) > 2 else None))
