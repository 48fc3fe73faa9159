"""What every page of the reports is drawn with: templates that forgive nothing, a style, sources named for the CSP."""

import base64
import hashlib
from pathlib import Path
from typing import Final

import jinja2

from refws.oracle import output

_HOUSE: Final = Path(output.__file__).parent / "house.css"
_REPORTS: Final = Path(__file__).parent / "page.css"


def environment(folder: Path) -> jinja2.Environment:
    """Give the templates of a folder; whatever they show is escaped, and a name that is not there is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def source_hash(source: str) -> str:
    """Name a source in a Content-Security-Policy, so that the browser runs this one and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")


def stylesheet(*folders: Path) -> str:
    """Give the style of a page: what the oracle's have, what all reports have, and the ``page.css`` of each folder."""
    sheets = (_HOUSE, _REPORTS, *(folder / "page.css" for folder in folders))
    return "".join("\n" + sheet.read_text("utf-8") for sheet in sheets)
