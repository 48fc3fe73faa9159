"""Which clause is blamed for what no outcome of a case allows: the one that is broken, where that shows."""

from collections import Counter
from dataclasses import replace
from typing import Final

from refws.oracle.case import Case
from refws.oracle.closing import ANSWERS_A_CLOSE
from refws.oracle.expect import Drops, Fails, GoesOn
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import Opcode

__all__ = ["inconclusive", "not_allowed"]

JOINS_FRAGMENTS: Final = "rfc6455:6.2-p1-s8"
_ABOUT_FRAGMENTS: Final = ("rfc6455:5.4", "rfc6455:6.2")


def inconclusive(case: Case, why: str) -> Finding:
    """What was seen says neither that the case is passed nor that it is failed."""
    return Finding(Verdict.INCONCLUSIVE, case.clauses[0], case.obligation, why)


def not_allowed(case: Case, peer: Peer, seen: Observed) -> Finding:
    """What is wrong with what was seen, which none of the case's outcomes is."""
    offset = seen.frames[0].offset if seen.frames else None
    right = [one.outcome for one in case.allowed if one.verdict is Verdict.PASS]
    # The first is what is usual; the others are variants of it.
    wanted = str(next(iter(right), "does otherwise"))
    why = f"{case.title}: what came was {seen}; right is a testee that {wanted}"
    if peer.ours.close is not None and seen.close is None and not all(isinstance(one, Fails | Drops) for one in right):
        return Finding(Verdict.FAIL, ANSWERS_A_CLOSE, Obligation.SENDER, why, offset)
    if case.section not in _ABOUT_FRAGMENTS and _only_joins_no_fragments(case, peer, seen):
        why += "; here fragments came back as messages, and the rest was right"
        return Finding(Verdict.FAIL, JOINS_FRAGMENTS, Obligation.RECEIVER, why, offset)
    return Finding(Verdict.FAIL, case.blamed, case.obligation, why, offset)


def _only_joins_no_fragments(case: Case, peer: Peer, seen: Observed) -> bool:
    """Whether fragments came back as messages of their own, and what the case is about was as it should be."""
    data = [frame for frame in peer.ours.frames if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION)]
    pieces = {frame.payload for frame in data if not frame.fin or frame.opcode == Opcode.CONTINUATION}
    fine = [one.outcome for one in case.allowed if one.verdict is not Verdict.FAIL]
    if not seen.went_on:
        rest = replace(seen, messages=tuple(one for one in seen.messages if one.payload not in pieces))
        return rest != seen and any(outcome.fits(rest) for outcome in fine)
    before = len(peer.theirs.messages) - len(seen.messages)
    more = Counter(seen.payloads) - Counter(message.payload for message in peer.ours.messages[before:])
    return bool(more) and set(more) <= pieces and any(isinstance(outcome, GoesOn) for outcome in fine)
