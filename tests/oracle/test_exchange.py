"""What went over the wire, as reports show it."""

import jsonschema
import pytest

from refws.oracle.conversation import Conversation
from refws.oracle.exchange import FIRST_ITEMS, LAST_ITEMS, close_of, exchange_of
from refws.oracle.output.json_output import schema
from refws.oracle.recording import End, Event
from refws.oracle.verdict import Role
from refws.oracle.wire.frame import binary, close, ping, text

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eA==\r\nX-Key: k\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSet-Cookie: id=1\r\n\r\n"


def exchanged(*events, secret=()):
    """The items of a conversation, which fit the schema; an event is who sends, and octets or an end."""
    conversation = Conversation()
    for time, (role, what) in enumerate(events):
        octets, end = (b"", what) if isinstance(what, End) else (what, None)
        conversation.add(Event(float(time), role, octets, end))
    items = exchange_of(conversation, secret)
    part = {"$ref": "#/$defs/item", "$defs": schema()["$defs"]}
    for item in items:
        jsonschema.Draft202012Validator(part).validate(item)
    return items


def frames(*what, role=Role.SERVER):
    """The items behind an opening handshake."""
    octets = b"".join(one if isinstance(one, bytes) else one.octets(role is Role.CLIENT) for one in what)
    return exchanged((Role.CLIENT, REQUEST), (Role.SERVER, ANSWER), (role, octets))[2:]


def test_heads_without_credentials():
    request, answer = exchanged((Role.CLIENT, REQUEST), (Role.SERVER, ANSWER), secret=["x-key"])
    assert request["text"] == "GET / HTTP/1.1\nHost: a\nAuthorization: ***\nX-Key: ***"
    assert (answer["from"], answer["at"], answer["text"].splitlines()[-1]) == ("server", 1.0, "Set-Cookie: ***")


def test_frames_of_both_sides_by_their_times():
    items = exchanged(
        (Role.CLIENT, REQUEST),
        (Role.SERVER, ANSWER + text("hello").octets(False)),
        (Role.CLIENT, ping(b"x").octets(True)),
        (Role.SERVER, End.FIN),
        (Role.CLIENT, End.RST),
    )
    assert [(item["kind"], item["from"]) for item in items] == [
        ("head", "client"),
        ("head", "server"),
        ("frame", "server"),
        ("frame", "client"),
        ("end", "server"),
        ("end", "client"),
    ]
    assert items[2] == {
        **{"kind": "frame", "from": "server", "at": 1.0, "offset": len(ANSWER), "opcode": 1, "fin": True, "rsv": 0},
        **{"masked": False, "length": 5, "length_form": 7, "text": "hello"},
    }
    assert (items[3]["masked"], items[3]["offset"], items[4]["end"]) == (True, len(REQUEST), "FIN")


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        (text("é" * 40), {"text": "é" * 32, "more": 16}),
        (text("a" + "é" * 40), {"text": "a" + "é" * 31, "more": 18}),
        (binary(b"\xff" * 65), {"hex": "ff" * 64, "more": 1}),
        (text("a\x1bb"), {"hex": "611b62"}),
        (text("a\nb"), {"text": "a\nb"}),
        (text(""), {}),
        (close(1001, "bye"), {"code": 1001, "text": "bye"}),
        (close(), {}),
        (ping(b"refws oracle 0123abcd"), {"text": "refws oracle", "marker": True}),
    ],
)
def test_payloads(frame, shown):
    (item,) = frames(frame)
    assert {key: item[key] for key in item if key in ("code", "text", "hex", "more", "marker")} == shown


def test_a_frame_that_never_became_whole():
    (item,) = frames(text("hello").octets(False)[:4])
    assert (item["length"], item["arrived"], item["text"]) == (5, 2, "he")


def test_what_is_no_websocket():
    items = exchanged((Role.CLIENT, b"GET / HT"), (Role.SERVER, b"HTTP/1.1 404 Not Found\r\n\r\nno\x00"))
    assert [(item["kind"], item["from"]) for item in items] == [
        ("octets", "client"),
        ("head", "server"),
        ("octets", "server"),
    ]
    assert (items[0]["text"], items[2]["hex"]) == ("GET / HT", "6e6f00")


def test_of_many_the_first_and_the_last_are_kept():
    items = frames(*(text(str(number)) for number in range(1000)))
    cut = FIRST_ITEMS - 2  # behind the two heads
    assert [item["text"] for item in items[:cut]] == [str(number) for number in range(cut)]
    assert items[cut] == {"kind": "cut", "at": 2.0, "count": 1002 - FIRST_ITEMS - LAST_ITEMS}
    assert [item["text"] for item in items[cut + 1 :]] == [str(number) for number in range(1000 - LAST_ITEMS, 1000)]


def test_the_close_of_a_side():
    items = frames(text("a"), close(1000), close(1001))
    assert close_of(items, "server")["code"] == 1000
    assert close_of(items, "client") is None
