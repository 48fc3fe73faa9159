"""The ways to a server on asyncio: direct, through a proxy, by a unix socket, by a socket that is there already."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import cast

from refws.host.aio.addresses import connect, connected_to, first_of, pending_through_a_proxy, resolve, turn_for
from refws.host.reaching.addresses import Address, interleaved
from refws.host.reaching.proxies import Proxy, ProxyError, Tunnel, choose_proxy
from refws.host.reaching.route import Route
from refws.host.reaching.socks import A_DAY, socks_errors, socks_proxy
from refws.rfc6455.s03_websocket_uris import WebSocketURI

__all__ = ["Carrier", "way_to"]

Carrier = socket.socket | asyncio.Transport
"""What leads to the server: a socket, or what an HTTP proxy has left of its connection, which is not reading yet."""


def way_to(route: Route, uri: WebSocketURI) -> AbstractAsyncContextManager[Carrier]:
    """A way to the server, which nobody else takes until the block is left. Raises `OSError` and `UsageError`."""
    if route.sock is not None:
        return _by(route.sock)
    if route.path is not None:
        return _by_unix_socket(route.path)
    proxy = choose_proxy(route.proxy, uri)
    if proxy is None:
        return _directly(uri, route.happy_eyeballs_delay)
    return _through(route, proxy, uri)


@contextlib.asynccontextmanager
async def _through(route: Route, proxy: Proxy, uri: WebSocketURI) -> AsyncIterator[Carrier]:
    if proxy.resolves_names:
        async with pending_through_a_proxy((uri.host, uri.port)):
            # §rfc6455:4.1-p9-s1 SHOULD connect to the proxy, and ask it for a connection to host and port
            if proxy.speaks_http:
                yield await _open_tunnel(route, proxy, uri)
            else:
                yield await _open_socks(proxy, uri.host, uri.port)
    else:
        family = socket.AF_INET if proxy.scheme == "socks4" else socket.AF_UNSPEC
        address, port = (await resolve(uri.host, uri.port, family))[0].place
        async with turn_for((address, port)):
            yield await _open_socks(proxy, address, port)


async def _open_tunnel(route: Route, proxy: Proxy, uri: WebSocketURI) -> asyncio.Transport:
    """What an HTTP proxy has opened. Raises `ProxyError`, and `ssl.SSLError` for the TLS of the proxy."""
    try:
        addresses = interleaved(await resolve(proxy.host, proxy.port))
        sock = await first_of(addresses, connect, route.happy_eyeballs_delay, socket.socket.close)
    except OSError as error:
        raise ProxyError(proxy, f"cannot be reached: {error}") from error
    tls = (route.proxy_tls or ssl.create_default_context()) if proxy.scheme == "https" else None
    transport, protocol = await asyncio.get_running_loop().create_connection(
        lambda: _Asking(Tunnel(proxy, uri)), sock=sock, ssl=tls, server_hostname=proxy.host if tls else None
    )
    try:
        await protocol.answered
    except BaseException:
        transport.abort()
        raise
    return transport


class _Asking(asyncio.Protocol):
    """Asks an HTTP proxy for a connection."""

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not an `isinstance`: the transports of uvloop are none of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._tunnel.request())

    def data_received(self, data: bytes) -> None:
        if self.answered.done():
            return
        try:
            opened = self._tunnel.receive(data)
        except ProxyError as error:
            self.answered.set_exception(error)
            # Whoever gave up waiting does not want to hear of it.
            self.answered.exception()
        else:
            if opened:
                # What comes from here on is the server's, and for the protocol that is to follow.
                self._transport.pause_reading()
                self.answered.set_result(None)

    def eof_received(self) -> None:
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self.data_received(b"")


@contextlib.asynccontextmanager
async def _directly(uri: WebSocketURI, delay: float | None) -> AsyncIterator[socket.socket]:
    # §rfc6455:4.1-p14-s1 SHOULD connect directly, there being no proxy
    # §rfc6455:4.1-p18-s1 MUST fail where TCP cannot be opened to any address of the host
    async with connected_to(await resolve(uri.host, uri.port), delay) as sock:
        yield sock


async def _open_socks(proxy: Proxy, host: str, port: int) -> socket.socket:
    socks = socks_proxy(proxy, "python_socks.async_.asyncio")
    with socks_errors(proxy):
        sock: socket.socket = await socks.connect(host, port, timeout=A_DAY)
    return sock


@contextlib.asynccontextmanager
async def _by_unix_socket(path: str) -> AsyncIterator[socket.socket]:
    # It has no IP address, and so no turns.
    yield await connect(Address(socket.AF_UNIX, path))


@contextlib.asynccontextmanager
async def _by(sock: socket.socket) -> AsyncIterator[socket.socket]:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        yield sock
        return
    try:
        turn = turn_for(sock.getpeername()[:2])
        await turn.acquire()
    except BaseException:
        sock.close()
        raise
    try:
        yield sock
    finally:
        turn.release()
