"""The ledger together with what shows that it is kept: what `refws clauses show` prints and the page is made of."""

import json
import re
from collections import defaultdict
from functools import cached_property
from typing import Any

from refws.clauses.citations import Citation, citations
from refws.clauses.evidence import PACKAGE, Evidence, cases_of, checkout, find_report, state_of, verdicts
from refws.clauses.ledger import Clause, documents

__all__ = ["Reference", "ruling_titles"]


def ruling_titles(text: str) -> dict[int, str]:
    """The rulings of ``docs/rulings.md``: number to title."""
    return {int(number): title for number, title in re.findall(r"\*\*Ruling (\d+): (.+?)\.?\*\*", text)}


class Reference:
    """Everything that is known of every clause, read once. `evidence` is what the source has now, or what is given."""

    def __init__(self, evidence: Evidence | None = None) -> None:
        self.evidence = evidence or Evidence.now()
        self.verdicts = verdicts()

    @cached_property
    def rulings(self) -> dict[int, str]:
        """The rulings that are written, by number; none where refws is installed without its documents."""
        root = checkout()
        return ruling_titles((root / "docs" / "rulings.md").read_text("utf-8")) if root else {}

    @cached_property
    def _mutants(self) -> dict[str, dict[str, int]]:
        path = find_report("mutants.json")
        found: dict[str, dict[str, int]] = json.loads(path.read_text("utf-8"))["clauses"] if path else {}
        return found

    @cached_property
    def _cited(self) -> dict[str, list[Citation]]:
        cited: defaultdict[str, list[Citation]] = defaultdict(list)
        for citation in citations(PACKAGE):
            cited[citation.clause].append(citation)
        return cited

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        paths = {citation.path for found in self._cited.values() for citation in found}
        return {path: (PACKAGE.parent / path).read_text("utf-8").splitlines() for path in paths}

    def state(self, clause: Clause) -> str:
        """Tested, implemented, open, excused, todo or meta; see `state_of`."""
        return state_of(clause, self.evidence)

    def describe(self, clause: Clause) -> dict[str, Any]:
        """All of it in plain values, as ``--json`` prints it."""
        document = documents()[clause.document]
        return {
            "name": clause.name,
            "section": clause.section,
            "title": document.sections.get(clause.section, ""),
            "link": document.link(clause.section),
            "level": clause.level,
            "kind": clause.kind,
            "keyword": clause.keyword,
            "who": list(clause.who),
            "obligation": clause.obligation,
            "wire": clause.wire,
            "rule": clause.rule,
            "digest": clause.digest,
            "state": self.state(clause),
            "excused": clause.excused,
            "todo": clause.todo,
            "code": [self._code(citation) for citation in self._cited.get(clause.name, ())],
            "tests": list(self.evidence.tests.get(clause.name, ())),
            "mutants": self._mutants.get(clause.name, {"mutants": 0, "killed": 0}),
            "autobahn": {
                "coverage": clause.coverage,
                "patterns": list(clause.cases),
                "cases": {case: list(self.verdicts[case]) for case in cases_of(clause, self.verdicts)},
            },
            "rulings": {str(number): self.rulings.get(number, "") for number in clause.rulings},
            "errata": list(clause.errata),
        }

    def _code(self, citation: Citation) -> dict[str, Any]:
        lines = self._lines[citation.path]
        first = min(citation.line, citation.first)
        # The comment and the statement below it; of a long one, as much as a reader sees at a glance.
        last = min(max(citation.last, citation.line), citation.line + _LONGEST)
        return {
            "path": citation.path,
            "line": citation.line,
            "where": citation.where,
            "first": first,
            "text": "\n".join(lines[first - 1 : last]),
        }


_LONGEST = 19
