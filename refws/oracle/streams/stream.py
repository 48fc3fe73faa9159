"""One stream as what asyncio calls a transport: what a `Link` writes into, whatever carries it."""

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from refws.oracle.streams.link import StreamLink
    from refws.oracle.streams.peer import StreamConnection

__all__ = ["HIGH_WATER", "Stream"]

HIGH_WATER: Final = 65536
"""Octets that wait to be sent, above which whoever writes is told to pause."""


class Stream(asyncio.Transport):
    """A stream; its number, and what its kind of connection does with it."""

    connection: "StreamConnection"

    def __init__(self, number: int, link: "StreamLink") -> None:
        super().__init__()
        self.number = number
        self.link = link
        self.owns = False
        """Whether its connection is to end with it."""
        self._closing = False
        self._ended = False  # the oracle's half
        self._reads = True
        self._unread: list[Any] = []

    @abstractmethod
    def send_head(self, fields: tuple[tuple[str, str], ...], *, end: bool = False) -> None:
        """Send the head of a request or of an answer."""

    @abstractmethod
    def leave(self, *, reset: bool) -> None:
        """Leave the connection, with a reset or without."""

    @abstractmethod
    def data_came(self, data: Any) -> None:
        """DATA has come; while nothing is read, it is kept in `_unread`."""

    @property
    def is_over(self) -> bool:
        """Whether both have ended their halves, so that nothing is left to reset."""
        return self._ended and self.link.conversation.sides[self.link.testee].end is not None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing: neither the socket nor TLS is the stream's own."""
        return default

    def can_write_eof(self) -> bool:
        """A stream ends by halves, as TCP does."""
        return True

    def is_closing(self) -> bool:
        """Whether it has been let go."""
        return self._closing

    def close(self) -> None:
        """End it."""
        self.write_eof()

    def abort(self) -> None:
        """Reset it, unless both have ended; where it owns the connection, end that."""
        if self._closing:
            return
        self._closing = True
        self.leave(reset=not self.is_over)
        if self.owns:
            self.connection.end()
        asyncio.get_running_loop().call_soon(self.link.connection_lost, None)

    def pause_reading(self) -> None:
        """Keep what comes; over HTTP/2 the testee gets no more room on this stream."""
        self._reads = False

    def resume_reading(self) -> None:
        """Take what has come meanwhile, and give room again."""
        self._reads = True
        unread, self._unread = self._unread, []
        for data in unread:
            self.data_came(data)
