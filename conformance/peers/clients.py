"""Clients of other people's libraries that echo: ``python -m conformance.peers.clients NAME URL AGENT``.

They do as with Autobahn's fuzzingserver: ask for the number of cases, play each, ask for the reports. Limits are raised
as in `servers`.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final
from urllib.parse import quote

from conformance.peers.servers import MOST


def _paths(count: int, agent: str) -> Iterator[str]:
    for number in range(1, count + 1):
        yield f"/runCase?case={number}&agent={quote(agent)}"
    yield f"/updateReports?agent={quote(agent)}"


async def _websockets(base: str, agent: str) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidHandshake

    async def messages(path: str, *, echo: bool) -> AsyncIterator[str | bytes]:
        with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError):
            async with connect(base + path, max_size=MOST, ping_interval=None, proxy=None) as connection:
                async for message in connection:
                    yield message
                    if echo:
                        await connection.send(message)

    count = int(await anext(messages("/getCaseCount", echo=False)))
    for path in _paths(count, agent):
        async for _ in messages(path, echo=True):
            pass


async def _aiohttp(base: str, agent: str) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{base}/getCaseCount") as connection:
            count = int(await connection.receive_str())
        for path in _paths(count, agent):
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with session.ws_connect(base + path, max_msg_size=MOST, compress=15) as connection:
                    async for message in connection:
                        if message.type is aiohttp.WSMsgType.TEXT:
                            await connection.send_str(message.data)
                        elif message.type is aiohttp.WSMsgType.BINARY:
                            await connection.send_bytes(message.data)


async def _autobahn(base: str, agent: str) -> None:
    from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
    from autobahn.websocket.compress import (
        PerMessageDeflateOffer,
        PerMessageDeflateResponse,
        PerMessageDeflateResponseAccept,
    )

    class Echo(WebSocketClientProtocol):
        def onMessage(self, payload: bytes, isBinary: bool) -> None:
            if self.factory.echoes:
                self.sendMessage(payload, isBinary)
            else:
                self.factory.got.append(payload)

        def onClose(self, clean: bool, code: int | None, reason: str | None) -> None:
            if not self.factory.over.done():
                self.factory.over.set_result(None)

    async def run(path: str, *, echoes: bool) -> list[bytes]:
        factory = WebSocketClientFactory(base + path)
        factory.protocol, factory.echoes, factory.got = Echo, echoes, []
        factory.over = asyncio.get_running_loop().create_future()
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()],
            perMessageCompressionAccept=lambda response: (
                PerMessageDeflateResponseAccept(response) if isinstance(response, PerMessageDeflateResponse) else None
            ),
            failByDrop=False,
        )
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().create_connection(factory, factory.host, factory.port)
            await factory.over
        return list(factory.got)

    count = int((await run("/getCaseCount", echoes=False))[0])
    for path in _paths(count, agent):
        await run(path, echoes=True)


async def _tornado(base: str, agent: str) -> None:
    from tornado.httpclient import HTTPError
    from tornado.websocket import WebSocketClosedError, WebSocketError, websocket_connect

    count = int(await (await websocket_connect(f"{base}/getCaseCount")).read_message() or "")
    for path in _paths(count, agent):
        with contextlib.suppress(HTTPError, WebSocketClosedError, WebSocketError, OSError):
            connection = await websocket_connect(base + path, compression_options={}, max_message_size=MOST)
            while (message := await connection.read_message()) is not None:
                await connection.write_message(message, binary=isinstance(message, bytes))


def _websocket_client(base: str, agent: str) -> None:
    import websocket

    connection = websocket.create_connection(f"{base}/getCaseCount")
    count = int(connection.recv())
    connection.close()
    for path in _paths(count, agent):
        with contextlib.suppress(websocket.WebSocketException, OSError):
            connection = websocket.create_connection(base + path)
            try:
                while connection.connected:
                    opcode, data = connection.recv_data()
                    if opcode in (websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY):
                        connection.send(data, opcode)
            finally:
                # It raises what the peer did wrong, and leaves the end of TCP to its user.
                connection.shutdown()


async def _picows(base: str, agent: str) -> None:
    from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    class Echo(WSListener):
        def on_ws_connected(self, transport: WSTransport) -> None:
            self.parts: list[bytes] = []
            self.kind = WSMsgType.TEXT

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()
            elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
                if frame.msg_type != WSMsgType.CONTINUATION:
                    self.kind, self.parts = frame.msg_type, []
                self.parts.append(frame.get_payload_as_bytes())
                if frame.fin:
                    self.take(transport, b"".join(self.parts))

        def take(self, transport: WSTransport, payload: bytes) -> None:
            transport.send(self.kind, payload)

    class Once(Echo):
        payload = b""

        def take(self, transport: WSTransport, payload: bytes) -> None:
            self.payload = payload

    transport, listener = await ws_connect(Once, f"{base}/getCaseCount")
    await transport.wait_disconnected()
    for path in _paths(int(listener.payload), agent):
        with contextlib.suppress(WSError, OSError):
            transport, _ = await ws_connect(Echo, base + path, max_frame_size=MOST)
            await transport.wait_disconnected()


_IN_A_PAGE: Final = """
async ([base, agent]) => {
  const open = (path, take) => new Promise((done) => {
    const socket = new WebSocket(base + path);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => take(socket, event.data);
    socket.onclose = done;
  });
  let count = 0;
  await open("/getCaseCount", (_, data) => { count = Number(data); });
  const echo = (socket, data) => socket.send(data);
  for (let number = 1; number <= count; number++)
    await open(`/runCase?case=${number}&agent=${encodeURIComponent(agent)}`, echo);
  await open(`/updateReports?agent=${encodeURIComponent(agent)}`, echo);
}
"""


async def _chromium(base: str, agent: str) -> None:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        )
        page = await browser.new_page()
        await page.evaluate(_IN_A_PAGE, [base, agent])
        await browser.close()


CLIENTS: Final[dict[str, Callable[[str, str], Any]]] = {
    "websockets": _websockets,
    "aiohttp": _aiohttp,
    "autobahn": _autobahn,
    "tornado": _tornado,
    "websocket-client": _websocket_client,
    "picows": _picows,
    "Chromium": _chromium,
}

if __name__ == "__main__":
    coroutine = CLIENTS[sys.argv[1]](sys.argv[2].rstrip("/"), sys.argv[3])
    if coroutine is not None:
        asyncio.run(coroutine)
