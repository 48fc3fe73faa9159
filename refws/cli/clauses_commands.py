"""The commands of ``refws clauses``: the ledger of requirements, read, audited and drawn."""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from refws.clauses.audit import audit
from refws.clauses.draft import draft
from refws.clauses.evidence import Evidence, checkout, read_tested
from refws.clauses.finding import Finding
from refws.clauses.ledger import LEVELS, Clause, documents, lookup
from refws.clauses.page import render
from refws.clauses.reference import Reference
from refws.cli.clauses import clauses
from refws.cli.clauses_shown import STATES, console, show_clause, show_list, totals

with_texts = click.option(
    "--text",
    "texts",
    multiple=True,
    envvar="REFWS_RFC_TEXTS",
    type=click.Path(path_type=Path),
    help="An RFC's text, or a folder with them; may be repeated. Or the environment's REFWS_RFC_TEXTS.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def _named(ctx: click.Context, param: click.Parameter, names: tuple[str, ...]) -> list[Clause]:
    """What the names mean, each clause once; without a name, everything."""
    found = [lookup(name) for name in names] or [list(document.clauses.values()) for document in documents().values()]
    return list(dict.fromkeys(clause for several in found for clause in several))


@clauses.command("list")
@click.argument("asked", nargs=-1, callback=_named, metavar="[NAME]...")
@click.option("--level", type=click.Choice(LEVELS[:-1], case_sensitive=False), help="Only this level.")
@click.option("--state", type=click.Choice(STATES), help="Only this state.")
@click.option("--who", help="Only what binds this one: client, server, both, intermediary, ...")
@click.option("--wire", is_flag=True, help="Only what a peer can see.")
@as_json
def list_(  # noqa: PLR0917 (click names them all)
    asked: list[Clause],
    level: str | None,
    state: str | None,
    who: str | None,
    wire: bool,
    as_json: bool,
) -> None:
    """List requirements: all, or those of sections, paragraphs and sentences (5.5, 5.5.1-p6, rfc7692:7.2.1)."""
    reference = Reference()
    bound = {clause: {*clause.who, *(("client", "server") if "both" in clause.who else ())} for clause in asked}
    if who is not None and not any(who in words for words in bound.values()):
        raise ValueError(f"nothing binds {who!r} here; try one of {', '.join(sorted(set().union(*bound.values())))}")
    kept = [
        clause
        for clause in asked
        if clause.is_requirement
        and level in (None, clause.level)
        and state in (None, reference.state(clause))
        and (who is None or who in bound[clause])
        and (not wire or clause.wire == "yes")
    ]
    if as_json:
        _print_json([reference.describe(clause) for clause in kept])
    else:
        show_list(console(), reference, kept)


@clauses.command()
@click.argument("asked", nargs=-1, required=True, callback=_named, metavar="NAME...")
@as_json
def show(asked: list[Clause], as_json: bool) -> None:
    """Show a rule, where the code obeys it, the tests, Autobahn's cases and the oracle's, and the rulings."""
    reference = Reference()
    found = [reference.describe(clause) for clause in asked]
    if as_json:
        _print_json(found)
        return
    from refws.oracle.coverage import coverage_of  # noqa: PLC0415 (its cases are many, and only this needs them)

    terminal = console()
    for entry in found:
        show_clause(terminal, entry, coverage_of(entry["name"]))


@clauses.command("audit")
@with_texts
@click.option(
    "--tested",
    type=click.Path(path_type=Path),
    help="What pytest --clauses wrote; without it, the last blessed run counts.",
)
@click.option("--bless", "blessing", is_flag=True, help="Write reports/clauses.json and reports/clauses.html anew.")
@as_json
def audit_(texts: tuple[Path, ...], tested: Path | None, blessing: bool, as_json: bool) -> None:
    """Hold the ledger against the source, the tests, the reports and, with --text, the RFCs' own text.

    Exits with 1 where they disagree.
    """
    read = _read_texts(texts)
    evidence = Evidence.now()
    if tested is not None:
        evidence = Evidence(evidence.code, read_tested(tested))
    root = checkout()
    if blessing and root is None:
        raise click.UsageError("--bless writes the reports of a checkout; this refws is installed without one")
    findings = list(audit(evidence, read, against_reports=not blessing))
    if blessing and root is not None and not findings:
        page = render(Reference(evidence))
        (root / "reports" / "clauses.json").write_text(evidence.as_json(documents()), "utf-8")
        (root / "reports" / "clauses.html").write_text(page, "utf-8")
    if as_json:
        _print_json([{"where": finding.where, "what": finding.what} for finding in findings])
    else:
        _report(findings, evidence, read)
    sys.exit(1 if findings else 0)


def _report(findings: list[Finding], evidence: Evidence, texts: Mapping[str, str]) -> None:
    for finding in findings:
        click.echo(str(finding))
    reference = Reference(evidence)
    for document in documents().values():
        compared = "compared with its text" if document.name in texts else "NOT compared with its text (give --text)"
        click.echo(f"{document.name}: {totals(reference, document.clauses.values())}; {compared}")
    counted = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"
    click.echo(counted if findings else "the ledger, the source, the tests and the reports agree")


@clauses.command()
@with_texts
@click.option("--output", "-o", type=click.Path(path_type=Path), default=Path("clauses.html"), show_default=True)
def html(texts: tuple[Path, ...], output: Path) -> None:
    """Write the annotated reference, one page; with --text, the RFC's own paragraphs beside the code."""
    output.write_text(render(Reference(), _read_texts(texts)), "utf-8")
    click.echo(f"wrote {output}")


@clauses.command("draft")
@click.argument("text", type=click.Path(path_type=Path))
@click.option("--every-sentence", is_flag=True, help="Also those without a capital keyword.")
def draft_(text: Path, every_sentence: bool) -> None:
    """Print the beginning of a ledger for another RFC, from its plain text."""
    click.echo(draft(*_name_and_text(text), every_sentence=every_sentence), nl=False)


def _name_and_text(file: Path) -> tuple[str, str]:
    """The name of the RFC that says so of itself, and its text."""
    text = file.read_text("utf-8-sig", errors="replace")
    number = re.search(r"^Request for Comments: *(\d+)", text, re.MULTILINE)
    if number is None:
        raise ValueError(f"{file} is not the plain text of an RFC; https://www.rfc-editor.org has them")
    return f"rfc{number[1]}", text


def _read_texts(paths: Iterable[Path]) -> dict[str, str]:
    """The texts by document. A folder gives what it has; a file has to be the text of a document of the ledger."""
    texts = {}
    for path in paths:
        inside = [path / f"{name}.txt" for name in documents()] if path.is_dir() else [path]
        found = [file for file in inside if file.is_file()]
        if not found:
            raise ValueError(f"{path} is no text of an RFC and no folder with {' or '.join(documents())}.txt")
        for file in found:
            name, text = _name_and_text(file)
            if name not in documents():
                raise ValueError(f"{file} is the text of {name}; the ledger has {', '.join(documents())}")
            texts[name] = text
    return texts


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=1, ensure_ascii=False))
