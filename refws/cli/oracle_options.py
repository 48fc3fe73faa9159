"""What the commands of ``refws oracle`` have in common: which cases, which outputs, which TLS."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.expected import read_expected
from refws.oracle.opening import Opening
from refws.oracle.report import Expected
from refws.oracle.selection import select
from refws.oracle.verdict import Role

__all__ = [
    "Wanted",
    "carrier_of",
    "client_tls",
    "judging",
    "opening_of",
    "oracles_tls",
    "reporting",
    "selected",
    "selecting",
]

INSECURE = "refws: WARNING: --insecure: nobody checks who the server is; whoever is in between can read and change all"

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


def _all(*options: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


selecting = _all(
    click.option(
        "--cases",
        "names",
        multiple=True,
        metavar="NAMES",
        help="Only these: 5.5/ping-of-126-octets, 5.5/*, or Autobahn's 7.1.6, 7.1, 1-10; with commas.",
    ),
    click.option("--clause", "clauses", multiple=True, metavar="CLAUSES", help="Only what exercises these clauses."),
    click.option("--section", "sections", multiple=True, metavar="SECTIONS", help="Only what is about these sections."),
    click.option("--level", "levels", multiple=True, metavar="LEVELS", help="Only these levels: MUST, SHOULD, ..."),
    click.option("--exclude", multiple=True, metavar="NAMES", help="But not these; as in --cases."),
)
"""Options that choose cases."""

judging = _all(
    click.option("--jobs", default=1, type=click.IntRange(1), show_default=True, help="Cases at the same time."),
    click.option(
        "--patience", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="In place of what is measured."
    ),
    click.option("--dry-run", is_flag=True, help="List the cases, and play none."),
    click.option("--keep", type=_FOLDER, metavar="DIR", help="Keep a transcript of each case; see refws oracle judge."),
)
"""Options that say how cases are played."""

reporting = _all(
    click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write JSON; - is standard output."),
    click.option("--junit", type=_FILE, metavar="FILE", help="Write JUnit XML."),
    click.option("--html", type=_FILE, metavar="FILE", help="Write one page that needs no network."),
    click.option("--badge", type=_FILE, metavar="FILE", help="Write an SVG badge."),
    click.option("--autobahn", type=_FOLDER, metavar="DIR", help="Write index.json and cases as Autobahn does."),
    click.option("--report", "folder", type=_FOLDER, metavar="DIR", help="Write all of these."),
    click.option(
        "--expect", type=click.Path(path_type=Path), metavar="FILE", help="Known failures with reasons, TOML."
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print the verdict only."),
    click.option("-v", "--verbose", is_flag=True, help="Print the reason of every case that is no PASS."),
)
"""Options that say what becomes of the report."""


_PATH = click.Path(path_type=Path)
oracles_tls = _all(
    click.option("--ca", type=_PATH, help="Certificates to trust, PEM, in place of the system's."),
    click.option("--cert", type=_PATH, help="The oracle's certificate chain, PEM."),
    click.option("--key", type=_PATH, help="Private key of the certificate, PEM."),
    click.option("--insecure", is_flag=True, help="Trust any certificate."),
)
"""The options of `client_tls`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written, and what is expected."""

    json_file: Path | None
    junit: Path | None
    html: Path | None
    badge: Path | None
    autobahn: Path | None
    folder: Path | None
    expected: Mapping[str, Expected]
    quiet: bool
    verbose: bool

    @property
    def takes_stdout(self) -> bool:
        """Whether a report goes to standard output, where nothing else is then to be."""
        return "-" in map(str, (self.json_file, self.junit, self.html, self.badge))

    @classmethod
    def of(cls, options: dict[str, Any], cases: Callable[[], Sequence[Case]] = all_cases) -> "Wanted":
        """Take the options of `reporting` away. Raises click.UsageError for expectations that cannot be read.

        `cases` gives those that expectations can be of.
        """
        file = options.pop("expect")
        expected: Mapping[str, Expected] = {}
        if file is not None:
            try:
                expected = read_expected(file.read_text("utf-8"), cases())
            except (OSError, ValueError) as error:
                raise click.UsageError(f"--expect {file}: {error}") from None
        names = ("json_file", "junit", "html", "badge", "autobahn", "folder", "quiet", "verbose")
        return cls(expected=expected, **{name: options.pop(name) for name in names})


def carrier_of(options: dict[str, Any]) -> Carrier:
    """Take away what says over what is judged. Raises click.UsageError where the libraries for it are not there."""
    over2, over3 = options.pop("http2"), options.pop("http3", False)
    if over2 and over3:
        raise click.UsageError("--http2 and --http3 exclude each other")
    if not over2 and not over3:
        return Carrier.HTTP1
    module, extra = ("http3", "oracle-http3") if over3 else ("http2", "oracle")
    try:
        import_module(f"refws.oracle.streams.{module}")
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        why = f"--{module} needs {missing}; install it with: pip install 'refws[{extra}]'"
        raise click.UsageError(why) from None
    return Carrier.HTTP3 if over3 else Carrier.HTTP2


def selected(role: Role | None, options: dict[str, Any], carrier: Carrier | None = None) -> list[Case]:
    """Take the options of `selecting` away, and give the cases that they mean. Raises ValueError.

    With a `carrier` only those that can be played over it.
    """
    names = ("names", "clauses", "sections", "levels", "exclude")
    return select(all_cases(), role=role, carrier=carrier, **{name: options.pop(name) for name in names})


def opening_of(subprotocols: tuple[str, ...], origin: str | None, headers: tuple[str, ...]) -> Opening:
    """What every request is to have. Raises click.UsageError."""
    fields = []
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise click.UsageError(f"--header wants 'Name: value', not {header!r}")
        fields.append((name.strip(), value.strip()))
    return Opening(subprotocols=subprotocols, origin=origin, fields=tuple(fields))


def client_tls(ca: Path | None, cert: Path | None, key: Path | None, insecure: bool) -> ssl.SSLContext | None:
    """The TLS of the oracle as a client; None for what is usual. Raises click.UsageError."""
    if key is not None and cert is None:
        raise click.UsageError("--key goes with --cert")
    if insecure and ca is not None:
        raise click.UsageError("--insecure and --ca exclude each other")
    if ca is None and cert is None and not insecure:
        return None
    try:
        context = ssl.create_default_context(cafile=ca)
        if cert is not None:
            context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise click.UsageError(f"cannot use {cert or ca}: {error}") from None
    if insecure:
        click.echo(INSECURE, err=True)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
