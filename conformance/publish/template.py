"""What every page of the reports is drawn with: templates that forgive nothing, and sources named for the browser."""

import base64
import hashlib
from pathlib import Path

import jinja2


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
