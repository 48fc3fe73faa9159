"""An echo that also obeys the oracle's control messages, so that `refws oracle server` can show what an echo cannot.

python examples/oracle_echo.py 9001
refws oracle server ws://127.0.0.1:9001
"""

import asyncio
import sys

import refws

PREFIX = "refws-oracle: "


async def obey(ws: refws.WebSocket, order: str) -> None:
    """Do what a control message says."""
    match order.split(" ", 1):
        case ["close"]:
            await ws.close(None)
        case ["close", rest]:
            code, _, reason = rest.partition(" ")
            await ws.close(int(code), reason)
        case ["ping", payload]:
            await ws.ping(payload.encode())
        case ["send-fragmented", rest]:
            size, text = rest.split(" ", 1)
            await ws.send(text[at : at + int(size)] for at in range(0, len(text), int(size)))


async def echo(ws: refws.WebSocket) -> None:
    """Send every message back, unless it is an order."""
    async for message in ws:
        if isinstance(message, str) and message.startswith(PREFIX):
            await obey(ws, message.removeprefix(PREFIX))
        else:
            await ws.send(message)


async def main(port: int) -> None:
    async with refws.serve(echo, "127.0.0.1", port) as server:
        print(server.uri, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
