"""Where the source cites the ledger: comments with a §, an id and a level, and ids in failures and tests."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Citation", "Mention", "citations", "line_below", "mentions"]

ID = r"(?:[0-9]+(?:\.[0-9]+)*|[A-Z](?:\.[0-9]+)*)-p[0-9]+-s[0-9]+(?:/[0-9]+)?"
_CITATION = re.compile(rf"§(?:(\w+):)?({ID}) (MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")
_MENTION = re.compile(rf"\b((?:rfc\d+|hybi\d\d):{ID})")


@dataclass(frozen=True, slots=True)
class Citation:
    """One citation: what it cites, as which level, where, and the lines of the statement that obeys.

    `path` begins with the package's folder and has slashes; `where` is the qualified name of the function or class
    around it, empty for the module; `first` and `last` are the lines of the statement below the comment.
    """

    clause: str
    level: str
    path: str
    where: str
    line: int
    first: int
    last: int

    @property
    def place(self) -> str:
        """File and definition, which outlive a change of line numbers: ``refws/failure.py::Failure``."""
        return f"{self.path}::{self.where}" if self.where else self.path


@dataclass(frozen=True, slots=True)
class Mention:
    """An id with its document, in a string or a comment: a failure's clause, a test's marker."""

    clause: str
    path: str
    line: int


def citations(package: Path) -> list[Citation]:
    """All citations in the modules of a package, in the order of files and lines."""
    return [citation for path in sorted(package.rglob("*.py")) for citation in _in_module(path, package)]


def mentions(folder: Path) -> list[Mention]:
    """All full ids in the modules of a folder."""
    return [
        Mention(clause, path.relative_to(folder.parent).as_posix(), number)
        for path in sorted(folder.rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for clause in _MENTION.findall(line)
    ]


def _in_module(path: Path, package: Path) -> Iterator[Citation]:
    source = path.read_text("utf-8")
    if "§" not in source:
        return
    lines = source.splitlines()
    relative = path.relative_to(package.parent)
    outline = _Outline(ast.parse(source))
    # In the folder of a document its own name is understood.
    own = relative.parts[1] if len(relative.parts) > 2 else ""
    for number, line in enumerate(lines, 1):
        for document, identifier, level in _CITATION.findall(line):
            first, last, where = outline.around(line_below(lines, number))
            yield Citation(f"{document or own}:{identifier}", level, relative.as_posix(), where, number, first, last)


def line_below(lines: list[str], number: int) -> int:
    """The line of code that the comment on a line stands above, or behind."""
    while number < len(lines) and (not lines[number - 1].strip() or lines[number - 1].lstrip().startswith("#")):
        number += 1
    return number


class _Outline:
    """The statements of a module and the definitions around them."""

    def __init__(self, tree: ast.Module) -> None:
        self._statements: list[tuple[int, int, str]] = []
        self._visit(tree, "")
        # The smallest statement around a line comes first.
        self._statements.sort(key=lambda entry: entry[1] - entry[0])

    def around(self, line: int) -> tuple[int, int, str]:
        """The lines of the smallest statement that holds this one, and the definition it stands in."""
        return next((entry for entry in self._statements if entry[0] <= line <= entry[1]), (line, line, ""))

    def _visit(self, node: ast.AST, where: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = where
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{where}.{child.name}" if where else child.name
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                self._statements.append((first, child.end_lineno or first, inner))
            elif isinstance(child, ast.stmt | ast.match_case | ast.ExceptHandler):
                first = child.pattern.lineno if isinstance(child, ast.match_case) else child.lineno
                last = child.body[-1].end_lineno if isinstance(child, ast.match_case) else child.end_lineno
                self._statements.append((first, last or first, where))
            self._visit(child, inner)
