"""``refws serve --chat``: rooms by path, names by query, and a page to chat with.

What is sent is meant for eyes: ``NAME: what was said``, and ``* what happened``.
"""

import ipaddress
import logging
import re
import threading
from collections.abc import Collection, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, unquote
from weakref import WeakValueDictionary

from refws.cli.shown import escaped
from refws.cli.static import plain
from refws.host.choice import Choice
from refws.resources import Client, Resource
from refws.rfc6455.http import HeaderFields, Request, Response

__all__ = ["ChatClient", "ChatRoom", "Rooms", "own_names", "page"]

logger = logging.getLogger("refws")

KiB = 1024

MOST_CHARACTERS = 32
"""Of the name of a client, and of a room."""

LOBBY = "lobby"

_PAGE = Path(__file__).with_name("pages") / "chat.html"
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


def page(request: Request) -> Response | None:
    """The page, at ``/``; None for all other paths."""
    if request.path != "/":
        return None
    if request.method not in ("GET", "HEAD"):
        return plain(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", "GET, HEAD"))
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", _POLICY)]
    return Response(HTTPStatus.OK, HeaderFields(headers), _PAGE.read_bytes())


def own_names(host: str) -> frozenset[str] | None:
    """What a browser calls a server that listens on a loopback address; None for all else, which has any name.

    A name of somebody else's can lead to this machine, too, and a page under it would then be of the same origin.
    """
    try:
        if not ipaddress.ip_address(host).is_loopback:
            return None
    except ValueError:
        if host != "localhost":
            return None
    return frozenset({"localhost", "127.0.0.1", "[::1]", f"[{host}]" if ":" in host else host})


class ChatClient(Client):
    """Somebody in a room; `name` is given when the room has let them in."""

    name = ""


class ChatRoom(Resource):
    """One room. With no `origins` of its own it takes its own page, and programs that are no browser.

    With `names` its own page is one under them only; see `own_names`.
    """

    client_class = ChatClient
    max_message_size = 16 * KiB
    max_fragment_size = 16 * KiB

    def __init__(
        self, name: str, origins: Sequence[str | None] | None = None, names: Collection[str] | None = None
    ) -> None:
        self.name = name
        self.origins = origins
        self._own = names
        # With threads, two can come at one time.
        self._names = threading.Lock()

    def choice(self, request: Request, *, threads: bool = False) -> Choice | Response:
        """What a server has for a client; 403 for the page of another server."""
        origin = request.headers.get("Origin")
        # §rfc6455:10.2-p1-s1 SHOULD check the origin: another page has no business here, through whose browser it be
        if self.origins is None and origin is not None and not self._is_own(origin, request.headers.get("Host")):
            logger.info("refused a page of another server, %r; --origin takes it", origin)
            return plain(HTTPStatus.FORBIDDEN)
        return super().choice(request, threads=threads)

    def _is_own(self, origin: str, host: str | None) -> bool:
        authority = origin.partition("://")[2]
        return authority == host and (self._own is None or re.sub(":[0-9]*$", "", authority) in self._own)

    def client_connected(self, client: ChatClient) -> None:
        """Tell the client who is here, and the others who has come."""
        with self._names:
            client.name = self._free(_named(client.request))
            here = ", ".join(name for name in self._taken())
        client.send_text(f"* You are {client.name} in {self.name}. Here: {here}")
        self.broadcast(f"* {client.name} has joined", but=[client])

    def client_disconnected(self, client: ChatClient) -> None:
        """Tell who has left."""
        self.broadcast(f"* {client.name} has left")

    def text_message_received(self, client: ChatClient, message: str) -> None:
        """Tell everybody, in one line: of several, one could look as if somebody else had said it."""
        said = escaped(" ".join(message.split()))
        if said:
            self.broadcast(f"{client.name}: {said}")

    def _taken(self) -> list[str]:
        return [client.name for client in self.clients if isinstance(client, ChatClient) and client.name]

    def _free(self, name: str) -> str:
        taken = set(self._taken())
        number = 1
        free = name
        while free in taken:
            number += 1
            free = f"{name} {number}"
        return free


class Rooms:
    """The rooms there are: each from when its first client comes until its last has left."""

    def __init__(self, origins: Sequence[str | None] | None = None, names: Collection[str] | None = None) -> None:
        self._policy = (origins, names)
        self._rooms: WeakValueDictionary[str, ChatRoom] = WeakValueDictionary()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> ChatRoom:
        """The room of a request's path."""
        name = _clean(unquote(request.path.removeprefix("/"))) or LOBBY
        with self._lock:
            room = self._rooms.get(name)
            if room is None:
                room = self._rooms[name] = ChatRoom(name, *self._policy)
        return room


def _named(request: Request) -> str:
    names = parse_qs(request.target.partition("?")[2]).get("name", [""])
    return _clean(names[0]) or "guest"


def _clean(name: str) -> str:
    """A name in one line, without the characters that mean something in what is sent."""
    visible = "".join(c if c.isprintable() and c not in ":,*" else " " for c in name)
    return " ".join(visible.split())[:MOST_CHARACTERS].strip()
