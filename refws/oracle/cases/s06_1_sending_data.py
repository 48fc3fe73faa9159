"""Section 6.1: what a testee sends, as far as it has to be provoked; its frames themselves the referee judges."""

from typing import Final

from refws.oracle.case import CLIENT, Case
from refws.oracle.cases.writing import numbered
from refws.oracle.expect import goes_on
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import Opcode, binary, close, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

OPEN: Final = "rfc6455:6.1-p2-s1"
STOPS: Final = "rfc6455:6.1-p2-s2"
_LARGE: Final = binary(numbered(200_000))


async def _before_the_answer(peer: Peer) -> Observed | Finding:
    """A client may send nothing behind its request until the answer has come."""
    await peer.head()
    early = peer.theirs.undone_head
    if early:
        why = f"{len(early)} octets came behind the request, before the connection was open"
        at = peer.theirs.size - len(early)
        return Finding(Verdict.FAIL, OPEN, Obligation.SENDER, why, at)
    await peer.open()
    peer.send(text("now it is open"))
    await peer.message()
    return await peer.settle()


async def _close_behind(peer: Peer) -> Observed | Finding:
    """The testee learns that it is to stop while its echo is still to be sent."""
    peer.send(_LARGE, close(1000))
    seen = await peer.settle(marker=False)
    behind = [frame for frame in seen.frames if seen.close is not None and frame.offset > seen.close.offset]
    data = next((frame for frame in behind if frame.opcode in (*range(8), Opcode.PING)), None)
    if data is not None:
        why = f"{data} came behind its own Close: what is left of a message is not sent any more"
        return Finding(Verdict.FAIL, STOPS, Obligation.SENDER, why, data.offset)
    if seen.close is None:
        why = f"a Close behind a message of {len(_LARGE.payload)} octets was answered by no Close; what came was {seen}"
        return Finding(Verdict.FAIL, "rfc6455:5.5.1-p5-s1", Obligation.SENDER, why)
    return Finding(Verdict.PASS, STOPS, Obligation.SENDER, str(seen))


CASES = (
    Case(
        "6.1/nothing-before-it-is-open",
        "a client whose request is not answered yet",
        (OPEN, "rfc6455:6.1-p1-s1"),
        _before_the_answer,
        goes_on(text("now it is open")),
        roles=CLIENT,
        obligation=Obligation.SENDER,
        bare=True,
    ),
    Case(
        "6.1/a-large-message",
        "a message of 200000 octets, which may come back in any number of frames",
        (
            "rfc6455:6.1-p1-s1",
            "rfc6455:6.1-p3-s1",
            "rfc6455:6.1-p3-s2",
            "rfc6455:6.1-p4-s1",
            "rfc6455:6.1-p5-s1",
            "rfc6455:6.1-p8-s1",
        ),
        (_LARGE,),
        goes_on(_LARGE),
        obligation=Obligation.SENDER,
    ),
    Case(
        "6.1/a-close-behind-a-large-message",
        "a Close in one segment with the end of a message of 200000 octets",
        (STOPS, OPEN, "rfc6455:5.2-p13-s1"),
        _close_behind,
        obligation=Obligation.SENDER,
    ),
)
