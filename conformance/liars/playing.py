"""Lets the oracle judge endpoints of our own, in either role, in one process."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final, TypeAlias

from conformance.liars.endpoint import Endpoint
from refws.oracle.case import Case
from refws.oracle.client import ClientJudge
from refws.oracle.client_uris import uri_of
from refws.oracle.play import CaseResult
from refws.oracle.server import Target, one_case
from refws.oracle.verdict import Role

__all__ = ["PATIENCE", "Make", "judged", "serving"]

PATIENCE: Final = 0.5
"""Seconds that an endpoint gets for anything: the least that the oracle gives to anybody."""
LIMIT: Final = 20.0
"""Seconds that a client gets for a case."""

AGENT: Final = "endpoint"

Make: TypeAlias = type[Endpoint]
"""Makes an endpoint of a role, with the Host and the target that a client names."""


async def judged(
    make: Make, role: Role, cases: Sequence[Case], *, patience: float = PATIENCE, jobs: int = 4
) -> list[CaseResult]:
    """Play these cases with an endpoint in a role; a client that does not come to a case has no result there."""
    mine = [case for case in cases if role in case.roles]
    if not mine:
        return []
    if role is Role.SERVER:
        return await _judged_server(make, mine, patience, jobs)
    return await _judged_client(make, mine, patience, jobs)


async def serving(make: Make) -> tuple[asyncio.Server, int]:
    """Serve with endpoints of this kind; the server, and its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(make, "server"), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def _judged_server(make: Make, cases: Sequence[Case], patience: float, jobs: int) -> list[CaseResult]:
    server, port = await serving(make)
    target = Target.of(f"ws://127.0.0.1:{port}/")
    waiting = iter(cases)
    results: list[CaseResult] = []

    async def work() -> None:
        for case in waiting:
            results.append(await one_case(target, case, patience))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(work())
    finally:
        server.close()
    return results


async def _judged_client(make: Make, cases: Sequence[Case], patience: float, jobs: int) -> list[CaseResult]:
    judge = ClientJudge(cases, patience=patience)
    await judge.listen("127.0.0.1", 0)
    waiting = iter(enumerate(judge.cases, 1))
    results: list[CaseResult] = []

    async def work() -> None:
        for number, case in waiting:
            result = await _come(make, judge, number, case)
            if result is not None:
                results.append(result)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(work())
    finally:
        await judge.close()
    return results


async def _come(make: Make, judge: ClientJudge, number: int, case: Case) -> CaseResult | None:
    uri = uri_of(case, f"ws://127.0.0.1:{judge.port}", number, AGENT)
    judge.given[case.id] = uri
    played = asyncio.ensure_future(judge.result(case, AGENT, LIMIT))
    client = None
    try:
        client = await make.connect(uri)
        # When the connection is gone, the judgement follows at once, or not at all.
        await asyncio.wait([played, client.lost], return_when=asyncio.FIRST_COMPLETED)
    except ValueError:
        judge.never_came(case, AGENT)
    except OSError:
        pass  # such as TLS that failed
    try:
        await asyncio.wait([played], timeout=PATIENCE * 4)
        played.cancel()
        return played.result() if played.done() and not played.cancelled() else None
    finally:
        if client is not None:
            client.drop()
