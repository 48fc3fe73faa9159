"""The page that people read: one HTML file with its style, its script and every case inside; it needs no network.

It needs Jinja2, of the extra ``oracle``.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from refws.clauses.ledger import LEVELS, documents, lookup
from refws.oracle.output.json_output import document_of
from refws.oracle.output.words import MEANING, by_section, finding_of, outcome, section_title, short
from refws.oracle.play import CaseResult
from refws.oracle.report import Report
from refws.oracle.selection import level_of
from refws.oracle.verdict import Verdict

__all__ = ["MissingExtra", "page"]

_FOLDER: Final = Path(__file__).parent
TONES: Final = {
    Verdict.PASS: "good",
    Verdict.NON_STRICT: "weak",
    Verdict.FAIL: "bad",
    Verdict.UNIMPLEMENTED: "void",
    Verdict.INCONCLUSIVE: "info",
    Verdict.NOT_RUN: "void",
    Verdict.HARNESS_ERROR: "info",
}


_TOLD: Final = (
    "title",
    "section",
    "role",
    "clauses",
    "obligation",
    "alias",
    "behaviour",
    "closing",
    "verdict",
    "expected",
    "findings",
    "seen",
    "allowed",
    "seconds",
    "frames",
)
"""What the page shows of a case."""


class MissingExtra(ImportError):
    """What draws the page is not installed; the message says how to install it."""


@dataclass(frozen=True, slots=True)
class _Section:
    """The cases of a section of an RFC."""

    name: str
    number: str
    title: str
    link: str
    results: list[CaseResult]
    counts: list[tuple[Verdict, int]]


@dataclass(frozen=True, slots=True)
class _Fault:
    """A clause, and the cases that got this verdict by it."""

    verdict: Verdict
    clause: dict[str, str]
    results: list[CaseResult]


def page(report: Report) -> str:
    """Draw the page. Raises MissingExtra where Jinja2 is not installed."""
    try:
        import jinja2  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"the page needs {error.name}; install it with: pip install 'refws[oracle]'") from None
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(tone=TONES.__getitem__, short=short)
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    style, script = _read("house.css") + _read("page.css"), _read("page.js")
    return environment.get_template("page.html.j2").render(
        report=report,
        outcome=outcome(report),
        counts=_in_order(report.counts()),
        sections=list(_sections(report)),
        levels=[found for found in LEVELS if found in {level_of(result.case) for result in report.results}],
        meaning=MEANING,
        finding_of=finding_of,
        level_of=level_of,
        tones=TONES,
        faults=_faults(report),
        data=_data(report),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _sections(report: Report) -> Iterator[_Section]:
    for name, results in by_section(report).items():
        counts = Counter(result.verdict for result in results)
        yield _Section(name, short(name), section_title(name), _link(name), results, _in_order(counts))


def _in_order(counts: Counter[Verdict]) -> list[tuple[Verdict, int]]:
    return [(verdict, counts[verdict]) for verdict in MEANING if counts[verdict]]


def _link(section: str) -> str:
    document, _, number = section.partition(":")
    return documents()[document].link(number)


def _faults(report: Report) -> list[_Fault]:
    """What breaks a MUST, or is not strict: a clause, and the cases that show it."""
    found: dict[tuple[Verdict, str], list[CaseResult]] = {}
    for result in report.results:
        finding = finding_of(result)
        if finding is not None and result.verdict in (Verdict.FAIL, Verdict.NON_STRICT):
            found.setdefault((result.verdict, finding.clause), []).append(result)
    worst_first = sorted(found.items(), key=lambda item: (item[0][0] is not Verdict.FAIL, -len(item[1]), item[0][1]))
    return [_Fault(verdict, _clause(clause), results) for (verdict, clause), results in worst_first]


def _clause(name: str) -> dict[str, str]:
    clause = lookup(name)[0]
    section = f"{clause.document}:{clause.section}"
    return {"id": name, "short": short(name), "level": clause.level, "rule": clause.rule, "link": _link(section)}


def _data(report: Report) -> dict[str, Any]:
    """What the page's script reads."""
    results = document_of(report)["results"]
    named = {clause["id"] for result in results for clause in result["clauses"]}
    named |= {finding["clause"] for result in results for finding in result["findings"]}
    return {
        "cases": {result["id"]: {key: result[key] for key in _TOLD} for result in results},
        "clauses": {name: _clause(name) for name in sorted(named)},
        "tones": {verdict.value: tone for verdict, tone in TONES.items()},
        "testee": report.testee.role.value,
    }


def _read(name: str) -> str:
    """A style or script, for a place between tags."""
    return "\n" + (_FOLDER / name).read_text("utf-8")


def _hash(source: str) -> str:
    """Name a source in a Content-Security-Policy: the browser applies this one and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
