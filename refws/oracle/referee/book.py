"""What is found about one side: each clause that it had an occasion to keep, and each that it broke."""

from collections.abc import Iterable
from dataclasses import dataclass

from refws.oracle.verdict import Finding, Obligation, Verdict, level

__all__ = ["Book", "Check"]


@dataclass(frozen=True, slots=True)
class Check:
    """A clause that was looked at: `fault` says in one sentence what is wrong, and is empty where it is kept.

    `verdict` is given where another than the clause's level asks for is right.
    """

    clause: str
    fault: str = ""
    offset: int | None = None
    verdict: Verdict | None = None


class Book:
    """The book of one side. A clause that it breaks again and again is one finding: the first."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.asked: set[str] = set()
        """Clauses that there was an occasion to keep, kept or not."""
        self._taken: list[tuple[Check, ...]] = []

    def enter(self, checks: Iterable[Check]) -> None:
        """Take what was looked at. A tuple is a constant of a module, and is taken once."""
        if isinstance(checks, tuple):
            if any(checks is one for one in self._taken):
                return
            self._taken.append(checks)
        for check in checks:
            self.asked.add(check.clause)
            if check.fault and not any(one.clause == check.clause for one in self.findings):
                verdict = check.verdict or _by_level(check.clause)
                self.findings.append(Finding(verdict, check.clause, Obligation.SENDER, check.fault, check.offset))

    @property
    def has_erred(self) -> bool:
        """Whether the side has done anything that the other need not put up with."""
        return bool(self.findings)


def _by_level(clause: str) -> Verdict:
    return Verdict.FAIL if level(clause) in ("MUST", "MUST NOT") else Verdict.NON_STRICT
