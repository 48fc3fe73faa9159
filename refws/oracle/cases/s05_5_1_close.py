"""Section 5.5.1: Close frames; their bodies, and what comes with them in one write."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import SERVER, Case
from refws.oracle.close_outcomes import RESETS, answers, rejects
from refws.oracle.expect import Allowed, Answers, Fails, Where, goes_on
from refws.oracle.observed import Observed
from refws.oracle.verdict import Obligation, Verdict
from refws.oracle.wire.frame import Frame, Opcode, close, continuation, ping, text

__all__ = ["CASES", "NOT_SHOWN"]

OPCODE: Final = "rfc6455:5.5.1-p1-s1"
BODY: Final = "rfc6455:5.5.1-p2-s1"
CODE_FIRST: Final = "rfc6455:5.5.1-p2-s2"
REASON: Final = "rfc6455:5.5.1-p2-s3"
MASKED: Final = "rfc6455:5.5.1-p3-s1"
NO_DATA_BEHIND: Final = "rfc6455:5.5.1-p4-s1"
ANSWERED: Final = "rfc6455:5.5.1-p5-s1"
SAME_CODE: Final = "rfc6455:5.5.1-p5-s2"
SOON: Final = "rfc6455:5.5.1-p5-s3"
MAY_WAIT: Final = ("rfc6455:5.5.1-p5-s4/1", "rfc6455:5.5.1-p5-s4/2")
IGNORED: Final = "rfc6455:5.5.1-p5-s5"
TOO_LONG: Final = "rfc6455:5.5-p3-s1/1"
BETWEEN: Final = "rfc6455:5.4-p8-s1"
WITH_A_CODE: Final = ("rfc6455:7.1.5-p1-s1", "rfc6455:7.4-p1-s1")
WITHOUT_A_CODE: Final = "rfc6455:7.4-p1-s4"
WITH_A_REASON: Final = "rfc6455:7.1.6-p1-s1"

NOT_SHOWN: Final[dict[str, str]] = {}

CODE: Final = close(1000).payload
LARGE: Final = "BAsd7&jh23" * 26214 + "BAsd"


def _bodies() -> Iterator[Case]:
    """Bodies that are right, and bodies that are not."""
    with_reason = (REASON, WITH_A_REASON, ANSWERED)
    right = (
        ("empty-body", "without a body", (BODY, WITHOUT_A_CODE, ANSWERED, OPCODE), b"", "7.3.1"),
        ("code-alone", "with a code and no reason", (CODE_FIRST, *WITH_A_CODE, ANSWERED), CODE, "7.3.3"),
        ("reason", "with a reason", with_reason, CODE + b"Hello World!", "7.3.4"),
        ("reason-of-123-octets", "with the longest reason", with_reason, CODE + b"*" * 123, "7.3.5"),
        ("reason-of-41-euros", "with the longest reason, three octets each", with_reason, CODE + "€".encode() * 41, ""),
        ("reason-with-nul", "with U+0000, U+FEFF, U+10FFFF", with_reason, CODE + "\0\ufeff\U0010ffff".encode(), ""),
    )
    for name, title, clauses, body, alias in right:
        allowed = answers(1000 if body else None)
        frame = Frame(Opcode.CLOSE, body)
        yield Case(f"5.5.1/{name}", f"a Close {title}", clauses, (frame,), allowed, marker=False, alias=alias)
    wrong = (
        ("5.5.1/body-of-one-octet", "with one octet", CODE_FIRST, b"a", "7.3.2"),
        ("5.5.1/body-of-half-a-code", "with the first octet of 1000", CODE_FIRST, CODE[:1], ""),
        ("5.5.1/close-of-126-octets", "with a reason of 124 octets", TOO_LONG, CODE + b"*" * 124, "7.3.6"),
    )
    for name, title, clause, body, alias in wrong:
        allowed = rejects(1000 if len(body) > 1 else None)
        frame = Frame(Opcode.CLOSE, body)
        yield Case(name, f"a Close {title}", (clause,), (frame,), allowed, marker=False, alias=alias)


def _around() -> Iterator[Case]:
    """What comes with a Close, all of it in one write."""
    echoed = "what stands behind a Close need not be read, and is not to be answered"
    behind = Allowed(Verdict.NON_STRICT, Answers(None, None), echoed, IGNORED)
    refused = answers(1000, refused=Verdict.NON_STRICT, why=echoed)
    inside = Allowed(Verdict.NON_STRICT, Fails((1002,), ()), "a Close may stand between fragments", BETWEEN)
    table: tuple[tuple[str, str, tuple[Frame, ...], tuple[Allowed, ...], str], ...] = (
        ("two-closes", "two Closes", (close(1000), close()), refused, "7.1.2"),
        ("ping-behind", "a Ping behind the Close", (close(1000), ping(b"behind")), refused, "7.1.3"),
        ("text-behind", "a text behind it", (close(1000), text("Hello World!")), (*refused, behind), "7.1.4"),
        (
            "between-fragments",
            "a Close between the fragments of a text",
            (text("fragment1", fin=False), close(1000), continuation("fragment2")),
            (inside, *answers(1000), behind),
            "7.1.5",
        ),
        (
            "behind-256-kib",
            "256 KiB of text, another text, a Close and a Ping",
            (text(LARGE), text("Hello World!"), close(1000), ping()),
            answers(1000, messages=(LARGE, "Hello World!")),
            "7.1.6",
        ),
        (
            "behind-messages",
            "three texts and a Close",
            (text("one"), text("two"), text("three"), close(1000)),
            answers(1000, messages=("one", "two", "three")),
            "",
        ),
        (
            "behind-a-fragmented-message",
            "a text in three fragments and a Close",
            (*text("abc").fragments(1), close(1000)),
            answers(1000, messages=("abc",)),
            "",
        ),
    )
    for name, title, frames, allowed, alias in table:
        about = MAY_WAIT if name.startswith("behind") else (NO_DATA_BEHIND, IGNORED)
        unread = (RESETS,) if any(frame.opcode == Opcode.CLOSE for frame in frames[:-1]) else ()
        yield Case(f"5.5.1/{name}", title, (ANSWERED, *about), frames, (*allowed, *unread), marker=False, alias=alias)


def _repeats(seen: Observed) -> bool:
    return seen.close is not None and seen.close.close_code == 3456


CASES = (
    Case(
        "5.5.1/close-behind-an-echo",
        "a text, and when it is back, a Close",
        (ANSWERED, OPCODE),
        (text("Hello World!"),),
        goes_on("Hello World!"),
        alias="7.1.1",
    ),
    *_bodies(),
    *_around(),
    Case(
        "5.5.1/same-code-back",
        "a Close with a code that nothing else would choose",
        (SAME_CODE, ANSWERED),
        (close(3456),),
        (
            Allowed(Verdict.PASS, Where("repeats the code", _repeats), "that is usual"),
            Allowed(Verdict.NON_STRICT, Answers(), "the answer to a Close usually repeats its code"),
        ),
        marker=False,
        obligation=Obligation.SENDER,
    ),
    Case(
        "5.5.1/unmasked",
        "a Close that is not masked",
        (MASKED,),
        (close(1000, masked=False),),
        rejects(1000, why="a server closes for a frame that is not masked; 1002 says why"),
        roles=SERVER,
        marker=False,
    ),
)
