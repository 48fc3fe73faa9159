"""Sections 7.1.2, 7.1.5, 7.1.6, 7.3: the testee closes first, or both at once; it has to be told (commands.py)."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from refws.oracle.case import CLIENT, SERVER, Case
from refws.oracle.close_outcomes import ENDS, WAITS, hold, until_tcp_ends
from refws.oracle.commands import close_command, obeys
from refws.oracle.expect import Allowed, Where
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import Opcode, close, close_body, ping, text

__all__ = ["CASES"]

JUST_THESE: Final = "rfc6455:7.1.2-p1-s1"
BY_HANDSHAKE: Final = "rfc6455:7.3-p1-s3"
WITH_A_CODE: Final = ("rfc6455:7.1.5-p1-s1", "rfc6455:7.4-p1-s1")
AT_ONCE: Final = ("rfc6455:7.1.5-p1-s2", "rfc6455:7.1.6-p1-s2")
CROSSED: Final = "rfc6455:5.5.1-p7-s1"
NO_DATA_BEHIND: Final = "rfc6455:5.5.1-p4-s1"
SERVER_AT_ONCE: Final = "rfc6455:5.5.1-p6-s2/1"
CLIENT_WAITS: Final = "rfc6455:5.5.1-p6-s2/2"
ANSWERS_A_PING: Final = "rfc6455:5.5.2-p3-s1"


async def _closes(command: str, clause: str, peer: Peer) -> Finding | None:
    """Tell the testee to close; None once its Close, or the end of TCP, is there."""
    return await obeys(peer, command, lambda: peer.theirs.close is not None or peer.link.is_over, clause)


async def _first(command: str, peer: Peer) -> Observed | Finding:
    """The testee closes, the oracle answers."""
    return await _closes(command, JUST_THESE, peer) or await until_tcp_ends(peer)


def _has_body(body: bytes, seen: Observed) -> bool:
    return seen.close is not None and seen.close.payload == body


def _first_cases() -> Iterator[Case]:
    for name, code, reason in (
        ("1000-and-a-reason", 1000, "bye"),
        ("3456-alone", 3456, ""),
        ("4999-and-the-longest-reason", 4999, "é" * 61 + "!"),
    ):
        body = close_body(code, reason)
        wanted = Where(f"sends a Close with {code} and the reason {reason!r}", partial(_has_body, body))
        yield Case(
            f"7.1.2/{name}",
            f"the testee is told to close with {name.replace('-', ' ')}",
            (JUST_THESE, BY_HANDSHAKE, *WITH_A_CODE),
            partial(_first, close_command(code, reason)),
            (Allowed(Verdict.PASS, wanted, "it was told to"),),
            obligation=Obligation.SENDER,
            commands=True,
        )


async def _crossing(together: bool, peer: Peer) -> Observed | Finding:
    """Both start the closing handshake: the oracle behind the testee's Close as if it had not come, or before it."""
    command = close_command(1000, "theirs")
    if together:
        peer.send(text(command), close(1001, "ours"))
        return await until_tcp_ends(peer)
    not_run = await _closes(command, CROSSED, peer)
    if not_run is None:
        peer.send(close(1001, "ours"))
    return not_run or await until_tcp_ends(peer)


def _one_close(seen: Observed) -> bool:
    return sum(frame.opcode == Opcode.CLOSE for frame in seen.frames) == 1 and seen.end is not None


async def _text_behind(clause: str, peer: Peer) -> Observed | Finding:
    """A text and a Ping behind the testee's Close, and the answer to it behind them."""
    not_run = await _closes(close_command(1000), clause, peer)
    if not_run is None:
        peer.send(text("behind your Close"), ping(b"behind your Close"), close(1000))
    return not_run or await until_tcp_ends(peer)


def _says_no_more(seen: Observed) -> bool:
    return seen.close is not None and not seen.messages


async def _holds(peer: Peer) -> Observed | Finding:
    """The client has closed, the oracle answers, and takes a moment to end TCP."""
    return await _closes(close_command(1000), CLIENT_WAITS, peer) or await hold(close(1000), peer)


ONE_CLOSE: Final = (
    Allowed(Verdict.PASS, Where("sends one Close and ends TCP", _one_close), "each has sent one and received one"),
    Allowed(Verdict.NON_STRICT, Where("sends a Close", lambda seen: seen.close is not None), "both Closes were there"),
)

CASES = (
    *_first_cases(),
    *(
        Case(
            f"5.5.1/closes-{name}",
            f"testee and oracle start the closing handshake, {title}",
            (CROSSED, *AT_ONCE),
            partial(_crossing, together),
            ONE_CLOSE,
            obligation=Obligation.SENDER,
            commands=True,
        )
        for name, title, together in (
            ("that-cross", "each before it has seen the other's Close", False),
            ("in-the-segment-of-the-command", "the oracle in the segment that tells the testee to", True),
        )
    ),
    Case(
        "5.5.1/no-echo-behind-its-own-close",
        "the testee closes, and gets a text and a Ping before the answer",
        (NO_DATA_BEHIND,),
        partial(_text_behind, NO_DATA_BEHIND),
        (Allowed(Verdict.PASS, Where("sends no data any more", _says_no_more), "it has sent its Close"),),
        obligation=Obligation.SENDER,
        commands=True,
    ),
    Case(
        "5.5.1/pong-behind-its-own-close",
        "the testee closes, and gets a Ping before the answer",
        (ANSWERS_A_PING,),
        partial(_text_behind, ANSWERS_A_PING),
        (
            Allowed(
                Verdict.PASS, Where("answers the Ping", lambda seen: bool(seen.pongs)), "no Close had come (ruling 10)"
            ),
            Allowed(
                Verdict.NON_STRICT,
                Where("sends no Pong", lambda seen: seen.close is not None),
                "it had received no Close yet; but section 1.4 has it say no more",
            ),
        ),
        obligation=Obligation.SENDER,
        commands=True,
    ),
    Case(
        "5.5.1/server-that-closed-first-ends-tcp",
        "the server closes, the oracle answers: the server ends TCP at once",
        (SERVER_AT_ONCE, "rfc6455:7.1.2-p1-s2"),
        partial(_first, close_command(1000)),
        ENDS,
        roles=SERVER,
        obligation=Obligation.SENDER,
        commands=True,
    ),
    Case(
        "5.5.1/client-that-closed-first-waits",
        "the client closes, the oracle answers, and takes a moment to end TCP",
        (CLIENT_WAITS,),
        _holds,
        WAITS,
        roles=CLIENT,
        obligation=Obligation.SENDER,
        commands=True,
    ),
)
