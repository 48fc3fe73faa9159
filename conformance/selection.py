"""Which cases a person asked for: anchored patterns over case ids."""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from conformance.autobahn.cases import ALL_CASES, SAMPLE, group_of

_PATTERN: Final = re.compile(r"[0-9.*]+")
_GROUPS: Final = re.compile(r"(\d+)-(\d+)")


class UnknownCases(ValueError):
    """A pattern that matches no case; the message says so and suggests what was perhaps meant."""


def select(wanted: Iterable[str], unwanted: Iterable[str] = ()) -> tuple[str, ...]:
    """Give the ids that match a pattern of `wanted` (none: all cases) and none of `unwanted`, in the suite's order.

    Each text holds one or more patterns, separated by commas: an id (5.19), an id with `*` for any rest of it (5.*,
    7.1.*, which is not 7.13.1), a range of groups (1-10), or the word "sample" (groups 1-10 and every fourth case of 12
    and 13). Raises UnknownCases when a pattern matches no case, and
    when nothing is left.
    """
    included = _matching(wanted) or set(ALL_CASES)
    cases = tuple(case for case in ALL_CASES if case in included - _matching(unwanted))
    if not cases:
        raise UnknownCases("no case is left: every case that is wanted is excluded too")
    return cases


def _matching(texts: Iterable[str]) -> set[str]:
    patterns = [part.strip() for text in texts for part in text.split(",")]
    return {case for pattern in patterns for case in _cases_of(pattern)}


def _cases_of(pattern: str) -> Sequence[str]:
    cases: Sequence[str] = ()
    if pattern == "sample":
        cases = SAMPLE
    elif (groups := _GROUPS.fullmatch(pattern)) is not None:
        cases = [case for case in ALL_CASES if int(groups[1]) <= int(group_of(case)) <= int(groups[2])]
    elif _PATTERN.fullmatch(pattern) is not None:
        regex = re.compile(re.escape(pattern).replace(r"\*", ".*"))
        cases = [case for case in ALL_CASES if regex.fullmatch(case)]
    if not cases:
        raise UnknownCases(f"no case matches {pattern!r}; {_suggestion(pattern)}")
    return cases


def _suggestion(pattern: str) -> str:
    folders = {f"{case.rsplit('.', 1)[0]}.*" for case in ALL_CASES} | {f"{group_of(case)}.*" for case in ALL_CASES}
    if f"{pattern}.*" in folders:
        return f"did you mean {pattern}.*?"
    close = difflib.get_close_matches(pattern, sorted(folders) + list(ALL_CASES), n=3)
    return f"did you mean {' or '.join(close)}?" if close else "the groups are 1 to 7, 9, 10, 12 and 13, as in 5.*"
