"""Autobahn's JSON of one case, read and normalised: what it says about the judged stays, what a clock decides goes.

Kept: description, expectation, verdicts and their reasons, events, close codes and reasons, who closed, the extensions
of the opening handshake, the wire log. Left out: time and duration, ports and paths, the rest of the handshake (host,
User-Agent, random key), masking keys, and every statistic of octets, which TCP and the build of zlib decide.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.failure import HarnessFailure
from conformance.publish.payload import from_log
from conformance.publish.verdicts import in_order
from conformance.publish.wirelog import close_begun_by_testee, normalise
from conformance.results import CaseResult, case_from

_LINE_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_BOLD: Final = re.compile(r"</?b>", re.IGNORECASE)
_BLANKS: Final = re.compile(r"\s+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_EXTENSIONS: Final = re.compile(r"^Sec-WebSocket-Extensions:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_PEER_ADDRESS: Final = re.compile(r"(?<!\w)(?:tcp[46]?:)?(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]|localhost):\d+\b")


@dataclass(frozen=True, slots=True)
class RawCase:
    """What Autobahn tells of one case in one role.

    `description` and `expectation` are plain text that nobody has vouched for. `detail` is the rest as the page reads
    it: JSON values, without anything that differs between two runs that were judged the same.
    """

    description: str
    expectation: str
    verdict: CaseResult
    detail: Mapping[str, Any]


def read_case(folder: Path, case_id: str) -> RawCase:
    """Read `<case id>.json` in a folder; raises HarnessFailure when it is absent or not what Autobahn writes."""
    path = folder / f"{case_id}.json"
    try:
        raw = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise HarnessFailure(f"{path}: there is no raw data of case {case_id}; run the case again") from None
    except (OSError, ValueError) as error:
        raise HarnessFailure(f"{path}: cannot be read as JSON ({error})") from error
    try:
        if raw["id"] != case_id:
            raise HarnessFailure(f"{path}: holds case {raw['id']}, not {case_id}")
        return RawCase(plain(raw["description"]), plain(raw["expectation"]), case_from(raw), _detail(raw))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        message = f"{path}: not the JSON of a case of this suite ({type(error).__name__}: {error})"
        raise HarnessFailure(message) from error


def plain(text: str) -> str:
    """Turn Autobahn's texts into plain ones: <br> breaks a line, <b> goes, other markup stays as the text it is."""
    lines = _LINE_BREAK.split(_BLANKS.sub(" ", _BOLD.sub("", text)))
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.strip() for line in lines)).strip()


def _detail(raw: Mapping[str, Any]) -> dict[str, Any]:
    wire = normalise(raw["wirelog"])
    if not raw["createWirelog"]:
        wire.append(["!", "the suite keeps no log of the frames, for they are many"])
    by_testee = close_begun_by_testee(wire) or raw["remoteCloseCode"] is not None
    timeouts = [name for name in _TIMEOUTS if raw[name]]
    detail = {
        "result": _steady(raw["result"]),
        "resultClose": _steady(raw["resultClose"]),
        "expected": [[verdict, _events(raw["expected"][verdict])] for verdict in in_order(raw["expected"])],
        "received": _events(raw["received"]),
        "expectedClose": {
            "bySuite": bool(raw["expectedClose"].get("closedByMe")),
            "clean": bool(raw["expectedClose"].get("requireClean")),
            "codes": list(raw["expectedClose"].get("closeCode", [])),
        },
        "sentClose": [raw["localCloseCode"], raw["localCloseReason"]],
        "gotClose": [raw["remoteCloseCode"], raw["remoteCloseReason"]],
        "begunBy": "suite" if raw["closedByMe"] else "testee" if by_testee else None,
        "tcpBySuite": bool(raw["droppedByMe"]),
        "clean": bool(raw["wasClean"]),
        "unclean": _steady(raw["wasNotCleanReason"] or ""),
        "timeouts": [_TIMEOUTS[name] for name in timeouts],
        "offered": _extensions(raw["httpRequest"]),
        "agreed": _extensions(raw["httpResponse"]),
        "wire": wire,
    }
    return {key: value for key, value in detail.items() if value not in ("", [], {}, None)}


_TIMEOUTS: Final = {
    "wasOpenHandshakeTimeout": "The opening handshake was not completed in time.",
    "wasCloseHandshakeTimeout": "The closing handshake was not completed in time.",
    "wasServerConnectionDropTimeout": "The server did not close TCP in time.",
}


def _events(events: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Give events as the page reads them: ["text" | "binary" | "ping" | "pong", payload] or ["timeout", tag]."""
    page: list[list[Any]] = []
    for kind, what, *rest in events:
        if kind == "timeout":
            page.append([kind, str(what)])
        else:
            name = kind if kind != "message" else "binary" if rest[0] else "text"
            page.append([name, from_log(what).to_page()])
    return page


def _extensions(head: str) -> str:
    """Give what the Sec-WebSocket-Extensions fields of an HTTP head say; empty when there are none."""
    return ", ".join(_EXTENSIONS.findall(head))


def _steady(text: str) -> str:
    """Replace an address in a reason, whose port differs from run to run, by a constant mark."""
    return _PEER_ADDRESS.sub("(address)", text)
