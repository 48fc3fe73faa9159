"""Section 9.1, and the extensions in 4.2.2 and 4.3: what a server makes of a client's offers, good and malformed."""

from dataclasses import dataclass
from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Answered, Refuses, accepts, rejects
from refws.oracle.handshakes import Request, both, elsewhere, handshake
from refws.oracle.peer import Peer
from refws.oracle.verdict import Finding, Obligation, Verdict

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final = {
    "rfc6455:9.1-p8-s3": "an order of preference: a server may choose against it",
}

FIELD: Final = "Sec-WebSocket-Extensions"
KNOWN: Final = "permessage-deflate"
"""The extension that most servers have: where it is answered, the server has read the list."""

CHOICE: Final = (
    "9-p1-s1/2 9-p1-s2 4.2.2-p11-s2 4.2.2-p11-s5 4.2.2-p21-s1 4.3-p7-s1 9.1-p12-s1 9.1-p8-s4 9.1-p7-s2 11.3.2-p9-s2"
)
REFUSED: Final = Allowed(
    Verdict.NON_STRICT, Refuses(), "an extension is something that a client would like; a server can decline it"
)


def _answers(seen: Answered) -> bool:
    return seen.field(FIELD) is not None


def _offers() -> list[Case]:
    """Lists by the grammar."""
    table = (
        ("unknown-extension", "x-refws-oracle"),
        ("unknown-extension-with-parameters", 'x-refws-oracle; a; b=1; c="token"; a=2'),
        ("unknown-extensions", "x-refws-oracle, x-refws-other; a=b, x-refws-oracle"),
        ("known-extension", KNOWN),
        ("known-extension-twice", f"{KNOWN}, {KNOWN}"),
        ("known-behind-unknown-extension", f"x-refws-oracle; a, {KNOWN}"),
        ("parameter-named-like-an-extension", f"x-refws-oracle; {KNOWN}"),
    )
    return [
        handshake(
            f"9.1/{name}",
            f"the offer {value}",
            f"9-p1-s1/2 4.2.1-p11-s1 11.3.2-p8-s2 9.1-p2-s1 9.1-p2-s3 9.1-p2-s6 4.3-p5-s6 {CHOICE}",
            Request(put=((FIELD, value),)),
            accepts("a server takes up what it wants of the offer, and opens", REFUSED),
        )
        for name, value in table
    ]


def _none() -> Case:
    return handshake(
        "4.2.2/no-extensions",
        "a request without a field of extensions",
        "4.2.2-p11-s5 4.2.2-p11-s3 9-p1-s2",
        Request(),
        accepts("no extension is in use"),
    )


def _white_space() -> list[Case]:
    """Lists with all that HTTP allows between their parts."""
    table = (
        ("around-separators", "x-refws-oracle \t;  a=b\t ,\t x-refws-other ; c"),
        ("around-equals", "x-refws-oracle; a = b; c\t=\t1"),
        ("nowhere", 'x-refws-oracle;a=b;c="d",x-refws-other;e'),
        ("and-empty-elements", ", x-refws-oracle,, x-refws-other ,"),
        ("and-escapes", 'x-refws-oracle; a="b\\c"'),
    )
    return [
        handshake(
            f"9.1/white-space-{name}",
            f"the offer {value!r}",
            "9.1-p1-s2 4.3-p1-s1 9.1-p2-s2 9.1-p2-s6 4.3-p5-s5 4.3-p5-s9",
            Request(put=((FIELD, value),)),
            accepts("the grammar, read by the rules of RFC 2616, has it so"),
        )
        for name, value in table
    ]


MALFORMED: Final = (
    ("parameter-without-name", f"{KNOWN}, x-refws-oracle; =1"),
    ("empty-parameter", f"{KNOWN}, x-refws-oracle;; a"),
    ("semicolon-at-the-end", f"{KNOWN}, x-refws-oracle;"),
    ("parameter-without-its-value", f"{KNOWN}, x-refws-oracle; a="),
    ("two-equals", f"{KNOWN}, x-refws-oracle; a=b=c"),
    ("two-words", f"{KNOWN}, x-refws oracle"),
    ("separator-in-the-name", f"{KNOWN}, x-refws/oracle"),
    ("at-sign", f"{KNOWN}, @"),
    ("quoted-name", f'{KNOWN}, "x-refws-oracle"'),
    ("quotation-mark-left-open", f'{KNOWN}, x-refws-oracle; a="b'),
    ("no-token-in-quotes", f'{KNOWN}, x-refws-oracle; a="b c"'),
    ("nothing-in-quotes", f'{KNOWN}, x-refws-oracle; a=""'),
    ("octets-beyond-ascii", f"{KNOWN}, x-refws-\xe9"),
    ("nothing", ""),
    ("comma-alone", ","),
)


@dataclass(frozen=True, slots=True)
class _Malformed:
    """A malformed offer; where it opens the connection, another asks whether the server negotiates extensions at all.

    One that does not has nothing to negotiate, and may leave the field unread.
    """

    offer: str

    async def __call__(self, peer: Peer) -> Answered | Finding:
        seen = await Request(put=((FIELD, self.offer),))(peer)
        if not seen.is_open:
            return seen
        negotiates = _answers(seen) or _answers(await elsewhere(peer, Request(put=((FIELD, KNOWN),))))
        if not negotiates:
            why = f"{seen}: only a server that negotiates no extensions, as here, may leave the field unread"
            return Finding(Verdict.NON_STRICT, MALFORMED_FAILS, Obligation.RECEIVER, why)
        chosen = seen.field(FIELD) or "no extension"
        why = f"the malformed offer {self.offer!r} came to {seen}, with {chosen} chosen; refuse it, as with 400"
        return Finding(Verdict.FAIL, MALFORMED_FAILS, Obligation.RECEIVER, why)


MALFORMED_FAILS: Final = "rfc6455:9.1-p1-s3"


def _malformed() -> list[Case]:
    """What a server is to do, the RFC has in three places (ruling 6).

    It is to fail at once (9.1), to answer with an error (4.2.1), and may drop TCP (10.7).
    """
    return [
        handshake(
            f"9.1/malformed-{name}",
            f"the malformed offer {value!r}",
            "9.1-p1-s3 4.3-p4-s2 9.1-p2-s1 9.1-p2-s2 9.1-p2-s3 9.1-p2-s6 4.2.1-p2-s2 10.7-p1-s5 4.2.2-p11-s4",
            _Malformed(value),
            rejects("what the grammar does not produce fails the connection"),
        )
        for name, value in MALFORMED
    ]


async def _two_lines(peer: Peer) -> Finding:
    """An offer on one line, then on two lines of another connection: the answer is the same."""
    one = Request(put=((FIELD, f"x-refws-oracle, {KNOWN}"),))
    two = Request(put=((FIELD, "x-refws-oracle"), (FIELD, KNOWN)))
    joined, split = await both(peer, one, two)
    chosen = [seen.field(FIELD) or "none" for seen in (joined, split)]
    why = f"one line came to {joined}, with {chosen[0]} chosen; the same on two lines to {split}, with {chosen[1]}"
    if not joined.is_open:
        verdict = Verdict.INCONCLUSIVE
    elif not split.is_open:
        verdict = Verdict.FAIL
    elif _answers(joined) is not _answers(split):
        verdict = Verdict.NON_STRICT  # what is offered may always be declined
    else:
        verdict = Verdict.PASS
    return Finding(verdict, "rfc6455:9.1-p5-s1", Obligation.RECEIVER, why)


CASES = (
    _none(),
    *_offers(),
    *_white_space(),
    *_malformed(),
    handshake(
        "9.1/offer-on-two-lines",
        "an offer on two lines, which means what it means on one",
        "9.1-p5-s1 9.1-p3-s1 11.3.2-p9-s1",
        _two_lines,
    ),
)
