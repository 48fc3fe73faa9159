"""Plays a case with a server: reaches it, and sees whether it is well behind the case."""

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from refws.oracle.blame import inconclusive
from refws.oracle.carrier import Carrier
from refws.oracle.case import Case
from refws.oracle.conversation import Conversation
from refws.oracle.exchange import close_of
from refws.oracle.handshake_outcomes import BUSY_STATUSES
from refws.oracle.link import Link
from refws.oracle.peer import Peer
from refws.oracle.play import CaseResult, play
from refws.oracle.referee import Referee
from refws.oracle.report import not_run
from refws.oracle.streams.reaching import connect_stream
from refws.oracle.target import Target
from refws.oracle.verdict import Finding, Role, Verdict

__all__ = ["PROBE_TIMEOUT", "connect", "may_be_anothers", "of_several", "one_case", "what_went_wrong"]

PROBE_TIMEOUT: Final = 10.0
RETURN: Final = 5.0
"""Seconds for which a server that is gone behind a case is waited for: something may start it again."""
AGAIN: Final = 0.1
"""Seconds between two tries to reach it."""
MOST_SHOWN: Final = 8
"""Cases that are named where any of several may be to blame."""


async def connect(target: Target, patience: float, name: str = "") -> tuple[Peer, Referee]:
    """TCP (and TLS) to the server, or a stream. Raises OSError."""
    if target.carrier is not Carrier.HTTP1:
        return await connect_stream(target, patience, name)
    referee = Referee()
    conversation = Conversation([referee], name=name, secure=target.tls is not None)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(max(patience, PROBE_TIMEOUT)):
        _, link = await loop.create_connection(
            lambda: Link(Role.SERVER, conversation),
            target.host,
            target.port,
            ssl=target.tls,
            server_hostname=target.host if target.tls else None,
        )
    peer = Peer(Role.SERVER, link, patience, host=target.authority, target=target.resource, usual=target.usual)

    async def another(plain: bool) -> Peer:
        return (await connect(replace(target, tls=None) if plain else target, patience, name))[0]

    peer.another = another
    return peer, referee


def what_went_wrong(error: Exception) -> str:
    """What went wrong with TCP or TLS, for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{error.verify_message}; --ca names whom to trust, and --insecure trusts anyone"
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {error.reason or error}"
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(error) or ("it ended TCP" if isinstance(error, ConnectionError) else type(error).__name__)


async def one_case(target: Target, case: Case, patience: float, *, well_within: float = PROBE_TIMEOUT) -> CaseResult:
    """Play one case; a server that is not there is NOT-RUN.

    Where the case may have killed it, an ordinary echo has to come in `patience` or `well_within` seconds. Where none
    does, it is waited for: something may start it again, and the cases behind this one can be played.
    """
    try:
        peer, referee = await connect(target, patience, case.id)
    except (OSError, TimeoutError) as error:
        why = f"the server does not answer: {what_went_wrong(error)}; let something start it again, and the run goes on"
        return not_run(case, Role.SERVER, why)
    result = await play(case, peer, referee)
    well_within = max(patience, well_within)
    if _may_have_killed(result) and not await _is_well(target, well_within):
        why = f"behind this case ({result.seen or 'nothing came'}) the server answers no ordinary echo any more"
        result.blame(Finding(Verdict.FAIL, case.clauses[0], case.obligation, why))
        result.was_last = True
        await _return(target, min(RETURN, well_within))
    return result


def may_be_anothers(result: CaseResult) -> bool:
    """Whether what went wrong in a case can come of another that was played at the same time.

    That one may have killed the server, or kept it busy. Who sends a Close speaks for itself.
    """
    if result.was_last or not result.played:
        return True
    wrong = result.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)
    return wrong and close_of(result.exchange, Role.SERVER.value) is None


def of_several(result: CaseResult, doubtful: Sequence[CaseResult]) -> CaseResult:
    """A result that may be another case's fault, of a server that is gone: INCONCLUSIVE, unless there is no other."""
    others = [one.case.id for one in doubtful if one.played and one is not result]
    if result.played and others:
        shown = ", ".join(others[:MOST_SHOWN]) + ", ..." * (len(others) > MOST_SHOWN)
        why = f"the server is gone since this case or one that was played beside it ({shown}); --jobs 1 tells which"
        result.findings = (inconclusive(result.case, why),)
        result.behaviour, result.closing = Verdict.INCONCLUSIVE, None
    return result


def _may_have_killed(result: CaseResult) -> bool:
    """Whether the server did not simply go on; where its positive control failed already, it was not this case."""
    seen = result.observed
    if seen is None:
        return bool(result.seen)  # empty where the case did not come to its stimulus
    return not seen.went_on or seen.has_failed


async def _is_well(target: Target, patience: float) -> bool:
    """Whether the server still does what it did before: an opening handshake and an echo, on another connection.

    It gets the time that it takes to end what a case has begun. One that says that it is too busy is well.
    """
    try:
        peer, _ = await connect(target, patience)
    except (OSError, TimeoutError):
        return False
    try:
        if await peer.open():
            return await peer.echo("still there")
        return peer.theirs.head is not None and peer.theirs.head.status in BUSY_STATUSES
    finally:
        peer.link.drop()


async def _return(target: Target, patience: float) -> None:
    """Wait until the server is well again, for so many seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            while not await _is_well(target, patience):  # noqa: ASYNC110 (it is another process)
                await asyncio.sleep(AGAIN)
