"""A message in parts, as threads have it."""

from typing import TYPE_CHECKING, Self

from refws.host.connection.parts import PartsReader

if TYPE_CHECKING:
    from refws.host.threads.websocket import SyncWebSocket

__all__ = ["Parts"]


class Parts(PartsReader):
    """A message in parts, as threads have it."""

    __slots__ = ()
    _connection: "SyncWebSocket"

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str | bytes:
        connection = self._connection
        with connection._lock:
            part = connection.take_part(self)
            while part is None:
                if self.done:
                    raise StopIteration
                connection._wait_for_a_message(None)
                part = connection.take_part(self)
        return part
