"""Which cases are played: chosen by id, Autobahn's id, clause, section, level and role.

Every name is anchored: ``7.1`` means 7.1.1 to 7.1.6, and never 7.13.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from refws.clauses.ledger import LEVELS, UnknownClause, documents, lookup
from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.verdict import Role, level

__all__ = ["UnknownName", "level_of", "select"]

_NUMBER: Final = re.compile(r"\d+(\.(\d+|\*))*\.?\*?")
_RANGE: Final = re.compile(r"(\d+(?:\.\d+)*)-(\d+(?:\.\d+)*)")


class UnknownName(ValueError):
    """A name means no case, clause, section or level; the message suggests what was meant."""


def select(
    cases: Sequence[Case],
    *,
    names: Iterable[str] = (),
    clauses: Iterable[str] = (),
    sections: Iterable[str] = (),
    levels: Iterable[str] = (),
    exclude: Iterable[str] = (),
    role: Role | None = None,
    carrier: Carrier | None = None,
) -> list[Case]:
    """The cases that are meant, in their order; all of them where nothing is asked for.

    Each of these may hold lists with commas; a case is kept that is in every one that says anything:

    - `names`: case ids (``5.5/ping-of-126-octets``), patterns of them (``5.5/*``, or ``5.5/`` for short), Autobahn's
      ids and groups (``7.1.6``, ``7.1``, ``7.*.1``), ranges of these (``1-10``, ``7.9.1-7.9.5``); numbers without a
      slash are Autobahn's
    - `clauses`: names of the ledger, from ``5.5-p3-s1/2`` to ``5.5``: cases that exercise any such clause
    - `sections`: ``5.5``, ``rfc7692:7.1``: cases that are about it or a subsection of it
    - `levels`: ``MUST``, ``MUST NOT``, ...: those of the clause that is blamed
    - `exclude`: what `names` can be, and what to leave out
    - `role`: what the testee is
    - `carrier`: what the cases are to be played over

    Raises `UnknownName`, also where nothing is left.
    """
    kept = list(cases)
    for given, meaning in (
        (names, _named),
        (clauses, _exercising),
        (sections, _about),
        (levels, _of_level),
    ):
        wanted = _union(given, meaning, cases)
        if wanted is not None:
            kept = [case for case in kept if case.id in wanted]
    unwanted = _union(exclude, _named, cases) or set()
    kept = [case for case in kept if case.id not in unwanted]
    playable = [case for case in kept if role is None or role in case.roles]
    if kept and not playable and role is not None:
        raise UnknownName(f"no such case is for a {role}; for a {role.other} only: {_list(case.id for case in kept)}")
    carried = [case for case in playable if carrier is None or carrier in case.carriers]
    if playable and not carried:
        raise UnknownName(f"no such case can be played over {carrier}: {_list(case.id for case in playable)}")
    playable = carried
    if not playable:
        raise UnknownName("no case is all of that: the options leave none")
    return playable


def level_of(case: Case) -> str:
    """The level of the clause that the case blames first."""
    return level(case.clauses[0])


_Meaning = Callable[[Sequence[Case], str], list[Case]]


def _union(given: Iterable[str], meaning: _Meaning, cases: Sequence[Case]) -> set[str] | None:
    """The ids of what any of the names means; None where none is given."""
    asked = [name.strip() for names in given for name in names.split(",") if name.strip()]
    return {case.id for name in asked for case in meaning(cases, name)} if asked else None


def _named(cases: Sequence[Case], name: str) -> list[Case]:
    bounds = _RANGE.fullmatch(name)
    if bounds is not None:
        first, last = _numbers(bounds[1]), _numbers(bounds[2])
        found = [case for case in cases if case.alias and _between(first, _numbers(case.alias), last)]
    elif _NUMBER.fullmatch(name):
        parts = name.rstrip("*").rstrip(".").split(".")
        found = [case for case in cases if case.alias and _begins(case.alias.split("."), parts)]
    else:
        pattern = f"{name}*" if name.endswith("/") else name
        found = [case for case in cases if fnmatchcase(case.id, pattern)]
    if not found:
        raise UnknownName(f"no case is called {name!r}{_suggestion(cases, name)}")
    return found


def _numbers(dotted: str) -> tuple[int, ...]:
    return tuple(map(int, dotted.split(".")))


def _between(first: tuple[int, ...], at: tuple[int, ...], last: tuple[int, ...]) -> bool:
    return first <= at[: len(first)] and at[: len(last)] <= last


def _begins(parts: list[str], wanted: list[str]) -> bool:
    return len(parts) >= len(wanted) and all(one in ("*", part) for one, part in zip(wanted, parts, strict=False))


def _exercising(cases: Sequence[Case], name: str) -> list[Case]:
    try:
        meant = {clause.name for clause in lookup(name)}
    except UnknownClause as error:
        raise UnknownName(str(error)) from None
    found = [case for case in cases if meant.intersection(case.clauses)]
    if not found:
        raise UnknownName(f"no case exercises {name}; refws oracle cases lists what there is")
    return found


def _about(cases: Sequence[Case], name: str) -> list[Case]:
    document, _, number = name.removeprefix("§").rpartition(":")
    if document.isdecimal():
        document = f"rfc{document}"
    for among in [document] if document else documents():
        section = f"{among}:{number}"
        found = [case for case in cases if case.section == section or case.section.startswith(f"{section}.")]
        if found:
            return found
    known = dict.fromkeys(_sections(cases))
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"did you mean {_list(close)}?" if close else f"there are {_list(known)}"
    raise UnknownName(f"no case is about section {name!r}; {hint}")


def _sections(cases: Iterable[Case]) -> Iterator[str]:
    for case in cases:
        document, _, number = case.section.partition(":")
        yield number if document == next(iter(documents())) else case.section


def _of_level(cases: Sequence[Case], name: str) -> list[Case]:
    wanted = name.upper().replace("-", " ").replace("_", " ")
    if wanted not in LEVELS:
        raise UnknownName(f"{name!r} is no level; there are {_list(LEVELS)}")
    return [case for case in cases if level_of(case) == wanted]


def _suggestion(cases: Sequence[Case], name: str) -> str:
    if re.match(r"[\d.*-]+$", name):
        parts = name.partition("-")[0].split(".")
        siblings = [case.alias for case in cases if case.alias and _begins(case.alias.split("."), parts[:-1])]
        among = siblings if len(parts) > 1 else []
        if name in {section for case in cases for section in _sections([case])}:
            return f" in Autobahn; the cases of section {name} are --section {name}"
    else:
        among = [case.id for case in cases]
        word = name.rpartition("/")[2].strip("*")
        holding = [id_ for id_ in among if word and word in id_]
        if holding:
            return f"; did you mean {_list(holding[:3])}?"
    close = difflib.get_close_matches(name, among, n=3, cutoff=0.4)
    return f"; did you mean {_list(close)}?" if close else "; refws oracle cases lists all"


def _list(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
