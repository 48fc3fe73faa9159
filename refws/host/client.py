"""`connect` on asyncio."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Generator, Sequence
from typing import Any
from weakref import WeakValueDictionary

from refws.failure import Failure, UsageError
from refws.host.http11 import Endpoint
from refws.host.times import TimeLimits
from refws.host.websocket import WebSocket
from refws.rfc6455.endpoint import Opened, Role
from refws.rfc6455.s03_websocket_uris import WebSocketURI, parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s09_extensions import ClientExtension
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc7692 import PermessageDeflate

__all__ = ["connect"]

MiB = 1024 * 1024

_connecting: WeakValueDictionary[tuple[int, str, int], asyncio.Lock] = WeakValueDictionary()
"""A lock for each event loop, address and port to which a connection is being established."""


class ClientWebSocket(WebSocket):
    """A client's end of a connection."""

    __slots__ = ("_established",)

    def __init__(self, limits: Limits, times: TimeLimits, max_queue: int) -> None:
        super().__init__(Endpoint(Role.CLIENT, limits), times, max_queue)
        self._established: asyncio.Future[None] = self._loop.create_future()

    async def establish(self, uri: WebSocketURI, offer: ClientOffer) -> None:
        """Send the opening handshake, and wait for the answer. Raises `UsageError` and `HandshakeFailure`."""
        # §rfc6455:4.1-p21-s1 MUST send the handshake once connected
        self.endpoint.connect(uri, offer)
        self.flush()
        await self._established

    def opened(self, opened: Opened) -> None:
        """The server's handshake has been checked."""
        super().opened(opened)
        if not self._established.done():
            self._established.set_result(None)

    def end_received(self, end: Close | Failure) -> None:
        """A failure of the opening handshake is the caller's to hear."""
        if self._established.done():
            super().end_received(end)
        else:
            assert isinstance(end, Failure)
            self._established.set_exception(end)
            # Whoever gave up waiting does not want to hear of it.
            self._established.exception()
            self.act_on_the_end()


class connect:
    """Open a connection: ``async with connect(uri) as ws`` or ``ws = await connect(uri)``.

    `tls` is the context for ``wss``; the default one checks certificate and host name. Sizes are octets, times seconds,
    and None is no limit: see `Limits` and `TimeLimits`. Raises `UsageError` for a URI or an option that cannot be,
    `OSError` where TCP or TLS fails, `TimeoutError`, and `HandshakeFailure` for an answer that is not acceptable.
    """

    def __init__(
        self,
        uri: str,
        *,
        tls: ssl.SSLContext | None = None,
        subprotocols: Sequence[str] = (),
        extensions: Sequence[ClientExtension] = (PermessageDeflate(),),
        origin: str | None = None,
        additional_headers: Sequence[tuple[str, str]] = (),
        max_message_size: int | None = MiB,
        max_frame_size: int | None = None,
        max_fragments: int | None = 65536,
        max_head_size: int = 16384,
        max_header_fields: int = 128,
        max_queue: int = 16,
        open_timeout: float | None = 10,
        close_timeout: float | None = 10,
        ping_interval: float | None = 20,
        ping_timeout: float | None = 20,
        answer_timeout: float | None = 1,
    ) -> None:
        # §rfc6455:4.1-p1-s3 MUST come from the caller: the parts of the URI, subprotocols and extensions
        self._uri = parse_websocket_uri(uri)
        if tls is not None and not self._uri.secure:
            raise UsageError(f"TLS goes with wss, not with {uri}")
        # §rfc6455:11.1.2-p1-s1 MUST be protected by TLS
        # §rfc6455:10.6-p2-s3 SHOULD take strong TLS only: that of the standard library's default context
        self._tls = (tls or ssl.create_default_context()) if self._uri.secure else None
        self._offer = ClientOffer(subprotocols, extensions, origin, additional_headers)
        self._limits = Limits(max_frame_size, max_message_size, max_fragments, max_head_size, max_header_fields)
        self._times = TimeLimits(open_timeout, close_timeout, ping_interval, ping_timeout, answer_timeout)
        self._max_queue = max_queue
        self._websocket: WebSocket | None = None

    async def _open(self) -> WebSocket:
        async with asyncio.timeout(self._times.open_timeout):
            *others, last = await self._resolve()
            for address in others:
                with contextlib.suppress(OSError):
                    return await self._open_to(address)
            # §rfc6455:4.1-p18-s1 MUST fail where TCP cannot be opened to any address of the host
            return await self._open_to(last)

    async def _resolve(self) -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(self._uri.host, self._uri.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def _open_to(self, address: str) -> WebSocket:
        loop = asyncio.get_running_loop()
        # §rfc6455:4.1-p5-s2 MUST have no second connection in CONNECTING (ruling 12)
        lock = _connecting.setdefault((id(loop), address, self._uri.port), asyncio.Lock())
        # §rfc6455:4.1-p5-s1 MUST wait for another connection to this address and port, under any name, to open or fail
        # §rfc6455:4.1-p5-s3 MUST go one after another
        async with lock:
            # §rfc6455:4.1-p14-s1 SHOULD connect directly, there being no proxy
            _, websocket = await loop.create_connection(
                lambda: ClientWebSocket(self._limits, self._times, self._max_queue),
                address,
                self._uri.port,
                # §rfc6455:4.1-p19-s1 MUST do TLS before the handshake; §rfc6455:4.1-p19-s2 MUST fail where TLS does
                # §rfc6455:4.1-p19-s3 MUST go through TLS from then on
                # §rfc6455:10.6-p1-s2/1 MUST know TLS
                ssl=self._tls,
                # §rfc6455:4.1-p20-s1 MUST send Server Name Indication
                server_hostname=self._uri.host if self._tls else None,
            )
            try:
                # §rfc6455:4.1-p1-s1 MUST send the handshake on the connection; §rfc6455:4.1-p3-s1 MUST read the answer
                await websocket.establish(self._uri, self._offer)
            except BaseException:
                # The handshake came to nothing, and there is nothing left to send.
                websocket.drop_tcp()
                raise
        return websocket

    def __await__(self) -> Generator[Any, None, WebSocket]:
        """Open the connection."""
        return self._open().__await__()

    async def __aenter__(self) -> WebSocket:
        """Open the connection."""
        self._websocket = await self._open()
        return self._websocket

    async def __aexit__(self, *exc: object) -> None:
        """Close the connection."""
        if self._websocket is not None:
            await self._websocket.close()
