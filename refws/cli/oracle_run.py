"""A run of the oracle at the command line: the progress bar, Ctrl-C, the report in all its forms, the exit code."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from refws.cli.oracle_options import Wanted
from refws.oracle.keeping import keep
from refws.oracle.output.terminal import show
from refws.oracle.output.words import harmless, outcome
from refws.oracle.output.writing import write
from refws.oracle.play import CaseResult
from refws.oracle.report import CONFORMANT, UNKNOWN, VIOLATIONS, Report
from refws.oracle.verdict import Verdict

__all__ = ["finish", "interruptible", "progress", "show_one", "write_all"]

_T = TypeVar("_T")


@contextlib.contextmanager
def progress(
    total: int, kept: Path | None = None, secret: Collection[str] = ()
) -> Iterator[Callable[[CaseResult], None]]:
    """What is to be called with each result: it moves the bar, where there is a terminal, and keeps the transcript.

    The octets of a case are let go of then; a report does not need them, and they can be many.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    fails = 0

    def take(result: CaseResult) -> None:
        nonlocal fails
        fails += result.verdict is Verdict.FAIL
        if kept is not None:
            keep(kept, result, secret)
        result.let_go()
        bar.update(task, advance=1, description=f"[red]{fails} FAIL" if fails else "judging")

    with bar:
        task = bar.add_task("judging", total=total)
        yield take


def interruptible(run: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end; SIGINT (Ctrl-C) and SIGTERM cancel it, and what it then returns counts.

    SIGINT does so in the background of a script, too, where shells have it ignored.
    """

    async def main() -> _T:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await run

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise click.Abort from None


def finish(reports: Sequence[Report], wanted: Wanted) -> int:
    """Write the reports and show them; the exit code. Raises click.ClickException where one cannot be written."""
    write_all(reports, wanted)
    for report in reports:
        show_one(report, wanted)
    codes = {report.exit_code for report in reports} or {UNKNOWN}
    return next(code for code in (VIOLATIONS, UNKNOWN, CONFORMANT) if code in codes)


def write_all(reports: Sequence[Report], wanted: Wanted) -> None:
    """Write the reports, those behind the first beside it, with the role or the name of their testees."""
    both = len({report.testee.role for report in reports}) > 1
    for number, report in enumerate(reports):
        report.expected |= {
            result.case.id: wanted.expected[result.case.id]
            for result in report.results
            if result.case.id in wanted.expected
        }
        name = "" if not number else report.testee.role.value if both else report.testee.name or str(number + 1)
        try:
            write(
                report,
                json_file=_named(wanted.json_file, name),
                junit=_named(wanted.junit, name),
                html=_named(wanted.html, name),
                badge=_named(wanted.badge, name),
                autobahn=wanted.autobahn,
                folder=_named(wanted.folder, name),
            )
        except (OSError, ImportError) as error:
            raise click.ClickException(str(error)) from None


def _named(path: Path | None, name: str) -> Path | None:
    """Where a second testee's report goes: beside the first, with its name."""
    if path is None or not name or str(path) == "-":
        return path
    safe = "".join(c if c.isalnum() or c in "-." else "_" for c in name)
    return path.with_stem(f"{path.stem}-{safe}")


def show_one(report: Report, wanted: Wanted) -> None:
    """Print a report, or as much of it as is wanted; where nothing was played, one line."""
    err = wanted.takes_stdout
    if report.results and all(_is_unplayed(result) for result in report.results):
        click.echo(f"refws: {harmless(_nothing(report))}", err=True)
    elif wanted.quiet:
        click.echo(harmless(outcome(report)), err=err)
    else:
        show(Console(stderr=err, highlight=False, emoji=False), report, verbose=wanted.verbose)


def _nothing(report: Report) -> str:
    why = report.interrupted or report.results[0].findings[0].why
    count = len(report.results)
    return f"could not tell: {why}; {count} case{'s' * (count != 1)} {report.results[0].verdict}"


def _is_unplayed(result: CaseResult) -> bool:
    """Whether nothing was judged; a case may find by itself that it is NOT-RUN."""
    return result.verdict is Verdict.NOT_RUN or (result.verdict is Verdict.UNIMPLEMENTED and not result.played)
