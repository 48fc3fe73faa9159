"""RFC 9220: WebSocket on a stream of HTTP/3. The cases of RFC 8441 are played there, too; here is what differs."""

import json
from typing import Final

from refws.oracle.carrier import Carrier
from refws.oracle.case import SERVER, Case
from refws.oracle.cases.rfc8441_s05_streams import GONE, ORDERLY, closes, ends, reset_and_another
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Answered, Opens, Refuses
from refws.oracle.peer import Peer
from refws.oracle.referee.rfc8441 import SETTING
from refws.oracle.streams.connects import Connect, Untouched, connecting, opens, stream_of
from refws.oracle.verdict import Finding, Obligation, Verdict

__all__ = ["CASES"]

HTTP3: Final = frozenset({Carrier.HTTP3})
PROBLEM: Final = "application/problem+json"
SET: Final = "rfc9220:3-p2-s3"
SAYS_SO: Final = "501 says that the server does not know what was asked for"


async def _setting(peer: Peer) -> Answered | Finding:
    """The server's setting, and a connection that it allows."""
    value = stream_of(peer).connection.theirs.get(SETTING)
    if value != 1:
        why = f"the setting {SETTING:#x} is {value}, not 1"
        return Finding(Verdict.FAIL, SET, Obligation.SENDER, why)
    return await Connect()(peer)


async def _unknown(peer: Peer) -> Answered:
    """An extended CONNECT for what nobody knows; what is wrong with the details of the answer is noted."""
    seen = await Connect(put=((":protocol", "x-nobody"),))(peer)
    kind = (seen.field("content-type") or "").partition(";")[0].strip().lower()
    if kind == PROBLEM:
        await peer.link.until(lambda: peer.link.is_over, peer.patience)
        seen.note = _fault(peer.theirs.body)
    return seen


def _fault(body: bytes) -> str:
    """What is wrong with problem details (RFC 9457); empty where nothing is."""
    try:
        return "" if isinstance(json.loads(body), dict) else f"{PROBLEM} is no object"
    except ValueError as error:
        return f"{PROBLEM} is no JSON: {error}"


UNKNOWN: Final = (
    Allowed(
        Verdict.NON_STRICT,
        Refuses(text="and details that are none", where=lambda seen: bool(seen.note)),
        "what calls itself problem details is to be such",
        "rfc9220:3-p3-s2",
    ),
    Allowed(Verdict.PASS, Refuses((501,)), SAYS_SO),
    Allowed(Verdict.NON_STRICT, Opens(), f"what was asked for is not what the server then speaks; {SAYS_SO}"),
    Allowed(Verdict.NON_STRICT, Untouched(), SAYS_SO),
)

CASES: tuple[Case, ...] = (
    connecting(
        "9220:3/setting",
        "the server's SETTINGS_ENABLE_CONNECT_PROTOCOL, and a connection",
        "3-p2-s3 3-p2-s1",
        _setting,
        opens("the setting and the pseudo-header fields mean what they mean over HTTP/2"),
        obligation=Obligation.SENDER,
        over=HTTP3,
        document="rfc9220",
    ),
    connecting(
        "9220:3/unknown-protocol",
        "an extended CONNECT for a protocol that nobody knows",
        "3-p3-s1 3-p3-s2",
        _unknown,
        UNKNOWN,
        over=HTTP3,
        document="rfc9220",
    ),
    connecting(
        "9220:3/reset-and-another",
        "a reset with H3_REQUEST_CANCELLED, and another stream behind it",
        "3-p4-s3 3-p4-s1",
        reset_and_another,
        opens(
            "the reset ends one WebSocket connection, and not the other streams",
            Allowed(Verdict.NON_STRICT, Untouched(), "a server may refuse a stream"),
        ),
        over=HTTP3,
        document="rfc9220",
    ),
    Case(
        "9220:3/closes-in-order",
        "the closing handshake: the server ends its half of the stream",
        ("rfc9220:3-p4-s2", "rfc9220:3-p4-s1"),
        closes,
        ORDERLY,
        SERVER,
        Obligation.SENDER,
        over=HTTP3,
    ),
    Case(
        "9220:3/end-without-close",
        "the end of the oracle's half of the stream, between two messages",
        ("rfc9220:3-p4-s1", "rfc9220:3-p4-s2"),
        ends,
        GONE,
        SERVER,
        Obligation.SENDER,
        over=HTTP3,
    ),
)
