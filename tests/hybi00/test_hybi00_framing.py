"""refws.hybi00, sections 4.2, 4.3, 5.3, 5.4 and 6: frames, and the end of them, in both roles."""

import pytest
from handmade_hixie import request

import refws
from refws.failure import Failure, UsageError
from refws.hybi00 import Endpoint
from refws.hybi00.s04_2_data_framing import FrameReceiver
from refws.rfc6455.s06_1_sending_data import prepare_message
from refws.rfc6455.state import State

CLIENT, SERVER = refws.Role.CLIENT, refws.Role.SERVER
CLOSING = b"\xff\x00"


@pytest.fixture(params=[CLIENT, SERVER])
def end(request):
    return Endpoint.established(request.param)


def limited(**limits):
    return Endpoint.established(SERVER, limits=refws.Limits(**limits))


# Sending


@pytest.mark.parametrize("text", ["", "a", "\x00", "\u00ff", "\U0010ffff", "a" * 70000])
def test_a_message_is_one_frame(end, text):
    end.send_a_websocket_message(text)
    assert end.pieces_to_send == 1
    octets = end.octets_to_send()
    assert octets == b"\x00" + text.encode() + b"\xff"
    assert Endpoint.established(SERVER).receive_octets(octets) == [text]


@pytest.mark.parametrize("data", [b"", b"a", bytearray(b"a"), memoryview(b"a"), 1, None])
def test_there_are_only_texts(end, data):
    for send in (end.send_a_websocket_message, lambda d: end.send_a_fragment(d, fin=True)):
        with pytest.raises(UsageError, match="text messages only"):
            send(data)
    assert end.octets_to_send() == b""


def test_a_text_that_cannot_be_utf_8(end):
    with pytest.raises(UsageError, match="surrogate"):
        end.send_a_websocket_message("\ud800")
    with pytest.raises(UsageError, match="surrogate"):
        end.send_a_fragment("\ud800", fin=True)
    end.send_a_websocket_message("a")
    assert end.octets_to_send() == b"\x00a\xff"


def test_fragments_go_out_as_one_frame_at_the_end(end):
    end.send_a_fragment("a", fin=False)
    end.send_a_fragment("", fin=False)
    assert end.octets_to_send() == b""
    with pytest.raises(UsageError, match="finish it first"):
        end.send_a_websocket_message("c")
    end.send_a_fragment("b", fin=True)
    assert end.octets_to_send() == b"\x00ab\xff"
    end.send_a_websocket_message("c")
    end.send_a_fragment("", fin=True)
    assert end.octets_to_send() == b"\x00c\xff\x00\xff"


def test_an_unfinished_message_is_not_sent_with_the_end(end):
    end.send_a_fragment("a", fin=False)
    end.start_the_websocket_closing_handshake()
    assert end.octets_to_send() == CLOSING


def test_a_prepared_message_is_framed_anew(end):
    end.send_a_prepared_message(prepare_message("a"))
    assert end.octets_to_send() == b"\x00a\xff"
    with pytest.raises(UsageError, match="text messages only"):
        end.send_a_prepared_message(prepare_message(b"a"))


def test_there_are_no_pings(end):
    assert not end.has_pings
    for send in (end.send_ping, end.send_pong):
        with pytest.raises(UsageError, match="draft-ietf-hybi-thewebsocketprotocol-00"):
            send()
    assert end.octets_to_send() == b""


def test_nothing_is_sent_before_the_handshake_or_behind_the_closing_frame(end):
    end.start_the_websocket_closing_handshake()
    for endpoint in (Endpoint(CLIENT), Endpoint(SERVER), end):
        endpoint.octets_to_send()
        for misuse in (
            lambda e=endpoint: e.send_a_websocket_message("a"),
            lambda e=endpoint: e.send_a_fragment("a", fin=True),
            lambda e=endpoint: e.send_a_prepared_message(prepare_message("a")),
            endpoint.start_the_websocket_closing_handshake,
        ):
            with pytest.raises(UsageError, match="not OPEN"):
                misuse()
        assert endpoint.octets_to_send() == b""


# Receiving


def test_messages(end):
    assert end.receive_octets(b"\x00\xff\x00a\xff\x00\xe2\x82\xac\xff") == ["", "a", "\u20ac"]
    assert end.receive_octets(b"\x00a") == []
    assert end.receive_octets(b"") == []
    assert end.receive_octets(b"b\xff\x00") == ["ab"]
    assert end.receive_octets(b"\xff") == [""]
    assert end.errors == 0


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x80", "\ufffd"),
        (b"a\xc3", "a\ufffd"),
        (b"\xc3(", "\ufffd("),
        (b"\xed\xa0\x80", "\ufffd" * 3),
        (b"\xf4\x90\x80\x80", "\ufffd" * 4),
        (b"\xe2\x82z\xfez", "\ufffdz\ufffdz"),
        (b"\xef\xbf\xbd", "\ufffd"),
        (b"\xef\xbb\xbfa", "\ufeffa"),
    ],
)
def test_what_is_no_utf_8_becomes_replacement_characters(end, octets, text):
    assert end.receive_octets(b"\x00" + octets + b"\xff\x00b\xff") == [text, "b"]


@pytest.mark.parametrize("first", [1, 0x7E, 0x7F])
def test_a_text_frame_of_a_reserved_type_is_thrown_away(end, first):
    assert end.receive_octets(bytes([first]) + b"a\x00b\xff\x00c\xff") == ["c"]
    assert end.errors == 1


@pytest.mark.parametrize("first", [0x80, 0x81, 0xFE])
@pytest.mark.parametrize("length", [b"\x00", b"\x80\x00", b"\x01", b"\x7f", b"\x81\x00", b"\x83\x7f", b"\x80\x80\x05"])
def test_a_frame_with_a_length_is_thrown_away(end, first, length):
    size = 0
    for octet in length:
        size = size * 128 + (octet & 127)
    assert end.receive_octets(bytes([first]) + length + b"\xff" * size + b"\x00c\xff") == ["c"]
    assert end.errors == 1


@pytest.mark.parametrize("length", [b"\x01", b"\x81\x00", b"\x80\x01"])
def test_type_ff_with_a_length_is_no_closing_frame(end, length):
    size = 128 if length == b"\x81\x00" else 1
    assert end.receive_octets(b"\xff" + length + b"\x00" * size + b"\x00c\xff") == ["c"]
    assert end.errors == 1
    assert end.closing.state is State.OPEN


@pytest.mark.parametrize("octets", [b"\xff\x00", b"\xff\x80\x00", b"\xff" + b"\x80" * 100 + b"\x00"])
def test_a_closing_frame_is_answered_once_and_ends_everything(end, octets):
    events = end.receive_octets(b"\x00a\xff" + octets + b"\x00b\xff" + CLOSING)
    assert events == ["a", refws.Close(1005, "")]
    assert end.reaction_is_due
    assert end.receive_octets(b"\x00c\xff") == []
    end.send_a_websocket_message("an answer to a")
    assert end.octets_to_send() == b"\x00an answer to a\xff" + CLOSING
    assert end.receive_octets(CLOSING) == []
    assert end.octets_to_send() == b""
    assert end.closing.tcp_close_is_due
    assert end.receive_end_of_octets() == []
    end.the_tcp_connection_is_closed()
    assert (end.closing.code, end.closing.reason, end.closing.cleanly) == (1005, "", True)
    assert end.ready_state is refws.ReadyState.CLOSED


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (None, ""), (1001, "the server stops"), (4999, "x")])
def test_the_closing_handshake_from_this_side(end, code, reason):
    end.start_the_websocket_closing_handshake(code, reason)
    assert end.octets_to_send() == CLOSING
    assert end.closing.sent == refws.Close(1005, ""), "what was given stays here"
    assert not end.closing.tcp_close_is_due
    assert end.receive_octets(b"\x00late\xff" + CLOSING) == ["late", refws.Close()]
    assert end.octets_to_send() == b""
    assert end.closing.tcp_close_is_due
    assert end.closing.cleanly


@pytest.mark.parametrize(("code", "reason"), [(999, ""), (1005, ""), (1006, ""), (5000, ""), (None, "x")])
def test_a_code_that_nobody_may_send_is_a_mistake_here_too(end, code, reason):
    with pytest.raises(UsageError):
        end.start_the_websocket_closing_handshake(code, reason)
    assert end.closing.state is State.OPEN


def test_closing_frames_may_cross():
    ends = [Endpoint.established(CLIENT), Endpoint.established(SERVER)]
    sent = []
    for end in ends:
        end.start_the_websocket_closing_handshake()
        sent.append(end.octets_to_send())
    for end, octets in zip(ends, reversed(sent), strict=True):
        assert end.receive_octets(octets) == [refws.Close()]
        assert end.octets_to_send() == b""
        assert end.closing.cleanly


@pytest.mark.parametrize("close", [False, True])
def test_an_end_without_the_closing_handshake_is_not_clean(end, close):
    if close:
        end.start_the_websocket_closing_handshake()
    (failure,) = end.receive_end_of_octets()
    assert (failure.clause, failure.status) == ("hybi00:6.3", 1006)
    assert end.receive_end_of_octets() == []
    assert end.octets_to_send() == (CLOSING if close else b"")
    end.the_tcp_connection_is_closed()
    assert (end.closing.code, end.closing.cleanly, end.closing.failure) == (1006, False, failure)


def test_a_failure_closes_without_a_closing_frame_and_the_first_counts(end):
    first, second = Failure("a", 1008, "one"), Failure("b", 1011, "two")
    end.fail_the_websocket_connection(first)
    end.fail_the_websocket_connection(second)
    assert end.octets_to_send() == b""
    assert end.closing.failure is first
    assert end.closing.tcp_close_is_due
    assert end.receive_octets(b"\x00a\xff") == []
    end.the_tcp_connection_is_closed()
    end.fail_the_websocket_connection(second)
    assert (end.closing.code, end.closing.failure) == (1006, first)


# Limits


@pytest.mark.parametrize("limit", ["max_message_size", "max_frame_size"])
@pytest.mark.parametrize("frame", [b"\x00aaaa\xff", b"\x01aaaa\xff", b"\x90\x04aaaa"])
def test_frames_are_bounded(limit, frame):
    other = {"max_frame_size": None, "max_message_size": None}
    assert limited(**(other | {limit: 4})).receive_octets(frame + b"\x00b\xff") in (["aaaa", "b"], ["b"])
    for pieces in ([frame], [bytes([octet]) for octet in frame]):
        end = limited(**(other | {limit: 3}))
        events = [event for piece in pieces for event in end.receive_octets(piece)]
        assert [(e.clause, e.status) for e in events] == [("hybi00:4.2-step5", 1009)]
        end.react()
        assert end.closing.tcp_close_is_due
        assert end.octets_to_send() == b""


def test_a_message_fails_before_its_end_has_come():
    end = limited(max_message_size=3)
    assert end.receive_octets(b"\x00aaa") == []
    (failure,) = end.receive_octets(b"a")
    assert failure.status == 1009


def test_a_length_is_bounded_even_without_limits():
    end = limited(max_message_size=None, max_frame_size=None)
    longest = b"\x80" + b"\xff" * 8 + b"\x7f"
    assert end.receive_octets(longest + b"a") == []
    end = limited(max_message_size=None, max_frame_size=None)
    (failure,) = end.receive_octets(b"\x80\x81" + b"\x80" * 8 + b"\x00")
    assert failure.status == 1009


def test_limits_can_be_those_of_one_connection():
    end = Endpoint(SERVER)
    end.receive_octets(request())
    end.accept(limits=refws.Limits(max_message_size=1))
    (failure,) = end.receive_octets(b"\x00ab\xff")
    assert failure.status == 1009


def test_an_application_can_refuse_a_message():
    asked = []

    def check(opcode, fragment_length, total_length):
        asked.append((opcode, fragment_length, total_length))
        if total_length > 2:
            raise Failure("mine", 1008, "more than 2")

    end = Endpoint(SERVER)
    end.receive_octets(request())
    end.accept(check_message=check)
    assert end.receive_octets(b"\x00ab\xff\x05abcdef\xff") == ["ab"]
    (failure,) = end.receive_octets(b"\x00\xc3\xa9c\xff")
    assert (failure.clause, failure.status) == ("mine", 1008)
    assert asked == [(1, 2, 2), (1, 3, 3)]
    established = Endpoint.established(CLIENT, check_message=check)
    assert established.receive_octets(b"\x00abc\xff")[0].clause == "mine"


# Taking out what has come


def test_parts_of_a_message(end):
    assert end.take_part() is None
    end.receive_octets(b"\x00")
    assert end.take_part() == ""
    end.receive_octets(b"a\xe2\x82")
    assert end.take_part() == "a"
    assert end.receive_octets(b"\xacb") == []
    assert end.take_part() == "\u20acb"
    assert end.receive_octets(b"c\xe2\xff\x00d\xff") == ["c\ufffd", "d"]
    assert end.take_part() is None
    end.receive_octets(b"\x01a")
    assert end.take_part() is None, "it will be thrown away"


def test_parts_count_for_the_limits():
    end = limited(max_message_size=3)
    end.receive_octets(b"\x00aaa")
    assert end.take_part() == "aaa"
    (failure,) = end.receive_octets(b"a")
    assert failure.status == 1009
    assert end.take_part() is None


def test_there_are_no_parts_without_a_connection(end):
    assert Endpoint(SERVER).take_part() is None
    end.receive_octets(b"\x00a")
    end.receive_end_of_octets()
    assert end.take_part() is None


def test_errors_are_counted_from_the_first_frame():
    assert Endpoint(SERVER).errors == 0


def test_pieces_that_are_kept_go_first():
    receiver, events = FrameReceiver(), []
    receiver.keep(b"\x00a")
    receiver.receive(b"b\xff", events.append)
    receiver.receive(b"", events.append)
    assert events == ["ab"]


def test_the_role_is_told():
    assert Endpoint(CLIENT).role is CLIENT
    assert Endpoint(SERVER).role is SERVER


# Counting and listening


def test_frames_are_counted_one_for_each_piece(end):
    for message in ("", "a" * 70000, "\x7f\x7f\x10\x00" + "b" * 5000):
        end.send_a_websocket_message(message)
    end.start_the_websocket_closing_handshake()
    assert end.frames_to_send == 4
    end.receive_octets(b"\x00a\xff\x05b\xff\x80\x01c")
    assert end.fragments_received == 2


class Listener:
    def __init__(self):
        self.heard = []

    def received(self, octets):
        self.heard.append(("<", octets))

    def sent(self, pieces):
        self.heard.append((">", b"".join(pieces)))


def test_those_who_listen_hear_frames_of_rfc_6455(end):
    end.tap = listener = Listener()
    end.send_a_websocket_message("\u00e9")
    end.send_a_fragment("a", fin=False)
    end.send_a_fragment("b", fin=True)
    end.receive_octets(b"\x00hi\xff\x05\xff\x00\xff\xff\x00")
    end.octets_to_send()
    assert listener.heard == [
        (">", b"\x81\x02\xc3\xa9"),
        (">", b"\x81\x02ab"),
        ("<", b"\x81\x02hi"),
        ("<", b"\x81\x00"),
        ("<", b"\x88\x00"),
        (">", b"\x88\x00"),
    ]
