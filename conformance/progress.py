"""What a person sees while cases run: a bar on a terminal, a line per shard elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from conformance.judge import Shard


class ShardProgress:
    """Shows how far the shards of one testee are, as a context manager; its methods may be called from any thread."""

    def __init__(self, console: Console, shards: Sequence[Shard]) -> None:
        self._console = console
        self._totals = {shard.name: len(shard.cases) for shard in shards}
        self._bars: dict[str, TaskID] = {}
        self._began = time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._live = Progress(*columns, console=console, disable=not console.is_terminal)

    def __enter__(self) -> Self:
        self._live.start()
        self._bars = {name: self._live.add_task(name, total=total) for name, total in self._totals.items()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def advance(self, name: str, finished: int) -> None:
        """Show how many cases of a shard have finished."""
        self._live.update(self._bars[name], completed=finished)

    def shard_ended(self, name: str, outcome: str) -> None:
        """Say in a line, where there is no bar, how a shard ended."""
        if not self._console.is_terminal:
            self._console.print(f"{name}: {outcome} ({time.monotonic() - self._began:.1f} s)", highlight=False)
