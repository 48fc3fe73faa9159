"""refws.rfc6455.s07_1_definitions: closing and failing in every order, and what is known of it afterwards."""

import pytest

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.rfc6455.s05_5_control_frames import Close
from refws.rfc6455.s07_1_definitions import Closing
from refws.rfc6455.state import Occurrence, ReadyState, State

FAILURE = Failure("rfc6455:5.2-p8-s2", 1002, "unknown opcode 3")
BODY = b"\x03\xea" + b"unknown opcode 3"
LATER = Failure("rfc6455:8.1-p1-s1", 1007, "not UTF-8")


class Recorded(Closing):
    """A `Closing` that is open, and the Close bodies it has sent."""

    def __init__(self, *, client, state=State.OPEN):
        self.bodies = []
        super().__init__(self.record, client=client)
        self.state = state

    def record(self, opcode, body):
        assert opcode == 8
        self.bodies.append(body)


@pytest.fixture(params=[False, True], ids=["server", "client"])
def closing(request):
    return Recorded(client=request.param)


def told(closing):
    return closing.code, closing.reason, closing.sent, closing.received, closing.failure, closing.cleanly


@pytest.mark.clause(
    "rfc6455:7.1.2-p1-s1",
    "rfc6455:7.1.3-p1-s1",
    "rfc6455:7.1.4-p1-s2",
    "rfc6455:7.1.5-p1-s2",
    "rfc6455:7.1.5-p1-s3",
    "rfc6455:7.1.6-p1-s2",
    "rfc6455:7.1.6-p1-s3",
    "rfc6455:5.5.1-p6-s1",
    "rfc6455:5.5.1-p6-s2/1",
    "rfc6455:5.5.1-p6-s2/2",
    "rfc6455:7.1.1-p2-s1",
)
@pytest.mark.parametrize("crossing", [False, True], ids=["answered", "crossing"])
def test_we_close_first(closing, crossing):
    closing.start_the_websocket_closing_handshake(1001, "off")
    assert (closing.state, closing.ready_state) == (State.CLOSE_SENT, ReadyState.CLOSING)
    assert not closing.tcp_close_is_due
    assert not closing.cleanly
    theirs = Close(3000, "me too") if crossing else Close(1001)
    closing.a_close_frame_has_been_received(theirs)
    assert closing.state is State.CLOSE_EXCHANGED
    assert closing.bodies == [b"\x03\xe9off"], "and no second one"
    # A server closes TCP at once, a client waits for it.
    assert closing.tcp_close_is_due is (not closing._client)
    closing.the_tcp_connection_is_closed()
    assert closing.ready_state is ReadyState.CLOSED
    assert not closing.tcp_close_is_due
    assert told(closing) == (theirs.code, theirs.reason, Close(1001, "off"), theirs, None, True)


# What the peer's Close says, and what a server and a client answer.
ANSWERS = {
    "1000": (Close(1000, "bye"), b"\x03\xe8", b"\x03\xe8"),
    "4999": (Close(4999), b"\x13\x87", b"\x13\x87"),
    "1014": (Close(1014), b"\x03\xf6", b"\x03\xf6"),
    "1010": (Close(1010, "x-needed"), b"\x03\xe8", b"\x03\xf2"),
    "none": (Close(), b"", b""),
}


@pytest.mark.clause(
    "rfc6455:5.5.1-p5-s1",
    "rfc6455:5.5.1-p5-s2",
    "rfc6455:5.5.1-p6-s2/1",
    "rfc6455:7.1.3-p1-s1",
    "rfc6455:7.1.5-p1-s4",
    "rfc6455:7.1.6-p1-s4",
    "rfc6455:7.4.1-p13-s1",
    "rfc6455:7.4.1-p13-s2",
    "rfc6455:7.4.1-p23-s3",
)
@pytest.mark.parametrize(("theirs", "by_server", "by_client"), ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("client", [False, True], ids=["server", "client"])
def test_the_peer_closes_first(client, theirs, by_server, by_client):
    closing = Recorded(client=client)
    closing.a_close_frame_has_been_received(theirs)
    body = by_client if client else by_server
    assert closing.bodies == [body]
    assert closing.state is State.CLOSE_EXCHANGED
    assert closing.tcp_close_is_due is not client
    closing.the_tcp_connection_is_closed()
    ours = Close(int.from_bytes(body, "big")) if body else Close(1005)
    assert told(closing) == (theirs.code, theirs.reason, ours, theirs, None, True)


@pytest.mark.clause("rfc6455:5.5.1-p7-s1", "rfc6455:5.5.1-p4-s1", "rfc6455:7.1.5-p1-s3")
def test_there_is_no_second_close_frame(closing):
    closing.start_the_websocket_closing_handshake(1000)
    with pytest.raises(UsageError):
        closing.start_the_websocket_closing_handshake(1001)
    closing.a_close_frame_has_been_received(Close(1000))
    for again in (
        closing.start_the_websocket_closing_handshake,
        lambda: closing.a_close_frame_has_been_received(Close(4000)),
    ):
        with pytest.raises(UsageError):
            again()
    assert (closing.sent, closing.received) == (Close(1000), Close(1000))
    assert closing.bodies == [b"\x03\xe8"]


@pytest.mark.clause("rfc6455:7.1.2-p1-s1", "rfc6455:7.1.5-p1-s1", "rfc6455:7.1.6-p1-s1", "rfc6455:7.4-p1-s4")
@pytest.mark.parametrize(
    ("code", "reason", "body"),
    [
        (None, "", b""),
        (1000, "", b"\x03\xe8"),
        (4000, "\u20ac", b"\x0f\xa0\xe2\x82\xac"),
        (1000, "r" * 123, b"\x03\xe8" + b"r" * 123),
    ],
    ids=["none", "code", "reason", "long reason"],
)
def test_what_a_close_frame_can_say(closing, code, reason, body):
    closing.start_the_websocket_closing_handshake(code, reason)
    assert closing.bodies == [body]
    assert closing.sent == Close(1005 if code is None else code, reason)


@pytest.mark.clause("rfc6455:7.4.1-p13-s1", "rfc6455:7.4.1-p15-s1", "rfc6455:7.4.1-p27-s1", "rfc6455:7.4.1-p11-s1")
@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535, 65536, -1])
def test_codes_that_are_never_sent(closing, code):
    with pytest.raises(UsageError):
        closing.start_the_websocket_closing_handshake(code)
    assert (closing.state, closing.sent, closing.bodies) == (State.OPEN, None, [])


@pytest.mark.clause("rfc6455:7.4.1-p23-s3")
def test_only_a_client_sends_1010():
    with pytest.raises(UsageError, match="1010"):
        Recorded(client=False).start_the_websocket_closing_handshake(1010, "x-needed")
    client = Recorded(client=True)
    client.start_the_websocket_closing_handshake(1010, "x-needed")
    assert client.bodies == [b"\x03\xf2x-needed"]


@pytest.mark.clause("rfc6455:7.1.7-p1-s3/1", "rfc6455:7.1.7-p2-s1", "rfc6455:7.1.5-p1-s5", "rfc6455:7.4-p1-s1")
@pytest.mark.clause("rfc6455:7.1.1-p2-s3/1", "rfc6455:7.1.1-p2-s3/2")
def test_a_failure_of_an_open_connection(closing):
    assert not closing.tcp_close_is_due
    closing.fail_the_websocket_connection(FAILURE)
    assert (closing.state, closing.ready_state) == (State.FAILED, ReadyState.CLOSING)
    assert closing.bodies == [BODY]
    # The Close frame makes the server close TCP; the client waits for it.
    assert closing.tcp_close_is_due is (not closing._client)
    closing.fail_the_websocket_connection(LATER)
    closing.the_tcp_connection_is_closed()
    closing.fail_the_websocket_connection(LATER)
    closing.the_tcp_connection_is_closed()
    assert closing.bodies == [BODY]
    assert told(closing) == (1006, "", Close(1002, FAILURE.why), None, FAILURE, False)


@pytest.mark.clause("rfc6455:7.1.7-p2-s1", "rfc6455:7.1.5-p1-s5")
def test_a_failure_after_our_close(closing):
    closing.start_the_websocket_closing_handshake(1000)
    closing.fail_the_websocket_connection(FAILURE)
    assert closing.tcp_close_is_due is (not closing._client)
    assert closing.bodies == [b"\x03\xe8"]
    assert told(closing) == (1006, "", Close(1000), None, FAILURE, False)


@pytest.mark.clause("rfc6455:7.1.7-p2-s1", "rfc6455:7.1.5-p1-s3", "rfc6455:7.1.4-p1-s2")
def test_a_failure_after_both_closes(closing):
    closing.a_close_frame_has_been_received(Close(4000, "theirs"))
    closing.fail_the_websocket_connection(FAILURE)
    assert closing.tcp_close_is_due is (not closing._client)
    assert len(closing.bodies) == 1
    assert told(closing) == (4000, "theirs", Close(4000), Close(4000, "theirs"), FAILURE, False)


@pytest.mark.clause("rfc6455:7.1.7-p2-s2", "rfc6455:7.4.1-p15-s1", "rfc6455:7.4.1-p27-s1")
@pytest.mark.parametrize("status", [0, 403, 1004, 1005, 1006, 1015, 2999, 5000])
def test_a_failure_whose_status_is_none_for_a_close_frame_sends_none(closing, status):
    failure = Failure("rfc6455:7.2.1-p2-s1", status, "gone")
    closing.fail_the_websocket_connection(failure)
    assert closing.bodies == []
    # Nothing tells a server to close TCP, and so a client does not wait for that.
    assert closing.tcp_close_is_due
    assert told(closing) == (1006, "", None, None, failure, False)


@pytest.mark.clause("rfc6455:7.4.1-p23-s3", "rfc6455:7.1.7-p2-s2")
@pytest.mark.parametrize(("client", "bodies"), [(False, []), (True, [b"\x03\xf2x"])], ids=["server", "client"])
def test_a_failure_with_1010(client, bodies):
    closing = Recorded(client=client)
    closing.fail_the_websocket_connection(Failure("rfc6455:9.1-p1-s3", 1010, "x"))
    assert (closing.state, closing.bodies) == (State.FAILED, bodies)


@pytest.mark.clause("rfc6455:7.1.7-p2-s1", "rfc6455:7.1.4-p2-s1")
@pytest.mark.parametrize(
    "failure", [FAILURE, HandshakeFailure("rfc6455:4.1-p39-s1", 404, "not found")], ids=["1002", "404"]
)
@pytest.mark.parametrize("client", [False, True], ids=["server", "client"])
def test_a_failure_before_the_connection_is_established(client, failure):
    closing = Recorded(client=client, state=State.CONNECTING)
    closing.fail_the_websocket_connection(failure)
    assert closing.state is State.FAILED
    assert closing.tcp_close_is_due
    closing.the_tcp_connection_is_closed()
    assert closing.bodies == []
    assert told(closing) == (1006, "", None, None, failure, False)


@pytest.mark.clause("rfc6455:5.5.1-p2-s3", "rfc6455:5.5-p3-s1/1")
@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("w" * 123, "w" * 123),
        ("w" * 124, "w" * 123),
        ("w" * 122 + "\u00e4" * 9, "w" * 122),
        ("w" * 121 + "\u00e4" * 9, "w" * 121 + "\u00e4"),
        ("\U0001f600" * 50, "\U0001f600" * 30),
        ("a\ud800b", "a?b"),
    ],
    ids=["123", "124", "within a character", "at a character", "long characters", "surrogate"],
)
def test_a_long_reason_is_cut_at_a_character(closing, why, reason):
    closing.fail_the_websocket_connection(Failure("rfc6455:5.2-p8-s2", 1002, why))
    assert closing.bodies == [b"\x03\xea" + reason.encode()]
    assert closing.sent == Close(1002, reason)


@pytest.mark.clause("rfc6455:7.1.4-p1-s1", "rfc6455:7.1.5-p1-s5", "rfc6455:7.1.6-p1-s4", "rfc6455:7.4.1-p15-s2")
@pytest.mark.parametrize("state", [State.CONNECTING, State.OPEN, State.CLOSE_SENT])
def test_tcp_is_lost(closing, state):
    if state is State.CLOSE_SENT:
        closing.start_the_websocket_closing_handshake(1000)
    closing.state = state
    closing.the_tcp_connection_is_closed()
    closing.the_tcp_connection_is_closed()
    assert closing.ready_state is ReadyState.CLOSED
    assert (closing.code, closing.reason, closing.received, closing.cleanly) == (1006, "", None, False)


def test_nothing_happens_twice(closing):
    with pytest.raises(UsageError):
        closing.has_occurred(Occurrence.ESTABLISHED)
    assert closing.state is State.OPEN
