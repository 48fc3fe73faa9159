"""``refws oracle client``: judges clients, in the place of Autobahn's fuzzingserver."""

import asyncio
import ssl
import sys
from pathlib import Path
from typing import Any

import click

from refws.cli.oracle_options import Wanted, carrier_of, judging, reporting, selected, selecting
from refws.cli.oracle_run import finish, interruptible, progress, show_one, write_all
from refws.cli.oracle_shown import show_cases
from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.client import ClientJudge, playing_order
from refws.oracle.clients import judge_client
from refws.oracle.report import UNKNOWN, Report, Testee, not_run
from refws.oracle.verdict import Role

__all__ = ["client"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", "-p", default=9001, type=click.IntRange(0, 65535), show_default=True, help="0 for any.")
@click.option(
    "--exec",
    "command",
    default="",
    metavar="COMMAND",
    help="Run the client: with {url} in it for each case, with {server} once.",
)
@click.option(
    "--idle", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="End where no client came for so long."
)
@click.option("--stay", is_flag=True, help="Wait for more clients when one has asked for its report.")
@selecting
@judging
@reporting
@click.option("--http2", is_flag=True, help="Over HTTP/2: with --cert by ALPN, else by its preface.")
@click.option("--cert", type=click.Path(path_type=Path), help="Speak TLS, with this certificate chain, PEM.")
@click.option("--key", type=click.Path(path_type=Path), help="Private key of the certificate, PEM.")
def client(command: str, dry_run: bool, stay: bool, keep: Path | None, **options: Any) -> None:
    """Judge clients, which have to send back the messages that they get.

    A client made for Autobahn's fuzzingserver connects as there: /getCaseCount, /runCase?case=1&agent=NAME, ... and
    /updateReports?agent=NAME. Any other is run by --exec 'COMMAND {url}', once for each case.
    """
    if command and "{url}" not in command and "{server}" not in command:
        raise click.UsageError("--exec wants {url} in the command, or {server}, for the address to connect to")
    carrier = carrier_of(options)
    cases = playing_order(selected(Role.CLIENT, options, carrier), carrier)
    wanted = Wanted.of(options)
    tls = _tls(options.pop("cert"), options.pop("key"))
    if dry_run:
        show_cases(cases)
        return
    try:
        reports = _judge(cases, wanted, keep, tls=tls, command=command, stay=stay, carrier=carrier, **options)
    except OSError as error:
        click.echo(f"refws: {error}", err=True)
        sys.exit(UNKNOWN)
    sys.exit(finish(reports, wanted))


def _judge(cases: list[Case], wanted: Wanted, keep: Path | None, **how: Any) -> list[Report]:
    judges: list[ClientJudge] = []

    def report_asked_for(report: Report) -> None:
        if how["stay"]:
            write_all(judges[0].reports(), wanted)
            show_one(report, wanted)

    def listening(port: int) -> None:
        scheme = "ws" if how["tls"] is None else "wss"
        over = "" if how["carrier"] is Carrier.HTTP1 else f" over {how['carrier']}"
        click.echo(f"listening on {scheme}://{how['host']}:{port}{over}, {len(cases)} cases", err=True)

    async def run() -> list[Report]:
        try:
            return await judge_client(
                cases,
                on_begin=judges.append,
                on_listening=listening,
                on_report=report_asked_for,
                on_result=on_result,
                **how,
            )
        except asyncio.CancelledError:
            reports = judges[0].reports() if judges else []
            for report in reports:
                played = sum(result.played for result in report.results)
                report.interrupted = f"interrupted after {played} of {len(cases)} cases"
            return reports

    with progress(len(cases), keep) as on_result:
        reports = interruptible(run())
    return reports or [_nobody(cases, judges[0].port if judges else how["port"])]


def _nobody(cases: list[Case], port: int) -> Report:
    why = "no client came"
    results = [not_run(case, Role.CLIENT, why) for case in cases]
    return Report(Testee(Role.CLIENT, f"port {port}"), results, interrupted=why)


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        if key is not None:
            raise click.UsageError("--key goes with --cert")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise click.UsageError(f"cannot use the certificate {cert}: {error}") from None
    return context
