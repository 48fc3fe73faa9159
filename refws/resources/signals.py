"""The signals that end a program, with threads; asyncio has its own way."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence

__all__ = ["SIGNALS", "handled"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def handled(numbers: Sequence[int], handle: Callable[[], None]) -> Iterator[None]:
    """Call `handle` for these signals, as long as this lasts; only the main thread can, others do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: handle()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
