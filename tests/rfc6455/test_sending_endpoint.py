"""refws.rfc6455.sending_endpoint: what both roles say, in every state."""

import pytest
from handmade import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    PING,
    PONG,
    TEXT,
    close_exchanged,
    close_sent,
    closed,
    connecting,
    failed,
    read_frames,
    sent_by,
)

from refws.failure import UsageError
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s06_1_sending_data import prepare_message
from refws.rfc6455.state import ReadyState

SENDERS = {
    "message": lambda e: e.send_a_websocket_message("x"),
    "prepared": lambda e: e.send_a_prepared_message(prepare_message("x")),
    "fragment": lambda e: e.send_a_fragment(b"x", fin=False),
    "ping": lambda e: e.send_ping(b"x"),
    "pong": lambda e: e.send_pong(b"x"),
    "close": lambda e: e.start_the_websocket_closing_handshake(),
}


@pytest.mark.clause("rfc6455:4.1-p47-s1", "rfc6455:4.2.2-p22-s2", "rfc6455:5.1-p3-s1")
def test_an_established_endpoint_is_open(endpoint):
    assert endpoint.ready_state is ReadyState.OPEN
    assert (endpoint.pieces_to_send, endpoint.octets_to_send(), endpoint.reaction_is_due) == (0, b"", False)


@pytest.mark.clause(
    "rfc6455:5.1-p1-s2",
    "rfc6455:5.1-p1-s3",
    "rfc6455:5.1-p1-s6",
    "rfc6455:5.4-p9-s1",
    "rfc6455:5.5.1-p3-s1",
    "rfc6455:5.5.2-p4-s1",
    "rfc6455:5.5.3-p5-s1",
    "rfc6455:6.1-p1-s1",
    "rfc6455:6.1-p2-s1",
    "rfc6455:6.1-p8-s1",
)
def test_all_that_is_sent_is_masked_by_a_client_and_only_there(endpoint, role):
    endpoint.send_a_websocket_message("text")
    endpoint.send_a_websocket_message(b"")
    endpoint.send_a_fragment("frag", fin=False)
    endpoint.send_ping(b"i")
    endpoint.send_pong(b"o" * 125)
    endpoint.send_a_fragment("ment", fin=True)
    endpoint.start_the_websocket_closing_handshake(4000, "done")
    assert endpoint.pieces_to_send == 7
    frames = read_frames(endpoint.octets_to_send())
    assert {masked for _, masked, _ in frames} == {role is Role.CLIENT}
    assert [(first, payload) for first, _, payload in frames] == [
        (FIN | TEXT, b"text"),
        (FIN | BINARY, b""),
        (TEXT, b"frag"),
        (FIN | PING, b"i"),
        (FIN | PONG, b"o" * 125),
        (FIN | CONTINUATION, b"ment"),
        (FIN | CLOSE, b"\x0f\xa0done"),
    ]
    assert endpoint.octets_to_send() == b""


@pytest.mark.clause("rfc6455:5.5.2-p2-s1", "rfc6455:7.1.2-p1-s1", "rfc6455:7.4.1-p3-s1")
def test_what_is_sent_when_nothing_is_said(endpoint):
    endpoint.send_ping()
    endpoint.send_pong()
    endpoint.start_the_websocket_closing_handshake()
    assert sent_by(endpoint) == [(FIN | PING, b""), (FIN | PONG, b""), (FIN | CLOSE, b"\x03\xe8")]


@pytest.mark.clause("rfc6455:5.5-p3-s1/1")
def test_no_control_frame_of_more_than_125_octets_is_sent(endpoint):
    for send in (endpoint.send_ping, endpoint.send_pong):
        with pytest.raises(UsageError, match="not 126"):
            send(b"x" * 126)
    with pytest.raises(UsageError, match="not 126"):
        endpoint.start_the_websocket_closing_handshake(1000, "r" * 124)
    assert endpoint.ready_state is ReadyState.OPEN
    assert endpoint.octets_to_send() == b""


NOT_OPEN = {
    connecting: ReadyState.CONNECTING,
    close_sent: ReadyState.CLOSING,
    close_exchanged: ReadyState.CLOSING,
    failed: ReadyState.CLOSING,
    closed: ReadyState.CLOSED,
}


@pytest.mark.clause(
    "rfc6455:6.1-p2-s1", "rfc6455:6.1-p2-s2", "rfc6455:5.1-p3-s1", "rfc6455:5.5.1-p4-s1", "rfc6455:5.5.2-p4-s1"
)
@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize(("make", "state"), NOT_OPEN.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_nothing_is_sent_unless_open(role, make, state, send):
    endpoint = make(role)
    assert endpoint.ready_state is state
    with pytest.raises(UsageError, match=f"{state.name}, not OPEN"):
        send(endpoint)
    assert endpoint.take_outbox() == []


@pytest.mark.clause("rfc6455:6.1-p2-s2", "rfc6455:5.5.1-p4-s1")
def test_a_fragmented_message_stops_where_the_connection_closes(endpoint, role):
    endpoint.send_a_fragment("a", fin=False)
    endpoint.start_the_websocket_closing_handshake()
    with pytest.raises(UsageError, match="not OPEN"):
        endpoint.send_a_fragment("b", fin=True)
    assert [first for first, _ in sent_by(endpoint)] == [TEXT, FIN | CLOSE]


@pytest.mark.clause("rfc6455:5.1-p1-s6", "rfc6455:6.1-p2-s1")
def test_a_prepared_message_goes_out_as_it_is():
    prepared = prepare_message("x" * 5000)
    endpoint = Endpoint.established(Role.SERVER)
    endpoint.send_a_prepared_message(prepared)
    assert endpoint.octets_in_outbox == len(prepared.frame) == 5004
    [octets] = endpoint.take_outbox()
    assert octets is prepared.frame
    assert endpoint.octets_in_outbox == 0


def test_an_endpoint_knows_its_role(endpoint, role):
    assert endpoint.role is role
