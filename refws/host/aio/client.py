"""`connect` on asyncio."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Generator, Sequence
from functools import partial
from typing import Any

from refws.failure import HandshakeFailure, UsageError
from refws.host.aio.client_websocket import ClientWebSocket
from refws.host.aio.routes import Carrier, way_to
from refws.host.connection.closed import ConnectionClosed
from refws.host.connection.times import TimeLimits
from refws.host.reaching.destination import Destination, destination, origin_of
from refws.host.reaching.proxies import ProxyChoice
from refws.host.reaching.reconnection import Backoff, Reconnection
from refws.host.reaching.route import Route
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s09_extensions import ClientExtension
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc7692 import PermessageDeflate

__all__ = ["connect"]

MiB = 1024 * 1024

logger = logging.getLogger("refws")


class connect:
    """Open a connection: ``async with connect(uri) as ws`` or ``ws = await connect(uri)``.

    ``async for ws in connect(uri)`` connects again each time the loop comes round, however the connection before ended,
    with the pauses of `backoff`; what leaves the loop closes the last connection.

    - `tls` is the context for ``wss``; the default one checks certificate and host name, or `server_hostname`.
    - `basic_auth` is (user, password), `bearer_token` a token; either goes into the Authorization field.
    - Up to `max_redirects` redirects are followed, never from ``wss`` to ``ws``, and with credentials within one origin
      only; `ws.uri` is the last.
    - `proxy` is True for what the environment says (``https_proxy``, ``no_proxy`` …), None for none, the URL of a proxy
      for HTTP or SOCKS, or a function that is given the URI and returns one or None; `proxy_tls` is the context for
      ``https`` proxies. SOCKS wants ``refws[proxy]``.
    - `path` is a unix socket to connect to, and `sock` one that is connected and belongs to the connection from now on.
    - `ping_interval` is the pause between Pings, whose answers give `ws.latency`. After `idle_timeout` without data in
      either direction the connection is closed with 1001 and a reason, and a loop over messages ends normally.
    - `hybi00` speaks the draft of 2010 in place of RFC 6455: over TLS, to this machine, or with `insecure_hybi00`.
    - `happy_eyeballs_delay` is how long an address of the host may keep the next from being tried as well.

    Sizes are octets, times seconds, and None is no limit: see `Limits` and `TimeLimits`; `open_timeout` bounds the
    whole way there, redirects and proxies with it. Raises `UsageError` for a URI or an option that cannot be, `OSError`
    where TCP or TLS fails, `ProxyError` among them, `TimeoutError`, and `HandshakeFailure` for an answer that is not
    acceptable.
    """

    websocket_class = ClientWebSocket
    """What is made for each connection."""

    _sleep = staticmethod(asyncio.sleep)

    def __init__(
        self,
        uri: str,
        *,
        tls: ssl.SSLContext | None = None,
        server_hostname: str | None = None,
        subprotocols: Sequence[str] = (),
        extensions: Sequence[ClientExtension] = (PermessageDeflate(),),
        origin: str | None = None,
        additional_headers: Sequence[tuple[str, str]] = (),
        basic_auth: tuple[str, str] | None = None,
        bearer_token: str | None = None,
        max_redirects: int = 10,
        proxy: ProxyChoice = True,
        proxy_tls: ssl.SSLContext | None = None,
        path: str | None = None,
        sock: socket.socket | None = None,
        happy_eyeballs_delay: float | None = 0.25,
        backoff: Backoff = Backoff(),
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
        idle_timeout: float | None = None,
        hybi00: bool = False,
        insecure_hybi00: bool = False,
    ) -> None:
        self._route = Route(
            proxy=proxy, proxy_tls=proxy_tls, path=path, sock=sock, happy_eyeballs_delay=happy_eyeballs_delay
        )
        offer = ClientOffer(subprotocols, extensions, origin, additional_headers)
        fixed, redirects = self._route.is_given, max_redirects if sock is None else 0
        self._destination = destination(
            uri, offer, tls, server_hostname, basic_auth, bearer_token, redirects, fixed, hybi00, insecure_hybi00
        )
        self._limits = Limits(max_frame_size, max_message_size, max_fragments, max_head_size, max_header_fields)
        self._times = TimeLimits(open_timeout, close_timeout, ping_interval, ping_timeout, answer_timeout)
        self._max_queue, self._idle_timeout = max_queue, idle_timeout
        self._backoff = backoff
        self._websocket: ClientWebSocket | None = None

    async def _open(self) -> ClientWebSocket:
        there = self._destination
        async with asyncio.timeout(self._times.open_timeout):
            while True:
                try:
                    return await self._open_at(there)
                except HandshakeFailure as failure:
                    there = there.redirected(failure)
                logger.info("redirected to %s", origin_of(there.uri))

    async def _open_at(self, there: Destination) -> ClientWebSocket:
        async with way_to(self._route, there.uri) as carrier:
            websocket = await self._take_over(carrier, there)
            try:
                # §rfc6455:4.1-p1-s1 MUST send the handshake on the connection; §rfc6455:4.1-p3-s1 MUST read the answer
                await websocket.establish()
            except BaseException:
                # The handshake came to nothing, and there is nothing left to send.
                websocket.drop_tcp()
                raise
        return websocket

    async def _take_over(self, carrier: Carrier, there: Destination) -> ClientWebSocket:
        """A WebSocket on what leads to the server, behind TLS where that is wanted."""
        loop = asyncio.get_running_loop()
        new = partial(self.websocket_class, there, self._limits, self._times, self._max_queue, self._idle_timeout)
        # §rfc6455:4.1-p20-s1 MUST send Server Name Indication
        name = (there.server_hostname or there.uri.host) if there.tls else None
        # §rfc6455:4.1-p19-s1 MUST do TLS before the handshake; §rfc6455:4.1-p19-s2 MUST fail where TLS does
        # §rfc6455:4.1-p19-s3 MUST go through TLS from then on
        # §rfc6455:10.6-p1-s2/1 MUST know TLS
        if isinstance(carrier, socket.socket):
            unix = carrier.family == getattr(socket, "AF_UNIX", None)
            opening = loop.create_unix_connection if unix else loop.create_connection
            return (await opening(new, sock=carrier, ssl=there.tls, server_hostname=name))[1]
        websocket = new()
        transport: asyncio.Transport | None = carrier
        if there.tls is None:
            carrier.set_protocol(websocket)
        else:
            transport = await loop.start_tls(carrier, websocket, there.tls, server_hostname=name)
        assert transport is not None
        websocket.connection_made(transport)
        transport.resume_reading()
        return websocket

    def __await__(self) -> Generator[Any, None, ClientWebSocket]:
        """Open the connection."""
        return self._open().__await__()

    async def __aenter__(self) -> ClientWebSocket:
        """Open the connection."""
        self._websocket = await self._open()
        return self._websocket

    async def __aexit__(self, *exc: object) -> None:
        """Close the connection."""
        if self._websocket is not None:
            await self._websocket.close()

    async def __aiter__(self) -> AsyncIterator[ClientWebSocket]:
        """Open a connection, and another behind each that ended or could not be opened.

        Raises what `backoff` gives up for: `UsageError`, a refusal or a certificate that will be the same again.
        """
        if self._route.sock is not None:
            raise UsageError("one socket is one connection: there is no connecting again")
        reconnection = Reconnection(self._backoff)
        while True:
            try:
                websocket = await self._open()
            except Exception as error:
                cause = error
            else:
                reconnection.opened()
                try:
                    yield websocket
                finally:
                    await _close(websocket)
                cause = ConnectionClosed(websocket.endpoint)
            pause = reconnection.pause_after(cause)
            logger.info("connecting to %s again in %.1f s: %s", origin_of(self._destination.uri), pause, cause)
            await self._sleep(pause)


async def _close(websocket: ClientWebSocket) -> None:
    try:
        await websocket.close()
    except BaseException:
        # Whoever closes the iterator is in a hurry.
        websocket.drop_tcp()
        raise
