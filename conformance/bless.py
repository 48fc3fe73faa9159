"""Which runs may replace the committed reports."""

from pathlib import Path

from conformance.autobahn.cases import ALL_CASES
from conformance.failure import HarnessFailure
from conformance.paths import REPORTS, ROOT
from conformance.publish import publish
from conformance.readme import put_score
from conformance.results import ROLES, Results


def bless(results: Results, run_folder: Path, reports: Path) -> None:
    """Write the reports of a run, and, where they are the committed ones, the score into the README.

    Raises HarnessFailure unless the run has every case in both roles and is not partial.
    """
    for role in ROLES:
        testee = results.testees.get(role)
        have = len(testee.cases) if testee else 0
        if results.partial or have != len(ALL_CASES):
            state = "partial" if results.partial else "not complete"
            raise HarnessFailure(
                f"nothing was published: the run is {state} ({role}: {have} of {len(ALL_CASES)} cases); "
                "run all cases in both roles without an interruption"
            )
    publish(results, {role: run_folder / role for role in ROLES}, reports)
    if reports == REPORTS:
        put_score(ROOT / "README.md", reports / "summary.md")
