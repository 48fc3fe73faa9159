"""``refws oracle judge`` and ``refws oracle proxy``: judge what others say to each other."""

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

import click

from refws.clauses.ledger import documents
from refws.cli.oracle_options import Wanted, client_tls, oracles_tls, reporting
from refws.cli.oracle_run import finish, interruptible, write_all
from refws.oracle.capture import read_capture
from refws.oracle.case import Case
from refws.oracle.output.words import harmless, short
from refws.oracle.proxy import Passing, Proxy
from refws.oracle.recorded import Judgement, case_of, judge_recordings
from refws.oracle.recording import Recording
from refws.oracle.report import UNKNOWN
from refws.oracle.verdict import Finding, Role, level

__all__ = ["judge", "proxy"]

_RECORD: Final = (
    "record from before the client connects until it has gone, as packets (tcpdump -i any -w FILE), "
    "or let it connect through refws oracle proxy"
)
_CONNECT: Final = "let a WebSocket client connect to where the proxy listens"

_which = click.option("--role", type=click.Choice([role.value for role in Role]), help="Judge this side only.")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@_which
@reporting
def judge(files: tuple[Path, ...], role: str | None, **options: Any) -> None:
    """Judge what was recorded: pcap, pcapng, HAR, or transcripts that --keep has left; of a folder, all transcripts.

    A recording shows what each side sent, so a result is about a clause that a side had an occasion to keep.
    """
    wanted = Wanted.of(options, _cases)
    recordings: list[Recording] = []
    left_out: list[str] = []
    for file in files:
        for path in sorted(file.glob("*.jsonl")) if file.is_dir() else [file]:
            try:
                capture = read_capture(path)
            except OSError as error:
                raise click.UsageError(str(error)) from None
            recordings += capture.recordings
            left_out += capture.left_out
    if not recordings:
        raise click.UsageError(f"there is no transcript in {', '.join(map(str, files))}")
    judgement = judge_recordings(recordings, left_out)
    _note(judgement)
    sys.exit(_conclude(judgement, role, wanted, _RECORD))


@click.command()
@click.option("--listen", default="127.0.0.1:9002", show_default=True, metavar="HOST:PORT", help="Where clients come.")
@click.option("--to", "target", required=True, metavar="URL", help="Where they are passed on to.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Keep the transcripts.")
@_which
@reporting
@oracles_tls
def proxy(listen: str, target: str, keep: Path | None, role: str | None, **options: Any) -> None:
    """Pass traffic through, octet by octet, and judge both sides as it goes, until Ctrl-C.

    Findings are printed as they come, to standard error. A transcript holds the octets as they came, credentials too.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen wants HOST:PORT, not {listen!r}")
    wanted = Wanted.of(options, _cases)
    passing = Proxy(
        target,
        host=host.strip("[]") or "127.0.0.1",
        port=int(port),
        tls=client_tls(**options),
        transcripts=keep,
        on_finding=_tell,
    )

    async def run() -> None:
        async with passing:
            click.echo(f"listening on {passing.uri}, passing on to {target}; Ctrl-C ends it", err=True)
            try:
                await passing.serve_forever()
            except asyncio.CancelledError:
                pass

    try:
        interruptible(run())
    except OSError as error:
        click.echo(f"refws: {error}", err=True)
        sys.exit(UNKNOWN)
    _note(passing.judgement)
    sys.exit(_conclude(passing.judgement, role, wanted, _CONNECT))


def _cases() -> list[Case]:
    """What the results of a recording are of: clauses."""
    return [case_of(clause.name) for document in documents().values() for clause in document.clauses.values()]


def _tell(passing: Passing, role: Role, finding: Finding) -> None:
    at = "" if finding.offset is None else f", octet {finding.offset}"
    who = f"{finding.verdict} connection {passing.number}, {role}{at}"
    click.echo(harmless(f"{who}: {finding.why} [{short(finding.clause)} {level(finding.clause)}]"), err=True)


def _note(judgement: Judgement) -> None:
    noted: dict[str, list[str]] = {}
    for heard in judgement.connections:
        for note in heard.notes:
            noted.setdefault(note, []).append(heard.name)
    who = {note: names[0] if len(names) == 1 else f"{len(names)} connections" for note, names in noted.items()}
    for line in [*judgement.left_out, *(f"{who[note]}: {note}" for note in noted)]:
        click.echo(f"refws: {harmless(line)}", err=True)


def _conclude(judgement: Judgement, role: str | None, wanted: Wanted, advice: str) -> int:
    reports = [judgement.report(one) for one in ([Role(role)] if role else Role)]
    if not any(report.results for report in reports):
        write_all(reports, wanted)
        count = len(judgement.connections)
        which = f"what the {role} sent on " * bool(role) + f"{count} connection{'s' * (count != 1)}"
        why = f"nothing of {which} can be judged" if count else "nobody came"
        click.echo(f"refws: could not tell: {why}; {advice}", err=True)
        return UNKNOWN
    code = finish(reports, wanted)
    return UNKNOWN if not code and any(heard.has_gap for heard in judgement.connections) else code
