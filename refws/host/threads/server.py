"""`serve_sync`: a server with threads."""

import inspect
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from refws.failure import UsageError
from refws.host.choice import Choice
from refws.host.connection.times import TimeLimits
from refws.host.endpoints import endpoint_for
from refws.host.listening import listen
from refws.host.threads.accepting import SyncServer
from refws.host.threads.service import SyncChooser, SyncService
from refws.host.threads.websocket import SyncWebSocket
from refws.rfc6455.http import Request, Response
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy
from refws.rfc7692 import PermessageDeflate

__all__ = ["SyncServer", "serve_sync"]

SyncHandler = Callable[[SyncWebSocket], object]
SyncHttpHook = Callable[[Request], Response | None]
_F = TypeVar("_F", bound=Callable[..., object])

MiB = 1024 * 1024


def serve_sync(
    handler: SyncHandler | None = None,
    host: str | None = "127.0.0.1",
    port: int = 0,
    *,
    path: str | None = None,
    sock: socket.socket | None = None,
    tls: ssl.SSLContext | None = None,
    http: SyncHttpHook | None = None,
    choose: SyncChooser | None = None,
    subprotocols: SubprotocolPolicy = (),
    extensions: Sequence[ServerExtension] = (PermessageDeflate(),),
    origins: OriginPolicy = None,
    additional_headers: Sequence[tuple[str, str]] = (),
    max_message_size: int | None = MiB,
    max_frame_size: int | None = None,
    max_fragments: int | None = 65536,
    max_head_size: int = 16384,
    max_header_fields: int = 128,
    max_queue: int = 16,
    max_connections: int | None = None,
    open_timeout: float | None = 10,
    close_timeout: float | None = 10,
    ping_interval: float | None = 20,
    ping_timeout: float | None = 20,
    answer_timeout: float | None = 1,
    allow_hybi00: bool = False,
    backlog: int = 100,
    reuse_port: bool = False,
) -> SyncServer:
    """Serve WebSocket with threads: ``with refws.serve_sync(handler, host, port) as server``.

    Or ``refws.serve_sync(…).serve_forever()``. All is as with `refws.serve`, but `handler` and `http` are made with
    ``def``: `handler` is called with a `SyncWebSocket`, in a thread for each connection. In place of both `choose`
    can be given, which answers each request with a `Choice` or a `Response`. `sock` is a socket that listens already.
    Raises `OSError` where it cannot listen, `UsageError`.
    """
    limits = Limits(max_frame_size, max_message_size, max_fragments, max_head_size, max_header_fields)
    times = TimeLimits(open_timeout, close_timeout, ping_interval, ping_timeout, answer_timeout)
    policy = (subprotocols, extensions, origins, additional_headers, limits, times, max_queue)
    service = SyncService(
        _chooser(handler, http, policy) if choose is None else _only(choose, handler, http),
        limits,
        times,
        max_connections,
        endpoint_for(allow_hybi00),
    )
    sockets = listen(host, port, path=path, sock=sock, backlog=backlog, reuse_port=reuse_port)
    return SyncServer(service, sockets, tls)


def _only(choose: SyncChooser, *others: object) -> SyncChooser:
    if any(other is not None for other in others):
        raise UsageError("choose takes the place of handler and http")
    return choose


def _chooser(handler: SyncHandler | None, http: SyncHttpHook | None, policy: tuple[Any, ...]) -> SyncChooser:
    """Ask a hook, and take the one choice where it has no answer."""
    choice = Choice(_plain(handler, "handler"), *policy)
    if http is None:
        return lambda _: choice
    hook = _plain(http, "http")

    def choose(request: Request) -> Choice | Response:
        response: Response | None = hook(request)
        return choice if response is None else response

    return choose


def _plain(function: _F | None, what: str) -> _F:
    if not callable(function) or inspect.iscoroutinefunction(function):
        raise UsageError(f"{what} is to be a function made with def; for async def there is refws.serve")
    return function
