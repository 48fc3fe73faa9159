"""HTTP/1.1 by h11, as a codec and built into the endpoint."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.host.http11 import MAX_BODY, Endpoint, Http11
from refws.rfc6455.endpoint import Opened, Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_2_server_side_requirements import accept_value, asks_for_websocket
from refws.rfc6455.s04_3_collected_abnf import parse_token_list
from refws.rfc6455.s05_5_control_frames import Close, Pong
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc6455.state import ReadyState

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
UPGRADE = (
    b"GET /chat?a=b HTTP/1.1\r\nHost: h:80\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
# ACCEPT stands for the value that fits the key
SWITCH = b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nTrailer: t\r\n\r\n"


R = TypeVar("R")


def server(limits: Limits = Limits()) -> Http11:
    return Http11(Role.SERVER, limits)


def client(limits: Limits = Limits()) -> Http11:
    """A client's codec that has sent a request for WebSocket."""
    codec = Http11(Role.CLIENT, limits)
    upgrade = [("Host", "h"), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
    assert codec.write_request(Request("GET", "/", HeaderFields(upgrade)))
    return codec


def read_all(read: Callable[[bytes], R], octets: bytes, step: int) -> list[R]:
    """What comes of octets in pieces of that length."""
    return [read(octets[at : at + step]) for at in range(0, len(octets), step)]


# Requests


@pytest.mark.clause("rfc6455:4.2.1-p1-s2", "rfc6455:4.2.1-p2-s2")
@pytest.mark.parametrize(
    ("octets", "request_", "behind"),
    [
        (GET, Request("GET", "/", HeaderFields([("Host", "h")])), b""),
        (GET + b"\x81\x80", Request("GET", "/", HeaderFields([("Host", "h")])), b"\x81\x80"),
        (
            b"POST http://h/?a HTTP/1.0\r\nX:  1 \r\nx:\t\r\nX: \xe4\r\n\r\n",
            Request("POST", "http://h/?a", HeaderFields([("X", "1"), ("x", ""), ("X", "\u00e4")]), (1, 0)),
            b"",
        ),
        (
            b"PUT * HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcd",
            Request("PUT", "*", HeaderFields([("Host", "h"), ("Content-Length", "3")]), body=b"abc"),
            b"d",
        ),
        (
            b"get / HTTP/1.1\r\nHost: h\r\n" + CHUNKED + b"d",
            Request("get", "/", HeaderFields([("Host", "h"), ("Transfer-Encoding", "chunked")]), body=b"abc"),
            b"d",
        ),
        (b"GET / HTTP/2.0\nHost: h\n\n", Request("GET", "/", HeaderFields([("Host", "h")]), (2, 0)), b""),
        (b"\r\n" + GET + b"\r\n", Request("GET", "/", HeaderFields([("Host", "h")])), b"\r\n"),
    ],
    ids=["plain", "octets behind", "duplicates", "content-length", "chunked", "bare LF", "an empty line before"],
)
def test_requests_in_one_piece_and_octet_by_octet(octets: bytes, request_: Request, behind: bytes) -> None:
    codec = server()
    assert codec.read_request(octets) == request_
    assert codec.octets_behind() == behind
    codec = server()
    got = read_all(codec.read_request, octets, 1)
    assert [r for r in got if r is not None] == [request_]
    assert got.index(request_) == len(octets) - len(behind) - 1
    assert codec.octets_behind() == behind
    assert codec.read_request(b"") is None


@pytest.mark.clause("rfc6455:4.2.1-p2-s2")
@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"\r\n\r\n" + GET, 400),
        (b"\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/11\r\nHost: h\r\n\r\n", 400),
        (b"GET / http/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET / FTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /\xe4 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: \x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    ],
    ids=lambda value: repr(value[:70]) if isinstance(value, bytes) else None,
)
def test_what_is_no_request(octets: bytes, status: int) -> None:
    for step in (len(octets), 1):
        codec = server()
        with pytest.raises(HandshakeFailure) as failure:
            read_all(codec.read_request, octets, step)
        assert (failure.value.clause, failure.value.status) == ("rfc6455:4.2.1-p2-s2", status)
        assert codec.write_response(Response(status)).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.clause("rfc6455:4.3-p1-s1")
def test_a_folded_line_is_white_space() -> None:
    request_ = server().read_request(GET[:-2] + b"Sec-WebSocket-Protocol: a,\r\n\t b\r\n ,c\r\n\r\n")
    assert request_ is not None
    assert parse_token_list(request_.headers.all("Sec-WebSocket-Protocol")) == ["a", "b", "c"]


# Limits


def padded(head: bytes, size: int) -> bytes:
    """A head of that many octets, by a field in front of its end."""
    return head[:-2] + b"P: " + b"p" * (size - len(head) - 5) + b"\r\n\r\n"


@pytest.mark.clause("rfc6455:10.4-p1-s1")
@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize(("size", "fits"), [(299, True), (300, True), (301, False), (302, False), (2000, False)])
@pytest.mark.parametrize("role", Role)
def test_the_size_of_a_head(role: Role, size: int, fits: bool, step: int) -> None:
    octets = padded(UPGRADE if role is Role.SERVER else SWITCH, size)
    assert len(octets) == size
    limits = Limits(max_head_size=300)
    codec = server(limits) if role is Role.SERVER else client(limits)
    read = codec.read_request if role is Role.SERVER else codec.read_response
    if fits:
        *before, last = read_all(read, octets, step)
        assert last is not None
        assert set(before) <= {None}
        return
    with pytest.raises(HandshakeFailure) as failure:
        read_all(read, octets, step)
    assert failure.value.clause == "rfc6455:10.4-p1-s1"
    if role is Role.SERVER:
        assert failure.value.status == 431


@pytest.mark.clause("rfc6455:10.4-p1-s1")
@pytest.mark.parametrize(("fields", "fits"), [(1, True), (9, True), (10, True), (11, False)])
def test_the_number_of_fields(fields: int, fits: bool) -> None:
    limits = Limits(max_header_fields=10)
    more = b"X: y\r\n" * (fields - 1)
    reads = [
        (server(limits).read_request, b"GET / HTTP/1.1\r\nHost: h\r\n" + more + b"\r\n", 431),
        (client(limits).read_response, b"HTTP/1.1 101 \r\nUpgrade: x\r\n" + more + b"\r\n", 101),
        (client(limits).read_response, b"HTTP/1.1 404 \r\nContent-Length: 0\r\n" + more + b"\r\n", 404),
        (client(limits).read_response, b"HTTP/1.1 103 \r\nX: y\r\n" + more + b"\r\n" + SWITCH, 103),
    ]
    for read, octets, status in reads:
        if fits:
            assert read(octets) is not None
            continue
        with pytest.raises(HandshakeFailure) as failure:
            read(octets)
        assert (failure.value.clause, failure.value.status) == ("rfc6455:10.4-p1-s1", status)


@pytest.mark.clause("rfc6455:10.4-p1-s1")
@pytest.mark.parametrize(("size", "fits"), [(MAX_BODY - 1, True), (MAX_BODY, True), (MAX_BODY + 1, False)])
@pytest.mark.parametrize("framing", ["Content-Length: %d\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n%x\r\n"])
@pytest.mark.parametrize("step", [1000, 1_000_000])
def test_the_size_of_a_requests_body(framing: str, size: int, fits: bool, step: int) -> None:
    end = b"\r\n0\r\n\r\n" if "chunked" in framing else b""
    octets = b"POST / HTTP/1.1\r\nHost: h\r\n" + (framing % size).encode() + b"b" * size + end
    codec = server()
    if fits:
        *before, last = read_all(codec.read_request, octets, step)
        assert last is not None
        assert last.body == b"b" * size
        assert set(before) <= {None}
        return
    with pytest.raises(HandshakeFailure) as failure:
        read_all(codec.read_request, octets, step)
    assert (failure.value.clause, failure.value.status) == ("rfc6455:10.4-p1-s1", 413)
    assert b"413" in codec.write_response(Response(413, HeaderFields([("Connection", "close")])))


# Answers of a server


@pytest.mark.clause("rfc6455:4.2.2-p12-s1")
@pytest.mark.parametrize(
    ("request_", "response", "octets"),
    [
        (GET, Response(200, body=b"ab"), b"200 OK\r\nContent-Length: 2\r\n\r\nab"),
        (GET, Response(404), b"404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        (GET, Response(426, reason="So"), b"426 So\r\nContent-Length: 0\r\n\r\n"),
        (GET, Response(599), b"599 \r\nContent-Length: 0\r\n\r\n"),
        (GET, Response(204), b"204 No Content\r\n\r\n"),
        (GET, Response(304), b"304 Not Modified\r\n\r\n"),
        (
            GET,
            Response(200, HeaderFields([("content-length", "2"), ("X", "1"), ("X", "2")]), b"ab"),
            b"200 OK\r\ncontent-length: 2\r\nX: 1\r\nX: 2\r\n\r\nab",
        ),
        (
            GET,
            Response(200, HeaderFields([("Transfer-Encoding", "chunked")]), b"ab"),
            b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        ),
        (b"HEAD" + GET[3:], Response(200, body=b"ab"), b"200 OK\r\nContent-Length: 2\r\n\r\n"),
        (
            GET.replace(b"1.1", b"1.0"),
            Response(200, body=b"ab"),
            b"200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab",
        ),
        (
            UPGRADE,
            Response(101, HeaderFields([("Upgrade", "websocket"), ("Connection", "Upgrade")]), reason="Yes"),
            b"101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        ),
        (UPGRADE, Response(101), b"101 Switching Protocols\r\n\r\n"),
    ],
    ids=lambda value: f"{value.status}" if isinstance(value, Response) else None,
)
def test_responses(request_: bytes, response: Response, octets: bytes) -> None:
    codec = server()
    assert codec.read_request(request_) is not None
    assert codec.write_response(response) == b"HTTP/1.1 " + octets


@pytest.mark.parametrize(
    "response",
    [
        Response(200, HeaderFields([("X", "a\r\nY: b")])),
        Response(200, HeaderFields([("X", "a\nb")])),
        Response(200, HeaderFields([("X", "\u00e4")])),
        Response(200, HeaderFields([("X\r\nY", "a")])),
        Response(200, HeaderFields([("X y", "a")])),
        Response(200, HeaderFields([("Content-Length", "x")])),
        Response(200, reason="OK\r\nX: y"),
        Response(200, reason="\u00e4"),
        Response(200, reason="\x00"),
        Response(101, HeaderFields([("X", "a\r\nY: b")])),
        Response(100),
        Response(99),
        Response(1000),
    ],
    ids=repr,
)
def test_responses_that_cannot_be_sent(response: Response) -> None:
    codec = server()
    codec.read_request(UPGRADE)
    with pytest.raises(UsageError):
        codec.write_response(response)
    assert codec.write_response(Response(500)) == b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "response",
    [Response(204, body=b"a"), Response(200, HeaderFields([("Content-Length", "2")]), b"a")],
    ids=["a body for 204", "a body too short"],
)
def test_responses_with_a_body_that_cannot_be(response: Response) -> None:
    codec = server()
    codec.read_request(GET)
    with pytest.raises(UsageError):
        codec.write_response(response)


CLOSE = HeaderFields([("Connection", "close")])


@pytest.mark.parametrize(
    ("request_", "headers", "another"),
    [
        (GET, HeaderFields(), True),
        (UPGRADE, HeaderFields(), True),
        (b"HEAD" + GET[3:], HeaderFields(), True),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", HeaderFields(), True),
        (b"POST / HTTP/1.1\r\nHost: h\r\n" + CHUNKED, HeaderFields(), True),
        (GET, CLOSE, False),
        (GET[:-2] + b"Connection: close\r\n\r\n", HeaderFields(), False),
        (GET.replace(b"1.1", b"1.0"), HeaderFields(), False),
    ],
    ids=["GET", "Upgrade", "HEAD", "Content-Length", "chunked", "response closes", "request closes", "HTTP/1.0"],
)
def test_keep_alive(request_: bytes, headers: HeaderFields, another: bool) -> None:
    codec = server()
    # A pipelined request waits, here in pieces.
    assert codec.read_request(request_ + GET[:10]) is not None
    assert codec.read_request(GET[10:] + b"x") is None
    assert not codec.next_request()
    codec.write_response(Response(200, headers, b"ab"))
    assert codec.next_request() is another
    if another:
        assert codec.read_request(b"") == Request("GET", "/", HeaderFields([("Host", "h")]))
        assert codec.octets_behind() == b"x"
        assert codec.write_response(Response(200, body=b"ab")).endswith(b"\r\n\r\nab")


@pytest.mark.parametrize("pieces", [[b"\r\n" + GET], [b"\r", b"\n" + GET], [b"", b"\r", b"", b"\n", GET]])
def test_an_empty_line_behind_a_body(pieces: list[bytes]) -> None:
    codec = server()
    assert codec.read_request(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab" + pieces[0]) is not None
    codec.write_response(Response(200))
    assert codec.next_request()
    got = [codec.read_request(piece) for piece in (b"", *pieces[1:])]
    assert [one for one in got if one is not None] == [Request("GET", "/", HeaderFields([("Host", "h")]))]
    assert got[-1] is not None


@pytest.mark.clause("rfc6455:10.4-p1-s1")
def test_each_request_has_the_limit_for_itself() -> None:
    codec = server(Limits(max_head_size=300))
    for size in (300, 300, 301):
        octets = padded(GET, size)
        if size > 300:
            with pytest.raises(HandshakeFailure):
                codec.read_request(octets)
        else:
            assert codec.read_request(octets) is not None
            codec.write_response(Response(200))
            assert codec.next_request()


# Requests of a client


def test_a_request() -> None:
    headers = HeaderFields([("Host", "h"), ("X", "1"), ("x", "2")])
    octets = Http11(Role.CLIENT).write_request(Request("GET", "/a?b", headers))
    assert octets == b"GET /a?b HTTP/1.1\r\nHost: h\r\nX: 1\r\nx: 2\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/a b", HeaderFields([("Host", "h")])),
        Request("GET", "/\r\n", HeaderFields([("Host", "h")])),
        Request("GET", "/\u00e4", HeaderFields([("Host", "h")])),
        Request("G T", "/", HeaderFields([("Host", "h")])),
        Request("GET", "/", HeaderFields()),
        Request("GET", "/", HeaderFields([("Host", "h\r\nX: y")])),
        Request("GET", "/", HeaderFields([("Host", "h"), ("X", "a\r\nY: b")])),
        Request("GET", "/", HeaderFields([("Host", "h"), ("X", "\u00e4")])),
    ],
    ids=repr,
)
def test_requests_that_cannot_be_sent(request_: Request) -> None:
    codec = Http11(Role.CLIENT)
    with pytest.raises(UsageError):
        codec.write_request(request_)
    assert codec.write_request(Request("GET", "/", HeaderFields([("Host", "h")]))) == GET


# Answers to a client


@pytest.mark.clause("rfc6455:4.1-p38-s2", "rfc6455:4.1-p39-s1")
@pytest.mark.parametrize(
    ("octets", "status", "reason", "body", "behind"),
    [
        (SWITCH, 101, "Yes", b"", b""),
        (SWITCH + b"\x81\x00", 101, "Yes", b"", b"\x81\x00"),
        (b"HTTP/1.1 100 \r\n\r\n" + SWITCH + b"\x81", 101, "Yes", b"", b"\x81"),
        (b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\n" + SWITCH, 101, "Yes", b"", b""),
        (b"HTTP/1.0 101 \xe4\r\n\r\n", 101, "\u00e4", b"", b""),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nabc", 400, "Bad", b"ab", b"c"),
        (b"HTTP/1.1 400\r\nContent-Length: 0\r\n\r\n", 400, "", b"", b""),
        (b"HTTP/1.1 302 \r\n" + CHUNKED + b"x", 302, "", b"abc", b"x"),
        (b"HTTP/1.1 204 \r\n\r\nx", 204, "", b"", b"x"),
        (b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 401 \r\nContent-Length: 1\r\n\r\na", 401, "", b"a", b""),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) and len(value) > 10 else None,
)
def test_answers(octets: bytes, status: int, reason: str, body: bytes, behind: bytes) -> None:
    for step in (len(octets), 1):
        codec = client()
        [answer] = [r for r in read_all(codec.read_response, octets, step) if r is not None]
        assert (answer.status, answer.reason, answer.body) == (status, reason, body)
        assert codec.octets_behind() == behind
        if not behind:
            assert codec.end_of_octets() is None


@pytest.mark.clause("rfc6455:4.1-p39-s1", "rfc6455:10.4-p1-s1")
@pytest.mark.parametrize("size", [0, 1, MAX_BODY - 1, MAX_BODY, MAX_BODY + 1, 3 * MAX_BODY])
@pytest.mark.parametrize("step", [1000, 1_000_000])
def test_a_body_until_the_end_is_kept_up_to_its_limit(size: int, step: int) -> None:
    codec = client()
    octets = b"HTTP/1.1 500 \r\n\r\n" + b"b" * size
    assert set(read_all(codec.read_response, octets, step)) == {None}
    answer = codec.end_of_octets()
    assert answer is not None
    assert answer.body == b"b" * min(size, MAX_BODY)
    assert codec.end_of_octets() is None
    assert codec.read_response(b"more") is None


@pytest.mark.clause("rfc6455:4.1-p45-s1", "rfc6455:4.2.2-p12-s1")
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"HTTP/1.1 101",
        SWITCH[:-1],
        b"HTTP/1.1 100 \r\n\r\n",
        b"HTTP/1.1 400 \r\nContent-Length: 2\r\n\r\na",
        b"HTTP/1.1 400 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ],
    ids=repr,
)
def test_an_answer_cut_short(octets: bytes) -> None:
    codec = client()
    assert codec.read_response(octets) is None
    with pytest.raises(HandshakeFailure) as failure:
        codec.end_of_octets()
    assert (failure.value.clause, failure.value.status) == ("rfc6455:4.1-p45-s1", 0)


@pytest.mark.clause("rfc6455:4.1-p45-s1", "rfc6455:4.2.2-p12-s1")
@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"HTTP/1.1 1 \r\n\r\n",
        b"HTTP/1.1 099 \r\n\r\n",
        b"HTTP/1.1 1010 \r\n\r\n",
        b"HTTP/1.1 101 a\x00\r\n\r\n",
        b"HTTP/1.1  101 \r\n\r\n",
        b"http/1.1 101 \r\n\r\n",
        b"HTTP/1.1 101 \r\nX\r\n\r\n",
        b"HTTP/1.1 400 \r\nContent-Length: x\r\n\r\n",
        b"\x81\x05hello\r\n\r\n",
    ],
    ids=repr,
)
def test_what_is_no_answer(octets: bytes) -> None:
    for step in (len(octets), 1):
        codec = client()
        with pytest.raises(HandshakeFailure) as failure:
            read_all(codec.read_response, octets, step)
        assert (failure.value.clause, failure.value.status) == ("rfc6455:4.1-p45-s1", 0)


# The endpoint


LIMITS = Limits(max_head_size=1000, max_header_fields=20, max_message_size=50)
HELLO = b"\x81\x85\x00\x00\x00\x00hello"
BYE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"


def outcome(role: Role, pieces: list[bytes]) -> list[object]:
    """What these octets and then the end of them make of an endpoint; nothing may raise."""
    endpoint = Endpoint(role, LIMITS)
    if role is Role.CLIENT:
        endpoint.connect(parse_websocket_uri("ws://h/"), ClientOffer(["chat"]))
        key = re.search(rb"Key: (\S+)", endpoint.octets_to_send())
        assert key is not None
        accept = accept_value(key[1].decode()).encode()
        # The cuts are those of the octets as they were, and a rest.
        sizes = [len(piece) for piece in pieces[:-1]]
        octets = b"".join(pieces).replace(b"ACCEPT", accept)
        pieces = split(octets, [sum(sizes[: i + 1]) for i in range(len(sizes))])
    seen: list[object] = []
    for piece in pieces:
        octets = piece
        while True:
            events = endpoint.receive_octets(octets)
            seen += events
            assert all(not isinstance(e, Failure | Close) for e in events[:-1])
            octets = b""
            if not any(isinstance(e, Request) for e in events) or not answered(endpoint, events[-1]):
                break
        endpoint.octets_to_send()
    seen += endpoint.receive_end_of_octets()
    assert endpoint.receive_octets(b"behind the end") == []
    endpoint.octets_to_send()
    endpoint.the_tcp_connection_is_closed()
    assert endpoint.ready_state is ReadyState.CLOSED
    assert sum(isinstance(e, Failure) for e in seen) <= 1
    return [comparable(e) for e in seen]


def answered(endpoint: Endpoint, request: object) -> bool:
    """Answer a request; whether there may be something behind it to be read."""
    assert isinstance(request, Request)
    if asks_for_websocket(request):
        return isinstance(endpoint.accept(subprotocols=["chat"]), Opened)
    return endpoint.respond(Response(200, body=b"plain"))


def comparable(event: object) -> object:
    """An event without what differs from one connection to the next, or with the way its octets came."""
    if isinstance(event, Failure):
        return event.clause, event.status
    if isinstance(event, Opened):
        return event.resource_name, event.subprotocol, event.response.status
    return event


def split(octets: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    return [octets[a:b] for a, b in pairwise(at)] or [b""]


CUTS = st.lists(st.integers(0, 2000), max_size=8)
EDITS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=3)), max_size=4)
FRAMES = st.sampled_from([b"", HELLO, HELLO + BYE, b"\x81\x05hello\x88\x00", b"\x8a\x00", GET])
HEADS = {
    Role.SERVER: st.sampled_from(
        [
            UPGRADE,
            UPGRADE.replace(b"keep-alive", b"close"),
            UPGRADE.replace(b"1.1", b"1.0"),
            GET,
            GET + UPGRADE,
            GET.replace(b"1.1", b"1.0"),
            GET[:-2] + b"Connection: close\r\n\r\n",
            b"HEAD" + GET[3:] + b"x\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: h\r\n" + CHUNKED,
        ]
    ),
    Role.CLIENT: st.sampled_from(
        [
            SWITCH,
            b"HTTP/1.1 100 \r\n\r\n" + SWITCH,
            SWITCH.replace(b"ACCEPT", b"ACCEPT\r\nSec-WebSocket-Protocol: chat"),
            b"HTTP/1.1 404 \r\nContent-Length: 3\r\n\r\nabc",
            b"HTTP/1.1 404 \r\n" + CHUNKED,
            b"HTTP/1.1 404 \r\n\r\nabc",
        ]
    ),
}


def edited(octets: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, removed, put in edits:
        octets = octets[:at] + put + octets[at + removed :]
    return octets


@pytest.mark.clause("rfc6455:4.2.1-p2-s2", "rfc6455:4.1-p45-s1", "rfc6455:10.7-p1-s1")
@pytest.mark.parametrize("role", Role)
@given(data=st.data(), edits=EDITS, frames=FRAMES, cuts=CUTS)
@settings(max_examples=200, deadline=None)
def test_any_split_of_any_handshake_has_the_same_outcome(
    role: Role, data: st.DataObject, edits: list[tuple[int, int, bytes]], frames: bytes, cuts: list[int]
) -> None:
    octets = edited(data.draw(HEADS[role]) + frames, edits)
    whole = outcome(role, [octets])
    assert outcome(role, split(octets, cuts)) == whole
    assert outcome(role, [octets[at : at + 1] for at in range(len(octets))] or [b""]) == whole


@pytest.mark.clause("rfc6455:10.7-p1-s1")
@pytest.mark.parametrize("role", Role)
@given(pieces=st.lists(st.binary(max_size=1500), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_no_octets_make_it_raise(role: Role, pieces: list[bytes]) -> None:
    outcome(role, pieces)


@pytest.mark.clause("rfc6455:4.2.2-p22-s3", "rfc6455:4.1-p47-s1")
@pytest.mark.parametrize(
    ("role", "octets", "expected"),
    [
        (Role.SERVER, UPGRADE + HELLO + BYE, ["hello", Close(1000, "")]),
        (Role.SERVER, GET + UPGRADE + HELLO, ["hello", ("rfc6455:7.2.1-p2-s1", 1006)]),
        (
            Role.CLIENT,
            SWITCH + b"\x81\x05hello\x8a\x00\x88\x00",
            [("/", None, 101), "hello", Pong(b""), Close(1005, "")],
        ),
        (Role.CLIENT, SWITCH.replace(b"ACCEPT", b"x"), [("rfc6455:4.1-p42-s1", 101)]),
        (Role.CLIENT, b"HTTP/1.1 404 \r\n\r\nabc", [("rfc6455:4.1-p39-s1", 404)]),
        (Role.CLIENT, b"", [("rfc6455:4.1-p45-s1", 0)]),
        (Role.SERVER, b"", [("rfc6455:7.2.1-p2-s1", 1006)]),
        (Role.SERVER, b"HEAD" + GET[3:] + b"x\r\n\r\n", [("rfc6455:4.2.1-p2-s2", 400)]),
    ],
    ids=["server", "plain first", "client", "wrong accept", "until the end", "no answer", "no request", "garbage"],
)
def test_outcomes(role: Role, octets: bytes, expected: list[object]) -> None:
    assert [e for e in outcome(role, [octets]) if not isinstance(e, Request)] == expected


@pytest.mark.clause("rfc6455:4.2.1-p2-s2", "rfc6455:7.1.7-p2-s3")
def test_a_bad_request_is_answered_once() -> None:
    endpoint = Endpoint(Role.SERVER)
    [failure] = endpoint.receive_octets(b"GET /a b HTTP/1.1\r\n\r\n")
    assert isinstance(failure, HandshakeFailure)
    octets = endpoint.octets_to_send()
    assert octets.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nConnection: close\r\n" in octets
    assert b"[rfc6455:4.2.1-p2-s2]" in octets
    assert endpoint.receive_octets(UPGRADE) == []
    assert endpoint.receive_end_of_octets() == []
    assert endpoint.octets_to_send() == b""


@pytest.mark.clause("rfc6455:4.1-p38-s1")
def test_a_client_sends_nothing_before_the_answer() -> None:
    endpoint = Endpoint(Role.CLIENT)
    endpoint.connect(parse_websocket_uri("ws://h/"))
    (key,) = re.findall(rb"Sec-WebSocket-Key: (\S+)", endpoint.octets_to_send())
    answer = b"HTTP/1.1 100 \r\n\r\n" + SWITCH.replace(b"ACCEPT", accept_value(key.decode()).encode())
    assert endpoint.receive_octets(answer[:-1]) == []
    with pytest.raises(UsageError):
        endpoint.send_a_websocket_message("early")
    with pytest.raises(UsageError):
        endpoint.send_ping()
    assert endpoint.octets_to_send() == b""
    [opened] = endpoint.receive_octets(answer[-1:])
    assert isinstance(opened, Opened)
    endpoint.send_a_websocket_message("now")
    assert endpoint.octets_to_send()[0] == 0x81


@pytest.mark.clause("rfc6455:4.1-p37-s1")
@pytest.mark.parametrize("field", [("X", "a\r\nInjected: b"), ("X\r\nInjected", "b"), ("X", "\u00e4")], ids=repr)
def test_nothing_is_sent_of_a_request_with_an_injected_field(field: tuple[str, str]) -> None:
    endpoint = Endpoint(Role.CLIENT)
    with pytest.raises(UsageError):
        endpoint.connect(parse_websocket_uri("ws://h/"), ClientOffer(additional_headers=[field]))
    assert endpoint.octets_to_send() == b""
    server_side = Endpoint(Role.SERVER)
    server_side.receive_octets(UPGRADE)
    with pytest.raises(UsageError):
        server_side.accept(additional_headers=[field])
    assert server_side.octets_to_send() == b""
