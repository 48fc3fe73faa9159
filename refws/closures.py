"""The way of 2011: an application as closures, request → (stream, mutex) → message.

    def greeter(request):                       # which requests are for it: others get None
        def opened(stream, mutex):              # once for each connection
            send_message(f"hello, {request.path}")
            return lambda message: send_message(message.upper())
        return opened if request.path == "/shout" else None

    refws.Acceptor(8080, dispatch_table=[resource_from_closures(greeter)]).serve_forever()

Stream and mutex are arguments of the second function, and bound while it and the last one run: `current_stream` and
`current_mutex`. The functions here take them from there; whoever sends from elsewhere passes them.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

from refws.failure import UsageError
from refws.resources.client import Client
from refws.resources.resource import Resource
from refws.rfc6455.http import Request

__all__ = ["current_mutex", "current_stream", "resource_from_closures", "send_message", "send_term"]

Mutex = AbstractContextManager[Any]
MessageHandler = Callable[[str], Any]
Opener = Callable[[Client, Mutex], MessageHandler]

current_stream: ContextVar[Client] = ContextVar("current_stream")
"""Where the connection of whoever asks is written to: a `Client`."""

current_mutex: ContextVar[Mutex] = ContextVar("current_mutex")
"""What is held while something is written there, and for as long as several messages are to stay together."""


def resource_from_closures(
    acceptor_function: Callable[[Request], Opener | None],
) -> Callable[[Request], Resource | None]:
    """A function for a dispatch table: each connection gets a resource of its own, made of what the closures are.

    `acceptor_function` is asked once for each opening handshake. A handler of messages may be ``async def``, the other
    functions may not. Binary messages are refused with 1003.
    """

    def dispatch(request: Request) -> Resource | None:
        opener = acceptor_function(request)
        return None if opener is None else _Closures(opener)

    return dispatch


class _Closures(Resource):
    """The one connection of what closures are called for."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._handler: MessageHandler

    def client_connected(self, client: Client) -> None:
        mutex = threading.RLock()
        # A connection has its own task, or its own thread, and so its own context: nobody else sees these.
        current_stream.set(client)
        current_mutex.set(mutex)
        handler = self._opener(client, mutex)
        if not callable(handler):
            raise UsageError(f"the function of stream and mutex returns one of a message, not {handler!r}")
        self._handler = handler

    def text_message_received(self, client: Client, message: str) -> Any:
        return self._handler(message)


def send_message(message: str, stream: Client | None = None, mutex: Mutex | None = None) -> Any:
    """Send a text; awaiting what it returns waits while the peer does not take it. Raises `ConnectionClosed`.

    Raises `UsageError` where no stream is bound or given, and for what is no text.
    """
    with mutex or _bound(current_mutex):
        return (stream or _bound(current_stream)).send_text(message)


def send_term(stream: Client | None = None, mutex: Mutex | None = None) -> Any:
    """Close the connection; awaiting what it returns waits until TCP is closed. Raises `UsageError` as above."""
    with mutex or _bound(current_mutex):
        return (stream or _bound(current_stream)).close()


def _bound(variable: ContextVar[Any]) -> Any:
    try:
        return variable.get()
    except LookupError:
        raise UsageError("no connection is bound here: pass stream and mutex") from None
