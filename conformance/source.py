"""Which source a run judged: a digest, so that a report that no longer fits it is noticed."""

import hashlib
import io
import re
import tokenize
from pathlib import Path

from conformance.failure import HarnessFailure
from conformance.paths import ROOT
from conformance.results import Results
from conformance.testees import TESTEES

_RUN_BY_NO_TESTEE = {"clauses", "oracle"}


def digest(package: Path = ROOT / "refws") -> str:
    """The digest of a package's modules: their paths and their code, in 16 hexadecimal digits.

    Comments are left out, and what no testee runs: the ledger (`clauses`) and the oracle, with their commands. A
    citation changes no verdict.
    """
    sha = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if not _RUN_BY_NO_TESTEE & set(re.split(r"\W|_", name.as_posix())):
            code = _without_comments(path.read_text("utf-8")).encode()
            sha.update(f"{name.as_posix()} {len(code)}\n".encode())
            sha.update(code)
    return sha.hexdigest()[:16]


def _without_comments(source: str) -> str:
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def check_blessed(results: Results, source: str) -> None:
    """Raises HarnessFailure unless these results were judged on this source, and of every testee."""
    if results.source != source:
        raise HarnessFailure(
            f"the reports are of source {results.source or 'unknown'}, and this is {source}: "
            "run `tox -e conformance -- --bless` and commit reports/"
        )
    if absent := [testee.name for testee in TESTEES if testee.name not in results.testees]:
        raise HarnessFailure(
            f"the reports lack {', '.join(absent)}: run `tox -e conformance -- --bless` and commit reports/"
        )
