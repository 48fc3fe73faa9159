"""Why a case has no connection to begin with: the opening handshake before its positive control was not completed."""

from typing import Final

from refws.oracle.blame import inconclusive
from refws.oracle.case import Case
from refws.oracle.handshake_outcomes import BUSY_STATUSES
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire import permessage

__all__ = ["unopened"]

DECLINES: Final = "rfc7692:7-p10-s1"


async def unopened(case: Case, peer: Peer) -> Finding:
    """What to say of it: a server that refuses an offer, and opens a connection without one, is NON-STRICT.

    Of anything else nobody knows whether it is the case's fault.
    """
    head = peer.theirs.head
    came = repr(head.start_line) if head is not None else "the end of TCP" if peer.link.is_over else "nothing"
    refused = peer.link.is_over if head is None else head.status not in BUSY_STATUSES
    offer = case.opening.extensions.partition(";")[0]
    if offer == permessage.NAME and refused and await _opens_without(peer):
        why = f"{came} is the answer to this offer of {offer}; a server that cannot use it opens the connection without"
        return Finding(Verdict.NON_STRICT, DECLINES, Obligation.RECEIVER, why)
    why = f"the opening handshake of the positive control was not completed: {came} came"
    return inconclusive(case, why)


async def _opens_without(peer: Peer) -> bool:
    """Whether the server completes an ordinary opening handshake."""
    if peer.another is None:
        return False
    try:
        other = await peer.another(False)
    except (OSError, TimeoutError):
        return False
    try:
        return await other.open()
    finally:
        other.link.drop()
