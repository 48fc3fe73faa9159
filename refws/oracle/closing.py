"""How a connection of a case ends, judged apart from what the case is about."""

from refws.oracle.case import Case
from refws.oracle.expect import Fails
from refws.oracle.peer import Observed, Peer
from refws.oracle.recording import End
from refws.oracle.verdict import Finding, Obligation, Role, Verdict

__all__ = ["after_failure", "by_handshake"]

ANSWERS_A_CLOSE = "rfc6455:5.5.1-p3-s5"
SAME_CODE = "rfc6455:5.5.1-p3-s6"
ENDS_TCP = "rfc6455:5.5.1-p6-s2/1"
SENDS_A_CLOSE = "rfc6455:7.1.7-p2-s1"
CLEANLY = "rfc6455:7.1.1-p1-s2"


def _finding(verdict: Verdict, clause: str, why: str, offset: int | None = None) -> Finding:
    return Finding(verdict, clause, Obligation.SENDER, why, offset)


async def by_handshake(peer: Peer) -> tuple[Observed, list[Finding]]:
    """The oracle starts the closing handshake with 1000; what is wrong with the testee's part in it."""
    seen = await peer.closing_handshake(1000)
    findings = []
    if seen.close is None:
        why = f"a Close of 1000 was answered by no Close, but by {seen}"
        return seen, [_finding(Verdict.FAIL, ANSWERS_A_CLOSE, why)]
    if seen.close.close_code != 1000:
        why = f"a Close of 1000 was answered by {seen.close}; usually the code comes back"
        findings.append(_finding(Verdict.NON_STRICT, SAME_CODE, why, seen.close.offset))
    return seen, findings + _end_of_tcp(peer, seen)


def after_failure(case: Case, peer: Peer, seen: Observed) -> list[Finding]:
    """The testee has failed the connection: what is wrong with how it did."""
    outcomes = [one.outcome for one in case.allowed]
    codes = next((one.codes for one in outcomes if isinstance(one, Fails) and one.codes), ())
    if seen.close is None:
        why = "the testee ended TCP without the Close frame that tells the peer why"
        return [_finding(Verdict.NON_STRICT, SENDS_A_CLOSE, why)]
    findings = []
    if codes and seen.close.close_code not in codes:
        code = "no code" if seen.close.close_code is None else str(seen.close.close_code)
        why = f"the Close has {code}; {' or '.join(map(str, codes))} says what was wrong"
        findings.append(_finding(Verdict.NON_STRICT, SENDS_A_CLOSE, why, seen.close.offset))
    return findings + _end_of_tcp(peer, seen)


def _end_of_tcp(peer: Peer, seen: Observed) -> list[Finding]:
    if seen.end is None:
        why = f"both Close frames are there, and TCP was not ended within {peer.patience:.2g} s"
        return [_finding(Verdict.FAIL if peer.testee is Role.SERVER else Verdict.NON_STRICT, ENDS_TCP, why)]
    if seen.end is End.RST:
        why = "TCP was reset behind the Close, which can take the Close away from the peer; end it with FIN"
        return [_finding(Verdict.NON_STRICT, CLEANLY, why)]
    return []
