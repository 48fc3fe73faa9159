"""The page that engineers read: one HTML file with its style, its script and the data of every case inside."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2

from conformance.failure import HarnessFailure
from conformance.publish.catalogue import by_group, group_name, sections_of
from conformance.publish.rawcase import RawCase
from conformance.publish.tally import all_case_ids, group_rows, roles_of, section_rows, shortfall, tally
from conformance.publish.verdicts import TONES, in_order, tone
from conformance.results import Results

_SOURCES: Final = Path(__file__).parent

Cases = Mapping[str, Mapping[str, RawCase]]


@dataclass(frozen=True, slots=True)
class _Group:
    number: str
    name: str
    case_ids: list[str]


def render_page(results: Results, cases: Cases) -> str:
    """Render a run as one HTML page that needs no network; `cases` holds the raw cases by role and id.

    Raises HarnessFailure when two roles tell different things about what a case does.
    """
    style, script = (_source(name) for name in ("page.css", "page.js"))
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            results=results,
            lack=shortfall(results),
            roles=roles_of(results),
            agents=_agents(results),
            totals={role: tally(results.testees[role]) for role in roles_of(results)},
            group_rows=group_rows(results),
            section_rows=section_rows(results),
            groups=[_Group(group, group_name(group), ids) for group, ids in by_group(all_case_ids(results)).items()],
            verdicts=_verdicts(results),
            titles={case_id: _title(case_id, cases) for case_id in all_case_ids(results)},
            data=_data(results, cases),
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_SOURCES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # `tojson` escapes <, >, & and ' so that no string can end the script element it stands in.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    environment.filters["tone"] = tone
    return environment


def _source(name: str) -> str:
    """Read a style or script for a place between tags; it is ours, and must not hold the tag that ends the place."""
    return "\n" + (_SOURCES / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    """Name a source in a Content-Security-Policy, so that the browser runs this one and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")


def _agents(results: Results) -> list[tuple[str, list[str]]]:
    """Give each agent with the roles it was judged in."""
    agents: dict[str, list[str]] = {}
    for role in roles_of(results):
        agents.setdefault(results.testees[role].agent, []).append(role)
    return list(agents.items())


def _verdicts(results: Results) -> list[str]:
    """Give the verdicts on behaviour that a reader can filter by."""
    return in_order(case.behavior for testee in results.testees.values() for case in testee.cases.values())


def _data(results: Results, cases: Cases) -> dict[str, Any]:
    """Give what the page's script reads."""
    return {
        "roles": roles_of(results),
        "agents": {role: testee.agent for role, testee in results.testees.items()},
        "cases": {case_id: _case_data(case_id, cases) for case_id in all_case_ids(results)},
        "sections": {row.key: row.title for row in section_rows(results)},
        "tones": TONES,
    }


def _case_data(case_id: str, cases: Cases) -> dict[str, Any]:
    told = dict(_told(case_id, cases))
    if len({(case.description, case.expectation) for case in told.values()}) != 1:
        raise HarnessFailure(f"the raw data of the two roles describe case {case_id} differently: run both again")
    first = next(iter(told.values()))
    return {
        "description": first.description,
        "expectation": first.expectation,
        "sections": [section.name for section in sections_of(case_id)],
        "roles": {
            role: {**case.detail, "behavior": case.verdict.behavior, "closing": case.verdict.behavior_close}
            for role, case in told.items()
        },
    }


def _told(case_id: str, cases: Cases) -> Iterator[tuple[str, RawCase]]:
    return ((role, cases[role][case_id]) for role in cases if case_id in cases[role])


def _title(case_id: str, cases: Cases) -> str:
    """Give a case's description as one line."""
    _, case = next(iter(_told(case_id, cases)))
    return " ".join(case.description.split())
