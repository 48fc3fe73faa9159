"""Which clauses the oracle judges, and why it cannot judge the others that a peer can see."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from refws.clauses.ledger import documents
from refws.oracle.case import Case
from refws.oracle.cases import all_cases, case_modules
from refws.oracle.referee import CLAUSES

__all__ = ["Coverage", "coverage_of", "judged_clauses", "not_shown", "visible_clauses"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What judges a clause: the cases that exercise it, and whether the referee watches it in every conversation.

    `not_shown` is why nothing does; empty where something does, and where no peer can see the clause.
    """

    cases: tuple[Case, ...]
    by_referee: bool
    not_shown: str


def judged_clauses() -> frozenset[str]:
    """The clauses that cases exercise or the referee watches, by their names (``rfc6455:5.5-p3-s1/1``)."""
    return frozenset(_exercising()) | frozenset(CLAUSES)


def not_shown() -> dict[str, str]:
    """The clauses that a peer can see and the oracle cannot show, each with the reason, in the ledger's order."""
    reasons = dict(_reasons())
    return {clause: reasons[clause] for clause in visible_clauses() if clause in reasons}


def visible_clauses() -> list[str]:
    """The clauses of the ledger that a peer can see."""
    return [
        clause.name for document in documents().values() for clause in document.clauses.values() if clause.wire == "yes"
    ]


def coverage_of(clause: str) -> Coverage:
    """What judges a clause, by its name."""
    return Coverage(_exercising().get(clause, ()), clause in CLAUSES, not_shown().get(clause, ""))


def _reasons() -> Iterator[tuple[str, str]]:
    for module in case_modules():
        yield from getattr(module, "NOT_SHOWN", {}).items()


@cache
def _exercising() -> dict[str, tuple[Case, ...]]:
    found: dict[str, tuple[Case, ...]] = {}
    for case in all_cases():
        for clause in dict.fromkeys(case.clauses):
            found[clause] = (*found.get(clause, ()), case)
    return found
