"""Section 5.4: the order of a message's frames; section 5.5.1: none behind one's own Close."""

from collections.abc import Iterable, Iterator
from typing import Final

from refws.oracle.referee.book import Check
from refws.oracle.wire.frame import Opcode
from refws.oracle.wire.reading import ReadFrame

__all__ = ["CLAUSES", "Order"]

NOT_OPCODE_0 = "rfc6455:5.4-p5-s1"
BEGINS_WITH_A_TYPE = "rfc6455:5.4-p6-s1"
NOT_INTERLEAVED = "rfc6455:5.4-p10-s1"
NO_DATA_BEHIND_CLOSE = "rfc6455:5.5.1-p4-s1"
CLAUSES: Final = frozenset({NOT_OPCODE_0, BEGINS_WITH_A_TYPE, NOT_INTERLEAVED, NO_DATA_BEHIND_CLOSE})

# What most frames are: to look at no more than is needed keeps long conversations quick.
_CONTINUES: Final = (Check(BEGINS_WITH_A_TYPE),)
_WHOLE: Final = (Check(NO_DATA_BEHIND_CLOSE), Check(NOT_INTERLEAVED), Check(NOT_OPCODE_0))


class Order:
    """Where one side is in its messages."""

    def __init__(self) -> None:
        self.in_message = False
        self.has_closed = False

    def check(self, frame: ReadFrame) -> Iterable[Check]:
        """Take the side's next frame, and what it owes to those before it."""
        if not self.has_closed:
            if self.in_message and frame.opcode == Opcode.CONTINUATION:
                self.in_message = not frame.fin
                return _CONTINUES
            if frame.fin and not self.in_message and frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                return _WHOLE
        return self._check(frame)

    def _check(self, frame: ReadFrame) -> Iterator[Check]:
        if frame.is_control:
            self.has_closed = self.has_closed or frame.opcode == Opcode.CLOSE
            return
        at = frame.offset
        why = f"a {frame.name} frame comes behind the side's own Close frame" if self.has_closed else ""
        yield Check(NO_DATA_BEHIND_CLOSE, why, at)
        if frame.opcode == Opcode.CONTINUATION:
            alone = "" if self.in_message else "a continuation frame comes where no message has begun"
            yield Check(NOT_OPCODE_0 if frame.fin and alone else BEGINS_WITH_A_TYPE, alone, at)
        else:
            why = f"a {frame.name} frame begins a message where another one has not ended" if self.in_message else ""
            yield Check(NOT_INTERLEAVED, why, at)
            if frame.fin:
                yield Check(NOT_OPCODE_0)
        self.in_message = not frame.fin
