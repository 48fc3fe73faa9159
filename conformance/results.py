"""The verdicts of a run, normalised: no time, duration, port or path, so that two runs can be compared line by line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from conformance.autobahn.cases import SUITE_NAME, SUITE_VERSION, case_order
from conformance.failure import HarnessFailure

SCHEMA: Final = "refws-conformance/1"

Role = Literal["server", "client"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What Autobahn said of one case.

    `behavior` judges the messages and `behavior_close` the closing, in Autobahn's words ("OK", "NON-STRICT",
    "INFORMATIONAL", "UNIMPLEMENTED", "FAILED", …). `remote_close_code` is the status code the testee sent in its
    Close frame, None when it sent none.
    """

    behavior: str
    behavior_close: str
    remote_close_code: int | None


@dataclass(frozen=True, slots=True)
class TesteeResults:
    """The verdicts on one testee, by case id; `host` says what it ran on, and is empty where that is not known."""

    agent: str
    cases: Mapping[str, CaseResult]
    host: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """The verdicts of one run, by the name of the testee, which begins with its role: "server", "server-threads".

    `partial` is true when the run was interrupted: cases that were asked for are then absent. `source` is the digest of
    the source that was judged, and empty where the testee was not refws.
    """

    testees: Mapping[str, TesteeResults]
    suite_version: str = SUITE_VERSION
    partial: bool = False
    source: str = ""


def role_of(name: str) -> Role:
    """Give the role of the testee of this name; raises ValueError where the name does not begin with one."""
    for role in ROLES:
        if name.partition("-")[0] == role:
            return role
    raise ValueError(f"{name!r} is not the name of a testee: it begins with no role")


def names(results: Results) -> list[str]:
    """Give the names of the testees that were judged: servers first, and of each role the plain one first."""
    return sorted(results.testees, key=_order)


def to_json(results: Results) -> str:
    """Write results as JSON with one case per line, testees in the order of `names` and cases sorted by number."""
    return "".join(_lines(results))


def from_json(text: str, source: str) -> Results:
    """Read what `to_json` wrote; `source` names the text in the message of the HarnessFailure it raises."""
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise HarnessFailure(f"{source}: its schema is {document['schema']!r}, this harness reads {SCHEMA!r}")
        return Results(
            testees={name: _testee(entry) for name, entry in sorted(document["testees"].items(), key=_place)},
            suite_version=_text(document["suite"]["version"]),
            partial=bool(document["partial"]),
            source=_text(document.get("source", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HarnessFailure(f"{source}: not a conformance report ({type(error).__name__}: {error})") from error


def load(path: Path) -> Results:
    """Read the results in a file; raises HarnessFailure when it is absent, unreadable or not a report."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HarnessFailure(f"{path}: cannot be read ({error})") from error
    return from_json(text, str(path))


def case_from(entry: Mapping[str, Any]) -> CaseResult:
    """Read one case, spelt as Autobahn's index.json spells it; raises KeyError or TypeError when it is not one."""
    code = entry["remoteCloseCode"]
    if code is not None and type(code) is not int:
        raise TypeError(f"a close code is a number or null, not {code!r}")
    return CaseResult(_text(entry["behavior"]), _text(entry["behaviorClose"]), code)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is missing where {value!r} stands")
    return value


def _testee(entry: Mapping[str, Any]) -> TesteeResults:
    cases = {case_id: case_from(case) for case_id, case in entry["cases"].items()}
    in_order = {case_id: cases[case_id] for case_id in sorted(cases, key=case_order)}
    return TesteeResults(_text(entry["agent"]), in_order, _text(entry.get("host", "")))


def _place(item: tuple[str, object]) -> tuple[int, str]:
    return _order(item[0])


def _order(name: str) -> tuple[int, str]:
    return ROLES.index(role_of(name)), name


def _lines(results: Results) -> Iterator[str]:
    suite = json.dumps({"name": SUITE_NAME, "version": results.suite_version})
    yield f'{{\n  "schema": "{SCHEMA}",\n  "suite": {suite},\n'
    yield f'  "source": {json.dumps(results.source)},\n  "partial": {json.dumps(results.partial)},\n'
    yield '  "testees": {'
    separator = "\n"
    for name in names(results):
        testee = results.testees[name]
        yield f'{separator}    "{name}": {{\n      "agent": {json.dumps(testee.agent)},\n'
        yield f'      "host": {json.dumps(testee.host)},\n      "cases": {{'
        yield ",".join(_case_line(case_id, testee.cases[case_id]) for case_id in sorted(testee.cases, key=case_order))
        yield "\n      }\n    }"
        separator = ",\n"
    yield "\n  }\n}\n"


def _case_line(case_id: str, case: CaseResult) -> str:
    entry = {
        "behavior": case.behavior,
        "behaviorClose": case.behavior_close,
        "remoteCloseCode": case.remote_close_code,
    }
    return f'\n        "{case_id}": {json.dumps(entry)}'
