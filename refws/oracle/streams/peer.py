"""The testee at the other end of a stream: as a case sees any, but for the opening handshake (RFC 8441, section 5)."""

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from refws.oracle.opening import Opening
from refws.oracle.peer import Peer
from refws.oracle.streams.link import StreamLink
from refws.oracle.verdict import Role
from refws.oracle.wire.http import Head

__all__ = ["SendsSettings", "StreamConnection", "StreamPeer"]


class StreamConnection(Protocol):
    """What streams are of: a connection of HTTP/2 or HTTP/3."""

    @property
    def theirs(self) -> dict[int, int]:
        """The testee's settings."""

    @property
    def local_host(self) -> str:
        """The address of this end, as the testee can reach it."""

    def open(self, link: StreamLink) -> object:
        """Another stream of the oracle's; nothing is sent for it yet."""

    def end(self) -> None:
        """End it."""


@runtime_checkable
class SendsSettings(Protocol):
    """A connection of HTTP/2; over HTTP/3 settings are sent once (RFC 9114, section 7.2.4)."""

    def send_settings(self, values: tuple[tuple[int, int], ...]) -> None:
        """Send more settings."""


class StreamPeer(Peer):
    """One stream with the testee; `connection` is what it is a stream of."""

    link: StreamLink
    connection: StreamConnection
    beside: "Callable[[], Awaitable[StreamPeer]]"
    """Opens one more stream of the same connection; who asks drops its link."""

    @property
    def scheme(self) -> str:
        """The scheme of the target URI."""
        return "https" if self.conversation.recording.secure else "http"

    def fields(self, opening: Opening = Opening()) -> tuple[tuple[str, str], ...]:  # noqa: B008 (frozen)
        """The fields of an ordinary extended CONNECT."""
        return opening.beside(self.usual).connect(self.scheme, self.host, self.target)

    async def final_head(self) -> Head | None:
        """Wait for the answer's head; None where none comes."""
        head = await self.head()
        while head is not None and head.is_interim:
            head = await self.head()
        return head

    def refuse(self, status: int, reason: str) -> None:
        """Answer a request with an HTTP error."""
        self.link.send_head(((":status", str(status)), ("content-length", "0")), end=True)

    async def open(self, opening: Opening = Opening()) -> bool:  # noqa: B008 (frozen)
        """Do the ordinary opening handshake; whether a WebSocket connection is there."""
        if self.testee is Role.SERVER:
            self.link.send_head(self.fields(opening))
            await self.final_head()
        else:
            if self.theirs.head is None and await self.head() is None:
                return False
            self.link.send_head(opening.accept(self.theirs.head))
        self.configure()
        return self.conversation.is_open
