"""What can be waited for, and need not be: with ``await`` on asyncio, with `wait` in threads."""

import asyncio
from collections.abc import Generator
from typing import Any, Generic, TypeVar

__all__ = ["Closing", "Done", "Sent"]

T = TypeVar("T")


class Sent:
    """What sending returns. It is sent; to await this, or in threads to call `wait`, is to let a slow peer slow us."""

    __slots__ = ("_drained",)

    def __init__(self, drained: Any) -> None:
        self._drained = drained

    def __await__(self) -> Generator[Any, None, None]:
        """Wait until the peer has taken most of what was sent, or is gone."""
        if self._drained is not None:
            yield from asyncio.shield(self._drained).__await__()

    def wait(self, timeout: float | None = None) -> None:
        """The same in threads. Raises `TimeoutError`."""
        if self._drained is not None:
            self._drained.result(timeout)


class Closing:
    """What closing returns. To await this, or in threads to call `wait`, is to wait until TCP is closed."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __await__(self) -> Generator[Any, None, None]:
        """Wait until TCP is closed; no longer than `close_timeout`."""
        yield from self._connection.wait_closed().__await__()

    def wait(self, timeout: float | None = None) -> None:
        """The same in threads. Raises `TimeoutError`."""
        self._connection.wait_closed(timeout)


class Done(Generic[T]):
    """What is over when it is returned."""

    __slots__ = ("_result",)

    def __init__(self, result: T) -> None:
        self._result = result

    def __await__(self) -> Generator[Any, None, T]:
        """The result, at once."""
        yield from ()
        return self._result
