"""An ASGI application, plain HTTP and an echo, under uvicorn: ``python examples/asgi.py [PORT]``.

The same as ``uvicorn --ws refws.host.uvicorn:WebSocketProtocol asgi:application``, but that PORT may be 0 for any.
"""

import contextlib
import socket
import sys
from typing import Any

import uvicorn


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"Connect to this address by WebSocket: it echoes.\n"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({**event, "type": "websocket.send"})


def main(port: int) -> None:
    websocket = "refws.host.uvicorn:WebSocketProtocol"
    config = uvicorn.Config(application, ws=websocket, lifespan="off", log_level="warning")
    with socket.create_server(("127.0.0.1", port)) as listener, contextlib.suppress(KeyboardInterrupt):
        print("listening on ws://{}:{}".format(*listener.getsockname()), flush=True)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
