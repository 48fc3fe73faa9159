"""Section 5.3: masking, as a server undoes it, and the keys that a client draws."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from refws.oracle.case import CLIENT, SERVER, Case
from refws.oracle.cases.masking_keys import ENOUGH, Oddity, oddities
from refws.oracle.cases.writing import in_pieces, numbered
from refws.oracle.expect import goes_on
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import Frame, binary, continuation, ping, text

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {}

RANDOM: Final = "rfc6455:5.3-p3-s1"
NEW: Final = "rfc6455:5.3-p3-s2"
UNMASKS: Final = (
    "rfc6455:5.3-p5-s1",
    "rfc6455:5.3-p6-s1",
    "rfc6455:5.3-p6-s2",
    "rfc6455:5.3-p4-s1",
    "rfc6455:5.3-p4-s2",
    "rfc6455:5.3-p4-s3",
    "rfc6455:5.3-p7-s1",
    "rfc6455:5.3-p7-s2",
    "rfc6455:5.2-p18-s2",
    "rfc6455:5.2-p22-s2",
    "rfc6455:5.2-p43-s1",
    "rfc6455:6.2-p3-s1",
)

FAIL_BELOW: Final = 1e-9
"""A client that draws its keys at random is failed less often than this."""
NOTE_BELOW: Final = 1e-4
"""And it is noted as NON-STRICT less often than this."""
MESSAGES: Final = 128

_KEYS: Final = {
    "all-zero": b"\x00\x00\x00\x00",
    "all-ones": b"\xff\xff\xff\xff",
    "first-octet-only": b"\x5a\x00\x00\x00",
    "last-octet-only": b"\x00\x00\x00\xa5",
    "four-different-octets": b"\x01\x23\x45\x67",
    "like-the-payload": b"\x00\x01\x02\x03",
}


def _unmasking() -> Iterator[Case]:
    for name, key in _KEYS.items():
        frames = [binary(bytes(range(256)), masking_key=key), text("masked: é", masking_key=key)]
        yield Case(
            f"5.3/key-{name}",
            f"messages whose masking key is {key.hex()}",
            UNMASKS,
            tuple(frames),
            goes_on(*frames),
            roles=SERVER,
        )
    key = _KEYS["four-different-octets"]
    lengths = (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 1023, 1025)
    messages = tuple(binary(numbered(length), masking_key=key) for length in lengths)
    yield Case(
        "5.3/lengths-around-words",
        "messages whose lengths are, and are not, multiples of 4, 8 and 16",
        UNMASKS,
        messages,
        goes_on(*messages),
        roles=SERVER,
    )
    payload = numbered(250)
    for size in (1, 3, 5, 7):
        frame = binary(payload, masking_key=key)
        yield Case(
            f"5.3/in-pieces-of-{size}",
            f"a message in pieces of {size} octets, so that the key begins anew in none of them",
            UNMASKS,
            in_pieces(frame, size=size),
            goes_on(frame),
            roles=SERVER,
        )


def _fragments() -> tuple[Frame, ...]:
    """Fragments of 1, 2, 3, ... octets: each has its own key, which begins with its first octet."""
    payload = numbered(45)
    starts = [size * (size - 1) // 2 for size in range(1, 11)]
    parts = [payload[at:end] for at, end in pairwise(starts)]
    keys = [bytes((17 * number, 34, 51, 68 + number)) for number in range(len(parts))]
    first, *rest = zip(parts, keys, strict=True)
    return (
        binary(first[0], fin=False, masking_key=first[1]),
        *(continuation(part, masking_key=key, fin=number == len(rest) - 1) for number, (part, key) in enumerate(rest)),
    )


def _with_a_ping_inside() -> tuple[Frame, ...]:
    first, *rest = _fragments()
    return (first, ping(b"its own key", masking_key=b"\x99\x88\x77\x66"), *rest)


async def _keys_of_a_client(peer: Peer) -> Observed | Finding:
    """Have many frames masked, and look at their keys."""
    messages = tuple(text(f"message {number}") for number in range(MESSAGES))
    peer.send(*messages)
    for _ in messages:
        if await peer.message() is None:
            break
    keys = [frame.masking_key for frame in peer.theirs.frames if frame.masking_key is not None]
    if len(keys) < ENOUGH:
        why = f"only {len(keys)} masked frames came back for {MESSAGES} messages; {ENOUGH} say something about keys"
        return Finding(Verdict.INCONCLUSIVE, NEW, Obligation.SENDER, why)
    found = oddities(keys)
    if found and found[0].probability < NOTE_BELOW:
        return _finding(found[0])
    return await peer.settle()


def _finding(oddity: Oddity) -> Finding:
    certain = oddity.probability < FAIL_BELOW
    why = (
        f"{oddity.what}; keys that are drawn at random for each frame come out so with a probability of at most "
        f"{oddity.probability:.1g} (this is statistics, not proof)"
    )
    clause = NEW if oddity.again else RANDOM
    return Finding(Verdict.FAIL if certain else Verdict.NON_STRICT, clause, Obligation.SENDER, why)


CASES = (
    *_unmasking(),
    Case(
        "5.3/a-key-for-each-fragment",
        "a message in fragments that have different keys, and lengths that are no multiples of four",
        UNMASKS,
        _fragments(),
        goes_on(binary(numbered(45))),
        roles=SERVER,
    ),
    Case(
        "5.3/a-ping-between-masked-fragments",
        "a Ping with a key of its own between fragments",
        UNMASKS,
        _with_a_ping_inside(),
        goes_on(binary(numbered(45)), pongs=(b"its own key",)),
        roles=SERVER,
    ),
    Case(
        "5.3/masking-keys",
        f"the masking keys of the echoes of {MESSAGES} messages",
        (NEW, RANDOM, "rfc6455:5.3-p1-s1", "rfc6455:5.3-p2-s1", "rfc6455:5.3-p2-s2", "rfc6455:10.3-p4-s1"),
        _keys_of_a_client,
        goes_on(*(text(f"message {number}") for number in range(MESSAGES))),
        roles=CLIENT,
        obligation=Obligation.SENDER,
    ),
)
