"""Section 6, Framing: the RSV1 bit, fragments, and what stands between them."""

import random

import pytest
from deflated import (
    BINARY,
    CLOSE,
    CONTINUATION,
    EMPTY,
    FIN,
    NO_LIMITS,
    PING,
    PONG,
    ROLE,
    ROLES,
    RSV1,
    RSV2,
    TEXT,
    Deflater,
    Reader,
    deflated,
    endpoint,
    failure_of,
    frame_to,
    frames_from,
    no_context_takeover,
    towards,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from refws.failure import Failure
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters
from refws.rfc6455.s05_5_control_frames import Ping, Pong
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc7692 import PermessageDeflate

pytestmark = pytest.mark.usefixtures("each_zlib")
patient = settings(deadline=None)
HELLO = bytes.fromhex("f2 48 cd c9 c9 07 00")
LONG = "Grüße, 世界! 𝄞 " * 20


def other(role):
    return Role.CLIENT if role is Role.SERVER else Role.SERVER


# RSV1


@pytest.mark.clause(
    "rfc7692:6-p1-s1",
    "rfc7692:6-p2-s1",
    "rfc7692:6-p2-s2",
    "rfc7692:6-p3-s1",
    "rfc7692:6-p4-s1",
    "rfc7692:6-p4-s2",
    "rfc7692:6.1-p4-s1",
    "rfc7692:6.1-p8-s1",
    "rfc7692:6.1-p11-s1",
    "rfc7692:6.1-p11-s2",
    "rfc7692:9.2-p3-s2",
)
@ROLE
@pytest.mark.parametrize(("message", "opcode"), [(LONG, TEXT), (LONG.encode(), BINARY), ("", TEXT), (b"", BINARY)])
def test_a_message_that_is_sent(role, message, opcode):
    sender, receiver = endpoint(role), endpoint(other(role))
    octets = message.encode() if opcode == TEXT else message
    for extended, first in ((True, FIN | RSV1 | opcode), (False, FIN | opcode), (True, FIN | RSV1 | opcode)):
        sender.send_a_websocket_message(message, extended)
        sent = sender.octets_to_send()
        assert sent[0] == first
        assert receiver.receive_octets(sent) == [message]
        sender.send_a_websocket_message(message, extended)
        ((again, payload),) = frames_from(sender)
        assert again == first
        assert extended or payload == octets
        # Both peers have kept the same window.
        assert receiver.receive_octets(frame_to(other(role), again, payload)) == [message]


@pytest.mark.clause("rfc7692:6-p1-s1", "rfc7692:6.1-p10-s2", "rfc7692:9.2-p5-s1")
@pytest.mark.parametrize("opcode", range(16))
def test_rsv1_is_claimed_for_the_first_frame_of_a_message_alone(opcode):
    _, in_use = PermessageDeflate().answer(ExtensionParameters("permessage-deflate"))
    assert in_use.rsv_claimed(opcode) == (RSV1 if 1 <= opcode <= 7 else 0)


@pytest.mark.clause("rfc7692:6-p1-s1", "rfc7692:6.1-p10-s2", "rfc7692:9.2-p5-s1", "rfc6455:5.2-p6-s2")
@ROLE
@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
@pytest.mark.parametrize("between", [False, True])
def test_no_rsv1_on_control_frames(role, opcode, between):
    receiver = endpoint(role)
    if between:
        assert receiver.receive_octets(frame_to(role, RSV1 | TEXT, b"\xf2")) == []
    # The first octet is enough.
    assert failure_of(receiver, bytes([FIN | RSV1 | opcode])) == ("rfc6455:5.2-p6-s2", 1002)


@pytest.mark.clause("rfc7692:6.1-p10-s2", "rfc7692:9.2-p5-s1", "rfc6455:5.2-p6-s2")
@ROLE
@pytest.mark.parametrize("begun", [TEXT, RSV1 | TEXT, BINARY, RSV1 | BINARY])
@pytest.mark.parametrize("continued", [CONTINUATION, FIN | CONTINUATION])
def test_no_rsv1_on_later_fragments(role, begun, continued):
    receiver = endpoint(role)
    assert receiver.receive_octets(frame_to(role, begun, b"")) == []
    assert failure_of(receiver, bytes([RSV1 | continued])) == ("rfc6455:5.2-p6-s2", 1002)


@pytest.mark.clause("rfc6455:5.2-p6-s2", "rfc6455:5.4-p6-s1")
@ROLE
def test_no_other_rsv_bit_and_nothing_to_continue(role):
    assert failure_of(endpoint(role), bytes([FIN | RSV2 | TEXT]))[0] == "rfc6455:5.2-p6-s2"
    assert failure_of(endpoint(role), bytes([FIN | RSV1 | RSV2 | TEXT]))[0] == "rfc6455:5.2-p6-s2"
    assert failure_of(endpoint(role), bytes([FIN | CONTINUATION]))[0] == "rfc6455:5.4-p6-s1"
    assert failure_of(endpoint(role), bytes([FIN | RSV1 | 3]))[0] == "rfc6455:5.2-p6-s2"


@pytest.mark.clause("rfc7692:5-p14-s2", "rfc6455:5.2-p6-s2")
@ROLE
def test_no_rsv1_where_nothing_was_agreed_on(role):
    plain = Endpoint.established(role, limits=NO_LIMITS)
    assert failure_of(plain, frame_to(role, FIN | RSV1 | TEXT, b"\x00")) == ("rfc6455:5.2-p6-s2", 1002)


# Fragments that come


@pytest.mark.clause(
    "rfc7692:6-p3-s3",
    "rfc7692:6-p3-s4",
    "rfc7692:6.2-p1-s1",
    "rfc7692:6.2-p2-s1",
    "rfc7692:6.2-p3-s1",
    "rfc7692:6.2-p5-s1",
    "rfc7692:7.2.1-p10-s1",
)
@ROLE
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [1, 3, 50, 1000])
def test_fragments_cut_anywhere(role, opcode, size):
    peer, receiver = Deflater(), endpoint(role)
    for message in (LONG, LONG * 3, ""):
        payload = peer.message(message.encode())
        pieces = [payload[i : i + size] for i in range(0, len(payload), size)]
        first, octets = RSV1 | opcode, b""
        for piece in pieces[:-1]:
            octets += (
                frame_to(role, first, piece) + frame_to(role, FIN | PING, b"x") + frame_to(role, CONTINUATION, b"")
            )
            first = CONTINUATION
        octets += frame_to(role, FIN | first, pieces[-1])
        expected = message if opcode == TEXT else message.encode()
        assert receiver.receive_octets(octets) == [Ping(b"x")] * (len(pieces) - 1) + [expected]


@pytest.mark.clause("rfc7692:7.2.1-p10-s2", "rfc7692:7.2.3.6-p1-s3")
@ROLE
def test_fragments_flushed_one_by_one(role):
    """Every fragment but the last keeps 00 00 FF FF; some hold no data at all."""
    peer, receiver, octets = Deflater(), endpoint(role), b""
    for _ in range(2):
        for first, data in ((RSV1 | TEXT, b""), (CONTINUATION, b"Hel"), (CONTINUATION, b""), (CONTINUATION, b"lo")):
            octets += frame_to(role, first, peer.block(data))
        octets += frame_to(role, FIN | CONTINUATION, b"\x00")
    assert receiver.receive_octets(octets) == ["Hello", "Hello"]


@pytest.mark.clause("rfc7692:6-p4-s3", "rfc7692:6.2-p7-s1", "rfc7692:6.2-p9-s1", "rfc7692:7.2.3.2-p8-s1")
@ROLE
@pytest.mark.parametrize("fragmented", [False, True])
def test_messages_that_are_not_compressed_leave_the_window_alone(role, fragmented):
    peer, receiver = Deflater(), endpoint(role)
    first, second = peer.message(LONG.encode()), peer.message(LONG.encode())
    assert len(second) < len(first) / 4
    octets = frame_to(role, FIN | RSV1 | TEXT, first)
    if fragmented:
        octets += frame_to(role, TEXT, b"\x00\x00") + frame_to(role, FIN | PONG)
        octets += frame_to(role, FIN | CONTINUATION, b"\xff"[:0]) + frame_to(role, FIN | RSV1 | TEXT, second)
        assert receiver.receive_octets(octets) == [LONG, Pong(b""), "\0\0", LONG]
    else:
        octets += frame_to(role, FIN | BINARY, b"\x00\x00\xff\xff") + frame_to(role, FIN | RSV1 | TEXT, second)
        assert receiver.receive_octets(octets) == [LONG, b"\x00\x00\xff\xff", LONG]


# Fragments that go


@pytest.mark.clause(
    "rfc7692:6-p1-s1",
    "rfc7692:6-p3-s2",
    "rfc7692:6.1-p1-s1",
    "rfc7692:6.1-p2-s1",
    "rfc7692:6.1-p4-s1",
    "rfc7692:6.1-p10-s1",
    "rfc7692:6.1-p11-s1",
    "rfc7692:7.2.1-p10-s2",
    "rfc7692:7.2.1-p10-s3",
    "rfc7692:7.2.3.6-p1-s3",
)
@ROLE
@pytest.mark.parametrize(
    "pieces",
    [["Hel", "lo"], ["", "Hello", ""], ["", "", ""], ["Hello", ""], [LONG, "", LONG], [b"\0" * 9, b""]],
    ids=repr,
)
def test_fragments_that_are_sent(role, pieces):
    sender, receiver, reader = endpoint(role), endpoint(other(role)), Reader()
    whole = type(pieces[0])().join(pieces)
    opcode = TEXT if isinstance(whole, str) else BINARY
    for _ in range(3):
        for i, piece in enumerate(pieces):
            sender.send_a_fragment(piece, fin=i == len(pieces) - 1)
            sender.send_ping(b"between")
        frames = frames_from(sender)
        assert {first for first, _ in frames[1::2]} == {FIN | PING}
        data = frames[::2]
        expected = [RSV1 | opcode] + [CONTINUATION] * (len(pieces) - 2) + [FIN | CONTINUATION]
        assert [first for first, _ in data] == expected
        # Each fragment can be read once it has come, and the last four octets are missing from the last alone.
        payloads = [payload for _, payload in data[:-1]] + [data[-1][1] + b"\x00\x00\xff\xff"]
        texts = [piece.encode() if opcode == TEXT else piece for piece in pieces]
        assert [reader.read(payload) for payload in payloads] == texts
        octets = b"".join(frame_to(other(role), *frame) for frame in frames)
        assert receiver.receive_octets(octets)[-2:] == [whole, Ping(b"between")]


@ROLE
def test_a_fragmented_message_can_stay_as_it_is(role):
    sender = endpoint(role)
    sender.send_a_fragment("Hel", fin=False, extended=False)
    sender.send_a_fragment("lo", fin=True, extended=True)
    sender.send_a_fragment("Hel", fin=False)
    sender.send_a_fragment("lo", fin=True, extended=False)
    frames = frames_from(sender)
    assert frames[:2] == [(TEXT, b"Hel"), (FIN | CONTINUATION, b"lo")]
    assert [first for first, _ in frames[2:]] == [RSV1 | TEXT, FIN | CONTINUATION]
    assert Reader().read(frames[2][1] + frames[3][1] + b"\x00\x00\xff\xff") == b"Hello"


# Whether to compress


@pytest.mark.clause("rfc7692:7.3-p4-s3", "rfc7692:6.1-p6-s1", "rfc7692:6.1-p8-s1")
@ROLE
@pytest.mark.parametrize(
    ("threshold", "plain", "compressed"), [(0, [], [0, 1]), (1, [0], [1, 2]), (1024, [0, 1023], [1024, 1025])]
)
def test_the_threshold(role, threshold, plain, compressed):
    sender = endpoint(role, threshold=threshold)
    for sizes, first in ((plain, FIN | TEXT), (compressed, FIN | RSV1 | TEXT), (plain, FIN | TEXT)):
        for size in sizes:
            sender.send_a_websocket_message("x" * size)
            assert [sent for sent, _ in frames_from(sender)] == [first]
    # It counts octets, and where more is to come nobody knows how many.
    sender.send_a_websocket_message("ü" * -(-threshold // 2))
    sender.send_a_fragment("", fin=False)
    sender.send_a_fragment("", fin=True)
    assert [first for first, _ in frames_from(sender)] == [FIN | RSV1 | TEXT, RSV1 | TEXT, FIN | CONTINUATION]


# With another extension

UPSIDE_DOWN = bytes(range(255, -1, -1))


class Upside:
    """Another extension: turns every octet upside down, and marks every message by RSV2."""

    only_marked = False

    def __init__(self):
        self.told = []
        self.given = []

    def rsv_claimed(self, opcode):
        return RSV2 if opcode in (TEXT, BINARY) else 0

    def begin(self, first_octet):
        self.told.append(first_octet)

    def decode(self, octets):
        return (octets.translate(UPSIDE_DOWN),)

    def end(self):
        return ()

    def encode(self, first_octet, payload, wanted):
        self.given.append((first_octet, payload))
        return first_octet | (RSV2 if first_octet & 0x0F else 0), payload.translate(UPSIDE_DOWN)


@pytest.mark.clause(
    "rfc7692:3-p4-s2",
    "rfc7692:3-p5-s2",
    "rfc7692:6-p4-s3",
    "rfc7692:6.1-p5-s1",
    "rfc7692:6.1-p9-s1",
    "rfc7692:6.2-p1-s1",
    "rfc7692:6.2-p6-s1",
    "rfc7692:6.2-p7-s1",
    "rfc7692:6.2-p9-s1",
    "rfc7692:6.2-p10-s1",
)
@ROLE
@pytest.mark.parametrize("first", [True, False], ids=["before it", "behind it"])
def test_another_extension(role, first):
    def both(role):
        _, deflate = PermessageDeflate().answer(ExtensionParameters("permessage-deflate"))
        return Endpoint.established(role, extensions=[deflate, Upside()] if first else [Upside(), deflate])

    sender, receiver, hello = both(role), both(other(role)), b"Hello".translate(UPSIDE_DOWN)
    compressed = HELLO.translate(UPSIDE_DOWN) if first else deflated(hello)
    for extended, expected in ((False, (FIN | RSV2 | TEXT, hello)), (True, (FIN | RSV1 | RSV2 | TEXT, compressed))):
        sender.send_a_websocket_message("Hello", extended)
        (frame,) = frames_from(sender)
        assert frame == expected
        assert receiver.receive_octets(frame_to(other(role), *frame)) == ["Hello"]
    for extended in (False, True):
        for piece, fin in (("Hel", False), ("", False), ("lo", True)):
            sender.send_a_fragment(piece, fin=fin, extended=extended)
        octets = b"".join(frame_to(other(role), *frame) for frame in frames_from(sender))
        assert receiver.receive_octets(octets) == ["Hello"]


@pytest.mark.clause("rfc7692:6.1-p5-s1", "rfc7692:6.1-p5-s2", "rfc7692:6.1-p9-s1", "rfc7692:6.1-p9-s2")
@ROLE
def test_the_next_extension_is_given_frames(role):
    following, (_, deflate) = Upside(), PermessageDeflate().answer(ExtensionParameters("permessage-deflate"))
    sender = Endpoint.established(role, extensions=[deflate, following])
    sender.send_a_websocket_message("Hello")
    sender.send_a_websocket_message("Hello", extended=False)
    for extended in (True, False):
        sender.send_a_fragment(b"", fin=False, extended=extended)
        sender.send_a_fragment(b"Hello", fin=True, extended=extended)
    compressed, plain, first, last, *fragments = following.given
    assert compressed == (FIN | RSV1 | TEXT, HELLO)
    assert plain == (FIN | TEXT, b"Hello")
    assert [first[0], last[0]] == [RSV1 | BINARY, FIN | CONTINUATION]
    assert fragments == [(BINARY, b""), (FIN | CONTINUATION, b"Hello")]


@pytest.mark.clause("rfc7692:6.2-p6-s1", "rfc7692:6.2-p6-s2", "rfc7692:6.2-p10-s1", "rfc7692:6.2-p10-s2")
@ROLE
@pytest.mark.parametrize("compressed", [False, True])
def test_the_preceding_extension_is_given_frames(role, compressed):
    preceding, (_, deflate) = Upside(), PermessageDeflate().answer(ExtensionParameters("permessage-deflate"))
    receiver, peer = Endpoint.established(role, extensions=[preceding, deflate]), Deflater()
    rsv, hello = RSV1 if compressed else 0, b"Hello".translate(UPSIDE_DOWN)
    pieces = [peer.block(hello), b"\x00"] if compressed else [hello, b""]
    octets = frame_to(role, FIN | RSV2 | rsv | TEXT, pieces[0] + pieces[1])
    octets += frame_to(role, RSV2 | rsv | TEXT, pieces[0]) + frame_to(role, FIN | PING)
    octets += frame_to(role, FIN | CONTINUATION, pieces[1])
    assert receiver.receive_octets(octets) == ["Hello", Ping(b""), "Hello"]
    assert preceding.told == [FIN | RSV2 | TEXT, RSV2 | TEXT, FIN | CONTINUATION]


# What both sides keep


class Bits:
    """Blocks with fixed codes, written bit by bit."""

    def __init__(self):
        self.bits = []

    def number(self, value, count):
        self.bits += [value >> i & 1 for i in range(count)]

    def code(self, value, count):
        self.bits += [value >> i & 1 for i in reversed(range(count))]

    def octets(self):
        padded = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(sum(bit << i for i, bit in enumerate(padded[at : at + 8])) for at in range(0, len(padded), 8))


def copy_from(bits):
    """A message of the three octets that came 2 ** bits octets before."""
    block = Bits()
    block.number(0b010, 3)  # not final, fixed codes
    block.code(0b0000001, 7)  # a length of 3
    block.code(2 * bits - 1, 5)  # the distances up to 2 ** bits, of which this is the last
    block.number((1 << bits - 2) - 1, bits - 2)
    block.code(0, 7)  # the end of the block
    block.number(0, 3)  # an empty stored block
    return block.octets()


def towards_or_none(role, bits):
    return [towards(role, f"max_window_bits={bits}")] if bits else []


@pytest.mark.clause("rfc7692:5-p3-s4", "rfc7692:5-p3-s6", "rfc7692:5-p4-s4", "rfc7692:5-p4-s5")
@ROLE
@pytest.mark.parametrize("agreed", [None, *range(8, 16)])
def test_the_whole_of_the_window_is_kept_of_what_comes(role, agreed):
    bits = agreed or 15
    data = b"abc" + bytes(range(256)) * 128
    data = data[: 1 << bits]
    receiver = endpoint(role, *towards_or_none(role, agreed))
    assert receiver.receive_octets(frame_to(role, FIN | RSV1 | BINARY, deflated(data))) == [data]
    # The message that copies from the far end of the window is the newest three octets from then on.
    assert receiver.receive_octets(frame_to(role, FIN | RSV1 | BINARY, copy_from(bits))) == [b"abc"]
    assert receiver.receive_octets(frame_to(role, FIN | RSV1 | BINARY, copy_from(bits))) == [data[3:6]]


@pytest.mark.clause("rfc7692:5-p3-s3", "rfc7692:5-p4-s3")
@ROLE
@pytest.mark.parametrize("agreed", [None, *range(9, 16)])
def test_the_window_is_kept_of_what_goes(role, agreed):
    # zlib looks back no further than 262 octets less than its window.
    size = (1 << (agreed or 15)) - 262
    data = random.Random(size).randbytes(size)
    sender, reader = endpoint(role, *towards_or_none(other(role), agreed)), Reader()
    for message in (data, data[:40]):
        sender.send_a_websocket_message(message)
    (_, first), (_, second) = frames_from(sender)
    assert reader.read(first + b"\x00\x00\xff\xff") == data
    assert reader.read(second + b"\x00\x00\xff\xff") == data[:40]
    assert reader.distances >= {size}
    assert len(second) < 12


# UTF-8


@pytest.mark.clause("rfc7692:6.1-p12-s1", "rfc7692:6.1-p12-s3", "rfc6455:8.1-p1-s1")
@ROLE
def test_utf_8_is_asked_of_what_was_inflated(role):
    payload = deflated(LONG.encode())
    with pytest.raises(UnicodeDecodeError):
        payload.decode()
    assert endpoint(role).receive_octets(frame_to(role, FIN | RSV1 | TEXT, payload)) == [LONG]
    broken = frame_to(role, FIN | RSV1 | TEXT, deflated(b"Hello \xff World"))
    assert failure_of(endpoint(role), broken) == ("rfc6455:8.1-p1-s1", 1007)
    cut = frame_to(role, FIN | RSV1 | TEXT, deflated(b"Hello \xc3"))
    assert failure_of(endpoint(role), cut) == ("rfc6455:8.1-p1-s1", 1007)
    assert endpoint(role).receive_octets(frame_to(role, FIN | RSV1 | BINARY, deflated(b"\xff"))) == [b"\xff"]


@pytest.mark.clause("rfc7692:6.1-p12-s3", "rfc6455:8.1-p1-s1")
@ROLE
@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80"])
def test_utf_8_fails_while_the_message_is_still_coming(role, bad):
    """In a frame that is not complete, in a message that is not; a character may be cut by anything."""
    peer = Deflater()
    good, wrong = peer.block("grün".encode()[:3]), peer.block(b"\xbcn" + bad + b"more")
    receiver = endpoint(role)
    whole = frame_to(role, RSV1 | TEXT, good + wrong + bytes(1000))
    begin = whole.index(frame_to(role, TEXT, good)[-3:]) + 3 if role is Role.CLIENT else 8 + len(good)
    assert receiver.receive_octets(whole[:begin]) == []
    assert failure_of(receiver, whole[begin:-1000]) == ("rfc6455:8.1-p1-s1", 1007)


# However the octets were split


OUTCOMES = st.lists(
    st.tuples(
        st.sampled_from(["text", "binary", "plain", "ping", "fragments", "corrupt", "not utf-8", "too big"]),
        st.binary(max_size=60).map(bytes.hex) | st.sampled_from([LONG, "", "x" * 3000]),
    ),
    max_size=6,
)


def conversation(role, parts):
    peer, octets = Deflater(), b""
    for kind, text in parts:
        data = text.encode()
        if kind == "text":
            octets += frame_to(role, FIN | RSV1 | TEXT, peer.message(data))
        elif kind == "binary":
            octets += frame_to(role, FIN | RSV1 | BINARY, peer.message(data))
        elif kind == "plain":
            octets += frame_to(role, FIN | TEXT, data)
        elif kind == "ping":
            octets += frame_to(role, FIN | PING, data[:99])
        elif kind == "fragments":
            octets += frame_to(role, RSV1 | TEXT, peer.block(data)) + frame_to(role, FIN | PONG)
            octets += frame_to(role, FIN | CONTINUATION, peer.message(data))
        elif kind == "corrupt":
            octets += frame_to(role, FIN | RSV1 | TEXT, b"\x07" + data)
        elif kind == "not utf-8":
            octets += frame_to(role, FIN | RSV1 | TEXT, peer.message(data + b"\xff" + data))
        else:
            octets += frame_to(role, FIN | RSV1 | BINARY, peer.message(bytes(100_000)))
    return octets


def described(events):
    return [(e.clause, e.status) if isinstance(e, Failure) else e for e in events]


@patient
@given(parts=OUTCOMES, cuts=st.lists(st.integers(1, 700), min_size=1, max_size=8), role=st.sampled_from(ROLES))
def test_the_outcome_does_not_depend_on_how_octets_were_split(parts, cuts, role):
    octets = conversation(role, parts)
    limits = Limits(max_message_size=50_000)
    at_once = described(endpoint(role, limits=limits).receive_octets(octets))
    for sizes in (cuts, [1]):
        receiver, events, at = endpoint(role, limits=limits), [], 0
        while at < len(octets):
            size = sizes[len(events) % len(sizes)]
            events += receiver.receive_octets(octets[at : at + size])
            at += size
        assert described(events) == at_once
    faults = {"corrupt", "not utf-8", "too big"} & {kind for kind, _ in parts}
    assert any(isinstance(event, tuple) for event in at_once) == bool(faults)


@patient
@given(
    payloads=st.lists(st.binary(max_size=200), max_size=5),
    stuck=st.sampled_from([b"", deflated(LONG.encode()), EMPTY, b"\x03\x00"]),
    opcode=st.sampled_from([TEXT, BINARY]),
    takeover=st.booleans(),
    role=st.sampled_from(ROLES),
)
def test_no_octets_make_it_raise(payloads, stuck, opcode, takeover, role):
    receiver = endpoint(role, *([] if takeover else [no_context_takeover(role)]), limits=Limits(max_message_size=5000))
    for payload in payloads:
        for event in receiver.receive_octets(frame_to(role, FIN | RSV1 | opcode, stuck + payload)):
            assert isinstance(event, str | bytes) or (isinstance(event, Failure) and event.status in (1007, 1009))


@patient
@given(data=st.data(), role=st.sampled_from(ROLES))
def test_no_damage_makes_it_raise(data, role):
    payload = bytearray(deflated((LONG * 20 + data.draw(st.text(max_size=50))).encode()))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    for event in endpoint(role).receive_octets(frame_to(role, FIN | RSV1 | TEXT, bytes(payload))):
        assert isinstance(event, str | bytes) or (isinstance(event, Failure) and event.status == 1007)
