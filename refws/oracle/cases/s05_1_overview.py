"""Section 5.1: who masks, and when data may come."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import CLIENT, SERVER, Case
from refws.oracle.expect import Allowed, Where, goes_on, refuses
from refws.oracle.observed import Observed
from refws.oracle.peer import Peer
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.frame import Frame, binary, close, continuation, ping, pong, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {
    "rfc6455:5.1-p1-s3": "frames are read inside TLS as without it: who does not mask there is blamed by 5.1-p1-s2",
}

CODE: Final = 3456
"""A status code that nobody sends of his own accord."""

_WRONG_SIDE: Final[tuple[tuple[str, str, tuple[Frame, ...], tuple[str, ...]], ...]] = (
    # id, what is wrong, the frames (the last one's mask is turned round, and what stands behind it is as it should be)
    ("text", "a text frame", (text("Hello, world!"),), ()),
    ("empty-text", "an empty text frame", (text(),), ()),
    ("binary", "a binary frame", (binary(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),), ()),
    ("long-binary", "a binary frame of 65536 octets", (binary(bytes(65536)),), ()),
    ("ping", "a Ping", (ping(b"ping payload"),), ()),
    ("empty-ping", "an empty Ping", (ping(),), ()),
    ("pong", "a Pong", (pong(b"pong payload"),), ()),
    ("second-message", "the second message", (text("first"), text("second")), ("first",)),
    ("first-fragment", "the first fragment of a message", (text("first", fin=False),), ()),
    ("continuation", "the second fragment of a message", (text("first", fin=False), continuation("second")), ()),
)


def _turned(frame: Frame, masked: bool) -> Frame:
    return Frame(frame.opcode, frame.payload, fin=frame.fin, masked=masked)


def _took_the_close(seen: Observed) -> bool:
    return seen.close is not None and seen.close.close_code == CODE and not seen.messages


def _wrong_side(testee: Role) -> Iterator[Case]:
    server = testee is Role.SERVER
    word = "unmasked" if server else "masked"
    roles = SERVER if server else CLIENT
    clauses = (
        ("rfc6455:5.1-p1-s4", "rfc6455:5.1-p1-s5", "rfc6455:5.2-p18-s3", "rfc6455:5.2-p39-s1")
        if server
        else ("rfc6455:5.1-p1-s7", "rfc6455:5.1-p1-s8", "rfc6455:5.2-p39-s1")
    )
    for name, what, frames, messages in _WRONG_SIDE:
        yield Case(
            f"5.1/{word}-{name}",
            f"{what} that is {word}",
            clauses,
            (*frames[:-1], _turned(frames[-1], masked=not server)),
            refuses(1002, messages=messages),
            roles=roles,
        )
    took = Allowed(
        Verdict.NON_STRICT,
        Where("takes it for a right Close, and answers it", _took_the_close),
        "the connection is closed, as it has to be; 1002 says what was wrong",
    )
    yield Case(
        f"5.1/{word}-close",
        f"a Close that is {word}",
        clauses,
        (_turned(close(CODE), masked=not server),),
        (took, *refuses(1002)),
        roles=roles,
    )


async def _behind_the_answer(peer: Peer) -> None:
    """The server's first message comes in one segment with its 101."""
    await peer.head()
    peer.respond(peer.answer(), behind=peer.octets(text("at once")))


async def _both_at_once(peer: Peer) -> None:
    """A message is sent while the echo of another is under way."""
    peer.send(text("first"))
    peer.send(binary(b"second"))


CASES = (
    *_wrong_side(Role.SERVER),
    *_wrong_side(Role.CLIENT),
    Case(
        "5.1/message-behind-the-101",
        "a message in one segment with the answer that opens the connection",
        ("rfc6455:5.1-p3-s1", "rfc6455:5.1-p1-s1"),
        _behind_the_answer,
        goes_on(text("at once")),
        roles=CLIENT,
        bare=True,
    ),
    Case(
        "5.1/messages-of-both-at-once",
        "a message while the testee is sending another",
        ("rfc6455:5.1-p3-s1", "rfc6455:5.1-p1-s1"),
        _both_at_once,
        goes_on(text("first"), binary(b"second")),
    ),
)
