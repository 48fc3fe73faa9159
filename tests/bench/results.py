"""What was measured: tables for a person, JSON for a program."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contestants import BASELINE
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["Result", "markdown", "show", "show_losses"]


@dataclass
class Result:
    """The samples of one measurement by case and contestant; None where a contestant cannot be measured."""

    title: str
    unit: str
    note: str = ""
    more_is_better: bool = False
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, case: str, contestant: str, value: float) -> None:
        """Keep one sample."""
        self.samples.setdefault(case, {}).setdefault(contestant, []).append(value)

    def times_the_baseline(self, case: str, contestant: str) -> float | None:
        """How many times better than websockets, by the medians; below 1 is worse."""
        cells = self.samples[case]
        if BASELINE not in cells or contestant not in cells:
            return None
        baseline, own = statistics.median(cells[BASELINE]), statistics.median(cells[contestant])
        worse, better = (own, baseline) if self.more_is_better else (baseline, own)
        return worse / better if better > 0 else None

    def to_json(self) -> dict[str, Any]:
        """Everything, with the samples in their order."""
        return {
            "title": self.title,
            "unit": self.unit,
            "more_is_better": self.more_is_better,
            "cases": {
                case: {name: self._cell_to_json(case, name) for name in cells} for case, cells in self.samples.items()
            },
        }

    def _cell_to_json(self, case: str, name: str) -> dict[str, Any]:
        samples = self.samples[case][name]
        return {
            "median": statistics.median(samples),
            "min": min(samples),
            "max": max(samples),
            "times_websockets": self.times_the_baseline(case, name),
            "samples": samples,
        }


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _cell(result: Result, case: str, contestant: str) -> Text:
    samples = result.samples[case].get(contestant)
    if not samples:
        return Text("-")
    text = Text(_number(statistics.median(samples)), style="bold")
    times = result.times_the_baseline(case, contestant)
    if times is not None and contestant != BASELINE:
        text.append(f"  {times:.2f}x", style="green" if times >= 1 else "red")
    return text.append(f"\n{_number(min(samples))} - {_number(max(samples))}", style="not bold dim")


def show(console: Console, result: Result, contestants: Sequence[str]) -> None:
    """Print one table."""
    better = "more" if result.more_is_better else "less"
    table = Table(title=f"{result.title}: {result.unit} ({better} is better)", title_justify="left", show_lines=True)
    table.add_column("")
    for name in contestants:
        table.add_column(name, justify="right", no_wrap=True)
    for case in result.samples:
        table.add_row(case, *(_cell(result, case, name) for name in contestants))
    console.print(table)
    if result.note:
        console.print(result.note, style="dim")
    console.print()


def show_losses(console: Console, results: Sequence[Result], contestants: Sequence[str]) -> None:
    """Print where refws is behind websockets."""
    for name in contestants:
        if not name.startswith("refws") or BASELINE not in contestants:
            continue
        cells = [(result, case) for result in results for case in result.samples]
        behind = [
            f"{result.title}, {case} ({times:.2f}x)"
            for result, case in cells
            if (times := result.times_the_baseline(case, name)) is not None and times < 1
        ]
        console.print(f"{name} is behind {BASELINE} in {len(behind)} of {len(cells)}: {'; '.join(behind) or 'none'}")


def markdown(results: Sequence[Result], contestants: Sequence[str]) -> str:
    """One table of how many times better than websockets each is, losses included."""
    names = [name for name in contestants if name != BASELINE]
    rows = [f"| times as good as {BASELINE} | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    for result in results:
        for case in result.samples:
            cells = (result.times_the_baseline(case, name) for name in names)
            written = ("-" if times is None else f"{times:.2f}" for times in cells)
            rows.append(f"| {result.title[0].lower()}{result.title[1:]}: {case} | {' | '.join(written)} |")
    return "\n".join(rows)
