"""The score in the README: the summary of the blessed reports, between two marks."""

from pathlib import Path

from conformance.failure import HarnessFailure

BEGIN = "<!-- score: from reports/summary.md -->\n"
END = "<!-- end of score -->"


def put_score(readme: Path, summary: Path) -> None:
    """Replace what stands between the marks; raises HarnessFailure where the README has no marks."""
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise HarnessFailure(f"{readme.name} has no place for the score; give it the lines {BEGIN.strip()} and {END}")
    score = summary.read_text(encoding="utf-8").strip()
    readme.write_text(f"{before}{begin}{score}\n{end}{after}", encoding="utf-8")
