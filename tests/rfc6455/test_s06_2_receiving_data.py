"""refws.rfc6455.s06_2_receiving_data: every size, in whole and in pieces, with and without extensions."""

import tracemalloc

import pytest
from handmade import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    KEY,
    PING,
    PONG,
    ROLES,
    RSV1,
    RSV2,
    TEXT,
    described,
    failure_of,
    frame,
    frame_to,
    key_to,
)

from refws.failure import Failure
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s06_2_receiving_data import MessageReceiver
from refws.rfc6455.s10_security_considerations import Limits

NO_LIMITS = Limits(max_message_size=None, max_fragments=None)
LENGTHS = [0, 1, 4, 124, 125, 126, 127, 128, 4095, 4096, 4097, 65535, 65536]


def receive(octets, sizes, *, masked, limits=NO_LIMITS, extensions=()):
    """Events, and Pings that were to be answered, of octets that come in pieces of these sizes, the last repeated."""
    events, pings = [], []
    receiver = MessageReceiver(pings.append, masked=masked, limits=limits, extensions=extensions)
    sizes = list(sizes)
    while octets:
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        receiver.receive(octets[:size], events.append)
        octets = octets[size:]
    return events, pings


@pytest.mark.clause(
    "rfc6455:6.2-p1-s2",
    "rfc6455:6.2-p1-s4",
    "rfc6455:6.2-p1-s5",
    "rfc6455:6.2-p1-s6",
    "rfc6455:6.2-p3-s1",
    "rfc6455:5.2-p20-s1",
    "rfc6455:5.2-p20-s2",
    "rfc6455:5.2-p20-s3",
)
@pytest.mark.parametrize("limits", [NO_LIMITS, Limits(max_frame_size=70000)], ids=["unlimited", "limited"])
@pytest.mark.parametrize("masked", [False, True], ids=["client", "server"])
@pytest.mark.parametrize("length", LENGTHS)
def test_messages_of_every_size(length, masked, limits):
    text = "a" * (length % 3) + "\u20ac" * (length // 3)
    octets = bytes(i % 251 for i in range(length))
    key = KEY if masked else None
    stream = frame(FIN | TEXT, text.encode(), key=key) + frame(FIN | BINARY, octets, key=key)
    stream += frame(FIN | PING, b"p", key=key)
    header = len(frame(FIN | TEXT, text.encode(), key=key)) - length
    expected = ([text, octets, Ping(b"p")], [b"p"])
    everywhere = range(1, header + 8)
    for sizes in [[len(stream)], [1], [2], [7], [4096], [4095, 1], *([size, len(stream)] for size in everywhere)]:
        if length < 5000 or sizes[-1] > 1:
            assert receive(stream, sizes, masked=masked, limits=limits) == expected, sizes


@pytest.mark.clause("rfc6455:6.2-p1-s7", "rfc6455:6.2-p1-s8", "rfc6455:6.2-p1-s9", "rfc6455:5.4-p12-s1")
@pytest.mark.parametrize("masked", [False, True], ids=["client", "server"])
@pytest.mark.parametrize("length", LENGTHS)
def test_fragments_of_every_size(length, masked):
    key = KEY if masked else None
    octets = bytes(i % 251 for i in range(length))
    stream = b"".join(frame(first, octets, key=key) for first in (BINARY, CONTINUATION, FIN | CONTINUATION))
    stream += frame(FIN | TEXT, b"next", key=key)
    for sizes in [[len(stream)], [1000], [len(stream) // 2 + 1], *([size, len(stream)] for size in range(1, 20))]:
        assert receive(stream, sizes, masked=masked) == ([octets * 3, "next"], []), sizes


@pytest.mark.clause("rfc6455:8.1-p1-s1", "rfc6455:5.6-p4-s2")
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize(
    "frames",
    [
        [(FIN | TEXT, b"a\xff")],
        [(FIN | TEXT, b"a" * 200 + b"\xff")],
        [(FIN | TEXT, b"fine"), (FIN | TEXT, b"\xc3")],
        [(TEXT, b"\xc3"), (FIN | CONTINUATION, b"\xff")],
        [(TEXT, b"\xc3\xa4"), (CONTINUATION, b"a" * 200 + b"\xff")],
    ],
    ids=["short", "long", "unfinished", "fragment", "long fragment"],
)
def test_text_that_is_not_utf_8(role, frames):
    octets = b"".join(frame_to(role, *f) for f in frames)
    count, failure = failure_of(role, octets + frame_to(role, FIN | TEXT, b"not read"))
    assert (count, failure.clause, failure.status) == (len(octets), "rfc6455:8.1-p1-s1", 1007)


@pytest.mark.clause("rfc6455:6.2-p1-s3", "rfc6455:5.5.2-p3-s1", "rfc6455:5.5.3-p5-s3")
@pytest.mark.parametrize("masked", [False, True], ids=["client", "server"])
def test_control_frames_come_in_their_place(masked):
    key = KEY if masked else None
    frames = [(FIN | PING, b""), (TEXT, b"a"), (FIN | PONG, b"o"), (FIN | PING, b"i"), (FIN | CONTINUATION, b"b")]
    stream = b"".join(frame(*f, key=key) for f in frames)
    for size in range(1, len(stream) + 1):
        events, pings = receive(stream, [size], masked=masked)
        assert events == [Ping(b""), Pong(b"o"), Ping(b"i"), "ab"]
        assert pings == [b"", b"i"]


@pytest.mark.clause("rfc6455:7.1.1-p1-s2", "rfc6455:5.5.1-p5-s5")
@pytest.mark.parametrize("behind", [b"\xff" * 20, frame(FIN | TEXT, b"late"), frame(FIN | CLOSE, b"\x03\xe8")], ids=len)
def test_nothing_is_read_behind_a_close_frame(behind):
    stream = frame(FIN | TEXT, b"early") + frame(FIN | CLOSE, b"\x0f\xa0") + behind
    for size in range(1, len(stream) + 1):
        assert receive(stream, [size], masked=False) == (["early", Close(4000)], [])


def test_octets_can_be_kept_until_somebody_asks():
    events = []
    receiver = MessageReceiver(lambda payload: None, masked=False)
    receiver.keep(b"\x81\x02a")
    receiver.receive(b"", events.append)
    assert events == []
    receiver.receive(b"b", events.append)
    assert events == ["ab"]


@pytest.mark.clause("rfc6455:10.4-p1-s1", "rfc6455:10.4-p1-s3")
@pytest.mark.parametrize(
    ("limits", "accepted", "refused"),
    [
        (
            Limits(max_frame_size=5),
            [(TEXT, b"12345"), (CONTINUATION, b"12345"), (FIN | CONTINUATION, b"12345")],
            (FIN | TEXT, b"123456"),
        ),
        (Limits(max_frame_size=5), [(TEXT, b"12345")], (CONTINUATION, b"123456")),
        (
            Limits(max_frame_size=5, max_message_size=7),
            [(TEXT, b"12345"), (FIN | CONTINUATION, b"12")],
            (BINARY, b"123456"),
        ),
        (Limits(max_frame_size=5, max_message_size=7), [(TEXT, b"12345")], (FIN | CONTINUATION, b"123")),
        (
            Limits(max_message_size=7),
            [(TEXT, b"12345"), (CONTINUATION, b"12"), (CONTINUATION, b"")],
            (CONTINUATION, b"1"),
        ),
        (Limits(max_message_size=200), [(TEXT, b"1" * 100), (CONTINUATION, b"1" * 100)], (FIN | CONTINUATION, b"1")),
        (Limits(max_message_size=0), [(FIN | TEXT, b""), (BINARY, b"")], (CONTINUATION, b"1")),
        (Limits(max_frame_size=0, max_message_size=None), [(FIN | TEXT, b"")], (FIN | BINARY, b"1")),
    ],
)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_limits_fail_on_the_header(role, limits, accepted, refused):
    # Control frames are limited by themselves.
    octets = b"".join(frame_to(role, *f) + frame_to(role, FIN | PING, b"p" * 125) for f in accepted)
    assert failure_of(role, octets, limits=limits) == (None, None)
    count, failure = failure_of(role, octets + frame_to(role, *refused), limits=limits)
    assert (count, failure.clause, failure.status) == (len(octets) + 2, "rfc6455:10.4-p1-s1", 1009)
    # The short cut for short fragments says the same.
    stream = b"".join(frame_to(role, *f) for f in [*accepted, refused])
    assert str(Endpoint.established(role, limits=limits).receive_octets(stream)[-1]) == str(failure)


# What arrives octet by octet, and how many octets are held for each of them.
HELD = {
    "binary": (BINARY, b"\xff", 2),
    "ascii": (TEXT, b"a", 2),
    "wide": (TEXT, "\U0001f600".encode(), 2),
    "ascii but for a few": (TEXT, b"a" * 1020 + "\U0001f600".encode(), 5),  # which Python keeps four octets wide
}


@pytest.mark.clause("rfc6455:10.4-p1-s1")
@pytest.mark.parametrize("fragmented", [False, True], ids=["one frame", "many frames"])
@pytest.mark.parametrize(("opcode", "unit", "factor"), HELD.values(), ids=HELD)
def test_octet_by_octet_up_to_the_limit_holds_no_more_than_it_must(opcode, unit, factor, fragmented):
    size = 12288
    payload = unit * (size // len(unit))
    if fragmented:
        stream = frame(opcode, b"") + b"".join(frame(CONTINUATION, payload[i : i + 1]) for i in range(size))
    else:
        stream = frame(opcode, payload)
    endpoint = Endpoint.established(Role.CLIENT, limits=Limits(max_message_size=size))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for i in range(len(stream)):
            assert endpoint.receive_octets(stream[i : i + 1]) == []
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert held < factor * size + 4096
    (event,) = endpoint.receive_octets(frame(FIN | CONTINUATION))
    assert event == (payload if opcode == BINARY else payload.decode())


@pytest.mark.clause("rfc6455:10.4-p1-s1")
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_an_announced_length_takes_no_memory(role):
    endpoint = Endpoint.established(role, limits=NO_LIMITS)
    octets = bytes([FIN | BINARY, (0x80 if key_to(role) else 0) | 127]) + (2**62).to_bytes(8, "big") + bytes(100)
    tracemalloc.start()
    try:
        assert endpoint.receive_octets(octets) == []
        assert tracemalloc.get_traced_memory()[1] < 20000
    finally:
        tracemalloc.stop()


class Doubling:
    """An extension with RSV1 on a message's first frame: every octet of such a message stands for itself twice."""

    def __init__(self):
        self.begun = []
        self.at_the_end = b""
        self.on = False

    only_marked = False

    def rsv_claimed(self, opcode):
        return RSV1 if opcode in (TEXT, BINARY) else 0

    def begin(self, first_octet):
        self.begun.append(first_octet)
        if first_octet & 15:
            self.on = bool(first_octet & RSV1)

    def decode(self, octets):
        for i in range(len(octets)):
            yield octets[i : i + 1] * (2 if self.on else 1)

    def end(self):
        yield self.at_the_end

    def encode(self, first_octet, payload, wanted):
        return first_octet, payload


@pytest.mark.clause("rfc6455:5.8-p1-s3", "rfc6455:5.2-p6-s2", "rfc6455:6.2-p2-s2")
@pytest.mark.parametrize("masked", [False, True], ids=["client", "server"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_an_extension_gets_the_data_frames_and_only_them(size, masked):
    key = KEY if masked else None
    extension = Doubling()
    extension.at_the_end = b"."
    frames = [(RSV1 | TEXT, b"ab"), (FIN | PING, b"p"), (CONTINUATION, b""), (FIN | CONTINUATION, b"c")]
    frames += [(FIN | BINARY, b"xy"), (FIN | RSV1 | TEXT, b""), (FIN | PONG, b"")]
    stream = b"".join(frame(*f, key=key) for f in frames)
    events, pings = receive(stream, [size], masked=masked, extensions=[extension])
    assert events == [Ping(b"p"), "aabbcc.", b"xy.", ".", Pong(b"")]
    assert pings == [b"p"]
    assert extension.begun == [first for first, _ in frames if not first & 8]


@pytest.mark.clause("rfc6455:5.2-p6-s2", "rfc6455:5.2-p8-s2", "rfc6455:5.4-p10-s1")
@pytest.mark.parametrize("in_progress", [False, True], ids=["between messages", "within a message"])
def test_every_first_octet_with_an_extension(in_progress):
    for first in range(256):
        endpoint = Endpoint.established(Role.CLIENT, extensions=[Doubling()])
        endpoint.receive_octets(frame(RSV1 | TEXT, b"a") if in_progress else b"")
        events = endpoint.receive_octets(bytes([first]))
        clause = events[0].clause if events else None
        opcode, claimed = first & 15, RSV1 if first & 15 in (TEXT, BINARY) else 0
        if first & 0x70 & ~claimed:
            assert clause == "rfc6455:5.2-p6-s2"
        elif opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            assert clause == "rfc6455:5.2-p8-s2"
        elif opcode >= CLOSE:
            assert clause == (None if first & FIN else "rfc6455:5.5-p3-s1/2")
        elif in_progress:
            assert clause == (None if opcode == CONTINUATION else "rfc6455:5.4-p10-s1")
        else:
            assert clause == ("rfc6455:5.4-p6-s1" if opcode == CONTINUATION else None)


@pytest.mark.clause("rfc6455:10.4-p1-s1", "rfc6455:8.1-p1-s1")
@pytest.mark.parametrize(
    ("frames", "limits", "status"),
    [
        ([(FIN | RSV1 | BINARY, b"12345")], Limits(max_message_size=9), 1009),
        ([(RSV1 | BINARY, b"123"), (CONTINUATION, b"12")], Limits(max_message_size=9), 1009),
        ([(FIN | RSV1 | BINARY, b"12345")], Limits(max_frame_size=4), 1009),
        ([(RSV1 | BINARY, b"1"), (CONTINUATION, b"1")], Limits(max_fragments=1), 1008),
        ([(FIN | RSV1 | TEXT, b"\xe4")], Limits(), 1007),
        ([(FIN | RSV2 | TEXT, b"")], Limits(), 1002),
    ],
)
def test_limits_are_those_of_what_comes_out_of_an_extension(frames, limits, status):
    stream = b"".join(frame(*f) for f in frames)
    for size in (1, 2, len(stream)):
        endpoint = Endpoint.established(Role.CLIENT, limits=limits, extensions=[Doubling()])
        pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
        events = [event for piece in pieces for event in endpoint.receive_octets(piece)]
        assert [type(event) for event in events] == [Failure]
        assert events[0].status == status
    exactly = Limits(max_message_size=10, max_frame_size=5, max_fragments=1)
    endpoint = Endpoint.established(Role.CLIENT, limits=exactly, extensions=[Doubling()])
    assert described(endpoint.receive_octets(frame(FIN | RSV1 | BINARY, b"12345"))) == [(bytes, b"1122334455")]


# What the application is asked before each payload is taken


FRAMES = [
    (FIN | TEXT, b"a" * 5),
    (BINARY, b"b" * 130),
    (FIN | PING, b"p"),
    (CONTINUATION, b""),
    (FIN | CONTINUATION, b"c" * 3),
    (RSV1 | TEXT, b"dd"),
    (FIN | CONTINUATION, b"d"),
    (FIN | BINARY, b""),
]
ASKED = [(1, 5, 5), (2, 130, 130), (2, 0, 130), (2, 3, 133), (1, 2, 2), (1, 1, 3), (2, 0, 0)]


@pytest.mark.clause("rfc6455:10.4-p1-s1")
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_application_is_asked_about_each_data_frame(role, size):
    asked = []
    endpoint = Endpoint.established(role, extensions=[Doubling()], check_message=lambda *args: asked.append(args))
    stream = b"".join(frame_to(role, *f) for f in FRAMES)
    pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
    events = [event for piece in pieces for event in endpoint.receive_octets(piece)]
    assert events == ["aaaaa", Ping(b"p"), b"b" * 130 + b"ccc", "dddddd", b""]
    assert asked == ASKED, "octets as they are on the wire"


@pytest.mark.clause("rfc6455:10.4-p1-s1")
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("refused", ASKED, ids=str)
def test_it_refuses_a_message_before_the_payload_has_come(role, size, refused):
    def check(*args):
        if args == refused:
            raise Failure("rfc6455:10.4-p1-s1", 1009, "too much for this one")

    def frames_up_to(number):
        *before, (first, payload) = FRAMES[:number]
        return b"".join(frame_to(role, *f) for f in before), frame_to(role, first, payload), len(payload)

    data_frames = [number for number, (first, _) in enumerate(FRAMES, 1) if not first & 8]
    before, last, length = frames_up_to(data_frames[ASKED.index(refused)])
    endpoint = Endpoint.established(role, extensions=[Doubling()], check_message=check)
    stream = before + last[: len(last) - length]
    pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
    *events, failure = [event for piece in pieces for event in endpoint.receive_octets(piece)]
    assert not any(isinstance(event, Failure) for event in events)
    assert (failure.status, failure.why) == (1009, "too much for this one")


def test_what_else_the_check_raises_is_the_callers():
    def check(*_):
        raise ZeroDivisionError

    endpoint = Endpoint.established(Role.CLIENT, check_message=check)
    with pytest.raises(ZeroDivisionError):
        endpoint.receive_octets(frame(FIN | TEXT, b"a"))


# Parts of a message


@pytest.mark.clause("rfc6455:5.4-p3-s1", "rfc6455:8.1-p1-s1", "rfc6455:6.2-p1-s8")
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize("size", [1, 2, 7, 4096, 5000])
@pytest.mark.parametrize("kind", ["text", "binary"])
def test_what_has_come_can_be_taken_out(role, size, kind):
    text = "a\u20ac" * 2500
    octets = text.encode()
    cut = [octets[:3], octets[3:3], octets[3:5], octets[5:300], octets[300:]]
    first = TEXT if kind == "text" else BINARY
    firsts = [first, CONTINUATION, CONTINUATION, CONTINUATION, FIN | CONTINUATION]
    stream = b"".join(frame_to(role, *f) for f in zip(firsts, cut, strict=True))
    endpoint = Endpoint.established(role)
    assert endpoint.take_part() is None
    parts, events = [], []
    for i in range(0, len(stream), size):
        events += endpoint.receive_octets(stream[i : i + size])
        if not events and (part := endpoint.take_part()) is not None:
            parts.append(part)
            assert endpoint.take_part() == ("" if kind == "text" else b"")
    (rest,) = events
    assert endpoint.take_part() is None
    if kind == "text":
        assert "".join([*parts, rest]) == text
    else:
        assert b"".join([*parts, rest]) == octets


def test_there_are_no_parts_where_nothing_more_is_read():
    for end in (frame(FIN | CLOSE), bytes([FIN | 3])):
        endpoint = Endpoint.established(Role.CLIENT)
        assert endpoint.receive_octets(frame(TEXT, b"a")) == []
        assert endpoint.take_part() == "a"
        endpoint.receive_octets(frame(CONTINUATION, b"b") + end)
        assert endpoint.take_part() is None
        endpoint.react()
        assert endpoint.take_part() is None
    assert Endpoint(Role.CLIENT).take_part() is None


@pytest.mark.clause("rfc6455:10.4-p1-s3")
@pytest.mark.parametrize("limits", [Limits(max_message_size=4), Limits(max_fragments=2)], ids=["size", "fragments"])
def test_what_was_taken_out_counts_for_the_limits(limits):
    endpoint = Endpoint.established(Role.CLIENT, limits=limits)
    for part in ("ab", "cd"):
        assert endpoint.receive_octets(frame(TEXT if part == "ab" else CONTINUATION, part.encode())) == []
        assert endpoint.take_part() == part
    [failure] = endpoint.receive_octets(frame(CONTINUATION, b"e"))
    assert failure.clause == "rfc6455:10.4-p1-s1"


def test_parts_of_a_message_that_an_extension_changes():
    endpoint = Endpoint.established(Role.CLIENT, extensions=[Doubling()])
    assert endpoint.receive_octets(frame(RSV1 | TEXT, b"ab")) == []
    assert endpoint.take_part() == "aabb"
    assert endpoint.receive_octets(frame(FIN | CONTINUATION, b"c")) == ["cc"]
