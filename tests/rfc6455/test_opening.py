"""The wiring of section 4: the opening handshake of either side."""

import re

import pytest

from refws.failure import HandshakeFailure, UsageError
from refws.host.http11 import Http11
from refws.rfc6455.endpoint import Role
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.opening import ClientOpening, Opened, ServerOpening
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_2_server_side_requirements import accept_value
from refws.rfc6455.s04_3_collected_abnf import parse_extension_list
from refws.rfc7692 import PermessageDeflate

URI = parse_websocket_uri("ws://server.example.com/chat")
# The sample of section 1.3
REQUEST = (
    b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n"
    b"Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
)
INJECTION = [("X", "a\r\nInjected: b"), ("X", "a\nb"), ("X", "a\x00"), ("X\r\nY", "a"), ("", "a"), ("X", "\u00e4")]


def key_of(octets: bytes) -> str:
    found = re.search(rb"\r\nSec-WebSocket-Key: (\S+)\r\n", octets)
    assert found is not None
    return found[1].decode()


def client(offer: ClientOffer = ClientOffer()) -> tuple[ClientOpening, bytes]:
    """A client that has sent its request, and the head of the answer that would do."""
    opening = ClientOpening(Http11(Role.CLIENT))
    key = key_of(opening.send(URI, offer))
    head = (
        f"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_value(key)}\r\n"
    )
    return opening, head.encode()


def server(octets: bytes = REQUEST) -> ServerOpening:
    """A server that has got a request."""
    opening = ServerOpening(Http11(Role.SERVER))
    assert opening.receive(octets) is not None
    return opening


class TestClient:
    @pytest.mark.clause("rfc6455:4.1-p21-s1", "rfc6455:4.1-p21-s2", "rfc6455:4.1-p22-s1", "rfc6455:4.1-p29-s3")
    @pytest.mark.clause("rfc6455:4.1-p23-s1/1", "rfc6455:4.1-p23-s1/2", "rfc6455:4.1-p25-s1")
    @pytest.mark.clause("rfc6455:11.3.1-p8-s2", "rfc6455:11.3.1-p9-s1", "rfc6455:11.3.5-p8-s2", "rfc6455:11.3.5-p10-s2")
    def test_each_request_is_whole_and_has_a_key_of_its_own(self) -> None:
        requests = [ClientOpening(Http11(Role.CLIENT)).send(URI, ClientOffer(["chat"])) for _ in range(2)]
        for octets in requests:
            assert octets.startswith(b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\n")
            assert octets.endswith(b"Sec-WebSocket-Protocol: chat\r\n\r\n")
            assert octets.count(b"\r\nSec-WebSocket-Key: ") == 1
            assert octets.count(b"\r\nSec-WebSocket-Version: 13\r\n") == octets.count(b"Version") == 1
        assert len({key_of(octets) for octets in requests}) == 2

    @pytest.mark.clause("rfc6455:4.3-p4-s2", "rfc6455:11.3.2-p8-s2", "rfc6455:11.3.4-p8-s2")
    @pytest.mark.parametrize("asks", [False, True])
    def test_subprotocols_and_extensions_are_asked_for_in_their_fields(self, asks: bool) -> None:
        offer = ClientOffer(["b", "a"], [PermessageDeflate()]) if asks else ClientOffer()
        octets = ClientOpening(Http11(Role.CLIENT)).send(URI, offer)
        assert re.findall(rb"\r\nSec-WebSocket-Protocol: (.*)\r\n", octets) == [b"b, a"] * asks
        extensions = re.findall(rb"\r\nSec-WebSocket-Extensions: (.*)\r\n", octets)
        assert [parse_extension_list([e.decode()])[0].name for e in extensions] == ["permessage-deflate"] * asks

    def test_it_connects_once(self) -> None:
        opening, _ = client()
        with pytest.raises(UsageError, match="once"):
            opening.send(URI, ClientOffer())

    @pytest.mark.parametrize(
        "offer",
        [
            ClientOffer(["a b"]),
            *(ClientOffer(additional_headers=[field]) for field in INJECTION),
            ClientOffer(origin="\n"),
        ],
        ids=repr,
    )
    def test_what_cannot_be_asked_for_is_not_sent(self, offer: ClientOffer) -> None:
        opening = ClientOpening(Http11(Role.CLIENT))
        with pytest.raises(UsageError):
            opening.send(URI, offer)
        assert opening.send(URI, ClientOffer()).startswith(b"GET /chat HTTP/1.1\r\n")

    @pytest.mark.clause(
        "rfc6455:4.1-p3-s1", "rfc6455:4.1-p38-s2", "rfc6455:4.1-p47-s2", "rfc6455:4.1-p47-s3", "rfc6455:4.2.2-p22-s3"
    )
    def test_the_answer_opens(self) -> None:
        opening, head = client(ClientOffer(["chat"]))
        assert opening.receive(head) is None
        opened = opening.receive(b"Sec-WebSocket-Protocol: chat\r\nX: y\r\n\r\n\x81\x00")
        assert isinstance(opened, Opened)
        assert (opened.resource_name, opened.subprotocol, opened.extensions) == ("/chat", "chat", ())
        assert opened.request.headers.get("Sec-WebSocket-Protocol") == "chat"
        assert opened.response.headers.get("X") == "y"
        assert opening.octets_behind() == b"\x81\x00"

    @pytest.mark.clause("rfc6455:4.1-p38-s2", "rfc6455:4.1-p39-s1", "rfc6455:4.1-p39-s2", "rfc6455:4.1-p44-s1")
    @pytest.mark.parametrize(
        ("answer", "clause", "status"),
        [
            (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno", "4.1-p39-s1", 401),
            (b"HTTP/1.1 302 There\r\nLocation: /\r\nContent-Length: 2\r\n\r\nno", "4.1-p39-s1", 302),
            (b"HTTP/1.1 101 \r\nUpgrade: x\r\n\r\n", "4.1-p40-s1", 101),
        ],
        ids=["401", "302", "101"],
    )
    def test_another_answer_comes_with_the_failure(self, answer: bytes, clause: str, status: int) -> None:
        opening, _ = client()
        with pytest.raises(HandshakeFailure) as failure:
            opening.receive(answer)
        assert (failure.value.clause, failure.value.status) == (f"rfc6455:{clause}", status)
        assert isinstance(failure.value.response, Response)
        assert failure.value.response.status == status
        assert failure.value.response.body == (b"" if status == 101 else b"no")

    @pytest.mark.clause("rfc6455:11.3.5-p10-s1")
    def test_the_versions_of_a_refusal_come_in_any_number_of_fields(self) -> None:
        opening, _ = client()
        versions = b"Sec-WebSocket-Version: 14\r\nSec-WebSocket-Version: 8, 7\r\n"
        with pytest.raises(HandshakeFailure) as failure:
            opening.receive(b"HTTP/1.1 400 Bad Request\r\n" + versions + b"Content-Length: 0\r\n\r\n")
        assert isinstance(failure.value.response, Response)
        assert failure.value.response.headers.all("Sec-WebSocket-Version") == ["14", "8, 7"]

    @pytest.mark.clause("rfc6455:4.1-p38-s2", "rfc6455:4.1-p3-s1")
    @pytest.mark.parametrize("answer", [RESPONSE, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], ids=["101", "200"])
    def test_an_answer_to_no_request(self, answer: bytes) -> None:
        with pytest.raises(HandshakeFailure):
            ClientOpening(Http11(Role.CLIENT)).receive(answer)

    @pytest.mark.clause("rfc6455:4.1-p39-s1", "rfc6455:4.1-p45-s1")
    def test_the_end_of_octets(self) -> None:
        opening, _ = client()
        opening.receive(b"HTTP/1.1 503 Later\r\n\r\nla")
        with pytest.raises(HandshakeFailure) as failure:
            opening.receive_end_of_octets()
        assert isinstance(failure.value.response, Response)
        assert failure.value.response.body == b"la"
        opening, head = client()
        opening.receive(head)
        with pytest.raises(HandshakeFailure) as failure:
            opening.receive_end_of_octets()
        assert (failure.value.clause, failure.value.status) == ("rfc6455:4.1-p45-s1", 0)
        ClientOpening(Http11(Role.CLIENT)).receive_end_of_octets()


class TestServer:
    @pytest.mark.clause(
        "rfc6455:4.2.1-p1-s2",
        "rfc6455:4.2.1-p2-s1",
        "rfc6455:4.2.2-p1-s1",
        "rfc6455:4.2.2-p12-s1",
        "rfc6455:4.2.2-p16-s2",
    )
    def test_the_sample_of_section_1_3(self) -> None:
        opening = server()
        opened, octets = opening.accept(["superchat", "chat"][::-1], [], ["http://example.com"], [])
        assert octets == RESPONSE
        assert (opened.resource_name, opened.subprotocol, opened.extensions) == ("/chat", "chat", ())
        assert opened.request.headers.get("Host") == "server.example.com"
        assert opened.response.status == 101

    @pytest.mark.clause("rfc6455:4.2.1-p1-s2", "rfc6455:4.2.2-p22-s3")
    def test_a_head_in_pieces_and_octets_behind_it(self) -> None:
        opening = ServerOpening(Http11(Role.SERVER))
        assert (opening.receive(REQUEST[:30]), opening.request) == (None, None)
        request = opening.receive(REQUEST[30:] + b"\x81")
        assert request is opening.request is not None
        assert opening.receive(b"\x80") is None
        assert opening.request is request
        assert opening.octets_behind() == b"\x81\x80"

    @pytest.mark.clause("rfc6455:4.2.2-p1-s1")
    def test_a_second_request_waits_for_the_first(self) -> None:
        """Also where the codec would give it: Http11 does not."""

        class Eager(Http11):
            def read_request(self, octets: bytes) -> Request | None:
                return Request("GET", octets.decode(), HeaderFields())

        opening = ServerOpening(Eager(Role.SERVER))
        assert opening.receive(b"/1") is not None
        assert opening.receive(b"/2") is None
        assert opening.request is not None
        assert opening.request.target == "/1"

    @pytest.mark.clause("rfc6455:4.2.1-p2-s2", "rfc6455:4.2.2-p6-s5", "rfc6455:9.1-p1-s3", "rfc6455:10.2-p1-s2")
    @pytest.mark.clause("rfc6455:4.3-p4-s2", "rfc6455:4.2.2-p8-s2")
    @pytest.mark.parametrize(
        ("old", "new", "status"),
        [
            (b"/chat", b"*", 400),
            (b"http://example.com", b"http://example.org", 403),
            (b"Origin", b"X-Origin", 403),
            (b"Origin: http://example.com", b"Origin: http://example.com\r\nSec-WebSocket-Extensions: a b", 400),
            (b": 13", b": 12", 426),
        ],
        ids=["target", "origin", "no origin", "extensions", "version"],
    )
    def test_a_request_that_is_refused(self, old: bytes, new: bytes, status: int) -> None:
        opening = server(REQUEST.replace(old, new))
        with pytest.raises(HandshakeFailure) as failure:
            opening.accept([], [], ["http://example.com"], [])
        assert failure.value.status == status
        assert opening.respond(Response(status)).startswith(b"HTTP/1.1 %d " % status)
        assert opening.request is None

    @pytest.mark.clause("rfc6455:4.2.2-p11-s1", "rfc6455:4.2.2-p11-s2", "rfc6455:4.2.2-p11-s5", "rfc6455:11.3.2-p8-s2")
    @pytest.mark.parametrize(
        ("offered", "in_use"),
        [(None, 0), (b"x-unknown", 0), (b"x-unknown, permessage-deflate", 1)],
        ids=["none", "none that is known", "one"],
    )
    def test_extensions_are_agreed_on(self, offered: bytes | None, in_use: int) -> None:
        field = b"" if offered is None else b"Sec-WebSocket-Extensions: " + offered + b"\r\n"
        opening = server(REQUEST[:-2] + field + b"\r\n")
        opened, octets = opening.accept([], [PermessageDeflate()], None, [])
        assert len(opened.extensions) == in_use
        assert octets.count(b"\r\nSec-WebSocket-Extensions: permessage-deflate") == in_use
        assert octets.count(b"Sec-WebSocket-Extensions") == in_use

    @pytest.mark.parametrize("field", INJECTION, ids=repr)
    def test_fields_that_cannot_be_sent(self, field: tuple[str, str]) -> None:
        opening = server()
        with pytest.raises(UsageError):
            opening.accept([], [], None, [field])
        with pytest.raises(UsageError):
            opening.respond(Response(404, HeaderFields([field])))
        # It can still be answered, and nothing of these attempts is in it.
        assert opening.respond(Response(500)) == b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"

    @pytest.mark.clause("rfc6455:4.2.2-p10-s2")
    def test_a_subprotocol_that_was_not_offered(self) -> None:
        with pytest.raises(UsageError):
            server().accept(lambda offered: "other", [], None, [])

    @pytest.mark.clause("rfc6455:4.2.2-p3-s1", "rfc6455:4.2.2-p4-s1", "rfc6455:4.2.2-p9-s3")
    @pytest.mark.parametrize("status", [302, 401, 404])
    def test_plain_answers_and_the_next_request(self, status: int) -> None:
        opening = server(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert opening.respond(Response(status)).startswith(b"HTTP/1.1 %d " % status)
        assert opening.next_request()
        assert opening.receive(REQUEST) is not None
        assert opening.accept([], [], None, [])[0].subprotocol is None
