"""The referee on the opening handshake: each rule with one fault beside its boundary; and the unusual that is right."""

import base64
import hashlib

import pytest

from refws.oracle.conversation import accept_of
from refws.oracle.recording import End
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.frame import text
from tests.oracle.conversations import (
    KEY,
    REQUEST,
    SWITCHING,
    Fields,
    Talk,
    changed,
    request_fields,
    response_fields,
)

FAIL, NON_STRICT = Verdict.FAIL, Verdict.NON_STRICT

EXTENSIONS = "Sec-WebSocket-Extensions"
PROTOCOL = "Sec-WebSocket-Protocol"
SECRET = "Sec-WebSocket-Key"
VERSION = "Sec-WebSocket-Version"
ACCEPT = "Sec-WebSocket-Accept"


def key_of(octets: int) -> str:
    return base64.b64encode(bytes(range(octets))).decode()


WRONG_REQUESTS = [
    ("no-get", "POST /chat HTTP/1.1", {}, "4.1-p23-s1/1", FAIL),
    ("get-in-lower-case", "get /chat HTTP/1.1", {}, "4.1-p23-s1/1", FAIL),
    ("http-1.0", "GET /chat HTTP/1.0", {}, "4.1-p23-s1/2", FAIL),
    ("two-words", "GET /chat", {}, "4.1-p22-s1", FAIL),
    ("no-version", "GET /chat HTTP/one", {}, "4.1-p22-s1", FAIL),
    ("relative-target", "GET chat HTTP/1.1", {}, "4.1-p25-s1", FAIL),
    ("ws-uri-as-target", "GET ws://example.org/chat HTTP/1.1", {}, "4.1-p25-s1", FAIL),
    ("fragment", "GET /chat#top HTTP/1.1", {}, "3-p11-s1", FAIL),
    ("raw-latin-1", "GET /caf\xe9 HTTP/1.1", {}, "11.1.1-p9-s1", FAIL),
    ("no-host", REQUEST, {"Host": None}, "4.1-p26-s1", FAIL),
    ("empty-host", REQUEST, {"Host": ""}, "4.1-p26-s1", FAIL),
    ("user-in-host", REQUEST, {"Host": "me@example.org"}, "4.1-p26-s1", FAIL),
    ("no-upgrade", REQUEST, {"Upgrade": None}, "4.1-p27-s1", FAIL),
    ("upgrade-to-h2c", REQUEST, {"Upgrade": "h2c"}, "4.1-p27-s1", FAIL),
    ("no-connection", REQUEST, {"Connection": None}, "4.1-p28-s1", FAIL),
    ("keep-alive", REQUEST, {"Connection": "keep-alive"}, "4.1-p28-s1", FAIL),
    ("no-key", REQUEST, {SECRET: None}, "4.1-p29-s1", FAIL),
    ("empty-key", REQUEST, {SECRET: ""}, "4.3-p4-s1", FAIL),
    ("key-of-15", REQUEST, {SECRET: key_of(15)}, "4.1-p29-s2", FAIL),
    ("key-of-17", REQUEST, {SECRET: key_of(17)}, "4.1-p29-s2", FAIL),
    ("key-without-padding", REQUEST, {SECRET: key_of(16).rstrip("=")}, "4.1-p29-s2", FAIL),
    ("url-safe-key", REQUEST, {SECRET: "-" + KEY[1:]}, "4.3-p5-s4", FAIL),
    ("no-websocket-version", REQUEST, {VERSION: None}, "4.1-p33-s1", FAIL),
    ("version-12", REQUEST, {VERSION: "12"}, "4.1-p33-s2", FAIL),
    ("version-013", REQUEST, {VERSION: "013"}, "4.3-p5-s11", FAIL),
    ("version-256", REQUEST, {VERSION: "256"}, "4.3-p5-s11", FAIL),
    ("two-versions", REQUEST, {VERSION: "13, 8"}, "4.3-p4-s4", FAIL),
    ("no-subprotocol", REQUEST, {PROTOCOL: ""}, "4.1-p35-s4", FAIL),
    ("only-commas", REQUEST, {PROTOCOL: " , ,"}, "4.1-p35-s4", FAIL),
    ("subprotocol-no-token", REQUEST, {PROTOCOL: "a b"}, "4.1-p35-s3/1", FAIL),
    ("subprotocol-twice", REQUEST, {PROTOCOL: "a, b, a"}, "4.1-p35-s3/2", FAIL),
    ("no-extension", REQUEST, {EXTENSIONS: ""}, "9.1-p2-s2", FAIL),
    ("extension-no-token", REQUEST, {EXTENSIONS: "a b"}, "9.1-p2-s3", FAIL),
    ("parameter-no-token", REQUEST, {EXTENSIONS: "permessage-deflate; ="}, "9.1-p2-s6", FAIL),
    ("quoted-no-token", REQUEST, {EXTENSIONS: 'permessage-deflate; x="a b"'}, "9.1-p2-s6", FAIL),
    ("not-registered", REQUEST, {EXTENSIONS: "x-webkit-deflate-frame"}, "9.1-p7-s1", NON_STRICT),
    ("origin-with-a-path", REQUEST, {"Origin": "http://example.org/"}, "4.1-p31-s3", NON_STRICT),
    ("control-character", REQUEST, {"User-Agent": "a\x07b"}, "4.1-p22-s1", FAIL),
    ("name-no-token", REQUEST, {"Bad Name": "x"}, "4.1-p22-s1", FAIL),
    ("folded", REQUEST, {"User-Agent": "one\r\n two"}, "4.1-p22-s1", NON_STRICT),
    ("line-without-colon", REQUEST, {"User-Agent": "one\r\ntwo"}, "4.1-p22-s1", FAIL),
]


@pytest.mark.parametrize(
    ("start_line", "changes", "clause", "verdict"),
    [one[1:] for one in WRONG_REQUESTS],
    ids=[one[0] for one in WRONG_REQUESTS],
)
def test_a_request_with_one_fault_is_blamed_on_its_clause(start_line, changes, clause, verdict):
    fields = request_fields()
    for name, value in changes.items():
        fields = changed(fields, name, value)
    talk = Talk().asks(fields, start_line)
    found = {one: what for one, what in talk.found(Role.CLIENT).items() if one != f"rfc6455:{clause}"}
    extra = {"rfc6455:9.1-p7-s1"} if clause.startswith("9.1-p2") else set()  # what is no name is not registered
    assert talk.found(Role.CLIENT)[f"rfc6455:{clause}"] is verdict
    assert set(found) <= extra | {"rfc7692:7-p11-s1"}
    assert talk.found(Role.SERVER) == {}


@pytest.mark.parametrize(
    ("name", "clause"),
    [(SECRET, "11.3.1-p9-s1"), (VERSION, "11.3.5-p10-s2"), ("Host", "4.1-p22-s1")],
)
def test_a_field_of_the_request_that_is_there_twice(name, clause):
    fields = request_fields()
    twice = [*fields, next(one for one in fields if one[0] == name)]
    assert Talk().asks(twice).found(Role.CLIENT).keys() >= {f"rfc6455:{clause}"}


UNUSUAL_REQUESTS: list[tuple[str, str, Fields]] = [
    ("lower-case-names", REQUEST, [(name.lower(), value) for name, value in request_fields()]),
    ("padded", REQUEST, [(name, f" \t{value}  ") for name, value in request_fields()]),
    ("http-1.2", "GET / HTTP/1.2", request_fields()),
    ("absolute", "GET http://example.org/chat HTTP/1.1", request_fields()),
    ("query", "GET /?a=%23 HTTP/1.1", request_fields()),
    ("upper-case", REQUEST, changed(changed(request_fields(), "Upgrade", "WebSocket"), "Connection", "UPGRADE")),
    ("lists", REQUEST, changed(request_fields(), "Connection", "keep-alive, Upgrade")),
    ("spare-bits", REQUEST, changed(request_fields(), SECRET, KEY[:-3] + "x==")),
    ("ipv6", REQUEST, changed(request_fields(), "Host", "[::1]:8080")),
    ("zone", REQUEST, changed(request_fields(), "Host", "[fe80::1%25eth0]")),
    ("subprotocols", REQUEST, [*request_fields(), (PROTOCOL, "a, , b"), (PROTOCOL, "A")]),
    (
        "extensions",
        REQUEST,
        [
            *request_fields(),
            (EXTENSIONS, 'permessage-deflate; client_max_window_bits="10"'),
            (EXTENSIONS, "permessage-deflate"),
        ],
    ),
    ("origin", REQUEST, [*request_fields(), ("Origin", "https://example.org:8443")]),
    ("null-origin", REQUEST, [*request_fields(), ("Origin", "null")]),
    ("extra", REQUEST, [*request_fields(), ("Cookie", "a=b"), ("X-Anything", "\xe9")]),
]


@pytest.mark.parametrize(
    ("start_line", "fields"), [one[1:] for one in UNUSUAL_REQUESTS], ids=[one[0] for one in UNUSUAL_REQUESTS]
)
def test_an_unusual_request_is_right(start_line, fields):
    assert Talk().asks(fields, start_line).found(Role.CLIENT) == {}


def test_a_request_that_is_none_for_websocket_is_not_judged():
    talk = Talk().asks([("Host", "a b")], "GET chat HTTP/1.0").answers([], "HTTP/1.0 200 OK")
    assert talk.found(Role.CLIENT) == talk.found(Role.SERVER) == {}


def test_data_before_the_answer_is_the_clients_fault_with_its_offset():
    talk = Talk().asks(behind=text("early").octets(True))
    size = talk.conversation.client.heads[0].size
    talk.answers()
    (finding,) = talk.referee.findings(Role.CLIENT)
    assert (finding.clause, finding.offset) == ("rfc6455:4.1-p38-s1", size)
    right = Talk().asks().answers().client(text("later"))
    assert right.found(Role.CLIENT) == {}
    assert "rfc6455:4.1-p38-s1" in right.referee.judged(Role.CLIENT)


def decoded_accept() -> str:
    guid = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1(base64.b64decode(KEY) + guid).digest()).decode()


OFFER = [*request_fields(), (PROTOCOL, "chat, v2"), (EXTENSIONS, "permessage-deflate")]

WRONG_ANSWERS = [
    ("no-upgrade", SWITCHING, {"Upgrade": None}, "4.2.2-p14-s1", FAIL),
    ("other-upgrade", SWITCHING, {"Upgrade": "websocket, h2c"}, "4.2.2-p14-s1", FAIL),
    ("no-connection", SWITCHING, {"Connection": None}, "4.2.2-p15-s1", FAIL),
    ("keep-alive", SWITCHING, {"Connection": "keep-alive"}, "4.2.2-p15-s1", FAIL),
    ("no-accept", SWITCHING, {ACCEPT: None}, "4.2.2-p16-s1", FAIL),
    ("accept-of-another-key", SWITCHING, {ACCEPT: accept_of("x" + KEY[1:])}, "4.2.2-p16-s2", FAIL),
    ("accept-of-the-octets", SWITCHING, {ACCEPT: decoded_accept()}, "4.2.2-p7-s2", FAIL),
    ("accept-no-base64", SWITCHING, {ACCEPT: "yes!"}, "4.2.2-p18-s1", FAIL),
    ("empty-accept", SWITCHING, {ACCEPT: ""}, "4.2.2-p18-s1", FAIL),
    ("subprotocol-not-offered", SWITCHING, {PROTOCOL: "Chat"}, "4.2.2-p10-s2", FAIL),
    ("empty-subprotocol", SWITCHING, {PROTOCOL: ""}, "4.2.2-p10-s5", FAIL),
    ("two-subprotocols", SWITCHING, {PROTOCOL: "chat, v2"}, "4.2.2-p10-s6", FAIL),
    ("empty-extensions", SWITCHING, {EXTENSIONS: ""}, "4.2.2-p11-s4", FAIL),
    ("extension-not-offered", SWITCHING, {EXTENSIONS: "x-other"}, "4.2.2-p11-s5", FAIL),
    ("extension-no-token", SWITCHING, {EXTENSIONS: "permessage-deflate, ;a"}, "9.1-p2-s3", FAIL),
    ("parameter-no-token", SWITCHING, {EXTENSIONS: "permessage-deflate; ="}, "9.1-p2-s6", FAIL),
    ("only-a-comma", SWITCHING, {EXTENSIONS: ","}, "9.1-p2-s2", FAIL),
    ("http-1.0", "HTTP/1.0 101 Switching", {}, "11.1.1-p11-s1", FAIL),
    ("no-status-line", "HTTP 101 Switching", {}, "4.2.2-p12-s1", FAIL),
    ("body", SWITCHING, {"Content-Length": "0"}, "4.2.2-p12-s1", NON_STRICT),
    ("control-character", SWITCHING, {"Server": "a\x00"}, "4.2.2-p12-s1", FAIL),
    (
        "deflate-parameter",
        SWITCHING,
        {EXTENSIONS: "permessage-deflate; server_max_window_bits=7"},
        "rfc7692:7.1.2.1-p6-s2",
        FAIL,
    ),
]


@pytest.mark.parametrize(
    ("start_line", "changes", "clause", "verdict"),
    [one[1:] for one in WRONG_ANSWERS],
    ids=[one[0] for one in WRONG_ANSWERS],
)
def test_an_answer_with_one_fault_is_blamed_on_its_clause(start_line, changes, clause, verdict):
    fields = response_fields()
    for name, value in changes.items():
        fields = changed(fields, name, value)
    talk = Talk().asks(OFFER).answers(fields, start_line)
    clause = clause if clause.startswith("rfc") else f"rfc6455:{clause}"
    found = talk.found(Role.SERVER)
    assert found.pop(clause) is verdict
    # What is no name was not offered, either, and what is no parameter is none of RFC 7692's.
    assert set(found) <= {"rfc6455:4.2.2-p11-s5", "rfc7692:7-p4-s1"}
    assert talk.found(Role.CLIENT) == {}


def test_a_finding_says_at_which_octet_it_shows():
    fields = changed(response_fields(), ACCEPT, accept_of("no"))
    talk = Talk().asks().answers(fields)
    (finding,) = talk.referee.findings(Role.SERVER)
    octets = talk.conversation.recording.octets(Role.SERVER)
    assert octets[finding.offset :].startswith(b"Sec-WebSocket-Accept:")


def test_a_subprotocol_where_none_was_asked_for():
    talk = Talk().asks().answers([*response_fields(), (PROTOCOL, "chat")])
    assert talk.found(Role.SERVER) == {"rfc6455:4.2.2-p10-s3": FAIL}


@pytest.mark.parametrize(
    ("field", "clause", "verdict"),
    [
        ((ACCEPT, accept_of(KEY)), "11.3.3-p9-s1", FAIL),
        ((PROTOCOL, "chat"), "11.3.4-p9-s2", FAIL),
        ((EXTENSIONS, "permessage-deflate"), "11.3.2-p9-s2", NON_STRICT),
        (("Upgrade", "websocket"), "4.2.2-p14-s1", NON_STRICT),
    ],
)
def test_a_field_of_the_answer_that_is_there_twice(field, clause, verdict):
    fields = [one for one in response_fields() if one[0] != field[0]]
    found = Talk().asks(OFFER).answers([*fields, field, field]).found(Role.SERVER)
    assert found.pop(f"rfc6455:{clause}") is verdict
    assert set(found) <= {"rfc7692:5-p5-s4"}  # the extension twice is another fault


UNUSUAL_ANSWERS: list[tuple[str, Fields]] = [
    ("lower-case", [(name.lower(), value) for name, value in response_fields()]),
    ("padded", [(name, f"  {value}\t") for name, value in response_fields()]),
    ("upper-case", changed(changed(response_fields(), "Upgrade", "WebSocket"), "Connection", "keep-alive, UPGRADE")),
    ("subprotocol", [*response_fields(), (PROTOCOL, "v2")]),
    ("extension", [*response_fields(), (EXTENSIONS, "permessage-deflate; client_no_context_takeover")]),
    ("extra", [*response_fields(), ("Server", "x"), ("Set-Cookie", "a=b"), (VERSION, "13")]),
]


@pytest.mark.parametrize("fields", [one[1] for one in UNUSUAL_ANSWERS], ids=[one[0] for one in UNUSUAL_ANSWERS])
def test_an_unusual_answer_is_right(fields):
    assert Talk().asks(OFFER).answers(fields).found(Role.SERVER) == {}


def test_an_answer_whose_request_was_not_seen_is_judged_by_itself():
    fields = [*response_fields(), (PROTOCOL, "chat"), (EXTENSIONS, "x-other")]
    assert Talk().answers(fields).found(Role.SERVER) == {}
    assert Talk().answers(changed(fields, "Upgrade", None)).found(Role.SERVER) == {"rfc6455:4.2.2-p14-s1": FAIL}


@pytest.mark.parametrize(
    ("fields", "clause"),
    [
        ([], "4.4-p2-s3"),
        ([(VERSION, "013")], "4.3-p7-s4"),
        ([(VERSION, "13, 256")], "4.3-p7-s4"),
        ([(VERSION, "")], "4.3-p7-s4"),
        ([(VERSION, "13, 8")], None),
        ([(VERSION, "13"), (VERSION, "8")], None),
    ],
)
def test_what_a_426_says_of_versions(fields, clause):
    talk = Talk().asks(changed(request_fields(), VERSION, "14")).answers(fields, "HTTP/1.1 426 Upgrade Required")
    assert set(talk.found(Role.SERVER)) == ({f"rfc6455:{clause}"} if clause else set())


def test_a_status_that_accepts_and_is_not_101():
    assert Talk().asks().answers(start_line="HTTP/1.1 200 OK").found(Role.SERVER) == {"rfc6455:4.2.2-p13-s1": FAIL}
    assert Talk().asks().answers([], "HTTP/1.1 403 Forbidden").found(Role.SERVER) == {}


def test_interim_answers_are_passed_over():
    talk = Talk().asks().answers([("Link", "</style.css>")], "HTTP/1.1 103 Early Hints").answers()
    assert talk.found(Role.SERVER) == {}
    assert "rfc6455:4.2.2-p16-s2" in talk.referee.judged(Role.SERVER)


def test_a_conversation_that_ends_in_its_handshake():
    talk = Talk().asks().ends(Role.CLIENT, End.RST).ends(Role.SERVER)
    assert talk.found(Role.CLIENT) == talk.found(Role.SERVER) == {}
