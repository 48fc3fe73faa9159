"""A badge as SVG: one look says whether a MUST is broken."""

from typing import Final
from xml.sax.saxutils import escape

from refws.oracle.report import CONFORMANT, Report
from refws.oracle.verdict import Verdict

__all__ = ["badge"]

_GOOD: Final = "#2d7d56"
_WEAK: Final = "#a8700f"
_BAD: Final = "#b83232"
_VOID: Final = "#5a6068"
_LABEL: Final = "RFC 6455"
_WIDTH: Final = 6.4
"""Of a character, in pixels: near enough, and the text is set to the width."""


def badge(report: Report) -> str:
    """Draw it: red with the number of FAILs, where there is any, grey where nobody could tell, else how many passed.

    A FAIL stays red where it is known and borne with; no percentage hides it.
    """
    words, colour = _message(report)
    left, right = (round(len(text) * _WIDTH) + 12 for text in (_LABEL, words))
    said = escape(f"{_LABEL}: {words}", {'"': "&quot;"})
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{said}">
<title>{said}</title>
<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3c434b"/>\
<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
<text x="{left / 2:g}" y="14" textLength="{left - 12}">{escape(_LABEL)}</text>
<text x="{left + right / 2:g}" y="14" textLength="{right - 12}">{escape(words)}</text>
</g>
</svg>
"""


def _message(report: Report) -> tuple[str, str]:
    counts = report.counts()
    if counts[Verdict.FAIL]:
        return f"{counts[Verdict.FAIL]} FAIL", _BAD
    if report.surprises():
        return "not as expected", _BAD
    if report.exit_code != CONFORMANT:
        return "could not tell", _VOID
    judged = counts[Verdict.PASS] + counts[Verdict.NON_STRICT]
    if counts[Verdict.NON_STRICT]:
        return f"{judged} of {judged} kept, {counts[Verdict.NON_STRICT]} not strictly", _WEAK
    return f"{judged} of {judged} kept", _GOOD
