"""Which runs may replace the committed reports."""

from pathlib import Path

from conformance.agreement.run import AGREEMENT, read_agreement
from conformance.failure import HarnessFailure
from conformance.paths import REPORTS, ROOT
from conformance.publish import publish
from conformance.readme import put_score
from conformance.results import Results
from conformance.testees import due


def bless(results: Results, run_folder: Path, reports: Path) -> None:
    """Write the reports of a run, and of the oracle beside it. The score goes with the committed ones into the README.

    Raises HarnessFailure unless the run has every testee with every case of its, and is not partial.
    """
    for testee in due(results):
        judged = results.testees.get(testee.name)
        have = sum(case in judged.cases for case in testee.cases) if judged else 0
        if results.partial or have != len(testee.cases):
            state = "partial" if results.partial else "not complete"
            raise HarnessFailure(
                f"nothing was published: the run is {state} ({testee.name}: {have} of {len(testee.cases)} cases); "
                "run all cases of all testees without an interruption"
            )
    agreement = read_agreement(run_folder / AGREEMENT)
    beside = agreement.sentence if agreement else ""
    publish(results, {name: run_folder / name for name in results.testees}, reports, beside)
    if agreement:
        (reports / AGREEMENT).write_text(agreement.to_json(), encoding="utf-8")
    else:
        (reports / AGREEMENT).unlink(missing_ok=True)
    if reports == REPORTS:
        put_score(ROOT / "README.md", reports / "summary.md")
