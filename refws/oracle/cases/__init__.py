"""The cases, a module for each section of the RFCs, named as in the reference: reading a case is reading the clause."""

import importlib
import pkgutil
from functools import cache

from refws.oracle.case import Case

__all__ = ["all_cases"]


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, in the order of the sections."""
    cases: list[Case] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if module.name.startswith(("s", "rfc")):
            cases += importlib.import_module(f"{__name__}.{module.name}").CASES
    return tuple(cases)
