"""Section 4.2, Server-Side Requirements."""

from base64 import b64encode
from collections.abc import Sequence

import pytest

from refws.failure import HandshakeFailure, UsageError
from refws.rfc6455.http import HeaderFields, Request
from refws.rfc6455.s04_2_server_side_requirements import (
    ClientHandshake,
    SubprotocolPolicy,
    accept_value,
    asks_for_websocket,
    choose_subprotocol,
    names_token,
    read_the_clients_opening_handshake,
    refusal,
    send_the_servers_opening_handshake,
)
from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters, decode_base64

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def request(
    method: str = "GET", target: str = "/chat", version: tuple[int, int] = (1, 1), **changes: str | list[str]
) -> Request:
    """A good request but for the changes; a list stands for the values of several fields, or of none."""
    fields: dict[str, str | list[str]] = {
        "Host": "server.example.com",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    fields |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [(n, line) for n, v in fields.items() for line in ([v] if isinstance(v, str) else v)]
    return Request(method, target, HeaderFields(lines), version)


def described(value: object) -> str | None:
    """An id for a request: what is not as usual."""
    if not isinstance(value, Request):
        return None
    usual = request()
    head = [f"{a}" for a, b in [(value.method, "GET"), (value.target, "/chat"), (value.version, (1, 1))] if a != b]
    missing = [f"no {n}" for n, _ in usual.headers if value.headers.get(n) is None]
    changed = [f"{n}: {v}" for n, v in value.headers if (n, v) not in usual.headers or len(value.headers.all(n)) > 1]
    return "; ".join(head + missing + changed) or "as usual"


# 4.2.1


@pytest.mark.clause("rfc6455:4.2.1-p2-s1", "rfc6455:4.2.1-p9-s1", "rfc6455:4.2.1-p9-s3", "rfc6455:4.2.1-p10-s1")
@pytest.mark.clause("rfc6455:4.2.2-p5-s1", "rfc6455:4.2.2-p6-s1")
def test_the_sample_of_section_1_3() -> None:
    sample = request(Origin="http://example.com", Sec_WebSocket_Protocol="chat, superchat")
    assert read_the_clients_opening_handshake(sample) == ClientHandshake(
        "/chat", "server.example.com", KEY, "http://example.com", ("chat", "superchat"), ()
    )
    assert read_the_clients_opening_handshake(request()) == ClientHandshake(
        "/chat", "server.example.com", KEY, None, (), ()
    )


@pytest.mark.clause(
    "rfc6455:4.2.1-p2-s2",
    "rfc6455:4.2.1-p3-s1",
    "rfc6455:4.2.1-p4-s1",
    "rfc6455:4.2.1-p5-s1",
    "rfc6455:4.2.1-p6-s1",
    "rfc6455:4.2.1-p12-s1",
    "rfc6455:4.2.1-p12-s2",
    "rfc6455:4.1-p46-s1",
)
@pytest.mark.parametrize(
    "good",
    [
        request(version=(1, 2)),
        request(version=(2, 0)),
        *(request(Host=host) for host in ("h", "h:80", "h:", "a_b", "127.0.0.1:9001", "[::1]", "[::1]:9001", "a%2Fz")),
        request(Upgrade="WebSocket"),
        request(Upgrade="WEBSOCKET"),
        request(Upgrade="h2c, websocket"),
        request(Upgrade=["h2c", "websocket"]),
        request(Connection="upgrade"),
        request(Connection="UPGRADE"),
        request(Connection="keep-alive, Upgrade"),
        request(Connection=",keep-alive\t, upgrade ,"),
        request(Connection=["keep-alive", "Upgrade"]),
        request(X="y", Cookie=["a=b", "c=d"], Authorization="Basic eA==", Sec_WebSocket_Accept="x", Sec_WebSocket_X=""),
        Request("GET", "/chat", HeaderFields((n.lower(), v) for n, v in reversed(request().headers))),
    ],
    ids=described,
)
def test_good_requests(good: Request) -> None:
    assert read_the_clients_opening_handshake(good).key == KEY


_OF_THE_VERSION = {"4.2.1-p8-s1", "11.3.5-p10-s2", "4.3-p4-s4", "4.2.2-p8-s2"}


@pytest.mark.clause(
    "rfc6455:4.2.1-p2-s2",
    "rfc6455:4.2.1-p3-s1",
    "rfc6455:4.2.1-p4-s1",
    "rfc6455:4.2.1-p5-s1",
    "rfc6455:4.2.1-p6-s1",
    "rfc6455:4.2.1-p8-s1",
    "rfc6455:4.2.2-p8-s2",
    "rfc6455:4.4-p2-s3",
    "rfc6455:4.2.2-p6-s1",
    "rfc6455:4.3-p4-s4",
    "rfc6455:2.1-p8-s1",
    "rfc6455:11.3.5-p10-s2",
)
@pytest.mark.parametrize(
    ("bad", "status", "clause"),
    [
        *((request(method=method), 405, "4.2.1-p3-s1") for method in ("POST", "HEAD", "get", "Get", "CONNECT", "GETS")),
        (request(version=(1, 0)), 400, "4.2.1-p3-s1"),
        (request(version=(0, 9)), 400, "4.2.1-p3-s1"),
        (request(Host=[]), 400, "4.2.1-p4-s1"),
        (request(Host=["h", "h"]), 400, "4.2.1-p4-s1"),
        *(
            (request(Host=host), 400, "4.2.1-p4-s1")
            for host in ("", "a b", "a/b", "a@b", "a, b", "h:x", "h:80:80", "[::1", "::1", "[]", "\u00e4", ":80", "%2")
        ),
        (request(Upgrade=[]), 426, "4.2.1-p5-s1"),
        (request(Upgrade=""), 426, "4.2.1-p5-s1"),
        (request(Upgrade="h2c"), 426, "4.2.1-p5-s1"),
        (request(Upgrade="websockets"), 426, "4.2.1-p5-s1"),
        (request(Upgrade="websocket/13"), 426, "4.2.1-p5-s1"),
        (request(Upgrade="websoc\u212aet"), 426, "4.2.1-p5-s1"),
        (request(Connection=[]), 400, "4.2.1-p6-s1"),
        (request(Connection="keep-alive"), 400, "4.2.1-p6-s1"),
        (request(Connection="keep-alive Upgrade"), 400, "4.2.1-p6-s1"),
        (request(Connection="Upgrade;x"), 400, "4.2.1-p6-s1"),
        (request(Sec_WebSocket_Version=[]), 400, "4.2.1-p8-s1"),
        (request(Sec_WebSocket_Version=["13", "13"]), 400, "11.3.5-p10-s2"),
        (request(Sec_WebSocket_Version="013"), 400, "4.3-p4-s4"),
        (request(Sec_WebSocket_Version="12"), 426, "4.2.2-p8-s2"),
        (request(Sec_WebSocket_Version="14"), 426, "4.2.2-p8-s2"),
        # Another version may have another key, or none; it is told the versions all the same.
        (request(Sec_WebSocket_Version="14", Sec_WebSocket_Key=[]), 426, "4.2.2-p8-s2"),
        (request(Origin=["http://a", "http://a"]), 400, "4.2.2-p6-s1"),
    ],
    ids=described,
)
def test_bad_requests(bad: Request, status: int, clause: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        read_the_clients_opening_handshake(bad)
    assert (failure.value.status, failure.value.clause) == (status, f"rfc6455:{clause}")
    names = {name for name, _ in failure.value.headers}
    assert ("Upgrade" in names) == (status == 426)
    assert ("Allow" in names) == (status == 405)
    assert ("Sec-WebSocket-Version" in names) == (clause in _OF_THE_VERSION)


@pytest.mark.clause("rfc6455:4.2.1-p7-s1", "rfc6455:4.2.2-p7-s1", "rfc6455:4.2.2-p7-s2", "rfc6455:4.3-p5-s4")
@pytest.mark.parametrize(
    "key",
    [
        b64encode(bytes(16)).decode(),
        b64encode(b"\xff" * 16).decode(),
        "AQIDBAUGBwgJCgsMDQ4PEA==",
        "AQIDBAUGBwgJCgsMDQ4PEC==",
        "AQIDBAUGBwgJCgsMDQ4PEP==",
        "+/+/+/+/+/+/+/+/+/+/+w==",
    ],
)
def test_good_keys(key: str) -> None:
    handshake = read_the_clients_opening_handshake(request(Sec_WebSocket_Key=key))
    assert handshake.key == key
    assert send_the_servers_opening_handshake(handshake, None, []).headers.all("Sec-WebSocket-Accept") == [
        accept_value(key)
    ]


@pytest.mark.clause(
    "rfc6455:4.2.1-p7-s1",
    "rfc6455:4.2.2-p7-s1",
    "rfc6455:4.3-p4-s1",
    "rfc6455:4.3-p5-s4",
    "rfc6455:11.3.1-p9-s1",
)
@pytest.mark.parametrize(
    ("keys", "clause"),
    [
        ([], "4.2.1-p7-s1"),
        ([KEY, KEY], "11.3.1-p9-s1"),
        ([KEY, ""], "11.3.1-p9-s1"),
        *(([b64encode(bytes(n)).decode()], "4.2.1-p7-s1") for n in (0, 1, 15, 17, 32)),
        *(
            ([key], "4.2.1-p7-s1")
            for key in (
                "=",
                KEY[:-1],
                KEY[:-2],
                f"{KEY}=",
                f"{KEY}AAAA",
                f"{KEY}, {KEY}",
                f" {KEY}",
                KEY.replace("S", " "),
                "-_-_-_-_-_-_-_-_-_-_-w==",
                "\u00e4GhlIHNhbXBsZSBub25jZQ==",
            )
        ),
    ],
    ids=repr,
)
def test_bad_keys(keys: list[str], clause: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        read_the_clients_opening_handshake(request(Sec_WebSocket_Key=keys))
    assert (failure.value.status, failure.value.clause) == (400, f"rfc6455:{clause}")
    assert ("more than one" in failure.value.why) == (len(keys) > 1)


@pytest.mark.clause("rfc6455:4.2.1-p3-s1", "rfc6455:4.2.2-p9-s1", "rfc6455:4.2.2-p9-s2", "rfc6455:3-p6-s1")
@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/", "/"),
        ("/chat?a=b", "/chat?a=b"),
        ("//chat", "//chat"),
        ("/http://h/", "/http://h/"),
        ("http://h", "/"),
        ("http://h/", "/"),
        ("http://h:80/chat?a", "/chat?a"),
        ("HTTPS://h/chat", "/chat"),
        ("http://h?a", "/?a"),
    ],
)
def test_targets(target: str, name: str) -> None:
    assert read_the_clients_opening_handshake(request(target=target)).resource_name == name


@pytest.mark.clause("rfc6455:4.2.1-p3-s1")
@pytest.mark.parametrize(
    "target",
    [
        "",
        "*",
        "chat",
        "h:80",
        "?a",
        "/chat#a",
        "http://h#a",
        "http://h/#",
        "http://",
        "http:///a",
        "ws://h/",
        "ftp://h/",
    ],
)
def test_targets_that_name_no_resource(target: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        read_the_clients_opening_handshake(request(target=target))
    assert (failure.value.status, failure.value.clause) == (400, "rfc6455:4.2.1-p3-s1")


@pytest.mark.clause("rfc6455:4.2.1-p10-s1", "rfc6455:4.3-p4-s3", "rfc6455:11.3.4-p9-s1", "rfc7936:2-p1-s1")
@pytest.mark.clause("rfc6455:4.1-p35-s3/2")
@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([], ()),
        (["chat"], ("chat",)),
        (["b, a", "c"], ("b", "a", "c")),
        ([", chat ,,", ""], ("chat",)),
        (["chat, Chat"], ("chat", "Chat")),
    ],
    ids=repr,
)
def test_subprotocols(values: list[str], names: tuple[str, ...]) -> None:
    assert read_the_clients_opening_handshake(request(Sec_WebSocket_Protocol=values)).subprotocols == names


@pytest.mark.clause("rfc6455:4.3-p4-s3", "rfc6455:4.1-p35-s3/2")
@pytest.mark.parametrize(
    ("values", "clause"),
    [
        ([""], "4.3-p4-s3"),
        ([" , "], "4.3-p4-s3"),
        (["a b"], "4.3-p4-s3"),
        (["a;b"], "4.3-p4-s3"),
        (["a", "\u00e4"], "4.3-p4-s3"),
        (["a, a"], "4.1-p35-s3/2"),
        (["a, b", "a"], "4.1-p35-s3/2"),
    ],
    ids=repr,
)
def test_bad_subprotocols(values: list[str], clause: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        read_the_clients_opening_handshake(request(Sec_WebSocket_Protocol=values))
    assert (failure.value.status, failure.value.clause) == (400, f"rfc6455:{clause}")


@pytest.mark.clause("rfc6455:4.2.1-p11-s1", "rfc6455:11.3.2-p9-s1")
@pytest.mark.parametrize("values", [[], ["foo"], ["foo", "bar; baz=2"]], ids=repr)
def test_extension_fields_are_handed_on(values: list[str]) -> None:
    handshake = read_the_clients_opening_handshake(request(Sec_WebSocket_Extensions=values))
    assert handshake.extension_fields == tuple(values)


@pytest.mark.clause("rfc6455:4.2.1-p5-s1", "rfc6455:4.2.1-p6-s1")
@pytest.mark.parametrize(
    ("values", "named"),
    [([], False), (["x"], True), (["a, X"], True), (["a", "b,x "], True), (["ax", "x a", "x;"], False)],
    ids=repr,
)
def test_names_token(values: list[str], named: bool) -> None:
    assert names_token(HeaderFields(("field", value) for value in values), "Field", "x") is named


@pytest.mark.parametrize(
    ("upgrade", "asks"), [("websocket", True), ("h2c, WebSocket", True), ("h2c", False), ([], False)]
)
def test_asks_for_websocket(upgrade: str | list[str], asks: bool) -> None:
    assert asks_for_websocket(request(Upgrade=upgrade)) is asks


# 4.2.2


@pytest.mark.clause(
    "rfc6455:4.2.2-p7-s2", "rfc6455:4.2.2-p16-s2", "rfc6455:4.2.2-p18-s1", "rfc6455:4.2.2-p18-s2", "rfc6455:4.3-p7-s2"
)
@pytest.mark.parametrize(
    ("key", "accept"), [(KEY, ACCEPT), ("AQIDBAUGBwgJCgsMDQ4PEC==", "OfS0wDaT5NoxF2gqm7Zj2YtetzM=")]
)
def test_accept_value(key: str, accept: str) -> None:
    assert accept_value(key) == accept
    assert len(decode_base64(accept)) == 20


@pytest.mark.clause("rfc6455:4.2.2-p10-s1", "rfc6455:4.2.2-p10-s2", "rfc6455:4.2.2-p10-s3")
@pytest.mark.parametrize(
    ("offered", "policy", "chosen"),
    [
        ([], [], None),
        ([], ["chat"], None),
        (["chat"], [], None),
        (["chat"], ["Chat", "superchat"], None),
        (["a", "b"], ["b", "a"], "b"),
        (["a", "b"], ["c", "a"], "a"),
        (["a", "b"], lambda offered: offered[1], "b"),
        (["a", "b"], lambda offered: None, None),
    ],
)
def test_choose_subprotocol(offered: Sequence[str], policy: SubprotocolPolicy, chosen: str | None) -> None:
    assert choose_subprotocol(offered, policy) == chosen


@pytest.mark.clause("rfc6455:4.2.2-p10-s2", "rfc6455:4.2.2-p10-s5")
@pytest.mark.parametrize("name", ["c", "A", ""])
def test_a_subprotocol_that_was_not_offered(name: str) -> None:
    with pytest.raises(UsageError, match="not offered"):
        choose_subprotocol(["a", "b"], lambda offered: name)


@pytest.mark.clause(
    "rfc6455:4.2.2-p10-s4",
    "rfc6455:4.2.2-p10-s6",
    "rfc6455:4.2.2-p11-s3",
    "rfc6455:4.2.2-p11-s4",
    "rfc6455:4.2.2-p12-s1",
    "rfc6455:4.2.2-p13-s1",
    "rfc6455:4.2.2-p14-s1",
    "rfc6455:4.2.2-p15-s1",
    "rfc6455:4.2.2-p16-s1",
    "rfc6455:4.2.2-p20-s1",
    "rfc6455:4.2.2-p21-s1",
    "rfc6455:9.1-p12-s1",
    "rfc6455:11.3.2-p9-s2",
    "rfc6455:11.3.3-p8-s2",
    "rfc6455:11.3.3-p9-s1",
    "rfc6455:11.3.4-p8-s2",
    "rfc6455:11.3.4-p9-s2",
)
@pytest.mark.parametrize(
    ("subprotocol", "extensions", "additional", "more"),
    [
        (None, [], [], []),
        ("chat", [], [], [("Sec-WebSocket-Protocol", "chat")]),
        (
            None,
            [ExtensionParameters("foo", (("a", "1"), ("b", None))), ExtensionParameters("bar")],
            [],
            [("Sec-WebSocket-Extensions", "foo; a=1; b, bar")],
        ),
        (None, [], [("Server", "x"), ("Set-Cookie", "a=b")], [("Server", "x"), ("Set-Cookie", "a=b")]),
    ],
    ids=["plain", "subprotocol", "extensions", "additional"],
)
def test_the_response(
    subprotocol: str | None,
    extensions: list[ExtensionParameters],
    additional: list[tuple[str, str]],
    more: list[tuple[str, str]],
) -> None:
    handshake = read_the_clients_opening_handshake(request())
    response = send_the_servers_opening_handshake(handshake, subprotocol, extensions, additional)
    assert (response.status, response.body, response.version) == (101, b"", (1, 1))
    usual = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", ACCEPT)]
    assert list(response.headers) == usual + more


@pytest.mark.clause("rfc6455:11.3.2-p9-s2", "rfc6455:11.3.3-p9-s1", "rfc6455:11.3.4-p9-s2")
@pytest.mark.parametrize(
    "name",
    [
        "Upgrade",
        "Connection",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Version",
        "SEC-WEBSOCKET-ACCEPT",
    ],
)
def test_fields_that_are_not_the_callers(name: str) -> None:
    handshake = read_the_clients_opening_handshake(request())
    with pytest.raises(UsageError):
        send_the_servers_opening_handshake(handshake, None, [], [("Server", "x"), (name, "y")])


@pytest.mark.clause("rfc6455:4.2.1-p2-s2")
@pytest.mark.parametrize(
    ("status", "headers", "connection"),
    [
        (400, [("Sec-WebSocket-Version", "13")], "close"),
        (426, [("Upgrade", "websocket"), ("Connection", "Upgrade")], "Upgrade, close"),
    ],
)
def test_a_refusal_names_its_clause(status: int, headers: list[tuple[str, str]], connection: str) -> None:
    response = refusal(HandshakeFailure("rfc6455:4.2.1-p2-s2", status, "wr\u00f6ng", headers))
    assert response.status == status
    assert response.body == "wr\u00f6ng [rfc6455:4.2.1-p2-s2]\n".encode()
    assert response.headers.all("Connection") == [connection]
    assert response.headers.all("Content-Type") == ["text/plain; charset=utf-8"]
    assert set(headers[:1]) <= set(response.headers)
