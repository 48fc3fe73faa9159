"""How much is measured, of whom, and in which order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Plan"]

T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """`rounds` samples of everything; `quick` makes each of them smaller. `progress` is told what goes on."""

    contestants: tuple[str, ...]
    rounds: int
    quick: bool
    progress: Callable[[str], object]

    def in_turn(self, contestants: Sequence[T], number: int) -> Sequence[T]:
        """All contestants, each round beginning with another: nobody always comes behind the same one."""
        first = number % len(contestants)
        return [*contestants[first:], *contestants[:first]]

    def tell(self, what: str, number: int) -> None:
        """Say what is measured now, in which round."""
        self.progress(f"round {number + 1} of {self.rounds}: {what}")
