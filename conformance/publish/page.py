"""The page that engineers read: one HTML file with its style, its script and the data of every case inside."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import jinja2

from conformance.autobahn.cases import CORE, UNJUDGED, case_order
from conformance.failure import HarnessFailure
from conformance.publish.catalogue import by_group, group_name, sections_of
from conformance.publish.rawcase import RawCase
from conformance.publish.tally import all_case_ids, group_rows, judged, section_rows, shortfall
from conformance.publish.template import environment, source_hash, stylesheet
from conformance.publish.verdicts import TONES, in_order, tone
from conformance.results import ROLES, Results, names, role_of

_SOURCES: Final = Path(__file__).parent

Cases = Mapping[str, Mapping[str, RawCase]]


@dataclass(frozen=True, slots=True)
class _Group:
    number: str
    name: str
    case_ids: list[str]


@dataclass(frozen=True, slots=True)
class _Shown:
    """One verdict on a case, the testees it was given to, and what their line calls them."""

    on: Sequence[str]
    whose: str
    behavior: str
    closing: str


def render_page(results: Results, cases: Cases, beside: str = "") -> str:
    """Render a run as one HTML page that needs no network; `cases` holds the raw cases by testee and id.

    `beside` is a sentence on what others than Autobahn said.

    Raises HarnessFailure when two testees tell different things about what a case does.
    """
    testees = judged(results)
    style, script = stylesheet(), _source("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            results=results,
            lack=shortfall(results),
            beside=beside,
            testees=testees,
            by_role=[(role, [one for one in testees if one.role == role]) for role in ROLES],
            agents=_agents(results),
            core=CORE,
            unjudged=sorted(UNJUDGED, key=case_order),
            group_rows=group_rows(results),
            section_rows=section_rows(results),
            groups=[_Group(group, group_name(group), ids) for group, ids in by_group(all_case_ids(results)).items()],
            verdicts=_verdicts(results),
            shown={case_id: _shown(case_id, results) for case_id in all_case_ids(results)},
            titles={case_id: _title(case_id, cases) for case_id in all_case_ids(results)},
            data=_data(results, cases),
            style=style,
            script=script,
            style_hash=source_hash(style),
            script_hash=source_hash(script),
        )
    )


def _environment() -> jinja2.Environment:
    made = environment(_SOURCES)
    # `tojson` escapes <, >, & and ' so that no string can end the script element it stands in.
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    made.filters["tone"] = tone
    return made


def _source(name: str) -> str:
    """Read a script for a place between tags; it is ours, and must not hold the tag that ends the place."""
    return "\n" + (_SOURCES / name).read_text(encoding="utf-8")


def _agents(results: Results) -> list[tuple[str, list[str]]]:
    """Give each agent with the roles it was judged in."""
    agents: dict[str, list[str]] = {}
    for name in names(results):
        roles = agents.setdefault(results.testees[name].agent, [])
        if role_of(name) not in roles:
            roles.append(role_of(name))
    return list(agents.items())


def _shown(case_id: str, results: Results) -> list[_Shown]:
    """Give the verdicts on a case as its line shows them, so that what all hosts share is said once."""
    shown = []
    for role, of_role in groupby((name for name in names(results) if case_id in results.testees[name].cases), role_of):
        same: dict[tuple[str, str], list[str]] = {}
        judged_here = list(of_role)
        for name in judged_here:
            case = results.testees[name].cases[case_id]
            same.setdefault((case.behavior, case.behavior_close), []).append(name)
        for (behavior, closing), on in same.items():
            hosts = ", ".join(results.testees[name].host or name for name in on)
            whose = f"{role} {hosts}" if len(same) > 1 else f"{len(on)} {role}s" if len(judged_here) > 1 else role
            shown.append(_Shown(on, whose, behavior, closing))
    return shown


def _verdicts(results: Results) -> list[str]:
    """Give the verdicts on behaviour that a reader can filter by."""
    return in_order(case.behavior for testee in results.testees.values() for case in testee.cases.values())


def _data(results: Results, cases: Cases) -> dict[str, Any]:
    """Give what the page's script reads."""
    return {
        "testees": {
            one.name: {"role": one.role, "host": one.host, "agent": one.agent, "label": one.label}
            for one in judged(results)
        },
        "cases": {case_id: _case_data(case_id, cases) for case_id in all_case_ids(results)},
        "sections": {row.key: row.title for row in section_rows(results)},
        "tones": TONES,
    }


def _case_data(case_id: str, cases: Cases) -> dict[str, Any]:
    told = dict(_told(case_id, cases))
    if len({(case.description, case.expectation) for case in told.values()}) != 1:
        raise HarnessFailure(
            f"the raw data of {' and '.join(told)} describe case {case_id} differently: run them again"
        )
    first = next(iter(told.values()))
    return {
        "description": first.description,
        "expectation": first.expectation,
        "sections": [section.name for section in sections_of(case_id)],
        "told": _merged(told),
    }


def _merged(told: Mapping[str, RawCase]) -> list[dict[str, Any]]:
    """Give what is told of a case, once for all hosts of a role of which the same is told; `on` names the testees."""
    merged: list[dict[str, Any]] = []
    for name, case in told.items():
        detail = {**case.detail, "behavior": case.verdict.behavior, "closing": case.verdict.behavior_close}
        same = (
            one for one in merged if role_of(one["on"][0]) == role_of(name) and {**one, "on": 0} == {**detail, "on": 0}
        )
        if (one := next(same, None)) is not None:
            one["on"].append(name)
        else:
            merged.append({"on": [name], **detail})
    return merged


def _told(case_id: str, cases: Cases) -> Iterator[tuple[str, RawCase]]:
    return ((name, cases[name][case_id]) for name in cases if case_id in cases[name])


def _title(case_id: str, cases: Cases) -> str:
    """Give a case's description as one line."""
    _, case = next(iter(_told(case_id, cases)))
    return " ".join(case.description.split())
