"""A run's results, as every form of output takes them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from refws.oracle.case import Case
from refws.oracle.play import CaseResult
from refws.oracle.verdict import Finding, Role, Verdict
from refws.version import __version__

__all__ = ["CONFORMANT", "UNKNOWN", "VIOLATIONS", "Expected", "Report", "Testee", "not_run"]

CONFORMANT: Final = 0
VIOLATIONS: Final = 1
UNKNOWN: Final = 2

_OPEN: Final = (Verdict.NOT_RUN, Verdict.INCONCLUSIVE, Verdict.HARNESS_ERROR)


@dataclass(frozen=True, slots=True)
class Testee:
    """Who was judged: in which role, at which address, by which name (a client's agent, a server's Server field)."""

    role: Role
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """The verdict that a case is known to get, and why that is borne with."""

    verdict: Verdict
    reason: str


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(slots=True)
class Report:
    """The results of a run, in the order of the cases that were asked for; every one of them has a result.

    `interrupted` says why the run ended early, `round_trip` is the testee's in seconds, and `started` a time of day
    (ISO 8601, UTC). `expected` has what is known of some cases, by their ids.
    """

    testee: Testee
    results: list[CaseResult] = field(default_factory=list)
    interrupted: str = ""
    round_trip: float = 0.0
    patience: float = 0.0
    seconds: float = 0.0
    oracle_version: str = __version__
    started: str = field(default_factory=_now)
    expected: dict[str, Expected] = field(default_factory=dict)

    def counts(self) -> Counter[Verdict]:
        """How many results have each verdict."""
        return Counter(result.verdict for result in self.results)

    def having(self, *verdicts: Verdict) -> Iterator[CaseResult]:
        """The results that have one of these verdicts."""
        return (result for result in self.results if result.verdict in verdicts)

    def is_known(self, result: CaseResult) -> bool:
        """Whether a result is the one that is expected of its case, and borne with."""
        known = self.expected.get(result.case.id)
        return known is not None and known.verdict is result.verdict

    def surprises(self) -> list[CaseResult]:
        """The results that are another verdict than the one that is expected of their case, even a better one."""
        return [
            result
            for result in self.results
            if result.case.id in self.expected and not self.is_known(result) and result.verdict not in _OPEN
        ]

    @property
    def exit_code(self) -> int:
        """0: conformant, 1: violations, 2: could not tell.

        Where the testee was not there for a case, nobody knows; a case that finds that an echo, or this address, cannot
        show it is extra. What is expected is no violation; what is expected and did not come is one.
        """
        counts = Counter(result.verdict for result in self.results if not self.is_known(result))
        if counts[Verdict.FAIL] or self.surprises():
            return VIOLATIONS
        unknown = counts[Verdict.INCONCLUSIVE] + counts[Verdict.HARNESS_ERROR]
        unplayed = not all(result.played for result in self.results)
        judged = any(self.having(Verdict.PASS, Verdict.NON_STRICT, Verdict.FAIL))
        return UNKNOWN if self.interrupted or unknown or unplayed or not judged else CONFORMANT

    def dump(self) -> str:
        """The report as JSON (`refws-oracle/1`); the same text for the same report."""
        from refws.oracle.output.json_output import dump  # noqa: PLC0415 (it stands on this module)

        return dump(self)

    @classmethod
    def load(cls, text: str | bytes) -> "Report":
        """Read what `dump` has written. Raises `BadReport`, a ValueError, for anything else.

        The cases in it are descriptions: they cannot be played.
        """
        from refws.oracle.output.json_output import load  # noqa: PLC0415

        return load(text)


def not_run(case: Case, role: Role, why: str, verdict: Verdict = Verdict.NOT_RUN) -> CaseResult:
    """The result of a case that the testee was not there for."""
    finding = Finding(verdict, case.clauses[0], case.obligation, why)
    return CaseResult(case, role, verdict, findings=(finding,), played=False)
