"""refws.rfc6455.endpoint: the wiring, in every state, for both roles."""

import pytest
from fake_extension import Other
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
    described,
    failed,
    frame_to,
    sent_by,
)

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.rfc6455.endpoint import Endpoint, Opened, Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_2_server_side_requirements import accept_value
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s07_1_definitions import Closing
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc6455.state import ReadyState, State

BAD = FIN | 3  # a first octet that no connection takes
BAD_CLOSE = b"\x03\xeaunknown opcode 3"
FAILURE = Failure("rfc6455:7.2.1-p2-s1", 1001, "a time limit")


# Octets in, in every state


@pytest.mark.clause("rfc6455:7.1.7-p2-s3", "rfc6455:7.1.1-p1-s2")
@pytest.mark.parametrize("make", [connecting, close_exchanged, failed, closed], ids=lambda f: f.__name__)
@pytest.mark.parametrize("first", [FIN | TEXT, FIN | PING, FIN | CLOSE, BAD], ids=hex)
def test_nothing_is_read_any_more_or_yet(role, make, first):
    endpoint = make(role)
    state = endpoint.closing.state
    assert endpoint.receive_octets(frame_to(role, first, b"\x03\xe8")) == []
    assert endpoint.octets_to_send() == b""
    assert endpoint.closing.state is state


@pytest.mark.clause(
    "rfc6455:5.5.2-p3-s1",
    "rfc6455:5.5.1-p4-s1",
    "rfc6455:5.5.1-p5-s1",
    "rfc6455:5.5.1-p5-s5",
    "rfc6455:6.2-p1-s1",
)
def test_after_our_close_we_read_on_and_send_pongs_only(role):
    endpoint = close_sent(role)
    octets = (
        frame_to(role, FIN | TEXT, b"late")
        + frame_to(role, FIN | PING, b"?")
        + frame_to(role, FIN | CLOSE, b"\x0f\xa0")
        + frame_to(role, FIN | PING, b"too late")
    )
    assert endpoint.receive_octets(octets) == ["late", Ping(b"?"), Close(4000)]
    assert sent_by(endpoint) == [(FIN | PONG, b"?")]
    assert endpoint.closing.state is State.CLOSE_EXCHANGED
    assert (endpoint.closing.sent, endpoint.closing.received) == (Close(1000), Close(4000))


@pytest.mark.clause("rfc6455:7.1.7-p2-s1", "rfc6455:7.1.7-p2-s3")
def test_a_failure_after_our_close_sends_no_other(role):
    endpoint = close_sent(role)
    (failure,) = endpoint.receive_octets(bytes([BAD]))
    assert endpoint.octets_to_send() == b""
    assert endpoint.closing.failure is failure
    assert endpoint.closing.tcp_close_is_due is (role is Role.SERVER)


@pytest.mark.clause("rfc6455:5.5.2-p3-s1", "rfc6455:5.5.2-p3-s2", "rfc6455:5.5.3-p3-s1", "rfc6455:5.5.3-p5-s3")
def test_pings_are_answered_one_by_one_and_pongs_not_at_all(endpoint, role):
    pings = [b"", b"\xff\x00", b"x" * 125]
    octets = b"".join(frame_to(role, FIN | PING, p) for p in pings) + frame_to(role, FIN | PONG, b"unasked")
    assert endpoint.receive_octets(octets) == [*map(Ping, pings), Pong(b"unasked")]
    assert sent_by(endpoint) == [(FIN | PONG, p) for p in pings]


# The place of a Close frame and of a failure

LAST = {
    "close": (frame_to, FIN | CLOSE, b"\x0f\xa0bye", b"\x0f\xa0"),
    "failure": (lambda role, first, payload: bytes([first]), BAD, b"", BAD_CLOSE),
}


@pytest.mark.clause(
    "rfc6455:5.5.1-p5-s1",
    "rfc6455:5.5.1-p5-s4/1",
    "rfc6455:7.1.7-p2-s1",
    "rfc6455:7.1.7-p2-s3",
    "rfc6455:7.1.1-p1-s2",
)
@pytest.mark.parametrize("end", LAST.values(), ids=LAST)
def test_the_last_event_is_acted_on_behind_the_answers_to_those_before(endpoint, role, end):
    make, first, payload, answer = end
    octets = frame_to(role, FIN | TEXT, b"one") + frame_to(role, FIN | PING, b"?") + make(role, first, payload)
    *events, last = endpoint.receive_octets(octets + frame_to(role, FIN | TEXT, b"not read"))
    assert events == ["one", Ping(b"?")]
    assert last == Close(4000, "bye") if payload else isinstance(last, Failure)
    assert endpoint.ready_state is ReadyState.OPEN
    assert endpoint.reaction_is_due
    assert endpoint.receive_octets(frame_to(role, FIN | TEXT, b"nor this")) == []
    assert endpoint.receive_end_of_octets() == []
    # The host may write without acting on it.
    endpoint.send_a_websocket_message("answer to one")
    assert len(endpoint.take_outbox()) == 2
    assert endpoint.reaction_is_due
    endpoint.send_a_websocket_message(b"and more")
    assert sent_by(endpoint) == [(FIN | BINARY, b"and more"), (FIN | CLOSE, answer)]
    assert not endpoint.reaction_is_due
    assert endpoint.ready_state is ReadyState.CLOSING
    with pytest.raises(UsageError):
        endpoint.send_a_websocket_message("too late")
    endpoint.react()
    assert endpoint.octets_to_send() == b""


@pytest.mark.clause("rfc6455:5.5.1-p5-s4/1", "rfc6455:5.5.1-p5-s4/2", "rfc6455:5.5.1-p5-s3")
@pytest.mark.parametrize("fragments", [0, 1, 2])
def test_the_rest_of_a_fragmented_message_may_go_before_the_answer_to_a_close(endpoint, role, fragments):
    endpoint.send_a_fragment("a", fin=False)
    endpoint.receive_octets(frame_to(role, FIN | CLOSE, b"\x0f\xa0"))
    for i in range(fragments):
        endpoint.send_a_fragment("b", fin=i == fragments - 1)
    rest = [CONTINUATION] * (fragments - 1) + [FIN | CONTINUATION] if fragments else []
    assert [first for first, _ in sent_by(endpoint)] == [TEXT, *rest, FIN | CLOSE]
    with pytest.raises(UsageError, match="CLOSING, not OPEN"):
        endpoint.send_a_fragment("c", fin=True)


@pytest.mark.clause("rfc6455:5.5.1-p7-s1", "rfc6455:7.1.5-p1-s3")
def test_we_close_between_the_report_and_the_reaction(endpoint, role):
    endpoint.receive_octets(frame_to(role, FIN | CLOSE, b"\x0f\xa0"))
    endpoint.start_the_websocket_closing_handshake(3000)
    assert sent_by(endpoint) == [(FIN | CLOSE, b"\x0b\xb8")]
    assert endpoint.closing.state is State.CLOSE_EXCHANGED
    assert (endpoint.closing.sent, endpoint.closing.received) == (Close(3000), Close(4000))


@pytest.mark.clause("rfc6455:5.5.1-p6-s1", "rfc6455:5.5.1-p6-s2/1", "rfc6455:5.5.1-p6-s2/2")
def test_who_closes_tcp(endpoint, role):
    endpoint.receive_octets(frame_to(role, FIN | CLOSE))
    assert not endpoint.closing.tcp_close_is_due
    assert sent_by(endpoint) == [(FIN | CLOSE, b"")]
    assert endpoint.closing.tcp_close_is_due is (role is Role.SERVER)
    endpoint.the_tcp_connection_is_closed()
    assert endpoint.ready_state is ReadyState.CLOSED
    assert (endpoint.closing.code, endpoint.closing.reason, endpoint.closing.cleanly) == (1005, "", True)


@pytest.mark.clause("rfc6455:7.1.4-p1-s1")
def test_tcp_closes_before_anybody_reacts(endpoint, role):
    endpoint.receive_octets(frame_to(role, FIN | CLOSE, b"\x0f\xa0"))
    endpoint.the_tcp_connection_is_closed()
    assert endpoint.ready_state is ReadyState.CLOSED
    assert endpoint.closing.code == 4000


def test_the_host_fails_a_connection_whose_end_was_reported(endpoint, role):
    endpoint.receive_octets(frame_to(role, FIN | CLOSE, b"\x0f\xa0"))
    endpoint.fail_the_websocket_connection(FAILURE)
    assert not endpoint.reaction_is_due
    assert sent_by(endpoint) == [(FIN | CLOSE, b"\x03\xe9a time limit")]
    assert endpoint.closing.failure is FAILURE


# The end of octets


@pytest.mark.clause("rfc6455:7.2.1-p2-s1", "rfc6455:7.1.5-p1-s5", "rfc6455:7.4.1-p15-s1")
@pytest.mark.parametrize("make", [connecting, Endpoint.established, close_sent], ids=lambda f: f.__name__)
@pytest.mark.parametrize("before", [b"", b"\x81", b"\x81\x7f\0\0"], ids=["nothing", "header", "length"])
def test_the_peer_is_gone(role, make, before):
    endpoint = make(role)
    if role is Role.CLIENT:
        assert endpoint.receive_octets(before) == []
    (failure,) = endpoint.receive_end_of_octets()
    assert (failure.clause, failure.status) == ("rfc6455:7.2.1-p2-s1", 1006)
    assert endpoint.receive_end_of_octets() == []
    assert endpoint.octets_to_send() == b"", "1006 is for the application"
    assert endpoint.closing.state is State.FAILED
    assert endpoint.receive_end_of_octets() == []
    endpoint.the_tcp_connection_is_closed()
    assert (endpoint.closing.code, endpoint.closing.cleanly, endpoint.closing.failure) == (1006, False, failure)


@pytest.mark.clause("rfc6455:7.1.4-p1-s2")
@pytest.mark.parametrize("make", [close_exchanged, failed, closed], ids=lambda f: f.__name__)
def test_the_end_of_octets_where_it_was_awaited(role, make):
    endpoint = make(role)
    failure, state = endpoint.closing.failure, endpoint.closing.state
    assert endpoint.receive_end_of_octets() == []
    assert endpoint.octets_to_send() == b""
    assert (endpoint.closing.failure, endpoint.closing.state) == (failure, state)


# The opening handshake


class Http:
    """A codec without HTTP: `read` is what the next octets are, if they are not empty; what is written is recorded."""

    def __init__(self, *read, behind=b"", again=False):
        self.read, self.written, self.behind, self.again = list(read), [], behind, again

    def read_request(self, octets):
        result = self.read.pop(0) if octets and self.read else None
        if isinstance(result, Exception):
            raise result
        return result

    read_response = read_request

    def end_of_octets(self):
        return self.read_request(b"end")

    def write_request(self, message):
        self.written.append(message)
        return b"written;"

    write_response = write_request

    def octets_behind(self):
        return self.behind

    def next_request(self):
        return self.again


KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
REQUEST = Request(
    "GET", "/", HeaderFields([("Host", "x"), *HANDSHAKE, ("Sec-WebSocket-Key", KEY), ("Sec-WebSocket-Version", "13")])
)
PLAIN = Request("GET", "/", HeaderFields([("Host", "x")]))
NOT_HTTP = HandshakeFailure("rfc6455:4.2.1-p2-s2", 400, "no acceptable HTTP")


def server(*read, **how):
    http = Http(*read, **how)
    return Endpoint(Role.SERVER, http=http), http


def client(extensions=(), **how):
    http = Http(**how)
    endpoint = Endpoint(Role.CLIENT, http=http)
    endpoint.connect(parse_websocket_uri("ws://x/"), ClientOffer(extensions=extensions))
    key = http.written[0].headers.get("Sec-WebSocket-Key")
    accepted = Response(101, HeaderFields([*HANDSHAKE, ("Sec-WebSocket-Accept", accept_value(key))]))
    assert endpoint.take_outbox() == [b"written;"]
    return endpoint, http, accepted


@pytest.mark.clause("rfc6455:4.2.2-p22-s2", "rfc6455:4.1-p38-s1")
@pytest.mark.parametrize("behind", [b"", frame_to(Role.SERVER, FIN | TEXT, b"early")], ids=["alone", "with a frame"])
def test_a_server_opens(behind):
    endpoint, http = server(REQUEST, behind=behind)
    assert endpoint.receive_octets(b"GET") == [REQUEST]
    assert endpoint.ready_state is ReadyState.CONNECTING
    assert endpoint.receive_octets(b"more") == []
    opened = endpoint.accept()
    assert isinstance(opened, Opened)
    assert opened.response is http.written[0]
    assert endpoint.ready_state is ReadyState.OPEN
    assert endpoint.take_outbox() == [b"written;"]
    assert endpoint.receive_octets(b"") == (["early"] if behind else [])
    with pytest.raises(UsageError, match="no request"):
        endpoint.accept()


@pytest.mark.clause("rfc6455:4.1-p47-s1", "rfc6455:4.2.2-p22-s3")
@pytest.mark.parametrize(
    ("behind", "events"),
    [
        (b"", []),
        (frame_to(Role.CLIENT, FIN | TEXT, b"early"), ["early"]),
        (frame_to(Role.CLIENT, FIN | CLOSE), [Close()]),
        (bytes([BAD]), [("rfc6455:5.2-p8-s2", 1002)]),
        (b"\x81", []),
    ],
    ids=["alone", "message", "close", "failure", "half a header"],
)
def test_a_client_opens(behind, events):
    endpoint, http, accepted = client(behind=behind)
    http.read.append(accepted)
    opened, *rest = endpoint.receive_octets(b"HTTP")
    assert isinstance(opened, Opened)
    assert opened.response is accepted
    assert [d if isinstance(e, Failure) else e for e, d in zip(rest, described(rest), strict=True)] == events
    assert endpoint.ready_state is ReadyState.OPEN
    if behind == b"\x81":
        assert endpoint.receive_octets(b"\x01x") == ["x"]


@pytest.mark.clause("rfc6455:4.1-p38-s1", "rfc6455:4.1-p38-s2")
@pytest.mark.parametrize("how", ["octets", "end of octets"])
def test_a_client_is_refused(how):
    endpoint, http, _ = client()
    http.read.append(Response(404))
    (failure,) = endpoint.receive_octets(b"HTTP") if how == "octets" else endpoint.receive_end_of_octets()
    assert isinstance(failure, HandshakeFailure)
    assert failure.status == 404
    http.read.append(Response(500))
    assert endpoint.receive_octets(b"more") == endpoint.receive_end_of_octets() == []
    assert endpoint.octets_to_send() == b"", "there are no Close frames yet"
    assert endpoint.closing.state is State.FAILED
    assert endpoint.closing.failure is failure
    assert endpoint.receive_octets(b"more") == endpoint.receive_end_of_octets() == []


@pytest.mark.clause("rfc6455:7.2.1-p2-s1", "rfc6455:7.1.4-p2-s1")
def test_a_client_gets_no_answer():
    endpoint, _, _ = client()
    assert endpoint.receive_octets(b"HTT") == []
    assert described(endpoint.receive_end_of_octets()) == [("rfc6455:7.2.1-p2-s1", 1006)]
    endpoint.the_tcp_connection_is_closed()
    assert endpoint.closing.state is State.CLOSED


def test_only_clients_connect_and_once():
    endpoint, _, _ = client()
    for other in (endpoint, server()[0], Endpoint(Role.CLIENT), Endpoint.established(Role.CLIENT)):
        with pytest.raises(UsageError, match="once"):
            other.connect(parse_websocket_uri("ws://x/"))


@pytest.mark.clause("rfc6455:7.1.7-p2-s3")
def test_nothing_opens_after_the_host_has_failed_the_connection():
    endpoint, http, accepted = client()
    http.read.append(accepted)
    endpoint.fail_the_websocket_connection(FAILURE)
    assert endpoint.receive_octets(b"HTTP") == endpoint.receive_end_of_octets() == []
    endpoint, http = server(REQUEST, REQUEST)
    endpoint.receive_octets(b"GET")
    endpoint.fail_the_websocket_connection(FAILURE)
    for answer in (endpoint.accept, lambda: endpoint.refuse(Response(503)), lambda: endpoint.respond(Response(200))):
        with pytest.raises(UsageError, match="no request"):
            answer()
    assert endpoint.receive_octets(b"GET") == []
    assert (http.written, endpoint.octets_to_send()) == ([], b"")


@pytest.mark.clause("rfc6455:4.2.1-p2-s2", "rfc6455:10.7-p1-s5")
def test_a_server_refuses_what_is_no_handshake():
    endpoint, http = server(PLAIN)
    endpoint.receive_octets(b"GET")
    failure = endpoint.accept()
    assert (failure.clause, failure.status) == ("rfc6455:4.2.1-p5-s1", 426)
    assert [r.status for r in http.written] == [426]
    assert endpoint.octets_to_send() == b"written;"
    assert endpoint.closing.failure is failure
    assert endpoint.closing.tcp_close_is_due


@pytest.mark.clause("rfc6455:8.1-p1-s2")
@pytest.mark.parametrize("field", ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"])
@pytest.mark.parametrize("value", ["\xff", "a\xc3\xa4", 'a; b="\xc3"', "\xe2\x82\xac"], ids=ascii)
def test_a_field_of_the_handshake_outside_ascii_is_refused(field, value):
    endpoint, http = server(Request("GET", "/", HeaderFields([*REQUEST.headers, (field, value)])))
    endpoint.receive_octets(b"GET")
    assert endpoint.accept().status == 400
    endpoint, http, accepted = client()
    http.read.append(Response(101, HeaderFields([*accepted.headers, (field, value)])))
    (failure,) = endpoint.receive_octets(b"HTTP")
    assert isinstance(failure, HandshakeFailure)


class Marked(Other):
    """One that marks its messages by RSV1."""

    name = "marked"

    def encode(self, first_octet, payload, wanted):
        return first_octet | 0x40, payload


@pytest.mark.clause("rfc6455:5.8-p1-s2")
@pytest.mark.parametrize("agreed", [False, True], ids=["not agreed on", "agreed on"])
def test_an_extension_is_in_use_where_the_handshake_agrees_on_it(role, agreed):
    fields = [("Sec-WebSocket-Extensions", "marked")] if agreed else []
    if role is Role.SERVER:
        endpoint, _ = server(Request("GET", "/", HeaderFields([*REQUEST.headers, *fields])))
        endpoint.receive_octets(b"GET")
        endpoint.accept(extensions=[Marked(0x40)])
    else:
        endpoint, http, accepted = client(extensions=[Marked(0x40)])
        http.read.append(Response(101, HeaderFields([*accepted.headers, *fields])))
        endpoint.receive_octets(b"HTTP")
    endpoint.take_outbox()
    endpoint.send_a_websocket_message("x")
    assert sent_by(endpoint) == [((0xC1 if agreed else 0x81), b"x")]
    events = described(endpoint.receive_octets(frame_to(role, 0xC1, b"y")))
    assert events == ([(str, "y")] if agreed else [("rfc6455:5.2-p6-s2", 1002)])


@pytest.mark.clause("rfc6455:10.4-p1-s3")
@pytest.mark.parametrize("own", [None, Limits(max_message_size=5)], ids=["the endpoint's", "its own"])
def test_a_request_may_be_accepted_with_limits_of_its_own(own):
    endpoint = Endpoint(Role.SERVER, Limits(max_message_size=3), http=Http())
    endpoint._opening._http.read.append(REQUEST)
    endpoint.receive_octets(b"GET")
    endpoint.accept(limits=own)
    limit = 5 if own else 3
    assert endpoint.receive_octets(frame_to(Role.SERVER, FIN | TEXT, b"x" * limit)) == ["x" * limit]
    [failure] = endpoint.receive_octets(frame_to(Role.SERVER, FIN | TEXT, b"x" * (limit + 1)))
    assert failure.status == 1009


def test_a_request_may_be_accepted_with_a_check_of_its_messages():
    asked = []
    endpoint, _ = server(REQUEST)
    endpoint.receive_octets(b"GET")
    endpoint.accept(check_message=lambda *args: asked.append(args))
    assert endpoint.receive_octets(frame_to(Role.SERVER, FIN | TEXT, b"abc")) == ["abc"]
    assert asked == [(1, 3, 3)]


def test_an_endpoint_counts_what_no_application_sees(endpoint, role):
    assert Endpoint(role).fragments_received == 0
    frames = [(TEXT, b"a"), (CONTINUATION, b"b"), (FIN | PING, b""), (FIN, b"c")]
    frames += [(FIN | TEXT, b"d" * 200), (BINARY, b"")]
    counted = Endpoint.established(role)
    counts = []
    for frame in frames:
        counted.receive_octets(frame_to(role, *frame))
        counts.append((counted.fragments_received, counted.pongs_sent))
    assert counts == [(1, 0), (2, 0), (2, 1), (2, 1), (2, 1), (3, 1)]
    half = Endpoint.established(role)
    half.receive_octets(frame_to(role, BINARY, b"x" * 300)[:100])
    assert half.fragments_received == 0, "not all of it is there"
    half.receive_octets(frame_to(role, BINARY, b"x" * 300)[100:] + frame_to(role, FIN | PING, b"y" * 9)[:8])
    assert half.fragments_received == 1
    endpoint.send_a_websocket_message(b"x" * 5000)
    endpoint.send_a_fragment("a", fin=False)
    endpoint.send_ping()
    endpoint.send_a_fragment("b", fin=True)
    endpoint.send_pong()
    assert (endpoint.frames_to_send, endpoint.pieces_to_send) == (5, 6)
    assert (endpoint.fragments_sent, endpoint.pings_sent, endpoint.pongs_sent) == (1, 1, 1)
    endpoint.take_outbox()
    assert (endpoint.frames_to_send, endpoint.fragments_sent) == (0, 1)


def test_a_server_refuses_an_origin():
    endpoint, http = server(REQUEST)
    endpoint.receive_octets(b"GET")
    assert endpoint.accept(origins=["https://example.org"]).status == 403
    assert [r.status for r in http.written] == [403]


def test_a_server_refuses_for_reasons_of_its_own():
    endpoint, http = server(REQUEST)
    endpoint.receive_octets(b"GET")
    endpoint.refuse(Response(503))
    assert [r.status for r in http.written] == [503]
    assert endpoint.closing.failure.status == 503
    assert endpoint.closing.state is State.FAILED
    with pytest.raises(UsageError, match="no request"):
        endpoint.refuse(Response(503))


@pytest.mark.clause("rfc6455:10.7-p1-s5", "rfc6455:4.2.1-p2-s2")
def test_a_server_answers_what_is_no_http():
    endpoint, http = server(NOT_HTTP)
    assert endpoint.receive_octets(b"\x16\x03\x01") == [NOT_HTTP]
    assert http.written == []
    assert endpoint.octets_to_send() == b"written;"
    assert [r.status for r in http.written] == [400]
    assert endpoint.closing.tcp_close_is_due


@pytest.mark.parametrize("again", [False, True])
def test_a_server_answers_requests_that_are_none_for_websocket(again):
    endpoint, http = server(PLAIN, REQUEST, again=again)
    endpoint.receive_octets(b"GET")
    assert endpoint.respond(Response(200)) is again
    assert [r.status for r in http.written] == [200]
    assert endpoint.ready_state is ReadyState.CONNECTING
    if again:
        assert endpoint.receive_octets(b"GET") == [REQUEST]
        assert isinstance(endpoint.accept(), Opened)


def test_a_client_has_no_request_to_answer():
    endpoint, _, _ = client()
    for answer in (endpoint.accept, lambda: endpoint.refuse(Response(503)), lambda: endpoint.respond(Response(200))):
        with pytest.raises(UsageError, match="no request"):
            answer()


def test_a_subclass_can_be_established_too():
    class Special(Endpoint):
        def __init__(self, name):
            raise AssertionError("not asked")

    endpoint = Special.established(Role.SERVER, limits=Limits(max_message_size=1))
    assert isinstance(endpoint, Special)
    assert isinstance(endpoint.closing, Closing)
    assert described(endpoint.receive_octets(frame_to(Role.SERVER, FIN | TEXT, b"ab"))) == [
        ("rfc6455:10.4-p1-s1", 1009)
    ]


@pytest.mark.clause("rfc6455:7.1.4-p1-s2", "rfc6455:7.1.5-p1-s3")
@pytest.mark.parametrize("role", list(Role))
def test_a_close_frame_that_tcp_left_no_time_to_answer_is_not_a_clean_end(role):
    endpoint = Endpoint.established(role)
    endpoint.receive_octets(bytes.fromhex("880203e8") if role is Role.CLIENT else bytes.fromhex("88820000000003e8"))
    endpoint.the_tcp_connection_is_closed()
    assert (endpoint.closing.received, endpoint.closing.sent) == (Close(1000), None)
    assert not endpoint.closing.cleanly
    assert endpoint.closing.code == 1000


def test_a_frame_that_has_begun_keeps_all_others_waiting(role):
    assert not Endpoint(role).within_a_frame, "there is an opening handshake first"
    endpoint = Endpoint.established(role)
    *octets, last = frame_to(role, FIN | TEXT, b"abc")
    header = len(octets) - 2
    for at, octet in enumerate(octets):
        assert endpoint.within_a_frame is (at >= header)
        endpoint.receive_octets(bytes([octet]))
    assert endpoint.receive_octets(bytes([last])) == ["abc"]
    assert not endpoint.within_a_frame
