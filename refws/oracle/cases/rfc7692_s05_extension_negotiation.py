"""RFC 7692, section 5: extension negotiation. Several offers, the first choice, answers to what was not offered."""

from typing import Final

from refws.oracle.case import BOTH, Case
from refws.oracle.deflating import agreement, answering, clauses, offering
from refws.oracle.expect import Allowed, Where, goes_on, refuses
from refws.oracle.handshake_answers import may_open, must_open, must_refuse
from refws.oracle.handshake_outcomes import Opens
from refws.oracle.observed import Observed
from refws.oracle.verdict import Verdict
from refws.oracle.wire.extensions import Extension
from refws.oracle.wire.frame import text
from refws.oracle.wire.permessage import NAME, Parameters

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {
    "rfc7692:5-p3-s7": "How large a client's window is cannot be seen; one that says nothing takes 32 KiB (ruling 21).",
    "rfc7692:5-p4-s10": "How small a window a server would like cannot be seen; what it answers binds, and is tried.",
    "rfc7692:5-p4-s6": "A permission: a client's offers are judged as they are, with such a value or without.",
    "rfc7692:5-p1-s6": "What a client prefers shows only in the order of its offers.",
    "rfc7692:5-p1-s7": "What a client prefers shows only in the order of its offers.",
    "rfc7692:5.1-p9-s2": "Only a client that cannot use a valid answer closes with 1010; what it can, it knows.",
}

PREFERS: Final = "5-p1-s8"
SECOND_CHOICE: Final = "the server should take the first of the offers that it supports"


def _takes_first(name: str, title: str, offers: str, first: str) -> Case:
    """Two offers that a server surely supports both, if it has the parameter at all."""

    def second(seen: Observed) -> bool:
        agreed = agreement(seen)
        return agreed is not None and first not in agreed

    lazy = Allowed(Verdict.NON_STRICT, Opens("by the second choice", where=second), SECOND_CHOICE)
    return offering(f"5/{name}", title, f"{PREFERS} 5-p1-s4 5-p1-s5 5-p6-s1 3-p8-s1", offers, accepted=(lazy,))


OFFERS: Final = (
    offering(
        "5/offer",
        "the simplest offer",
        "5-p5-s1 5-p16-s1 5-p5-s4 5.1-p6-s2 7.1.3-p3-s1 7.1.2.2-p7-s1 3-p8-s1",
        NAME,
    ),
    offering(
        "5/unknown-extension-first",
        "an extension that nobody knows, and the simplest offer behind it",
        f"{PREFERS} 5-p1-s4",
        f"permessage-refws; x=10, {NAME}",
    ),
    offering(
        "5/unknown-extension-behind",
        "the simplest offer, and an extension that nobody knows behind it",
        f"{PREFERS} 5-p1-s4",
        f'{NAME}, permessage-refws; x="10"; y',
    ),
    offering(
        "5/only-unknown-extensions",
        "two compression extensions that nobody knows",
        "5-p14-s1 5-p14-s2",
        "permessage-refws, permessage-refws; use_y",
        legal=False,
    ),
    offering("5/two-header-fields", "two offers in a header field each", "5-p1-s4 5-p1-s5", "permessage-refws", NAME),
    offering("5/the-same-offer-twice", "the same offer twice", "5-p1-s5 5-p5-s5", f"{NAME}, {NAME}"),
    offering(
        "5/fallback",
        "an offer with a window of 256 octets, and one without a limit behind it",
        f"{PREFERS} 5-p1-s5 5-p6-s1 3-p8-s1",
        f"{NAME}; server_max_window_bits=8, {NAME}",
    ),
    offering(
        "5/fallback-behind-an-offer-to-decline",
        "an offer with a parameter that is none, and the simplest offer behind it",
        "7-p10-s1 5-p1-s5 7-p11-s1",
        f"{NAME}; x, {NAME}",
    ),
    offering(
        "5/fallback-behind-a-wrong-value",
        "an offer with a wrong value, and one with a right value behind it",
        "7-p10-s1 5-p1-s5 7-p12-s1",
        f"{NAME}; server_max_window_bits=16, {NAME}; server_max_window_bits=15",
    ),
    _takes_first(
        "first-choice-no-takeover",
        "an offer with server_no_context_takeover first, and one without",
        f"{NAME}; server_no_context_takeover, {NAME}",
        "server_no_context_takeover",
    ),
    _takes_first(
        "first-choice-window",
        "an offer with server_max_window_bits=10 first, and one without",
        f"{NAME}; server_max_window_bits=10, {NAME}",
        "server_max_window_bits",
    ),
    offering(
        "5.2/quoted-value",
        "an offer whose value stands in quotation marks",
        "5.2-p6-s1 7.1.2.1-p6-s1",
        f'{NAME}; server_max_window_bits="10"; client_max_window_bits="12"',
    ),
    offering(
        "5.2/white-space",
        "an offer with white space around its signs",
        "5.2-p6-s1 7.1.2.1-p6-s1",
        f"{NAME}\t ; server_no_context_takeover ;server_max_window_bits = 10 , {NAME}",
    ),
)


def _unoffered(offers: list[Extension]) -> str | None:
    """A window for a client that has not said that it takes one."""
    return None if any(Parameters.of(offer).hinted for offer in offers) else f"{NAME}; client_max_window_bits=10"


def _above_the_hint(offers: list[Extension]) -> str | None:
    hints = [bits for offer in offers if (bits := Parameters.of(offer).client_max_window_bits) is not None]
    return f"{NAME}; client_max_window_bits={max(hints) + 1}" if hints and max(hints) < 15 else None


def _wider_than_asked(offers: list[Extension]) -> str | None:
    asked = [Parameters.of(offer).server_max_window_bits or 15 for offer in offers]
    return f"{NAME}; server_max_window_bits={max(asked) + 1}" if max(asked) < 15 else None


def _no_window(offers: list[Extension]) -> str | None:
    return NAME if all(Parameters.of(offer).server_max_window_bits for offer in offers) else None


def _takeover(offers: list[Extension]) -> str | None:
    return NAME if all(Parameters.of(offer).server_no_context_takeover for offer in offers) else None


LESS: Final = (
    "no sentence has a client look, but an answer that grants less than was asked for fits no offer (ruling 24)"
)
ANSWERS: Final = (
    answering("5/answer", "the simplest answer", "5-p16-s1 5-p5-s5 5-p1-s1", NAME, must_open(), honest=True),
    answering(
        "5/answer-another-compression",
        "an answer with a compression extension that was not offered",
        "5-p15-s1",
        "permessage-refws",
        must_refuse(),
    ),
    answering(
        "5/answer-twice",
        "an answer that accepts permessage-deflate twice, so that RSV1 has two meanings",
        "5-p9-s2 5-p15-s1",
        f"{NAME}, {NAME}",
        must_refuse(),
    ),
    answering(
        "5/answer-with-another-compression",
        "an answer with permessage-deflate, and another compression that was not offered",
        "5-p9-s2 5-p15-s1",
        f"{NAME}, permessage-refws",
        must_refuse(),
    ),
    answering(
        "5/answer-window-not-offered",
        "an answer with client_max_window_bits, which the client did not offer",
        "5-p15-s1 7-p19-s1",
        _unoffered,
        must_refuse(),
        why="the client offers client_max_window_bits, so that every value may be answered",
    ),
    answering(
        "5/answer-wider-than-asked",
        "an answer with a larger server_max_window_bits than the client asks for",
        "5-p15-s1 7-p19-s1 3-p8-s1",
        _wider_than_asked,
        must_refuse(LESS),
        why="the client asks for no window that could be exceeded",
    ),
    answering(
        "5/answer-without-the-window-asked-for",
        "an answer without server_max_window_bits, which the client asks for",
        "5-p15-s1 7-p19-s1 3-p8-s1",
        _no_window,
        must_refuse(LESS),
        why="the client takes a server without server_max_window_bits",
    ),
    answering(
        "5/answer-without-the-takeover-asked-for",
        "an answer without server_no_context_takeover, which the client asks for",
        "5-p15-s1 7-p19-s1 3-p8-s1",
        _takeover,
        must_refuse(LESS),
        why="the client takes a server without server_no_context_takeover",
    ),
    answering(
        "5/answer-above-the-hint",
        "an answer with client_max_window_bits above the client's hint",
        "7.2.2-p7-s3 7.1.2.2-p3-s1",
        _above_the_hint,
        may_open("what a client may use is no reason to fail (ruling 22)"),
        why="the client hints at no window of its own",
    ),
)


MARKED: Final = Allowed(
    Verdict.FAIL,
    Where("sends a frame with RSV1", lambda seen: any(frame.rsv & 4 for frame in seen.frames)),
    "no extension was agreed on that would give it a meaning",
)
TWICE: Final = "again and " * 100

WITHOUT: Final = (
    Case(
        "7692:5/nothing-agreed",
        "no extension is agreed on, and messages that would compress well are sent",
        clauses("5-p14-s2 5-p14-s1"),
        (text(TWICE), text(TWICE)),
        (MARKED, *goes_on(TWICE, TWICE)),
        BOTH,
    ),
    Case(
        "7692:5/nothing-agreed-and-rsv1",
        "no extension is agreed on, and a text has RSV1",
        clauses("5-p14-s2"),
        (text("first"), text("Hello", rsv=4)),
        refuses(1002, messages=(b"first",)),
        BOTH,
    ),
)

CASES: tuple[Case, ...] = (*OFFERS, *ANSWERS, *WITHOUT)
