"""RFC 7692, sections 7.1 and 7.2, in volume: what Autobahn plays in its groups 12 (payloads) and 13 (parameters).

The sizes, the fragments, the offers and what is agreed to are Autobahn's; the payloads are of the same kinds, and made
here. Autobahn sends a thousand messages in each case, each once the one before has come back. Here they follow one
another, and a case has enough after 1 MiB, or a thousand messages where that is less; with `Volume.full` it is a
thousand of every size.
"""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import BOTH, Case
from refws.oracle.deflating import clauses
from refws.oracle.expect import Allowed, GoesOn
from refws.oracle.opening import Opening
from refws.oracle.payloads import KINDS
from refws.oracle.verdict import Verdict
from refws.oracle.volumes import Volume
from refws.oracle.wire.permessage import NAME

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

KIB: Final = 1024
SIZES: Final = (
    *((size, 0) for size in (16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB)),
    *((size, 256) for size in (8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB)),
    *((128 * KIB, fragment) for fragment in (KIB, 4 * KIB, 32 * KIB)),
)
"""(octets, or characters of text, in a message; compressed octets in a fragment, or 0), in Autobahn's order."""

HINTS: Final = f"{NAME}; client_no_context_takeover; client_max_window_bits"
PARAMETERS: Final = (
    ("defaults", HINTS, NAME),
    ("no-takeover", f"{HINTS}; server_no_context_takeover", f"{NAME}; client_no_context_takeover"),
    ("window-9", f"{HINTS}; server_max_window_bits=9", f"{NAME}; client_max_window_bits=9"),
    ("window-15", f"{HINTS}; server_max_window_bits=15", f"{NAME}; client_max_window_bits=15"),
    (
        "no-takeover-window-9",
        f"{HINTS}; server_no_context_takeover; server_max_window_bits=9",
        f"{NAME}; client_no_context_takeover; client_max_window_bits=9",
    ),
    (
        "no-takeover-window-15",
        f"{HINTS}; server_no_context_takeover; server_max_window_bits=15",
        f"{NAME}; client_no_context_takeover; client_max_window_bits=15",
    ),
    (
        "three-offers",
        f"{HINTS}; server_no_context_takeover; server_max_window_bits=9, {HINTS}; server_no_context_takeover, {HINTS}",
        f"{NAME}; client_no_context_takeover; client_max_window_bits=9, {NAME}; client_no_context_takeover, {NAME}",
    ),
)
"""(a name, what a client offers, what a server agrees to in its order of preference), in Autobahn's order."""

CLAUSES: Final = clauses(
    "6.2-p1-s1 6.2-p2-s1 6.2-p3-s1 6-p3-s3 7.2.2-p1-s1 5-p16-s1 6.1-p1-s1 6.1-p2-s1 7.2.1-p1-s1 7.2.1-p2-s1 "
    "7-p9-s2 7-p9-s3"
)
ALL_BACK: Final = (Allowed(Verdict.PASS, GoesOn(None, None), "each message came back octet by octet"),)


def _case(name: str, title: str, stimulus: Volume, opening: Opening, alias: str) -> Case:
    fragments = f"-in-fragments-of-{stimulus.fragment}" if stimulus.fragment else ""
    size = f"{name}-of-{stimulus.size}{fragments}"
    long = title + (f", in fragments of {stimulus.fragment} octets" if stimulus.fragment else "")
    return Case(f"7692:{size}", long, CLAUSES, stimulus, ALL_BACK, BOTH, opening=opening, alias=alias, slow=True)


def _by_payload() -> Iterator[Case]:
    opening = Opening(HINTS, accepts=NAME)
    for group, kind in enumerate(KINDS, 1):
        for number, (size, fragment) in enumerate(SIZES, 1):
            stimulus = Volume(CLAUSES[0], kind, size, fragment)
            title = f"many compressed messages of {size} each, like {kind}"
            yield _case(f"7.2.2/{kind}", title, stimulus, opening, f"12.{group}.{number}")


def _by_parameters() -> Iterator[Case]:
    for group, (name, offers, accepts) in enumerate(PARAMETERS, 1):
        for number, (size, fragment) in enumerate(SIZES, 1):
            stimulus = Volume(CLAUSES[0], "json", size, fragment)
            title = f"many compressed messages of {size} each, with {name.replace('-', ' ')}"
            opening = Opening(offers, accepts=accepts)
            yield _case(f"7.1/{name}", title, stimulus, opening, f"13.{group}.{number}")


CASES: tuple[Case, ...] = (*_by_payload(), *_by_parameters())
