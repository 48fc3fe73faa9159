"""What the oracle says of other people's libraries, and where Autobahn says otherwise: ``reports/peers.json``."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from conformance.agreement.differences import Comparison, Ruling
from conformance.failure import HarnessFailure
from conformance.peers.catalogue import Peer
from refws.oracle.report import Report
from refws.oracle.verdict import Verdict

__all__ = ["SCHEMA", "Judged", "judged", "load_judged", "to_json"]

SCHEMA: Final = "refws-peers/1"
_TOLD: Final = (Verdict.FAIL, Verdict.NON_STRICT)


@dataclass(frozen=True, slots=True)
class Judged:
    """One library in one role.

    `sections` counts the oracle's verdicts by the section that a case is about, and `findings` are those of its cases
    that do not pass, by clause: the verdict, the cases, and one sentence. `agreed` is how many of Autobahn's verdicts
    are the oracle's, of `compared`; the rest are in `differences`.
    """

    name: str
    library: str
    role: str
    version: str
    sections: Mapping[str, Mapping[str, int]]
    findings: Sequence[Mapping[str, Any]]
    compared: int
    agreed: int
    differences: Sequence[Mapping[str, Any]]


def judged(peer: Peer, version: str, report: Report, comparison: Comparison) -> Judged:
    """Sum up what was found out about a library."""
    sections: dict[str, Counter[str]] = {}
    for result in report.results:
        sections.setdefault(result.case.section, Counter())[result.verdict.value] += 1
    return Judged(
        peer.name,
        peer.library,
        peer.role,
        version,
        {section: dict(sorted(counts.items())) for section, counts in sorted(sections.items(), key=_by_section)},
        _findings(report),
        comparison.compared,
        comparison.compared - len(comparison.found),
        [asdict(one) for one in comparison.found],
    )


def _by_section(item: tuple[str, object]) -> tuple[str, list[int]]:
    document, _, section = item[0].partition(":")
    return document, [int(part) if part.isdecimal() else 99 for part in section.split(".")]


def _findings(report: Report) -> list[dict[str, Any]]:
    grouped: dict[tuple[str, str], dict[str, Any]] = {}
    for result in report.results:
        for finding in result.findings:
            if finding.verdict in _TOLD:
                entry = grouped.setdefault(
                    (finding.verdict.value, finding.clause),
                    {"verdict": finding.verdict.value, "clause": finding.clause, "cases": [], "why": finding.why},
                )
                if result.case.id not in entry["cases"]:
                    entry["cases"].append(result.case.id)
    return [grouped[key] for key in sorted(grouped)]


def to_json(peers: Iterable[Judged], rulings: Sequence[Ruling]) -> str:
    """Write it all as JSON that is stable under diff: it holds no time, duration, port or path."""
    document = {
        "schema": SCHEMA,
        "peers": [asdict(peer) for peer in peers],
        "rulings": [{"clause": ruling.clause, "why": ruling.why} for ruling in rulings],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def load_judged(path: Path) -> dict[str, Judged]:
    """Read the libraries of a report, by name; none where there is no file. Raises HarnessFailure for anything else."""
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["schema"] != SCHEMA:
            raise HarnessFailure(f"{path}: its schema is {document['schema']!r}, this harness reads {SCHEMA!r}")
        return {entry["name"]: Judged(**entry) for entry in document["peers"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessFailure(f"{path}: not a report on peers ({type(error).__name__}: {error})") from error
