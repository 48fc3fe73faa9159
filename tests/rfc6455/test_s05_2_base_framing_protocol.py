"""refws.rfc6455.s05_2_base_framing_protocol: the first octet, the payload length, and frames that are built."""

import random

import pytest
from handmade import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    KEY,
    OPCODES,
    PING,
    PONG,
    ROLES,
    RSV1,
    RSV2,
    RSV3,
    TEXT,
    failure_of,
    frame_to,
    key_to,
    length_field,
    read_frames,
    xor,
)

from refws.failure import Failure
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s05_2_base_framing_protocol import (
    Opcode,
    build_frame,
    check_first_octet,
    count_frames,
    read_payload_length,
)
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s10_security_considerations import Limits

NO_LIMITS = Limits(max_message_size=None, max_fragments=None)
BIG = 2**63 - 1


@pytest.mark.clause(
    "rfc6455:5.2-p9-s1",
    "rfc6455:5.2-p10-s1",
    "rfc6455:5.2-p11-s1",
    "rfc6455:5.2-p13-s1",
    "rfc6455:5.2-p14-s1",
    "rfc6455:5.2-p15-s1",
    "rfc6455:5.2-p36-s1",
)
def test_opcodes():
    assert [(o.name, o.value) for o in Opcode] == [
        ("CONTINUATION", 0),
        ("TEXT", 1),
        ("BINARY", 2),
        ("CLOSE", 8),
        ("PING", 9),
        ("PONG", 10),
    ]


def expected_of_first_octet(octet, in_progress):
    """The clause that a first octet breaks in a connection without extensions, or None."""
    opcode = octet & 15
    if octet & (RSV1 | RSV2 | RSV3):
        return "rfc6455:5.2-p6-s2"
    if opcode not in OPCODES:
        return "rfc6455:5.2-p8-s2"
    if opcode >= 8:
        return None if octet & FIN else "rfc6455:5.5-p3-s1/2"
    if in_progress:
        return None if opcode == CONTINUATION else "rfc6455:5.4-p10-s1"
    return "rfc6455:5.4-p6-s1" if opcode == CONTINUATION else None


@pytest.mark.clause(
    "rfc6455:5.1-p2-s2",
    "rfc6455:5.2-p6-s2",
    "rfc6455:5.2-p8-s2",
    "rfc6455:5.2-p12-s1",
    "rfc6455:5.2-p16-s1",
    "rfc6455:5.2-p29-s3",
    "rfc6455:5.2-p29-s4",
    "rfc6455:5.2-p32-s1",
    "rfc6455:5.2-p33-s1",
    "rfc6455:5.2-p34-s1",
    "rfc6455:5.2-p35-s1",
    "rfc6455:5.2-p37-s1",
    "rfc6455:5.2-p38-s1",
    "rfc6455:5.4-p6-s1",
    "rfc6455:5.4-p8-s2",
    "rfc6455:5.4-p10-s1",
    "rfc6455:5.5-p1-s1",
    "rfc6455:5.5-p3-s1/2",
)
@pytest.mark.parametrize("in_progress", [False, True], ids=["between messages", "within a message"])
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_every_first_octet_is_judged_by_itself(role, in_progress):
    before = frame_to(role, TEXT, b"Hel") if in_progress else b""
    rest = frame_to(role, 0, b"")[1:]
    for octet in range(256):
        clause = expected_of_first_octet(octet, in_progress)
        count, failure = failure_of(role, before + bytes([octet]) + rest)
        if clause is None:
            assert failure is None, f"{octet:#x}: {failure}"
        else:
            assert (count, failure.clause, failure.status) == (len(before) + 1, clause, 1002), f"{octet:#x}"


@pytest.mark.clause("rfc6455:5.2-p6-s2", "rfc6455:5.2-p32-s1", "rfc6455:5.2-p33-s1", "rfc6455:5.2-p34-s1")
@pytest.mark.clause("rfc6455:5.2-p8-s2", "rfc6455:5.8-p1-s3")
@pytest.mark.parametrize("claimed", [0, RSV1, RSV2, RSV3, RSV1 | RSV3, RSV1 | RSV2 | RSV3], ids=hex)
def test_rsv_bits_are_refused_unless_claimed(claimed):
    for octet in range(256):
        if octet & 0x70 & ~claimed:
            with pytest.raises(Failure, match="no extension defines it") as caught:
                check_first_octet(octet, claimed)
            assert caught.value.clause == "rfc6455:5.2-p6-s2"
        elif octet & 15 not in OPCODES:
            with pytest.raises(Failure, match=f"unknown opcode {octet & 15} ") as caught:
                check_first_octet(octet, claimed)
            assert caught.value.clause == "rfc6455:5.2-p8-s2"
        else:
            check_first_octet(octet, claimed)


def test_a_failure_names_the_bits():
    with pytest.raises(Failure, match=r"^RSV1, RSV3 set"):
        check_first_octet(FIN | RSV1 | RSV2 | RSV3 | TEXT, RSV2)


@pytest.mark.clause("rfc6455:5.2-p20-s1", "rfc6455:5.2-p20-s2", "rfc6455:5.2-p20-s3", "rfc6455:5.2-p20-s4")
@pytest.mark.clause("rfc6455:5.2-p29-s8", "rfc6455:5.2-p40-s1", "rfc6455:5.2-p41-s1", "rfc6455:5.2-p42-s1")
@pytest.mark.parametrize("mask_bit", [0, 0x80], ids=["unmasked", "masked"])
@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 255, 256, 65535, 65536, 2**31, 2**32, 2**56, BIG], ids=hex)
def test_lengths_are_read(length, mask_bit):
    octets = b"\x82" + length_field(length, mask_bit) + b"behind"
    assert read_payload_length(octets, 1, None, "") == (length, len(octets) - 6)
    for missing in range(7, len(octets) - 1):
        assert read_payload_length(octets[:-missing], 1, None, "")[0] == -1


# The length, the form it comes in, and how many octets of header it takes to know that it cannot be.
NOT_MINIMAL = [(0, 16, 4), (1, 16, 4), (125, 16, 4)]
NOT_MINIMAL += [(0, 64, 8), (125, 64, 8), (126, 64, 8), (65535, 64, 8)]
TOP_BIT = [(2**63, 64, 3), (2**63 + 1, 64, 3), (2**64 - 1, 64, 3)]


@pytest.mark.clause("rfc6455:5.2-p20-s5", "rfc6455:5.2-p42-s1", "rfc6455:5.2-p20-s3")
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize(
    ("length", "form", "octets", "clause"),
    [pytest.param(*row, "rfc6455:5.2-p20-s5", id=f"{row[0]} in {row[1]} bits") for row in NOT_MINIMAL]
    + [pytest.param(*row, "rfc6455:5.2-p20-s3", id=f"{row[0]:#x}") for row in TOP_BIT],
)
def test_a_length_that_cannot_be_fails_at_the_octet_that_shows_it(role, length, form, octets, clause):
    mask_bit = 0x80 if role is Role.SERVER else 0
    header = bytes([FIN | BINARY]) + length_field(length, mask_bit, form)
    count, failure = failure_of(role, header + bytes(8), limits=NO_LIMITS)
    assert (count, failure.clause, failure.status) == (octets, clause, 1002)


@pytest.mark.clause("rfc6455:5.2-p20-s5", "rfc6455:5.2-p41-s1", "rfc6455:5.2-p42-s1")
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize(("length", "form"), [(126, 16), (65535, 16), (65536, 64), (BIG, 64)])
def test_the_edges_that_can_be(role, length, form):
    header = bytes([FIN | BINARY]) + length_field(length, 0x80 if role is Role.SERVER else 0, form)
    assert failure_of(role, header + KEY + b"some of it", limits=NO_LIMITS) == (None, None)


# The limit, the length, and how many octets of header it takes to know that it is over the limit.
OVER = [(0, 1, 2), (124, 125, 2), (125, 126, 4), (255, 256, 3), (126, 127, 4), (65535, 65536, 8), (65536, 65537, 10)]
OVER += [(65536, 2**56, 3), (2**32, BIG, 3), (0, BIG, 3)]


@pytest.mark.clause("rfc6455:10.4-p1-s1", "rfc6455:10.4-p1-s3")
@pytest.mark.parametrize("which", ["max_frame_size", "max_message_size"])
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize(("limit", "length", "octets"), OVER, ids=[f"{o[1]:#x} above {o[0]:#x}" for o in OVER])
def test_a_length_over_the_limit_fails_at_the_octet_that_shows_it(role, limit, length, octets, which):
    mask_bit = 0x80 if role is Role.SERVER else 0
    limits = Limits(**{"max_message_size": None, which: limit})
    header = bytes([FIN | BINARY]) + length_field(length, mask_bit)
    count, failure = failure_of(role, header, limits=limits)
    assert (count, failure.clause, failure.status) == (octets, "rfc6455:10.4-p1-s1", 1009)
    at_limit = bytes([FIN | BINARY]) + length_field(limit, mask_bit)
    assert failure_of(role, at_limit, limits=limits) == (None, None)


LENGTHS = [0, 1, 2, 125, 126, 127, 128, 4095, 4096, 65535, 65536, 65537]


@pytest.mark.clause(
    "rfc6455:5.1-p1-s6",
    "rfc6455:5.1-p2-s1",
    "rfc6455:5.2-p1-s4",
    "rfc6455:5.2-p18-s1",
    "rfc6455:5.2-p18-s3",
    "rfc6455:5.2-p20-s4",
    "rfc6455:5.2-p20-s5",
    "rfc6455:5.2-p22-s1",
    "rfc6455:5.2-p22-s2",
    "rfc6455:5.2-p29-s2",
    "rfc6455:5.2-p30-s1",
    "rfc6455:5.2-p46-s1",
    "rfc6455:5.2-p48-s1",
    "rfc6455:5.3-p1-s1",
    "rfc6455:5.3-p2-s1",
    "rfc6455:5.3-p2-s2",
    "rfc6455:5.3-p7-s1",
    "rfc6455:5.3-p7-s2",
)
@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
@pytest.mark.parametrize("length", LENGTHS)
def test_frames_are_built_in_their_shortest_form(length, masked):
    payload = random.Random(length).randbytes(length)
    octets = b"".join(build_frame(FIN | RSV1 | BINARY, payload, masked))
    mask_bit = 0x80 if masked else 0
    header = bytes([FIN | RSV1 | BINARY]) + length_field(length, mask_bit)
    assert octets.startswith(header)
    assert len(octets) == len(header) + length + (4 if masked else 0)
    assert read_frames(octets) == [(FIN | RSV1 | BINARY, masked, payload)]


def test_a_long_payload_is_not_copied_to_stand_behind_its_header():
    for length, pieces in [(4095, 1), (4096, 2)]:
        assert len(build_frame(FIN | BINARY, bytes(length), False)) == pieces
    payload = bytes(4096)
    assert build_frame(FIN | BINARY, payload, False)[1] is payload


def test_every_short_header():
    for first in range(256):
        for length in (0, 1, 125):
            assert b"".join(build_frame(first, bytes(length), False)) == bytes([first, length]) + bytes(length)


@pytest.mark.clause("rfc6455:5.2-p18-s2", "rfc6455:5.2-p22-s2", "rfc6455:5.2-p39-s1", "rfc6455:5.2-p43-s1")
@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize(
    ("first", "payload", "event"),
    [
        (FIN | TEXT, b"ab", "ab"),
        (FIN | BINARY, b"\xff\x00", b"\xff\x00"),
        (FIN | PING, b"\xff", Ping(b"\xff")),
        (FIN | PONG, b"", Pong(b"")),
        (FIN | CLOSE, b"\x03\xe8bye", Close(1000, "bye")),
    ],
)
def test_the_key_stands_between_length_and_payload(role, first, payload, event):
    key = key_to(role)
    octets = bytes([first, (0x80 if key else 0) | len(payload)]) + (key + xor(payload) if key else payload)
    assert Endpoint.established(role).receive_octets(octets) == [event]


def send_everything(endpoint):
    endpoint.send_a_websocket_message("a")
    endpoint.send_a_websocket_message(b"b")
    endpoint.send_a_fragment("c", fin=False)
    endpoint.send_ping(b"d")
    endpoint.send_a_fragment("e", fin=False)
    endpoint.send_pong(b"f")
    endpoint.send_a_fragment("g", fin=True)
    endpoint.send_a_fragment(b"h", fin=True)
    endpoint.start_the_websocket_closing_handshake(None)


EVERYTHING = [
    (FIN | TEXT, b"a", ["a"]),
    (FIN | BINARY, b"b", [b"b"]),
    (TEXT, b"c", []),
    (FIN | PING, b"d", [Ping(b"d")]),
    (CONTINUATION, b"e", []),
    (FIN | PONG, b"f", [Pong(b"f")]),
    (FIN | CONTINUATION, b"g", ["ceg"]),
    (FIN | BINARY, b"h", [b"h"]),
    (FIN | CLOSE, b"", [Close(1005, "")]),
]


@pytest.mark.clause(
    "rfc6455:5.1-p1-s1",
    "rfc6455:5.1-p1-s2",
    "rfc6455:5.1-p1-s6",
    "rfc6455:5.2-p1-s1",
    "rfc6455:5.2-p1-s4",
    "rfc6455:5.2-p4-s1",
    "rfc6455:5.2-p4-s2",
    "rfc6455:5.2-p6-s1",
    "rfc6455:5.2-p29-s3",
    "rfc6455:5.2-p31-s1",
    "rfc6455:5.3-p1-s1",
)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_everything_goes_out_as_a_sequence_of_frames(role):
    endpoint = Endpoint.established(role)
    send_everything(endpoint)
    masked = role is Role.CLIENT
    assert read_frames(endpoint.octets_to_send()) == [(first, masked, payload) for first, payload, _ in EVERYTHING]


@pytest.mark.clause(
    "rfc6455:5.1-p1-s1",
    "rfc6455:5.2-p1-s1",
    "rfc6455:5.2-p4-s1",
    "rfc6455:5.2-p4-s2",
    "rfc6455:5.2-p8-s1",
    "rfc6455:5.2-p9-s1",
    "rfc6455:5.2-p10-s1",
    "rfc6455:5.2-p11-s1",
    "rfc6455:5.2-p13-s1",
    "rfc6455:5.2-p14-s1",
    "rfc6455:5.2-p15-s1",
    "rfc6455:5.2-p31-s1",
    "rfc6455:5.2-p35-s1",
    "rfc6455:5.2-p36-s1",
    "rfc6455:5.2-p37-s1",
    "rfc6455:5.2-p38-s1",
)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_each_frame_is_taken_for_what_its_first_octet_says(role):
    endpoint = Endpoint.established(role)
    for first, payload, events in EVERYTHING:
        assert endpoint.receive_octets(frame_to(role, first, payload)) == events


class Stamped:
    """An extension whose extension data is so many octets before the application data of every data frame."""

    only_marked = False

    def __init__(self, stamp):
        self.stamp = stamp
        self.missing = 0

    def rsv_claimed(self, opcode):
        return 0

    def begin(self, first_octet):
        self.missing = len(self.stamp)

    def decode(self, octets):
        data = octets[self.missing :]
        self.missing -= len(octets) - len(data)
        return (data,)

    def end(self):
        return ()

    def encode(self, first_octet, payload, wanted):
        return first_octet, self.stamp + payload


PARTS = pytest.mark.clause(
    "rfc6455:5.1-p2-s1",
    "rfc6455:5.2-p20-s6",
    "rfc6455:5.2-p20-s7",
    "rfc6455:5.2-p24-s1",
    "rfc6455:5.2-p26-s1",
    "rfc6455:5.2-p26-s3",
    "rfc6455:5.2-p28-s1",
    "rfc6455:5.2-p28-s2",
    "rfc6455:5.2-p44-s1",
    "rfc6455:5.2-p45-s1",
    "rfc6455:5.2-p46-s1",
    "rfc6455:5.2-p47-s1",
    "rfc6455:5.2-p48-s1",
    "rfc6455:5.3-p2-s2",
)
ANY_OCTETS = bytes(range(256))
STAMPS = pytest.mark.parametrize("stamp", [None, b"", b"\x00", b"\xff\x81", ANY_OCTETS], ids=repr)
DATA = pytest.mark.parametrize("data", [b"", b"\x00", ANY_OCTETS[:124], ANY_OCTETS[131:], ANY_OCTETS], ids=len)


@PARTS
@STAMPS
@DATA
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_the_payload_that_is_sent_is_extension_data_and_application_data(role, stamp, data):
    endpoint = Endpoint.established(role, extensions=[] if stamp is None else [Stamped(stamp)])
    endpoint.send_a_websocket_message(data)
    octets = endpoint.octets_to_send()
    payload = (stamp or b"") + data
    mask_bit = 0x80 if role is Role.CLIENT else 0
    assert octets.startswith(bytes([FIN | BINARY]) + length_field(len(payload), mask_bit))
    assert read_frames(octets) == [(FIN | BINARY, mask_bit != 0, payload)]


@PARTS
@STAMPS
@DATA
@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_the_application_gets_the_payload_without_the_extension_data(role, stamp, data, size):
    endpoint = Endpoint.established(role, extensions=[] if stamp is None else [Stamped(stamp)])
    octets = frame_to(role, FIN | BINARY, (stamp or b"") + data)
    pieces = [octets[i : i + size] for i in range(0, len(octets), size)]
    assert [event for piece in pieces for event in endpoint.receive_octets(piece)] == [data]


@pytest.mark.parametrize("masked", [False, True], ids=["server", "client"])
@pytest.mark.parametrize(
    "sizes", [[], [0], [4095], [4096], [0, 4096, 0], [4096, 4096], [65535, 2, 65536, 125, 126, 4095, 4096]], ids=str
)
def test_pieces_are_counted_as_frames(sizes, masked):
    pieces = [piece for size in sizes for piece in build_frame(FIN | BINARY, b"\x7f" * size, masked)]
    assert count_frames(pieces) == len(sizes)
    joined = [
        b"".join(build_frame(FIN | BINARY, b"\x7f" * 5000, masked)),
        b"HTTP/1.1 101 \r\n\r\n",
        b"\x00",
        b"\x81\x7e",
    ]
    assert count_frames([*joined, *pieces, *joined]) == 8 + len(sizes)
