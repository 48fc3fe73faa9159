"""Which source a run judged: a digest, so that a report that no longer fits it is noticed."""

import hashlib
from pathlib import Path

from conformance.failure import HarnessFailure
from conformance.paths import ROOT
from conformance.results import Results


def digest(package: Path = ROOT / "refws") -> str:
    """The digest of a package's modules: their paths and their text, in 16 hexadecimal digits."""
    sha = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        sha.update(f"{path.relative_to(package).as_posix()} {len(text)}\n".encode())
        sha.update(text)
    return sha.hexdigest()[:16]


def check_blessed(results: Results, source: str) -> None:
    """Raises HarnessFailure unless these results were judged on this source."""
    if results.source != source:
        raise HarnessFailure(
            f"the reports are of source {results.source or 'unknown'}, and this is {source}: "
            "run `tox -e conformance -- --bless` and commit reports/"
        )
