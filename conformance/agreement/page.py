"""``reports/peers.html``: a matrix of libraries and sections, dated by version, without a rank."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from conformance.agreement.differences import Difference, Ruling, ruling_on
from conformance.agreement.report import Judged
from conformance.publish.template import environment, source_hash, stylesheet
from refws.clauses.ledger import documents, lookup
from refws.version import __version__

__all__ = ["render"]

_HERE: Final = Path(__file__).parent
_TONES: Final = {
    "PASS": "good",
    "NON-STRICT": "weak",
    "FAIL": "bad",
    "UNIMPLEMENTED": "void",
    "INCONCLUSIVE": "info",
    "NOT-RUN": "void",
    "HARNESS-ERROR": "bad",
}
_WORST_FIRST: Final = ("FAIL", "HARNESS-ERROR", "INCONCLUSIVE", "NON-STRICT", "UNIMPLEMENTED", "NOT-RUN", "PASS")


def render(peers: Sequence[Judged], rulings: Sequence[Ruling]) -> str:
    """Render the report as one page that needs no network."""
    style = stylesheet(_HERE)
    templates = environment(_HERE)
    templates.filters |= {"tone": _TONES.__getitem__, "link": _link, "level": _level, "title": _title}
    return templates.get_template("page.html.j2").render(
        peers=peers,
        roles=[_in_role(role, peers) for role in ("server", "client")],
        worst=_worst,
        rulings=rulings,
        by_ruling=_by_ruling(peers, rulings),
        version=__version__,
        style=style,
        style_hash=source_hash(style),
    )


def _in_role(role: str, peers: Sequence[Judged]) -> tuple[str, list[Judged], list[str]]:
    """A role, who plays it, and the sections by which they were judged."""
    members = sorted((peer for peer in peers if peer.role == role), key=lambda peer: peer.library.casefold())
    return role, members, _sections(members)


def _sections(peers: Sequence[Judged]) -> list[str]:
    found = {section for peer in peers for section in peer.sections}
    known = [f"{document.name}:{section}" for document in documents().values() for section in document.sections]
    return [section for section in known if section in found]


def _worst(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The verdicts of a cell, the worst first."""
    return [(verdict, counts[verdict]) for verdict in _WORST_FIRST if verdict in counts]


def _by_ruling(peers: Sequence[Judged], rulings: Sequence[Ruling]) -> list[dict[str, list[str]]]:
    """For each ruling what it is about: the two words, and where they were said."""
    grouped: list[dict[str, list[str]]] = [{} for _ in rulings]
    for peer in peers:
        for one in (Difference(**entry) for entry in peer.differences):
            ruling = ruling_on(one, rulings)
            if ruling is not None:
                what = f"{one.aspect}: Autobahn {one.autobahn}, the oracle {one.oracle}"
                grouped[rulings.index(ruling)].setdefault(what, []).append(f"{one.testee} {one.case}")
    return grouped


def _link(clause: str) -> str:
    found = lookup(clause)[0]
    return documents()[found.document].link(found.section)


def _level(clause: str) -> str:
    return lookup(clause)[0].level


def _title(section: str) -> str:
    document, _, number = section.partition(":")
    return documents()[document].sections[number]
