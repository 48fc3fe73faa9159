"""All liars."""

import importlib
import pkgutil
from functools import cache

from conformance.liars import sections
from conformance.liars.liar import LIARS, Liar

__all__ = ["all_liars"]


@cache
def all_liars() -> tuple[Liar, ...]:
    """Every liar, in the order of the clauses."""
    for module in pkgutil.iter_modules(sections.__path__):
        importlib.import_module(f"{sections.__name__}.{module.name}")
    return tuple(sorted(LIARS, key=lambda liar: (_place(liar), liar.name)))


def _place(liar: Liar) -> tuple[str, list[tuple[int, str]]]:
    document, _, rest = liar.clause.partition(":")
    parts = rest.replace("/", "-").replace("-", ".").split(".")
    return document, [(int(part.lstrip("psABC") or 0), part) for part in parts]
