"""`connect_sync`: a client with threads."""

import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import partial

from refws.failure import HandshakeFailure
from refws.host.connection.times import TimeLimits
from refws.host.reaching.destination import Destination, destination, origin_of
from refws.host.reaching.proxies import ProxyChoice
from refws.host.reaching.route import Route
from refws.host.threads.addresses import Deadline
from refws.host.threads.client_websocket import SyncClientWebSocket
from refws.host.threads.routes import way_to
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s09_extensions import ClientExtension
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc7692 import PermessageDeflate

__all__ = ["connect_sync"]

MiB = 1024 * 1024

logger = logging.getLogger("refws")


def connect_sync(
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
) -> SyncClientWebSocket:
    """Open a connection, which a thread of its own keeps. ``with refws.connect_sync(uri) as ws`` closes it, too.

    All is as with `refws.connect`, but that the call itself opens the connection, that there is no loop that connects
    again, and no TLS within the TLS of a proxy. Raises `UsageError` for a URI or an option that cannot be, `OSError`
    where TCP or TLS fails, `ProxyError` among them, `TimeoutError`, and `HandshakeFailure` for an answer that is not
    acceptable.
    """
    route = Route(proxy=proxy, proxy_tls=proxy_tls, path=path, sock=sock, happy_eyeballs_delay=happy_eyeballs_delay)
    offer = ClientOffer(subprotocols, extensions, origin, additional_headers)
    fixed, redirects = route.is_given, max_redirects if sock is None else 0
    there = destination(
        uri, offer, tls, server_hostname, basic_auth, bearer_token, redirects, fixed, hybi00, insecure_hybi00
    )
    limits = Limits(max_frame_size, max_message_size, max_fragments, max_head_size, max_header_fields)
    times = TimeLimits(open_timeout, close_timeout, ping_interval, ping_timeout, answer_timeout)
    return _open(route, there, partial(SyncClientWebSocket, limits, times, max_queue, idle_timeout), open_timeout)


def _open(
    route: Route, there: Destination, new: Callable[[Destination], SyncClientWebSocket], open_timeout: float | None
) -> SyncClientWebSocket:
    """Open a connection, and follow redirects."""
    deadline = Deadline(open_timeout)
    while True:
        try:
            return _open_at(there, route, deadline, new(there))
        except HandshakeFailure as failure:
            there = there.redirected(failure)
        logger.info("redirected to %s", origin_of(there.uri))


def _open_at(
    there: Destination, route: Route, deadline: Deadline, websocket: SyncClientWebSocket
) -> SyncClientWebSocket:
    with way_to(route, there.uri, deadline) as carrier:
        sock = carrier
        try:
            if there.tls is not None:
                # §rfc6455:4.1-p20-s1 MUST send Server Name Indication
                name = there.server_hostname or there.uri.host
                # §rfc6455:4.1-p19-s1 MUST do TLS before the handshake; §rfc6455:4.1-p19-s2 MUST fail where TLS does
                # §rfc6455:4.1-p19-s3 MUST go through TLS from then on; §rfc6455:10.6-p1-s2/1 MUST know TLS
                sock = there.tls.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
            # §rfc6455:4.1-p1-s1 MUST send the handshake on the connection; §rfc6455:4.1-p3-s1 MUST read the answer
            websocket.establish(sock, deadline.left())
        except BaseException:
            sock.close()
            raise
    return websocket
