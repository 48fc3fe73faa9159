"""Section 4.1, Client Requirements."""

import base64
import re
from collections.abc import Sequence

import pytest

from refws.failure import HandshakeFailure, UsageError
from refws.host.http11 import Http11
from refws.rfc6455.endpoint import Role
from refws.rfc6455.http import HeaderFields, Response
from refws.rfc6455.opening import ClientOpening
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import (
    ClientOffer,
    check_the_servers_opening_handshake,
    new_key,
    send_the_clients_opening_handshake,
)
from refws.rfc6455.s04_2_server_side_requirements import accept_value
from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters, parse_token_list
from refws.rfc6455.s09_extensions import ClientExtension

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class Named:
    """An extension that does nothing; section 9 has one that does."""

    def __init__(self, *offered: ExtensionParameters) -> None:
        self.name = offered[0].name
        self.offered = offered

    def offers(self) -> Sequence[ExtensionParameters]:
        return self.offered

    def accept(self, answer: ExtensionParameters) -> "Named":
        return Named(answer)

    only_marked = False

    def rsv_claimed(self, opcode: int) -> int:
        return 0


FOO = Named(ExtensionParameters("foo", (("a", "1"),)), ExtensionParameters("foo"))
BAR = Named(ExtensionParameters("bar"))
EXTENSIONS: list[ClientExtension] = [FOO, BAR]  # type: ignore[list-item]  # only their negotiation matters here


# The request


@pytest.mark.clause("rfc6455:4.1-p29-s2", "rfc6455:4.1-p29-s3")
def test_keys_are_16_octets_and_new() -> None:
    keys = [new_key() for _ in range(1000)]
    assert len(set(keys)) == 1000
    assert {len(base64.b64decode(key, validate=True)) for key in keys} == {16}
    # The bits behind the last octet are zero (erratum 3150).
    assert {base64.b64encode(base64.b64decode(key)).decode() == key for key in keys} == {True}
    # Were an octet of the key constant, this would show it.
    assert all(len({base64.b64decode(key)[i] for key in keys}) > 100 for i in range(16))


@pytest.mark.clause(
    "rfc6455:4.1-p21-s2",
    "rfc6455:4.1-p23-s1/1",
    "rfc6455:4.1-p23-s1/2",
    "rfc6455:4.1-p25-s1",
    "rfc6455:4.1-p26-s1",
    "rfc6455:4.1-p27-s1",
    "rfc6455:4.1-p28-s1",
    "rfc6455:4.1-p29-s1",
    "rfc6455:4.1-p33-s1",
    "rfc6455:4.1-p33-s2",
    "rfc6455:11.3.1-p9-s1",
    "rfc6455:11.3.5-p10-s2",
)
@pytest.mark.parametrize(
    ("uri", "target", "host"),
    [
        ("ws://example.com/chat?room=1", "/chat?room=1", "example.com"),
        ("wss://example.com", "/", "example.com"),
        ("wss://example.com:80", "/", "example.com:80"),
        ("ws://[::1]:9001/\u00e4?", "/%C3%A4", "[::1]:9001"),
    ],
)
def test_the_request(uri: str, target: str, host: str) -> None:
    request = send_the_clients_opening_handshake(parse_websocket_uri(uri), KEY, ClientOffer())
    assert (request.method, request.target, request.version, request.body) == ("GET", target, (1, 1), b"")
    assert sorted(request.headers) == [
        ("Connection", "Upgrade"),
        ("Host", host),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
        ("Upgrade", "websocket"),
    ]


@pytest.mark.clause(
    "rfc6455:4.1-p31-s2",
    "rfc6455:4.1-p35-s1",
    "rfc6455:4.1-p35-s2",
    "rfc6455:4.1-p36-s1",
    "rfc6455:4.1-p36-s2",
    "rfc6455:4.1-p37-s1",
    "rfc6455:9-p1-s1/1",
    "rfc6455:9.1-p1-s1",
    "rfc6455:9.1-p8-s3",
)
@pytest.mark.parametrize(
    ("offer", "field", "values"),
    [
        (ClientOffer(origin="https://example.com"), "Origin", ["https://example.com"]),
        (ClientOffer(origin="null"), "Origin", ["null"]),
        (ClientOffer(subprotocols=["chat"]), "Sec-WebSocket-Protocol", ["chat"]),
        (ClientOffer(subprotocols=("v2", "v1", "V1")), "Sec-WebSocket-Protocol", ["v2, v1, V1"]),
        (ClientOffer(subprotocols=["!#$%&'*+-.^_`|~"]), "Sec-WebSocket-Protocol", ["!#$%&'*+-.^_`|~"]),
        (ClientOffer(extensions=EXTENSIONS), "Sec-WebSocket-Extensions", ["foo; a=1, foo, bar"]),
        (ClientOffer(additional_headers=[("Cookie", "a=b"), ("X", "1"), ("x", "2")]), "X", ["1", "2"]),
        (ClientOffer(additional_headers=[("Authorization", "Basic eA==")]), "Authorization", ["Basic eA=="]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_a_request_may_have(offer: ClientOffer, field: str, values: list[str]) -> None:
    request = send_the_clients_opening_handshake(parse_websocket_uri("ws://h/"), KEY, offer)
    assert request.headers.all(field) == values
    assert len(request.headers) == 5 + max(1, len(offer.additional_headers))


@pytest.mark.clause("rfc6455:4.1-p35-s2", "rfc6455:4.1-p35-s3/2", "rfc6455:4.1-p35-s4")
@pytest.mark.parametrize("names", [["a"], ["b", "a"], ["c", "a", "b", "A"]], ids=repr)
def test_subprotocols_are_a_list_of_tokens_in_their_order(names: list[str]) -> None:
    request = send_the_clients_opening_handshake(parse_websocket_uri("ws://h/"), KEY, ClientOffer(names))
    assert parse_token_list(request.headers.all("Sec-WebSocket-Protocol")) == names


@pytest.mark.clause("rfc6455:4.1-p35-s3/1", "rfc6455:4.1-p35-s3/2")
@pytest.mark.parametrize(
    ("subprotocols", "said"),
    [
        ("chat", r"\['chat'\]"),
        ([""], "no token"),
        (["a", ""], "no token"),
        *(([f"a{separator}b"], "no token") for separator in '()<>@,;:\\"/[]?={} \t'),
        (["a\x1f"], "no token"),
        (["a "], "no token"),
        (["\x7f"], "no token"),
        (["\u00e4"], "no token"),
        (["a\r\nX: y"], "no token"),
        (["a", "b", "a"], "twice"),
    ],
    ids=repr,
)
def test_subprotocols_that_cannot_be_offered(subprotocols: Sequence[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        send_the_clients_opening_handshake(parse_websocket_uri("ws://h/"), KEY, ClientOffer(subprotocols))


@pytest.mark.clause("rfc6455:4.1-p37-s1", "rfc6455:11.3.1-p9-s1", "rfc6455:11.3.5-p10-s2")
@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Upgrade",
        "Connection",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Accept",
        "SEC-WEBSOCKET-KEY",
        "host",
    ],
)
def test_fields_that_are_not_the_callers(name: str) -> None:
    offer = ClientOffer(additional_headers=[("X", "y"), (name, "z")])
    with pytest.raises(UsageError):
        send_the_clients_opening_handshake(parse_websocket_uri("ws://h/"), KEY, offer)


# The answer


def response(status: int = 101, version: tuple[int, int] = (1, 1), **changes: str | list[str]) -> Response:
    """A good answer but for the changes; a list stands for the values of several fields, or of none."""
    fields: dict[str, str | list[str]] = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": ACCEPT,
    }
    fields |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [(n, line) for n, v in fields.items() for line in ([v] if isinstance(v, str) else v)]
    return Response(status, HeaderFields(lines), version=version)


@pytest.mark.clause(
    "rfc6455:4.1-p38-s2",
    "rfc6455:4.1-p40-s1",
    "rfc6455:4.1-p41-s1",
    "rfc6455:4.1-p42-s1",
    "rfc6455:4.1-p46-s1",
    "rfc6455:4.3-p7-s2",
)
@pytest.mark.parametrize(
    "good",
    [
        response(),
        response(Upgrade="WebSocket"),
        response(Upgrade="WEBSOCKET"),
        response(Connection="upgrade"),
        response(Connection="UPGRADE"),
        response(Connection="keep-alive, Upgrade"),
        response(Connection="keep-alive ,\tupgrade\t, x"),
        response(Connection=["keep-alive", "Upgrade"]),
        response(Sec_WebSocket_Accept=f" {ACCEPT}"),
        response(Sec_WebSocket_Accept=f"\t{ACCEPT} \t"),
        response(Server="x", Set_Cookie=["a=b", "c=d"], Sec_WebSocket_Version="8, 7"),
        response(version=(1, 2)),
        response(version=(2, 0)),
        Response(101, HeaderFields((n.upper(), v) for n, v in reversed(response().headers))),
    ],
    ids=lambda r: repr(tuple(r.headers)),
)
def test_good_answers(good: Response) -> None:
    assert check_the_servers_opening_handshake(good, KEY, ClientOffer()) == (None, [])


@pytest.mark.clause(
    "rfc6455:4.1-p38-s2",
    "rfc6455:4.1-p39-s1",
    "rfc6455:4.1-p40-s1",
    "rfc6455:4.1-p41-s1",
    "rfc6455:4.1-p42-s1",
    "rfc6455:11.1.1-p11-s1",
    "rfc6455:11.1.2-p11-s1",
    "rfc6455:11.3.3-p9-s1",
    "rfc6455:2.1-p8-s1",
)
@pytest.mark.parametrize(
    ("bad", "clause"),
    [
        *((response(status), "4.1-p39-s1") for status in (100, 102, 200, 301, 400, 401, 426, 503)),
        (response(version=(1, 0)), "11.1.1-p11-s1"),
        (response(version=(0, 9)), "11.1.1-p11-s1"),
        (response(Upgrade=[]), "4.1-p40-s1"),
        (response(Upgrade=""), "4.1-p40-s1"),
        (response(Upgrade="web socket"), "4.1-p40-s1"),
        (response(Upgrade="websockets"), "4.1-p40-s1"),
        (response(Upgrade="websoc\u212aet"), "4.1-p40-s1"),
        (response(Upgrade="websocket, h2c"), "4.1-p40-s1"),
        (response(Upgrade=["websocket", "websocket"]), "4.1-p40-s1"),
        (response(Upgrade=["h2c", "websocket"]), "4.1-p40-s1"),
        (response(Connection=[]), "4.1-p41-s1"),
        (response(Connection=""), "4.1-p41-s1"),
        (response(Connection="close"), "4.1-p41-s1"),
        (response(Connection="Upgrades"), "4.1-p41-s1"),
        (response(Connection="keep-alive Upgrade"), "4.1-p41-s1"),
        (response(Connection='"Upgrade"'), "4.1-p41-s1"),
        (response(Sec_WebSocket_Accept=[]), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=""), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=KEY), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=ACCEPT.lower()), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=ACCEPT[:-1]), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=f"{ACCEPT}="), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=f"{ACCEPT},{ACCEPT}"), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=f"\xa0{ACCEPT}"), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=f"{ACCEPT}~"), "4.1-p42-s1"),
        # The SHA-1 of the octets that the key stands for, instead of its text
        (response(Sec_WebSocket_Accept="BXhwxM0SZasKmCD9S4BfpPmCnEw="), "4.1-p42-s1"),
        (response(Sec_WebSocket_Accept=[ACCEPT, ACCEPT]), "11.3.3-p9-s1"),
        (response(Sec_WebSocket_Accept=[ACCEPT, ""]), "11.3.3-p9-s1"),
    ],
    ids=lambda value: (
        f"{value.status} {value.version} {tuple(value.headers)}" if isinstance(value, Response) else value
    ),
)
def test_bad_answers(bad: Response, clause: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        check_the_servers_opening_handshake(bad, KEY, ClientOffer())
    assert (failure.value.clause, failure.value.status) == (f"rfc6455:{clause}", bad.status)


SUBPROTOCOLS = ClientOffer(subprotocols=["chat", "superchat"])


@pytest.mark.clause("rfc6455:4.1-p44-s1", "rfc6455:4.1-p47-s3", "rfc6455:4.3-p7-s3")
@pytest.mark.clause("rfc6455:11.3.4-p8-s2", "rfc6455:4.2.2-p10-s3")
@pytest.mark.parametrize(("values", "chosen"), [([], None), (["chat"], "chat"), (["superchat"], "superchat")])
def test_subprotocol_of_the_answer(values: list[str], chosen: str | None) -> None:
    answer = response(Sec_WebSocket_Protocol=values)
    assert check_the_servers_opening_handshake(answer, KEY, SUBPROTOCOLS) == (chosen, [])


@pytest.mark.clause("rfc6455:4.1-p44-s1", "rfc6455:4.3-p7-s3", "rfc6455:11.3.4-p9-s2", "rfc6455:4.2.2-p10-s5")
@pytest.mark.parametrize(
    ("values", "clause"),
    [
        (["other"], "4.1-p44-s1"),
        (["Chat"], "4.1-p44-s1"),
        ([""], "4.3-p7-s3"),
        (["chat, superchat"], "4.3-p7-s3"),
        (["chat,"], "4.3-p7-s3"),
        ([", chat"], "4.3-p7-s3"),
        (["chat;x"], "4.3-p7-s3"),
        (["chat", "superchat"], "11.3.4-p9-s2"),
        (["chat", "chat"], "11.3.4-p9-s2"),
        (["chat", ""], "11.3.4-p9-s2"),
    ],
    ids=repr,
)
def test_subprotocol_that_fails(values: list[str], clause: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        check_the_servers_opening_handshake(response(Sec_WebSocket_Protocol=values), KEY, SUBPROTOCOLS)
    assert (failure.value.clause, failure.value.status) == (f"rfc6455:{clause}", 101)


@pytest.mark.clause("rfc6455:4.1-p44-s1", "rfc6455:4.1-p43-s1")
@pytest.mark.parametrize(
    ("answer", "clause"),
    [
        (response(Sec_WebSocket_Protocol="foo"), "4.1-p44-s1"),
        (response(Sec_WebSocket_Extensions="foo"), "4.1-p43-s1"),
    ],
    ids=["subprotocol", "extension"],
)
def test_nothing_was_offered(answer: Response, clause: str) -> None:
    with pytest.raises(HandshakeFailure, match=re.escape(clause)):
        check_the_servers_opening_handshake(answer, KEY, ClientOffer())


@pytest.mark.clause("rfc6455:4.1-p47-s2", "rfc6455:4.1-p43-s1")
def test_extensions_of_the_answer() -> None:
    answer = response(Sec_WebSocket_Extensions=["bar", "foo;a=2"])
    subprotocol, extensions = check_the_servers_opening_handshake(answer, KEY, ClientOffer(extensions=EXTENSIONS))
    assert subprotocol is None
    assert [e.offered[0] for e in extensions if isinstance(e, Named)] == [
        ExtensionParameters("bar"),
        ExtensionParameters("foo", (("a", "2"),)),
    ]


@pytest.mark.clause("rfc6455:4.1-p47-s2", "rfc6455:4.1-p47-s3")
@pytest.mark.parametrize(
    ("fields", "extensions", "subprotocol"),
    [("", 0, None), ("Sec-WebSocket-Extensions: bar, foo\r\nSec-WebSocket-Protocol: superchat\r\n", 2, "superchat")],
    ids=["none", "some"],
)
def test_what_is_in_use_is_what_the_server_said(fields: str, extensions: int, subprotocol: str | None) -> None:
    opening = ClientOpening(Http11(Role.CLIENT))
    sent = opening.send(parse_websocket_uri("ws://h/"), ClientOffer(["chat", "superchat"], EXTENSIONS)).decode()
    accept = accept_value(sent.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0])
    head = f"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
    opened = opening.receive(f"{head}{fields}\r\n".encode())
    assert opened is not None
    assert (len(opened.extensions), opened.subprotocol) == (extensions, subprotocol)
