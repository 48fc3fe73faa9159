"""refws.hybi00, section 4.1: what a client sends, and what it makes of the answer."""

import re
from random import Random

import pytest
from handmade_hixie import answer_to, response

import refws
from refws.failure import HandshakeFailure, UsageError
from refws.hybi00 import Endpoint
from refws.hybi00.s04_1_opening_handshake import new_key
from refws.rfc6455.s04_1_client_requirements import ClientOffer

DEFAULT = refws.Limits()
NOISE = set(map(chr, [*range(0x21, 0x30), *range(0x3A, 0x7F)]))


def client(uri="ws://example.com/demo", offer=ClientOffer(), limits=DEFAULT, **options):
    endpoint = Endpoint(refws.Role.CLIENT, limits, **options)
    endpoint.connect(refws.parse_websocket_uri(uri), offer)
    return endpoint, endpoint.octets_to_send()


def sent_fields(octets):
    head = octets[:-8].decode()
    assert head.endswith("\r\n\r\n")
    return [tuple(line.split(": ", 1)) for line in head.split("\r\n")[1:-2]]


class Fixed(Random):
    """Draws what it is told to draw: the smallest, or the largest."""

    def __init__(self, largest):
        super().__init__(0)
        self.largest = largest

    def randint(self, a, b):
        return b if self.largest else a


@pytest.mark.parametrize("seed", range(50))
def test_a_key_is_made_by_the_drafts_recipe(seed):
    number, key = new_key(Random(seed))
    spaces = key.count(" ")
    assert 1 <= spaces <= 12
    assert not key.startswith(" ")
    assert not key.endswith(" ")
    digits = "".join(re.findall("[0-9]", key))
    assert digits == str(number * spaces)
    assert number * spaces <= 4294967295
    noise = [c for c in key if c != " " and not c.isdigit()]
    assert 1 <= len(noise) <= 12
    assert set(noise) <= NOISE


def test_every_character_and_every_position_is_drawn():
    random = Random(1)
    keys = [new_key(random)[1] for _ in range(2000)]
    assert set("".join(keys)) == NOISE | set("0123456789 ")
    assert {key.count(" ") for key in keys} == set(range(1, 13))
    assert any(key[0] in NOISE for key in keys)
    assert any(key[-1] in NOISE for key in keys)
    assert any(key[1] == " " for key in keys)
    assert any(key[-2] == " " for key in keys)


def test_the_smallest_and_the_largest_draws():
    number, key = new_key(Fixed(largest=False))
    assert (number, key.count(" "), len(key)) == (0, 1, 3)
    number, key = new_key(Fixed(largest=True))
    assert (number, key.count(" ")) == (4294967295 // 12, 12)
    assert len(key) == len(str(number * 12)) + 24


def test_a_client_sends_each_field_once_with_its_value():
    _, octets = client("ws://Example.com:81/demo?x=1")
    assert octets.startswith(b"GET /demo?x=1 HTTP/1.1\r\n")
    fields = dict(sent_fields(octets))
    assert len(fields) == len(sent_fields(octets)) == 6
    del fields["Sec-WebSocket-Key1"], fields["Sec-WebSocket-Key2"]
    assert fields == {
        "Upgrade": "WebSocket",
        "Connection": "Upgrade",
        "Host": "example.com:81",
        "Origin": "http://example.com:81",
    }


@pytest.mark.parametrize(
    ("uri", "host", "origin", "location"),
    [
        ("ws://example.com/", "example.com", "http://example.com", "ws://example.com/"),
        ("ws://example.com:80/", "example.com", "http://example.com", "ws://example.com/"),
        ("ws://example.com:443/", "example.com:443", "http://example.com:443", "ws://example.com:443/"),
        ("wss://example.com", "example.com", "https://example.com", "wss://example.com/"),
        ("wss://example.com:80/a", "example.com:80", "https://example.com:80", "wss://example.com:80/a"),
        ("ws://[::1]:8080/", "[::1]:8080", "http://[::1]:8080", "ws://[::1]:8080/"),
        ("ws://[::1]/", "[::1]", "http://[::1]", "ws://[::1]/"),
    ],
)
def test_host_origin_and_location_name_the_port_unless_it_is_the_default(uri, host, origin, location):
    endpoint, octets = client(uri)
    fields = dict(sent_fields(octets))
    assert (fields["Host"], fields["Origin"]) == (host, origin)
    events = endpoint.receive_octets(response(octets, Sec_WebSocket_Location=location))
    assert isinstance(events[0], refws.Opened)


def test_the_order_of_the_fields_and_the_octets_behind_them_are_random():
    sent = [client()[1] for _ in range(20)]
    assert len({tuple(name for name, _ in sent_fields(octets)) for octets in sent}) > 10
    assert len({octets[-8:] for octets in sent}) == 20


def test_randomness_can_be_given():
    assert client(random=Random(7))[1] == client(random=Random(7))[1] != client(random=Random(8))[1]


def test_a_subprotocol_an_origin_and_fields_of_the_callers_go_along():
    offer = ClientOffer(["a b~"], origin="null", additional_headers=[("Cookie", "a=1"), ("X", "\u00e9")])
    endpoint, octets = client(offer=offer)
    fields = dict(sent_fields(octets))
    assert fields["Sec-WebSocket-Protocol"] == "a b~"
    assert (fields["Origin"], fields["Cookie"], fields["X"]) == ("null", "a=1", "\u00e9")
    (opened,) = endpoint.receive_octets(response(octets))
    assert (opened.subprotocol, opened.extensions, opened.resource_name) == ("a b~", (), "/demo")


@pytest.mark.parametrize(
    "offer",
    [
        ClientOffer(["a", "b"]),
        ClientOffer("ab"),
        ClientOffer([""]),
        ClientOffer(["a\x1f"]),
        ClientOffer(["a\x7f"]),
        ClientOffer(["\u00e9"]),
        ClientOffer(origin="http://Example.com"),
        ClientOffer(origin="Z"),
        ClientOffer(origin="A"),
        ClientOffer(origin=""),
        ClientOffer(origin="a b"),
        ClientOffer(additional_headers=[("host", "x")]),
        ClientOffer(additional_headers=[("Sec-WebSocket-Key1", "x")]),
        ClientOffer(additional_headers=[("Sec-WebSocket-Version", "13")]),
        ClientOffer(additional_headers=[("X", "a\r\nY: b")]),
        ClientOffer(additional_headers=[("X", "a\nb")]),
        ClientOffer(additional_headers=[("", "a")]),
        ClientOffer(additional_headers=[("X:", "a")]),
        ClientOffer(additional_headers=[("X\u00e9", "a")]),
        ClientOffer(additional_headers=[("X\x00", "a")]),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_is_sent(offer):
    endpoint = Endpoint(refws.Role.CLIENT)
    with pytest.raises(UsageError):
        endpoint.connect(refws.parse_websocket_uri("ws://localhost/"), offer)
    assert endpoint.octets_to_send() == b""
    endpoint.connect(refws.parse_websocket_uri("ws://localhost/"))
    assert endpoint.octets_to_send()


@pytest.mark.parametrize("character", ["@", "["])
def test_an_origin_may_have_the_neighbours_of_capital_letters(character):
    _, octets = client(offer=ClientOffer(origin=f"http://a{character}"))
    assert dict(sent_fields(octets))["Origin"] == f"http://a{character}"


def test_a_client_connects_once_and_a_server_never():
    endpoint, _ = client()
    with pytest.raises(UsageError, match="once"):
        endpoint.connect(refws.parse_websocket_uri("ws://localhost/"))
    with pytest.raises(UsageError, match="once"):
        Endpoint(refws.Role.SERVER).connect(refws.parse_websocket_uri("ws://localhost/"))


def answered(make, **options):
    endpoint, octets = client(**options)
    events = endpoint.receive_octets(make(octets))
    endpoint.react()
    return endpoint, events


def test_an_answer_in_any_order_with_more_fields_and_frames_behind_it():
    def reversed_response(octets):
        head, _, answer = response(octets, "Set-Cookie: a=1", "X:b", "Y:  c ").partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        return b"\r\n".join([line, *reversed(fields), b"", b""]) + answer + b"\x00hi\xff"

    endpoint, (opened, message) = answered(reversed_response)
    assert isinstance(opened, refws.Opened)
    assert message == "hi"
    headers = opened.response.headers
    assert (headers.get("Set-Cookie"), headers.get("X"), headers.get("Y")) == ("a=1", "b", " c ")
    assert opened.response.status == 101
    assert endpoint.ready_state is refws.ReadyState.OPEN


def test_a_field_that_is_no_utf_8_has_replacement_characters():
    _, (opened,) = answered(lambda o: response(o).replace(b"\r\n\r\n", b"\r\nX: \xff\r\n\r\n", 1))
    assert opened.response.headers.get("X") == "\ufffd"


def test_names_are_read_in_lower_case_of_ascii():
    _, (opened,) = answered(lambda o: response(o, "@AZ[\u00c0: x"))
    assert opened.response.headers[-1] == ("@az[\u00c0", "x")


@pytest.mark.parametrize("connection", ["Upgrade", "UPGRADE", "upgrade"])
def test_connection_is_compared_in_any_case(connection):
    _, (opened,) = answered(lambda o: response(o, Connection=connection))
    assert isinstance(opened, refws.Opened)


@pytest.mark.parametrize(
    "changed",
    [
        {name: value}
        for name, values in {
            "Upgrade": [None, "websocket", "WebSocket ", "x"],
            "Connection": [None, "keep-alive, Upgrade", "\u212apgrade"],
            "Sec_WebSocket_Origin": [None, "http://example.org", "HTTP://example.com", " http://example.com"],
            "Sec_WebSocket_Location": [None, "ws://example.com:80/demo", "ws://example.com/", "wss://example.com/demo"],
        }.items()
        for value in values
    ],
    ids=str,
)
def test_a_field_that_is_missing_or_wrong_fails(changed):
    endpoint, (failure,) = answered(lambda o: response(o, **changed))
    assert isinstance(failure, HandshakeFailure)
    assert (failure.clause, failure.status) == ("hybi00:4.1-step41", 101)
    assert failure.response.headers.all("Connection") == [v for v in [changed.get("Connection", "Upgrade")] if v]
    assert endpoint.closing.failure is failure
    assert endpoint.octets_to_send() == b"", "no closing frame: nothing was established"
    assert endpoint.closing.tcp_close_is_due


@pytest.mark.parametrize(
    "field",
    ["upgrade: WebSocket", "CONNECTION: Upgrade", "sec-websocket-origin: x", "Sec-WebSocket-Location: x", ": x"],
)
def test_a_field_twice_or_without_a_name_fails(field):
    _, (failure,) = answered(lambda o: response(o, field))
    assert failure.clause == "hybi00:4.1-step41"


def test_the_protocol_is_the_one_that_was_asked_for():
    offer = ClientOffer(["chat"])
    for value in (None, "Chat", "chat, chat", ""):
        _, (failure,) = answered(lambda o, v=value: response(o, Sec_WebSocket_Protocol=v), offer=offer)
        assert failure.clause == "hybi00:4.1-step41"
    _, (failure,) = answered(lambda o: response(o, "Sec-WebSocket-Protocol: chat"), offer=offer)
    assert failure.clause == "hybi00:4.1-step41"
    _, (opened,) = answered(lambda o: response(o, "Sec-WebSocket-Protocol: a", Sec_WebSocket_Protocol="b"))
    assert opened.subprotocol is None, "ignored where none was asked for"


def test_the_sixteen_octets_are_checked():
    for index in range(16):
        _, (failure,) = answered(lambda o, i=index: flip(response(o), i))
        assert failure.clause == "hybi00:4.1-step45"


def flip(octets, index):
    at = len(octets) - 16 + index
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


@pytest.mark.parametrize(
    ("line", "step", "status"),
    [
        (b"\r\n", 28, 0),
        (b"a b c\n", 28, 0),
        (b"HTTP/1.1 101\r\n", 28, 0),
        (b"HTTP/1.1 10 x\r\n", 28, 0),
        (b"HTTP/1.1 1010 x\r\n", 28, 0),
        (b"HTTP/1.1 1a1 x\r\n", 28, 0),
        (b"HTTP/1.1  101 x\r\n", 28, 0),
        (b"HTTP/1.1 101 x\n", 28, 0),
        (b"HTTP/1.1 200 OK\r\n", 31, 200),
        (b"HTTP/1.1 407 Who?\r\n", 31, 407),
        (b"HTTP/1.1 100 Continue\r\n", 31, 100),
        (b"HTTP/1.1 102 x\r\n", 31, 102),
        (b" 100 \r\n", 31, 100),
    ],
)
def test_the_first_line(line, step, status):
    _, (failure,) = answered(lambda o: line)
    assert (failure.clause, failure.status) == (f"hybi00:4.1-step{step}", status)
    if step == 31:
        assert failure.response.status == status


def test_the_first_line_may_say_anything_around_the_code():
    def make(octets):
        rest = response(octets).partition(b"\r\n")[2]
        return b" 101 \r\n" + rest

    _, (opened,) = answered(make)
    assert (opened.response.status, opened.response.reason) == (101, "")


@pytest.mark.parametrize(
    ("lines", "step"),
    [
        (b"a\r\n", 34),
        (b"a\nb: c\r\n", 34),
        (b"\n", 34),
        (b"a: b\nc: d\r\n", 36),
        (b"a: b\rc", 37),
        (b"a: b\r\r", 37),
        (b"\rx", 40),
        (b"\r\r", 40),
    ],
)
def test_line_breaks_where_none_may_be(lines, step):
    _, (failure,) = answered(lambda o: b"HTTP/1.1 101 x\r\n" + lines)
    assert (failure.clause, failure.status) == (f"hybi00:4.1-step{step}", 101)


def test_an_answer_to_no_request():
    endpoint = Endpoint(refws.Role.CLIENT)
    (failure,) = endpoint.receive_octets(b"H")
    assert (failure.clause, failure.status) == ("hybi00:4.1-step28", 0)


@pytest.mark.parametrize("cut", [0, 1, -17, -16, -1])
def test_an_answer_that_is_cut_short_fails(cut):
    endpoint, octets = client()
    answer = response(octets)
    assert endpoint.receive_octets(answer[: cut if cut else 0]) == []
    (failure,) = endpoint.receive_end_of_octets()
    assert (failure.clause, failure.status) == ("hybi00:6.3", 1006)
    endpoint.react()
    assert endpoint.receive_end_of_octets() == []
    assert endpoint.closing.code == 1006


def test_octet_by_octet_is_the_same():
    endpoint, octets = client(random=Random(3))
    whole = endpoint.receive_octets(response(octets) + b"\x00a\xff\xff\x00")
    endpoint, again = client(random=Random(3))
    assert again == octets
    pieces = [endpoint.receive_octets(bytes([octet])) for octet in response(octets) + b"\x00a\xff\xff\x00"]
    assert [event for events in pieces for event in events] == whole
    assert len(whole) == 3


def test_the_answer_is_bounded():
    _, octets = client()
    size = len(response(octets)) - 16
    for limit, kind in ((size, refws.Opened), (size - 1, HandshakeFailure)):
        endpoint, octets = client(limits=refws.Limits(max_head_size=limit))
        (event,) = endpoint.receive_octets(response(octets))
        assert isinstance(event, kind)
    assert (event.clause, event.status) == ("hybi00:2", 0)
    assert str(size - 1) in event.why
    for limit, kind in ((4, refws.Opened), (3, HandshakeFailure)):
        endpoint, octets = client(limits=refws.Limits(max_header_fields=limit))
        (event,) = endpoint.receive_octets(response(octets))
        assert isinstance(event, kind)
    assert event.clause == "hybi00:2"


def test_what_a_client_sends_is_what_a_server_by_hand_understands():
    for seed in range(30):
        assert len(answer_to(client(random=Random(seed))[1])) == 16
