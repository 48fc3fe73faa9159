"""Which clauses the liars break, which need none of their own, and why."""

from collections.abc import Iterable
from typing import Final

from conformance.liars.liar import Liar
from refws.clauses.ledger import Clause, documents
from refws.oracle.referee.same import SAME
from refws.oracle.verdict import Role

__all__ = ["EXEMPT", "SHOWN_BY", "bound_roles", "due", "uncovered"]

SHOWN_BY: Final[dict[str, tuple[str, ...]]] = {
    "rfc6455:3-p11-s2": ("rfc6455:3-p11-s1",),
    "rfc6455:4.1-p4-s1": ("rfc6455:4.1-p4-s2",),
    "rfc6455:4.1-p38-s2": ("rfc6455:4.1-p40-s1", "rfc6455:4.1-p41-s1", "rfc6455:4.1-p42-s1"),
    "rfc6455:4.2.2-p1-s1": ("rfc6455:4.2.2-p12-s1",),
    "rfc6455:4.2.2-p11-s2": ("rfc6455:4.2.2-p11-s5",),
    "rfc6455:5.8-p1-s2": ("rfc6455:5.2-p6-s1",),
    "rfc6455:6.1-p1-s1": ("rfc6455:6.1-p4-s1", "rfc6455:6.1-p5-s1", "rfc6455:6.1-p8-s1"),
    "rfc6455:6.2-p1-s2": ("rfc6455:5.2-p8-s2", "rfc6455:6.2-p1-s4", "rfc6455:6.2-p1-s9"),
    "rfc6455:6.2-p1-s3": ("rfc6455:5.5.1-p5-s1", "rfc6455:5.5.2-p3-s1"),
    "rfc6455:9-p1-s3": ("rfc7692:7.1.2.1-p6-s2", "rfc7692:7.1.2.1-p1-s2"),
    "rfc6455:9.1-p7-s3": ("rfc6455:5.2-p6-s1",),
    "rfc6455:10.7-p1-s1": ("rfc6455:5.2-p6-s2", "rfc6455:5.2-p8-s2", "rfc6455:8.1-p1-s1"),
    "rfc6455:11.1.2-p8-s1": ("rfc6455:11.1.1-p8-s1",),
    "rfc6455:11.1.2-p9-s1": ("rfc6455:11.1.1-p9-s1",),
    "rfc7692:5-p5-s4": ("rfc7692:5-p16-s1",),
    "rfc7692:6.1-p1-s1": ("rfc7692:6-p2-s2",),
    "rfc7692:6.1-p6-s1": ("rfc7692:7.2.1-p2-s1",),
    "rfc6455:4.2.2-p12-s1": (
        "rfc6455:4.2.2-p14-s1",
        "rfc6455:4.2.2-p15-s1",
        "rfc6455:4.2.2-p16-s1",
        "rfc6455:4.2.2-p16-s2",
    ),
    "rfc6455:4.2.2-p10-s4": ("rfc6455:4.2.2-p10-s3", "rfc6455:4.2.2-p10-s5"),
    "rfc6455:5.3-p3-s2": ("rfc6455:5.3-p3-s1",),
    "rfc6455:10.3-p4-s1": ("rfc6455:5.3-p3-s1",),
    "rfc6455:6.1-p4-s1": ("rfc6455:5.4-p5-s1",),
    "rfc6455:9.1-p7-s2": ("rfc7692:7-p4-s1",),
    "rfc7692:7.1.2.2-p1-s3": ("rfc7692:7.1.2.2-p2-s1",),
    "rfc7692:7.1.2.2-p7-s1": ("rfc7692:7.1.3-p3-s1",),
    "rfc7692:7.2.2-p7-s3": ("rfc7692:7.2.1-p14-s1",),
    "rfc7692:7.2.1-p10-s3": ("rfc7692:7.2.1-p2-s1",),
}
"""Clause -> those that the oracle blames where it is broken, for they say the same, or a part of it, or what shows.

What the referee knows of that (`refws.oracle.referee.same`) is not repeated.
"""

_DOCUMENTS: Final = ("rfc6455", "rfc7692")
"""What the liars speak; over HTTP/2 there are others, in the oracle's own tests."""
_PASSED_ON: Final = "binds who passes messages on between two peers"
_AT_ONCE: Final = "whoever judges clients asks for one connection at a time"
_NO_CLIENT: Final = "who sends no handshake cannot be told from a connection that came to nothing"

EXEMPT: Final[dict[str, str]] = {
    "rfc6455:4.1-p3-s1": _NO_CLIENT,
    "rfc6455:4.1-p21-s1": _NO_CLIENT,
    "rfc6455:4.1-p5-s1": _AT_ONCE,
    "rfc6455:4.1-p5-s2": _AT_ONCE,
    "rfc6455:4.1-p5-s3": _AT_ONCE,
    "rfc6455:4.1-p6-s1/1": "it is about clients behind a proxy, which the judge is not",
    "rfc6455:4.1-p18-s1": "of a connection that cannot be opened there is nothing to see",
    "rfc6455:4.1-p31-s1": "whether a client is a browser does not show",
    "rfc6455:5.4-p14-s1": _PASSED_ON,
    "rfc6455:5.4-p15-s1": _PASSED_ON,
    "rfc6455:5.4-p16-s1": _PASSED_ON,
    "rfc6455:5.4-p16-s2": _PASSED_ON,
    "rfc6455:6.1-p2-s1 server": "what a server sends before its answer is no frame, but a broken answer (4.2.2-p12-s1)",
    "rfc6455:6.1-p3-s1": "octets outside a frame are read as frames, with whatever is then wrong in them",
    "rfc6455:7.2.2-p1-s2": "no clause says how long a server may wait, so that silence alone breaks none",
    "rfc6455:9.1-p7-s1": "which extensions there are, a registry says",
    "rfc6455:9.1-p7-s2 client": "a parameter may be defined later than the judge; servers decline it",
    "rfc6455:10.4-p1-s1": "no clause says which size is too much",
    "rfc6455:10.6-p1-s2/1": "who has no TLS cannot be talked to at wss, and at ws needs none",
    "rfc6455:11.3.2-p9-s2": "erratum 3433 lets the field be repeated",
    "rfc6455:11.3.3-p9-s1 client": "where both fields are right, no clause tells a client to refuse them",
    "rfc7692:5-p1-s1": "an offer is the extension's name in that field; without it there is none",
    "rfc7692:5-p3-s7": "how large a client's window is does not show; where it says nothing, it is 32 KiB",
    "rfc7692:7.2.1-p9-s1": "inflaters, the judge's among them, leave the padding unread",
    "rfc7692:7.2.1-p11-s1": "DEFLATE cannot write a larger distance",
}
"""Clause, maybe with a role -> why no endpoint in sight of a judge can break it."""


def due() -> list[tuple[Clause, Role]]:
    """Every capital MUST and MUST NOT of RFC 6455 and RFC 7692 that a peer can see, in each role that it binds."""
    return [
        (clause, role)
        for document in map(documents().__getitem__, _DOCUMENTS)
        for clause in document.clauses.values()
        if clause.is_wire_visible_must
        for role in bound_roles(clause)
    ]


def bound_roles(clause: Clause) -> list[Role]:
    """The roles that a clause binds."""
    roles = [role for role in (Role.SERVER, Role.CLIENT) if {role.value, "both"} & set(clause.who)]
    return roles or [Role.CLIENT if "browser" in clause.who else Role.SERVER]


def uncovered(liars: Iterable[Liar]) -> list[tuple[Clause, Role]]:
    """The clauses that are due, and have neither a liar nor a reason."""
    broken = {(clause, liar.role) for liar in liars for clause in _with_restated(liar.clause)}
    return [
        (clause, role)
        for clause, role in due()
        if (clause.name, role) not in broken and not {clause.name, f"{clause.name} {role}"} & EXEMPT.keys()
    ]


def _with_restated(clause: str) -> set[str]:
    """A clause, and those that are broken with it."""
    found = {clause, *SAME.get(clause, ())}
    found.update(general for general, parts in SHOWN_BY.items() if clause in parts)
    return found
