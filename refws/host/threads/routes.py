"""The ways to a server with threads: direct, through a proxy, by a unix socket, by a socket that is there already."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

from refws.failure import UsageError
from refws.host.reaching.addresses import PENDING_THROUGH_PROXIES
from refws.host.reaching.proxies import Proxy, ProxyError, Tunnel, choose_proxy
from refws.host.reaching.route import Route
from refws.host.reaching.socks import socks_errors, socks_proxy
from refws.host.threads.addresses import Deadline, connect_to_one_of, holding, nobodys_turn, resolve, turn_for
from refws.rfc6455.s03_websocket_uris import WebSocketURI

__all__ = ["way_to"]

READ_SIZE = 16384

_pending_through_proxies = threading.BoundedSemaphore(PENDING_THROUGH_PROXIES)


@contextlib.contextmanager
def way_to(route: Route, uri: WebSocketURI, deadline: Deadline) -> Iterator[socket.socket]:
    """A socket that leads to the server, which nobody else connects to until the block is left.

    Raises `OSError`, `TimeoutError` and `UsageError`. The caller closes the socket.
    """
    if route.sock is not None:
        yield from _given(route.sock, deadline)
    elif route.path is not None:
        # It has no IP address, and so no turns.
        yield _by_unix_socket(route.path, deadline)
    elif (proxy := choose_proxy(route.proxy, uri)) is None:
        # §rfc6455:4.1-p14-s1 SHOULD connect directly, there being no proxy
        # §rfc6455:4.1-p18-s1 MUST fail where TCP cannot be opened to any address of the host
        sock, turn = connect_to_one_of(resolve(uri.host, uri.port, deadline), route.happy_eyeballs_delay, deadline)
        try:
            yield sock
        finally:
            turn.release()
    else:
        yield from _through(route, proxy, uri, deadline)


def _given(sock: socket.socket, deadline: Deadline) -> Iterator[socket.socket]:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        yield sock
        return
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(sock.close)
        with holding(turn_for(sock.getpeername()[:2]), deadline):
            on_failure.pop_all()
            yield sock


def _by_unix_socket(path: str, deadline: Deadline) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _closed_on_failure(sock):
        sock.settimeout(deadline.left())
        sock.connect(path)
    return sock


def _through(route: Route, proxy: Proxy, uri: WebSocketURI, deadline: Deadline) -> Iterator[socket.socket]:
    if not proxy.resolves_names:
        family = socket.AF_INET if proxy.scheme == "socks4" else socket.AF_UNSPEC
        address, port = resolve(uri.host, uri.port, deadline, family)[0].place
        with holding(turn_for((address, port)), deadline):
            yield _open_socks(proxy, address, port, deadline)
        return
    # §rfc6455:4.1-p6-s1/1 MUST take each host name for a remote host of its own
    # §rfc6455:4.1-p6-s1/2 SHOULD keep the number of all such connections that are pending low
    with holding(turn_for((uri.host, uri.port)), deadline), holding(_pending_through_proxies, deadline):
        # §rfc6455:4.1-p9-s1 SHOULD connect to the proxy, and ask it for a connection to host and port
        if proxy.speaks_http:
            yield _open_tunnel(route, proxy, uri, deadline)
        else:
            yield _open_socks(proxy, uri.host, uri.port, deadline)


def _open_socks(proxy: Proxy, host: str, port: int, deadline: Deadline) -> socket.socket:
    socks = socks_proxy(proxy, "python_socks.sync")
    with socks_errors(proxy):
        sock: socket.socket = socks.connect(host, port, timeout=deadline.left())
    return sock


def _open_tunnel(route: Route, proxy: Proxy, uri: WebSocketURI, deadline: Deadline) -> socket.socket:
    """What an HTTP proxy has opened. Raises `ProxyError`, and `ssl.SSLError` for the TLS of the proxy."""
    if proxy.scheme == "https" and uri.secure:
        raise UsageError(f"TLS within that of {proxy} is only for refws.connect; take a proxy without https")
    try:
        addresses = resolve(proxy.host, proxy.port, deadline)
        sock, _ = connect_to_one_of(addresses, route.happy_eyeballs_delay, deadline, nobodys_turn)
    except TimeoutError:
        raise
    except OSError as error:
        raise ProxyError(proxy, f"cannot be reached: {error}") from error
    with contextlib.ExitStack() as on_failure:
        on_failure.enter_context(_closed_on_failure(sock))
        sock.settimeout(deadline.left())
        if proxy.scheme == "https":
            sock = (route.proxy_tls or ssl.create_default_context()).wrap_socket(sock, server_hostname=proxy.host)
            on_failure.enter_context(_closed_on_failure(sock))
        tunnel = Tunnel(proxy, uri)
        sock.sendall(tunnel.request())
        opened = False
        while not opened:
            sock.settimeout(deadline.left())
            opened = tunnel.receive(sock.recv(READ_SIZE))
    return sock


@contextlib.contextmanager
def _closed_on_failure(sock: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        sock.close()
        raise
