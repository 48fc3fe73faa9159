"""What wstest is told: the testee and explicit case ids, never a pattern (Autobahn does not anchor them)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.engines.base import REPORTS, SPECIFICATION


def for_fuzzingclient(folder: Path, server_url: str, agent: str, cases: Sequence[str]) -> None:
    """Write the specification that makes wstest judge the server at a URL."""
    servers = [{"agent": agent, "url": server_url, "options": {"version": 18}}]
    _write(folder, {"servers": servers}, cases)


def for_fuzzingserver(folder: Path, url: str, cases: Sequence[str]) -> None:
    """Write the specification that makes wstest listen at a URL and judge the clients that come."""
    _write(folder, {"url": url}, cases)


def _write(folder: Path, peer: dict[str, Any], cases: Sequence[str]) -> None:
    rest = {"outdir": REPORTS, "cases": list(cases), "exclude-cases": [], "exclude-agent-cases": {}}
    (folder / REPORTS).mkdir(exist_ok=True)
    (folder / SPECIFICATION).write_text(json.dumps(peer | rest), encoding="utf-8")
