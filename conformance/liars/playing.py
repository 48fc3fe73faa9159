"""Lets the oracle judge endpoints of our own, in either role, in one process."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from importlib import resources
from typing import Final, TypeAlias

from conformance.liars.endpoint import Endpoint
from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.client import ClientJudge
from refws.oracle.client_uris import uri_of
from refws.oracle.play import CaseResult
from refws.oracle.server import Target, one_case
from refws.oracle.verdict import Role

__all__ = ["PATIENCE", "Make", "judged", "serving"]

PATIENCE: Final = 0.5
"""Seconds that an endpoint gets for anything: the least that the oracle gives to anybody."""
LIMIT: Final = 60.0
"""Seconds that a client gets for a case."""

AGENT: Final = "endpoint"


def _servers() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with resources.as_file(resources.files("refws.oracle.wire") / "untrusted.pem") as path:
        context.load_cert_chain(path)
    return context


def _clients() -> ssl.SSLContext:
    """One that trusts anyone: who may be trusted is the matter of a case, which brings its own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


Make: TypeAlias = type[Endpoint]
"""Makes an endpoint of a role, with the Host and the target that a client names."""


async def judged(
    make: Make, role: Role, cases: Sequence[Case], *, patience: float = PATIENCE, jobs: int = 4
) -> list[CaseResult]:
    """Play these cases with an endpoint in a role; a client that does not come to a case has no result there."""
    mine = [case for case in cases if role in case.roles and Carrier.HTTP1 in case.carriers]
    if not mine:
        return []
    if role is Role.SERVER:
        return await _judged_server(make, mine, patience, jobs)
    return await _judged_client(make, mine, patience, jobs)


@contextlib.asynccontextmanager
async def serving(make: Make, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve with endpoints of this kind; gives the port. At the end all of them are gone."""
    came: list[Endpoint] = []

    def accept() -> Endpoint:
        came.append(make("server"))
        return came[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await _gone(came)


async def _gone(endpoints: Sequence[Endpoint]) -> None:
    for endpoint in endpoints:
        endpoint.drop()
    await asyncio.gather(*(endpoint.lost for endpoint in endpoints if endpoint.transport is not None))


async def _judged_server(make: Make, cases: Sequence[Case], patience: float, jobs: int) -> list[CaseResult]:
    async with serving(make, _servers() if make.secure else None) as port:
        target = Target.of(f"{_scheme(make)}://127.0.0.1:{port}/", _clients())
        waiting = iter(cases)
        results: list[CaseResult] = []

        async def work() -> None:
            for case in waiting:
                results.append(await one_case(target, case, patience, well_within=patience))

        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(work())
    return results


def _scheme(make: Make) -> str:
    return "wss" if make.secure else "ws"


async def _judged_client(make: Make, cases: Sequence[Case], patience: float, jobs: int) -> list[CaseResult]:
    judge = ClientJudge(cases, patience=patience)
    await judge.listen("127.0.0.1", 0, _servers() if make.secure else None)
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
    uri = uri_of(case, f"{_scheme(make)}://127.0.0.1:{judge.port}", number, AGENT)
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
            await _gone([client])
