"""Judges what each side of a conversation sends, whoever plays it: the sender's obligations, and those to answer."""

from refws.oracle.conversation import Side
from refws.oracle.verdict import Finding, Role
from refws.oracle.wire.frame import ReadFrame
from refws.oracle.wire.http import Head

__all__ = ["Referee"]


class Referee:
    """Watches a conversation, and collects findings about each side."""

    def __init__(self) -> None:
        self._findings: dict[Role, list[Finding]] = {role: [] for role in Role}

    def findings(self, role: Role) -> list[Finding]:
        """What a side did wrong so far."""
        return self._findings[role]

    def head(self, side: Side, head: Head) -> None:
        """A side's head has come."""

    def frame(self, side: Side, frame: ReadFrame) -> None:
        """A side's frame has come."""

    def ended(self, side: Side) -> None:
        """A side has ended."""
