"""The report on the proof: what became of each liar, which clauses are covered, and that no eccentric was failed.

It holds no time, duration, port or random octet: two runs that were judged the same give the same octets.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from conformance.liars.autobahn import Told
from conformance.liars.coverage import EXEMPT, SHOWN_BY, due
from conformance.liars.matrix import Fate
from conformance.publish.template import environment, source_hash, stylesheet
from refws.clauses.ledger import documents
from refws.oracle.referee.same import SAME

__all__ = ["SCHEMA", "Survey", "describe", "not_conformant", "page", "to_json", "worse"]

SCHEMA: Final = "refws-liars/1"

Survey = dict[str, Any]
"""The report, as its JSON has it."""

_SOURCES: Final = Path(__file__).parent


def describe(fates: Iterable[Fate], eccentrics: Mapping[str, list[str]], told: Told) -> Survey:
    """What came out: of liars, of eccentrics (the failures of each, if any), and what Autobahn says of them."""
    liars = {fate.liar.name: _liar(fate, told.liars.get(fate.liar.name, "")) for fate in fates}
    return {
        "schema": SCHEMA,
        "liars": liars,
        "clauses": _clauses(liars),
        "eccentrics": dict(eccentrics),
        "honest": dict(told.honest),
    }


def _liar(fate: Fate, autobahn: str) -> dict[str, Any]:
    liar = fate.liar
    first = fate.caught[0] if fate.caught else None
    return {
        "clause": liar.clause,
        "level": liar.record.level,
        "role": liar.role.value,
        "fault": liar.fault,
        "caught": not fate.survived,
        "blamed": fate.is_blamed_rightly,
        "case": first.case if first else "",
        "finding": first.finding.clause if first else "",
        "autobahn": autobahn,
    }


def _clauses(liars: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Each clause that is due, by role: its liars, those of the clauses that show it, or the reason for none."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for clause, role in due():
        own = [name for name, one in liars.items() if (one["clause"], one["role"]) == (clause.name, role)]
        parts = {*SHOWN_BY.get(clause.name, ()), *(said for said, others in SAME.items() if clause.name in others)}
        others = [name for name, one in liars.items() if one["clause"] in parts and one["role"] == role]
        entry: dict[str, Any] = {"liars": own or others}
        if others and not own:
            entry["shown_by"] = sorted({liars[name]["clause"] for name in others})
        reason = EXEMPT.get(clause.name) or EXEMPT.get(f"{clause.name} {role}")
        if reason and not own:
            entry = {"liars": [], "exempt": reason}
        found.setdefault(clause.name, {})[role.value] = entry
    return found


def to_json(survey: Survey) -> str:
    """The report as JSON, in the order of the clauses: `page` draws the same from it."""
    return json.dumps(survey, indent=1, ensure_ascii=False) + "\n"


def worse(old: Survey, new: Survey) -> list[str]:
    """What is worse than before, a line each."""
    lines = []
    for name, before in old["liars"].items():
        after = new["liars"].get(name)
        if after is None:
            lines.append(f"{name} is gone")
        elif before["caught"] and not after["caught"]:
            lines.append(f"{name} was caught, and now survives")
        elif before["blamed"] and not after["blamed"]:
            lines.append(f"{name} was blamed rightly, and now is not")
    lines += [f"the eccentric {name} is gone" for name in old["eccentrics"] if name not in new["eccentrics"]]
    return lines


def not_conformant(survey: Survey) -> list[str]:
    """What Autobahn minds of the honest endpoint, a line for each role."""
    return [
        f"Autobahn does not find the honest {role} conformant: {standing}"
        for role, standing in survey["honest"].items()
        if not {verdict for verdicts in standing.values() for verdict in verdicts} <= {"OK", "INFORMATIONAL"}
    ]


def page(survey: Survey) -> str:
    """The report as one HTML page that needs no network."""
    style = stylesheet(_SOURCES)
    told = [one["autobahn"] for one in survey["liars"].values() if one["autobahn"]]
    rules = {clause.name: clause.rule for document in documents().values() for clause in document.clauses.values()}
    links = {
        clause.name: document.link(clause.section)
        for document in documents().values()
        for clause in document.clauses.values()
    }
    # The liars come in the order of the clauses, and stay in it.
    return (
        environment(_SOURCES)
        .get_template("page.html.j2")
        .render(
            survey=survey,
            groups=[(clause, list(members)) for clause, members in groupby(survey["liars"].items(), _clause_of)],
            style=style,
            style_hash=source_hash(style),
            rules=rules,
            links=links,
            autobahn={notice: told.count(notice) for notice in sorted(set(told))},
        )
    )


def _clause_of(liar: tuple[str, dict[str, Any]]) -> str:
    return str(liar[1]["clause"])
