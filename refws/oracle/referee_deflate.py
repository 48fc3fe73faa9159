"""What RFC 7692 asks of a sender: of an offer, of an answer, and of a compressed message. Pure functions."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.deflate import Fault
from refws.oracle.wire.extensions import Extension
from refws.oracle.wire.permessage import NAME, Invalid, Kind, Parameters, invalid_in, offers_of

__all__ = ["CLAUSES", "Judged", "judge_answer", "judge_message", "judge_offer"]

Judged: TypeAlias = "tuple[Verdict, str, str]"
"""A verdict, the clause, and why."""

FOUR_PARAMETERS: Final = "rfc7692:7-p4-s1"
CORRESPONDS: Final = "rfc7692:3-p8-s1"
SUPPORTED: Final = "rfc7692:5-p5-s4"
WINDOW_IS_A_HINT: Final = "rfc7692:7.1.2.2-p4-s2"
SERVER_TAKEOVER_GRANTED: Final = "rfc7692:7.1.1.1-p3-s1"
SERVER_WINDOW_GRANTED: Final = "rfc7692:7.1.2.1-p6-s1"
CLIENT_WINDOW_OFFERED: Final = "rfc7692:7.1.2.2-p7-s1"
SIMPLEST: Final = "rfc7692:7.1.3-p3-s1"

DECLINED_FOR: Final = {
    Kind.UNKNOWN: "rfc7692:7-p11-s1",
    Kind.VALUE: "rfc7692:7-p12-s1",
    Kind.REPEATED: "rfc7692:7-p13-s1",
}
"""The clauses for which a server declines an offer."""

IN_OFFER: Final = {
    "server_no_context_takeover": ("rfc7692:7.1.1.1-p1-s2",),
    "client_no_context_takeover": ("rfc7692:7.1.1.2-p1-s2",),
    "server_max_window_bits": ("rfc7692:7.1.2.1-p1-s2", "rfc7692:7.1.2.1-p2-s1"),
    "client_max_window_bits": ("rfc7692:7.1.2.2-p1-s2", "rfc7692:7.1.2.2-p2-s1"),
}
"""What the value has to be, and, of a number, its ABNF."""

IN_ANSWER: Final = {
    "server_no_context_takeover": ("rfc7692:7.1.1.1-p3-s2",),
    "client_no_context_takeover": ("rfc7692:7.1.1.2-p2-s3",),
    "server_max_window_bits": ("rfc7692:7.1.2.1-p6-s2", "rfc7692:7.1.2.1-p7-s1"),
    "client_max_window_bits": ("rfc7692:7.1.2.2-p4-s3", "rfc7692:7.1.2.2-p5-s1"),
}

FAULTS: Final = {
    Fault.GARBAGE: "rfc7692:7.2.1-p2-s1",
    Fault.CUT_SHORT: "rfc7692:7.2.1-p3-s1",
    Fault.NO_EMPTY_BLOCK: "rfc7692:7.2.1-p3-s1",
    Fault.TAIL_KEPT: "rfc7692:7.2.1-p4-s1",
    Fault.EMPTY: "rfc7692:7.2.1-p4-s2",
}
WINDOWS: Final = {Role.CLIENT: "rfc7692:7.2.1-p14-s1", Role.SERVER: "rfc7692:7.2.1-p15-s1"}
TAKEOVERS: Final = {Role.CLIENT: "rfc7692:7.2.1-p12-s1", Role.SERVER: "rfc7692:7.2.1-p13-s1"}

CLAUSES: Final = frozenset(
    {FOUR_PARAMETERS, CORRESPONDS, SUPPORTED, WINDOW_IS_A_HINT, SERVER_TAKEOVER_GRANTED, SERVER_WINDOW_GRANTED}
    | {CLIENT_WINDOW_OFFERED, SIMPLEST, *DECLINED_FOR.values(), *FAULTS.values(), *WINDOWS.values()}
    | {*TAKEOVERS.values()}
    | {clause for known in (IN_OFFER, IN_ANSWER) for clauses in known.values() for clause in clauses}
)
"""The clauses that are judged here."""


def judge_offer(offers: Sequence[Extension]) -> list[Judged]:
    """What is wrong in a client's offers of permessage-deflate.

    A parameter that nobody knows, or that is repeated, costs it the offer; no clause forbids a client to try.
    """
    found: list[Judged] = []
    for offer in offers:
        for fault in invalid_in(offer, answer=False) if offer.name == NAME else ():
            if fault.kind is Kind.VALUE:
                found.append((Verdict.FAIL, _clause(IN_OFFER, fault), f"in an offer, {fault}"))
            else:
                why = f"in an offer, {fault}: every server has to decline it"
                found.append((Verdict.NON_STRICT, DECLINED_FOR[fault.kind], why))
    return found


def judge_answer(offers: Sequence[Extension], answer: Sequence[Extension]) -> list[Judged]:
    """What is wrong in a server's answer to these offers, as far as permessage-deflate is in it.

    That nothing is answered that was not offered, RFC 6455 says (section 9.1), and whoever judges by it.
    """
    elements = [element for element in answer if element.name == NAME]
    named = [offer for offer in offers if offer.name == NAME]
    if not elements or not named:
        return []
    found: list[Judged] = []
    if len(elements) > 1:
        found.append((Verdict.FAIL, SUPPORTED, f"{NAME} is accepted twice, and RSV1 can have one meaning only"))
    element = elements[0]
    wrong = invalid_in(element, answer=True)
    for fault in wrong:
        clause = _clause(IN_ANSWER, fault) if fault.kind is Kind.VALUE else FOUR_PARAMETERS
        found.append((Verdict.FAIL, clause, f"in the answer, {fault}"))
    valid = offers_of(named)
    if not valid:
        fault = invalid_in(named[0], answer=False)[0]
        found.append((Verdict.FAIL, DECLINED_FOR[fault.kind], f"an offer was accepted in which {fault}"))
    elif not wrong:
        agreed = Parameters.of(element)
        found += sorted((_against(Parameters.of(offer), agreed) for offer in valid), key=_weight)[0]
    return found


def _weight(found: list[Judged]) -> tuple[int, int]:
    return sum(verdict is Verdict.FAIL for verdict, _, _ in found), len(found)


def _against(asked: Parameters, agreed: Parameters) -> list[Judged]:
    """What is wrong in an answer, if this is the offer that it accepts."""
    found: list[Judged] = []
    if asked.server_no_context_takeover and not agreed.server_no_context_takeover:
        why = "server_no_context_takeover was asked for, and is not in the answer"
        found.append((Verdict.FAIL, SERVER_TAKEOVER_GRANTED, why))
    if asked.server_max_window_bits is not None:
        granted = agreed.server_max_window_bits
        if granted is None or granted > asked.server_max_window_bits:
            said = "no limit" if granted is None else str(granted)
            why = f"server_max_window_bits={asked.server_max_window_bits} was asked for, and {said} is in the answer"
            same = granted is None and asked.server_max_window_bits == 15
            verdict, why = (Verdict.NON_STRICT, f"{why}, which means the same") if same else (Verdict.FAIL, why)
            found.append((verdict, SERVER_WINDOW_GRANTED, why))
    if agreed.client_max_window_bits is not None:
        hint = asked.client_max_window_bits
        if not asked.hinted:
            simplest = asked == Parameters()
            why = "client_max_window_bits is in the answer, and was not in the offer"
            found.append((Verdict.FAIL, SIMPLEST if simplest else CLIENT_WINDOW_OFFERED, why))
        elif hint is not None and agreed.client_max_window_bits > hint:
            why = f"client_max_window_bits={agreed.client_max_window_bits} answers a hint of {hint} (ruling 22)"
            found.append((Verdict.NON_STRICT, WINDOW_IS_A_HINT, why))
    return found


def judge_message(sender: Role, fault: Fault | None, agreed: Extension) -> list[Judged]:
    """What is wrong with a compressed message, by what its inflating found, and what was agreed on."""
    if fault is None or fault is Fault.TOO_LONG:
        return []
    clause = FAULTS.get(fault) or (WINDOWS if fault is Fault.WINDOW else TAKEOVERS)[sender]
    why = f"a compressed message is wrong: {fault}"
    if fault is Fault.WINDOW:
        why += f" of 2**{agreed.get(f'{sender}_max_window_bits') or 15} octets"
    return [(Verdict.FAIL, clause, why)]


def _clause(known: dict[str, tuple[str, ...]], fault: Invalid) -> str:
    """The clause on a value; that on its ABNF where it is not even a number."""
    clauses = known[fault.name]
    return clauses[-1] if fault.value is not None and not fault.value.isdecimal() else clauses[0]
