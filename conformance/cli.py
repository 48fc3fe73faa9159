"""The command line: python -m conformance run | build-image | server-testee | client-testee | compare | …."""

import sys
from pathlib import Path
from typing import Any

import click

from conformance import runner
from conformance.agreement.command import peers
from conformance.autobahn import image, recipe
from conformance.bless import bless
from conformance.cli_run import run
from conformance.compare import REGRESSIONS
from conformance.compare import compare as compare_results
from conformance.engines.docker_engine import NoDockerEngine, connect
from conformance.failure import ExitStatus, HarnessFailure
from conformance.liars.command import liars
from conformance.paths import REPORTS, WORK
from conformance.results import load
from conformance.source import check_blessed, digest
from conformance.testees import hosts_of


class _Group(click.Group):
    """Turns what stops the harness into one line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HarnessFailure as failure:
            click.echo(f"failure: {failure}", err=True)
            sys.exit(ExitStatus.FAILURE)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(ExitStatus.INTERRUPTED)


@click.group(cls=_Group)
def main() -> None:
    """Judge WebSocket implementations with the genuine Autobahn Testsuite.

    Exit status: 0 as good as before, 1 something is worse, 2 the run could not be done or cannot be trusted,
    130 interrupted.
    """


main.add_command(run)
main.add_command(liars)
main.add_command(peers)


@main.command("build-image")
@click.option("--mirror", envvar="REFWS_DEBIAN_MIRROR", default=recipe.DEBIAN_MIRROR, show_default=True)
def build_image(mirror: str) -> None:
    """Build the image of wstest from Debian's and PyPI's packages, without a registry; needs root, once.

    pip's index, proxies and certificates are taken from the environment (PIP_INDEX_URL, https_proxy, PIP_CERT, …).
    """
    try:
        client = connect()
    except NoDockerEngine as error:
        raise HarnessFailure(
            f"no Docker engine answers at {error}: install one and start it, or set DOCKER_HOST"
        ) from error
    try:
        click.echo(image.build(client, mirror, WORK / "build-image.log", click.echo))
    finally:
        client.close()


@main.command("server-testee")
@click.argument("host", type=click.Choice([host for host in hosts_of("server") if host != "asyncio"]))
def server_testee(host: str) -> None:
    """Serve refws on HOST: print `listening on ws://127.0.0.1:PORT`, and echo. On asyncio, `refws serve` does it."""
    from conformance.server_testee import SERVERS  # noqa: PLC0415  # the harness judges other servers without it

    SERVERS[host]()


@main.command("client-testee")
@click.argument("url")
@click.option("--agent", default="refws", show_default=True, help="The name in the fuzzing server's reports.")
@click.option("--host", type=click.Choice(hosts_of("client")), default="asyncio", show_default=True)
def client_testee(url: str, agent: str, host: str) -> None:
    """Let the refws client run all cases of the Autobahn fuzzing server at URL (ws://host:port)."""
    import refws  # noqa: PLC0415  # the harness judges other servers without it
    from conformance.client_testee import CLIENTS  # noqa: PLC0415

    try:
        count = CLIENTS[host](url, agent)
    except (OSError, ValueError, refws.Failure) as error:
        raise HarnessFailure(f"{url}: {error}") from error
    click.echo(f"{count} cases were run")


@main.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def compare(old: Path, new: Path) -> None:
    """List what differs between two autobahn.json; exit 1 when anything is worse or missing in NEW."""
    changes = compare_results(load(old), load(new))
    for change in changes:
        click.echo(str(change))
    worse = sum(change.kind in REGRESSIONS for change in changes)
    click.echo(f"{len(changes)} differences, {worse} for the worse")
    sys.exit(ExitStatus.WORSE if worse else ExitStatus.GOOD)


@main.command()
@click.option("--work", type=click.Path(path_type=Path), default=WORK, help="Where `run` left its last run.")
@click.option("--reports", type=click.Path(path_type=Path), default=REPORTS, help="Where the reports go.")
def publish(work: Path, reports: Path) -> None:
    """Write reports/ from the last run, which must have been complete."""
    last = work / runner.LAST_RUN
    results = load(last / runner.REPORT)
    bless(results, last, reports)
    click.echo(f"wrote {reports}")


@main.command()
@click.option("--reports", type=click.Path(path_type=Path), default=REPORTS, help="The committed reports.")
def blessed(reports: Path) -> None:
    """Tell whether the committed reports judged the source as it is now."""
    source = digest()
    check_blessed(load(reports / runner.REPORT), source)
    click.echo(f"the reports judged this source, {source}")
