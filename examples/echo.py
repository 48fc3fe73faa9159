"""An echo server, with a page to try it in a browser: ``python examples/echo.py [PORT]``."""

import asyncio
import sys
from pathlib import Path

import refws

PAGE = Path(__file__).with_name("sample.html")


async def echo(ws: refws.WebSocket) -> None:
    async for message in ws:
        await ws.send(message)


def page(request: refws.Request) -> refws.Response | None:
    """The same port for HTTP: what is no opening handshake gets the page."""
    if request.headers.get("Upgrade") is not None:
        return None
    return refws.Response(200, refws.HeaderFields([("Content-Type", "text/html; charset=utf-8")]), PAGE.read_bytes())


async def main(port: int) -> None:
    async with refws.serve(echo, "127.0.0.1", port, http=page) as server:
        print(server.uri, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
    except KeyboardInterrupt:
        print("stopped")
