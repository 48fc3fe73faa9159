"""The report as JSON, format ``refws-oracle/1``; `oracle-1.schema.json`, beside this module, says what it holds.

The same testee judged twice gives the same text, but for what the schema marks ``x-volatile``: times, and the heads and
frames with their random octets. `stable` takes those away.
"""

import json
import re
from collections.abc import Iterable
from copy import deepcopy
from importlib import resources
from typing import Any, Final

from refws.clauses.ledger import UnknownClause
from refws.oracle.case import Case
from refws.oracle.expect import Allowed, Where
from refws.oracle.play import CaseResult
from refws.oracle.report import Expected, Report, Testee
from refws.oracle.verdict import Finding, Obligation, Role, Verdict, level

__all__ = ["FORMAT", "BadReport", "document_of", "dump", "load", "schema", "stable"]

FORMAT: Final = "refws-oracle/1"
_VOLATILE: Final = ("started", "seconds", "patience", "round_trip")
_VOLATILE_OF_A_RESULT: Final = ("seconds", "frames")
_SECONDS: Final = re.compile(r"\b\d+(\.\d+)?(e[-+]?\d+)? s\b")


class BadReport(ValueError):
    """What was given is no report; the message says why."""


def schema() -> dict[str, Any]:
    """The JSON Schema of the format."""
    text = resources.files(__package__).joinpath("oracle-1.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def dump(report: Report) -> str:
    """The report as JSON."""
    return json.dumps(document_of(report), indent=1, ensure_ascii=False) + "\n"


def document_of(report: Report) -> dict[str, Any]:
    """The report in plain values."""
    counts = report.counts()
    return {
        "format": FORMAT,
        "oracle": report.oracle_version,
        "testee": {
            "role": report.testee.role.value,
            "address": report.testee.address,
            "name": report.testee.name,
        },
        "started": report.started,
        "seconds": round(report.seconds, 6),
        "patience": round(report.patience, 6),
        "round_trip": round(report.round_trip, 6),
        "interrupted": report.interrupted,
        "exit_code": report.exit_code,
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "results": [_result(result, report.expected.get(result.case.id)) for result in report.results],
    }


def stable(document: dict[str, Any]) -> dict[str, Any]:
    """A copy without what differs between two runs that were judged the same."""
    kept = deepcopy({key: value for key, value in document.items() if key not in _VOLATILE})
    kept["results"] = [
        {key: value for key, value in result.items() if key not in _VOLATILE_OF_A_RESULT} for result in kept["results"]
    ]
    for result in kept["results"]:
        result["seen"] = _SECONDS.sub("… s", result["seen"])
        for finding in result["findings"]:
            finding["why"] = _SECONDS.sub("… s", finding["why"])
    return kept


def load(text: str | bytes) -> Report:
    """Read a report. Raises `BadReport`."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadReport(f"this is no JSON: {error}") from None
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise BadReport(f"this is no report in the format {FORMAT}" + (f", but {found!r}" if found else ""))
    try:
        testee = document["testee"]
        return Report(
            Testee(Role(testee["role"]), str(testee["address"]), str(testee["name"])),
            [_loaded(result) for result in document["results"]],
            interrupted=document["interrupted"],
            round_trip=document["round_trip"],
            patience=document["patience"],
            seconds=document["seconds"],
            oracle_version=document["oracle"],
            started=document["started"],
            expected={
                result["id"]: Expected(Verdict(result["expected"]["verdict"]), result["expected"]["reason"])
                for result in document["results"]
                if result["expected"] is not None
            },
        )
    except UnknownClause as error:
        raise BadReport(f"this report was made with another ledger: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadReport(f"this is no whole {FORMAT}: {type(error).__name__}: {error}") from None


def _result(result: CaseResult, expected: Expected | None) -> dict[str, Any]:
    case = result.case
    return {
        "id": case.id,
        "title": case.title,
        "section": case.section,
        "role": result.role.value,
        "clauses": [{"id": clause, "level": level(clause)} for clause in case.clauses],
        "obligation": case.obligation.value,
        "alias": case.alias,
        "played": result.played,
        "behaviour": result.behaviour.value,
        "closing": None if result.closing is None else result.closing.value,
        "verdict": result.verdict.value,
        "expected": None if expected is None else {"verdict": expected.verdict.value, "reason": expected.reason},
        "findings": [_finding(finding) for finding in result.findings],
        "seen": result.seen,
        "allowed": _allowed(case.allowed),
        "seconds": round(result.seconds, 6),
        "frames": result.exchange,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "verdict": finding.verdict.value,
        "clause": finding.clause,
        "level": level(finding.clause),
        "obligation": finding.obligation.value,
        "offset": finding.offset,
        "why": finding.why,
    }


def _allowed(allowed: Iterable[Allowed]) -> list[dict[str, str]]:
    return [
        {"verdict": one.verdict.value, "outcome": str(one.outcome), "why": one.why, "clause": one.clause}
        for one in allowed
    ]


def _loaded(data: dict[str, Any]) -> CaseResult:
    allowed = tuple(
        Allowed(Verdict(one["verdict"]), Where(one["outcome"], _unknown), one["why"], one["clause"])
        for one in data["allowed"]
    )
    role = Role(data["role"])
    clauses = tuple(clause["id"] for clause in data["clauses"])
    for clause in clauses:
        level(clause)
    case = Case(
        data["id"],
        data["title"],
        clauses,
        (),
        allowed,
        frozenset({role}),
        Obligation(data["obligation"]),
        alias=data["alias"],
    )
    findings = (
        Finding(Verdict(one["verdict"]), one["clause"], Obligation(one["obligation"]), one["why"], one["offset"])
        for one in data["findings"]
    )
    return CaseResult(
        case,
        role,
        Verdict(data["behaviour"]),
        None if data["closing"] is None else Verdict(data["closing"]),
        tuple(findings),
        data["seen"],
        seconds=data["seconds"],
        exchange=data["frames"],
        played=data["played"],
    )


def _unknown(seen: object) -> bool:
    """A report tells in words what was allowed; it can judge nothing again."""
    return False
