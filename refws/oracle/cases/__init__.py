"""The cases, a module for each section of the RFCs, named as in the reference: reading a case is reading the clause."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from refws.oracle.case import Case

__all__ = ["all_cases", "case_modules"]


@cache
def case_modules() -> tuple[ModuleType, ...]:
    """The modules that have cases, in the order of the sections."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names if name.startswith(("s", "rfc")))


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, in the order of the sections."""
    return tuple(case for module in case_modules() for case in module.CASES)
