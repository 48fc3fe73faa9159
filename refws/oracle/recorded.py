"""Judges conversations that others had: what was recorded, and what passes through the oracle's proxy."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from refws.clauses.ledger import lookup
from refws.oracle.case import Case
from refws.oracle.conversation import Conversation
from refws.oracle.play import CaseResult
from refws.oracle.recording import End, Recording
from refws.oracle.referee import Referee
from refws.oracle.report import UNKNOWN, VIOLATIONS, Report, Testee
from refws.oracle.verdict import Finding, Obligation, Role, worst

__all__ = ["Heard", "Judgement", "judge_recording", "judge_recordings"]

_NOT_IN_MESSAGES: Final = (
    *("rfc6455:4.1-p22", "rfc6455:4.1-p23", "rfc6455:4.1-p25", "rfc6455:4.1-p38", "rfc6455:3-", "rfc6455:11.1.1-"),
    *("rfc6455:4.2.2-p12", "rfc6455:5.1", "rfc6455:5.2", "rfc6455:5.4", "rfc6455:5.5", "rfc6455:7."),
    *("rfc7692:6.", "rfc7692:7.2"),
)
"""Where the rules stand that heads and messages alone cannot show: request lines, frames, compression, closing."""


@dataclass(slots=True)
class Heard:
    """One connection that was listened to, and what its referee says so far."""

    conversation: Conversation
    referee: Referee

    @classmethod
    def new(cls, name: str, *, secure: bool = False, keep: bool = True) -> "Heard":
        """A connection that begins; without `keep` what was said is forgotten once it is judged."""
        referee = Referee(end_of_tcp=True, secure=secure)
        return cls(Conversation([referee], name=name, secure=secure, keep=keep), referee)

    @property
    def name(self) -> str:
        """What the connection is called, for people."""
        return self.conversation.recording.name

    @property
    def notes(self) -> list[str]:
        """What is missing in the recording, or was left out."""
        return self.conversation.recording.notes

    @property
    def has_gap(self) -> bool:
        """Whether a side was lost while the connection went on."""
        return any(side.end is End.LOST for side in self.conversation.sides.values())

    def release(self) -> None:
        """Let go of what it takes to judge more; findings stay."""
        for side in self.conversation.sides.values():
            self.referee.findings(side.role)  # looks at a frame that is not whole
            side.reader = side.inflater = None

    def findings(self, role: Role) -> list[Finding]:
        """What a side did wrong so far."""
        return [one for one in self.referee.findings(role) if self._shows(one.clause)]

    def judged(self, role: Role) -> set[str]:
        """The clauses that a side had an occasion to keep, kept or not."""
        return {clause for clause in self.referee.judged(role) if self._shows(clause)}

    def _shows(self, clause: str) -> bool:
        return self.conversation.recording.frames_known or not clause.startswith(_NOT_IN_MESSAGES)


@dataclass(slots=True)
class Judgement:
    """What was heard on all connections; `left_out` says what else there was, one sentence each."""

    connections: list[Heard] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def report(self, role: Role) -> Report:
        """All that one side did, over all connections: a result for each clause that there was an occasion to keep."""
        report = Report(Testee(role, self._address(role), self._name(role)))
        judged = set[str]().union(*(heard.judged(role) for heard in self.connections))
        report.results = [self._result(clause, role) for clause in sorted(judged, key=_place)]
        return report

    @property
    def exit_code(self) -> int:
        """0: both sides conformant, 1: violations, 2: could not tell."""
        codes = {self.report(role).exit_code for role in Role}
        if VIOLATIONS in codes:
            return VIOLATIONS
        return UNKNOWN if UNKNOWN in codes or any(heard.has_gap for heard in self.connections) else 0

    def _result(self, clause: str, role: Role) -> CaseResult:
        heard = [one for one in self.connections if clause in one.judged(role)]
        several = len(self.connections) > 1
        findings = [
            replace(finding, why=f"{one.name}: {finding.why}") if several else finding
            for one in heard
            for finding in one.findings(role)
            if finding.clause == clause
        ]
        broken = len({id(one) for one in heard if any(f.clause == clause for f in one.findings(role))})
        seen = f"kept on {len(heard) - broken} of {len(heard)} connections" if several else ""
        return CaseResult(
            case_of(clause),
            role,
            worst(finding.verdict for finding in findings),
            findings=tuple(findings),
            seen=seen,
        )

    def _address(self, role: Role) -> str:
        names = dict.fromkeys(heard.name for heard in self.connections)
        first = next(iter(names), "")
        return first if len(names) < 2 else f"{first} and {len(names) - 1} more"

    def _name(self, role: Role) -> str:
        wanted = "User-Agent" if role is Role.CLIENT else "Server"
        heads = (head for heard in self.connections for head in heard.conversation.sides[role].heads)
        return next((name for head in heads if (name := head.get(wanted))), "")


def case_of(clause: str) -> Case:
    """What is judged by a clause alone, as reports show it; nobody can play it."""
    (record,) = lookup(clause)
    document = "" if record.document == "rfc6455" else f"{record.document.removeprefix('rfc')}:"
    place = record.id.partition("-")[2].replace("/", "-")
    name = f"{document}{record.section}/sends-{place}"
    return Case(name, record.rule, (clause,), (), obligation=Obligation.SENDER)


def judge_recording(recording: Recording) -> Heard:
    """Judge what both sides sent in one recording."""
    heard = Heard.new(recording.name, secure=recording.secure)
    mine = heard.conversation.recording
    mine.established, mine.frames_known = recording.established, recording.frames_known
    mine.carrier = recording.carrier
    mine.notes = list(recording.notes)
    if recording.established is not None:
        heard.conversation.established(recording.established)
    for event in recording.events:
        heard.conversation.add(event)
    return heard


def judge_recordings(recordings: Iterable[Recording], left_out: Iterable[str] = ()) -> Judgement:
    """Judge what both sides sent in every one of them. `left_out` is what the reader of the file did not take."""
    return Judgement([judge_recording(one) for one in recordings], list(left_out))


def _place(clause: str) -> tuple[str, list[int]]:
    """Clauses in the order of their documents."""
    document, _, name = clause.partition(":")
    return document, [int(number) for number in re.findall(r"\d+", name)]
