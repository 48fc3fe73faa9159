"""A run's results, as every form of output takes them."""

from collections import Counter
from dataclasses import dataclass, field

from refws.oracle.play import CaseResult
from refws.oracle.verdict import Role, Verdict
from refws.version import __version__

__all__ = ["Report", "Testee"]

CONFORMANT, VIOLATIONS, UNKNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Testee:
    """Who was judged: in which role, at which address, by which name (a client's agent, a server's Server field)."""

    role: Role
    address: str
    name: str = ""


@dataclass(slots=True)
class Report:
    """The results of a run, in the order of the cases that were asked for; every one of them has a result.

    `interrupted` says why the run ended early, `round_trip` is the testee's in seconds.
    """

    testee: Testee
    results: list[CaseResult] = field(default_factory=list)
    interrupted: str = ""
    round_trip: float = 0.0
    patience: float = 0.0
    seconds: float = 0.0
    oracle_version: str = __version__

    def counts(self) -> Counter[Verdict]:
        """How many results have each verdict."""
        return Counter(result.verdict for result in self.results)

    @property
    def exit_code(self) -> int:
        """0: conformant, 1: violations, 2: could not tell."""
        counts = self.counts()
        if counts[Verdict.FAIL]:
            return VIOLATIONS
        judged = counts[Verdict.PASS] + counts[Verdict.NON_STRICT]
        unknown = counts[Verdict.INCONCLUSIVE] + counts[Verdict.HARNESS_ERROR]
        return UNKNOWN if self.interrupted or unknown or not judged else CONFORMANT
