"""``refws oracle server``: judges a server."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from refws.cli.oracle_options import (
    Wanted,
    carrier_of,
    client_tls,
    judging,
    opening_of,
    oracles_tls,
    reporting,
    selected,
    selecting,
)
from refws.cli.oracle_run import finish, interruptible, progress
from refws.cli.oracle_shown import show_cases
from refws.oracle.report import Report, Testee, not_run
from refws.oracle.server import NotThere, Target, judge_server
from refws.oracle.verdict import Role

__all__ = ["server"]


@click.command()
@click.argument("url")
@selecting
@judging
@reporting
@click.option("--header", "headers", multiple=True, help="Send a header field, 'Name: value'; may be repeated.")
@click.option("--origin", help="Send an Origin.")
@click.option("--subprotocol", "subprotocols", multiple=True, help="Offer a subprotocol; may be repeated.")
@click.option("--http2", is_flag=True, help="Over HTTP/2: wss by TLS with ALPN, ws with prior knowledge.")
@click.option("--http3", is_flag=True, help="Over HTTP/3, which is always wss.")
@oracles_tls
def server(url: str, jobs: int, patience: float | None, dry_run: bool, keep: Path | None, **options: Any) -> None:
    """Judge the server at URL, which has to send back the messages that it gets.

    The values of --header are shown in no report and kept in no transcript.
    """
    carrier = carrier_of(options)
    cases = selected(Role.SERVER, options, carrier)
    wanted = Wanted.of(options)
    usual = opening_of(options.pop("subprotocols"), options.pop("origin"), options.pop("headers"))
    tls = client_tls(**options)
    target = Target.of(url, tls, usual, carrier)
    if dry_run:
        show_cases(cases)
        return

    async def run() -> Report:
        report = Report(Testee(Role.SERVER, target.address))

        def begin(begun: Report) -> None:
            nonlocal report
            report = begun

        try:
            return await judge_server(
                url,
                cases,
                jobs=jobs,
                patience=patience,
                tls=tls,
                usual=usual,
                carrier=carrier,
                on_begin=begin,
                on_result=on_result,
            )
        except NotThere as error:
            report.interrupted = str(error)
        except asyncio.CancelledError:
            played = sum(result.played for result in report.results)
            report.interrupted = f"interrupted after {played} of {len(cases)} cases"
        report.results = report.results or [not_run(case, Role.SERVER, report.interrupted) for case in cases]
        return report

    with progress(len(cases), keep, [name for name, _ in usual.fields]) as on_result:
        report = interruptible(run())
    sys.exit(finish([report], wanted))
