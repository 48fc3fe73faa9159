"""Verdicts counted: behaviour and closing apart, by role, by group, by section of the RFCs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.autobahn.cases import ALL_CASES
from conformance.publish.catalogue import SECTIONS, Section, by_group, group_name
from conformance.publish.verdicts import in_order
from conformance.results import ROLES, Results, TesteeResults


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each verdict was given: pairs of verdict and count, the best verdict first, without zeros."""

    cases: int
    behavior: Sequence[tuple[str, int]]
    closing: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what it counts, and one tally for each role, in the order of the roles of the run."""

    key: str
    title: str
    tallies: Sequence[Tally]
    section: Section | None = None

    @property
    def cases(self) -> int:
        """How many different cases the line is about."""
        return max(tally.cases for tally in self.tallies)


def roles_of(results: Results) -> list[str]:
    """Give the roles that were judged, in a fixed order."""
    return [role for role in ROLES if role in results.testees]


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
    """Give the id of every case that was judged in some role, in the order of their numbers."""
    judged = {case_id for testee in results.testees.values() for case_id in testee.cases}
    return [case_id for group in by_group(judged).values() for case_id in group]


def shortfall(results: Results) -> str:
    """Say in one sentence what this run lacks to be a whole one; empty when it lacks nothing."""
    missing = []
    for role in ROLES:
        cases = results.testees[role].cases if role in results.testees else {}
        absent = sum(case_id not in cases for case_id in ALL_CASES)
        if absent:
            missing.append(f"{absent} of {len(ALL_CASES)} cases as a {role}")
    if not missing and not results.partial:
        return ""
    reason = "The run was interrupted" if results.partial else "Not every case was asked for"
    return f"{reason}: this report lacks {' and '.join(missing)}." if missing else f"{reason}."


def _tallies(results: Results, case_ids: Sequence[str]) -> list[Tally]:
    return [tally(results.testees[role], case_ids) for role in roles_of(results)]


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return [(verdict, counts[verdict]) for verdict in in_order(counts)]
