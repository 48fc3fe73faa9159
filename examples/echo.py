"""An echo server: ``python examples/echo.py [PORT]``."""

import asyncio
import sys

import refws


async def echo(ws: refws.WebSocket) -> None:
    async for message in ws:
        await ws.send(message)


async def main(port: int) -> None:
    async with refws.serve(echo, "127.0.0.1", port) as server:
        print(server.uri, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
    except KeyboardInterrupt:
        print("stopped")
