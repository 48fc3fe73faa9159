"""What ``refws serve MODULE:NAME`` names: a resource, or the functions that lead to one."""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from refws.failure import UsageError
from refws.resources import Resource

__all__ = ["load"]


def load(named: str) -> Resource | Sequence[Any]:
    """The resource, made where a class is named, or the dispatch table. Modules of this folder are found.

    Raises `UsageError` where there is none, or where the module fails.
    """
    module, colon, name = named.partition(":")
    if not (module and colon and name):
        raise UsageError(f"{named!r} names nothing to serve; it looks like module:Resource, or --echo, --chat")
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    found: Any = _attempt(f"cannot import {module}", importlib.import_module, module)
    for part in name.split("."):
        found = _attempt(f"cannot take {name} from {module}", getattr, found, part, None)
        if found is None:
            raise UsageError(f"{module} has no {name}")
    if isinstance(found, type) and issubclass(found, Resource):
        found = _attempt(f"cannot make a {name}", found)
    if isinstance(found, Resource):
        return found
    table = [found] if callable(found) and not isinstance(found, type) else found
    if not isinstance(table, list | tuple) or not table or not all(map(callable, table)):
        raise UsageError(f"{named} is no Resource, no function of a dispatch table and no list of such functions")
    return table


def _attempt(what: str, function: Any, *arguments: Any) -> Any:
    """Call what is the application's; what goes wrong there is told in one line, with the place."""
    try:
        return function(*arguments)
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
        # The first frame is the call above.
        where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames[1:] else ""
        why = str(error) if isinstance(error, ModuleNotFoundError) else f"{type(error).__name__}: {error}"
        raise UsageError(f"{what}: {' '.join(why.split())}{where}") from None
