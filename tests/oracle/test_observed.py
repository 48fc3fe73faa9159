"""What is said of a testee in reports."""

import pytest

from refws.oracle.conversation import Message
from refws.oracle.observed import Observed
from refws.oracle.recording import End
from refws.oracle.wire.frame import Opcode, close
from refws.oracle.wire.reading import FrameReader

FIVE = tuple(Message(Opcode.TEXT, b"m%d" % number) for number in range(5))
(CLOSE,) = FrameReader().feed(close(1002, "no").octets(False), 0)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Observed(), ""),
        (Observed(went_on=True), "goes on"),
        (Observed(silent=True, seconds=0.512), "nothing for 0.51 s"),
        (Observed(messages=FIVE[:3], went_on=True), "{0}, {1}, {2}, goes on"),
        (Observed(messages=FIVE, went_on=True), "{0}, {1}, {2}, 2 more messages, goes on"),
        (
            Observed(pongs=(b"", b"ab", b"c", b"d"), went_on=True),
            "Pong of 0 octets, Pong of 2 octets, Pong of 1 octets, goes on",
        ),
        (Observed(close=CLOSE, went_on=True), "Close of 4 octets with 1002"),
        (Observed(close=CLOSE, end=End.FIN), "Close of 4 octets with 1002, the end of TCP"),
        (Observed(end=End.RST, went_on=True), "a TCP reset"),
        (Observed(end=End.LOST), "nothing more"),
        (
            Observed(note="8 of 9 came back", messages=FIVE[:1], silent=True, seconds=2),
            "8 of 9 came back, {0}, nothing for 2 s",
        ),
    ],
)
def test_what_is_said(seen, said):
    assert str(seen) == said.format(*(f"text of 2 octets 'm{number}'" for number in range(5)))


def test_who_has_failed():
    assert [Observed(close=CLOSE).has_failed, Observed(end=End.FIN).has_failed, Observed(silent=True).has_failed] == [
        True,
        True,
        False,
    ]
    assert Observed(messages=FIVE).payloads == (b"m0", b"m1", b"m2", b"m3", b"m4")
