"""What is known to be wrong with a testee, and borne with: a TOML file, a table for each case.

    [cases."5.5/ping-of-126-octets"]
    verdict = "NON-STRICT"
    reason = "the library answers any Ping; its issue 123"

An Autobahn id is as good as a case's. What is known has to be seen: a case that gets better is a surprise, too, so that
the file is kept up to date.
"""

import tomllib
from collections.abc import Sequence
from typing import Any

from refws.oracle.case import Case
from refws.oracle.report import Expected
from refws.oracle.selection import UnknownName, select
from refws.oracle.verdict import Verdict

__all__ = ["BadExpectations", "read_expected"]


class BadExpectations(ValueError):
    """The file says nothing that can be expected; the message says what is wrong, and with which case."""


def read_expected(text: str, cases: Sequence[Case]) -> dict[str, Expected]:
    """What a file expects, by case id. Raises `BadExpectations`; a case that is not known is wrong, too."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadExpectations(f"this is no TOML: {error}") from None
    tables = data.pop("cases", None)
    if data or not isinstance(tables, dict):
        raise BadExpectations('a file of expectations has tables [cases."ID"] and nothing else')
    found: dict[str, Expected] = {}
    for name, table in tables.items():
        try:
            meant = select(cases, names=[name])
        except UnknownName as error:
            raise BadExpectations(str(error)) from None
        if len(meant) != 1:
            raise BadExpectations(f"{name!r} means {len(meant)} cases; expectations are of one each")
        if meant[0].id in found:
            raise BadExpectations(f"{meant[0].id} is there twice")
        found[meant[0].id] = _expected(name, table)
    return found


def _expected(name: str, table: Any) -> Expected:
    keys = set(table) if isinstance(table, dict) else set()
    if not keys or keys - {"verdict", "reason"}:
        raise BadExpectations(f"{name}: an expectation has a verdict and a reason, and nothing else")
    wanted = [verdict.value for verdict in Verdict if verdict is not Verdict.PASS]
    if table.get("verdict") not in wanted:
        raise BadExpectations(f"{name}: the verdict has to be one of {', '.join(wanted)}")
    reason = table.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise BadExpectations(f"{name}: say in `reason` why that is borne with")
    return Expected(Verdict(table["verdict"]), reason.strip())
