"""Words that every form of output uses: what the testee said, made harmless; sections, verdicts and counts in words."""

from collections.abc import Mapping
from typing import Final

from refws.clauses.ledger import documents
from refws.oracle.play import CaseResult
from refws.oracle.report import CONFORMANT, VIOLATIONS, Report
from refws.oracle.verdict import Finding, Verdict

__all__ = ["MEANING", "by_section", "counted", "finding_of", "harmless", "outcome", "section_title", "short"]

MEANING: Final[Mapping[Verdict, str]] = {
    Verdict.PASS: "What was seen is among what the clause allows.",
    Verdict.NON_STRICT: "Allowed by the letter, but not what a SHOULD, or the reading in docs/rulings.md, asks for.",
    Verdict.FAIL: "A MUST or a MUST NOT is broken.",
    Verdict.UNIMPLEMENTED: "The testee does not do something optional, such as an extension.",
    Verdict.INCONCLUSIVE: "What was seen says neither: the echo that comes first already went wrong, for example.",
    Verdict.NOT_RUN: "The case was not played: the testee was not there, or an echo cannot show it.",
    Verdict.HARNESS_ERROR: "The oracle itself went wrong. Please report it.",
}
"""What a reader has to know of each verdict, the usual ones first."""


def harmless(text: str) -> str:
    """Text that may be a testee's, with nothing in it that a terminal or an XML parser would stumble over."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def short(name: str) -> str:
    """A clause or a section of RFC 6455 without its document, any other with it."""
    first = next(iter(documents()))
    return name.removeprefix(f"{first}:")


def section_title(section: str) -> str:
    """The title of a section in its RFC; empty where it has none."""
    document, _, number = section.partition(":")
    return documents()[document].sections.get(number, "")


def finding_of(result: CaseResult) -> Finding | None:
    """The finding that made the verdict what it is; None for a PASS."""
    return next((finding for finding in result.findings if finding.verdict is result.verdict), None)


def counted(report: Report) -> str:
    """How many cases have each verdict that occurs, the worst last: ``500 PASS, 3 FAIL``."""
    counts = report.counts()
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in MEANING if counts[verdict]) or "no case"


def outcome(report: Report) -> str:
    """The verdict on the testee in a few words."""
    counts = report.counts()
    if report.exit_code == CONFORMANT:
        known = sum(map(report.is_known, report.results))
        return f"conformant but for {known} known" if known else "conformant"
    if report.exit_code == VIOLATIONS:
        surprises = len(report.surprises())
        fails = [f"{counts[Verdict.FAIL]} FAIL"] if counts[Verdict.FAIL] else []
        unexpected = [f"{surprises} not as expected"] if surprises else []
        return f"not conformant: {', '.join([*fails, *unexpected])}"
    if report.interrupted:
        return f"could not tell: {report.interrupted}"
    open_ones = (Verdict.HARNESS_ERROR, Verdict.INCONCLUSIVE, Verdict.NOT_RUN)
    found = [f"{counts[verdict]} {verdict}" for verdict in open_ones if counts[verdict]]
    return f"could not tell: {', '.join(found) or 'nothing was judged'}"


def by_section(report: Report) -> dict[str, list[CaseResult]]:
    """The results by the section that the case is about, in the order of the RFCs."""
    order = list(documents())
    found: dict[str, list[CaseResult]] = {}
    for result in report.results:
        found.setdefault(result.case.section, []).append(result)

    def place(section: str) -> tuple[int, list[tuple[bool, int, str]]]:
        document, _, number = section.partition(":")
        parts = [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in number.split(".")]
        return order.index(document), parts

    return {section: found[section] for section in sorted(found, key=place)}
