"""The contestants without a socket: how each of them turns octets into messages, and messages into octets.

Peers are driven through the layer that their own asyncio part stands on; connections have no extensions.
"""

from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

from library import LIMIT, Library, Receive, Send, Write, event_loop
from picows_library import Picows

__all__ = ["LIBRARIES"]


class Refws(Library):
    """`refws.Endpoint`, established."""

    def receiver(self) -> Receive:
        import refws

        limits = refws.Limits(max_message_size=LIMIT, max_fragments=None)
        return refws.Endpoint.established(refws.Role.SERVER, limits=limits).receive_octets

    def sender(self, write: Write, *, client: bool) -> Send:
        import refws

        endpoint = refws.Endpoint.established(refws.Role.CLIENT if client else refws.Role.SERVER)

        def send(text: str, times: int) -> None:
            for _ in range(times):
                endpoint.send_a_websocket_message(text)
                write(endpoint.octets_to_send())

        return send


class Websockets(Library):
    """`websockets.protocol.Protocol`."""

    def receiver(self) -> Receive:
        from websockets.frames import Opcode
        from websockets.protocol import Protocol, Side

        protocol = Protocol(Side.SERVER, max_size=LIMIT)
        parts: list[Any] = []
        kinds: list[Any] = []

        def receive(octets: bytes) -> list[Any]:
            protocol.receive_data(octets)
            messages: list[Any] = []
            frame: Any
            for frame in protocol.events_received():
                if frame.opcode is Opcode.TEXT and frame.fin:
                    messages.append(str(frame.data, "utf-8"))
                elif frame.opcode is Opcode.BINARY and frame.fin:
                    messages.append(bytes(frame.data))
                else:
                    parts.append(frame.data)
                    if frame.opcode is not Opcode.CONT:
                        kinds[:] = [frame.opcode]
                    if frame.fin:
                        whole = b"".join(parts)
                        messages.append(whole.decode() if kinds[0] is Opcode.TEXT else whole)
                        parts.clear()
            return messages

        return receive

    def sender(self, write: Write, *, client: bool) -> Send:
        from websockets.protocol import Protocol, Side

        protocol = Protocol(Side.CLIENT if client else Side.SERVER)

        def send(text: str, times: int) -> None:
            for _ in range(times):
                protocol.send_text(text.encode())
                for octets in protocol.data_to_send():
                    write(octets)

        return send


class Wsproto(Library):
    """`wsproto.connection.Connection`."""

    def receiver(self) -> Receive:
        from wsproto.connection import Connection, ConnectionType
        from wsproto.events import Message

        connection = Connection(ConnectionType.SERVER)
        parts: list[Any] = []

        def receive(octets: bytes) -> list[Any]:
            connection.receive_data(octets)
            messages: list[Any] = []
            for event in connection.events():
                if isinstance(event, Message):
                    if event.message_finished and not parts:
                        messages.append(event.data)
                    else:
                        parts.append(event.data)
                        if event.message_finished:
                            messages.append(("" if isinstance(event.data, str) else b"").join(parts))
                            parts.clear()
            return messages

        return receive

    def sender(self, write: Write, *, client: bool) -> Send:
        from wsproto.connection import Connection, ConnectionType
        from wsproto.events import TextMessage

        connection = Connection(ConnectionType.CLIENT if client else ConnectionType.SERVER)

        def send(text: str, times: int) -> None:
            for _ in range(times):
                write(connection.send(TextMessage(data=text)))

        return send


class Aiohttp(Library):
    """aiohttp's reader and writer, with their Cython parts; messages are taken straight out of its queue."""

    def receiver(self) -> Receive:
        from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader

        def nothing() -> None: ...

        protocol: Any = SimpleNamespace(_reading_paused=False, pause_reading=nothing, resume_reading=nothing)
        # Its count of octets is never taken back here, so that the limit is that of one sample; it is doubled inside.
        queue = WebSocketDataQueue(protocol, 1 << 30, loop=event_loop())
        feed = WebSocketReader(queue, LIMIT, compress=False, decode_text=True).feed_data
        buffer = queue._buffer

        def receive(octets: bytes) -> list[Any]:
            feed(octets)
            messages = [message.data for message, _ in buffer]
            buffer.clear()
            return messages

        return receive

    def sender(self, write: Write, *, client: bool) -> Send:
        from aiohttp import WSMsgType
        from aiohttp._websocket.writer import WebSocketWriter

        transport: Any = SimpleNamespace(write=write, is_closing=bool)
        writer = WebSocketWriter(SimpleNamespace(_paused=False), transport, use_mask=client)  # type: ignore[arg-type]

        async def send_all(text: str, times: int) -> None:
            for _ in range(times):
                await writer.send_frame(text.encode(), WSMsgType.TEXT)

        return lambda text, times: _run(send_all(text, times))


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("a writer that nothing holds up has waited")


LIBRARIES: dict[str, type[Library]] = {
    "refws": Refws,
    "websockets": Websockets,
    "wsproto": Wsproto,
    "aiohttp": Aiohttp,
    "picows": Picows,
}
