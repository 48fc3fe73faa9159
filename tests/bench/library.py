"""What a contestant without a socket is asked for.

A receiver is called with what one read of a socket brought and returns the messages that this completes, texts as
`str`: what an application gets. A sender is called with a text and a number of times to send it, and writes to a sink.
"""

import asyncio
from collections.abc import Callable
from typing import Any

__all__ = ["LIMIT", "Library", "Receive", "Send", "Write", "event_loop"]

Receive = Callable[[bytes], list[Any]]
Write = Callable[[bytes], object]
Send = Callable[[str, int], None]

LIMIT = 1 << 26
"""Octets of the longest message: out of the way."""


class Library:
    """How one contestant is driven; a receiver is always a server's."""

    def receiver(self) -> Receive:
        """A new connection that receives."""
        raise NotImplementedError

    def sender(self, write: Write, *, client: bool) -> Send:
        """A new connection that sends."""
        raise NotImplementedError


_loops: list[asyncio.AbstractEventLoop] = []


def event_loop() -> asyncio.AbstractEventLoop:
    """The one loop of this process, which some contestants ask for and none needs to run."""
    if not _loops:
        _loops.append(asyncio.new_event_loop())
    return _loops[0]
