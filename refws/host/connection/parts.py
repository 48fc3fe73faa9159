"""A message that the application takes in parts, as they come."""

from typing import TYPE_CHECKING, Any

from refws.host.connection.reading import READ_SIZE

if TYPE_CHECKING:
    from refws.host.connection.queued import QueuedConnection

__all__ = ["MessageInParts", "PartsReader"]

UNTAKEN = READ_SIZE
"""Octets (of a text: characters) of a message that wait for the application; above them no more are read."""


class MessageInParts:
    """A message in the queue of which the application gets the parts; here are those that it has not taken.

    `reader` is who has begun to take them; `dropped` says that nobody will any more, `wanted_whole` that somebody waits
    for all of it, however long it is.
    """

    __slots__ = ("_begun", "_nothing", "_parts", "_size", "complete", "dropped", "reader", "wanted_whole")

    def __init__(self) -> None:
        self._parts: list[str | bytes] = []
        self._nothing: Any = b""
        self._size = 0
        self._begun = False
        self.complete = False
        self.dropped = False
        self.wanted_whole = False
        self.reader: PartsReader | None = None

    @classmethod
    def of(cls, message: str | bytes) -> "MessageInParts":
        """A message that has come as a whole."""
        whole = cls()
        whole.add(message)
        whole.complete = True
        return whole

    def add(self, part: str | bytes) -> None:
        """More of it has come."""
        self._nothing = part[:0]
        if part and not self.dropped:
            self._parts.append(part)
            self._size += len(part)

    def take(self) -> str | bytes | None:
        """What has come of it since the last time; None for nothing, unless the whole message is empty."""
        if not self._parts and (self._begun or not self.complete):
            return None
        parts, self._parts, self._size, self._begun = self._parts, [], 0, True
        whole: str | bytes = self._nothing.join(parts)
        return whole

    def drop(self) -> None:
        """Nobody takes the rest of it."""
        self._parts.clear()
        self._size = 0
        self.dropped = True

    def has_room(self) -> bool:
        """Whether more of it is to be read."""
        return self._size <= UNTAKEN or self.wanted_whole


class PartsReader:
    """Takes one message in parts; subclasses wait for them. `done` once the last has been taken."""

    __slots__ = ("_connection", "done", "message")

    def __init__(self, connection: "QueuedConnection") -> None:
        self._connection = connection
        self.message: MessageInParts | None = None
        self.done = False
