"""Section 3, WebSocket URIs, and the encoding of section 11.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refws.failure import UsageError
from refws.rfc6455.s03_websocket_uris import WebSocketURI, default_port, parse_websocket_uri, resource_name


@pytest.mark.clause(
    "rfc6455:3-p2-s1",
    "rfc6455:3-p2-s2",
    "rfc6455:3-p3-s1",
    "rfc6455:3-p5-s1",
    "rfc6455:11.1.1-p5-s1",
    "rfc6455:11.1.2-p5-s1",
    "rfc6455:11.1.1-p8-s1",
    "rfc6455:11.1.2-p8-s1",
    "rfc6455:4.1-p4-s1",
    "rfc6455:4.1-p4-s2",
)
@pytest.mark.parametrize(
    ("uri", "host", "secure"),
    [
        ("ws://example.org", "example.org", False),
        ("WS://Example.ORG/", "example.org", False),
        ("wss://example.org", "example.org", True),
        ("WSS://example.org", "example.org", True),
        ("wSs://example.org", "example.org", True),
        ("ws://127.0.0.1/", "127.0.0.1", False),
        ("ws://a/", "a", False),
        ("ws://a_b-c.d~/", "a_b-c.d~", False),
        ("ws://a!$&'()*+,;=b/", "a!$&'()*+,;=b", False),
        ("ws://a%2Fz/", "a%2fz", False),
        ("ws://[::1]/", "::1", False),
        ("ws://[2001:DB8:0:0::1]/", "2001:db8::1", False),
        ("ws://[::1]/\u00e4", "::1", False),
        ("ws://b\u00fccher.example/", "xn--bcher-kva.example", False),
        ("wss://B\u00dcCHER.example/", "xn--bcher-kva.example", True),
        ("wss://xn--bcher-kva.example/", "xn--bcher-kva.example", True),
        ("ws://b\u00fccher\u3002example/", "xn--bcher-kva.example", False),
    ],
)
def test_host_and_secure_flag(uri: str, host: str, secure: bool) -> None:
    parsed = parse_websocket_uri(uri)
    assert (parsed.host, parsed.secure) == (host, secure)


@pytest.mark.clause("rfc6455:11.1.1-p8-s2", "rfc6455:11.1.2-p8-s2")
@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("host", ["b\u00fccher.example", "B\u00dcCHER.Example", "XN--BCHER-KVA.example"])
def test_a_name_and_its_punycode_are_the_same_host(scheme: str, host: str) -> None:
    assert parse_websocket_uri(f"{scheme}://{host}/") == parse_websocket_uri(f"{scheme}://xn--bcher-kva.example/")


@pytest.mark.clause("rfc6455:3-p3-s2", "rfc6455:3-p4-s1", "rfc6455:4.1-p26-s1")
@pytest.mark.parametrize(
    ("uri", "port", "host_header"),
    [
        ("ws://h/", 80, "h"),
        ("wss://h/", 443, "h"),
        ("ws://h:/", 80, "h"),
        ("wss://h:/", 443, "h"),
        ("ws://h:80/", 80, "h"),
        ("wss://h:443/", 443, "h"),
        ("ws://h:443/", 443, "h:443"),
        ("wss://h:80/", 80, "h:80"),
        ("ws://h:1/", 1, "h:1"),
        ("ws://h:65535/", 65535, "h:65535"),
        ("ws://h:00081/", 81, "h:81"),
        ("ws://h:" + "0" * 5000 + "81/", 81, "h:81"),
        ("ws://[::1]/", 80, "[::1]"),
        ("ws://[::1]:9001/\u00e4", 9001, "[::1]:9001"),
        ("ws://b\u00fccher.example:81/", 81, "xn--bcher-kva.example:81"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
def test_port_and_host_header(uri: str, port: int, host_header: str) -> None:
    parsed = parse_websocket_uri(uri)
    assert (parsed.port, parsed.host_header) == (port, host_header)


@pytest.mark.clause("rfc6455:3-p4-s1")
def test_default_ports() -> None:
    assert (default_port(False), default_port(True)) == (80, 443)


@pytest.mark.clause(
    "rfc6455:3-p3-s3",
    "rfc6455:3-p3-s4",
    "rfc6455:3-p6-s1",
    "rfc6455:3-p7-s1",
    "rfc6455:3-p8-s1",
    "rfc6455:3-p9-s1",
    "rfc6455:3-p10-s1",
    "rfc6455:3-p11-s2",
    "rfc6455:11.1.1-p6-s1",
    "rfc6455:11.1.2-p6-s1",
    "rfc6455:11.1.1-p9-s1",
    "rfc6455:11.1.2-p9-s1",
)
@pytest.mark.parametrize(
    ("behind_the_host", "name"),
    [
        ("", "/"),
        ("/", "/"),
        ("?", "/"),
        ("/?", "/"),
        ("?a", "/?a"),
        ("??", "/??"),
        ("/chat", "/chat"),
        ("/chat/", "/chat/"),
        ("//chat//a", "//chat//a"),
        ("/a/../b", "/a/../b"),
        ("/chat?a=1&b=/?", "/chat?a=1&b=/?"),
        ("/a%23b?c%23d", "/a%23b?c%23d"),
        ("/%e4%2F", "/%e4%2F"),
        ("/:@!$&'()*+,;=-._~", "/:@!$&'()*+,;=-._~"),
        ("/b\u00fccher", "/b%C3%BCcher"),
        ("/%41\u00fc?\u00fc=\U0001f600", "/%41%C3%BC?%C3%BC=%F0%9F%98%80"),
        ("?\u00fc", "/?%C3%BC"),
    ],
)
def test_resource_name(behind_the_host: str, name: str) -> None:
    for scheme in ("ws", "wss"):
        assert parse_websocket_uri(f"{scheme}://h:1{behind_the_host}").resource_name == name


@pytest.mark.clause("rfc6455:3-p7-s1", "rfc6455:3-p9-s1")
@pytest.mark.parametrize(
    ("path", "query", "name"), [("", None, "/"), ("", "", "/"), ("/a", None, "/a"), ("/a", "", "/a"), ("", "q", "/?q")]
)
def test_resource_name_of_components(path: str, query: str | None, name: str) -> None:
    assert resource_name(path, query) == name


@pytest.mark.clause("rfc6455:2-p4-s1", "rfc6455:3-p6-s1")
@pytest.mark.parametrize("path", ["", "/", "//", "/a", "/a/b"])
@pytest.mark.parametrize("query", [None, "", "?", "b", "/?"])
def test_the_result_is_that_of_the_steps_as_they_are_listed(path: str, query: str | None) -> None:
    listed = "/" if path == "" else ""
    listed += path
    listed += "?" if query else ""
    listed += query or ""
    assert resource_name(path, query) == listed


@pytest.mark.clause(
    "rfc6455:3-p2-s1",
    "rfc6455:3-p2-s2",
    "rfc6455:3-p3-s1",
    "rfc6455:3-p3-s2",
    "rfc6455:3-p3-s3",
    "rfc6455:3-p3-s4",
    "rfc6455:4.1-p4-s1",
    "rfc6455:4.1-p4-s2",
    "rfc6455:11.1.1-p5-s1",
    "rfc6455:11.1.2-p5-s1",
    "rfc6455:12-p8-s2",
)
@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("", id="empty"),
        pytest.param("example.org", id="no scheme"),
        pytest.param("//example.org/", id="relative"),
        pytest.param("http://example.org/", id="http"),
        pytest.param("wsx://example.org/", id="scheme too long"),
        pytest.param("wsss://example.org/", id="scheme with one s more"),
        pytest.param("w://example.org/", id="scheme too short"),
        pytest.param("w\u017f://example.org/", id="long s in ws"),
        pytest.param("w\u017fs://example.org/", id="long s in wss"),
        pytest.param("ws:example.org/", id="no slashes"),
        pytest.param("ws:/example.org/", id="one slash"),
        pytest.param("ws://", id="no host"),
        pytest.param("ws:///chat", id="empty host"),
        pytest.param("ws://:80/", id="port without host"),
        pytest.param("ws://user@example.org/", id="user"),
        pytest.param("ws://user:secret@example.org/", id="user and password"),
        pytest.param("ws://us\u00e9r@example.org/", id="user beyond ASCII"),
        pytest.param("ws://example.org /", id="space in host"),
        pytest.param("ws://example.org/a b", id="space in path"),
        pytest.param("ws://example.org/\u00e4 b", id="space in the path of an IRI"),
        pytest.param(" ws://example.org/", id="space before"),
        pytest.param("ws://example.org/ ", id="space behind"),
        pytest.param("ws://example.org/\r\nX: y", id="CR LF in path"),
        pytest.param("ws://example.org/\u00e4\r\nX: y", id="CR LF in the path of an IRI"),
        pytest.param("ws://example.org\n", id="LF behind the host"),
        pytest.param("ws://example.org/?\n", id="LF behind the query"),
        pytest.param("ws://example.org/\x00", id="NUL"),
        pytest.param("ws://example.org/\x7f", id="DEL"),
        pytest.param("ws://example.org/%", id="percent alone"),
        pytest.param("ws://example.org/%2", id="percent and one digit"),
        pytest.param("ws://example.org/%2g", id="percent and no hex"),
        pytest.param("ws://example.org/?%zz", id="percent in query"),
        pytest.param("ws://example.org/?a b", id="space in query"),
        pytest.param("ws://example.org/?[", id="bracket in query"),
        pytest.param('ws://example.org/"', id="quote"),
        pytest.param("ws://example.org/a\\b", id="backslash"),
        pytest.param("ws://example.org/[", id="bracket in path"),
        pytest.param("ws://example.org/^`{|}<>", id="excluded characters"),
        pytest.param("ws://h:0/", id="port 0"),
        pytest.param("ws://h:65536/", id="port 65536"),
        pytest.param("ws://h:99999/", id="port of five digits"),
        pytest.param("ws://h:100000/", id="port of six digits"),
        pytest.param("ws://h:6553500/", id="port of seven digits"),
        pytest.param("ws://h:" + "9" * 5000 + "/", id="port of 5000 digits"),
        pytest.param("ws://h:" + "0" * 5000 + "/", id="port of 5000 zeros"),
        pytest.param("ws://h:-1/", id="negative port"),
        pytest.param("ws://h:8o/", id="letter in port"),
        pytest.param("ws://h:\u0661/", id="digit beyond ASCII in port"),
        pytest.param("ws://h:1:2/", id="two ports"),
        pytest.param("ws://::1/", id="IPv6 without brackets"),
        pytest.param("ws://[::1/", id="bracket left open"),
        pytest.param("ws://[]/", id="empty brackets"),
        pytest.param("ws://[1::2::3]/", id="no IPv6 address"),
        pytest.param("ws://[12345::]/", id="IPv6 group too long"),
        pytest.param("ws://[v1.a]/", id="address of the future"),
        pytest.param("ws://[::1]a/", id="letter behind brackets"),
        pytest.param("ws://[fe80::1%25eth0]/", id="zone"),
        pytest.param("ws://\u00fc..example/", id="IDN with an empty label"),
        pytest.param("ws://" + "\u00fc" * 64 + "/", id="IDN with a label too long"),
        pytest.param("ws://a.c\u2100.example/", id="letter that turns into a slash"),
        pytest.param("ws://a\uff1a81/", id="colon of full width"),
        pytest.param("ws://a\uff03b/", id="number sign of full width"),
        pytest.param("ws://a\uff20b/", id="at sign of full width"),
        pytest.param("ws://a\uff052fb/", id="percent sign of full width"),
        pytest.param("ws://h/\ud800", id="surrogate in path"),
        pytest.param("ws://\ud800/", id="surrogate in host"),
    ],
)
def test_what_is_no_websocket_uri(uri: str) -> None:
    for either in (uri, uri.replace("ws:", "wss:", 1)):
        with pytest.raises(UsageError):
            parse_websocket_uri(either)


@pytest.mark.clause("rfc6455:3-p11-s1", "rfc6455:3-p11-s2")
@pytest.mark.parametrize("uri", ["ws://h#", "ws://h/#", "ws://h/a#b", "ws://h/?a#b", "ws://h#/?", "ws://h/\u00e4#b"])
def test_a_fragment_is_refused_with_advice(uri: str) -> None:
    with pytest.raises(UsageError, match="%23"):
        parse_websocket_uri(uri)


@pytest.mark.clause("rfc6455:3-p11-s1", "rfc6455:3-p11-s2")
@pytest.mark.parametrize("resource", ["/%23", "/a%23b", "/?%23", "/a?b%23c"])
def test_a_number_sign_that_is_written_otherwise_is_none(resource: str) -> None:
    assert parse_websocket_uri(f"ws://h{resource}").resource_name == resource


@pytest.mark.clause("rfc6455:4.1-p4-s2")
@given(st.text() | st.text().map("ws://h/{}".format) | st.text().map("wss://{}".format))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parsed = parse_websocket_uri(text)
    except UsageError:
        return
    assert parsed.resource_name.isascii()
    assert parsed.resource_name.startswith("/")
    assert " " not in parsed.resource_name
    assert parsed.resource_name.isprintable()
    assert 0 < parsed.port < 65536
    again = f"{'wss' if parsed.secure else 'ws'}://{parsed.host_header}{parsed.resource_name}"
    assert parse_websocket_uri(again) == parsed


def test_components_can_be_given_directly() -> None:
    assert WebSocketURI("h", 8080, "/", True).host_header == "h:8080"
