"""Breaking one statement at a time: the mutants of the line that a citation stands above."""

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from refws.clauses.citations import ID

COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
CALCULATED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.Mod: ast.Add,
}


# The id of a clause is a name for people; breaking it breaks no rule.
CLAUSE = re.compile(rf"rfc\d+:{ID}")


@dataclass(frozen=True)
class Mutant:
    """The source of a module with one thing broken; `was` and `now` are the first line of that, before and after."""

    was: str
    now: str
    source: str


@dataclass(frozen=True)
class Slot:
    """A node and where it hangs: in which field of its parent, and at which index where that is a list."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None


# Changes the tree that it was made for, and says what it broke: was, now.
Edit = Callable[[], tuple[str, str]]


def mutants(source: str, line: int) -> list[Mutant]:
    """All mutants of what begins on a line: a statement, or an element of a list, a table or a condition."""
    found, seen = [], {ast.unparse(ast.parse(source))}
    for place in itertools.count():
        tree = ast.parse(source)
        edits = list(_edits_of_line(tree, line))
        if place == len(edits):
            break
        was, now = edits[place]()
        text = ast.unparse(tree)
        if text not in seen:
            seen.add(text)
            found.append(Mutant(was, now, text))
    return found


def _edits_of_line(tree: ast.Module, line: int) -> Iterator[Edit]:
    """The edits of the outermost statement that begins on the line; else of the outermost expression or case."""
    begin = [slot for slot in _slots(tree) if _line(slot.node) == line]
    statements = [slot for slot in begin if isinstance(slot.node, ast.stmt)]
    for slot in (statements or begin)[:1]:
        yield from _edits(slot)


def _slots(tree: ast.AST) -> Iterator[Slot]:
    """Every node below, the outer ones first."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield Slot(value, parent, field, None)
            elif isinstance(value, list):
                yield from _children(parent, field)


def _children(parent: ast.AST, field: str) -> Iterator[Slot]:
    for index, child in enumerate(getattr(parent, field)):
        if isinstance(child, ast.AST):
            yield Slot(child, parent, field, index)


def _line(node: ast.AST) -> int | None:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    decorators = getattr(node, "decorator_list", [])
    return decorators[0].lineno if decorators else getattr(node, "lineno", None)


def _first_line(node: ast.AST) -> str:
    shown = node.test if isinstance(node, ast.If | ast.While) else node
    return ast.unparse(shown).splitlines()[0]


def _edits(slot: Slot) -> Iterator[Edit]:
    node = slot.node
    match node:
        case ast.If() | ast.While():
            yield _set(node, "test", ast.Constant(False))
            if isinstance(node, ast.If):
                yield _set(node, "test", ast.Constant(True))
            yield from _inside(node.test, node)
        case ast.For() | ast.AsyncFor():
            yield _set(node, "iter", ast.Tuple([], ast.Load()))
        case ast.With() | ast.AsyncWith():
            yield _replace(slot, ast.If(ast.Constant(True), node.body, []), "its body alone")
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield _set(node, "body", [ast.Return(ast.Constant(None))], "return None")
            yield from _edits_of_body(node)
        case ast.ClassDef():
            yield from _edits_of_body(node)
        case ast.ExceptHandler():
            yield _set(node, "body", [ast.Raise()], "raise")
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield _set(node, "value", ast.Constant(None))
            yield from _inside(value, node)
        case ast.AnnAssign(value=value):
            yield from _dropped(slot)
            yield from _inside(value, node) if value else ()
        case _:
            yield from _dropped(slot)
            if not isinstance(node, ast.Raise | ast.Try | ast.Match | ast.match_case):
                yield from _inside(node, node)


def _edits_of_body(definition: ast.AST) -> Iterator[Edit]:
    """The edits of each statement of a function, or of each field of a class."""
    for child in _children(definition, "body"):
        is_docstring = isinstance(child.node, ast.Expr) and isinstance(child.node.value, ast.Constant)
        if not is_docstring and not isinstance(child.node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _edits(child)


def _dropped(slot: Slot) -> Iterator[Edit]:
    """Take it out of the list it stands in: a statement, an element, an operand, a row of a table."""
    if isinstance(slot.node, ast.stmt):
        yield _replace(slot, ast.Pass(), "nothing")
    elif isinstance(slot.parent, ast.Dict):
        yield _without(slot, slot.parent.keys, slot.parent.values)
        if slot.field == "keys":
            value = slot.parent.values[slot.index]
            yield from _inside(value, value)
    elif slot.index is not None:
        yield _without(slot, getattr(slot.parent, slot.field))


def _edit(change: Callable[[], object], shown: ast.AST, now: str = "") -> Edit:
    def edit() -> tuple[str, str]:
        was = _first_line(shown)
        change()
        return was, now or _first_line(shown)

    return edit


def _set(node: ast.AST, field: str, value: object, now: str = "") -> Edit:
    return _edit(lambda: setattr(node, field, value), node, now)


def _replace(slot: Slot, other: ast.AST, now: str) -> Edit:
    return _edit(lambda: getattr(slot.parent, slot.field).__setitem__(slot.index, other), slot.node, now)


def _without(slot: Slot, *lists: list[ast.AST]) -> Edit:
    return _edit(lambda: [siblings.pop(slot.index) for siblings in lists], slot.node, "nothing")


def _inside(outer: ast.AST, shown: ast.AST) -> Iterator[Edit]:
    """One edit for each operator and constant of an expression or a simple statement."""
    for node in ast.walk(outer):
        for change in _changes(node):
            yield _edit(change, shown)


def _changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    match node:
        case ast.Compare(ops=ops):
            for index, op in enumerate(ops):
                yield lambda index=index, op=op: ops.__setitem__(index, COMPARED[type(op)]())
        case ast.BoolOp(op=op, values=values):
            yield lambda: setattr(node, "op", ast.Or() if isinstance(op, ast.And) else ast.And())
            for index in range(len(values)):
                yield lambda index=index: values.__delitem__(index)
        case ast.BinOp(op=op) if type(op) in CALCULATED:
            yield lambda: setattr(node, "op", CALCULATED[type(op)]())
        case ast.IfExp(body=body, orelse=orelse):
            yield lambda: node.__dict__.update(body=orelse, orelse=body)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield lambda: setattr(node, "operand", ast.UnaryOp(ast.Not(), operand))
        case ast.Constant(value=bool() as value):
            yield lambda: setattr(node, "value", not value)
        case ast.Constant(value=int() as value):
            yield lambda: setattr(node, "value", value + 1)
            yield lambda: setattr(node, "value", value - 1)
        case ast.Constant(value=str() as value) if CLAUSE.fullmatch(value) is None:
            yield lambda: setattr(node, "value", f"{value}~")
        case ast.Constant(value=bytes() as value):
            yield lambda: setattr(node, "value", value + b"~")
