"""What shows that a clause is obeyed: the code that cites it, the tests that ran and passed, the Autobahn cases.

``reports/clauses.json`` keeps what the last blessed run found: the places in the code and the tests of every clause. It
is what an audit compares with, and what `refws clauses show` tells where no tests can be run.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from refws.clauses.citations import Citation, citations
from refws.clauses.ledger import Clause, Document

__all__ = [
    "PACKAGE",
    "SCHEMA",
    "Evidence",
    "cases_of",
    "checkout",
    "find_report",
    "read_tested",
    "state_of",
    "verdicts",
]

SCHEMA = "refws-clauses/1"
PACKAGE = Path(__file__).parents[1]


def checkout() -> Path | None:
    """The folder of the project, or None where refws was installed without it."""
    return PACKAGE.parent if (PACKAGE.parent / "reports").is_dir() else None


def find_report(name: str) -> Path | None:
    """A file of ``reports/``, or the copy of it that an installed refws has."""
    candidates = [PACKAGE.parent / "reports" / name, Path(__file__).parent / "reports" / name]
    return next((path for path in candidates if path.is_file()), None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The places that cite each clause, and the tests that passed with its marker; both sorted.

    `states` is what a blessed report says of each clause; `state_of` says what is so now.
    """

    code: Mapping[str, tuple[str, ...]]
    tests: Mapping[str, tuple[str, ...]]
    states: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def found(cls, cited: Iterable[Citation], tests: Mapping[str, tuple[str, ...]]) -> "Evidence":
        """What the source has now; two citations in one place count twice."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        for citation in cited:
            places[citation.clause].append(citation.place)
        return cls({clause: tuple(sorted(found)) for clause, found in places.items()}, tests)

    @classmethod
    def blessed(cls) -> "Evidence":
        """What the last blessed run found; nothing where there is none. Raises ValueError for another file."""
        path = find_report("clauses.json")
        clauses = _read_json(path, "clauses", "refws clauses audit --bless") if path else {}
        return cls(
            {name: tuple(entry["code"]) for name, entry in clauses.items() if entry["code"]},
            {name: tuple(entry["tests"]) for name, entry in clauses.items() if entry["tests"]},
            {name: entry["state"] for name, entry in clauses.items()},
        )

    @classmethod
    def now(cls) -> "Evidence":
        """The citations of the source as it is, and the tests of the last blessed run."""
        return cls.found(citations(PACKAGE), cls.blessed().tests)

    def as_json(self, documents: Mapping[str, Document]) -> str:
        """The text of ``reports/clauses.json``, a line for each clause of the ledger."""
        entries = [
            f"  {json.dumps(clause.name)}: {json.dumps(self._entry(clause))}"
            for document in documents.values()
            for clause in document.clauses.values()
        ]
        body = ",\n".join(entries)
        return f'{{"schema": "{SCHEMA}", "clauses": {{\n{body}\n}}}}\n'

    def _entry(self, clause: Clause) -> dict[str, object]:
        return {
            "state": state_of(clause, self),
            "code": self.code.get(clause.name, ()),
            "tests": self.tests.get(clause.name, ()),
        }


def state_of(clause: Clause, evidence: Evidence) -> str:
    """``tested``, ``implemented`` (cited, no test passed), ``open`` (not cited), ``excused``, ``todo`` or ``meta``."""
    if not clause.is_requirement:
        return "meta"
    if clause.excused:
        return "excused"
    if clause.todo:
        return "todo"
    if not evidence.code.get(clause.name):
        return "open"
    return "tested" if evidence.tests.get(clause.name) else "implemented"


def read_tested(path: Path) -> dict[str, tuple[str, ...]]:
    """Read what ``pytest --clauses`` wrote: the tests that passed, by clause. Raises ValueError for another file."""
    passed = _read_json(path, "passed", "pytest --clauses")
    return {clause: tuple(sorted(tests)) for clause, tests in passed.items()}


def _read_json(path: Path, key: str, writer: str) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get(key), dict):
        raise ValueError(f"{path} is not what {writer} writes")
    found: dict[str, Any] = data[key]
    return found


def verdicts() -> dict[str, tuple[str, str]]:
    """Every Autobahn case with its verdicts on refws as a server and as a client, from the blessed conformance run."""
    path = find_report("autobahn.json")
    if path is None:
        return {}
    testees = json.loads(path.read_text("utf-8"))["testees"]
    server, client = testees["server"]["cases"], testees["client"]["cases"]
    return {case: (verdict["behavior"], client[case]["behavior"]) for case, verdict in server.items() if case in client}


def cases_of(clause: Clause, known: Iterable[str]) -> list[str]:
    """The Autobahn cases among `known` that exercise it: ``*`` is any rest, ``5.3-5.8`` all from one to the other."""
    return [case for case in known if any(_holds(pattern, case) for pattern in clause.cases)]


def _holds(pattern: str, case: str) -> bool:
    first, _, last = pattern.partition("-")
    lows = first.split(".")
    # An end may be its last field alone: 12.*.11-18.
    highs = last.split(".") if last else lows
    highs = [*lows[: len(lows) - len(highs)], *highs]
    fields = case.split(".")
    if len(fields) < len(lows) or (len(fields) > len(lows) and lows[-1] != "*"):
        return False
    return all(
        low == "*" or int(low) <= int(field) <= int(high) for low, field, high in zip(lows, fields, highs, strict=False)
    )
