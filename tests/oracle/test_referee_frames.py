"""The referee on frames, messages, Closes and answers: each rule with one fault beside its boundary."""

import random

import pytest

from refws.oracle.recording import End
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.deflate import Deflater
from refws.oracle.wire.frame import Frame, binary, close, continuation, ping, pong, text
from tests.oracle.conversations import DEFLATE, Talk

FAIL, NON_STRICT = Verdict.FAIL, Verdict.NON_STRICT
BOTH = pytest.mark.parametrize("role", list(Role))

compressed = Deflater().message(b"hello")


def frames_of(*frames, role, extensions=""):
    return Talk(extensions).says(role, *frames).found(role)


WRONG_FRAMES = [
    ("rsv1", [text("a", rsv=4)], "5.2-p6-s1"),
    ("rsv2", [text("a", rsv=2)], "5.2-p6-s1"),
    ("rsv3-on-a-ping", [ping(rsv=1)], "5.2-p6-s1"),
    ("opcode-3", [Frame(3)], "5.2-p12-s1"),
    ("opcode-7", [Frame(7)], "5.2-p12-s1"),
    ("opcode-11", [Frame(11)], "5.2-p16-s1"),
    ("opcode-15", [Frame(15)], "5.2-p16-s1"),
    ("125-in-16-bits", [binary(bytes(125), length_form=16)], "5.2-p20-s5"),
    ("65535-in-64-bits", [binary(bytes(65535), length_form=64)], "5.2-p20-s5"),
    ("top-bit", [binary(length_form=64, declared_length=1 << 63)], "5.2-p20-s3"),
    ("ping-of-126", [ping(bytes(126))], "5.5-p3-s1/1"),
    ("close-of-126", [close(1000, "a" * 124)], "5.5-p3-s1/1"),
    ("ping-in-fragments", [ping(fin=False)], "5.5-p3-s1/2"),
    ("continuation-alone", [continuation("a")], "5.4-p5-s1"),
    ("continuation-begins", [continuation("a", fin=False)], "5.4-p6-s1"),
    ("two-messages-at-once", [text("a", fin=False), text("b")], "5.4-p10-s1"),
    ("text-behind-close", [close(1000), text("a")], "5.5.1-p4-s1"),
    ("continuation-behind-close", [text("a", fin=False), close(1000), continuation("b")], "5.5.1-p4-s1"),
    ("close-of-one-octet", [Frame(8, b"\x03")], "5.5.1-p2-s2"),
    ("close-0", [close(0)], "7.4.2-p2-s1"),
    ("close-999", [close(999)], "7.4.2-p2-s1"),
    ("close-1005", [close(1005)], "7.4.1-p13-s1"),
    ("close-1006", [close(1006)], "7.4.1-p15-s1"),
    ("close-1015", [close(1015)], "7.4.1-p27-s1"),
    ("lone-surrogate", [text(b"\xed\xa0\x80")], "5.6-p4-s2"),
    ("overlong", [text(b"\xc0\xaf")], "5.6-p4-s2"),
    ("above-10ffff", [text(b"\xf4\x90\x80\x80")], "5.6-p4-s2"),
    ("cut-short", [text(b"\xce", fin=False), continuation(b"")], "5.6-p4-s2"),
]


@BOTH
@pytest.mark.parametrize(("frames", "clause"), [one[1:] for one in WRONG_FRAMES], ids=[one[0] for one in WRONG_FRAMES])
def test_frames_with_one_fault_are_blamed_on_its_clause(role, frames, clause):
    assert frames_of(*frames, role=role) == {f"rfc6455:{clause}": FAIL}


@BOTH
@pytest.mark.parametrize(
    ("frames", "clause"),
    [
        ([close(1004)], "7.4.1-p11-s1"),
        ([close(1016)], "7.4.2-p4-s1"),
        ([close(2999)], "7.4.2-p4-s1"),
        ([close(5000)], "7.4.2-p8-s1"),
        ([close(65535)], "7.4.2-p8-s1"),
        ([close(1000, b"\xff")], "5.5.1-p2-s3"),
    ],
)
def test_what_no_clause_forbids_to_send_is_non_strict(role, frames, clause):
    assert frames_of(*frames, role=role) == {f"rfc6455:{clause}": NON_STRICT}


RIGHT_FRAMES = [
    ("borders-of-lengths", [binary(bytes(size)) for size in (0, 125, 126, 65535, 65536)]),
    ("ping-of-125", [ping(bytes(125)), pong(bytes(125)), pong(b"nobody asked")]),
    ("fragments", [text("a", fin=False), ping(), continuation(fin=False), pong(), continuation("b"), binary()]),
    ("character-in-two", [text(b"\xce", fin=False), continuation(b"\xba")]),
    ("last-of-unicode", [text("\ud7ff\ue000\U0010ffff\0")]),
    ("any-octets", [binary(bytes(range(256)))]),
    ("control-behind-close", [close(1000), pong(b"late"), ping()]),
    ("close-in-a-message", [text("a", fin=False), close(1002)]),
    ("close-without-a-code", [close()]),
    ("long-reason", [close(3000, "a" * 123)]),
    *((f"close-{code}", [close(code, "é")]) for code in (1000, 1003, 1007, 1009, 1011, 1012, 1014, 3000, 4999)),
]


@BOTH
@pytest.mark.parametrize("frames", [one[1] for one in RIGHT_FRAMES], ids=[one[0] for one in RIGHT_FRAMES])
def test_frames_that_are_right(role, frames):
    assert frames_of(*frames, role=role) == {}


def test_masks_of_the_wrong_side():
    assert frames_of(text("a", masked=False), role=Role.CLIENT) == {"rfc6455:5.1-p1-s2": FAIL}
    assert frames_of(text("a", masked=True), role=Role.SERVER) == {"rfc6455:5.1-p1-s6": FAIL}
    assert frames_of(text("a"), close(masked=False), role=Role.CLIENT) == {"rfc6455:5.5.1-p3-s1": FAIL}


def test_a_key_of_zeros_is_one_of_those_that_may_be():
    assert frames_of(text("a", masking_key=bytes(4)), role=Role.CLIENT) == {}


def test_a_clause_that_is_broken_twice_is_found_once_where_it_was_first():
    talk = Talk("").client(text("ok"), text("a", masked=False), text("b", masked=False), ping(masked=False))
    (finding,) = talk.referee.findings(Role.CLIENT)
    assert finding.offset == 8


def test_a_header_is_judged_before_its_payload_has_come():
    talk = Talk("").server(Frame(10, bytes(126)).octets(False)[:10])
    assert talk.found(Role.SERVER) == {"rfc6455:5.5-p3-s1/1": FAIL}


def test_the_octet_of_bad_utf8_in_the_second_fragment():
    talk = Talk("").server(text("abc", fin=False), continuation(b"d\xff"))
    (finding,) = talk.referee.findings(Role.SERVER)
    assert finding.offset == 5 + 2 + 1


def test_a_foreign_extension_may_give_bits_and_opcodes_a_meaning():
    assert frames_of(text("a", rsv=7), Frame(3), role=Role.CLIENT, extensions="x-mux") == {}
    assert frames_of(ping(bytes(126), rsv=1), role=Role.CLIENT, extensions="x-mux") == {"rfc6455:5.5-p3-s1/1": FAIL}


# Codes that the other side sent first


def test_a_code_that_is_sent_back():
    for code, verdicts in ((999, {"rfc6455:7.4.2-p2-s1": NON_STRICT}), (1010, {}), (4321, {})):
        assert Talk("").client(close(code)).server(close(code)).found(Role.SERVER) == verdicts
    assert Talk("").client(close(1005)).server(close(1005)).found(Role.SERVER) == {"rfc6455:7.4.1-p13-s1": FAIL}


def test_1010_is_a_clients_and_names_what_is_missing():
    assert frames_of(close(1010, "permessage-deflate"), role=Role.SERVER) == {"rfc6455:7.4.1-p23-s3": FAIL}
    assert frames_of(close(1010, "permessage-deflate"), role=Role.CLIENT) == {}
    assert frames_of(close(1010), role=Role.CLIENT) == {"rfc6455:7.4.1-p23-s2": NON_STRICT}


# permessage-deflate


def far_back() -> bytes:
    """A message that refers to octets 768 octets back, more than a window of 9 bits has."""
    once = random.Random(1).randbytes(768)
    return Deflater().message(once + once)


@BOTH
@pytest.mark.parametrize(
    ("frames", "extensions", "clause"),
    [
        ([text(compressed[:2], rsv=4, fin=False), continuation(compressed[2:], rsv=4)], DEFLATE, "rfc7692:6.1-p10-s1"),
        ([ping(rsv=4)], DEFLATE, "rfc7692:6.1-p10-s1"),
        ([text(b"\xff\xff", rsv=4)], DEFLATE, "rfc7692:7.2.1-p2-s1"),
        ([text(compressed[:-2], rsv=4)], DEFLATE, "rfc7692:7.2.1-p3-s1"),
        ([text(compressed + b"\0\0\xff\xff", rsv=4)], DEFLATE, "rfc7692:7.2.1-p4-s1"),
        ([text(b"", rsv=4)], DEFLATE, "rfc7692:7.2.1-p4-s2"),
    ],
)
def test_compressed_messages_with_one_fault(role, frames, extensions, clause):
    assert frames_of(*frames, role=role, extensions=extensions) == {clause: FAIL}


@BOTH
def test_windows_and_takeover_are_each_sides_own(role):
    number = {Role.CLIENT: "14", Role.SERVER: "15"}[role]
    message = binary(far_back(), rsv=4)
    assert frames_of(message, role=role, extensions=DEFLATE) == {}
    agreed = f"{DEFLATE}; {role}_max_window_bits=9"
    assert frames_of(message, role=role, extensions=agreed) == {f"rfc7692:7.2.1-p{number}-s1": FAIL}
    assert frames_of(message, role=role, extensions=f"{DEFLATE}; {role.other}_max_window_bits=9") == {}
    number = {Role.CLIENT: "12", Role.SERVER: "13"}[role]
    deflater = Deflater()
    twice = [text(deflater.message(b"hello, hello"), rsv=4) for _ in range(2)]
    assert frames_of(*twice, role=role, extensions=DEFLATE) == {}
    agreed = f"{DEFLATE}; {role}_no_context_takeover"
    assert frames_of(*twice, role=role, extensions=agreed) == {f"rfc7692:7.2.1-p{number}-s1": FAIL}


@BOTH
def test_compressed_text_is_utf8_once_it_is_inflated(role):
    right, wrong = Deflater().message("é".encode()), Deflater().message(b"\xff")
    assert frames_of(text(right, rsv=4), text("plain"), role=role, extensions=DEFLATE) == {}
    assert frames_of(text(wrong, rsv=4), role=role, extensions=DEFLATE) == {"rfc6455:5.6-p4-s2": FAIL}
    assert frames_of(text("a", rsv=6), role=role, extensions=DEFLATE).keys() >= {"rfc6455:5.2-p6-s1"}


# Answers


@BOTH
def test_tcp_ends_behind_a_close_that_is_not_answered(role):
    talk = Talk("").says(role.other, ping(b"p")).after(0.02).says(role, pong(b"p"))
    talk.says(role.other, close(1000)).after(0.05).ends(role).ends(role.other)
    assert talk.found(role) == {"rfc6455:5.5.1-p5-s1": FAIL}
    assert talk.found(role.other) == {}


@BOTH
def test_ends_that_leave_no_close_unanswered(role):
    def began() -> Talk:
        talk = Talk("").says(role.other, ping(b"p")).after(0.02).says(role, pong(b"p"))
        return talk.says(role.other, close(1000))

    crossing = began().after(0.03).ends(role)
    answered = began().after(5).says(role, close(4000)).ends(role)
    other_first = began().ends(role.other).after(0.5).ends(role)
    reset = began().after(0.5).ends(role, End.RST)
    lost = began().after(0.5).ends(role, End.LOST)
    erred = Talk("").says(role.other, close(1005)).after(5).ends(role)
    for talk in (crossing, answered, other_first, reset, lost, erred):
        assert talk.found(role) == {}
    assert "rfc6455:5.5.1-p5-s1" in answered.referee.judged(role)


@BOTH
def test_a_ping_that_is_never_answered(role):
    silent = Talk("").says(role.other, ping(b"1"), ping(b"2")).after(10.1).says(role, text("busy")).ends(role.other)
    assert silent.found(role) == {"rfc6455:5.5.2-p3-s1": FAIL}
    first_only = Talk("").says(role.other, ping(b"1"), ping(b"2")).says(role, pong(b"1")).after(10.1).ends(role.other)
    assert first_only.found(role) == {"rfc6455:5.5.2-p3-s1": FAIL}


@BOTH
def test_pings_that_need_no_answer(role):
    latest_only = Talk("").says(role.other, ping(b"1"), ping(b"2")).after(5).says(role, pong(b"2")).after(11)
    too_short = Talk("").says(role.other, ping(b"1")).after(9.9)
    closed = Talk("").says(role.other, ping(b"1"), close(1000)).says(role, close(1000)).after(11)
    own_close = Talk("").says(role.other, ping(b"1")).says(role, close(1000)).after(11)
    erred = Talk("").says(role.other, ping(b"1"), text(b"\xff")).after(11)
    for talk in (latest_only, too_short, closed, own_close, erred):
        assert talk.ends(role.other).ends(role).found(role) == {}
    assert "rfc6455:5.5.2-p3-s1" in latest_only.referee.judged(role)


# The end of TCP, where nobody plays


def closed_by_both() -> Talk:
    return Talk("", end_of_tcp=True).client(close(1000)).after(0.1).server(close(1000))


def test_who_ends_tcp_first_and_how():
    assert closed_by_both().ends(Role.SERVER).ends(Role.CLIENT).found(Role.CLIENT) == {}
    early = closed_by_both().ends(Role.CLIENT).ends(Role.SERVER)
    assert early.found(Role.CLIENT) == {"rfc6455:5.5.1-p6-s2/2": NON_STRICT}
    patient = closed_by_both().after(1.1).ends(Role.CLIENT).ends(Role.SERVER)
    assert patient.found(Role.CLIENT) == {}
    assert patient.found(Role.SERVER) == {"rfc6455:5.5.1-p6-s2/1": NON_STRICT}
    reset = closed_by_both().ends(Role.SERVER, End.RST)
    assert reset.found(Role.SERVER) == {"rfc6455:7.1.1-p1-s2": NON_STRICT}


def test_the_end_of_tcp_is_left_to_the_cases_unless_it_is_asked_for():
    talk = Talk("").client(close(1000)).server(close(1000)).ends(Role.CLIENT).ends(Role.SERVER)
    assert talk.found(Role.CLIENT) == talk.found(Role.SERVER) == {}


def test_what_is_compressed_by_an_extension_that_was_accepted_twice_is_not_read():
    twice_over = Deflater().message(Deflater().message("é".encode() * 20))
    frame = text(twice_over, rsv=4)
    assert Talk("permessage-deflate").server(frame).found(Role.SERVER) == {"rfc6455:5.6-p4-s2": FAIL}
    assert Talk("permessage-deflate, permessage-deflate").server(frame).found(Role.SERVER) == {}
