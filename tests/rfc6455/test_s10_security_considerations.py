"""Section 10, Security Considerations. What limits do is tested where they are kept, masking keys are in 5.3."""

import re

import pytest
from handmade import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    KEY,
    PING,
    ROLES,
    RSV1,
    TEXT,
    failure_of,
    frame,
    frame_to,
    key_to,
    length_field,
    read_frames,
    sent_by,
)

from refws.failure import Failure, HandshakeFailure
from refws.host.http11 import Endpoint
from refws.rfc6455.endpoint import Opened, Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s10_security_considerations import Limits, check_origin, fragments_exceeded, size_exceeded
from refws.rfc6455.state import State


@pytest.mark.clause("rfc6455:10.4-p1-s3")
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_there_are_limits_by_default(role):
    assert Limits() == Limits(None, 1048576, 65536, 16384, 128)
    mask_bit = 0x80 if key_to(role) else 0
    for before in (b"", frame_to(role, BINARY)):
        first = FIN | (CONTINUATION if before else BINARY)
        assert failure_of(role, before + bytes([first]) + length_field(1048576, mask_bit)) == (None, None)
        _, failure = failure_of(role, before + bytes([first]) + length_field(1048577, mask_bit))
        assert failure.status == 1009


def test_failures():
    too_big, too_many = size_exceeded(4, "a frame"), fragments_exceeded(3)
    assert (too_big.clause, too_big.status) == ("rfc6455:10.4-p1-s1", 1009)
    assert too_big.why == "a frame of more than 4 octets"
    assert (too_many.clause, too_many.status) == ("rfc6455:10.4-p1-s1", 1008)
    assert "3" in too_many.why


HERE = "https://example.org"


@pytest.mark.clause(
    "rfc6455:10.1-p2-s3",
    "rfc6455:10.2-p1-s1",
    "rfc6455:10.2-p1-s2",
    "rfc6455:4.2.2-p6-s2",
    "rfc6455:4.2.2-p6-s3",
    "rfc6455:4.2.2-p6-s4",
)
@pytest.mark.parametrize(
    ("policy", "taken", "refused"),
    [
        (None, [None, "", HERE, "null", "nonsense"], []),
        (
            [HERE],
            [HERE, "HTTPS://Example.ORG"],
            [None, "", "null", "http://example.org", HERE + ":443", HERE + ".evil", "x" + HERE],
        ),
        (["HTTPS://EXAMPLE.org"], [HERE], [None]),
        ([HERE, None], [HERE, None], ["", "null"]),
        ([None], [None], [HERE]),
        (
            [re.compile(r"https://\w+\.example\.org")],
            ["https://a.example.org", "https://A.Example.org"],
            [None, HERE, "https://a.example.org.evil"],
        ),
        ([], [], [None, HERE]),
        (lambda origin: origin in (None, HERE), [None, HERE, "https://EXAMPLE.org"], ["http://example.org"]),
    ],
    ids=["all", "one", "one in capitals", "one or none", "none", "pattern", "nobody", "function"],
)
def test_origins(policy, taken, refused):
    for origin in taken:
        check_origin(origin, policy)
    for origin in refused:
        with pytest.raises(HandshakeFailure) as caught:
            check_origin(origin, policy)
        assert (caught.value.clause, caught.value.status) == ("rfc6455:10.2-p1-s2", 403)
        assert ("no Origin" if origin is None else repr(origin)) in caught.value.why


# 10.3: what has begun to go out is out of the application's reach


@pytest.mark.clause("rfc6455:10.3-p5-s1", "rfc6455:10.3-p5-s4", "rfc6455:10.3-p5-s5")
@pytest.mark.parametrize("size", [1, 125, 126, 5000, 70_000])
@pytest.mark.parametrize("fragmented", [False, True], ids=["messages", "fragments"])
def test_data_that_is_changed_goes_out_in_another_frame_with_another_key(fragmented, size):
    client = Endpoint.established(Role.CLIENT)
    data = bytearray(size)
    for value, fin in ((b"\xff", False), (b"G", True)):
        if fragmented:
            client.send_a_fragment(data, fin=fin)
        else:
            client.send_a_websocket_message(data)
        data[:] = value * size
    sent = client.octets_to_send()
    assert [payload for _, _, payload in read_frames(sent)] == [bytes(size), b"\xff" * size]
    # The key stands before the payload.
    first, second = sent[: len(sent) // 2], sent[len(sent) // 2 :]
    assert first[-size - 4 : -size] != second[-size - 4 : -size]


# 10.5


@pytest.mark.clause("rfc6455:10.5-p1-s2")
def test_a_server_may_ask_for_a_password():
    server = Endpoint(Role.SERVER)
    [asked] = server.receive_octets(REQUEST)
    assert asked.headers.get("Authorization") is None
    assert server.respond(Response(401, HeaderFields([("WWW-Authenticate", 'Basic realm="x"')])))
    answer = server.octets_to_send()
    assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert b"\r\nWWW-Authenticate: Basic" in answer
    [asked] = server.receive_octets(REQUEST.replace(b"Host", b"Authorization: Basic eDp5\r\nHost"))
    assert asked.headers.get("Authorization") == "Basic eDp5"
    assert isinstance(server.accept(), Opened)


# 10.7: data that is not valid

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

REQUESTS_THAT_ARE_NOT_VALID = {
    "no HTTP": (b"GET", b"\x16\x03", 400),
    "method": (b"GET", b"PUT", 405),
    "path": (b"GET /", b"GET x", 400),
    "version of HTTP": (b"HTTP/1.1", b"HTTP/1.0", 400),
    "host": (b"Host: h", b"Host: h h", 400),
    "upgrade": (b": websocket", b": other", 426),
    "connection": (b": Upgrade", b": close", 400),
    "key": (b"==\r\n", b"=\r\n", 400),
    "version": (b": 13", b": 12", 426),
    "extensions": (b"Host:", b"Sec-WebSocket-Extensions: a;;b\r\nHost:", 400),
    "subprotocols": (b"Host:", b"Sec-WebSocket-Protocol: a b\r\nHost:", 400),
    "origin": (b"Host:", b"Origin: http://bad.example\r\nHost:", 403),
}


@pytest.mark.clause("rfc6455:10.1-p2-s4", "rfc6455:10.7-p1-s2", "rfc6455:10.7-p1-s5")
@pytest.mark.parametrize(
    ("valid", "invalid", "status"), REQUESTS_THAT_ARE_NOT_VALID.values(), ids=REQUESTS_THAT_ARE_NOT_VALID
)
def test_a_request_that_is_not_valid_gets_an_http_status_and_tcp_is_closed(valid, invalid, status):
    assert valid in REQUEST
    server = Endpoint(Role.SERVER)
    [event] = server.receive_octets(REQUEST.replace(valid, invalid, 1) + frame(FIN | TEXT, b"x", key=KEY))
    if isinstance(event, Request):
        event = server.accept(origins=[None])
    assert isinstance(event, HandshakeFailure)
    assert server.octets_to_send().startswith(b"HTTP/1.1 %d " % status)
    assert server.closing.tcp_close_is_due
    assert server.receive_octets(frame(FIN | TEXT, b"x", key=KEY)) == []


@pytest.mark.clause("rfc6455:10.7-p1-s2")
@pytest.mark.parametrize(
    "octets", [b"\x16\x03\r\n\r\n", b"HTTP/1.1 101 \r\nUpgrade: other\r\n\r\n"], ids=["no HTTP", "upgrade"]
)
def test_an_answer_that_is_not_valid_makes_the_client_close_tcp_without_a_word(octets):
    client = Endpoint(Role.CLIENT)
    client.connect(parse_websocket_uri("ws://h/"))
    client.octets_to_send()
    assert isinstance(client.receive_octets(octets)[-1], HandshakeFailure)
    assert client.octets_to_send() == b""
    assert client.closing.tcp_close_is_due


FRAMES_THAT_ARE_NOT_VALID = {
    "RSV1": (FIN | RSV1 | TEXT, b"", 1002),
    "opcode 3": (FIN | 3, b"", 1002),
    "opcode 11": (FIN | 11, b"", 1002),
    "a continuation of nothing": (FIN | CONTINUATION, b"", 1002),
    "half a ping": (PING, b"", 1002),
    "a long ping": (FIN | PING, bytes(126), 1002),
    "a Close of one octet": (FIN | CLOSE, b"\x03", 1002),
    "a Close with 999": (FIN | CLOSE, b"\x03\xe7", 1002),
    "a reason that is not UTF-8": (FIN | CLOSE, b"\x03\xe8\xff", 1007),
    "text that is not UTF-8": (FIN | TEXT, b"\xff", 1007),
    "a text that is too long": (FIN | TEXT, b"x" * 1001, 1009),
}


@pytest.mark.clause("rfc6455:10.1-p2-s4", "rfc6455:10.7-p1-s1", "rfc6455:10.7-p1-s2", "rfc6455:10.7-p1-s3")
@pytest.mark.parametrize(
    ("first", "payload", "status"), FRAMES_THAT_ARE_NOT_VALID.values(), ids=FRAMES_THAT_ARE_NOT_VALID
)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_frame_that_is_not_valid_is_answered_with_a_close_that_says_why(role, first, payload, status):
    endpoint = Endpoint.established(role, limits=Limits(max_message_size=1000))
    events = endpoint.receive_octets(frame_to(role, FIN | TEXT, b"valid") + frame_to(role, first, payload))
    assert [type(event) for event in events] == [str, Failure]
    [(opcode, body)] = sent_by(endpoint)
    assert (opcode, int.from_bytes(body[:2], "big")) == (FIN | CLOSE, status)
    assert endpoint.closing.state is State.FAILED
    # A client waits for the server to close TCP first.
    assert endpoint.closing.tcp_close_is_due or role is Role.CLIENT
    assert endpoint.receive_octets(frame_to(role, FIN | TEXT, b"valid")) == []


CONTENTS = {
    "nothing": b"",
    "a frame": frame(FIN | TEXT, b"x"),
    "half a frame": frame(FIN | TEXT, b"x" * 300)[:20],
    "zeros": bytes(200),
    "the borders of older drafts": b"\x00text\xff\x00",
}


@pytest.mark.clause("rfc6455:10.7-p2-s3")
@pytest.mark.parametrize("step", [1, 2, 7, 10_000])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_only_its_length_says_where_a_frame_ends(role, content, step):
    text = content.replace(b"\xff", b"\xc3\xbf").replace(b"\x81", b"\xc2\x81")
    # The border of these two frames lies within a character.
    split = frame_to(role, TEXT, text + b"\xc3") + frame_to(role, FIN | CONTINUATION, b"\xbf" + text)
    stream = frame_to(role, FIN | BINARY, content) + frame_to(role, FIN | TEXT, text) + split
    endpoint = Endpoint.established(role)
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    events = [event for piece in pieces for event in endpoint.receive_octets(piece)]
    assert events == [content, text.decode(), (text + b"\xc3\xbf" + text).decode()]
