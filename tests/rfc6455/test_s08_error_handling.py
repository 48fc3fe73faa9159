"""refws.rfc6455.s08_error_handling: UTF-8 as RFC 3629 has it, and failure at the first impossible octet."""

import itertools

import pytest
from handmade import BINARY, CONTINUATION, FIN, PING, ROLES, TEXT, failure_of, frame_to, key_to

from refws.failure import Failure, UsageError
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.s08_error_handling import Utf8Stream, decode_utf_8, encode_utf_8

# RFC 3629, section 4: for each kind of character the range of each of its octets.
TAIL = (0x80, 0xBF)
CHARACTERS = [
    [(0x00, 0x7F)],
    [(0xC2, 0xDF), TAIL],
    [(0xE0, 0xE0), (0xA0, 0xBF), TAIL],
    [(0xE1, 0xEC), TAIL, TAIL],
    [(0xED, 0xED), (0x80, 0x9F), TAIL],
    [(0xEE, 0xEF), TAIL, TAIL],
    [(0xF0, 0xF0), (0x90, 0xBF), TAIL, TAIL],
    [(0xF1, 0xF3), TAIL, TAIL, TAIL],
    [(0xF4, 0xF4), (0x80, 0x8F), TAIL, TAIL],
]


def first_impossible(octets):
    """The index of the first octet that no UTF-8 has there, None if there is none; and whether a character is open."""
    expected = []
    for i, octet in enumerate(octets):
        if not expected:
            expected = next((list(c) for c in CHARACTERS if c[0][0] <= octet <= c[0][1]), None)
            if expected is None:
                return i, False
        low, high = expected.pop(0)
        if not low <= octet <= high:
            return i, False
    return None, bool(expected)


def judged(octets):
    """The same, as `Utf8Stream` says."""
    stream = Utf8Stream()
    for i in range(len(octets)):
        if fails(stream, octets[i : i + 1], False):
            return i, False
    return None, fails(stream, b"", True)


def fails(stream, octets, final):
    try:
        stream.decode(octets, final)
    except Failure:
        return True
    return False


EDGES = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF]
EDGES += [0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF]
TAILS = [0x41, 0x7F, 0x80, 0xBF, 0xC0]
SEQUENCES = {
    "one octet, all": itertools.product(range(256)),
    "two octets, all": itertools.product(range(256), range(256)),
    "three octets, edges": itertools.product(EDGES, EDGES, EDGES),
    "four octets, edges": itertools.product(EDGES[12:], EDGES[:12], TAILS, TAILS),
    "a character and four octets": (
        (*before, *octets)
        for before in ("\u00e4".encode(), "\ud7ff".encode(), "\U0010ffff".encode())
        for octets in itertools.product([0xE0, 0xED, 0xF0, 0xF4], EDGES[1:9], TAILS, TAILS)
    ),
}


@pytest.mark.clause("rfc6455:8.1-p1-s1", "rfc6455:2.1-p2-s1", "rfc6455:5.6-p4-s2")
@pytest.mark.parametrize("sequences", SEQUENCES.values(), ids=SEQUENCES)
def test_a_stream_fails_at_the_first_impossible_octet(sequences):
    for sequence in sequences:
        octets = bytes(sequence)
        assert judged(octets) == first_impossible(octets), octets.hex(" ")


@pytest.mark.clause("rfc6455:2.1-p2-s1")
def test_every_character():
    text = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000, 7), 0x10FFFF]))
    octets = text.encode()
    assert decode_utf_8(octets) == Utf8Stream().decode(octets, True) == text
    stream = Utf8Stream()
    pieces = [stream.decode(memoryview(octets)[i : i + 997]) for i in range(0, len(octets), 997)]
    assert "".join(pieces) + stream.decode(b"", True) == text


@pytest.mark.clause("rfc6455:8.1-p1-s1", "rfc6455:2.1-p2-s1")
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_octets_that_are_to_be_utf_8_as_a_whole(kind):
    for sequence in itertools.product(EDGES, EDGES):
        octets = bytes(sequence)
        if first_impossible(octets) == (None, False):
            assert decode_utf_8(kind(octets)) == octets.decode()
        else:
            with pytest.raises(Failure) as caught:
                decode_utf_8(kind(octets))
            assert (caught.value.clause, caught.value.status) == ("rfc6455:8.1-p1-s1", 1007)


# Octets behind which nothing can save the message. The last is always the impossible one.
IMPOSSIBLE = {
    "stray continuation": b"\x80",
    "never in UTF-8": b"\xff",
    "overlong slash": b"\xc0",
    "overlong in three": b"\xe0\x9f",
    "overlong in four": b"\xf0\x8f",
    "first surrogate": b"\xed\xa0",
    "last surrogate": b"\xed\xbf",
    "above U+10FFFF": b"\xf4\x90",
    "far above": b"\xf5",
    "five octets": b"\xf8",
    "two leads": b"\xc3\xc3",
    "cut in three": b"\xe2\x82\x28",
    "cut in four": b"\xf0\x9f\x98\x41",
}


@pytest.mark.clause("rfc6455:8.1-p1-s1", "rfc6455:5.6-p4-s2", "rfc6455:7.4.1-p17-s1", "rfc6455:5.6-p4-s3")
@pytest.mark.parametrize("before", [b"", "\u00e4".encode() * 3, b"x" * 124, b"x" * 4095, b"x" * 70000], ids=len)
@pytest.mark.parametrize("impossible", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_text_fails_within_the_frame_that_is_still_arriving(role, impossible, before):
    octets = frame_to(role, FIN | TEXT, before + impossible + b"\x80" * 60)
    where = len(octets) - 60
    endpoint = Endpoint.established(role)
    assert endpoint.receive_octets(octets[: where - 1]) == []
    (failure,) = endpoint.receive_octets(octets[where - 1 : where])
    assert (failure.clause, failure.status) == ("rfc6455:8.1-p1-s1", 1007)
    at_once = Endpoint.established(role).receive_octets(octets)
    assert [str(event) for event in at_once] == [str(failure)]


@pytest.mark.clause("rfc6455:8.1-p1-s1", "rfc6455:5.6-p4-s2")
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
@pytest.mark.parametrize("impossible", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_text_fails_across_frames(role, impossible, cut):
    cut = min(cut, len(impossible) - 1)
    begun = frame_to(role, TEXT, b"ab" + impossible[:cut]) + frame_to(role, FIN | PING, impossible)
    count, failure = failure_of(role, begun + frame_to(role, CONTINUATION, impossible[cut:] + b"rest"))
    where = len(begun) + (6 if key_to(role) else 2) + len(impossible) - cut
    assert (count, failure.clause, failure.status) == (where, "rfc6455:8.1-p1-s1", 1007)


@pytest.mark.clause("rfc6455:8.1-p1-s1", "rfc6455:5.6-p4-s2")
@pytest.mark.parametrize("unfinished", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98"], ids=bytes.hex)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_character_may_be_unfinished_in_every_frame_but_the_last(role, unfinished):
    whole = frame_to(role, FIN | TEXT, b"a" + unfinished)
    count, failure = failure_of(role, whole)
    assert (count, failure.status) == (len(whole), 1007)
    begun = frame_to(role, TEXT, b"a" + unfinished)
    assert failure_of(role, begun) == (None, None)
    empty_end = frame_to(role, FIN | CONTINUATION)
    count, failure = failure_of(role, begun + empty_end)
    assert (count, failure.status) == (len(begun) + len(empty_end), 1007)


@pytest.mark.clause("rfc6455:5.6-p6-s1")
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_binary_messages_are_not_judged(role):
    octets = b"".join(IMPOSSIBLE.values())
    frames = frame_to(role, BINARY, octets) + frame_to(role, FIN | CONTINUATION, octets)
    assert failure_of(role, frames + frame_to(role, FIN | BINARY, octets) + frame_to(role, FIN | PING, octets)) == (
        None,
        None,
    )


def test_a_failure_shows_the_octets_up_to_the_impossible_one():
    for octets, shown in [(b"abc\xe2\x82\x28rest", "e2 82 28"), (b"a\xffrest", "ff"), (b"\xf0\x9f", "f0 9f")]:
        with pytest.raises(Failure, match=f"not UTF-8: {shown} \\("):
            decode_utf_8(octets)


@pytest.mark.clause("rfc6455:5.6-p4-s1")
def test_what_is_sent_has_a_form_in_utf_8():
    assert encode_utf_8("a\u00e4\ud7ff\ue000\U0010ffff") == b"a\xc3\xa4\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"
    for text, at in [("\ud800", 0), ("ab\udfff", 2), ("\ud83d\ude00", 0)]:
        with pytest.raises(UsageError, match=f"lone surrogate at index {at} "):
            encode_utf_8(text)
