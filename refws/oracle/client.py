"""Judges clients: the oracle listens where Autobahn's fuzzingserver would, and a client connects once for each case.

``/getCaseCount``, ``/getCaseInfo?case=``, ``/runCase?case=&agent=``, ``/getCaseStatus?case=&agent=``,
``/updateReports?agent=`` and ``/stopServer`` do what they do there, so that what was written for it works here. Cases
that refuse the opening handshake come last, for some programs do not survive that.
"""

import asyncio
import json
import re
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Final

from refws.oracle.agent import FIRST_PATIENCE, Agent
from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.client_uris import RUN_CASE, asked_for
from refws.oracle.expect import NeverConnects
from refws.oracle.link import Link
from refws.oracle.listening import Listener
from refws.oracle.peer import Peer
from refws.oracle.play import CaseResult, play
from refws.oracle.referee import Referee
from refws.oracle.report import Report, Testee, not_run
from refws.oracle.streams.link import StreamLink
from refws.oracle.streams.peer import StreamPeer
from refws.oracle.verdict import Finding, Role, Verdict
from refws.oracle.wire.frame import close, text

__all__ = ["FIRST_PATIENCE", "START_LIMIT", "ClientJudge", "playing_order"]

START_LIMIT = 30.0
"""Seconds that a command may take until it connects."""

_BEHAVIOR: Final = {Verdict.PASS: "OK"}
"""Autobahn's words, where they are others than ours."""


def playing_order(cases: Sequence[Case], carrier: Carrier = Carrier.HTTP1) -> list[Case]:
    """The cases for a client, numbered from 1 as they stand: Autobahn's in their order, the others, refusals last."""

    def key(case: Case) -> tuple[bool, bool, bool, list[int]]:
        alias = [int(number) for number in re.findall(r"\d+", case.alias)]
        return case.bare, not alias, case.slow and not alias, alias

    mine = (case for case in cases if Role.CLIENT in case.roles and carrier in case.carriers)
    return sorted(mine, key=key)


class ClientJudge:
    """A server that clients are judged by.

    `ended` is set when a client asks for the end, or has had all cases and asks for its report. `on_report` is called
    with the report of the agent that asks for it. Results lose their octets behind `on_result`, unless with `keep`.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        *,
        patience: float | None = None,
        on_result: Callable[[CaseResult], None] = lambda result: None,
        on_report: Callable[[Report], None] = lambda report: None,
        stay: bool = False,
        keep: bool = False,
        carrier: Carrier = Carrier.HTTP1,
    ) -> None:
        self.cases = playing_order(cases, carrier)
        self.given: dict[str, str] = {}
        """The URIs that commands were given, by the ids of the cases."""
        self.ended = asyncio.Event()
        self.active = asyncio.Event()
        """Set whenever a client has connected."""
        self._patience = patience
        self._on_result, self._on_report = on_result, on_report
        self._stay, self._keep = stay, keep
        self._agents: dict[str, Agent] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._came = asyncio.Condition()
        self._carrier = carrier
        self._listener = Listener(self.accept, carrier)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Listen; `port` is then the port. Raises OSError."""
        await self._listener.listen(host, port, tls)

    @property
    def port(self) -> int:
        """The port."""
        return self._listener.port

    @property
    def unset_port(self) -> int:
        """Over HTTP/2, the port of a server that does not take WebSocket on its streams."""
        return self._listener.unset_port

    async def close(self) -> None:
        """Listen no more, and end what is going on."""
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reports(self) -> list[Report]:
        """A report for each agent; what it has not played is NOT-RUN."""
        return [self._report(agent) for agent in self._agents.values()]

    def _report(self, agent: Agent) -> Report:
        report = agent.report
        report.results = [
            agent.results.get(case.id) or not_run(case, Role.CLIENT, "the client did not ask for it")
            for case in self.cases
        ]
        report.round_trip, report.patience = agent.slowest, self._patience_of(agent)
        return report

    def _patience_of(self, agent: Agent) -> float:
        return agent.patience if self._patience is None else self._patience

    def accept(self, link: Link, referee: Referee) -> None:
        """Deal with a connection."""
        task = asyncio.ensure_future(self._serve(link, referee))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, link: Link, referee: Referee) -> None:
        self.active.set()
        try:
            kind = StreamPeer if isinstance(link, StreamLink) else Peer
            peer = kind(Role.CLIENT, link, self._patience or FIRST_PATIENCE)
            side = peer.theirs
            await link.until(lambda: side.head is not None or link.is_over or side.begins_tls, peer.patience)
            if side.head is not None:
                target = side.head.target or "/"
            elif side.begins_tls:
                target = next((uri for uri in self.given.values() if uri.startswith("wss:")), "/")
            else:
                return
            path, query = asked_for(target)
            if path == RUN_CASE:
                await self._run(peer, referee, query)
            else:
                await self._tell(peer, path, query)
        finally:
            link.drop()

    def _case(self, query: dict[str, str]) -> Case | None:
        wanted = query.get("casetuple")
        if wanted is not None:
            return next((case for case in self.cases if wanted.strip() in (case.id, case.alias)), None)
        number = query.get("case", "")
        return self.cases[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(self.cases) else None

    def agent(self, name: str) -> Agent:
        """What is known of an agent."""
        if name not in self._agents:
            self._agents[name] = Agent(Report(Testee(Role.CLIENT, f"port {self.port}", name)))
        return self._agents[name]

    async def _run(self, peer: Peer, referee: Referee, query: dict[str, str]) -> None:
        case = self._case(query)
        name = query.get("agent", "client")
        if case is None or (case.id in self.given and case.id in self.agent(name).begun):
            # A command that connects for as long as it lives is judged by what it does first, not when it is ended.
            peer.refuse(404, "No such case")
            return
        agent = self.agent(name)
        agent.begun.add(case.id)
        if self._carrier is not Carrier.HTTP1 and not isinstance(peer, StreamPeer) and not case.uri:
            why = f"the client came over HTTP/1.1, though {self._carrier} was offered"
            peer.refuse(404, "Not over HTTP/1.1")
            await self._take(agent, not_run(case, Role.CLIENT, why, Verdict.UNIMPLEMENTED))
            return
        peer.patience = self._patience_of(agent)
        peer.conversation.recording.name = case.id
        peer.uri = self.given.get(case.id, "")
        peer.earlier_keys = tuple(agent.keys)
        head = peer.theirs.head
        keys = [field.value for field in head.all("Sec-WebSocket-Key")] if head else []
        began = time.perf_counter()
        result = await play(case, peer, referee)
        agent.round_trips += [peer.round_trip] if peer.round_trip is not None else []
        if peer.ours.head is not None and peer.ours.head.opens:
            agent.has_opened = True
            agent.keys += keys  # what was not answered so may be tried again with the same
        agent.report.seconds += time.perf_counter() - began
        await self._take(agent, result)

    async def _take(self, agent: Agent, result: CaseResult) -> None:
        agent.results[result.case.id] = result
        self._on_result(result)
        if not self._keep:
            result.let_go()
        async with self._came:
            self._came.notify_all()

    async def result(self, case: Case, agent: str, limit: float) -> CaseResult | None:
        """Wait for a result; None where it does not come within that many seconds."""
        results = self.agent(agent).results
        try:
            async with asyncio.timeout(limit), self._came:
                await self._came.wait_for(lambda: case.id in results)
        except TimeoutError:
            return None
        return results[case.id]

    def never_came(self, case: Case, agent: str) -> None:
        """Note that a command which was given the URI of a case has ended without a connection.

        That means nothing where it never has connected to any.
        """
        if case.id in self.agent(agent).results:
            return
        meant = next((one for one in case.allowed if isinstance(one.outcome, NeverConnects)), None)
        if meant is None or not self.agent(agent).has_opened:
            result = not_run(case, Role.CLIENT, "the command ended without a connection")
        else:
            finding = Finding(meant.verdict, meant.clause or case.clauses[0], case.obligation, meant.why)
            findings = () if meant.verdict is Verdict.PASS else (finding,)
            result = CaseResult(case, Role.CLIENT, meant.verdict, findings=findings, seen=str(meant.outcome))
        self.agent(agent).results[case.id] = result
        self._on_result(result)

    async def _tell(self, peer: Peer, path: str, query: dict[str, str]) -> None:
        if not await peer.open():
            return
        if (answer := await self._answer(path, query)) is not None:
            peer.send(text(json.dumps(answer)))
        peer.send(close(1000))
        await peer.link.until(lambda: peer.theirs.close is not None or peer.link.is_over, peer.patience)
        peer.link.end()
        await peer.link.until(lambda: peer.link.is_over, peer.patience)
        if path == "/stopServer" or (path == "/updateReports" and not self._stay):
            self.ended.set()

    async def _answer(self, path: str, query: dict[str, str]) -> object | None:
        if path == "/getCaseCount":
            return len(self.cases)
        if path == "/updateReports":
            self._on_report(self._report(self.agent(query.get("agent", "client"))))
        case = self._case(query)
        if path == "/getCaseInfo" and case is not None:
            return {"id": case.alias or case.id, "description": case.title}
        if path == "/getCaseStatus" and case is not None:
            result = await self.result(case, query.get("agent", "client"), START_LIMIT)
            verdict = Verdict.NOT_RUN if result is None else result.behaviour
            return {"behavior": _BEHAVIOR.get(verdict, verdict.value.replace("FAIL", "FAILED"))}
        return None
