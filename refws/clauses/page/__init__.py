"""The annotated reference: one HTML page with every requirement, the lines that obey it and the tests that show it.

`render` needs Jinja2 and Pygments, the extra ``oracle``; `audit_page`, which tells whether a page is still true, needs
neither.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from refws.clauses.finding import Finding
from refws.clauses.page.model import Page, Requirement, Section, digest, page_of
from refws.clauses.page.paragraphs import Shown, paragraphs_of
from refws.clauses.reference import Reference

__all__ = ["MissingExtra", "audit_page", "inputs", "render"]

_FOLDER = Path(__file__).parent
# What the looks of the page depend on, beside its content.
_MAKERS = ("highlight.py", "page.css", "page.html.j2", "page.js")
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})
_Row = tuple[str, Shown | None, tuple[Requirement, ...]]


class MissingExtra(ImportError):
    """What draws the page is not installed; the message says how to install it."""


def render(reference: Reference, texts: Mapping[str, str] = _NO_TEXTS) -> str:
    """Draw the page; with the RFCs' texts, by document, their paragraphs stand beside the requirements.

    Raises MissingExtra where the extra ``oracle`` is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 (an extra)
        import markupsafe  # noqa: PLC0415

        from refws.clauses.page.highlight import Highlighter  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtra(f"the page needs {error.name}; install it with: pip install 'refws[oracle]'") from None
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Long names may break where a word of theirs ends.
    environment.filters["breakable"] = lambda text: markupsafe.Markup("<wbr>").join(re.split(r"(?<=[_/])", text))
    page = page_of(reference)
    style, script = _read("page.css"), _read("page.js")
    template = environment.get_template("page.html.j2")
    return template.render(
        page=page,
        highlighter=Highlighter((found.name, found.anchor) for part in page.parts for found in part.requirements),
        rows=_rows,
        worst=_worst,
        paragraphs={name: paragraphs_of(text) for name, text in texts.items()},
        inputs=_inputs(page),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def inputs(reference: Reference) -> str:
    """A digest of all that the page is made of, the RFCs' texts apart; the page carries it."""
    return _inputs(page_of(reference))


def audit_page(reference: Reference, path: Path) -> Iterator[Finding]:
    """Tell whether the page at `path` is there and shows what is known now."""
    where, remedy = f"{path.parent.name}/{path.name}", "refws clauses audit --bless writes it"
    if not path.is_file():
        yield Finding(where, f"is not there; {remedy}")
        return
    made_of = re.search(r'<meta name="inputs" content="(\w+)">', path.read_text("utf-8"))
    if made_of is None or made_of[1] != inputs(reference):
        yield Finding(where, f"shows another state of the ledger, the source or the tests; {remedy}")


def _rows(section: Section, texts: Mapping[str, list[Shown]]) -> Iterator[_Row]:
    """The paragraphs of a section with their requirements: all of its text, or without it those that bind somebody."""
    shown = {paragraph.id: paragraph for paragraph in texts.get(section.number, ())}
    for name in dict.fromkeys((*shown, *section.paragraphs)):
        yield name, shown.get(name), section.paragraphs.get(name, ())


def _worst(requirements: Iterable[Requirement], prefix: str) -> dict[str, str]:
    """Each sentence that binds somebody, with the state of its requirements that most needs a reader's eye."""
    rank = ("open", "todo", "implemented", "tested", "excused", "meta")
    ordered = sorted(requirements, key=lambda found: rank.index(found.state), reverse=True)
    return {found.sentence.removeprefix(prefix): found.state for found in ordered}


def _inputs(page: Page) -> str:
    return digest(page, *((_FOLDER / name).read_bytes() for name in _MAKERS))


def _read(name: str) -> str:
    """A style or script, for a place between tags."""
    return "\n" + (_FOLDER / name).read_text("utf-8")


def _hash(source: str) -> str:
    """Name a source in a Content-Security-Policy: the browser applies this one and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
