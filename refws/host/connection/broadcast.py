"""One message to many connections, framed once."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from refws.failure import UsageError
from refws.host.connection.queued import QueuedConnection
from refws.rfc6455.s06_1_sending_data import Message, PreparedMessage, prepare_message

__all__ = ["BroadcastResult", "broadcast"]

MiB = 1024 * 1024

logger = logging.getLogger("refws")


@dataclass(frozen=True, slots=True)
class BroadcastResult:
    """For how many connections a message was sent, left out, or took the connection with it."""

    sent: int = 0
    dropped: int = 0
    closed: int = 0


def broadcast(
    connections: Iterable[QueuedConnection],
    message: Message | PreparedMessage,
    *,
    max_backlog: int = MiB,
    when_exceeded: Literal["close", "drop"] = "close",
) -> BroadcastResult:
    """Send a message to all connections that are open: text for a `str`, binary for octets.

    It is framed once (for clients' connections, whose frames are masked, once each), is not compressed, and waits for
    nobody. A peer that has left more than `max_backlog` octets untaken is closed with 1008, or with "drop" does not get
    this message. While a fragmented message is being sent, the message goes out behind it. Raises `UsageError`.
    """
    if when_exceeded not in ("close", "drop"):
        raise UsageError(f'when_exceeded is "close" or "drop", not {when_exceeded!r}')
    prepared = message if isinstance(message, PreparedMessage) else prepare_message(message)
    count: Counter[str] = Counter()
    # What closing one of them leads to may change who is there.
    for connection in tuple(connections):
        try:
            count[connection.offer_prepared(prepared, max_backlog, when_exceeded)] += 1
        except Exception:
            logger.exception("a message could not be sent to one of many connections")
            count["dropped"] += 1
    return BroadcastResult(count["sent"], count["dropped"], count["closed"])
