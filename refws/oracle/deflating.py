"""What the cases of RFC 7692 share: compressed messages, and opening handshakes about permessage-deflate."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeAlias

from refws.oracle.case import BOTH, SERVER, Case, Play, Stimulus
from refws.oracle.closing import GRACE
from refws.oracle.expect import Allowed
from refws.oracle.handshake_answers import client_case, reaction
from refws.oracle.handshake_outcomes import BUSY_STATUSES, Answered, Opens, Refuses, Unanswered
from refws.oracle.handshakes import answered, seen_of
from refws.oracle.opening import Opening
from refws.oracle.payloads import unrepeated
from refws.oracle.peer import Observed, Peer
from refws.oracle.verdict import Finding, Obligation, Verdict
from refws.oracle.wire.deflate import Deflater
from refws.oracle.wire.extensions import Extension, parse_extensions
from refws.oracle.wire.frame import Frame, Opcode
from refws.oracle.wire.permessage import NAME, Parameters, honest_answer

__all__ = [
    "DEFLATE",
    "HELLO",
    "agreement",
    "answering",
    "clauses",
    "deflated",
    "echoes",
    "offering",
    "packed",
    "taking_over",
    "unimplemented",
]

FIELD: Final = "Sec-WebSocket-Extensions"
DEFLATE: Final = Opening(NAME)
"""An opening with the simplest offer, and the simplest answer."""
HELLO: Final = bytes.fromhex("f248cdc9c90700")
"""The compressed «Hello» of section 7.2.3.1."""
TEMPTING: Final = "say it again, and again, and it gets shorter: "


def clauses(ids: str) -> tuple[str, ...]:
    """Clauses of RFC 7692, from ids without the document, separated by spaces."""
    return tuple(f"rfc7692:{one}" for one in ids.split())


def packed(payload: bytes | str, **how: object) -> Frame:
    """A compressed message that refers to no message before it: text, or octets."""
    octets = payload.encode() if isinstance(payload, str) else payload
    opcode = Opcode.TEXT if isinstance(payload, str) else Opcode.BINARY
    return replace(Frame(opcode, Deflater().message(octets), rsv=4), **how)  # type: ignore[arg-type]


def unimplemented(clause: str, why: str) -> Finding:
    """The testee leaves something optional out, so that there is nothing to try."""
    return Finding(Verdict.UNIMPLEMENTED, clause, Obligation.RECEIVER, why)


def deflated(name: str, title: str, blamed: str, stimulus: Stimulus, allowed: tuple[Allowed, ...]) -> Case:
    """A case for both roles, on a connection with permessage-deflate and no parameters; `blamed` as for `clauses`."""
    return Case(f"7692:{name}", title, clauses(blamed), stimulus, allowed, BOTH, opening=DEFLATE)


def taking_over(blamed: str, play: Callable[[Peer], None]) -> Play:
    """A stimulus of messages that refer to ones before them, where the oracle's window is kept from one to the next."""

    async def stimulus(peer: Peer) -> Finding | None:
        ours = f"{peer.testee.other}_no_context_takeover"
        agreed = peer.agreed(NAME)
        if agreed is not None and ours in agreed:
            return unimplemented(f"rfc7692:{blamed}", f"the testee's answer has {ours}, so no window is kept")
        play(peer)
        return None

    return stimulus


async def echoes(peer: Peer, payloads: Iterable[bytes | str] = ()) -> bool:
    """Send messages, compressed as was agreed on (or not, where nothing was), each once the one before has come back.

    Without `payloads`, the same text three times, which whoever may look back will not write out again. Whether all
    came back, octet by octet.
    """
    for payload in payloads or (TEMPTING, TEMPTING, TEMPTING * 3):
        text = isinstance(payload, str)
        octets = payload.encode() if isinstance(payload, str) else payload
        frame = Frame(Opcode.TEXT if text else Opcode.BINARY, octets)
        peer.send(frame if peer.deflater is None else peer.compressed(frame))
        message = await peer.message(GRACE)
        if message is None or message.payload != octets or message.is_text is not text:
            return False
    return True


def tempting(bits: int | None) -> tuple[bytes, ...]:
    """Octets that repeat themselves just beyond a window of 2**`bits`; empty for 32 KiB, which no match can leave."""
    if bits is None or bits > 14:
        return ()
    once = unrepeated((1 << bits) + 40)
    return (once + once, once)


# Offers, to a server


def agreement(seen: Observed) -> Extension | None:
    """The element of permessage-deflate in a server's answer."""
    named = parse_extensions((seen.field(FIELD) if isinstance(seen, Answered) else None) or "")
    return next((one for one in named if one.name == NAME), None)


def _offered(offers: tuple[str, ...]) -> Play:
    async def stimulus(peer: Peer) -> Answered:
        await peer.ask(peer.request(Opening(fields=tuple((FIELD, offer) for offer in offers))))
        seen = await answered(peer)
        agreed = agreement(seen)
        peer.configure()
        if seen.went_on and agreed is not None:
            payloads = tempting(Parameters.of(agreed).server_max_window_bits) if peer.deflater else ()
            works = await echoes(peer) and await echoes(peer, payloads or (TEMPTING,))
            return seen_of(peer, seen.head, went_on=works)
        return seen

    return stimulus


_REFUSED: Final = "an offer that a server cannot use is declined: the connection opens without the extension"


def offering(
    name: str,
    title: str,
    blamed: str,
    *offers: str,
    accepted: tuple[Allowed, ...] = (),
    malformed: bool = False,
    legal: bool = True,
) -> Case:
    """A case in which a server gets offers, a header field for each; the referee judges its answer by them.

    What was agreed on is then used. A legal offer may always be declined, which is UNIMPLEMENTED. `accepted` are
    outcomes to look at first. One that is `malformed` may cost the client the connection.
    """
    without = Opens("without permessage-deflate", where=lambda seen: agreement(seen) is None)
    refused = Verdict.PASS if malformed else Verdict.NON_STRICT
    allowed = (
        *accepted,
        Allowed(
            Verdict.UNIMPLEMENTED if legal else Verdict.PASS,
            without,
            "the offer was declined, which is always allowed" if legal else "the offer was declined",
        ),
        Allowed(Verdict.PASS, Opens("and uses what it has agreed to"), "what was agreed on works"),
        Allowed(Verdict.INCONCLUSIVE, Refuses(BUSY_STATUSES), "the server says that it is too busy"),
        Allowed(refused, Refuses(), _REFUSED, "rfc7692:7-p10-s1"),
        Allowed(refused, Unanswered(), _REFUSED, "rfc7692:7-p10-s1"),
    )
    return Case(f"7692:{name}", title, clauses(blamed), _offered(offers), allowed, SERVER, bare=True)


# Answers, to a client

Answer: TypeAlias = "str | Callable[[list[Extension]], str | None]"
"""An answer, or what makes one of a client's offers: None where they leave nothing to try."""


def answering(
    name: str,
    title: str,
    blamed: str,
    answer: Answer,
    allowed: tuple[Allowed, ...],
    *,
    honest: bool = False,
    why: str = "the client offers nothing that this could be an answer to",
) -> Case:
    """A case in which a client gets an answer to its offer of permessage-deflate.

    One that is `honest` is completed with what the client asks for, and what was agreed on is then used, if the client
    goes on. A client that offers nothing of the kind is UNIMPLEMENTED.
    """

    async def stimulus(peer: Peer) -> Observed | Finding:
        request = peer.theirs.head or await peer.head()
        if request is None:
            return peer.observed()
        offers = [one for one in parse_extensions(request.get(FIELD) or "") if one.name == NAME]
        value = _answer(answer, offers, honest=honest) if offers else None
        if value is None:
            return unimplemented(f"rfc7692:{blamed.split(maxsplit=1)[0]}", why)
        peer.respond([*peer.answer(), (FIELD, value)])
        seen = await reaction(peer)
        if seen.went_on and honest:
            peer.begin()
            peer.configure()
            agreed = Parameters.of(parse_extensions(value)[0])
            payloads = tempting(agreed.client_max_window_bits)
            seen.went_on = await echoes(peer) and await echoes(peer, payloads or (TEMPTING,))
        return seen

    return client_case(f"7692:{name}", title, clauses(blamed), stimulus, allowed)


def _answer(answer: Answer, offers: list[Extension], *, honest: bool) -> str | None:
    if not isinstance(answer, str):
        return answer(offers)
    return honest_answer(parse_extensions(answer)[0], offers) if honest else answer
