"""The oracle's reading and writing of DEFLATE, and of the parameters of permessage-deflate."""

import contextlib
import random
import zlib

import pytest

from refws.oracle.payloads import KINDS, unrepeated
from refws.oracle.referee_deflate import judge_answer, judge_message, judge_offer
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.blocks import Blocks
from refws.oracle.wire.deflate import TAIL, Deflater, Fault, Inflater, NotDeflate
from refws.oracle.wire.extensions import Extension, parse_extensions
from refws.oracle.wire.permessage import honest_answer, invalid_in

PMD = "permessage-deflate"
HELLO = bytes.fromhex("f248cdc9c90700")
BOOK = b" ".join(str(number * number).encode() for number in range(4000))


def repeated(octets: bytes, length: int, distance: int) -> bytes:
    """Octets, and a match behind them."""
    out = bytearray(octets)
    for _ in range(length):
        out.append(out[-distance])
    return bytes(out)


# Blocks


@pytest.mark.parametrize("distance", [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 256, 257, 511, 513, 1024, 24577, 32768])
def test_matches_are_what_zlib_reads(distance: int) -> None:
    before = unrepeated(32768)
    for length in (3, 4, 10, 11, 12, 13, 18, 19, 34, 35, 130, 131, 227, 257, 258):
        octets = Blocks().stored(before).fixed((length, distance), final=True).octets()
        assert zlib.decompressobj(-15).decompress(octets) == repeated(before, length, distance), length


def test_blocks_of_each_kind_follow_one_another() -> None:
    every = bytes(range(256))
    written = Blocks().fixed(every).stored(b"stored").fixed().stored().fixed(b"!").message()
    inflater = Inflater()
    assert inflater.message(written) == every + b"stored!"
    assert inflater.fault is None


def test_hello_is_written_as_the_rfc_has_it() -> None:
    fixed = Blocks().fixed(b"Hello")
    assert fixed.message() == HELLO
    assert Blocks().stored(b"Hello").message() == bytes.fromhex("000500faff48656c6c6f00")
    assert Blocks().fixed(b"Hello", final=True).message() == bytes.fromhex("f348cdc9c9070000")


# Messages


@pytest.mark.parametrize("bits", range(8, 16))
@pytest.mark.parametrize("takeover", [True, False])
def test_what_is_deflated_is_inflated_within_its_window(bits: int, takeover: bool) -> None:
    deflater, inflater = Deflater(bits, takeover=takeover), Inflater(bits, takeover=takeover)
    for payload in (b"", b"Hello", BOOK, BOOK, b"", BOOK * 3, unrepeated(5000) * 2):
        assert inflater.message(deflater.message(payload)) == payload
        assert inflater.fault is None
    parts = deflater.parts(b"one ", b"two ", b"")
    assert inflater.message(b"".join(parts)) == b"one two "
    assert parts[0].endswith(TAIL)


@pytest.mark.parametrize("bits", range(8, 15))
def test_a_distance_of_one_more_than_the_window_is_seen(bits: int) -> None:
    window = 1 << bits
    before = unrepeated(min(2 * window, 4000)) if bits < 12 else unrepeated(window + 100)
    for distance, fault in ((window, None), (window + 33, Fault.WINDOW)):
        inflater = Inflater(bits)
        message = Blocks().stored(before).fixed((3, distance)).message()
        assert inflater.message(message) == repeated(before, 3, distance)
        assert inflater.fault is fault
        assert inflater.message(HELLO) == b"Hello"
        assert inflater.fault is None


def test_small_windows_are_exact_at_the_beginning() -> None:
    inflater = Inflater(9)
    inflater.message(Blocks().stored(unrepeated(600)).fixed((3, 513)).message())
    assert inflater.fault is Fault.WINDOW


def test_takeover_that_was_not_agreed_on_is_told_from_a_window_that_was_left() -> None:
    inflater = Inflater(takeover=False)
    assert inflater.message(HELLO) == b"Hello"
    assert inflater.message(bytes.fromhex("f200110000")) == b"Hello"
    assert inflater.fault is Fault.TAKEOVER
    assert inflater.message(HELLO) == b"Hello"
    assert inflater.fault is None


@pytest.mark.parametrize(
    ("octets", "meant", "fault"),
    [
        ("f248cdc9c907000000ffff", b"Hello", Fault.TAIL_KEPT),
        ("", b"", Fault.EMPTY),
        ("f348cdc9c90700", b"Hello", Fault.NO_EMPTY_BLOCK),
        ("f248cd", b"He", Fault.CUT_SHORT),
        ("000500faff4865", b"He", Fault.CUT_SHORT),
        ("00", b"", None),
        ("f348cdc9c9070000", b"Hello", None),
    ],
)
def test_what_is_wrong_has_a_name_and_spoils_nothing_behind_it(octets: str, meant: bytes, fault: Fault | None) -> None:
    inflater = Inflater()
    assert inflater.message(bytes.fromhex(octets)) == meant
    assert inflater.fault is fault
    assert inflater.message(HELLO) == b"Hello"
    assert inflater.fault is None


def test_wherever_a_message_is_cut_it_is_noticed() -> None:
    whole = Deflater().message(BOOK)
    for size in range(1, len(whole) - 1, 97):
        inflater = Inflater()
        try:
            inflater.message(whole[:size])
        except NotDeflate:
            continue
        assert inflater.fault is Fault.CUT_SHORT, size


@pytest.mark.parametrize(
    "octets", [b"\x06\x00", b"\xff" * 40, Blocks().fixed(b"a", (3, 2)).message(), zlib.compress(BOOK)]
)
def test_what_is_no_deflate_is_refused(octets: bytes) -> None:
    inflater = Inflater()
    with pytest.raises(NotDeflate):
        inflater.message(octets)
    assert inflater.fault is Fault.GARBAGE
    assert inflater.message(HELLO) == b"Hello"


@pytest.mark.parametrize("bits", [9, 15])
def test_the_window_lives_on_behind_a_final_block(bits: int) -> None:
    inflater = Inflater(bits)
    assert inflater.message(HELLO) == b"Hello"
    two = Blocks().fixed(b"!", final=True).stored(b"?", final=True).fixed((7, 7), final=True).message()
    assert inflater.message(two) == b"!?Hello!?"
    assert inflater.fault is None
    assert inflater.message(Blocks().fixed((9, 9)).message()) == b"!?Hello!?"


def test_noise_never_raises_anything_else() -> None:
    noise = random.Random(7692)
    inflaters = [Inflater(bits, takeover=takeover) for bits in (8, 11, 15) for takeover in (True, False)]
    for _ in range(300):
        octets = noise.randbytes(noise.randrange(60))
        for inflater in inflaters:
            with contextlib.suppress(NotDeflate):
                inflater.message(octets)
        assert {inflater.message(HELLO) for inflater in inflaters} == {b"Hello"}


# Parameters


def one(text: str) -> Extension:
    (extension,) = parse_extensions(text)
    return extension


@pytest.mark.parametrize("bits", range(8, 16))
def test_windows_from_8_to_15_are_valid(bits: int) -> None:
    for name in ("server_max_window_bits", "client_max_window_bits"):
        for value in (str(bits), f'"{bits}"'):
            assert not invalid_in(one(f"{PMD}; {name}={value}"), answer=False)
            assert not invalid_in(one(f"{PMD}; {name}={value}"), answer=True)


@pytest.mark.parametrize("value", ["7", "16", "08", "015", "+9", "0xa", "ten", "10.0", "", '"7"', "\u0661\u0660"])
def test_other_values_are_not(value: str) -> None:
    for name in ("server_max_window_bits", "client_max_window_bits"):
        assert invalid_in(one(f"{PMD}; {name}={value}"), answer=False)
        assert invalid_in(one(f"{PMD}; {name}={value}"), answer=True)


def test_only_a_hint_may_stand_without_a_value() -> None:
    assert not invalid_in(one(f"{PMD}; client_max_window_bits"), answer=False)
    assert invalid_in(one(f"{PMD}; client_max_window_bits"), answer=True)
    assert invalid_in(one(f"{PMD}; server_max_window_bits"), answer=False)


@pytest.mark.parametrize(
    ("wanted", "offers", "answer"),
    [
        (PMD, PMD, PMD),
        (PMD, "x, y", None),
        (PMD, f"{PMD}; x", None),
        (PMD, f"{PMD}; x, {PMD}", PMD),
        (PMD, f"{PMD}; server_no_context_takeover", f"{PMD}; server_no_context_takeover"),
        (PMD, f"{PMD}; server_max_window_bits=10", f"{PMD}; server_max_window_bits=10"),
        (f"{PMD}; server_max_window_bits=9", PMD, f"{PMD}; server_max_window_bits=9"),
        (f"{PMD}; server_max_window_bits=12", f"{PMD}; server_max_window_bits=10", f"{PMD}; server_max_window_bits=10"),
        (f"{PMD}; client_max_window_bits=9", PMD, None),
        (f"{PMD}; client_max_window_bits=9", f"{PMD}; client_max_window_bits", f"{PMD}; client_max_window_bits=9"),
        (f"{PMD}; client_max_window_bits=9", f"{PMD}; client_max_window_bits=8", f"{PMD}; client_max_window_bits=8"),
        (f"{PMD}; client_no_context_takeover", PMD, f"{PMD}; client_no_context_takeover"),
    ],
)
def test_an_honest_answer_grants_what_is_asked(wanted: str, offers: str, answer: str | None) -> None:
    assert honest_answer(one(wanted), parse_extensions(offers)) == answer
    if answer is not None:
        assert judge_answer(parse_extensions(offers), parse_extensions(answer)) == []


# What the referee says


@pytest.mark.parametrize(
    ("offers", "verdict", "clause"),
    [
        (f"{PMD}; server_no_context_takeover=1", Verdict.FAIL, "7.1.1.1-p1-s2"),
        (f"{PMD}; client_no_context_takeover=1", Verdict.FAIL, "7.1.1.2-p1-s2"),
        (f"{PMD}; server_max_window_bits=16", Verdict.FAIL, "7.1.2.1-p1-s2"),
        (f"{PMD}; server_max_window_bits", Verdict.FAIL, "7.1.2.1-p1-s2"),
        (f"{PMD}; server_max_window_bits=ten", Verdict.FAIL, "7.1.2.1-p2-s1"),
        (f"{PMD}; client_max_window_bits=7", Verdict.FAIL, "7.1.2.2-p1-s2"),
        (f"{PMD}; client_max_window_bits=+9", Verdict.FAIL, "7.1.2.2-p2-s1"),
        (f"{PMD}; x", Verdict.NON_STRICT, "7-p11-s1"),
        (f"x, {PMD}; client_max_window_bits; client_max_window_bits", Verdict.NON_STRICT, "7-p13-s1"),
    ],
)
def test_offers_are_judged(offers: str, verdict: Verdict, clause: str) -> None:
    assert [found[:2] for found in judge_offer(parse_extensions(offers))] == [(verdict, f"rfc7692:{clause}")]


def test_valid_offers_have_nothing_wrong() -> None:
    text = f'x; y, {PMD}; client_max_window_bits, {PMD}; server_max_window_bits="10"; server_no_context_takeover'
    assert judge_offer(parse_extensions(text)) == []


@pytest.mark.parametrize(
    ("offers", "answer", "verdict", "clause"),
    [
        (PMD, f"{PMD}; client_max_window_bits=10", Verdict.FAIL, "7.1.3-p3-s1"),
        (f"{PMD}; server_no_context_takeover", f"{PMD}; server_no_context_takeover; client_max_window_bits=10",
         Verdict.FAIL, "7.1.2.2-p7-s1"),
        (f"{PMD}; client_max_window_bits=9", f"{PMD}; client_max_window_bits=10", Verdict.NON_STRICT, "7.1.2.2-p4-s2"),
        (f"{PMD}; server_no_context_takeover", PMD, Verdict.FAIL, "7.1.1.1-p3-s1"),
        (f"{PMD}; server_max_window_bits=10", PMD, Verdict.FAIL, "7.1.2.1-p6-s1"),
        (f"{PMD}; server_max_window_bits=10", f"{PMD}; server_max_window_bits=11", Verdict.FAIL, "7.1.2.1-p6-s1"),
        (f"{PMD}; server_max_window_bits=15", PMD, Verdict.NON_STRICT, "7.1.2.1-p6-s1"),
        (PMD, f"{PMD}; x", Verdict.FAIL, "7-p4-s1"),
        (PMD, f"{PMD}; server_no_context_takeover=1", Verdict.FAIL, "7.1.1.1-p3-s2"),
        (PMD, f"{PMD}; server_max_window_bits=7", Verdict.FAIL, "7.1.2.1-p6-s2"),
        (PMD, f"{PMD}; server_max_window_bits=a", Verdict.FAIL, "7.1.2.1-p7-s1"),
        (f"{PMD}; client_max_window_bits", f"{PMD}; client_max_window_bits", Verdict.FAIL, "7.1.2.2-p4-s3"),
        (f"{PMD}; x", PMD, Verdict.FAIL, "7-p11-s1"),
        (f"{PMD}; server_max_window_bits=16", PMD, Verdict.FAIL, "7-p12-s1"),
        (f'{PMD}; server_max_window_bits="10', PMD, Verdict.FAIL, "7-p12-s1"),
        (f"{PMD}; client_max_window_bits; client_max_window_bits", PMD, Verdict.FAIL, "7-p13-s1"),
        (PMD, f"{PMD}, {PMD}", Verdict.FAIL, "5-p5-s4"),
    ],
)  # fmt: skip
def test_answers_are_judged(offers: str, answer: str, verdict: Verdict, clause: str) -> None:
    found = judge_answer(parse_extensions(offers), parse_extensions(answer))
    assert [one[:2] for one in found] == [(verdict, f"rfc7692:{clause}")]


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        (PMD, ""),
        (PMD, "x"),
        ("x", PMD),  # section 9.1 of RFC 6455 is for that
        (f"{PMD}; server_max_window_bits=10, {PMD}", PMD),
        (f"{PMD}; x, {PMD}; client_max_window_bits", f"{PMD}; client_max_window_bits=15"),
        (f"{PMD}; server_max_window_bits=10", f"{PMD}; server_max_window_bits=8; server_no_context_takeover"),
        (f"{PMD}; client_no_context_takeover; client_max_window_bits=10", PMD),
    ],
)
def test_right_answers_have_nothing_wrong(offers: str, answer: str) -> None:
    assert judge_answer(parse_extensions(offers), parse_extensions(answer)) == []


def test_messages_are_judged_by_who_sends_them() -> None:
    agreed = one(f"{PMD}; server_max_window_bits=9; client_max_window_bits=10")
    for role, window, takeover in ((Role.CLIENT, "p14", "p12"), (Role.SERVER, "p15", "p13")):
        assert judge_message(role, Fault.WINDOW, agreed)[0][:2] == (Verdict.FAIL, f"rfc7692:7.2.1-{window}-s1")
        assert judge_message(role, Fault.TAKEOVER, agreed)[0][:2] == (Verdict.FAIL, f"rfc7692:7.2.1-{takeover}-s1")
        assert judge_message(role, None, agreed) == []
    assert judge_message(Role.SERVER, Fault.TAIL_KEPT, agreed)[0][1] == "rfc7692:7.2.1-p4-s1"


# Payloads


def test_payloads_are_the_same_each_time_and_of_their_kinds() -> None:
    ratios = {}
    for kind, make in KINDS.items():
        data = make()
        octets = data if isinstance(data, bytes) else data.encode()
        assert make.__wrapped__() == data  # type: ignore[union-attr]  # made anew
        ratios[kind] = len(zlib.compress(octets)) / len(octets)
    assert ratios["markup"] < ratios["json"] < 0.4
    assert ratios["picture"] < 0.7 < ratios["binary"]
    assert len(zlib.compress(unrepeated(10000))) > 10000
