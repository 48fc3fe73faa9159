"""How a connection of a case ends, judged apart from what the case is about.

Which clauses bind the end itself, the cases of sections 5.5.1 and 7.1 show, each once. Here a testee that departs from
them is told so in every case in which it does, as NON-STRICT; FAIL is one that does not answer a Close.
"""

from typing import Final

from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.expect import Answers, Drops, Fails, Where
from refws.oracle.peer import Observed, Peer
from refws.oracle.recording import End
from refws.oracle.verdict import Finding, Obligation, Role, Verdict

__all__ = ["GRACE", "after_failure", "by_handshake"]

GRACE: Final = 2.0
"""Seconds, above patience, for what would be a FAIL where it does not come: a machine may be busy."""

ANSWERS_A_CLOSE = "rfc6455:5.5.1-p5-s1"
SAME_CODE = "rfc6455:5.5.1-p5-s2"
ENDS_TCP = "rfc6455:5.5.1-p6-s1"
SERVER_AT_ONCE = "rfc6455:5.5.1-p6-s2/1"
SENDS_A_CLOSE = "rfc6455:7.1.7-p2-s1"
CLEANLY = "rfc6455:7.1.1-p1-s2"
RESET = "{what} was reset behind the Close, which can take the Close away from the peer; end it with FIN"


def _finding(verdict: Verdict, clause: str, why: str, offset: int | None = None) -> Finding:
    return Finding(verdict, clause, Obligation.SENDER, why, offset)


async def by_handshake(peer: Peer) -> tuple[Observed, list[Finding]]:
    """The oracle starts the closing handshake with 1000; what is wrong with the testee's part in it."""
    seen = await peer.closing_handshake(1000)
    if seen.close is None and seen.end is None:
        # late is not never
        await peer.link.until(lambda: peer.theirs.close is not None or peer.link.is_over, GRACE)
        seen = await peer.settled(went_on=False)
    if seen.close is None:
        why = f"a Close of 1000 was answered by no Close; what came was {seen}"
        return seen, [_finding(Verdict.FAIL, ANSWERS_A_CLOSE, why)]
    return seen, _own_code(seen, (1000, None)) + _end_of_tcp(peer, seen)


def after_failure(case: Case, peer: Peer, seen: Observed) -> list[Finding]:
    """The testee has ended the conversation in a case: what is wrong with how it did.

    It failed the connection, unless what it did is allowed as an answer to the oracle's Close.
    """
    outcomes = [one.outcome for one in case.allowed]
    fit = next((one for one in outcomes if one.fits(seen)), None)
    if isinstance(fit, Where):
        # The case asked about something else, and what came can be an answer all the same.
        fit = next((one for one in outcomes if isinstance(one, Answers) and one.fits(seen)), fit)
    if isinstance(fit, Answers):
        usual = next((one.codes for one in outcomes if isinstance(one, Answers) and one.codes), ())
        if usual and peer.ours.close is not None:
            usual = (*usual, peer.ours.close.close_code)
        # What the oracle sends behind its Close nobody reads: a reset is no wonder.
        return _own_code(seen, usual) + ([] if seen.end is End.RST else _end_of_tcp(peer, seen))
    if seen.close is None:
        if not seen.first_to_end:
            return []  # the oracle had, and then nobody need be told anything
        right = [one.outcome for one in case.allowed if one.verdict is Verdict.PASS]
        if peer.has_closed and not isinstance(fit, Drops) and any(isinstance(one, Answers) for one in right):
            if seen.end is End.RST and _said_more(peer):
                # An answer may have gone with it.
                return [_finding(Verdict.NON_STRICT, CLEANLY, RESET.format(what=_carrier(peer)))]
            return [_finding(Verdict.FAIL, ANSWERS_A_CLOSE, "the testee ended TCP and did not answer the Close")]
        why = "the testee ended TCP without the Close frame that tells the peer why"
        return [_finding(Verdict.NON_STRICT, SENDS_A_CLOSE, why)]
    codes = next((one.codes for one in outcomes if isinstance(one, Fails) and one.codes), ())
    findings = []
    if codes and seen.close.close_code not in codes:
        code = "no code" if seen.close.close_code is None else str(seen.close.close_code)
        why = f"the Close has {code}; {' or '.join(map(str, codes))} says what was wrong"
        findings.append(_finding(Verdict.NON_STRICT, SENDS_A_CLOSE, why, seen.close.offset))
    # The Close is there. Whether octets of ours were unread when the testee closed TCP, and made it a reset, is chance.
    return findings if seen.end is End.RST else findings + _end_of_tcp(peer, seen)


def _own_code(seen: Observed, usual: tuple[int | None, ...]) -> list[Finding]:
    assert seen.close is not None
    if not usual or seen.close.close_code in usual:
        return []
    why = f"the Close was answered by {seen.close}; usually the code comes back"
    return [_finding(Verdict.NON_STRICT, SAME_CODE, why, seen.close.offset)]


def _end_of_tcp(peer: Peer, seen: Observed) -> list[Finding]:
    what = _carrier(peer)
    if seen.end is None:
        # late is not never: 5.5.1/server-ends-tcp-at-once waits for long enough to tell
        why = f"both Close frames are there, and {what} was not ended within {peer.patience:.2g} s"
        return [_finding(Verdict.NON_STRICT, SERVER_AT_ONCE if peer.testee is Role.SERVER else ENDS_TCP, why)]
    if seen.end is End.RST:
        return [_finding(Verdict.NON_STRICT, CLEANLY, RESET.format(what=what))]
    return []


def _carrier(peer: Peer) -> str:
    return "TCP" if peer.conversation.recording.carrier is Carrier.HTTP1 else "the stream"


def _said_more(peer: Peer) -> bool:
    """Whether the oracle has sent frames behind its Close, which the testee may leave unread."""
    return peer.ours.close is not None and peer.ours.frames[-1] is not peer.ours.close
