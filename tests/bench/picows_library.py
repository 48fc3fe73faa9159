"""picows without a socket: it has no layer for that, so its protocol gets a transport that is none."""

import logging
from collections import deque
from types import SimpleNamespace
from typing import Any

from library import LIMIT, Library, Receive, Send, Write, event_loop

__all__ = ["Picows"]


class Picows(Library):
    """picows' protocol; it has a buffer of its own to read into, so that a read is a copy."""

    def receiver(self) -> Receive:
        from picows import WSListener, WSMsgType

        messages: list[Any] = []
        parts: list[bytes] = []
        text, binary = WSMsgType.TEXT, WSMsgType.BINARY

        class Listener(WSListener):
            def on_ws_frame(self, transport: Any, frame: Any) -> None:
                kind = frame.msg_type
                if kind == text and frame.fin:
                    messages.append(frame.get_payload_as_utf8_text())
                elif kind == binary and frame.fin:
                    messages.append(frame.get_payload_as_bytes())
                else:
                    # The benchmark has no fragmented texts.
                    parts.append(frame.get_payload_as_bytes())
                    if frame.fin:
                        messages.append(b"".join(parts))
                        parts.clear()

        protocol = self._protocol(Listener(), deque[bytes](maxlen=1).append, client=False)
        get_buffer, buffer_updated = protocol.get_buffer, protocol.buffer_updated

        def receive(octets: bytes) -> list[Any]:
            messages.clear()
            position, end = 0, len(octets)
            while position < end:
                room = get_buffer(-1)
                size = min(len(room), end - position)
                room[:size] = octets if size == end else octets[position : position + size]
                buffer_updated(size)
                position += size
            return messages

        return receive

    def sender(self, write: Write, *, client: bool) -> Send:
        from picows import WSListener, WSMsgType

        transport = self._protocol(WSListener(), write, client=client).transport
        kind = WSMsgType.TEXT

        def send(text: str, times: int) -> None:
            for _ in range(times):
                transport.send(kind, text)

        return send

    @staticmethod
    def _protocol(listener: Any, write: Write, *, client: bool) -> Any:
        from picows import WSAutoPingStrategy
        from picows.picows import WSProtocol  # type: ignore[attr-defined]

        async def build() -> Any:
            logger = logging.getLogger("picows.bench")
            strategy = WSAutoPingStrategy.PING_WHEN_IDLE
            # A buffer in which the longest frame fits: growing it is not what is measured.
            arguments = (client, lambda *_: listener, logger, True, None, False, 1.0, 1.0, strategy, True, LIMIT, None)
            return WSProtocol("bench.invalid", "/", *arguments, 1 << 21)

        protocol = event_loop().run_until_complete(build())
        extra = {"socket": _NoSocket()}
        protocol.connection_made(
            # With something in the transport's buffer it does not write to the socket itself.
            SimpleNamespace(get_extra_info=extra.get, get_write_buffer_size=lambda: 1, write=write, writelines=write)
        )
        if not client:
            request = _UPGRADE
            protocol.get_buffer(-1)[: len(request)] = request
            protocol.buffer_updated(len(request))
        return protocol


_UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: bench.invalid\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class _NoSocket:
    def fileno(self) -> int:
        return -1

    def setsockopt(self, *_: object) -> None: ...

    def getsockopt(self, *_: object) -> int:
        return 0
