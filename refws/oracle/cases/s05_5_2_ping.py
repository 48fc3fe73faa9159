"""Section 5.5.2: Pings, each of which is to be answered."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case
from refws.oracle.cases.writing import in_pieces
from refws.oracle.closing import GRACE
from refws.oracle.expect import Allowed, GoesOn, goes_on
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.frame import ping

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

ANSWERED: Final = "rfc6455:5.5.2-p3-s1"
SAME_DATA: Final = "rfc6455:5.5.3-p3-s1"
LATEST_ONLY: Final = "rfc6455:5.5.3-p4-s1"
_CLAUSES: Final = (
    ANSWERED,
    SAME_DATA,
    "rfc6455:5.5.2-p1-s1",
    "rfc6455:5.5.3-p1-s1",
    "rfc6455:5.2-p14-s1",
    "rfc6455:5.2-p15-s1",
    "rfc6455:5.5.2-p4-s1",
)
_WITH_DATA: Final = (*_CLAUSES, "rfc6455:5.5.2-p2-s1")

_PAYLOADS: Final[tuple[tuple[str, str, bytes, str], ...]] = (
    ("empty-ping", "a Ping without a payload", b"", "2.1"),
    ("ping-with-text", "a Ping with text", b"Hello, world!", "2.2"),
    ("ping-with-octets", "a Ping with octets that are no UTF-8", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", "2.3"),
    ("ping-of-125-octets", "a Ping with 125 octets, the most there may be", b"\xfe" * 125, "2.4"),
    ("ping-of-one-octet", "a Ping with one octet, 0", b"\x00", ""),
    ("ping-of-124-octets", "a Ping with 124 octets, all different", bytes(range(124)), ""),
    ("ping-like-a-close", "a Ping whose payload could be that of a Close", b"\x03\xe8bye", ""),
)


def _one() -> Iterator[Case]:
    for name, what, payload, alias in _PAYLOADS:
        clauses = _WITH_DATA if payload else _CLAUSES
        yield Case(f"5.5.2/{name}", what, clauses, (ping(payload),), goes_on(pongs=(payload,)), alias=alias)


def _many() -> Iterator[Case]:
    """Who has not answered the earlier ones yet may answer the last one only."""
    payloads = tuple(b"payload-%d" % number for number in range(10))
    pings = [ping(payload) for payload in payloads]
    allowed = (
        *goes_on(pongs=payloads, why="each is answered, and in order"),
        Allowed(Verdict.PASS, GoesOn((), payloads[-1:]), "the last one is answered, which is enough", LATEST_ONLY),
    )
    for how, stimulus, alias in (("", tuple(pings), "2.10"), ("-octet-by-octet", in_pieces(*pings), "2.11")):
        yield Case(
            f"5.5.2/ten-pings{how}",
            f"ten Pings, one behind the other{', octet by octet' if how else ''}",
            (*_WITH_DATA, LATEST_ONLY),
            stimulus,
            allowed,
            alias=alias,
        )


async def _one_by_one(peer: Peer) -> Observed:
    """Each Ping has to be answered before the next is sent, so none is excused by a later one."""
    for number in range(5):
        payload = b"ping %d" % number
        peer.begin()
        peer.send(ping(payload))
        if not await peer.pong(payload, GRACE):
            break
    return await peer.settle()


async def _at_once(peer: Peer) -> None:
    """The Ping is the first frame: behind the 101 in its segment where the oracle is the server."""
    if peer.testee is Role.SERVER:
        await peer.open()
        peer.send(ping(b"at once"))
        return
    await peer.head()
    peer.respond(peer.answer(), behind=peer.octets(ping(b"at once")))


CASES = (
    *_one(),
    Case(
        "5.5.2/ping-of-125-octets-octet-by-octet",
        "a Ping with 125 octets, octet by octet",
        (*_WITH_DATA, "rfc6455:6.2-p1-s2"),
        in_pieces(ping(b"\xfe" * 125)),
        goes_on(pongs=(b"\xfe" * 125,)),
        alias="2.6",
    ),
    *_many(),
    Case(
        "5.5.2/five-pings-one-by-one",
        "five Pings, each behind the Pong for the one before",
        _WITH_DATA,
        _one_by_one,
        goes_on(pongs=(b"ping 4",)),
    ),
    Case(
        "5.5.2/ping-at-once",
        "a Ping as soon as the connection is open",
        ("rfc6455:5.5.2-p4-s1", ANSWERED),
        _at_once,
        goes_on(pongs=(b"at once",)),
        bare=True,
    ),
)
