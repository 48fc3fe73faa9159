"""A resource: what clients connect to, such as a room of a chat."""

import inspect
import threading
from collections.abc import Collection, Sequence
from typing import Any, Literal, Self

from refws.failure import Failure, UsageError
from refws.host.choice import Choice
from refws.host.connection.broadcast import BroadcastResult, broadcast
from refws.host.connection.times import TimeLimits
from refws.resources.client import Client
from refws.resources.visit import Visit
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s04_2_server_side_requirements import choose_subprotocol
from refws.rfc6455.s06_1_sending_data import Message
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy, size_exceeded
from refws.rfc7692 import PermessageDeflate

__all__ = ["Resource"]

KiB, MiB = 1024, 1024 * 1024

_FULL = Response(503, HeaderFields([("Retry-After", "1")]), b"too many clients\n")

_HANDLERS = ("client_connected", "client_disconnected", "text_message_received", "binary_message_received")


class Resource:
    """What clients connect to. Subclasses say what happens; see `refws.resources` for the order of the calls.

    The attributes are policy, of the class or of one resource: sizes in octets, times in seconds, None for no limit.
    `clients` is who is here, `dropped` counts the messages that broadcasts have not sent to slow clients. A subclass
    with an `__init__` of its own need not call this class's.
    """

    client_class: type[Client] = Client
    """What a client is an object of. It is called with what `Client` is called with."""

    max_clients: int | None = None
    """Clients at one time; whoever comes on top gets 503."""
    max_fragment_size: int | None = 64 * KiB
    """Octets of one frame's payload; 1009."""
    max_message_size: int | None = MiB
    """Octets of a message, all its frames together, inflated; 1009."""
    max_fragments: int | None = 65536
    """Frames of one message; 1008."""
    max_queue: int = 16
    """Messages of one client that wait for a handler; above that it is not read from."""

    origins: OriginPolicy = None
    """Who may connect, by the Origin of the page: None for all, a list of origins and patterns, or a function such as
    those of `refws.resources.origins`; all others get 403."""
    subprotocols: Sequence[str] = ()
    """What `choose_subprotocol` chooses from."""
    extensions: Sequence[ServerExtension] = (PermessageDeflate(),)
    additional_headers: Sequence[tuple[str, str]] = ()
    """Header fields of the server's opening handshake."""

    idle_timeout: float | None = None
    """Seconds without a message from a client until it is closed, with 1001."""
    write_timeout: float | None = 60
    """Seconds for which a client may take nothing of what waits for it."""
    close_timeout: float | None = 10
    """Seconds for the closing handshake, and for the end of TCP."""
    ping_interval: float | None = 20
    """Seconds between keep-alive Pings."""
    ping_timeout: float | None = 20
    """Seconds for the Pong to one of them."""
    answer_timeout: float | None = 1
    """Seconds that handlers have for the messages before a client's Close frame, until it is answered."""

    max_backlog: int = MiB
    """Octets that a client may leave untaken and still get what is broadcast."""
    when_backlog_exceeded: Literal["close", "drop"] = "close"
    """What happens to one that has left more: it is closed with 1008, or the message is dropped for it."""

    dropped: int = 0

    _clients: dict[int, Client]
    _lock: threading.Lock

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Here, and not in ``__init__``, is what subclasses cannot forget to call."""
        self = super().__new__(cls)
        self._clients = {}
        self._lock = threading.Lock()
        return self

    # What happens

    def client_connected(self, client: Any) -> Any:
        """A client is here, and is among `clients`."""

    def client_disconnected(self, client: Any) -> Any:
        """A client has left, and is not among `clients` any more."""

    def text_message_received(self, client: Any, message: str) -> Any:
        """A text message has come. Not overridden: refused with 1003."""
        # §rfc6455:7.4.1-p9-s1 MAY be sent on a type of data that is not accepted
        raise Failure("rfc6455:7.4.1-p9-s1", StatusCode.UNSUPPORTED_DATA, "no text messages are taken here")

    def binary_message_received(self, client: Any, message: bytes) -> Any:
        """A binary message has come. Not overridden: refused with 1003."""
        raise Failure("rfc6455:7.4.1-p9-s1", StatusCode.UNSUPPORTED_DATA, "no binary messages are taken here")

    def check_message(self, client: Any, opcode: int, fragment_length: int, total_length: int) -> None:
        """The payload of a data frame is about to be read; raises `Failure` to close the connection instead.

        `opcode` is that of the message, 1 or 2; the lengths are those of this frame and of the message so far with it,
        as they are on the wire. This one enforces `max_fragment_size` and `max_message_size`; they hold for what is
        inflated, and whatever takes the place of this one.
        """
        if self.max_fragment_size is not None and fragment_length > self.max_fragment_size:
            raise size_exceeded(self.max_fragment_size, "a frame")
        if self.max_message_size is not None and total_length > self.max_message_size:
            raise size_exceeded(self.max_message_size, "a message")

    def choose_subprotocol(self, request: Request, offered: Sequence[str]) -> str | None:
        """The subprotocol for a client that offers these: here the first of `subprotocols` that is among them."""
        return choose_subprotocol(offered, self.subprotocols)

    # Who is here

    @property
    def clients(self) -> list[Client]:
        """Who is here now: a list of its own, which does not change."""
        with self._lock:
            return list(self._clients.values())

    @property
    def is_full(self) -> bool:
        """Whether there are `max_clients`."""
        return self.max_clients is not None and len(self._clients) >= self.max_clients

    def _enter(self, client: Client) -> bool:
        """Hosts call this when a client comes, and `_leave` when it goes; False where there is no room."""
        with self._lock:
            if self.is_full:
                return False
            self._clients[id(client)] = client
            return True

    def _leave(self, client: Client) -> None:
        """The client is not among `clients` any more."""
        with self._lock:
            self._clients.pop(id(client), None)

    def broadcast(self, message: Message, *, but: Collection[Client] = ()) -> BroadcastResult:
        """Send a message to all clients but some, framed once: text for a `str`, binary for octets.

        It waits for nobody, and nobody's end is an error here. Raises `UsageError` for what cannot be sent to anybody.
        """
        clients: list[Any] = self.clients
        if but:
            others = {id(client) for client in but}
            clients = [client for client in clients if id(client) not in others]
        exceeded = self.when_backlog_exceeded
        result = broadcast(clients, message, max_backlog=self.max_backlog, when_exceeded=exceeded)
        if result.dropped:
            with self._lock:
                self.dropped += result.dropped
        return result

    # What a host asks

    def choice(self, request: Request, *, threads: bool = False) -> Choice | Response:
        """What a server has for a client that asks for this resource.

        With `threads` its handlers are called in a thread of the client; for an ``async def`` `UsageError` is raised.
        """
        self._check_handlers(threads)
        if self.is_full:
            return _FULL
        visit = Visit(self, request)
        return Choice(
            visit.run_in_thread if threads else visit.run,
            subprotocols=lambda offered: self.choose_subprotocol(request, offered),
            extensions=self.extensions,
            origins=self.origins,
            additional_headers=self.additional_headers,
            limits=Limits(self.max_fragment_size, self.max_message_size, self.max_fragments),
            times=self._times(),
            max_queue=self.max_queue,
            check_message=visit.check_message if self._checks_messages() else None,
        )

    def _times(self) -> TimeLimits:
        return TimeLimits(
            close_timeout=self.close_timeout,
            ping_interval=self.ping_interval,
            ping_timeout=self.ping_timeout,
            answer_timeout=self.answer_timeout,
        )

    def _checks_messages(self) -> bool:
        # What the one here enforces, the limits do, and faster.
        return getattr(self.check_message, "__func__", None) is not Resource.check_message

    def _check_handlers(self, threads: bool) -> None:
        for name in _HANDLERS if threads else ():
            if inspect.iscoroutinefunction(getattr(self, name)):
                raise UsageError(f"{type(self).__name__}.{name} is async def: with threads, handlers are def")
        if inspect.iscoroutinefunction(self.check_message):
            raise UsageError(f"{type(self).__name__}.check_message is def: it is asked while octets are read")
