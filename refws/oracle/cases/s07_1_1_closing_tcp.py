"""Section 7.1.1: how TCP ends behind the Close frames, and who ends it (section 5.5.1 has the same)."""

from dataclasses import replace
from functools import partial
from typing import Final

from refws.oracle.carrier import Carrier
from refws.oracle.case import CLIENT, SERVER, Case
from refws.oracle.close_outcomes import ENDS, LATE, WAITS, answers, hold, until_tcp_ends
from refws.oracle.expect import Allowed, Drops, Where
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.recording import End
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import Frame, binary, close, text

__all__ = ["CASES"]

ANSWERED: Final = "rfc6455:5.5.1-p5-s1"
SOON: Final = "rfc6455:5.5.1-p5-s3"
BOTH_END: Final = "rfc6455:5.5.1-p6-s1"
SERVER_AT_ONCE: Final = "rfc6455:5.5.1-p6-s2/1"
CLIENT_WAITS: Final = "rfc6455:5.5.1-p6-s2/2"
CLIENT_MAY_END: Final = ("rfc6455:7.1.1-p2-s2", "rfc6455:5.5.1-p6-s2/3")
BY_TCP: Final = "rfc6455:7.1.1-p1-s1"
CLEANLY: Final = "rfc6455:7.1.1-p1-s2"


async def _close_and_wait(peer: Peer) -> Observed:
    peer.send(close(1000))
    return await until_tcp_ends(peer)


async def _stay(peer: Peer) -> Finding:
    """Never end TCP, and see how long the client waits."""
    peer.send(close(1000))
    await peer.link.until(lambda: peer.theirs.close is not None or peer.link.is_over, peer.patience)
    began = peer.link.now
    if await peer.link.until(lambda: peer.link.is_over, LATE):
        why = f"the client ended TCP {peer.link.now - began:.2g} s behind its Close, for the server did not"
    else:
        why = f"the client still waits {LATE:.2g} s behind its Close"
    return Finding(Verdict.PASS, CLIENT_MAY_END[0], Obligation.SENDER, why)


async def _soon(peer: Peer) -> Observed:
    """How soon an idle testee answers a Close."""
    began = peer.link.now
    peer.send(close(1000))
    for seconds in (peer.patience, LATE):
        if await peer.link.until(lambda: peer.theirs.close is not None or peer.link.is_over, seconds):
            break
    late = peer.link.now - began > peer.patience
    seen = await peer.settle(marker=False)
    return replace(seen, note=f"{seen.close.time - began:.2g} s later" if late and seen.close else "")


async def _half_close(peer: Peer) -> Observed | Finding:
    """A Close, and FIN right behind it: the testee can still send its own."""
    recording = peer.conversation.recording
    if recording.secure and recording.carrier is Carrier.HTTP1:
        why = "over TLS one side cannot end its half alone"
        return Finding(Verdict.NOT_RUN, ANSWERED, Obligation.SENDER, why)
    peer.send(close(1000))
    peer.link.end()
    return await peer.settle(marker=False)


async def _gone(frames: tuple[Frame, ...], peer: Peer) -> Observed:
    """FIN without a Close, behind what is not whole."""
    peer.send(*frames)
    peer.link.end()
    await peer.link.until(lambda: peer.link.is_over, peer.patience)
    return peer.observed()


GONE: Final = (
    Allowed(Verdict.FAIL, Where("sends back what was never whole", lambda seen: bool(seen.messages)), "it was cut"),
    Allowed(Verdict.PASS, Where("ends TCP, too", lambda seen: seen.end is not None), "nothing is left to say"),
    Allowed(Verdict.NON_STRICT, Where("leaves TCP open", lambda seen: True), "the other half will never be used again"),
)


CUT: Final = (
    ("7.1.1/fin-without-close", "between two messages", (BY_TCP,), ()),
    ("7.1.1/fin-within-a-frame", "within a frame", ("rfc6455:5.2-p20-s1", BY_TCP), (text("cut", declared_length=4),)),
    ("7.1.1/fin-within-a-message", "within a message", ("rfc6455:6.2-p1-s8", BY_TCP), (text("cut", fin=False),)),
)


CASES = (
    Case(
        "5.5.1/server-ends-tcp-at-once",
        "both Closes have gone: the server ends TCP, at once and before the client",
        (SERVER_AT_ONCE, BOTH_END, BY_TCP, "rfc6455:7.1.1-p2-s1", "rfc6455:7.1.2-p1-s2"),
        _close_and_wait,
        ENDS,
        roles=SERVER,
        obligation=Obligation.SENDER,
    ),
    Case(
        "5.5.1/client-ends-tcp",
        "both Closes have gone, and the server has ended its half: the client ends TCP",
        (BOTH_END, BY_TCP, "rfc6455:7.1.2-p1-s2"),
        _close_and_wait,
        ENDS,
        roles=CLIENT,
        obligation=Obligation.SENDER,
    ),
    Case(
        "5.5.1/client-waits-for-the-server",
        "both Closes have gone, and the server takes a moment to end TCP",
        (CLIENT_WAITS, ANSWERED),
        partial(hold, close(1000)),
        WAITS,
        roles=CLIENT,
        obligation=Obligation.SENDER,
    ),
    Case(
        "5.5.1/answer-comes-soon",
        "a Close while nothing else goes on",
        (SOON, ANSWERED),
        _soon,
        (
            Allowed(Verdict.NON_STRICT, Where("answers late", lambda seen: bool(seen.note)), "nothing was in its way"),
            *answers(1000),
        ),
        obligation=Obligation.SENDER,
    ),
    Case(
        "5.5.1/fin-behind-the-close",
        "a Close, and the end of the oracle's half of TCP behind it",
        (ANSWERED, BOTH_END),
        _half_close,
        (
            *answers(1000),
            Allowed(Verdict.NON_STRICT, Drops(()), "its own Close could still be sent: only one half of TCP had ended"),
        ),
        obligation=Obligation.SENDER,
    ),
    Case(
        "7.1.1/octets-behind-the-close",
        "a Close, and 2 MiB behind it that nobody needs to look at",
        (CLEANLY, ANSWERED),
        (close(1000), binary(bytes(1 << 21))),
        (
            Allowed(
                Verdict.NON_STRICT,
                Where("resets TCP", lambda seen: seen.end is End.RST),
                "octets that still come are to be read and thrown away, or the Close may be lost with them",
            ),
            *answers(1000),
        ),
        obligation=Obligation.SENDER,
        marker=False,
    ),
    Case(
        "7.1.1/client-whose-server-never-ends-tcp",
        "both Closes have gone, and the server does not end TCP: the client may",
        CLIENT_MAY_END,
        _stay,
        roles=CLIENT,
        obligation=Obligation.SENDER,
        slow=True,
    ),
    *(
        Case(
            name,
            f"the end of TCP without a Close, {where}",
            clauses,
            partial(_gone, frames),
            GONE,
            obligation=Obligation.RECEIVER,
        )
        for name, where, clauses, frames in CUT
    ),
)
