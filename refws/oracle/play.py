"""Plays one case over one connection, and judges what was seen."""

from dataclasses import dataclass, field, replace
from typing import Final

from refws.oracle.blame import inconclusive, not_allowed
from refws.oracle.bulk import more_patience
from refws.oracle.case import Case
from refws.oracle.closing import GRACE, after_failure, by_handshake
from refws.oracle.exchange import Item, exchange_of
from refws.oracle.expect import Allowed, Fails, GoesOn
from refws.oracle.handshake_outcomes import Answered
from refws.oracle.handshakes import answered
from refws.oracle.peer import Observed, Peer
from refws.oracle.recording import Recording
from refws.oracle.referee import Referee
from refws.oracle.unopened import unopened
from refws.oracle.verdict import SEVERITY, Finding, Obligation, Role, Verdict, worst

__all__ = ["CaseResult", "play"]


WITHIN_TLS: Final = {Role.SERVER: "rfc6455:4.2.2-p2-s2", Role.CLIENT: "rfc6455:4.1-p19-s3"}
"""All that is sent behind a TLS handshake goes through the tunnel."""


@dataclass(slots=True)
class CaseResult:
    """How a testee did in a case.

    `behaviour` is about the stimulus, `closing` about how the connection ended (None where that is not judged);
    `findings` say why, the worst first. `seen` is what was observed, in words.
    """

    case: Case
    role: Role
    behaviour: Verdict
    closing: Verdict | None = None
    findings: tuple[Finding, ...] = ()
    seen: str = ""
    closing_observed: Observed | None = field(default=None, repr=False)
    seconds: float = 0.0
    recording: Recording | None = field(default=None, repr=False)
    observed: Observed | None = field(default=None, repr=False)
    exchange: list[Item] = field(default_factory=list, repr=False)
    """What went over the wire, as reports show it."""
    played: bool = True
    """False where the testee was not there for it; a case may find by itself that it is NOT-RUN."""
    was_last: bool = False
    """Whether the testee, a server, answered no ordinary echo any more behind it."""

    def let_go(self) -> None:
        """Forget the octets, which can be many megabytes: the recording and what was observed; no report needs them."""
        self.recording = self.observed = self.closing_observed = None

    def blame(self, finding: Finding) -> None:
        """Add a finding about the behaviour."""
        self.findings = (finding, *self.findings)
        self.behaviour = worst((self.behaviour, finding.verdict))

    @property
    def verdict(self) -> Verdict:
        """The worse of both."""
        return self.behaviour if self.closing is None else worst((self.behaviour, self.closing))


async def play(case: Case, peer: Peer, referee: Referee) -> CaseResult:
    """Play a case on a connection that is just there. Raises nothing of the testee's making."""
    result = CaseResult(case, peer.testee, Verdict.INCONCLUSIVE, recording=peer.conversation.recording)
    closing: list[Finding] = []
    try:
        try:
            findings = await _behaviour(case, peer, result)
            closing = await _closing(peer, result)
        except Exception as error:  # a case that trips over what the testee sends must not end the run
            result.behaviour = Verdict.HARNESS_ERROR
            why = f"the oracle itself went wrong, and this is a bug of it: {type(error).__name__}: {error}"
            findings = [Finding(Verdict.HARNESS_ERROR, case.clauses[0], case.obligation, why)]
        # What the closing has blamed, the referee sees or does not, by how long it took.
        told = {(one.verdict, one.clause) for one in closing}
        seen = [one for one in referee.findings(peer.testee) if (one.verdict, one.clause) not in told]
        findings += closing + [one for one in seen if one not in findings]
        result.behaviour = worst((result.behaviour, *(one.verdict for one in seen)))
        if peer.link.left_tls:
            why = "what came last was no TLS, on a connection that had begun with it; send all through the tunnel"
            findings.insert(0, Finding(Verdict.FAIL, WITHIN_TLS[peer.testee], Obligation.SENDER, why))
            result.behaviour = Verdict.FAIL
    finally:
        peer.link.drop()
        result.exchange = exchange_of(peer.conversation, [name for name, _ in peer.usual.fields])
    result.findings = tuple(sorted(findings, key=lambda one: SEVERITY.index(one.verdict), reverse=True))
    result.seconds = peer.link.now
    return result


async def _behaviour(case: Case, peer: Peer, result: CaseResult) -> list[Finding]:
    if not case.bare:
        if not await peer.open(case.opening):
            finding = await unopened(case, peer)
            result.behaviour = finding.verdict
            return [finding]
        if case.opening.extensions and not peer.conversation.extensions:
            result.behaviour, result.observed = Verdict.UNIMPLEMENTED, peer.observed()
            why = f"the testee does not take up the extension {case.opening.extensions.partition(';')[0]}"
            return [Finding(Verdict.UNIMPLEMENTED, case.clauses[0], case.obligation, why)]
        if not await peer.control():
            return [inconclusive(case, f"the positive control, an echo, came to: {peer.observed()}")]
    peer.begin()
    if callable(case.stimulus):
        outcome = await case.stimulus(peer)
    else:
        marked = case.marker and not _pongs(case)
        peer.send(*case.stimulus, *((peer.marker(),) if marked else ()))
        outcome = None
    if isinstance(outcome, Finding):
        result.behaviour = outcome.verdict
        result.seen = outcome.why
        return [] if outcome.verdict is Verdict.PASS else [outcome]
    seen = outcome if isinstance(outcome, Observed) else await _settled(case, peer)
    seen = await _with_echoes(case, peer, seen)
    if seen.silent and not any(one.outcome.fits(seen) for one in case.allowed):
        seen = await _late(case, peer, seen) if outcome is None or isinstance(outcome, Answered) else seen
    result.observed, result.seen = seen, str(seen)
    fit = next((allowed for allowed in case.allowed if allowed.outcome.fits(seen)), None)
    fit = _LIMITED if fit is None and _is_a_limit(peer, seen) else fit
    result.behaviour = fit.verdict if fit is not None else Verdict.FAIL
    if result.behaviour is Verdict.PASS:
        return []
    return [not_allowed(case, peer, seen) if fit is None else _finding(case, seen, fit)]


_SMALL: Final = 512
"""Octets of frames that everybody takes; what a limit may be, no clause says."""
_LIMITED: Final = Allowed(
    Verdict.UNIMPLEMENTED,
    Fails((1009,)),
    "its limit for a message is below what was sent, which is its right",
    "rfc6455:10.4-p1-s1",
)


def _is_a_limit(peer: Peer, seen: Observed) -> bool:
    """Whether the testee calls a message too big (1009) that is not small, whatever the case is about."""
    longest = max((len(message.payload) for message in peer.ours.messages), default=0)
    head = peer.ours.head
    frames = peer.ours.size - (head.offset + head.size if head is not None else 0)
    return Fails((1009,)).fits(seen) and max(longest, frames) > _SMALL


def _pongs(case: Case) -> tuple[bytes, ...]:
    """The Pongs that are to come in a case."""
    right = [one.outcome for one in case.allowed if isinstance(one.outcome, GoesOn)]
    return next((one.pongs for one in right if one.pongs), ())


async def _settled(case: Case, peer: Peer) -> Observed:
    """What comes of the stimulus.

    Pongs that are to come are waited for before another Ping is sent, for only the last one has to be answered (section
    5.5.3).
    """
    pongs = _pongs(case)
    if pongs:
        await peer.pong(pongs[-1], GRACE)
    return await peer.settle(marker=case.marker)


async def _late(case: Case, peer: Peer, seen: Observed) -> Observed:
    """Ask once more where silence would be a FAIL, or wait for the answer to a request: late is not never."""
    usual, peer.patience = peer.patience, GRACE
    try:
        if isinstance(seen, Answered):
            return replace(await answered(peer), note=seen.note)
        seen = await _with_echoes(case, peer, await peer.settle(marker=case.marker))
        # Who answers no Ping is told so by the cases of section 5.5.2, and not by all the others.
        return await peer.settled(went_on=await peer.echoes()) if seen.silent and case.marker else seen
    finally:
        peer.patience = usual


async def _with_echoes(case: Case, peer: Peer, seen: Observed) -> Observed:
    """What was seen, and the messages that are still to come behind the last Pong, or behind what a case waits for.

    An application may be slower than what answers Pings, the more the larger the message is.
    """
    right = [one.outcome for one in case.allowed if isinstance(one.outcome, GoesOn)]
    messages = max((len(one.messages or ()) for one in right), default=0)
    fits = any(one.outcome.fits(seen) for one in case.allowed if one.verdict is Verdict.PASS)
    if fits or not seen.went_on or seen.has_failed or len(seen.messages) >= messages:
        return seen

    def echoed() -> bool:
        return peer.theirs.close is not None or peer.link.is_over or len(peer.observed().messages) >= messages

    with more_patience(peer, peer.ours.size):
        await peer.link.until(echoed, peer.patience)
    return replace(await peer.settled(went_on=True), note=seen.note)


def _finding(case: Case, seen: Observed, fit: Allowed) -> Finding:
    offset = seen.frames[0].offset if seen.frames else None
    why = f"the testee {fit.outcome} ({seen}): {fit.why}"
    return Finding(fit.verdict, fit.clause or case.clauses[0], case.obligation, why, offset)


async def _closing(peer: Peer, result: CaseResult) -> list[Finding]:
    """How the connection ends: after a failure by what has come, else by a closing handshake that the oracle starts."""
    seen = result.observed
    if isinstance(seen, Answered) and not seen.went_on:
        return []  # a connection that never worked is not closed by a handshake, either
    if seen is None or (result.case.bare and (not peer.conversation.is_open or _refused(peer))):
        return []
    if seen.has_failed:
        findings = after_failure(result.case, peer, seen)
    elif peer.link.ours_ended or peer.has_closed or peer.is_deaf:
        return []
    elif peer.theirs.close is not None or peer.link.is_over:
        await peer.settled(went_on=False)  # it has closed by itself behind what was judged, as it may
        return []
    else:
        seen, findings = await by_handshake(peer)
    result.closing_observed = seen
    result.closing = worst(one.verdict for one in findings)
    return findings


def _refused(peer: Peer) -> bool:
    """Whether it is a client for which there never was a connection: it took no 101 for an answer."""
    return peer.testee is Role.CLIENT and not peer.theirs.frames and peer.theirs.end is not None
