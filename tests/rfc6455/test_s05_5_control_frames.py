"""refws.rfc6455.s05_5_control_frames: Close, Ping and Pong, their limits, and the body of a Close frame."""

import pytest
from handmade import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    PING,
    PONG,
    ROLES,
    TEXT,
    failure_of,
    frame_to,
    key_to,
    length_field,
    sent_by,
)

from refws.failure import Failure, UsageError
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s05_5_control_frames import (
    Close,
    Ping,
    Pong,
    build_close_body,
    check_control_frame,
    check_payload,
    parse_close_body,
)

CONTROL = [CLOSE, PING, PONG]
IDS = ["close", "ping", "pong"]
HEADER = {Role.SERVER: 6, Role.CLIENT: 2}


@pytest.mark.clause("rfc6455:5.5-p3-s1/1", "rfc6455:5.5-p3-s1/2", "rfc6455:5.5.1-p2-s2")
@pytest.mark.parametrize("opcode", CONTROL, ids=IDS)
def test_every_second_octet(opcode):
    for second in range(256):
        length = second & 127
        if length > 125:
            clause = "rfc6455:5.5-p3-s1/1"
        elif length == 1 and opcode == CLOSE:
            clause = "rfc6455:5.5.1-p2-s2"
        else:
            check_control_frame(FIN | opcode, second)
            continue
        with pytest.raises(Failure) as caught:
            check_control_frame(FIN | opcode, second)
        assert (caught.value.clause, caught.value.status) == (clause, 1002)


@pytest.mark.clause("rfc6455:5.5-p3-s1/2", "rfc6455:5.4-p8-s2")
@pytest.mark.parametrize("opcode", CONTROL, ids=IDS)
def test_a_control_frame_has_fin(opcode):
    check_control_frame(FIN | opcode, None)
    with pytest.raises(Failure) as caught:
        check_control_frame(opcode, None)
    assert (caught.value.clause, caught.value.status) == ("rfc6455:5.5-p3-s1/2", 1002)


@pytest.mark.clause("rfc6455:5.5-p1-s1")
def test_data_frames_are_not_judged_here():
    for first in (TEXT, BINARY, CONTINUATION):
        check_control_frame(first, 127)
        check_control_frame(first, None)


@pytest.mark.clause(
    "rfc6455:5.5-p1-s1",
    "rfc6455:5.5-p1-s2",
    "rfc6455:5.5-p1-s3",
    "rfc6455:5.5.1-p1-s1",
    "rfc6455:5.5.2-p1-s1",
    "rfc6455:5.5.3-p1-s1",
)
@pytest.mark.parametrize("within", [False, True], ids=["between messages", "within a message"])
@pytest.mark.parametrize("opcode", range(8, 16))
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_every_control_opcode(role, opcode, within):
    defined = {8: Close(1000), 9: Ping(b"\x03\xe8"), 10: Pong(b"\x03\xe8")}
    answers = {8: [(0x88, b"\x03\xe8")], 9: [(0x8A, b"\x03\xe8")], 10: []}
    endpoint = Endpoint.established(role)
    if within:
        endpoint.receive_octets(frame_to(role, TEXT, b"a"))
    (event,) = endpoint.receive_octets(frame_to(role, 0x80 | opcode, b"\x03\xe8"))
    if opcode in defined:
        assert event == defined[opcode]
        assert sent_by(endpoint) == answers[opcode]
    else:
        assert (event.clause, event.status) == ("rfc6455:5.2-p8-s2", 1002)


def body(opcode, length):
    return (b"\x03\xe8" + b"r" * 123)[:length] if opcode == CLOSE else bytes(range(length))


@pytest.mark.clause("rfc6455:5.5-p3-s1/1", "rfc6455:5.5.2-p2-s1", "rfc6455:5.5.3-p3-s1", "rfc6455:5.5.1-p2-s1")
@pytest.mark.parametrize("length", [0, 2, 3, 124, 125])
@pytest.mark.parametrize("within", [False, True], ids=["between messages", "within a message"])
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_control_frames_up_to_125_octets(role, within, length):
    for opcode, event in [
        (PING, Ping(body(PING, length))),
        (PONG, Pong(body(PONG, length))),
        (CLOSE, Close(1000, "r" * (length - 2)) if length else Close()),
    ]:
        endpoint = Endpoint.established(role)
        if within:
            endpoint.receive_octets(frame_to(role, TEXT, b"\xc3"))
        octets = frame_to(role, FIN | opcode, body(opcode, length))
        events = [e for i in range(len(octets)) for e in endpoint.receive_octets(octets[i : i + 1])]
        assert events == [event]
        answer = {PING: [(FIN | PONG, body(PING, length))], PONG: [], CLOSE: [(FIN | CLOSE, body(CLOSE, length)[:2])]}
        assert sent_by(endpoint) == answer[opcode]


@pytest.mark.clause("rfc6455:5.5-p3-s1/1")
@pytest.mark.parametrize(
    ("length", "form"), [(126, 16), (126, 64), (65535, 16), (65536, 64), (0, 16), (125, 16), (0, 64)]
)
@pytest.mark.parametrize("opcode", CONTROL, ids=IDS)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_longer_control_frames_fail_at_the_second_octet(role, opcode, length, form):
    octets = bytes([FIN | opcode]) + length_field(length, 0x80 if key_to(role) else 0, form)
    count, failure = failure_of(role, octets + bytes(8))
    assert (count, failure.clause, failure.status) == (2, "rfc6455:5.5-p3-s1/1", 1002)


@pytest.mark.clause("rfc6455:5.5.1-p2-s2")
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_close_body_of_one_octet_fails_at_the_second_octet(role):
    count, failure = failure_of(role, frame_to(role, FIN | CLOSE, b"\x03"))
    assert (count, failure.clause, failure.status) == (2, "rfc6455:5.5.1-p2-s2", 1002)


@pytest.mark.clause("rfc6455:5.5.1-p2-s2", "rfc6455:7.4-p1-s3", "rfc6455:7.4.1-p13-s1")
@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_code_that_cannot_be_fails_at_the_second_octet_of_the_body(role, code):
    count, failure = failure_of(role, frame_to(role, FIN | CLOSE, code.to_bytes(2, "big") + b"\xff"))
    assert (count, failure.status) == (HEADER[role] + 2, 1002)
    assert str(code) in failure.why


# What follows the code, and after how many octets of it the failure comes.
REASONS = {
    "stray continuation": (b"ok\x80rest", 3),
    "never in UTF-8": (b"\xffrest", 1),
    "overlong": (b"a\xc0\xafrest", 2),
    "surrogate": (b"\xed\xa0\x80rest", 2),
    "above U+10FFFF": (b"\xf4\x90\x80\x80rest", 2),
    "cut short": (b"kr\xc3", 3),
    "cut short in the middle": (b"\xe2\x82(rest", 3),
    "at the very end": (b"x" * 122 + b"\xe4", 123),
}


@pytest.mark.clause("rfc6455:5.5.1-p2-s3", "rfc6455:8.1-p1-s1", "rfc6455:7.4.1-p17-s1")
@pytest.mark.parametrize(("reason", "after"), REASONS.values(), ids=REASONS)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_reason_that_is_not_utf_8_fails_at_the_first_impossible_octet(role, reason, after):
    count, failure = failure_of(role, frame_to(role, FIN | CLOSE, b"\x03\xe8" + reason))
    assert (count, failure.clause, failure.status) == (HEADER[role] + 2 + after, "rfc6455:8.1-p1-s1", 1007)


@pytest.mark.clause("rfc6455:5.5.1-p2-s2", "rfc6455:5.5.1-p2-s3", "rfc6455:7.1.5-p1-s4")
@pytest.mark.parametrize(
    ("octets", "close"),
    [
        (b"", Close(1005, "")),
        (b"\x03\xe8", Close(1000, "")),
        (b"\x13\x87\xe2\x82\xac", Close(4999, "\u20ac")),
        (b"\x0b\xb8" + b"\xf0\x9f\x98\x80" * 30 + b"abc", Close(3000, "\U0001f600" * 30 + "abc")),
    ],
    ids=lambda x: str(x)[:12],
)
def test_parse_close_body(octets, close):
    assert parse_close_body(octets) == close


@pytest.mark.clause("rfc6455:5.5.1-p2-s3")
def test_what_has_come_of_a_close_body_is_judged():
    octets = b"\x03\xe8\xe2\x82\xac"
    for end in range(len(octets) + 1):
        parse_close_body(octets[:end], final=False)
    with pytest.raises(Failure):
        parse_close_body(octets[:-1])
    with pytest.raises(Failure):
        parse_close_body(b"\x03\xed\xff", final=False)


@pytest.mark.clause("rfc6455:5.5.1-p2-s2", "rfc6455:5.5.1-p2-s3", "rfc6455:7.1.2-p1-s1")
@pytest.mark.parametrize(
    ("code", "reason", "octets"),
    [
        (None, "", b""),
        (1000, "", b"\x03\xe8"),
        (4999, "\u20ac", b"\x13\x87\xe2\x82\xac"),
        (3000, "r" * 123, b"\x0b\xb8" + b"r" * 123),
    ],
    ids=lambda x: str(x)[:12],
)
def test_build_close_body(code, reason, octets):
    for client in (False, True):
        assert build_close_body(code, reason, client=client) == octets


@pytest.mark.clause("rfc6455:5.5-p3-s1/1", "rfc6455:5.5.1-p2-s2", "rfc6455:7.1.6-p1-s1", "rfc6455:5.6-p4-s1")
@pytest.mark.parametrize(
    ("code", "reason", "why"),
    [
        (None, "r", "needs a status code"),
        (1000, "r" * 124, "125 octets at most, not 126"),
        (1000, "\u00e4" * 62, "125 octets at most, not 126"),
        (1000, "\ud800", "lone surrogate"),
        (1005, "", "may not send status code 1005"),
        (-1, "", "may not send status code -1"),
        (65536, "", "may not send status code 65536"),
    ],
    ids=["reason alone", "long", "long in octets", "surrogate", "1005", "-1", "65536"],
)
def test_close_bodies_that_are_not_built(code, reason, why):
    with pytest.raises(UsageError, match=why):
        build_close_body(code, reason, client=True)


@pytest.mark.clause("rfc6455:5.5-p3-s1/1")
def test_check_payload():
    assert check_payload(b"x" * 125) == b"x" * 125
    with pytest.raises(UsageError, match="not 126"):
        check_payload(b"x" * 126)
