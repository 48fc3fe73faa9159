"""Outcomes that several sections of control frames share."""

from typing import Final

from refws.oracle.expect import Allowed, GoesOn, Where
from refws.oracle.observed import Observed
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import Frame, Opcode

__all__ = ["AS_SOON_AS_PRACTICAL", "TAKEN", "answered_early"]

AS_SOON_AS_PRACTICAL: Final = "rfc6455:5.5.2-p3-s2"

TAKEN: Final = Allowed(
    Verdict.NON_STRICT,
    GoesOn(None, None),
    "only who sends is told not to; refws refuses it (ruling 7), for framing that is wrong cannot be trusted",
)
"""A control frame is taken that no clause binds who receives it to refuse."""


def answered_early(message: Frame, *pings: bytes) -> tuple[Allowed, ...]:
    """Pings between the fragments of a message are answered, and that before the message has come back."""
    goes_on = GoesOn((message,), pings)

    def early(seen: Observed) -> bool:
        if not goes_on.fits(seen):
            return False
        whole = seen.messages[0].frames[-1].offset
        before = [frame.payload for frame in seen.frames if frame.opcode == Opcode.PONG and frame.offset < whole]
        return all(payload in before for payload in pings)

    many = "each Ping" if len(pings) > 1 else "the Ping"
    why = "a Ping is to be answered as soon as is practical, and the message came back before the Pong"
    return (
        Allowed(Verdict.PASS, Where(f"answers {many} before the message is back, and goes on", early), "that is soon"),
        Allowed(Verdict.NON_STRICT, goes_on, why, AS_SOON_AS_PRACTICAL),
    )
