"""The server's answers that clients are tried with, right and wrong, and what a client makes of them (section 4.1).

An answer is the right one with some changes; behind it go a Ping and a text. A client for which the connection is open
sends the text back; one that fails it sends no frame and ends TCP.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeAlias

from refws.oracle.case import CLIENT, Case, Play
from refws.oracle.conversation import accept_of
from refws.oracle.expect import Allowed, Fails, GoesOn, Where
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.frame import ping, text
from refws.oracle.wire.http import Head, head_octets

__all__ = [
    "PROBE",
    "SWITCHING",
    "Change",
    "Fields",
    "accept_with",
    "answer_case",
    "client_case",
    "key_of",
    "may_open",
    "must_open",
    "must_refuse",
    "named",
    "opens_nothing",
    "plus",
    "reaction",
    "value",
    "without",
]

Fields: TypeAlias = "list[tuple[str, str]]"

Change: TypeAlias = "Callable[[Head, Fields], Fields]"
"""Makes other header fields of those of the right answer to a request."""

SWITCHING: Final = "HTTP/1.1 101 Switching Protocols"
PROBE: Final = b"is this connection open?"
_FAILS_BY_CLOSING: Final = "rfc6455:7.1.7-p1-s2/1"
_ESTABLISHED: Final = "rfc6455:4.1-p47-s1"


# What changes an answer


def without(*names: str) -> Change:
    """The answer without these fields."""
    gone = {name.lower() for name in names}
    return lambda request, fields: [field for field in fields if field[0].lower() not in gone]


def value(name: str, new: str | Callable[[Head], str]) -> Change:
    """The answer with another value for a field, which may depend on the request."""

    def change(request: Head, fields: Fields) -> Fields:
        other = new if isinstance(new, str) else new(request)
        return [(one, other if one.lower() == name.lower() else was) for one, was in fields]

    return change


def plus(name: str, new: str | Callable[[Head], str], *, first: bool = False) -> Change:
    """The answer with one field more, behind the others or before them."""

    def change(request: Head, fields: Fields) -> Fields:
        field = (name, new if isinstance(new, str) else new(request))
        return [field, *fields] if first else [*fields, field]

    return change


def named(spell: Callable[[str], str]) -> Change:
    """The answer with the names of its fields spelled in another way."""
    return lambda request, fields: [(spell(name), was) for name, was in fields]


def key_of(request: Head) -> str:
    """The key that the client has sent; empty where it has sent none."""
    return request.get("Sec-WebSocket-Key") or ""


# What a client makes of it


async def reaction(peer: Peer) -> Observed:
    """Send a Ping and a text behind an answer; what the client then does.

    A client that neither sends a frame nor ends TCP gets another Ping, then sees the server end TCP, and gets its time
    once more each time.
    """
    side, link, open_ = peer.theirs, peer.link, peer.conversation
    heads, began = len(side.heads), link.now
    peer.send(ping(PROBE), text(PROBE))

    def has_reacted() -> bool:
        talks_http = len(side.heads) > heads or bool(side.undone_head)
        return bool(side.messages) or side.close is not None or link.is_over or (not open_.is_open and talks_http)

    at_once = await link.until(has_reacted, peer.patience)
    if not at_once and _switches(peer):
        peer.nudge()
        await link.until(has_reacted, peer.patience)
    if not open_.is_open and side.undone_head and not side.undone_head[:1].isalpha():
        # No HTTP request begins so: for the client the connection is open.
        open_.established()
        await link.until(lambda: bool(side.messages) or side.close is not None or link.is_over, peer.patience)
    went_on = PROBE in peer.observed().payloads
    if went_on and at_once:
        peer.round_trip = link.now - began
    if side.close is not None:
        await peer.finish()
    elif not side.frames and not link.is_over:
        link.end()
        await link.until(lambda: link.is_over, 2 * peer.patience)
    return replace(peer.observed(went_on=went_on), note=_ANOTHER if open_.asked_again else "")


def _switches(peer: Peer) -> bool:
    """Whether the oracle's answer is a 101, or something that may be taken for one."""
    head = peer.ours.head
    return head is None or head.status in (None, 101)


_ANOTHER: Final = "another request"
_REUSED: Final = Allowed(
    Verdict.FAIL,
    Where("sends its next request on the same TCP connection", lambda seen: seen.note == _ANOTHER),
    "a client that fails the connection closes TCP; behind a 101 it is no HTTP connection any more",
    _FAILS_BY_CLOSING,
)
_REFUSED: Final = Where("sends no frame and ends TCP", lambda seen: not seen.frames and seen.end is not None)
_KEPT: Final = Where(
    "sends no frame, and keeps TCP open though the server has ended it",
    lambda seen: not seen.frames and seen.end is None,
)
_REFUSALS: Final = (
    Allowed(Verdict.PASS, _REFUSED, "that is how a client fails a connection that is not yet established"),
    Allowed(Verdict.PASS, Fails(None, ()), "it fails, and a Close tells the server so"),
    Allowed(Verdict.FAIL, _KEPT, "a client that fails the connection closes TCP", _FAILS_BY_CLOSING),
)
_NOT_OPENED: Final = (_REUSED, *_REFUSALS)
_OPENED: Final = GoesOn((PROBE,), None)


def must_refuse(accepting: str = "") -> tuple[Allowed, ...]:
    """The answer is wrong: the client fails the connection.

    With `accepting`, the reason for it, no clause binds a client to look, and one that goes on is NON-STRICT.
    """
    return (*_NOT_OPENED, Allowed(Verdict.NON_STRICT, _OPENED, accepting)) if accepting else _NOT_OPENED


def must_open(refusing: str = "") -> tuple[Allowed, ...]:
    """The answer is right: the connection is open, and the text comes back.

    With `refusing`, the reason for it, the answer is odd, and a client that refuses it is NON-STRICT.
    """
    right = Allowed(Verdict.PASS, _OPENED, "the answer passes every check of section 4.1")
    refused = [Where(str(one.outcome), one.outcome.fits) for one in _REFUSALS[:2]] if refusing else []
    return (right, *(Allowed(Verdict.NON_STRICT, one, refusing, _ESTABLISHED) for one in refused))


def may_open(why: str) -> tuple[Allowed, ...]:
    """The letter lets a client open the connection, and lets it fail, too."""
    return (*_NOT_OPENED, Allowed(Verdict.PASS, _OPENED, why))


def opens_nothing() -> tuple[Allowed, ...]:
    """The answer is plain HTTP: the client may close, try again, or keep TCP for that; it sends no frame."""
    outcome = Where("sends no frame", lambda seen: not seen.frames)
    return (Allowed(Verdict.PASS, outcome, "no WebSocket connection is there, and the rest is HTTP"),)


# Cases


def answer_case(
    id_: str,
    title: str,
    clauses: tuple[str, ...],
    allowed: tuple[Allowed, ...],
    *changes: Change,
    status: str = SWITCHING,
    wire: Callable[[bytes], bytes] = lambda octets: octets,
    needs: str = "",
    **how: Any,
) -> Case:
    """A case in which the client gets the right answer with these changes, and then what `reaction` sends.

    `wire` changes the octets of the head. `needs` names a field of the request without which there is nothing to try:
    the client is UNIMPLEMENTED there.
    """

    async def stimulus(peer: Peer) -> Observed | Finding:
        request = peer.theirs.head or await peer.head()
        if request is None:
            return peer.observed()
        if needs and not request.tokens(needs):
            why = f"the client's request has no {needs}, which is optional"
            return Finding(Verdict.UNIMPLEMENTED, clauses[0], Obligation.RECEIVER, why)
        fields = peer.answer()
        for change in changes:
            fields = change(request, fields)
        peer.send_octets(wire(head_octets(status, fields)))
        return await reaction(peer)

    return client_case(id_, title, clauses, stimulus, allowed, **how)


def client_case(
    id_: str, title: str, clauses: tuple[str, ...], stimulus: Play, allowed: tuple[Allowed, ...] = (), **how: Any
) -> Case:
    """A case for clients that answers the opening handshake itself."""
    return Case(id_, title, clauses, stimulus, allowed, CLIENT, bare=True, **how)


def accept_with(change: Callable[[str], str]) -> Change:
    """The answer with its right Sec-WebSocket-Accept changed."""
    return value("Sec-WebSocket-Accept", lambda request: change(accept_of(key_of(request))))
