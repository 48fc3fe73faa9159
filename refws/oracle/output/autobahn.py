"""The report in the shape of the Autobahn Testsuite's: ``index.json``, and a file for each case.

Dashboards and parsers made for it read these. Only cases that Autobahn has are in them, under its ids; a case that was
not played is not there, as in a run of Autobahn that ended early. What the oracle does not keep has the value it has
there where nothing was kept: no statistics of octets, and a wire log of the frames.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from refws.oracle.closing import ANSWERS_A_CLOSE, CLEANLY, ENDS_TCP, SAME_CODE, SENDS_A_CLOSE, SERVER_AT_ONCE
from refws.oracle.exchange import Item, close_of
from refws.oracle.expect import Drops, Fails
from refws.oracle.output.words import finding_of, harmless
from refws.oracle.play import CaseResult
from refws.oracle.report import Report
from refws.oracle.verdict import Role, Verdict

__all__ = ["agent_of", "write_autobahn"]

_BEHAVIOR: Final = {
    Verdict.PASS: "OK",
    Verdict.NON_STRICT: "NON-STRICT",
    Verdict.FAIL: "FAILED",
    Verdict.UNIMPLEMENTED: "UNIMPLEMENTED",
    # Autobahn has no word for not knowing, and it is no success.
    Verdict.INCONCLUSIVE: "FAILED",
    Verdict.HARNESS_ERROR: "FAILED",
}
_CLOSING: Final = {
    ANSWERS_A_CLOSE: "UNCLEAN",
    CLEANLY: "UNCLEAN",
    ENDS_TCP: "FAILED BY CLIENT",
    SERVER_AT_ONCE: "FAILED BY CLIENT",
    SAME_CODE: "WRONG CODE",
    SENDS_A_CLOSE: "WRONG CODE",
}
_CLOSE: Final = 8


def write_autobahn(report: Report, folder: Path) -> None:
    """Write the files; those of other agents in `folder` stay, as with Autobahn. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    agent = agent_of(report)
    stem = re.sub(r"[^A-Za-z0-9]", "_", agent).lower()
    listed: dict[str, Any] = {}
    for number, result in enumerate(_aliased(report), 1):
        told = _case(report, result, number, agent)
        name = f"{stem}_case_{result.case.alias.replace('.', '_')}.json"
        _write(folder / name, told)
        listed[result.case.alias] = {
            "behavior": told["behavior"],
            "behaviorClose": told["behaviorClose"],
            "duration": told["duration"],
            "remoteCloseCode": told["remoteCloseCode"],
            "reportfile": name,
        }
    index = folder / "index.json"
    _write(index, {**_there(index), agent: listed})


def agent_of(report: Report) -> str:
    """What the testee is called there: by its own name, or else by its address."""
    return harmless(report.testee.name or report.testee.address)


def _there(index: Path) -> dict[str, Any]:
    """What an index has already; nothing where it is not there or no such index."""
    try:
        found = json.loads(index.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=3, sort_keys=True) + "\n", "utf-8")


def _aliased(report: Report) -> list[CaseResult]:
    played = [result for result in report.results if result.case.alias and result.verdict is not Verdict.NOT_RUN]
    return sorted(played, key=lambda result: [int(part) for part in result.case.alias.split(".")])


def _case(report: Report, result: CaseResult, number: int, agent: str) -> dict[str, Any]:
    items = result.exchange
    heads = {item["from"]: item["text"].replace("\n", "\r\n") + "\r\n\r\n" for item in items if item["kind"] == "head"}
    finding = finding_of(result)
    end = _end(items, report.testee.role)
    return {
        "agent": agent,
        "behavior": _BEHAVIOR[result.behaviour],
        "behaviorClose": _closing(result, end),
        "case": number,
        "createStats": False,
        "createWirelog": True,
        "description": result.case.title,
        "duration": round(result.seconds * 1000),
        "expectation": "; or: ".join(f"{one.verdict}: the testee {one.outcome}" for one in result.case.allowed),
        "expected": {},
        "expectedClose": {},
        "failedByMe": False,
        "httpRequest": heads.get(Role.CLIENT.value),
        "httpResponse": heads.get(Role.SERVER.value),
        "id": result.case.alias,
        "isServer": report.testee.role is Role.CLIENT,
        "received": [],
        "reportCompressionRatio": False,
        "reportTime": False,
        "result": f"{finding.clause}: {finding.why}" if finding else result.seen,
        "resultClose": next((one.why for one in result.findings if one.clause in _CLOSING), "as it should be"),
        "rxFrameStats": {},
        "rxOctetStats": {},
        "started": report.started,
        "trafficStats": None,
        "txFrameStats": {},
        "txOctetStats": {},
        "wasOpenHandshakeTimeout": report.testee.role.value not in heads,
        "wirelog": list(_wirelog(items, report.testee.role.value)),
        **end,
    }


def _end(items: list[Item], role: Role) -> dict[str, Any]:
    """How the connection ended, and who began."""
    testee, oracle = role.value, role.other.value
    theirs, ours = close_of(items, testee), close_of(items, oracle)
    ends = [item["from"] for item in items if item["kind"] == "end"]
    closes = [frame for frame in (theirs, ours) if frame is not None]
    clean = len(closes) == 2 and testee in ends
    return {
        "closedByMe": bool(closes) and min(closes, key=items.index)["from"] == oracle,
        "droppedByMe": bool(ends) and ends[0] == oracle,
        "localCloseCode": ours.get("code") if ours else None,
        "localCloseReason": _reason(ours),
        "remoteCloseCode": theirs.get("code") if theirs else None,
        "remoteCloseReason": _reason(theirs),
        "wasClean": clean,
        "wasCloseHandshakeTimeout": ours is not None and theirs is None and testee not in ends,
        "wasNotCleanReason": None if clean else "there was no closing handshake, or no end of TCP behind it",
        "wasServerConnectionDropTimeout": len(closes) == 2 and testee not in ends,
    }


def _closing(result: CaseResult, end: dict[str, Any]) -> str:
    wanted = [one.outcome for one in result.case.allowed if one.verdict is Verdict.PASS]
    had_to_fail = bool(wanted) and all(isinstance(outcome, Fails | Drops) for outcome in wanted)
    if result.behaviour is Verdict.FAIL and had_to_fail and (end["closedByMe"] or end["droppedByMe"]):
        return "FAILED"  # by the wrong side
    if result.closing is None:
        return _BEHAVIOR[result.behaviour] if result.behaviour is Verdict.UNIMPLEMENTED else "INFORMATIONAL"
    if result.closing is Verdict.PASS:
        return "OK"
    return next(
        (
            # Autobahn does not ask for a Close where the connection is failed.
            "OK" if finding.clause == SENDS_A_CLOSE and end["remoteCloseCode"] is None else _CLOSING[finding.clause]
            for finding in result.findings
            if finding.verdict is result.closing and finding.clause in _CLOSING
        ),
        _BEHAVIOR.get(result.closing, "FAILED"),
    )


def _reason(frame: Item | None) -> str | None:
    return frame.get("text") if frame else None


def _wirelog(items: list[Item], testee: str) -> Iterator[list[Any]]:
    """Frames as Autobahn logs them: received ("RF") and sent ("TF"), with the length and the payload."""
    for item in items:
        if item["kind"] == "frame":
            payload = [item["length"], _logged(item)]
            flags = [item["opcode"], item["fin"], item["rsv"]]
            if item["from"] == testee:
                yield ["RF", payload, *flags, item["masked"], None]
            else:
                # The key of a masked frame is not kept; an empty one says that there was one.
                yield ["TF", payload, *flags, "" if item["masked"] else None, None, None, False]


def _logged(item: Item) -> str:
    """Text as it is; anything else, and a Close's body, as hexadecimal digits behind 0x."""
    cut = " ..." if item.get("more") or item.get("marker") else ""
    if item["opcode"] == _CLOSE:
        body = item["code"].to_bytes(2, "big").hex() if "code" in item else ""
        return f"0x{body}{item.get('hex') or item.get('text', '').encode().hex()}{cut}"
    return f"0x{item['hex']}{cut}" if "hex" in item else f"{item.get('text', '')}{cut}"
