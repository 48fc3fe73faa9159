"""Every example of RFC 6455, section 5.7, in and out."""

import pytest
from handmade import KEY

from refws.rfc6455 import s05_2_base_framing_protocol
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s05_5_control_frames import Ping, Pong

OCTETS = bytes(i * 7 % 256 for i in range(65536))
HELLO = "81 05 48 65 6c 6c 6f"
MASKED_HELLO = "81 85 37 fa 21 3d 7f 9f 4d 51 58"
PING = "89 05 48 65 6c 6c 6f"
MASKED_PONG = "8a 85 37 fa 21 3d 7f 9f 4d 51 58"

# The sender's role, its octets, what they are for the receiver, and how they are sent.
EXAMPLES = {
    "unmasked text": (Role.SERVER, bytes.fromhex(HELLO), ["Hello"], lambda e: e.send_a_websocket_message("Hello")),
    "masked text": (Role.CLIENT, bytes.fromhex(MASKED_HELLO), ["Hello"], lambda e: e.send_a_websocket_message("Hello")),
    "fragmented text": (
        Role.SERVER,
        bytes.fromhex("01 03 48 65 6c 80 02 6c 6f"),
        ["Hello"],
        lambda e: (e.send_a_fragment("Hel", fin=False), e.send_a_fragment("lo", fin=True)),
    ),
    "unmasked ping": (Role.SERVER, bytes.fromhex(PING), [Ping(b"Hello")], lambda e: e.send_ping(b"Hello")),
    "masked pong": (Role.CLIENT, bytes.fromhex(MASKED_PONG), [Pong(b"Hello")], lambda e: e.send_pong(b"Hello")),
    "256 octets": (
        Role.SERVER,
        bytes.fromhex("82 7e 01 00") + OCTETS[:256],
        [OCTETS[:256]],
        lambda e: e.send_a_websocket_message(OCTETS[:256]),
    ),
    "64 KiB": (
        Role.SERVER,
        bytes.fromhex("82 7f 00 00 00 00 00 01 00 00") + OCTETS,
        [OCTETS],
        lambda e: e.send_a_websocket_message(OCTETS),
    ),
}
PARAMETERS = pytest.mark.parametrize(("sender", "octets", "events", "send"), EXAMPLES.values(), ids=EXAMPLES)
CLAUSES = pytest.mark.clause(
    "rfc6455:5.2-p18-s2",
    "rfc6455:5.2-p20-s1",
    "rfc6455:5.2-p20-s2",
    "rfc6455:5.2-p20-s3",
    "rfc6455:5.2-p20-s4",
    "rfc6455:5.2-p30-s1",
    "rfc6455:5.3-p5-s1",
    "rfc6455:5.3-p6-s1",
    "rfc6455:5.3-p6-s2",
    "rfc6455:5.3-p7-s2",
    "rfc6455:5.4-p6-s1",
    "rfc6455:5.5.3-p3-s1",
)


@pytest.fixture(autouse=True)
def key_of_the_rfc(monkeypatch):
    monkeypatch.setattr(s05_2_base_framing_protocol, "new_masking_key", lambda: KEY)


@CLAUSES
@PARAMETERS
def test_in(sender, octets, events, send):
    receiver = Role.CLIENT if sender is Role.SERVER else Role.SERVER
    assert Endpoint.established(receiver).receive_octets(octets) == events
    one_by_one = Endpoint.established(receiver)
    assert [e for i in range(len(octets)) for e in one_by_one.receive_octets(octets[i : i + 1])] == events


@CLAUSES
@PARAMETERS
def test_out(sender, octets, events, send):
    endpoint = Endpoint.established(sender)
    send(endpoint)
    assert endpoint.octets_to_send() == octets


@CLAUSES
def test_a_client_answers_the_ping_with_that_pong():
    endpoint = Endpoint.established(Role.CLIENT)
    endpoint.receive_octets(bytes.fromhex(PING))
    assert endpoint.octets_to_send() == bytes.fromhex(MASKED_PONG)
