"""Writes a report in the forms that are asked for."""

import sys
from pathlib import Path

from refws.oracle.report import Report

__all__ = ["write"]


def write(
    report: Report,
    *,
    json_file: Path | None = None,
    junit: Path | None = None,
    html: Path | None = None,
    badge: Path | None = None,
    autobahn: Path | None = None,
    folder: Path | None = None,
) -> None:
    """Write a report; in `folder` every form that it can have, by its usual name. A file ``-`` is standard output.

    Raises OSError, and ImportError where the page needs what is not installed.
    """
    from refws.oracle.output.autobahn import write_autobahn  # noqa: PLC0415 (what is not asked for is not loaded)
    from refws.oracle.output.badge import badge as draw  # noqa: PLC0415
    from refws.oracle.output.html import page  # noqa: PLC0415
    from refws.oracle.output.junit import junit as as_junit  # noqa: PLC0415

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for path, name, make in (
        (json_file, "report.json", Report.dump),
        (junit, "junit.xml", as_junit),
        (html, "index.html", page),
        (badge, "badge.svg", draw),
    ):
        places = [place for place in (path, folder / name if folder is not None else None) if place is not None]
        text = make(report) if places else ""
        for place in places:
            _put(place, text)
    comparable = folder is not None and any(result.case.alias for result in report.results)
    for directory in (autobahn, folder / "autobahn" if folder is not None and comparable else None):
        if directory is not None:
            write_autobahn(report, directory)


def _put(path: Path, text: str) -> None:
    if str(path) == "-":
        sys.stdout.write(text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
