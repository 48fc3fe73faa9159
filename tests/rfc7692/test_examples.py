"""The examples of sections 5.2, 7.1.3 and 7.2.3, in and out."""

import pytest
from deflated import FIN, ROLE, RSV1, TEXT, Reader, endpoint, frame_to, frames_from, no_context_takeover

from refws.rfc6455.endpoint import Role
from refws.rfc6455.s04_3_collected_abnf import format_extension_list, parse_extension_list
from refws.rfc6455.s09_extensions import check_answer, choose_extensions
from refws.rfc7692 import PermessageDeflate
from refws.rfc7692.s07_1_method_parameters import Parameters

pytestmark = pytest.mark.usefixtures("each_zlib")

SIMPLEST = "permessage-deflate"
OFFER_1024 = "permessage-deflate; client_max_window_bits; server_max_window_bits=10"
OFFER_1024_OR_ANY = f"{OFFER_1024}, permessage-deflate; client_max_window_bits"
ANSWER_1024 = "permessage-deflate; server_max_window_bits=10"

HELLO = bytes.fromhex("f2 48 cd c9 c9 07 00")
HELLO_AGAIN = bytes.fromhex("f2 00 11 00 00")


def answer_to(offer, **configuration):
    answers, _ = choose_extensions([offer], [PermessageDeflate(**configuration)])
    return format_extension_list(answers)


# 5.2


@pytest.mark.clause("rfc7692:5.2-p6-s1", "rfc7692:5-p1-s5", "rfc6455:9.1-p8-s3")
@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ("permessage-foo", [("permessage-foo", ())]),
        ("permessage-foo; x=10", [("permessage-foo", (("x", "10"),))]),
        ('permessage-foo; x="10"', [("permessage-foo", (("x", "10"),))]),
        ("permessage-foo, permessage-bar", [("permessage-foo", ()), ("permessage-bar", ())]),
        ("permessage-foo; use_y, permessage-foo", [("permessage-foo", (("use_y", None),)), ("permessage-foo", ())]),
    ],
)
def test_offers_of_others(offers, expected):
    assert [(offer.name, offer.parameters) for offer in parse_extension_list([offers])] == expected
    assert answer_to(offers) == ""


# 7.1.3


@pytest.mark.clause("rfc7692:7.1.3-p3-s1", "rfc7692:7.1.2.2-p7-s1")
def test_the_simplest_offer_and_answer():
    assert answer_to(SIMPLEST) == answer_to(SIMPLEST, client_max_window_bits=10) == SIMPLEST
    (in_use,) = check_answer([SIMPLEST], [PermessageDeflate()])
    assert in_use.parameters == Parameters()


@pytest.mark.clause("rfc7692:7.1.2.1-p3-s1", "rfc7692:5-p1-s5")
def test_a_window_of_1024():
    asking = PermessageDeflate(server_max_window_bits=10)
    # The order of parameters says nothing.
    assert list(map(sorted_parameters, asking.offers())) == list(
        map(sorted_parameters, parse_extension_list([OFFER_1024_OR_ANY]))
    )
    assert answer_to(OFFER_1024) == answer_to(OFFER_1024_OR_ANY) == ANSWER_1024
    (first,), (second,) = (check_answer([answer], [asking]) for answer in (ANSWER_1024, SIMPLEST))
    assert first.parameters == Parameters(server_max_window_bits=10)
    assert second.parameters == Parameters()


def sorted_parameters(offer):
    return offer.name, sorted(offer.parameters)


# 7.2.3

INFLATED = [
    ("7.2.3.1", HELLO),
    ("7.2.3.3", bytes.fromhex("00 05 00 fa ff 48 65 6c 6c 6f 00")),
    ("7.2.3.4", bytes.fromhex("f3 48 cd c9 c9 07 00 00")),
    ("7.2.3.5", bytes.fromhex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00")),
]


@pytest.mark.clause(
    "rfc7692:7.2.1-p6-s1", "rfc7692:7.2.1-p7-s1", "rfc7692:7.2.1-p8-s1", "rfc7692:7.2.1-p9-s2", "rfc7692:7.2.2-p2-s1"
)
@ROLE
@pytest.mark.parametrize("payload", [p for _, p in INFLATED], ids=[s for s, _ in INFLATED])
def test_hello_in_all_its_forms_comes_in(role, payload):
    receiver = endpoint(role)
    for at in range(len(payload)):
        fragments = frame_to(role, RSV1 | TEXT, payload[:at]) + frame_to(role, FIN, payload[at:])
        assert receiver.receive_octets(fragments) == ["Hello"]
    assert receiver.receive_octets(frame_to(role, FIN | RSV1 | TEXT, payload)) == ["Hello"]


@pytest.mark.clause("rfc7692:6.1-p4-s1", "rfc7692:6.1-p10-s1", "rfc7692:9.2-p5-s1")
def test_one_block_in_one_frame_and_in_two():
    whole, first, second = "c1 07 f2 48 cd c9 c9 07 00", "41 03 f2 48 cd", "80 04 c9 c9 07 00"
    receiver = endpoint(Role.CLIENT)
    assert receiver.receive_octets(bytes.fromhex(whole)) == ["Hello"]
    assert receiver.receive_octets(bytes.fromhex(first)) == []
    assert receiver.receive_octets(bytes.fromhex(second)) == ["Hello"]
    sender = endpoint(Role.SERVER)
    sender.send_a_websocket_message("Hello")
    assert sender.octets_to_send() == bytes.fromhex(whole)


@pytest.mark.clause(
    "rfc7692:7.2.1-p12-s1",
    "rfc7692:7.2.1-p12-s2",
    "rfc7692:7.2.1-p13-s1",
    "rfc7692:7.2.1-p13-s2",
    "rfc7692:7.2.2-p4-s2",
    "rfc7692:7.2.2-p5-s2",
    "rfc7692:7.2.3.2-p8-s1",
)
@ROLE
@pytest.mark.parametrize("between", [False, True], ids=["", "with plain messages between"])
def test_the_window_is_shared(role, between):
    other = Role.SERVER if role is Role.CLIENT else Role.CLIENT
    for agreed, second in (([], HELLO_AGAIN), ([no_context_takeover(other)], HELLO)):
        sender, receiver = endpoint(role, *agreed), endpoint(other, *agreed)
        sender.send_a_websocket_message("Hello")
        if between:
            sender.send_a_websocket_message("Hello", extended=False)
            sender.send_a_websocket_message("World", extended=False)
        sender.send_a_websocket_message("Hello")
        frames = frames_from(sender)
        assert [payload for first, payload in frames if first & RSV1] == [HELLO, second]
        octets = b"".join(frame_to(other, *frame) for frame in frames)
        assert receiver.receive_octets(octets) == ["Hello", *["Hello", "World"] * between, "Hello"]


@pytest.mark.clause("rfc7692:7.2.1-p7-s1")
def test_a_block_that_is_not_compressed():
    # The length is 11; where the example explains its octets, it says 7.
    octets = bytes.fromhex("c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00")
    assert endpoint(Role.CLIENT).receive_octets(octets) == ["Hello"]
    # zlib makes two blocks of it, and nothing that is compressed.
    sender, reader = endpoint(Role.SERVER, level=0), Reader()
    sender.send_a_websocket_message("Hello")
    ((first, payload),) = frames_from(sender)
    assert first == octets[0]
    assert reader.read(payload + b"\x00\x00\xff\xff") == b"Hello"
    assert {kind for kind, _ in reader.types} == {0}


@pytest.mark.clause("rfc7692:7.2.3.6-p1-s3")
@ROLE
def test_an_empty_last_fragment(role):
    sender = endpoint(role)
    sender.send_a_fragment("Hello", fin=False)
    sender.send_a_fragment("", fin=True)
    (_, first), (second, last) = frames_from(sender)
    assert (second, last) == (FIN, b"\x00")
    octets = frame_to(role, RSV1 | TEXT, first) + frame_to(role, FIN, last)
    assert endpoint(role).receive_octets(octets) == ["Hello"]
