"""The lines of code that a citation stands above, and what of them the page shows at once."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Snippet", "snippet_of"]

# Of a longer snippet the page first shows as many lines as SHOWN, around the citation.
LONG, SHOWN = 11, 8


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines of the source, folded before `begin` and from `end` on; `marked` are the numbers that a citation means."""

    path: str
    line: int
    where: str
    first: int
    lines: tuple[str, ...]
    begin: int
    end: int
    marked: tuple[int, ...]


def snippet_of(code: dict[str, Any]) -> Snippet:
    """Cut what `Reference.describe` says of one citation."""
    lines = _dedent(code["text"].split("\n"))
    cited = code["line"] - code["first"]
    begin, end = 0, len(lines)
    if len(lines) >= LONG:
        begin = max(0, min(cited - 2, len(lines) - SHOWN))
        end = begin + SHOWN
    return Snippet(
        code["path"],
        code["line"],
        code["where"],
        code["first"],
        tuple(lines),
        begin,
        end,
        # Of a table or a long expression the citation means what stands below it; else all of the statement.
        tuple(code["first"] + place for place in _below(lines, cited)) if cited else (),
    )


def _below(lines: list[str], cited: int) -> range:
    comments = [place for place in range(cited, len(lines)) if lines[place].lstrip().startswith("#")]
    code = next((place for place in range(cited, len(lines)) if place not in comments), len(lines))
    return range(cited, next((place for place in comments if place > code), len(lines)))


def _dedent(lines: list[str]) -> list[str]:
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[margin:] for line in lines]
