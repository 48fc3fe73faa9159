"""What the cases are about: Autobahn's groups by name, and the sections of the RFCs that each case exercises."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from conformance.autobahn.cases import case_order, group_of

GROUPS: Final = {
    "1": "Framing",
    "2": "Pings and pongs",
    "3": "Reserved bits",
    "4": "Opcodes",
    "5": "Fragmentation",
    "6": "UTF-8 handling",
    "7": "Close handling",
    "9": "Limits and performance",
    "10": "Automatic fragmentation",
    "12": "Compression: different payloads",
    "13": "Compression: different parameters",
}

# The cases of group 6 whose text is not UTF-8; the other cases of the group are valid and have to be echoed.
_INVALID_UTF8: Final = "6.3-6.4 6.6.1 6.6.3-6.6.4 6.6.6 6.6.8 6.6.10 6.8 6.10 6.11.5 6.12-6.21"
_VALID_UTF8: Final = "6.1-6.2 6.5 6.6.2 6.6.5 6.6.7 6.6.9 6.6.11 6.7 6.9 6.11.1-6.11.4 6.22-6.23"

# Cases 11 to 18 of each compression subgroup send a compressed message in several frames.
_COMPRESSED_FRAGMENTS: Final = " ".join(
    f"{subgroup}.11-{subgroup}.18"
    for subgroup in (*(f"12.{n}" for n in range(1, 6)), *(f"13.{n}" for n in range(1, 8)))
)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an RFC and the cases that exercise it.

    `cases` is a list of spans divided by blanks. A span is the beginning of an id ("9.1" holds 9.1.1 and not 9.10.1)
    or two beginnings of equal length ("5.3-5.8"), both included.
    """

    rfc: str
    number: str
    title: str
    cases: str

    @property
    def name(self) -> str:
        """The section's key in a report, such as "rfc6455-5.2"."""
        return f"{self.rfc}-{self.number}"

    @property
    def url(self) -> str:
        """Where the section can be read."""
        return f"https://www.rfc-editor.org/rfc/{self.rfc}#section-{self.number}"

    def exercised_by(self, case_id: str) -> bool:
        """Whether a case exercises this section."""
        order = case_order(case_id)
        return any(low <= order[: len(low)] <= high for low, high in _spans(self.cases))


SECTIONS: Final = (
    Section("rfc6455", "5.2", "Base Framing Protocol", "1 3 4 9.1-9.2"),
    Section("rfc6455", "5.4", "Fragmentation", "5.3-5.20 6.1.2-6.1.3 6.2.2-6.2.4 7.1.5 9.3-9.4 10.1"),
    Section("rfc6455", "5.5", "Control Frames", "2.5 4.2 5.1-5.2 5.6-5.8 5.19-5.20 7.3.6"),
    Section("rfc6455", "5.5.1", "Close", "7.1 7.3.1-7.3.5 7.5 7.7"),
    Section("rfc6455", "5.5.2", "Ping", "2.1-2.4 2.6 2.9-2.11 5.6-5.8 5.19-5.20 7.1.3"),
    Section("rfc6455", "5.5.3", "Pong", "2.1-2.4 2.6-2.11"),
    Section("rfc6455", "5.6", "Data Frames", f"1 9.1-9.2 {_VALID_UTF8}"),
    Section("rfc6455", "6.2", "Receiving Data", "1.1.8 1.2.8 2.6 2.11 5.5 5.8 9.5-9.8"),
    Section(
        "rfc6455",
        "7.1.7",
        "Fail the WebSocket Connection",
        f"2.5 3 4 5.1-5.2 5.9-5.18 {_INVALID_UTF8} 7.3.2 7.3.6 7.5 7.9",
    ),
    Section("rfc6455", "7.4.1", "Defined Status Codes", "7.7.1-7.7.9 7.9.3-7.9.5"),
    Section("rfc6455", "7.4.2", "Reserved Status Code Ranges", "7.7.10-7.7.13 7.9.1-7.9.2 7.9.6-7.9.9 7.13"),
    Section("rfc6455", "8.1", "Handling Errors in UTF-8-Encoded Data", f"{_INVALID_UTF8} 7.5"),
    Section("rfc7692", "5", "Extension Negotiation", "13.7"),
    Section("rfc7692", "6.2", "Decompression of a message in frames", _COMPRESSED_FRAGMENTS),
    Section("rfc7692", "7.1.1", "Context Takeover Control", "13.2 13.5-13.7"),
    Section("rfc7692", "7.1.2", "Limiting the LZ77 Sliding Window Size", "13.3-13.7"),
    Section("rfc7692", "7.2.1", "Compression", "12 13"),
    Section("rfc7692", "7.2.2", "Decompression", "12 13"),
)


def sections_of(case_id: str) -> tuple[Section, ...]:
    """Give the sections that a case exercises, in the order of the RFCs; empty for an id Autobahn does not have."""
    return tuple(section for section in SECTIONS if section.exercised_by(case_id))


def group_name(group: str) -> str:
    """Name a group; a group that this catalogue does not know is named by its number."""
    return GROUPS.get(group, f"Group {group}")


def by_group(case_ids: Iterable[str]) -> dict[str, list[str]]:
    """Part case ids into their groups, groups and cases in the order of their numbers."""
    groups: dict[str, list[str]] = {}
    for case_id in sorted(case_ids, key=case_order):
        groups.setdefault(group_of(case_id), []).append(case_id)
    return groups


@cache
def _spans(cases: str) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Read a section's list of spans as pairs of id beginnings."""
    pairs = (span.partition("-") for span in cases.split())
    return tuple((case_order(low), case_order(high or low)) for low, _, high in pairs)
