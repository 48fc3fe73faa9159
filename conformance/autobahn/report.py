"""What wstest reported, read with suspicion: it exits 0 with most cases missing."""

import json
import re
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from conformance.autobahn.cases import case_order
from conformance.failure import HarnessFailure
from conformance.results import CaseResult, case_from

_STARTED: Final = re.compile(r"^Running test case ID (\S+) for agent ", re.MULTILINE)
_NAMED: Final = 5


def started_cases(output: str) -> list[str]:
    """List the cases that wstest has begun, oldest first, from what it printed."""
    return _STARTED.findall(output)


def read(reports: Path, agent: str, cases: Collection[str]) -> dict[str, CaseResult]:
    """Read the verdicts on an agent from a folder of reports, index and case files both.

    Raises HarnessFailure when a file is absent, does not parse or contradicts the index, and when the index lacks
    one of `cases` or has others.
    """
    index = _json(reports / "index.json").get(agent, {})
    missing = sorted(set(cases) - index.keys(), key=case_order)
    if missing:
        raise HarnessFailure(
            f"Autobahn reports {len(cases) - len(missing)} of {len(cases)} cases; missing: {_some(missing)}"
        )
    foreign = sorted(index.keys() - set(cases))
    if foreign:
        raise HarnessFailure(f"Autobahn reports cases that were not asked for: {_some(foreign)}")
    return {case: _case(reports, case, index[case]) for case in cases}


def collect(reports: Path, agent: str, cases: Collection[str], raw: Path) -> None:
    """Copy the case files of these cases to `raw`, each named by its case id; `read` has accepted them before."""
    raw.mkdir(parents=True, exist_ok=True)
    index = _json(reports / "index.json")[agent] if cases else {}
    for case in cases:
        shutil.copyfile(reports / index[case]["reportfile"], raw / f"{case}.json")


def read_finished(reports: Path, agent: str, finished: Collection[str]) -> dict[str, CaseResult]:
    """Read what an interrupted run left, of the cases that had finished; nothing when there is no report."""
    if not (reports / "index.json").is_file():
        return {}
    index = _json(reports / "index.json").get(agent, {})
    return {case: _case(reports, case, index[case]) for case in finished if case in index}


def _case(reports: Path, case: str, entry: Any) -> CaseResult:
    path = reports / "index.json"
    try:
        result = case_from(entry)
        name = entry["reportfile"]
        path = reports / Path(name).name
        details = _json(path)
        agrees = details["id"] == case and case_from(details) == result
    except (KeyError, TypeError) as error:
        raise HarnessFailure(f"case {case}: {path.name} is not a report ({type(error).__name__}: {error})") from error
    if not agrees:
        raise HarnessFailure(f"case {case}: {path.name} says something else than Autobahn's index")
    return result


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise HarnessFailure(f"Autobahn left no report {path.name} ({error.strerror})") from error
    except ValueError as error:
        raise HarnessFailure(f"Autobahn's report {path.name} does not parse ({error})") from error
    if not isinstance(document, dict):
        raise HarnessFailure(f"Autobahn's report {path.name} does not hold an object")
    return document


def _some(cases: Sequence[str]) -> str:
    rest = len(cases) - _NAMED
    return ", ".join(cases[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
