"""The oracle: judges any WebSocket server, client or recorded conversation, in any language.

It shares no code with the reference: what it knows of the wire it reads and writes itself. At the command line it is
``refws oracle``, in pytest `refws.oracle.pytest_plugin`, and in Python::

    from refws.oracle import all_cases, judge_server, select

    cases = select(all_cases(), sections=["5.5"], role=Role.SERVER)
    report = await judge_server("ws://127.0.0.1:9001", cases)
    for result in report.having(Verdict.FAIL):
        print(result.case.id, *(f"{finding.clause}: {finding.why}" for finding in result.findings))
    Path("report.json").write_text(report.dump())

`judge_server` and `judge_client` give a `Report`, a `CaseResult` for each case with its findings; `Report.load` reads
what `Report.dump` has written, and `write` writes the other forms. `judge_recordings` judges what `read_capture` has
read. `select` chooses among `all_cases`; `compare` holds two reports against each other. A `Carrier` says over what
is judged: HTTP/1.1, which is usual, or HTTP/2.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from refws.oracle.capture import read_capture
    from refws.oracle.carrier import Carrier
    from refws.oracle.case import Case
    from refws.oracle.cases import all_cases
    from refws.oracle.clients import judge_client
    from refws.oracle.expected import read_expected
    from refws.oracle.opening import Opening
    from refws.oracle.output.compare import compare
    from refws.oracle.output.writing import write
    from refws.oracle.play import CaseResult
    from refws.oracle.recorded import judge_recordings
    from refws.oracle.recording import Recording
    from refws.oracle.report import Expected, Report, Testee
    from refws.oracle.selection import UnknownName, select
    from refws.oracle.server import NotThere, judge_server
    from refws.oracle.verdict import Finding, Obligation, Role, Verdict

__all__ = [
    "Carrier",
    "Case",
    "CaseResult",
    "Expected",
    "Finding",
    "NotThere",
    "Obligation",
    "Opening",
    "Recording",
    "Report",
    "Role",
    "Testee",
    "UnknownName",
    "Verdict",
    "all_cases",
    "compare",
    "judge_client",
    "judge_recordings",
    "judge_server",
    "read_capture",
    "read_expected",
    "select",
    "write",
]

_MODULES: Final = {
    "Carrier": "carrier",
    "Case": "case",
    "CaseResult": "play",
    "Expected": "report",
    "Finding": "verdict",
    "NotThere": "server",
    "Obligation": "verdict",
    "Opening": "opening",
    "Recording": "recording",
    "Report": "report",
    "Role": "verdict",
    "Testee": "report",
    "UnknownName": "selection",
    "Verdict": "verdict",
    "all_cases": "cases",
    "compare": "output.compare",
    "judge_client": "clients",
    "judge_recordings": "recorded",
    "judge_server": "server",
    "read_capture": "capture",
    "read_expected": "expected",
    "select": "selection",
    "write": "output.writing",
}
"""Where each name is; a module is loaded when one of its names is asked for."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
