"""Section 7.1.1: the server ends TCP first. Only for conversations that nobody plays: a case judges its own end."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.conversation import Side
from refws.oracle.recording import End
from refws.oracle.referee.book import Check
from refws.oracle.verdict import Role, Verdict

__all__ = ["CLAUSES", "check_end"]

CLIENT_WAITS = "rfc6455:5.5.1-p6-s2/2"
SERVER_AT_ONCE = "rfc6455:5.5.1-p6-s2/1"
CLEANLY = "rfc6455:7.1.1-p1-s2"
CLAUSES: Final = frozenset({CLIENT_WAITS, SERVER_AT_ONCE, CLEANLY})

PATIENCE: Final = 1.0
"""Seconds within which TCP ends at once, and for which a client waits."""


def check_end(mine: Side, other: Side) -> Iterator[Check]:
    """`mine` has ended; both had sent their Close."""
    if mine.close is None or other.close is None or mine.end is End.LOST:
        return
    closed = max(mine.close.time_end, other.close.time_end)
    waited = mine.end_time - closed
    reset = "TCP was reset behind the Close, which can take the Close away from the other side; end it with FIN"
    other_is_there = other.end is None
    yield Check(CLEANLY, reset if mine.end is End.RST and other_is_there else "", mine.size)
    if mine.role is Role.SERVER:
        late = f"the server ended TCP {waited:.3g} s behind the last Close, and not at once"
        yield Check(SERVER_AT_ONCE, late if waited > PATIENCE else "", mine.size, Verdict.NON_STRICT)
    elif other_is_there:
        early = f"the client ended TCP {max(waited, 0):.3g} s behind the last Close, and did not wait for the server"
        yield Check(CLIENT_WAITS, early if waited < PATIENCE else "", mine.size)
