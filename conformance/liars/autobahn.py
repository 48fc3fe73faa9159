"""What genuine Autobahn says of a liar, for comparison; an honest endpoint passes all these cases."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

from conformance import fuzzingserver
from conformance.autobahn import specification
from conformance.autobahn.cases import ALL_CASES, CORE
from conformance.engines.base import REPORTS, Engine, Wstest
from conformance.failure import HarnessFailure
from conformance.liars.playing import Make, serving
from refws.oracle.verdict import Role

__all__ = ["CASES", "HONEST", "LIMIT", "Notice", "Told", "standing", "verdicts_on", "what_autobahn_says"]

AGENT: Final = "liar"
HONEST: Final = "honest"
"""The name of the endpoint that liars are made of, and that breaks nothing."""
CASES: Final = tuple(case for case in CORE if not case.startswith("9."))
"""Groups 1 to 7 and 10."""
LIMIT: Final = 90.0
"""Seconds that one liar gets."""
_LONG_LIMIT: Final = 3600.0
"""Seconds for an endpoint in all cases, groups 12 and 13 included."""
_POLL: Final = 0.1
_NOT_CAUGHT: Final = frozenset({"OK", "INFORMATIONAL", "UNIMPLEMENTED", "NON-STRICT"})


class Notice(StrEnum):
    """What Autobahn notices of a liar."""

    BEHAVIOR = "behavior"
    """A case failed."""
    CLOSING = "behaviorClose"
    """All is well but how connections end."""
    NON_STRICT = "NON-STRICT"
    """Nothing failed, but something is less than it could be."""
    NOTHING = "invisible"
    """It gets what an honest endpoint gets."""
    REFUSED = "refused"
    """No case is judged, for Autobahn takes no request or answer like that, and reports nothing."""
    HANGS = "hangs"
    """Autobahn did not get through its cases in time."""


async def what_autobahn_says(engine: Engine, make: Make, role: Role, folder: Path) -> Notice:
    """Let wstest judge an endpoint in the core cases. Raises HarnessFailure where wstest cannot be run."""
    verdicts, whole = await verdicts_on(engine, make, role, CASES, folder)
    behaviors = {behavior for behavior, _ in verdicts.values()}
    if behaviors - _NOT_CAUGHT:
        return Notice.BEHAVIOR
    if {closing for _, closing in verdicts.values()} - _NOT_CAUGHT:
        return Notice.CLOSING
    if not whole or len(verdicts) < len(CASES):
        return Notice.REFUSED if whole and not verdicts else Notice.HANGS
    return Notice.NON_STRICT if "NON-STRICT" in behaviors else Notice.NOTHING


Standing: TypeAlias = dict[str, dict[str, int]]
"""How many cases got which verdict, by `behavior` and `behaviorClose`."""


@dataclass(frozen=True, slots=True)
class Told:
    """What Autobahn says: its notice of each liar, by name, and how the honest endpoint stands, by role."""

    liars: dict[str, str] = field(default_factory=dict)
    honest: dict[str, Standing] = field(default_factory=dict)


async def standing(engine: Engine, make: Make, role: Role, folder: Path, cases: Sequence[str] = ALL_CASES) -> Standing:
    """Let wstest judge an endpoint in all its cases. Raises HarnessFailure where it does not come to their end."""
    verdicts, whole = await verdicts_on(engine, make, role, cases, folder, limit=_LONG_LIMIT)
    if not whole or len(verdicts) < len(cases):
        raise HarnessFailure(f"Autobahn has verdicts on {len(verdicts)} of {len(cases)} cases of the honest {role}")
    kinds = zip(("behavior", "behaviorClose"), zip(*verdicts.values(), strict=True), strict=True)
    return {kind: dict(sorted(Counter(given).items())) for kind, given in kinds}


async def verdicts_on(
    engine: Engine, make: Make, role: Role, cases: Sequence[str], folder: Path, *, limit: float = LIMIT
) -> tuple[dict[str, tuple[str, str]], bool]:
    """(each case's behaviour and closing as Autobahn has them, whether it got through in time)."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 (at once)
    if role is Role.SERVER:
        whole = await _judge_server(engine, make, cases, folder, limit)
    else:
        whole = await _judge_client(engine, make, cases, folder, limit)
    entries = _entries(folder / REPORTS / "index.json")
    return {case: (entry["behavior"], entry["behaviorClose"]) for case, entry in entries.items()}, whole


def _entries(index: Path) -> dict[str, dict[str, Any]]:
    """What Autobahn reports of each case; nothing where it did not come to that."""
    if not index.exists():
        return {}
    found: dict[str, dict[str, Any]] = json.loads(index.read_text("utf-8")).get(AGENT, {})
    return found


async def _judge_server(engine: Engine, make: Make, cases: Sequence[str], folder: Path, limit: float) -> bool:
    async with serving(make) as port:
        specification.for_fuzzingclient(folder, f"ws://127.0.0.1:{port}", AGENT, cases)
        wstest = engine.start("fuzzingclient", folder)
        try:
            async with asyncio.timeout(limit):
                while wstest.exit_status() is None:  # noqa: ASYNC110 (another process)
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            return False
        finally:
            wstest.stop()
    return True


async def _judge_client(engine: Engine, make: Make, cases: Sequence[str], folder: Path, limit: float) -> bool:
    port = fuzzingserver.free_port()
    specification.for_fuzzingserver(folder, f"ws://127.0.0.1:{port}", cases)
    wstest = engine.start("fuzzingserver", folder)
    try:
        await _listening(wstest, port)
        try:
            async with asyncio.timeout(limit):
                for number in range(1, len(cases) + 1):
                    await _run_case(make, port, number, limit / 3)
            whole = True
        except TimeoutError:
            whole = False
        await asyncio.to_thread(fuzzingserver.update_reports, port, AGENT)
        return whole
    finally:
        wstest.stop()


async def _run_case(make: Make, port: int, number: int, limit: float) -> None:
    client = await make.connect(f"ws://127.0.0.1:{port}/runCase?case={number}&agent={AGENT}")
    try:
        await asyncio.wait([client.lost], timeout=limit)
    finally:
        client.drop()


async def _listening(wstest: Wstest, port: int) -> None:
    while not fuzzingserver.listens(port):
        if wstest.exit_status() is not None:
            raise HarnessFailure(f"wstest ended before it listened: {wstest.output()[-200:]}")
        await asyncio.sleep(_POLL)
