"""refws.rfc6455.s05_4_fragmentation: the order of frames, and the messages that come of them."""

import pytest
from handmade import (
    BINARY,
    CONTINUATION,
    FIN,
    PING,
    PONG,
    ROLES,
    TEXT,
    described,
    failure_of,
    frame_to,
    sent_by,
)

from refws.failure import Failure, UsageError
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.s05_4_fragmentation import (
    BinaryInProgress,
    MessageInProgress,
    TextInProgress,
    check_fragment,
    first_octet_of_fragment,
)
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s10_security_considerations import Limits

T, B, C = TEXT, BINARY, CONTINUATION


def events_of(role, frames, **how):
    octets = b"".join(frame_to(role, first, payload) for first, payload in frames)
    one_by_one = Endpoint.established(role, **how)
    events = [event for i in range(len(octets)) for event in one_by_one.receive_octets(octets[i : i + 1])]
    assert described(Endpoint.established(role, **how).receive_octets(octets)) == described(events)
    return events


# The frames, and the messages that they are.
ACCEPTED = {
    "whole": ([(FIN | T, b"a"), (FIN | B, b"b")], ["a", b"b"]),
    "two": ([(T, b"a"), (FIN | C, b"b")], ["ab"]),
    "many": ([(B, b"a"), (C, b"b"), (C, b"c"), (FIN | C, b"d")], [b"abcd"]),
    "all empty": ([(T, b""), (C, b""), (FIN | C, b"")], [""]),
    "empty but one": ([(B, b""), (C, b"x"), (FIN | C, b"")], [b"x"]),
    "one after another": ([(T, b"a"), (FIN | C, b"b"), (B, b"c"), (FIN | C, b"d")], ["ab", b"cd"]),
    "fragmented, whole": ([(T, b"a"), (FIN | C, b""), (FIN | B, b"c")], ["a", b"c"]),
    "large and small": (
        [(B, b"a" * 5000), (C, b"b"), (C, b"c"), (FIN | C, b"d" * 5000)],
        [b"a" * 5000 + b"bc" + b"d" * 5000],
    ),
    "126 octets": ([(T, b"a" * 126), (C, b"b" * 125), (FIN | C, b"c" * 126)], ["a" * 126 + "b" * 125 + "c" * 126]),
    "line ends": ([(T, b"a\r"), (C, b"\nb\r\n"), (FIN | C, b"\r")], ["a\r\nb\r\n\r"]),
    "a character in three": ([(T, b"\xe2"), (C, b"\x82"), (FIN | C, b"\xac")], ["\u20ac"]),
    "control frames between": (
        [
            (T, b"a"),
            (FIN | PING, b"1"),
            (C, b"b"),
            (FIN | PONG, b""),
            (FIN | PING, b"2"),
            (FIN | C, b"c"),
            (FIN | T, b"d"),
        ],
        [Ping(b"1"), Pong(b""), Ping(b"2"), "abc", "d"],
    ),
    "control frames within a character": (
        [(T, b"\xc3"), (FIN | PING, b"\xc3"), (FIN | C, b"\xa4")],
        [Ping(b"\xc3"), "ä"],
    ),
    "close within a message": ([(T, b"a"), (FIN | 8, b"\x03\xe8"), (FIN | C, b"b")], [Close(1000)]),
}


@pytest.mark.clause(
    "rfc6455:5.4-p5-s1",
    "rfc6455:5.4-p6-s1",
    "rfc6455:5.4-p6-s2",
    "rfc6455:5.4-p8-s1",
    "rfc6455:5.4-p9-s1",
    "rfc6455:5.4-p11-s1",
    "rfc6455:5.4-p13-s1",
    "rfc6455:5.4-p17-s1",
    "rfc6455:5.5-p2-s2",
    "rfc6455:6.2-p1-s3",
    "rfc6455:6.2-p1-s6",
    "rfc6455:6.2-p1-s7",
    "rfc6455:6.2-p1-s8",
    "rfc6455:6.2-p1-s9",
)
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize(("frames", "messages"), ACCEPTED.values(), ids=ACCEPTED)
def test_frames_become_messages(role, frames, messages):
    assert events_of(role, frames) == messages


@pytest.mark.clause("rfc6455:5.4-p3-s1", "rfc6455:5.4-p3-s3", "rfc6455:5.4-p6-s2", "rfc6455:5.4-p12-s1")
@pytest.mark.parametrize("count", [1, 2, 3, 100, 600])
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_message_is_the_same_however_it_is_cut(role, count):
    text = "k\u00e4se \u20ac \U0001f600\r\n" * 15
    octets = text.encode()
    cuts = [len(octets) * i // count for i in range(count + 1)]
    pieces = [octets[cuts[i] : cuts[i + 1]] for i in range(count)]
    for opcode, message in ((T, text), (B, octets)):
        firsts = [opcode] + [C] * (count - 1)
        firsts[-1] |= FIN
        assert events_of(role, list(zip(firsts, pieces, strict=True))) == [message]


@pytest.mark.clause("rfc6455:5.6-p1-s1", "rfc6455:5.6-p1-s2", "rfc6455:5.6-p1-s3", "rfc6455:5.6-p2-s2")
@pytest.mark.parametrize("length", [1, 125, 126])
@pytest.mark.parametrize("opcode", range(8))
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_every_data_opcode(role, opcode, length):
    octets = frame_to(role, FIN | opcode, b"a" * length)
    expected = {1: "a" * length, 2: b"a" * length}
    if opcode in expected:
        assert described(Endpoint.established(role).receive_octets(octets)) == described([expected[opcode]])
        cut = frame_to(role, opcode, b"") + frame_to(role, 0x80, b"a" * length)
        assert described(Endpoint.established(role).receive_octets(cut)) == described([expected[opcode]])
    else:
        count, failure = failure_of(role, octets)
        assert (count, failure.clause) == (1, "rfc6455:5.2-p8-s2" if opcode else "rfc6455:5.4-p6-s1")


# The frames before, the first octet that does not fit, and the clause.
REFUSED = {
    "nothing to continue": ([], C, "rfc6455:5.4-p6-s1"),
    "nothing to end": ([], FIN | C, "rfc6455:5.4-p6-s1"),
    "nothing left to continue": ([(T, b"a"), (FIN | C, b"b")], C, "rfc6455:5.4-p6-s1"),
    "nothing left to end": ([(T, b"a"), (FIN | C, b"b")], FIN | C, "rfc6455:5.4-p6-s1"),
    "nothing to continue after a whole": ([(FIN | T, b"a")], FIN | C, "rfc6455:5.4-p6-s1"),
    "text in text": ([(T, b"a")], T, "rfc6455:5.4-p10-s1"),
    "whole text in text": ([(T, b"a")], FIN | T, "rfc6455:5.4-p10-s1"),
    "binary in text": ([(T, b"a"), (C, b"b")], B, "rfc6455:5.4-p10-s1"),
    "text in binary, behind a ping": ([(B, b"a"), (FIN | PING, b"")], FIN | T, "rfc6455:5.4-p10-s1"),
    "fragmented ping": ([], PING, "rfc6455:5.5-p3-s1/2"),
    "fragmented ping in text": ([(T, b"a")], PING, "rfc6455:5.5-p3-s1/2"),
}


@pytest.mark.clause("rfc6455:5.4-p6-s1", "rfc6455:5.4-p10-s1", "rfc6455:5.4-p8-s2", "rfc6455:5.4-p17-s2")
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize(("before", "first", "clause"), REFUSED.values(), ids=REFUSED)
def test_frames_out_of_order_fail_at_their_first_octet(role, before, first, clause):
    octets = b"".join(frame_to(role, *f) for f in before)
    count, failure = failure_of(role, octets + frame_to(role, first, b"x"))
    assert (count, failure.clause, failure.status) == (len(octets) + 1, clause, 1002)


def fragmented(role, count, payload=b"x"):
    """A message in so many frames, the last without FIN."""
    return b"".join(frame_to(role, C if i else B, payload) for i in range(count))


@pytest.mark.clause("rfc6455:10.4-p1-s1")
@pytest.mark.parametrize("payload", [b"", b"x", b"y" * 126], ids=["empty", "short", "16 bits"])
@pytest.mark.parametrize("limit", [1, 2, 300])
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_fragments_at_the_limit_and_one_above(role, limit, payload):
    limits = Limits(max_fragments=limit)
    at_limit = fragmented(role, limit, payload)
    assert failure_of(role, at_limit, limits=limits) == (None, None)
    # A control frame is no fragment.
    more = frame_to(role, FIN | PING) + frame_to(role, FIN | C, payload)
    count, failure = failure_of(role, at_limit + more, limits=limits)
    where = len(at_limit) + len(frame_to(role, FIN | PING)) + 1
    assert (count, failure.clause, failure.status) == (where, "rfc6455:10.4-p1-s1", 1008)
    count, failure = failure_of(role, fragmented(role, limit + 2, payload), limits=limits)
    assert (count, failure.status) == (len(at_limit) + 1, 1008)
    # Whole messages have no such limit, and each message has its own.
    whole = (fragmented(role, limit - 1) + frame_to(role, FIN | C)) if limit > 1 else frame_to(role, FIN | T)
    assert failure_of(role, whole * 3, limits=limits) == (None, None)


@pytest.mark.clause("rfc6455:10.4-p1-s1", "rfc6455:10.4-p1-s3")
@pytest.mark.parametrize("opcode", [T, B])
@pytest.mark.parametrize("limit", [0, 1, 100, 126, 5000])
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_message_at_its_limit_and_one_octet_above(role, limit, opcode):
    limits = Limits(max_message_size=limit)
    part = limit // 3
    begun = frame_to(role, opcode, b"x" * part) + frame_to(role, C, b"x" * part)
    at_limit = begun + frame_to(role, FIN | C, b"x" * (limit - 2 * part))
    assert failure_of(role, at_limit + frame_to(role, FIN | opcode, b"x" * limit), limits=limits) == (None, None)
    last = frame_to(role, FIN | C, b"x" * (limit - 2 * part + 1))
    count, failure = failure_of(role, begun + last, limits=limits)
    assert (failure.clause, failure.status) == ("rfc6455:10.4-p1-s1", 1009)
    assert len(begun) + 2 <= count <= len(begun) + 4, "not in the header"


@pytest.mark.parametrize("kind", [TextInProgress, BinaryInProgress])
def test_a_message_in_progress_keeps_its_limit(kind):
    message = kind(3)
    message.append(b"abc", False)
    with pytest.raises(Failure, match="a message of more than 3 octets") as caught:
        message.append(b"d", True)
    assert (caught.value.clause, caught.value.status) == ("rfc6455:10.4-p1-s1", 1009)


def test_a_message_is_a_text_or_binary():
    message = MessageInProgress(None)
    with pytest.raises(AssertionError):
        message.append(b"", True)
    with pytest.raises(AssertionError):
        message.joined()
    with pytest.raises(AssertionError):
        message.take()


@pytest.mark.clause("rfc6455:5.4-p6-s2", "rfc6455:5.6-p4-s2")
@pytest.mark.parametrize("sizes", [[0], [1], [4095, 1], [4096, 1, 1, 4095, 4096, 0, 5000, 3], [1] * 5000], ids=len)
def test_pieces_are_joined_in_their_order(sizes):
    pieces = [bytes([i % 128]) * size for i, size in enumerate(sizes)]
    text, binary = TextInProgress(None), BinaryInProgress(None)
    for i, piece in enumerate(pieces):
        text.append(piece, i == len(pieces) - 1)
        binary.append(piece, i == len(pieces) - 1)
    assert binary.joined() == b"".join(pieces)
    assert text.joined() == b"".join(pieces).decode()
    assert text.size == binary.size == sum(sizes)


@pytest.mark.clause("rfc6455:10.4-p1-s1")
def test_check_fragment_without_a_limit():
    message = BinaryInProgress(None)
    message.fragments = 10**9
    check_fragment(C, message, None)


@pytest.mark.clause(
    "rfc6455:5.4-p5-s1", "rfc6455:5.4-p6-s1", "rfc6455:5.4-p17-s1", "rfc6455:6.1-p4-s1", "rfc6455:6.1-p5-s1"
)
@pytest.mark.parametrize(
    ("opcode", "fin", "in_progress", "first"),
    [
        (T, True, 0, 0x81),
        (B, True, 0, 0x82),
        (T, False, 0, 0x01),
        (B, False, 0, 0x02),
        (T, False, T, 0x00),
        (T, True, T, 0x80),
        (B, True, B, 0x80),
    ],
)
def test_first_octets_to_send(opcode, fin, in_progress, first):
    assert first_octet_of_fragment(opcode, fin, in_progress) == first


@pytest.mark.clause("rfc6455:5.4-p10-s1", "rfc6455:5.4-p17-s1")
@pytest.mark.parametrize(("opcode", "in_progress"), [(T, B), (B, T)])
@pytest.mark.parametrize("fin", [False, True])
def test_a_fragment_of_the_other_type_is_not_sent(opcode, in_progress, fin):
    with pytest.raises(UsageError, match="finish it first"):
        first_octet_of_fragment(opcode, fin, in_progress)


@pytest.mark.clause("rfc6455:5.4-p11-s1", "rfc6455:5.5.2-p3-s2")
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_ping_within_a_message_is_answered_before_the_message_ends(role):
    endpoint = Endpoint.established(role)
    endpoint.receive_octets(frame_to(role, T, b"a") + frame_to(role, FIN | PING, b"now"))
    assert sent_by(endpoint) == [(FIN | PONG, b"now")]
