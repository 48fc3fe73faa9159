"""Judges a server: the oracle connects to it, once for each case."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from refws.oracle.carrier import Carrier, NotSpoken
from refws.oracle.case import Case
from refws.oracle.opening import Opening, new_key
from refws.oracle.play import CaseResult
from refws.oracle.report import Report, Testee, not_run
from refws.oracle.server_case import PROBE_TIMEOUT, connect, may_be_anothers, of_several, one_case, what_went_wrong
from refws.oracle.target import Target
from refws.oracle.verdict import Role, Verdict

__all__ = ["NotThere", "Target", "judge_server", "one_case", "patience_of"]

LEAST_PATIENCE = 0.5
MOST_PATIENCE = 10.0
ROUND_TRIPS = 50
"""The watchdog's patience, in round trips of the testee, within those bounds in seconds."""
HICCUPS = 10
"""Times the slowest of many round trips: late once, on a machine that is busy, is not slow always."""
OPENINGS = 3
"""It is no shorter than so many of the testee's opening handshakes, which may take longer than an echo."""
HINTS = {
    400: "look at --subprotocol, --origin and --header",
    401: "look at --header",
    403: "look at --origin and --header",
    404: "look at the path",
}
"""What may be missing where a server refuses the first request."""


class NotThere(OSError):
    """Nothing answers at the address, or not as a WebSocket server that echoes; the message says what does."""


class _Refused(NotThere):
    """It answers, and opens no connection."""


async def calibrate(target: Target) -> tuple[float, float, str]:
    """(the round trip, the patience that follows from it, the Server field). Raises `NotThere`."""
    try:
        peer, _ = await connect(target, PROBE_TIMEOUT)
    except NotSpoken as error:
        raise NotSpoken(f"{target.uri} cannot be judged over {target.carrier}: {error}") from None
    except (OSError, TimeoutError) as error:
        raise NotThere(f"no server answers at {target.uri}: {what_went_wrong(error)}") from None
    try:
        if not await peer.open():
            head = peer.theirs.head
            came = "nothing came" if head is None else f"{head.start_line!r} came"
            hint = HINTS.get((head.status if head else None) or 0, "")
            wanted = "101" if target.carrier is Carrier.HTTP1 else "200"
            raise _Refused(
                f"{target.uri} opens no WebSocket connection: {came} instead of {wanted}{hint and '; ' + hint}"
            )
        opening, slowest = peer.link.now, 0.0
        for number in range(5):
            peer.begin()
            sent = f"round trip {number}"
            if not await peer.echo(sent):
                raise NotThere(
                    f"{target.uri} is no echo server: behind a text of {len(sent)} octets came {peer.observed()}; "
                    "an echo of messages is all it takes"
                )
            slowest = max(slowest, peer.round_trip or 0.0)
        await peer.closing_handshake()
        name = (peer.theirs.head.get("Server") if peer.theirs.head else None) or ""
        return slowest, max(patience_of(slowest), min(opening * OPENINGS, MOST_PATIENCE)), name
    finally:
        peer.link.drop()


async def _calibrated(target: Target) -> tuple[Target, tuple[float, float, str]]:
    """What `calibrate` says; on a stream also of a server that wants a key, which a case then blames it for."""
    try:
        return target, await calibrate(target)
    except _Refused:
        if target.carrier is Carrier.HTTP1:
            raise
        key = ("Sec-WebSocket-Key", new_key())
        keyed = replace(target, usual=replace(target.usual, fields=(*target.usual.fields, key)))
        return keyed, await calibrate(keyed)


def _unspoken(target: Target, cases: Sequence[Case], why: str) -> Report:
    """The report on a server that does not speak what it is to be judged over."""
    results = [not_run(case, Role.SERVER, why, Verdict.UNIMPLEMENTED) for case in cases]
    return Report(Testee(Role.SERVER, target.address), results, interrupted=why)


def patience_of(round_trip: float, slowest: float = 0.0) -> float:
    """How long a testee with that round trip gets for anything, in seconds; `slowest` is one that was not as usual."""
    return min(max(round_trip * ROUND_TRIPS, slowest * HICCUPS, LEAST_PATIENCE), MOST_PATIENCE)


async def judge_server(
    uri: str,
    cases: Sequence[Case],
    *,
    jobs: int = 1,
    patience: float | None = None,
    tls: ssl.SSLContext | None = None,
    usual: Opening = Opening(),  # noqa: B008 (frozen)
    carrier: Carrier = Carrier.HTTP1,
    on_begin: Callable[[Report], None] = lambda report: None,
    on_result: Callable[[CaseResult], None] = lambda result: None,
    keep: bool = False,
) -> Report:
    """Judge the server at `uri` in those of these cases that are for servers, `jobs` at a time.

    What goes wrong beside other cases may be the fault of one of them, and is played once more alone. Large messages
    are played behind all else, each alone: who serves all connections in one thread answers nobody meanwhile.

    Those that cannot be played over the `carrier` are left out; all are UNIMPLEMENTED where the server does not speak
    it. `patience` is in seconds, and measured where it is None; `usual` is what every request has besides. `on_result`
    is called with each result while its octets are still there; the report has none, so that memory stays bounded,
    unless it is to `keep` them: each result's `recording`, `observed` and `closing_observed`, hundreds of megabytes in
    all. Cancelling ends the run: the report that `on_begin` was called with then has the results that there are, and
    the other cases as NOT-RUN. Raises ValueError for what is no URI, and `NotThere` where no echo server answers.
    """
    target = Target.of(uri, tls, usual, carrier)
    began = time.perf_counter()
    cases = [case for case in cases if Role.SERVER in case.roles and carrier in case.carriers]
    try:
        target, (round_trip, measured, name) = await _calibrated(target)
    except NotSpoken as error:
        return _unspoken(target, cases, str(error))
    report = Report(Testee(Role.SERVER, target.address, name), round_trip=round_trip, patience=patience or measured)
    on_begin(report)
    played: dict[str, CaseResult] = {}

    def conclude(result: CaseResult) -> None:
        played[result.case.id] = result
        on_result(result)
        if not keep:
            result.let_go()

    try:
        await _play_all(cases, max(jobs, 1), lambda case: one_case(target, case, report.patience), conclude)
    finally:
        unplayed = "the run ended before this case"
        report.results = [played.get(case.id) or not_run(case, Role.SERVER, unplayed) for case in cases]
        report.seconds = time.perf_counter() - began
    return report


async def _play_all(
    cases: Sequence[Case],
    jobs: int,
    play: Callable[[Case], Awaitable[CaseResult]],
    conclude: Callable[[CaseResult], None],
) -> None:
    """Play cases, slow ones last: those with large messages alone, what went wrong beside others alone once more."""
    beside = iter(sorted((case for case in cases if not case.is_large), key=lambda case: case.slow))
    doubtful: list[CaseResult] = []

    async def work() -> None:
        for case in beside:
            result = await play(case)
            if jobs > 1 and may_be_anothers(result):
                doubtful.append(result)
            else:
                conclude(result)

    async with asyncio.TaskGroup() as group:
        for _ in range(jobs):
            group.create_task(work())
    for first in doubtful:
        again = await play(first.case)
        conclude(again if again.played else of_several(first, doubtful))
    for case in cases:
        if case.is_large:
            conclude(await play(case))
