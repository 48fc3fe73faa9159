"""refws.hybi00, sections 5.1 and 5.2: what a server reads, and what it answers."""

import pytest
from handmade_hixie import ANSWER, FIELDS, KEY_3, VECTORS, request

import refws
from refws.failure import HandshakeFailure, UsageError
from refws.hybi00 import Endpoint
from refws.hybi00.s05_2_sending_the_servers_opening_handshake import challenge_response, key_number

DEFAULT = refws.Limits()


def server(octets, limits=DEFAULT, **options):
    endpoint = Endpoint(refws.Role.SERVER, limits, **options)
    return endpoint, endpoint.receive_octets(octets)


def accepted(octets, secure=False, **options):
    endpoint, events = server(octets, secure=secure)
    assert isinstance(events[0], refws.Request), events
    return endpoint, endpoint.accept(**options)


def fields_of(octets):
    head, _, rest = octets.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    return line, [tuple(field.split(": ", 1)) for field in lines], rest


@pytest.mark.parametrize(("key_1", "key_2", "key_3", "answer"), VECTORS)
def test_vectors(key_1, key_2, key_3, answer):
    assert challenge_response(key_number(key_1), key_number(key_2), key_3) == answer
    endpoint, opened = accepted(request(key_3=key_3, Sec_WebSocket_Key1=key_1, Sec_WebSocket_Key2=key_2))
    assert endpoint.octets_to_send().endswith(b"\r\n\r\n" + answer)
    assert opened.response.body == answer


def test_the_numbers_that_the_draft_names():
    numbers = [(key_number(key_1), key_number(key_2)) for key_1, key_2, _, _ in VECTORS]
    assert numbers[1] == (155712099, 173347027)
    assert numbers[2] == (777007543, 114997259)
    assert numbers[4] == (906585445, 179922739)


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("0 ", 0),
        (" 0", 0),
        ("a0 b", 0),
        ("00 ", 0),
        ("4294967295 ", 4294967295),
        ("8589934590  ", 4294967295),
        ("0" * 6000 + "1 ", 1),
        ("12" + " " * 12, 1),
        ("1\u0660\u00b2 ", 1),
        ("1\u00a0 ", 1),
    ],
)
def test_keys(key, number):
    assert key_number(key) == number


@pytest.mark.parametrize(
    ("key", "step"),
    [
        ("12345", 5),
        ("", 5),
        ("1\u00a0\t", 5),
        (" ", 4),
        ("a b", 4),
        ("13  ", 6),
        ("1" + " " * 12, 6),
        ("4294967296 ", 8),
        ("8589934592  ", 8),
        ("9" * 5000 + " ", 8),
    ],
)
def test_keys_of_no_acceptable_number(key, step):
    with pytest.raises(HandshakeFailure) as caught:
        key_number(key)
    assert (caught.value.clause, caught.value.status) == (f"hybi00:5.2-step{step}", 400)


def test_a_key_may_end_with_spaces_and_only_one_is_taken_off_its_beginning():
    (event,) = server(request(Sec_WebSocket_Key1=" 12  "))[1]
    assert event.headers.get("sec-websocket-KEY1") == " 12  "
    head = request(Sec_WebSocket_Key1=None, Sec_WebSocket_Key2=None, key_3=b"")[:-2]
    octets = head + b"Sec-WebSocket-Key1:6  \r\nSec-WebSocket-Key2:   6  \r\n\r\n" + KEY_3
    endpoint, (event,) = server(octets)
    assert event.headers.get("Sec-WebSocket-Key1") == "6  "
    assert event.headers.get("Sec-WebSocket-Key2") == "  6  "
    assert isinstance(endpoint.accept(), HandshakeFailure), "6 is no multiple of 4 spaces"
    endpoint, _ = server(octets.replace(b"6  \r\n\r\n", b"8  \r\n\r\n"))
    assert endpoint.accept().response.body == challenge_response(3, 2, KEY_3)


def test_the_answer():
    endpoint, opened = accepted(request())
    assert endpoint.ready_state is refws.ReadyState.OPEN
    line, fields, rest = fields_of(endpoint.octets_to_send())
    assert line == "HTTP/1.1 101 WebSocket Protocol Handshake"
    assert fields == [
        ("Upgrade", "WebSocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Location", "ws://example.com/demo"),
        ("Sec-WebSocket-Origin", "http://example.com"),
    ]
    assert rest == ANSWER
    assert (opened.resource_name, opened.subprotocol, opened.extensions) == ("/demo", None, ())
    assert opened.request.body == KEY_3


@pytest.mark.parametrize(
    ("host", "secure", "location"),
    [
        ("example.com", False, "ws://example.com/demo"),
        ("example.com:80", False, "ws://example.com/demo"),
        ("example.com:443", False, "ws://example.com:443/demo"),
        ("example.com", True, "wss://example.com/demo"),
        ("example.com:443", True, "wss://example.com/demo"),
        ("example.com:80", True, "wss://example.com:80/demo"),
        ("[::1]:8080", False, "ws://[::1]:8080/demo"),
        ("a:1", False, "ws://a:1/demo"),
        ("a:65535", False, "ws://a:65535/demo"),
    ],
)
def test_the_location(host, secure, location):
    _, opened = accepted(request(Host=host), secure=secure)
    assert opened.response.headers.get("Sec-WebSocket-Location") == location


def test_the_origin_comes_back_in_lower_case():
    _, opened = accepted(request(Origin="HTTP://\u212aA.example"))
    assert opened.response.headers.get("Sec-WebSocket-Origin") == "http://\u212aa.example"


@pytest.mark.parametrize(
    ("asked", "policy", "chosen"),
    [
        (None, (), None),
        (None, ["chat"], None),
        ("chat", ["super", "chat"], "chat"),
        ("a, b", ["a, b"], "a, b"),
        ("", [""], ""),
        ("chat", lambda offered: offered[0], "chat"),
    ],
)
def test_the_protocol_that_is_agreed_on(asked, policy, chosen):
    _, opened = accepted(request(Sec_WebSocket_Protocol=asked), subprotocols=policy)
    assert opened.subprotocol == chosen
    assert opened.response.headers.get("Sec-WebSocket-Protocol") == chosen


@pytest.mark.parametrize(
    ("asked", "policy"), [("chat", ()), ("chat", ["Chat"]), ("a, b", ["a", "b"]), ("", ["a"]), ("a", lambda _: None)]
)
def test_a_protocol_that_is_not_known_is_refused(asked, policy):
    endpoint, failure = accepted(request(Sec_WebSocket_Protocol=asked), subprotocols=policy)
    assert (failure.clause, failure.status) == ("hybi00:5.1-protocol", 400)
    assert endpoint.octets_to_send().startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_protocol_that_nobody_asked_for_is_a_mistake_of_this_side():
    endpoint, _ = server(request())
    with pytest.raises(UsageError):
        endpoint.accept(subprotocols=lambda offered: "chat")
    endpoint.refuse(refws.Response(500))
    assert endpoint.octets_to_send().startswith(b"HTTP/1.1 500 Internal Server Error\r\n")


@pytest.mark.parametrize(
    ("origins", "status"),
    [
        (None, None),
        (["http://example.com"], None),
        (["http://EXAMPLE.com"], None),
        (lambda origin: origin == "http://example.com", None),
        (["http://example.org"], 403),
        ([None], 403),
        (lambda origin: False, 403),
    ],
)
def test_origins(origins, status):
    endpoint, result = accepted(request(Origin="http://Example.com"), origins=origins)
    assert getattr(result, "status", None) == status
    octets = endpoint.octets_to_send()
    assert octets.startswith(b"HTTP/1.1 101 " if status is None else b"HTTP/1.1 403 Forbidden\r\n")
    if status:
        assert endpoint.closing.tcp_close_is_due


def test_cookies_can_be_set_and_fields_of_the_handshake_cannot():
    endpoint, _ = accepted(request(), additional_headers=[("Set-Cookie", "a=1")])
    assert b"\r\nSet-Cookie: a=1\r\n" in endpoint.octets_to_send()
    for name in ("upgrade", "Sec-WebSocket-Origin", "SEC-WEBSOCKET-LOCATION", "Sec-WebSocket-Protocol"):
        endpoint, _ = server(request())
        with pytest.raises(UsageError):
            endpoint.accept(additional_headers=[(name, "x")])
        assert endpoint.octets_to_send() == b""


@pytest.mark.parametrize(
    ("changed", "clause"),
    [
        ({"Upgrade": None}, "upgrade"),
        ({"Upgrade": "websockets"}, "upgrade"),
        ({"Connection": None}, "connection"),
        ({"Connection": "keep-alive, Upgrade"}, "connection"),
        ({"Host": None}, "host"),
        ({"Host": ""}, "host"),
        ({"Host": "a b"}, "host"),
        ({"Host": "a/"}, "host"),
        ({"Host": "a:"}, "host"),
        ({"Host": "a:0"}, "host"),
        ({"Host": "a:65536"}, "host"),
        ({"Host": "a:100000"}, "host"),
        ({"Origin": None}, "origin"),
        ({"Sec_WebSocket_Key1": None}, "key1"),
        ({"Sec_WebSocket_Key2": None}, "key2"),
        *[({f"{name.upper()}".replace("-", "_"): "x"}, name.lower().removeprefix("sec-websocket-")) for name in FIELDS],
    ],
    ids=str,
)
def test_a_field_that_is_missing_wrong_or_there_twice_is_400(changed, clause):
    endpoint, failure = accepted(request(**changed))
    assert (failure.clause, failure.status) == (f"hybi00:5.1-{clause}", 400)
    octets = endpoint.octets_to_send()
    line, fields, body = fields_of(octets)
    assert line == "HTTP/1.1 400 Bad Request"
    assert ("Connection", "close") in fields
    assert ("Content-Length", str(len(body))) in fields
    assert clause in body.decode()
    assert endpoint.closing.tcp_close_is_due
    assert endpoint.closing.failure is failure


def test_two_protocols_are_400():
    octets = request("Sec-WebSocket-Protocol: b", Sec_WebSocket_Protocol="a")
    _, failure = accepted(octets, subprotocols=["a", "b"])
    assert failure.clause == "hybi00:5.1-protocol"


def test_values_in_any_case_names_in_any_case_any_order_and_fields_that_mean_nothing():
    more = ("content-LENGTH: 8", "X-Y:", "sec-websocket-EXTENSIONS: foo")
    octets = request(*more, Upgrade="wEBsOCKET", Connection="UPGRADE")
    line, *fields = octets[:-12].split(b"\r\n")
    names = [name.swapcase() + colon + value for name, colon, value in (field.partition(b":") for field in fields)]
    _, opened = accepted(b"\r\n".join([line, *reversed(names), b"", b""]) + KEY_3)
    assert opened.response.body == ANSWER
    assert opened.request.headers.get("X-Y") == ""


@pytest.mark.parametrize(
    "key_3", [bytes(8), b"\xff" * 8, b"\r\n\r\n\r\n\r\n", b"\x00ab\xff\xff\x00cd", bytes(range(8))]
)
def test_the_eight_octets_may_be_anything(key_3):
    endpoint, opened = accepted(request(key_3=key_3) + b"\x00behind\xff")
    assert opened.response.body == challenge_response(key_number(VECTORS[0][0]), key_number(VECTORS[0][1]), key_3)
    assert endpoint.receive_octets(b"") == ["behind"]


def test_the_eight_octets_may_come_late():
    endpoint, events = server(request(key_3=b""))
    assert events == []
    for octet in KEY_3[:-1]:
        assert endpoint.receive_octets(bytes([octet])) == []
    (event,) = endpoint.receive_octets(KEY_3[-1:] + b"\x00a")
    assert event.body == KEY_3
    assert endpoint.receive_octets(b"\xff\x00b\xff") == []
    endpoint.accept()
    assert endpoint.receive_octets(b"\x00c\xff") == ["a", "b", "c"]


def test_octet_by_octet_is_the_same():
    octets = request("X: \u00e9  ", Sec_WebSocket_Key1="  12    ") + b"\x00behind\xff"
    _, whole = server(octets)
    endpoint = Endpoint(refws.Role.SERVER)
    assert [e for octet in octets for e in endpoint.receive_octets(bytes([octet]))] == whole


@pytest.mark.parametrize("method", ["get / HTTP/1.1", "POST / HTTP/1.1", "GETS / HTTP/1.1", " GET / HTTP/1.1"])
def test_another_method(method):
    endpoint, (failure,) = server(request(line=method))
    assert (failure.clause, failure.status) == ("hybi00:5.1-part1", 400)
    assert endpoint.octets_to_send().startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert endpoint.closing.tcp_close_is_due
    assert endpoint.receive_octets(b"more") == []


@pytest.mark.parametrize(
    "line",
    ["GET  /", "GET demo HTTP/1.1", "GET /\r\n", "GET /\x7f x", "GET /\x1f x", "GET /\u00e9 x", "GET http://a/ x"],
)
def test_resource_names_that_are_none(line):
    _, (failure,) = server(request(line=line))
    assert (failure.clause, failure.status) == ("hybi00:5.1-part3", 400)


@pytest.mark.parametrize(
    ("line", "target", "version"),
    [
        ("GET /!~ HTTP/1.0", "/!~", (1, 0)),
        ("GET / ", "/", (1, 1)),
        ("GET / a b\rc\nd", "/", (1, 1)),
        ("GET /?a=b#c HTTP/1.1 more", "/?a=b#c", (1, 1)),
    ],
)
def test_request_lines(line, target, version):
    _, (event,) = server(request(line=line))
    assert (event.method, event.target, event.version) == ("GET", target, version)


@pytest.mark.parametrize(
    "field",
    [
        b"a\r\n",
        b"a: b\nc: d\r\n",
        b"a: b\rc\r\n",
        b": x\r\n",
        b"a b: x\r\n",
        b"a\x7f: x\r\n",
        b"\xc3\xa9: x\r\n",
        b"a: \xff\r\n",
    ],
)
def test_fields_that_are_none(field):
    octets = request().replace(b"Host: ", field + b"Host: ", 1)
    _, (failure,) = server(octets)
    assert (failure.clause, failure.status) == ("hybi00:5.1-part5", 400)


def test_the_head_is_bounded():
    octets = request()
    size = len(octets) - 8
    assert isinstance(server(octets, refws.Limits(max_head_size=size))[1][0], refws.Request)
    endpoint, (failure,) = server(octets, refws.Limits(max_head_size=size - 1))
    assert (failure.clause, failure.status) == ("hybi00:2", 431)
    assert endpoint.octets_to_send().startswith(b"HTTP/1.1 431 ")
    assert isinstance(server(octets, refws.Limits(max_header_fields=6))[1][0], refws.Request)
    _, (failure,) = server(octets, refws.Limits(max_header_fields=5))
    assert failure.status == 431


def test_what_comes_before_the_answer_is_bounded():
    endpoint, _ = server(request())
    for _ in range(16):
        assert endpoint.receive_octets(bytes(65536)) == []
    (failure,) = endpoint.receive_octets(b"\xff")
    assert (failure.clause, failure.status) == ("hybi00:2", 400)
    assert endpoint.octets_to_send().startswith(b"HTTP/1.1 400 ")


def test_an_ordinary_answer_is_the_last():
    endpoint, _ = server(request())
    fields = refws.HeaderFields([("Content-Type", "text/plain"), ("connection", "keep-alive"), ("content-length", "9")])
    assert endpoint.respond(refws.Response(404, fields, b"no\n")) is False
    assert endpoint.octets_to_send() == (
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno\n"
    )
    assert endpoint.receive_octets(request()) == []
    with pytest.raises(UsageError, match="no request"):
        endpoint.respond(refws.Response(404))


@pytest.mark.parametrize(
    ("status", "line"), [(200, b"200 OK"), (204, b"204 No Content"), (304, b"304 Not Modified"), (599, b"599 ")]
)
def test_answers_without_a_length_and_without_a_known_reason(status, line):
    endpoint, _ = server(request())
    endpoint.respond(refws.Response(status))
    length = b"Content-Length: 0\r\n" if status in (200, 599) else b""
    assert endpoint.octets_to_send() == b"HTTP/1.1 " + line + b"\r\nConnection: close\r\n" + length + b"\r\n"


@pytest.mark.parametrize(
    "response",
    [
        refws.Response(101),
        refws.Response(199),
        refws.Response(600),
        refws.Response(200, reason="a\r\nb"),
        refws.Response(200, reason="\u00e9"),
        refws.Response(200, refws.HeaderFields([("a", "b\r\n")])),
    ],
    ids=repr,
)
def test_answers_that_cannot_be_sent(response):
    endpoint, _ = server(request())
    with pytest.raises(UsageError):
        endpoint.respond(response)
    assert endpoint.octets_to_send() == b""
    assert isinstance(endpoint.accept(), refws.Opened), "the request still waits"


def test_a_request_is_answered_once_and_where_there_is_one():
    endpoint = Endpoint(refws.Role.SERVER)
    for misuse in (endpoint.accept, lambda: endpoint.refuse(refws.Response(400))):
        with pytest.raises(UsageError, match="no request"):
            misuse()
    endpoint.receive_octets(request())
    endpoint.refuse(refws.Response(503))
    assert endpoint.octets_to_send().startswith(b"HTTP/1.1 503 ")
    assert (endpoint.closing.failure.clause, endpoint.closing.failure.status) == ("hybi00:6.2", 503)
    with pytest.raises(UsageError, match="no request"):
        endpoint.accept()
    with pytest.raises(UsageError, match="no request"):
        Endpoint(refws.Role.CLIENT).accept()
