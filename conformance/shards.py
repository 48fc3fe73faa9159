"""Cases dealt out to several wstest processes, so that each takes about as long as the others."""

from collections.abc import Sequence
from typing import Final

from conformance.autobahn.cases import case_order

# Seconds a case takes beyond the usual few milliseconds, by the beginning of its id; the longest that fits counts.
_COSTS: Final = {
    "": 0.005,
    **{"5.19.": 1.0, "5.20.": 1.0, "6.4.": 1.0},
    **{"9.": 0.1, "9.3.1.": 0.6, "9.4.1.": 0.6, "9.5.1.": 0.6, "9.6.1.": 0.6},
    **{"9.1.6.": 0.3, "9.2.6.": 0.3, "9.7.6.": 0.3, "9.8.6.": 0.3},
    **{"12.": 1.0, "13.": 1.0},
}


def deal(cases: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """Deal the cases out to at most `count` shards, none empty, each in the suite's order.

    The dearest cases go first, each to the shard that has least to do. `count` is at least 1.
    """
    shards: list[list[str]] = [[] for _ in range(min(count, len(cases)))]
    loads = [0.0] * len(shards)
    for case in sorted(cases, key=lambda case: (-cost_s(case), case_order(case))):
        lightest = loads.index(min(loads))
        shards[lightest].append(case)
        loads[lightest] += cost_s(case)
    return [tuple(sorted(shard, key=case_order)) for shard in shards]


def cost_s(case: str) -> float:
    """Estimate how many seconds a case takes with a testee that is quick and correct."""
    prefixes = [f"{case}."[:end] for end in range(len(case) + 1, 0, -1)]
    return next((_COSTS[prefix] for prefix in prefixes if prefix in _COSTS), _COSTS[""])
