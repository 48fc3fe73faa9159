"""Which CPUs a process and the processes that it starts may use, where the system lets one choose."""

import contextlib
import os
from collections.abc import Iterator

__all__ = ["on_one_cpu", "on_the_other_cpus"]


ALLOWED = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
"""What this process may use; none where the system does not let one choose."""


@contextlib.contextmanager
def _on(chosen: set[int]) -> Iterator[None]:
    if not chosen:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def on_one_cpu() -> contextlib.AbstractContextManager[None]:
    """Client and servers in turn on one CPU: waking another CPU costs more than an echo, and never the same."""
    return _on({max(ALLOWED)} if ALLOWED else ALLOWED)


def on_the_other_cpus() -> contextlib.AbstractContextManager[None]:
    """Away from that CPU, if there is another."""
    return _on(ALLOWED - {max(ALLOWED)} if ALLOWED else ALLOWED)
