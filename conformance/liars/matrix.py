"""The kill matrix: each liar judged by the oracle, whether it was caught, and blamed on the clause that it breaks."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.liars.coverage import SHOWN_BY
from conformance.liars.liar import Liar
from conformance.liars.playing import judged
from refws.oracle.case import Case
from refws.oracle.play import CaseResult
from refws.oracle.referee.same import SAME
from refws.oracle.verdict import Finding, Verdict

__all__ = ["Catch", "Fate", "cases_for", "play_liar", "play_liars"]

BASICS: Final = frozenset(
    {"1.1.1", "1.1.4", "1.1.6", "1.1.7", "1.2.1", "2.2", "3.2", "5.3", "5.6", "6.3.1", "7.1.1", "7.3.1"}
)
"""Cases that every liar plays, by their Autobahn ids: the referee watches them."""


@dataclass(frozen=True, slots=True)
class Catch:
    """A finding against a liar, in a case; `rightly` says whether it blames the clause that the liar breaks."""

    case: str
    finding: Finding
    rightly: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a liar: how many cases it played, the findings against it, those that blame its clause first."""

    liar: Liar
    played: int
    caught: tuple[Catch, ...] = ()

    @property
    def survived(self) -> bool:
        """Whether nothing was found against it."""
        return not self.caught

    @property
    def is_blamed_rightly(self) -> bool:
        """Whether a finding blames its clause."""
        return any(catch.rightly for catch in self.caught)


def cases_for(liar: Liar, cases: Sequence[Case]) -> list[Case]:
    """The cases that a liar plays: those about its clause, or one that says the same, and the basics."""
    about = _meanings([liar.clause, *_restated(liar.clause)])
    return [
        case
        for case in cases
        if case.alias in BASICS
        or (is_short(case) and (case.id.startswith(liar.plays) or about & _meanings(case.clauses)))
        or (not case.alias and about & _meanings(case.clauses[:1]))
    ]


def is_short(case: Case) -> bool:
    """Whether a case is over at once: neither slow, nor one of those with many messages or large ones."""
    return not case.slow and case.alias.partition(".")[0] not in {"9", "12", "13"}


async def play_liar(liar: Liar, cases: Sequence[Case]) -> Fate:
    """Let the oracle judge a liar in these cases."""
    results = await judged(liar.kind, liar.role, cases)
    caught = [
        Catch(result.case.id, one, _is_right(liar, result, one)) for result in results for one in _failures(result)
    ]
    caught.sort(key=lambda catch: (not catch.rightly, catch.case, catch.finding.clause))
    return Fate(liar, len(results), tuple(caught))


def _is_right(liar: Liar, result: CaseResult, finding: Finding) -> bool:
    """Whether a finding blames a liar's clause: by its name, or as what the case is about that the liar fails."""
    blamed = {finding.clause, *SAME.get(finding.clause, ())}
    blamed.update(general for general, parts in SHOWN_BY.items() if finding.clause in parts)
    if finding.clause in (result.case.clauses[0], result.case.blamed):
        blamed.update(result.case.clauses)
    return not _meanings(blamed).isdisjoint(_meanings([liar.clause]))


async def play_liars(
    liars: Iterable[Liar],
    cases: Sequence[Case],
    *,
    every_case: bool = False,
    jobs: int = 16,
    on_fate: Callable[[Fate], None] = lambda fate: None,
) -> list[Fate]:
    """Let the oracle judge liars, several at a time; in the cases that are for each, or in every quick one."""
    liars = list(liars)
    quick = [case for case in cases if is_short(case)]
    fates: dict[Liar, Fate] = {}
    waiting = iter(liars)

    async def work() -> None:
        for liar in waiting:
            fates[liar] = await play_liar(liar, quick if every_case else cases_for(liar, cases))
            on_fate(fates[liar])

    async with asyncio.TaskGroup() as group:
        for _ in range(jobs):
            group.create_task(work())
    return [fates[liar] for liar in liars]


def _failures(result: CaseResult) -> list[Finding]:
    return [finding for finding in result.findings if finding.verdict is Verdict.FAIL]


def _restated(clause: str) -> list[str]:
    """The clauses that are blamed where this one is broken."""
    return [blamed for blamed, others in SAME.items() if clause in others] + list(SHOWN_BY.get(clause, ()))


def _meanings(clauses: Collection[str]) -> set[str]:
    """The sentences that clauses stand in."""
    return {clause.partition("/")[0] for clause in clauses}
