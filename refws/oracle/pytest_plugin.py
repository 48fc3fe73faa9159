"""Judges a WebSocket server or client in a run of pytest, one test for each case.

    @pytest.mark.websocket_oracle(server="ws://127.0.0.1:9001", section="5.5")
    def test_control_frames(): ...

    @pytest.mark.websocket_oracle(server="echo_server", cases="1-10", expect="known.toml")
    def test_autobahns_cases(oracle_result): ...

`server` is a URL, or the name of a fixture that gives one; the server has to run in a thread or a process of its own.
`client` is a command with ``{url}`` in it, run for each case. `cases`, `section`, `clause`, `level` and `exclude`
choose as on the command line (`refws.oracle.selection`). `patience` is in seconds; `headers` are put into every
request; `tls` is an `ssl.SSLContext`, or a fixture that gives one. A FAIL fails the test, with `strict=True` so does
NON-STRICT; what was not played or is not implemented is skipped. `expect` is a file of known failures
(`refws.oracle.expected`): those are xfails, and one that gets better fails.

The test's own lines run behind that, and may look at the fixture `oracle_result`, a `CaseResult`. Ids are those of the
cases: ``pytest -k ping-of-126-octets``. With the marker on a module (``pytestmark``) each of its tests is made so.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.cases import all_cases
from refws.oracle.clients import judge_client
from refws.oracle.expected import read_expected
from refws.oracle.opening import Opening
from refws.oracle.play import CaseResult
from refws.oracle.report import Expected, Report
from refws.oracle.selection import select
from refws.oracle.server import NotThere, Target, calibrate, one_case
from refws.oracle.verdict import Role, Verdict, level

__all__ = ["conclude", "generate", "result_of"]

_CHOOSING: Final = {
    "cases": "names",
    "section": "sections",
    "clause": "clauses",
    "level": "levels",
    "exclude": "exclude",
}
_OTHERS: Final = frozenset({"server", "client", "patience", "strict", "expect", "headers", "tls"})
_PATIENCE: Final = pytest.StashKey[dict[str, float]]()
"""What was measured of each server."""


def generate(metafunc: pytest.Metafunc, marker: pytest.Mark) -> None:
    """Make a test for each case that the marker means. Raises pytest.UsageError."""
    unknown = set(marker.kwargs) - set(_CHOOSING) - _OTHERS
    if marker.args or unknown or ("server" in marker.kwargs) is ("client" in marker.kwargs):
        what = f"knows no {', '.join(sorted(unknown))}" if unknown else "wants either server= or client="
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: websocket_oracle {what}")
    chosen = {ours: _texts(marker.kwargs.get(theirs)) for theirs, ours in _CHOOSING.items()}
    role = Role.SERVER if "server" in marker.kwargs else Role.CLIENT
    try:
        cases = select(all_cases(), role=role, carrier=Carrier.HTTP1, **chosen)
        _expected(marker)
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: {error}") from None
    if "oracle_case" not in metafunc.fixturenames:
        metafunc.fixturenames.append("oracle_case")
    metafunc.parametrize("oracle_case", cases, ids=[case.id for case in cases])


def _texts(value: str | Sequence[str] | None) -> Sequence[str]:
    return [value] if isinstance(value, str) else value or ()


def _expected(marker: pytest.Mark) -> Mapping[str, Expected]:
    path = marker.kwargs.get("expect")
    return {} if path is None else read_expected(Path(path).read_text("utf-8"), all_cases())


def result_of(request: pytest.FixtureRequest, marker: pytest.Mark, case: Case) -> CaseResult:
    """Play a case. A server that is not there fails the test."""
    patience = marker.kwargs.get("patience")
    tls = _named(request, marker.kwargs.get("tls"), ssl.SSLContext)
    if "client" in marker.kwargs:
        run = judge_client([case], command=marker.kwargs["client"], patience=patience, tls=tls)
        reports: list[Report] = asyncio.run(run)
        return reports[0].results[0]
    url = marker.kwargs["server"]
    uri = str(url if "://" in url else request.getfixturevalue(url))
    usual = Opening(fields=tuple(marker.kwargs.get("headers", {}).items()))
    try:
        return asyncio.run(_play(Target.of(uri, tls, usual), case, patience, _measured(request.config)))
    except NotThere as error:
        why = str(error)
    pytest.fail(why, pytrace=False)


def _named(request: pytest.FixtureRequest, value: Any, kind: type) -> Any:
    return value if value is None or isinstance(value, kind) else request.getfixturevalue(value)


def _measured(config: pytest.Config) -> dict[str, float]:
    return config.stash.setdefault(_PATIENCE, {})


async def _play(target: Target, case: Case, patience: float | None, measured: dict[str, float]) -> CaseResult:
    if patience is None and target.uri not in measured:
        _, measured[target.uri], _ = await calibrate(target)
    return await one_case(target, case, patience or measured[target.uri])


def conclude(marker: pytest.Mark, result: CaseResult) -> None:
    """Fail, skip or let pass."""
    known = _expected(marker).get(result.case.id)
    whys = "\n".join(
        f"{finding.verdict} {finding.clause} {level(finding.clause)}, {finding.obligation}"
        f"{'' if finding.offset is None else f', octet {finding.offset}'}: {finding.why}"
        for finding in result.findings
    )
    if known is not None and known.verdict is result.verdict:
        pytest.xfail(f"{known.verdict}: {known.reason}")
    if result.verdict in (Verdict.NOT_RUN, Verdict.UNIMPLEMENTED) and (known is None or not result.played):
        pytest.skip(whys or result.verdict.value)
    if known is not None:
        pytest.fail(f"{result.verdict}, where {known.verdict} is known: {known.reason}\n{whys}", pytrace=False)
    bad = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.HARNESS_ERROR)
    if result.verdict in bad or (marker.kwargs.get("strict") and result.verdict is Verdict.NON_STRICT):
        pytest.fail(f"{result.case.title}\n{whys}", pytrace=False)
