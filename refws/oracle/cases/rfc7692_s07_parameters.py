"""RFC 7692, section 7: offers that a server declines, answers that a client fails on."""

from collections.abc import Iterator
from typing import Final

from refws.oracle.case import Case
from refws.oracle.deflating import answering, offering
from refws.oracle.handshake_answers import must_refuse
from refws.oracle.wire.permessage import NAME

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final[dict[str, str]] = {
    "rfc7692:7-p14-s1": "What a server supports is what it accepts; that it keeps to it, 7.1.2 tries for each window.",
}

DECLINE: Final = "7-p10-s1"
FAIL: Final = "7-p15-s1"

UNKNOWN: Final = {
    "unknown": "x",
    "unknown-with-value": "x=1",
    "level": "level=9",
    "max-window-bits": "max_window_bits=10",
    "no-context-takeover": "no_context_takeover",
    "hyphens": "server-no-context-takeover",
}
"""Parameters that permessage-deflate has not: alone they are tokens like any other."""

FLAG_VALUES: Final = {"1": "=1", "0": "=0", "true": "=true", "quoted": '="1"', "10": "=10"}
"""Values of a parameter that has none."""

WINDOW_VALUES: Final = {
    "7": "=7",
    "16": "=16",
    "0": "=0",
    "1": "=1",
    "100": "=100",
    "leading-zero": "=09",
    "two-leading-zeros": "=0010",
    "plus": "=+10",
    "minus": "=-10",
    "hexadecimal": "=0xa",
    "decimal-point": "=10.0",
    "exponent": "=1e1",
    "word": "=ten",
    "underscore": "=1_0",
    "quoted-7": '="7"',
    "quoted-word": '="ten"',
    "huge": "=" + "9" * 40,
}
"""Values of a window that are tokens, and no number from 8 to 15 without leading zeros."""

MALFORMED: Final = {
    "empty": "=",
    "empty-quotes": '=""',
    "quotes-not-closed": '="10',
    "two-values": "=10 11",
    "fraction": "=10/2",
    "arabic-digits": "=\xd9\xa1\xd9\xa0",
}
"""Values that are not even tokens: RFC 6455 (9.1) lets a server refuse the connection for them."""

FLAGS: Final = ("server_no_context_takeover", "client_no_context_takeover")
WINDOWS: Final = ("server_max_window_bits", "client_max_window_bits")
SECTIONS: Final = dict(zip((*FLAGS, *WINDOWS), ("7.1.1.1", "7.1.1.2", "7.1.2.1", "7.1.2.2"), strict=True))

OFFERED: Final = {
    "7.1.1.1": "7.1.1.1-p1-s2",
    "7.1.1.2": "7.1.1.2-p1-s2",
    "7.1.2.1": "7.1.2.1-p1-s2 7.1.2.1-p2-s1",
    "7.1.2.2": "7.1.2.2-p1-s2 7.1.2.2-p1-s3 7.1.2.2-p2-s1",
}
ANSWERED: Final = {
    "7.1.1.1": "7.1.1.1-p3-s2",
    "7.1.1.2": "7.1.1.2-p2-s3",
    "7.1.2.1": "7.1.2.1-p6-s2 7.1.2.1-p7-s1",
    "7.1.2.2": "7.1.2.2-p4-s3 7.1.2.2-p5-s1",
}
"""What the value has to be, by the section of the parameter."""

REPEATED: Final = {
    **{f"{name.replace('_', '-')}-twice": f"{name}; {name}" for name in FLAGS},
    "server-window-twice": "server_max_window_bits=10; server_max_window_bits=10",
    "server-window-twice-otherwise": "server_max_window_bits=15; server_max_window_bits=10",
    "client-window-twice": "client_max_window_bits=10; client_max_window_bits=12",
    "thrice": "server_no_context_takeover; client_no_context_takeover; server_no_context_takeover",
}


def _values(name: str, *, answer: bool) -> Iterator[tuple[str, str, bool]]:
    """(the last part of the id, what stands behind the parameter, whether it is malformed) for each wrong value."""
    known = FLAG_VALUES if name in FLAGS else WINDOW_VALUES
    yield from ((what, value, False) for what, value in known.items())
    if name in WINDOWS and (answer or name != "client_max_window_bits"):
        yield "without-a-value", "", False
    yield from ((what, value, True) for what, value in MALFORMED.items())


def _offers() -> Iterator[Case]:
    for name, parameter in UNKNOWN.items():
        yield offering(
            f"7/offer/{name}",
            f"an offer with the parameter {parameter}, which permessage-deflate has not",
            f"{DECLINE} 7-p11-s1",
            f"{NAME}; {parameter}",
            legal=False,
        )
    for parameter, section in SECTIONS.items():
        for what, value, malformed in _values(parameter, answer=False):
            yield offering(
                f"{section}/offer/{what}",
                f"an offer with {parameter}{value}",
                f"7-p12-s1 {DECLINE} {OFFERED[section]}",
                f"{NAME}; {parameter}{value}",
                legal=False,
                malformed=malformed,
            )
    for name, parameters in REPEATED.items():
        yield offering(
            f"7/offer/{name}",
            f"an offer with {parameters}",
            f"7-p13-s1 {DECLINE}",
            f"{NAME}; {parameters}",
            legal=False,
        )


def _answers() -> Iterator[Case]:
    for name, parameter in UNKNOWN.items():
        yield answering(
            f"7/answer/{name}",
            f"an answer with the parameter {parameter}, which permessage-deflate has not",
            f"7-p16-s1 {FAIL}",
            f"{NAME}; {parameter}",
            must_refuse(),
        )
    for parameter, section in SECTIONS.items():
        for what, value, _ in _values(parameter, answer=True):
            yield answering(
                f"{section}/answer/{what}",
                f"an answer with {parameter}{value}",
                f"7-p17-s1 {FAIL} {ANSWERED[section]}",
                f"{NAME}; {parameter}{value}",
                must_refuse(),
            )
    for name, parameters in REPEATED.items():
        yield answering(
            f"7/answer/{name}",
            f"an answer with {parameters}",
            f"7-p18-s1 {FAIL}",
            f"{NAME}; {parameters}",
            must_refuse(),
        )


CASES: tuple[Case, ...] = (*_offers(), *_answers())
