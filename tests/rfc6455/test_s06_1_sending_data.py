"""refws.rfc6455.s06_1_sending_data: messages and fragments in, frames out."""

import pytest
from handmade import BINARY, CLOSE, CONTINUATION, FIN, PING, RSV1, TEXT, length_field, read_frames

from refws.failure import UsageError
from refws.rfc6455.s06_1_sending_data import MessageSender, prepare_message

LENGTHS = [0, 1, 125, 126, 127, 4095, 4096, 65535, 65536]


class Shout:
    """An extension that sets RSV1 in a message's first frame and marks every payload."""

    only_marked = False

    def rsv_claimed(self, opcode):
        return RSV1

    def encode(self, first_octet, payload, wanted):
        return first_octet | (RSV1 if first_octet & 15 else 0), payload + b"!"


@pytest.fixture(params=[False, True], ids=["server", "client"])
def masked(request):
    return request.param


def frames(pieces, masked):
    """What was sent, as (first octet, payload)."""
    read = read_frames(b"".join(pieces))
    assert all(frame[1] is masked for frame in read)
    return [(first, payload) for first, _, payload in read]


@pytest.mark.clause(
    "rfc6455:6.1-p1-s1",
    "rfc6455:6.1-p3-s1",
    "rfc6455:6.1-p4-s1",
    "rfc6455:6.1-p5-s1",
    "rfc6455:6.1-p6-s1",
    "rfc6455:5.1-p1-s2",
    "rfc6455:5.1-p1-s6",
    "rfc6455:5.2-p6-s1",
    "rfc6455:5.6-p4-s1",
)
@pytest.mark.parametrize("length", LENGTHS)
def test_a_message_is_one_frame(length, masked):
    sender = MessageSender(masked=masked)
    octets = bytes(i % 128 for i in range(length))
    for data, first in [(octets.decode(), FIN | TEXT), (octets, FIN | BINARY)]:
        pieces = sender.message(data)
        assert frames(pieces, masked) == [(first, octets)]
        header = bytes([first]) + length_field(length, 0x80 if masked else 0)
        assert b"".join(pieces).startswith(header)


def test_every_frame_of_a_client_has_a_key_of_its_own():
    sender = MessageSender(masked=True)
    keys = {b"".join(sender.message(b"\0" * 8))[2:6] for _ in range(300)}
    assert len(keys) > 297


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(data)[::1].cast("H")])
@pytest.mark.parametrize("length", [0, 6, 126, 8192])
def test_octets_of_every_kind_are_taken_as_they_are_now(kind, length, masked):
    data = kind(b"\x01\x02" * (length // 2))
    sender = MessageSender(masked=masked)
    sent = sender.message(data) + sender.fragment(data, fin=False)
    if isinstance(data, bytearray):
        data[:] = b"\xff" * len(data)
    octets = b"\x01\x02" * (length // 2)
    assert frames(sent, masked) == [(FIN | BINARY, octets), (BINARY, octets)]


@pytest.mark.parametrize("data", [5, None, [1, 2], 1.5, True], ids=repr)
def test_anything_else_is_no_message(data, masked):
    sender = MessageSender(masked=masked)
    for send in (sender.message, lambda data: sender.fragment(data, fin=True)):
        with pytest.raises(UsageError, match=f"a str or octets, not {type(data).__name__}"):
            send(data)


@pytest.mark.clause("rfc6455:5.6-p4-s1")
@pytest.mark.parametrize(
    ("text", "at"), [("\ud800", 0), ("ab\udfff", 2), ("\ud83d\ude00", 0)], ids=["high", "low", "pair"]
)
def test_a_text_that_has_no_utf_8_is_not_sent(text, at, masked):
    sender = MessageSender(masked=masked)
    sender.fragment("begun", fin=False)
    with pytest.raises(UsageError, match=f"lone surrogate at index {at} "):
        sender.fragment(text, fin=True)
    assert frames(sender.fragment("", fin=True), masked) == [(FIN, b"")], "nothing had changed"
    with pytest.raises(UsageError, match="lone surrogate"):
        sender.message(text)


@pytest.mark.clause(
    "rfc6455:6.1-p3-s2",
    "rfc6455:6.1-p4-s1",
    "rfc6455:6.1-p5-s1",
    "rfc6455:6.1-p6-s1",
    "rfc6455:5.4-p5-s1",
    "rfc6455:5.4-p6-s1",
    "rfc6455:5.4-p12-s1",
    "rfc6455:5.4-p17-s1",
)
@pytest.mark.parametrize(("kind", "opcode"), [(str, TEXT), (bytes, BINARY)], ids=["text", "binary"])
@pytest.mark.parametrize("sizes", [[0], [5], [0, 0], [0, 125, 126, 0], [65535, 65536], [1] * 20], ids=str)
def test_fragments(sizes, kind, opcode, masked):
    sender = MessageSender(masked=masked)
    pieces = []
    for i, size in enumerate(sizes):
        data = "x" * size if kind is str else b"x" * size
        pieces += sender.fragment(data, fin=i == len(sizes) - 1)
    firsts = [opcode] + [CONTINUATION] * (len(sizes) - 1)
    firsts[-1] |= FIN
    assert frames(pieces, masked) == [(first, b"x" * size) for first, size in zip(firsts, sizes, strict=True)]
    assert frames(sender.message("next"), masked) == [(FIN | TEXT, b"next")]


@pytest.mark.clause("rfc6455:5.4-p10-s1", "rfc6455:5.4-p17-s1")
@pytest.mark.parametrize("extensions", [(), (Shout(),)], ids=["plain", "extension"])
def test_no_other_message_goes_out_within_a_fragmented_one(extensions, masked):
    sender = MessageSender(masked=masked, extensions=extensions)
    sender.fragment("a", fin=False)
    for data in ("text", b"binary"):
        with pytest.raises(UsageError, match="finish it first"):
            sender.message(data)
    for fin in (False, True):
        with pytest.raises(UsageError, match="of the other type"):
            sender.fragment(b"binary", fin=fin)
    sender.fragment("b", fin=True)
    sender.message(b"binary")


class Compressing(Shout):
    """One that leaves messages alone where it is told to."""

    only_marked = True

    def encode(self, first_octet, payload, wanted):
        return super().encode(first_octet, payload, wanted) if wanted else (first_octet, payload)


@pytest.mark.clause("rfc6455:5.1-p1-s6", "rfc6455:6.1-p3-s1")
@pytest.mark.parametrize("length", LENGTHS)
def test_a_prepared_message_is_the_frame_that_a_server_would_send(length):
    sender = MessageSender(masked=False)
    for data in ("x" * length, b"x" * length, bytearray(b"x" * length), memoryview(b"x" * length)):
        prepared = prepare_message(data)
        [frame] = sender.prepared(prepared)
        assert frame is prepared.frame == b"".join(sender.message(data))
        assert prepared.data == data
        assert type(prepared.data) is (str if isinstance(data, str) else bytes)


def test_what_is_no_message_is_not_prepared():
    with pytest.raises(UsageError, match="a str or octets, not int"):
        prepare_message(5)
    with pytest.raises(UsageError, match="lone surrogate"):
        prepare_message("\ud800")


@pytest.mark.clause("rfc6455:5.3-p3-s2")
def test_a_client_sends_no_prepared_message():
    with pytest.raises(UsageError, match="masks every message anew"):
        MessageSender(masked=True).prepared(prepare_message("a"))


def test_an_extension_has_to_leave_a_prepared_message_alone_if_it_can():
    prepared = prepare_message("ab")
    assert MessageSender(masked=False, extensions=[Compressing()]).prepared(prepared) == [prepared.frame]
    for extensions in ([Shout()], [Compressing(), Shout()]):
        sent = MessageSender(masked=False, extensions=extensions).prepared(prepared)
        assert frames(sent, False) == [(FIN | RSV1 | TEXT, b"ab!")]


@pytest.mark.clause("rfc6455:5.4-p10-s1")
@pytest.mark.parametrize("extensions", [(), (Shout(),), (Compressing(),)], ids=["plain", "shout", "compressing"])
def test_no_prepared_message_goes_out_within_a_fragmented_one(extensions):
    sender = MessageSender(masked=False, extensions=extensions)
    sender.fragment("a", fin=False)
    with pytest.raises(UsageError, match="finish it first"):
        sender.prepared(prepare_message("b"))
    sender.fragment("c", fin=True)
    sender.prepared(prepare_message("b"))


@pytest.mark.clause("rfc6455:6.1-p7-s1", "rfc6455:5.2-p6-s1")
def test_extensions_change_frames_before_they_are_masked(masked):
    sender = MessageSender(masked=masked, extensions=[Shout()])
    assert frames(sender.message("ab"), masked) == [(FIN | RSV1 | TEXT, b"ab!")]
    assert frames(sender.fragment(b"a", fin=False), masked) == [(RSV1 | BINARY, b"a!")]
    assert frames(sender.fragment(b"", fin=True), masked) == [(FIN, b"!")]


@pytest.mark.clause("rfc6455:5.5-p3-s1/2", "rfc6455:5.5.1-p3-s1", "rfc6455:5.4-p8-s1")
def test_control_frames_are_whole_and_touched_by_no_extension(masked):
    sender = MessageSender(masked=masked, extensions=[Shout()])
    sender.fragment("a", fin=False)
    for opcode, payload in [(PING, b""), (CLOSE, b"x" * 125)]:
        assert frames(sender.control(opcode, payload), masked) == [(FIN | opcode, payload)]
    assert frames(sender.fragment("b", fin=True), masked) == [(FIN, b"b!")]
