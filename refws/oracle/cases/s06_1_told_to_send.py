"""Sections 5.5.2 and 6.1: a Ping of the testee's own, and a text in fragments; it has to be told (commands.py)."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.commands import fragments_command, obeys, ping_command
from refws.oracle.expect import Allowed, Where
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import pong

__all__ = ["CASES"]

ITS_OWN_PING: Final = "rfc6455:5.5.2-p4-s1"
STEPS: Final = "rfc6455:6.1-p1-s1"

PAYLOAD: Final = "told to, é"


async def _pings(peer: Peer) -> Observed | Finding:
    """The testee is told to send a Ping, and gets its Pong."""
    not_run = await obeys(peer, ping_command(PAYLOAD), lambda: bool(peer.observed().pings), ITS_OWN_PING)
    if not_run is None:
        peer.send(*map(pong, peer.observed().pings))
    return not_run or await peer.settle()


async def _fragments(peer: Peer) -> Observed | Finding:
    """The testee is told to send a text in fragments."""
    command = fragments_command(3, PAYLOAD)
    return await obeys(peer, command, lambda: bool(peer.observed().messages), STEPS) or await peer.settle()


def _has_pinged(seen: Observed) -> bool:
    return seen.went_on and PAYLOAD.encode() in seen.pings


def _sent(seen: Observed) -> bool:
    return seen.went_on and seen.payloads == (PAYLOAD.encode(),) and seen.messages[0].is_text


def _in_fragments(seen: Observed) -> bool:
    return _sent(seen) and len(seen.messages[0].frames) > 1


CASES = (
    Case(
        "6/told-to-ping",
        "the testee is told to send a Ping",
        (ITS_OWN_PING,),
        _pings,
        (Allowed(Verdict.PASS, Where("sends the Ping, and goes on behind its Pong", _has_pinged), "it was told to"),),
        obligation=Obligation.SENDER,
        commands=True,
    ),
    Case(
        "6/told-to-send-fragments",
        "the testee is told to send a text in fragments of three characters",
        (STEPS, "rfc6455:6.1-p3-s2", "rfc6455:6.1-p4-s1", "rfc6455:6.1-p5-s1", "rfc6455:5.4-p12-s1"),
        _fragments,
        (
            Allowed(Verdict.PASS, Where("sends the text in fragments", _in_fragments), "it was told to"),
            Allowed(
                Verdict.NON_STRICT, Where("sends the text in one frame", _sent), "frames say nothing, but it was told"
            ),
        ),
        obligation=Obligation.SENDER,
        commands=True,
    ),
)
