"""What a run leaves for people: `autobahn.json` to compare, `summary.md` for the README, `index.html` to read.

All three hold only what was judged. Two runs that were judged the same give the same octets.
"""

from collections.abc import Mapping
from pathlib import Path

from conformance.failure import HarnessFailure
from conformance.publish.page import render_page
from conformance.publish.rawcase import RawCase, read_case
from conformance.publish.summary import render_summary
from conformance.results import CaseResult, Results, TesteeResults, names, to_json

__all__ = ["publish"]


def publish(results: Results, raw: Mapping[str, Path], reports: Path, beside: str = "") -> None:
    """Write the three reports of a run into the folder `reports`, which is made if it is not there.

    `raw` gives for each testee of the run the folder with Autobahn's JSON of each case, named `<case id>.json`;
    `beside` is a sentence on what others than Autobahn said. Raises HarnessFailure, and writes nothing, when a case has
    no such file, when the file is not what Autobahn writes, or when its verdict is not the one in `results`; also when
    the reports cannot be written.
    """
    cases = {name: _read_cases(results.testees[name], name, raw) for name in names(results)}
    texts = {
        "autobahn.json": to_json(results),
        "summary.md": render_summary(results, beside),
        "index.html": render_page(results, cases, beside),
    }
    try:
        reports.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (reports / name).write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise HarnessFailure(f"{reports}: the reports cannot be written ({error})") from error


def _read_cases(testee: TesteeResults, name: str, raw: Mapping[str, Path]) -> dict[str, RawCase]:
    if name not in raw:
        raise HarnessFailure(f"there is no folder of raw data for {name}; run its cases again")
    cases = {}
    for case_id, verdict in testee.cases.items():
        case = read_case(raw[name], case_id)
        if case.verdict != verdict:
            there, here = _say(case.verdict), _say(verdict)
            raise HarnessFailure(
                f"{raw[name] / case_id}.json: says {there}, but the run said {here}; run the case again"
            )
        cases[case_id] = case
    return cases


def _say(verdict: CaseResult) -> str:
    return f"{verdict.behavior} (closing {verdict.behavior_close}, code {verdict.remote_close_code})"
