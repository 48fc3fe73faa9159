"""refws.rfc6455.tap: whoever listens hears every octet of every frame, and changes nothing."""

import pytest
from handmade import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROLES, TEXT, frame_to, read_frames
from test_endpoint import REQUEST, client, server

from refws.failure import Failure, UsageError
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s06_1_sending_data import MessageSender, prepare_message
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc6455.tap import TappedReceiver, TappedSender


class Tap:
    """Writes down what it hears."""

    def __init__(self):
        self.octets, self.frames, self.failures = b"", [], 0

    def received(self, octets):
        assert not self.failures
        self.octets += octets

    def failed(self):
        self.failures += 1

    def sent(self, pieces):
        self.frames += read_frames(b"".join(pieces))


def tapped(role, behind=b""):
    """An endpoint on which somebody listens, and who."""
    tap = Tap()
    endpoint, http, *rest = server(REQUEST, behind=behind) if role is Role.SERVER else client(behind=behind)
    endpoint.tap = tap
    if role is Role.SERVER:
        endpoint.receive_octets(b"GET")
        endpoint.accept()
        events = endpoint.receive_octets(b"")
    else:
        http.read.append(rest[0])
        _, *events = endpoint.receive_octets(b"HTTP")
    endpoint.take_outbox()
    return endpoint, tap, events


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_what_comes_is_heard_as_it_came(role, size):
    behind = frame_to(role, FIN | TEXT, b"early") + frame_to(role, BINARY, b"half")[:4]
    endpoint, tap, events = tapped(role, behind)
    assert (events, tap.octets) == (["early"], behind)
    rest = frame_to(role, BINARY, b"half")[4:] + frame_to(role, FIN | PING) + frame_to(role, FIN | CONTINUATION, b"x")
    for i in range(0, len(rest), size):
        events += endpoint.receive_octets(rest[i : i + size])
    assert tap.octets == behind + rest
    assert events[-1] == b"halfx"
    assert tap.frames == [(FIN | PONG, role is Role.CLIENT, b"")]


@pytest.mark.parametrize("role", ROLES, ids=str)
def test_what_goes_is_heard_frame_by_frame(role):
    endpoint, tap, _ = tapped(role)
    endpoint.send_a_websocket_message("a" * 5000)
    endpoint.send_a_fragment(b"b", fin=False)
    with pytest.raises(UsageError, match="finish it first"):
        endpoint.send_a_websocket_message("no")
    endpoint.send_ping(b"p")
    endpoint.send_a_fragment(b"", fin=True)
    if role is Role.SERVER:
        endpoint.send_a_prepared_message(prepare_message("c"))
    endpoint.start_the_websocket_closing_handshake(1000)
    expected = [(FIN | TEXT, b"a" * 5000), (BINARY, b"b"), (FIN | PING, b"p"), (FIN, b"")]
    expected += [(FIN | TEXT, b"c")] if role is Role.SERVER else []
    expected += [(FIN | CLOSE, b"\x03\xe8")]
    assert [(first, payload) for first, _, payload in tap.frames] == expected
    assert read_frames(endpoint.octets_to_send()) == tap.frames


def test_a_failure_is_heard_once_and_then_nothing():
    endpoint, tap, _ = tapped(Role.CLIENT)
    [failure] = endpoint.receive_octets(b"\x83")
    assert isinstance(failure, Failure)
    assert endpoint.receive_octets(b"more") == []
    assert (tap.octets, tap.failures) == (b"\x83", 1)


def test_nobody_listens_unless_asked():
    endpoint = Endpoint.established(Role.SERVER)
    assert endpoint.tap is None
    assert not isinstance(endpoint._receiver, TappedReceiver)
    assert not isinstance(endpoint._sender, TappedSender)


def test_limits_hold_where_somebody_listens():
    receiver = TappedReceiver(Tap(), print, masked=False, limits=Limits(max_message_size=1))
    with pytest.raises(Failure, match="more than 1 octets"):
        receiver.receive(b"\x82\x02", print)


def test_a_sender_that_was_begun_goes_on():
    sender = MessageSender(masked=False)
    sender.fragment("a", fin=False)
    tap = Tap()
    assert TappedSender(tap, sender).fragment("b", fin=True) == [b"\x80\x01b"]
    assert tap.frames == [(FIN, False, b"b")]
