"""Whether masking keys look as if they were drawn at random (section 5.3): statistics, with their odds.

Each test gives the probability that keys which are drawn at random come out as odd as these did, or an upper bound of
it. A testee that draws at random is thus blamed no more often than that; keys that pass may still be predictable, by a
generator that is no cryptographic one, or by the same seed for each connection.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

__all__ = ["ENOUGH", "Oddity", "oddities"]

ENOUGH: Final = 96
"""Keys that are needed: of fewer, an affine relation would say too little."""
_ALL: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd about keys, and the probability that random ones are as odd; `again` where keys were used again."""

    what: str
    probability: float
    again: bool = False


def oddities(keys: Sequence[bytes]) -> list[Oddity]:
    """What is odd about masking keys of four octets, in the order in which they were used; the least probable first.

    The probabilities count that several tests are made (Bonferroni).
    """
    found = [oddity for oddity in _tests(keys) if oddity is not None]
    all_of_them = [replace(one, probability=min(1.0, one.probability * _TESTS)) for one in found]
    return sorted(all_of_them, key=lambda one: one.probability)


_TESTS: Final = 7


def _tests(keys: Sequence[bytes]) -> Iterator[Oddity | None]:
    big = [int.from_bytes(key, "big") for key in keys]
    little = [int.from_bytes(key, "little") for key in keys]
    repeated = _repeats(big, "keys are repeated")
    yield replace(repeated, again=True) if repeated else None
    for numbers, order in ((big, "most significant"), (little, "least significant")):
        steps = [(new - old) % _ALL for old, new in pairwise(numbers)]
        yield _repeats(steps, f"steps from one key to the next, {order} octet first, are repeated")
        yield _narrow(steps, f"steps from one key to the next, {order} octet first, are all small")
    differences = [new ^ old for old, new in pairwise(big)]
    yield _repeats(differences, "differences (XOR) of a key and the next are repeated")
    yield _affine(big)


def _repeats(numbers: Sequence[int], what: str) -> Oddity | None:
    """Number i is one of those before it with a probability of at most i/2^32, whatever they are.

    So at least k do with at most (sum of i/2^32)^k / k!. Steps and differences of random keys are random numbers, too.
    """
    repeats = len(numbers) - len(set(numbers))
    if not repeats:
        return None
    expected = len(numbers) * (len(numbers) - 1) / 2 / _ALL
    logarithm = repeats * math.log(expected) - math.lgamma(repeats + 1)
    return Oddity(f"{repeats} of {len(numbers)} {what}", math.exp(min(0.0, max(logarithm, -700.0))))


def _narrow(steps: Sequence[int], what: str) -> Oddity | None:
    """The widest step says that all are within it: (widest + 1)/2^32 for each."""
    widest = max(steps, default=_ALL - 1)
    probability = ((widest + 1) / _ALL) ** len(steps)
    return Oddity(f"{what}: {widest} is the widest of {len(steps)}", probability) if probability < 1e-3 else None


def _affine(keys: Sequence[int]) -> Oddity | None:
    """Bits of the key that depend on each other, such as a bit that never changes, or octets that are the same.

    Of the 2^32-1 relations between bits, each holds for n random keys with a probability of 2^(1-n).
    """
    basis: list[int] = []
    for key in keys[1:]:
        rest = key ^ keys[0]
        for vector in basis:
            rest = min(rest, rest ^ vector)
        if rest:
            basis.append(rest)
    if len(basis) == 32 or len(keys) < ENOUGH:
        return None
    what = f"only {len(basis)} of the 32 bits of {len(keys)} keys change independently of each other"
    return Oddity(what, 2.0 ** (33 - len(keys)))
