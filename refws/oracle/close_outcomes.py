"""What a testee may do with a Close, right or wrong, and with the end of TCP (sections 5.5.1 and 7)."""

from dataclasses import replace
from typing import Final

from refws.oracle.expect import Allowed, Answers, Drops, Fails, Where
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.recording import End
from refws.oracle.verdict import Verdict
from refws.oracle.wire.frame import Frame, Opcode, close

__all__ = ["ENDS", "LATE", "RESETS", "WAITS", "answers", "hold", "rejects", "until_tcp_ends"]

ERROR_CODES: Final = (1002, 1003, 1007)
"""Those that blame the peer for what it sent."""

LATE: Final = 5.0
"""Seconds, above patience, after which what has not come is not only late."""

MAY_WAIT: Final = "rfc6455:5.5.1-p5-s4/1"
ONLY_SENDERS: Final = "only who sends it is told not to (ruling 7); an endpoint that checks its input fails with 1002"


def _twice(seen: Observed) -> bool:
    return sum(frame.opcode == Opcode.CLOSE for frame in seen.frames) > 1


TWICE: Final = Allowed(
    Verdict.NON_STRICT, Where("sends two Close frames", _twice), "one from each side is what the handshake takes"
)


RESETS: Final = Allowed(
    Verdict.NON_STRICT,
    Where("resets TCP", lambda seen: seen.close is None and seen.end is End.RST),
    "a reset, for octets behind the Close that it left unread, can take its answer with it: throw them away (7.1.1)",
    "rfc6455:7.1.1-p1-s2",
)
"""Where something stands behind the Close in its write."""


def answers(
    code: int | None, *, messages: tuple[str, ...] = (), refused: Verdict = Verdict.FAIL, why: str = ""
) -> tuple[Allowed, ...]:
    """The Close is right: it is answered; with its code, 1000 or none, or, as the closing says, another.

    `messages` came before it, and not all testees send them back. `refused` is for one that finds an error in it.
    """
    usual = (1000, None) if code is None else tuple(dict.fromkeys((code, 1000, None)))
    blamed = tuple(one for one in ERROR_CODES if one != code)
    outcomes = [
        TWICE,
        Allowed(Verdict.PASS, Answers(usual, messages), "it closes as it is asked to"),
        Allowed(refused, Fails(blamed), why or "nothing is wrong with the Close"),
        Allowed(Verdict.PASS, Answers(None, messages), "the code of an answer is the testee's to choose"),
    ]
    if messages:
        early = "the messages before the Close were complete, and could have been answered (ruling 32)"
        outcomes.append(Allowed(Verdict.NON_STRICT, Answers(None, None), early, MAY_WAIT))
    return tuple(outcomes)


def rejects(
    sent: int | None,
    codes: tuple[int, ...] = (1002,),
    *,
    accepted: Verdict = Verdict.NON_STRICT,
    why: str = ONLY_SENDERS,
) -> tuple[Allowed, ...]:
    """The Close is wrong: the testee fails the connection, with one of these codes, instead of answering it.

    An answer with 1000, or the code that was `sent`, is no failure, and gets the verdict `accepted`.
    """
    usual = (1000,) if sent is None else tuple(dict.fromkeys((sent, 1000)))
    return (
        Allowed(Verdict.PASS, Fails(codes, ()), "that is the status code of it"),
        Allowed(accepted, Answers(usual), why),
        Allowed(Verdict.PASS, Fails(None, ()), "it fails; the closing judges the status code"),
        Allowed(Verdict.PASS, Drops(()), "it fails; the closing judges that no Close came"),
    )


async def until_tcp_ends(peer: Peer, *, marker: bool = False) -> Observed:
    """Wait for the testee's Close, answer it where it is the first, and wait for it to end TCP: for long.

    What is observed has a note where it took longer than patience.
    """
    seen = await peer.settle(marker=marker)
    if seen.end is not None or seen.close is None:
        return seen
    began = peer.link.now
    if await peer.link.until(lambda: peer.link.is_over, LATE):
        return replace(
            peer.observed(), note=f"TCP ended {peer.patience + peer.link.now - began:.2g} s behind the Close"
        )
    return replace(peer.observed(), note=f"TCP is open {peer.patience + LATE:.2g} s behind the Close")


ENDS: Final = (
    Allowed(
        Verdict.PASS, Where("ends TCP at once", lambda seen: seen.end is not None and not seen.note), "as it should"
    ),
    Allowed(Verdict.NON_STRICT, Where("ends TCP late", lambda seen: seen.end is not None), "both Closes were there"),
)
"""What `until_tcp_ends` may have seen: the end of TCP."""


async def hold(frame: Frame, peer: Peer) -> Observed:
    """Leave TCP open behind the client's Close, for a fifth of its patience, and see whether it ends TCP itself."""
    peer.send(frame)
    await peer.settle(marker=False, finish=False)
    if not peer.has_closed and not peer.link.is_over:
        peer.send(close(1002))
    waited = not await peer.link.until(lambda: peer.link.is_over, peer.patience / 5)
    peer.link.end()
    await peer.link.until(lambda: peer.link.is_over, peer.patience)
    return replace(peer.observed(), note="waited for the server" if waited else "ended TCP before the server")


def _waits(seen: Observed) -> bool:
    return seen.close is not None and seen.note.startswith("waited")


WAITS: Final = (
    Allowed(Verdict.PASS, Where("waits for the server to end TCP", _waits), "the server is to do it first"),
    Allowed(Verdict.NON_STRICT, Where("ends TCP first", lambda seen: seen.close is not None), "the server is to do it"),
    Allowed(Verdict.NON_STRICT, Drops(), "it neither says why nor waits"),
)
"""What `hold` may have seen."""
