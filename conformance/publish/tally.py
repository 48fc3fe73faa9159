"""Verdicts counted: behaviour and closing apart, by testee, by group, by section of the RFCs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.autobahn.cases import CORE
from conformance.compare import lapses
from conformance.publish.catalogue import SECTIONS, Section, by_group, group_name
from conformance.publish.verdicts import in_order
from conformance.results import Results, Role, TesteeResults, names, role_of
from conformance.testees import due


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each verdict was given: pairs of verdict and count, the best verdict first, without zeros."""

    cases: int
    behavior: Sequence[tuple[str, int]]
    closing: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A testee as tables show it: its name, its role, what it ran on (its agent, where that is not known), its totals.

    `core` counts groups 1 to 10 alone, by which every host is judged. `lapses` are the cases of these groups in which
    it is not strictly OK.
    """

    name: str
    role: Role
    host: str
    agent: str
    total: Tally
    core: Tally
    lapses: Sequence[str]

    @property
    def label(self) -> str:
        """What it is, in words: "server", "server on threads"."""
        return _label(self.role, self.host)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what it counts, and one tally for each testee, in the order of the testees of the run."""

    key: str
    title: str
    tallies: Sequence[Tally]
    section: Section | None = None

    @property
    def cases(self) -> int:
        """How many different cases the line is about."""
        return max(tally.cases for tally in self.tallies)


def judged(results: Results) -> list[Judged]:
    """Give the testees that were judged, servers first."""
    return [
        Judged(name, role_of(name), testee.host, testee.agent, tally(testee), tally(testee, CORE), lapses(testee))
        for name, testee in ((name, results.testees[name]) for name in names(results))
    ]


def tally(testee: TesteeResults, case_ids: Iterable[str] | None = None) -> Tally:
    """Count the verdicts on a testee, in all its cases or in those of `case_ids` that it has."""
    chosen = testee.cases if case_ids is None else [case_id for case_id in case_ids if case_id in testee.cases]
    verdicts = [testee.cases[case_id] for case_id in chosen]
    return Tally(
        cases=len(verdicts),
        behavior=_ordered(Counter(case.behavior for case in verdicts)),
        closing=_ordered(Counter(case.behavior_close for case in verdicts)),
    )


def group_rows(results: Results) -> list[Row]:
    """Count by Autobahn's groups."""
    return [
        Row(group, group_name(group), _tallies(results, case_ids))
        for group, case_ids in by_group(all_case_ids(results)).items()
    ]


def section_rows(results: Results) -> list[Row]:
    """Count by section of the RFCs: a case in each section it exercises; a section without a case is left out."""
    chosen = {
        section: [case_id for case_id in all_case_ids(results) if section.exercised_by(case_id)] for section in SECTIONS
    }
    return [
        Row(section.name, section.title, _tallies(results, case_ids), section)
        for section, case_ids in chosen.items()
        if case_ids
    ]


def all_case_ids(results: Results) -> list[str]:
    """Give the id of every case by which some testee was judged, in the order of their numbers."""
    ids = {case_id for testee in results.testees.values() for case_id in testee.cases}
    return [case_id for group in by_group(ids).values() for case_id in group]


def shortfall(results: Results) -> str:
    """Say in one sentence what this run lacks to be a whole one; empty when it lacks nothing."""
    missing = []
    for testee in due(results):
        cases = results.testees[testee.name].cases if testee.name in results.testees else {}
        absent = sum(case_id not in cases for case_id in testee.cases)
        if absent:
            missing.append(f"{absent} of {len(testee.cases)} cases as a {_label(testee.role, testee.host)}")
    if not missing and not results.partial:
        return ""
    reason = "The run was interrupted" if results.partial else "Not every case was asked for"
    return f"{reason}: this report lacks {' and '.join(missing)}." if missing else f"{reason}."


def _label(role: Role, host: str) -> str:
    return f"{role} on {host}" if host else role


def _tallies(results: Results, case_ids: Sequence[str]) -> list[Tally]:
    return [tally(results.testees[name], case_ids) for name in names(results)]


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return [(verdict, counts[verdict]) for verdict in in_order(counts)]
