"""The 517 cases of Autobahn Testsuite 25.10.1, so that one that is absent from a report is noticed."""

from typing import Final

SUITE_NAME: Final = "autobahntestsuite"
SUITE_VERSION: Final = "25.10.1"

# Every subgroup numbers its cases from 1 without a gap, so a length says it all.
_CASES_IN_SUBGROUP: Final = {
    **{"1.1": 8, "1.2": 8, "2": 11, "3": 7, "4.1": 5, "4.2": 5, "5": 20},
    **{"6.1": 3, "6.2": 4, "6.3": 2, "6.4": 4, "6.5": 5, "6.6": 11, "6.7": 4, "6.8": 2, "6.9": 4, "6.10": 3},
    **{"6.11": 5, "6.12": 8, "6.13": 5, "6.14": 10, "6.15": 1, "6.16": 3, "6.17": 5, "6.18": 5, "6.19": 5},
    **{"6.20": 7, "6.21": 8, "6.22": 34, "6.23": 7},
    **{"7.1": 6, "7.3": 6, "7.5": 1, "7.7": 13, "7.9": 9, "7.13": 2},
    **{"9.1": 6, "9.2": 6, "9.3": 9, "9.4": 9, "9.5": 6, "9.6": 6, "9.7": 6, "9.8": 6, "10.1": 1},
    **{f"12.{n}": 18 for n in range(1, 6)},
    **{f"13.{n}": 18 for n in range(1, 8)},
}

ALL_CASES: Final = tuple(f"{group}.{n}" for group, size in _CASES_IN_SUBGROUP.items() for n in range(1, size + 1))

# Groups 1 to 10, the protocol itself; 12 and 13 are about compression.
_COMPRESSION: Final = tuple(case for case in ALL_CASES if case.startswith(("12.", "13.")))
CORE: Final = tuple(case for case in ALL_CASES if case not in _COMPRESSION)

# What a run that has to be short takes: groups 1 to 10 whole, and every fourth case of 12 and 13.
SAMPLE: Final = (*CORE, *_COMPRESSION[::4])

# Autobahn judges nobody by these: whoever it is, they are INFORMATIONAL.
UNJUDGED: Final = frozenset({"7.1.6", "7.13.1", "7.13.2"})


def case_order(case_id: str) -> tuple[int, ...]:
    """Give the key that sorts case ids as numbers: 6.9.1 before 6.10.1.

    Raises ValueError when an element of the id is not a decimal number.
    """
    return tuple(int(part) for part in case_id.split("."))


def group_of(case_id: str) -> str:
    """Give the group a case belongs to: the first number of its id."""
    return case_id.partition(".")[0]
