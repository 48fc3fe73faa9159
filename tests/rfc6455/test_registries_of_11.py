"""Section 11, IANA Considerations: the values that its registries began with, and RFC 7936, which updates 11.5."""

import pytest
from handmade import FIN, ROLES, failure_of, frame_to

from refws.failure import Failure, HandshakeFailure
from refws.rfc6455.endpoint import Endpoint
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s04_1_client_requirements import ClientOffer, check_the_servers_opening_handshake
from refws.rfc6455.s04_2_server_side_requirements import (
    accept_value,
    choose_subprotocol,
    read_the_clients_opening_handshake,
)
from refws.rfc6455.s04_3_collected_abnf import GrammarError, parse_version
from refws.rfc6455.s05_2_base_framing_protocol import Opcode
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s07_4_status_codes import may_be_on_the_wire

KEY = "dGhlIHNhbXBsZSBub25jZQ=="

OPCODES = {0: "CONTINUATION", 1: "TEXT", 2: "BINARY", 8: "CLOSE", 9: "PING", 10: "PONG"}
EVENTS = {0: str, 1: str, 2: bytes, 8: Close, 9: Ping, 10: Pong}


@pytest.mark.clause("rfc6455:11.6-p3-s2")
def test_a_version_is_a_number_from_0_to_255():
    assert [parse_version(str(number)) for number in range(256)] == list(range(256))
    for value in ("256", "260", "300", "999", "1000", "-1", "1.0", ""):
        with pytest.raises(GrammarError):
            parse_version(value)


@pytest.mark.clause("rfc6455:11.7-p3-s2", "rfc6455:11.7-p7-s4")
@pytest.mark.parametrize(
    ("code", "may"),
    [(0, False), (999, False), (1000, True), (3999, True), (4000, True), (4999, True), (5000, False), (65535, False)],
)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_status_code_is_a_number_from_1000_to_4999(role, code, may):
    assert (may_be_on_the_wire(code) is None) is may
    count, _ = failure_of(role, frame_to(role, FIN | 8, code.to_bytes(2, "big")))
    assert (count is None) is may


@pytest.mark.clause("rfc6455:11.8-p8-s1", "rfc6455:11.8-p3-s2")
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_the_opcodes_that_the_registry_began_with(role):
    assert {int(opcode): opcode.name for opcode in Opcode} == OPCODES
    # All four bits count: an opcode is known by none of them alone.
    for opcode in range(16):
        octets = (frame_to(role, 1) if opcode == 0 else b"") + frame_to(role, FIN | opcode)
        [event] = Endpoint.established(role).receive_octets(octets)
        assert type(event) is EVENTS.get(opcode, Failure), opcode


# RFC 7936


@pytest.mark.clause("rfc7936:2-p1-s1")
def test_names_that_differ_in_case_are_two_subprotocols():
    fields = [
        ("Host", "h"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", "Chat, chat"),
    ]
    handshake = read_the_clients_opening_handshake(Request("GET", "/", HeaderFields(fields)))
    assert handshake.subprotocols == ("Chat", "chat")
    assert choose_subprotocol(handshake.subprotocols, ["CHAT", "chat", "Chat"]) == "chat"


@pytest.mark.clause("rfc7936:2-p1-s1")
def test_a_server_does_not_choose_a_name_in_another_case():
    assert choose_subprotocol(["Chat"], ["chat", "CHAT"]) is None
    assert choose_subprotocol(["Chat"], ["chat", "Chat"]) == "Chat"


@pytest.mark.clause("rfc7936:2-p1-s1")
@pytest.mark.parametrize(("name", "fits"), [("chat", True), ("Chat", False), ("CHAT", False)])
def test_a_client_takes_no_name_in_another_case(name, fits):
    fields = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_value(KEY)),
        ("Sec-WebSocket-Protocol", name),
    ]
    response, offer = Response(101, HeaderFields(fields)), ClientOffer(subprotocols=["chat"])
    if fits:
        assert check_the_servers_opening_handshake(response, KEY, offer) == ("chat", [])
    else:
        with pytest.raises(HandshakeFailure, match=f"subprotocol {name} was not offered"):
            check_the_servers_opening_handshake(response, KEY, offer)
