"""A run of the harness by the oracle: instead of Autobahn where there is no engine for it, and else beside it."""

import json
import resource
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from conformance.agreement.differences import Difference, differences, read_rulings, ruling_on
from conformance.agreement.oracle import as_autobahn, cases_for, judge_testee
from conformance.failure import HarnessFailure
from conformance.results import Results, TesteeResults, to_json
from conformance.runner import LAST_RUN, REPORT, Outcome, Plan
from refws.oracle.play import CaseResult

__all__ = ["AGREEMENT", "RULINGS", "Agreement", "Cost", "by_oracle", "hold_against", "read_agreement"]

AGREEMENT: Final = "agreement.json"
RULINGS: Final = Path(__file__).with_name("rulings.toml")
_SCHEMA: Final = "refws-agreement/1"


@dataclass(slots=True)
class Cost:
    """What judging took, in seconds: by the clock, and of the processor for the oracle and for its testees."""

    wall: float = 0.0
    oracle: float = 0.0
    testees: float = 0.0

    @classmethod
    def so_far(cls) -> Self:
        """Now; of testees only those that have ended."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(time.perf_counter(), time.process_time(), ended.ru_utime + ended.ru_stime)

    def __sub__(self, before: Self) -> "Cost":
        return Cost(self.wall - before.wall, self.oracle - before.oracle, self.testees - before.testees)

    def __str__(self) -> str:
        return f"{self.wall:.1f} s; processor: the oracle {self.oracle:.1f} s, its testee {self.testees:.1f} s"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many verdicts of Autobahn and of the oracle were compared, and those that differ without a ruling."""

    compared: int
    ruled: Sequence[Difference]
    unruled: Sequence[Difference]
    cost: Cost = field(default_factory=Cost)

    @property
    def same(self) -> int:
        """How many do not differ."""
        return self.compared - len(self.ruled) - len(self.unruled)

    def __str__(self) -> str:
        line = f"the oracle beside Autobahn: {self.same:,} of {self.compared:,} verdicts are the same"
        return f"{line}, {len(self.ruled)} differ by a ruling" if self.ruled else line

    @property
    def sentence(self) -> str:
        """What the reports say of it."""
        verb = "differs" if len(self.ruled) == 1 else "differ"
        rest = f"; {len(self.ruled)} {verb} by a ruling" if self.ruled else ""
        return (
            f"The oracle judged the same programs beside Autobahn: "
            f"{self.same:,} of {self.compared:,} verdicts are the same{rest}."
        )

    def to_json(self) -> str:
        """Write it as JSON that is stable under diff: without its cost."""
        document = {
            "schema": _SCHEMA,
            "compared": self.compared,
            "ruled": [asdict(one) for one in self.ruled],
            "unruled": [asdict(one) for one in self.unruled],
        }
        return json.dumps(document, indent=1) + "\n"


def read_agreement(path: Path) -> Agreement | None:
    """Read what `Agreement.to_json` wrote; None where there is no file. Raises HarnessFailure for anything else."""
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["schema"] != _SCHEMA:
            raise HarnessFailure(f"{path}: its schema is {document['schema']!r}, this harness reads {_SCHEMA!r}")
        ruled, unruled = ([Difference(**one) for one in document[kind]] for kind in ("ruled", "unruled"))
        return Agreement(document["compared"], ruled, unruled)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessFailure(f"{path}: no agreement can be read ({type(error).__name__}: {error})") from error


def by_oracle(plan: Plan, agent: str, work: Path, console: Console) -> Outcome:
    """Run all of the plan by the oracle, and leave its report in the folder `last` below `work`.

    Failures do not raise; they are in the outcome, and make its results partial.
    """
    folder = work / "oracle"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    verdicts, failures = _judge(plan, agent, folder, console)
    results = Results(verdicts, partial=bool(failures), source=plan.source)
    (folder / REPORT).write_text(to_json(results), "utf-8")
    last = work / LAST_RUN
    shutil.rmtree(last, ignore_errors=True)
    folder.rename(last)
    return Outcome(results, failures, interrupted=False)


def hold_against(plan: Plan, autobahn: Results, agent: str, work: Path, console: Console) -> Agreement:
    """Judge the same testees by the oracle, and compare. Raises HarnessFailure where one of them cannot be judged."""
    before = Cost.so_far()
    verdicts, failures = _judge(plan, agent, work / "oracle", console)
    cost = Cost.so_far() - before
    if failures:
        raise HarnessFailure("; ".join(failures))
    rulings = read_rulings(RULINGS)
    comparisons = [differences(name, autobahn.testees.get(name), ours) for name, ours in verdicts.items()]
    found = [one for comparison in comparisons for one in comparison.found]
    return Agreement(
        sum(comparison.compared for comparison in comparisons),
        [one for one in found if ruling_on(one, rulings)],
        [one for one in found if not ruling_on(one, rulings)],
        cost,
    )


def _judge(plan: Plan, agent: str, folder: Path, console: Console) -> tuple[dict[str, TesteeResults], list[str]]:
    verdicts: dict[str, TesteeResults] = {}
    failures: list[str] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        for testee in plan.testees:
            cases = cases_for(testee)
            advance = partial(_advance, progress, progress.add_task(f"oracle: {testee.name}", total=len(cases)))
            place = folder / testee.name
            before = Cost.so_far()
            try:
                report = judge_testee(testee, cases, place, agent=agent, on_result=advance)
                found = as_autobahn(report, place / "autobahn", asked=testee.cases)
                verdicts[testee.name] = replace(found, agent=agent, host=testee.host)
                console.print(
                    f"oracle: {testee.name}: {len(found.cases)} of {len(testee.cases)} cases "
                    f"({Cost.so_far() - before})",
                    highlight=False,
                    soft_wrap=True,
                )
            except HarnessFailure as failure:
                failures.append(f"oracle: {failure}")
    return verdicts, failures


def _advance(progress: Progress, task: TaskID, _result: CaseResult) -> None:
    progress.advance(task)
