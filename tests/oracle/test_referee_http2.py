"""The referee on streams: each rule of RFC 8441 with one fault beside what is right."""

import pytest

from refws.oracle.carrier import Carrier
from refws.oracle.conversation import Conversation
from refws.oracle.recording import End, Event
from refws.oracle.referee import Referee
from refws.oracle.verdict import Role, Verdict

FAIL, NON_STRICT = Verdict.FAIL, Verdict.NON_STRICT
CLIENT, SERVER = Role.CLIENT, Role.SERVER

Fields = tuple[tuple[str, str], ...]

REQUEST: Fields = (
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":path", "/chat?a=b"),
    (":authority", "example.org:444"),
    ("sec-websocket-version", "13"),
    ("cookie", "a=b"),
)
ANSWER: Fields = ((":status", "200"), ("server", "x"))


def talk(
    request: Fields = REQUEST,
    answer: Fields = ANSWER,
    *,
    server: tuple[int, ...] = (1,),
    client: tuple[int, ...] = (),
    acknowledged: bool = True,
    code: int | None = None,
    carrier: Carrier = Carrier.HTTP2,
) -> Referee:
    """A conversation: settings with these values, a request, its answer, an echo, and a reset with that code."""
    referee = Referee(secure=True)
    conversation = Conversation([referee], secure=True, carrier=carrier)
    for value in client:
        conversation.add(Event(0.0, CLIENT, settings=((8, value),)))
    for value in server:
        conversation.add(Event(0.0, SERVER, settings=((3, 100), (8, value))))
    conversation.add(Event(0.1, CLIENT, acknowledges=acknowledged))
    conversation.add(Event(0.2, CLIENT, head=request))
    conversation.add(Event(0.3, SERVER, head=answer))
    conversation.add(Event(0.4, SERVER, b"\x81\x02hi"))
    if code is not None:
        conversation.add(Event(0.5, SERVER, end=End.RST, code=code))
        conversation.add(Event(0.6, CLIENT, end=End.FIN))
    return referee


def found(referee: Referee, role: Role) -> list[tuple[str, Verdict]]:
    return [(one.clause, one.verdict) for one in referee.findings(role)]


def changed(name: str, value: str | None) -> Fields:
    """The request with another value; without the field for None; with the field added where it was not there."""
    rest = tuple(one for one in REQUEST if one[0] != name)
    return rest if value is None else (*rest, (name, value))


def test_what_is_right_is_right() -> None:
    referee = talk(code=8)
    assert (found(referee, CLIENT), found(referee, SERVER)) == ([], [])
    assert {"rfc8441:3-p5-s2", "rfc8441:5-p1-s1/1", "rfc8441:5-p2-s1"} <= referee.judged(CLIENT)
    assert {"rfc8441:3-p2-s2", "rfc8441:3-p4-s1", "rfc8441:5-p6-s2", "rfc8441:5-p8-s3"} <= referee.judged(SERVER)


@pytest.mark.parametrize(
    ("name", "value", "clause", "verdict"),
    [
        (":method", "GET", "rfc8441:5-p1-s3", FAIL),
        (":method", "connect", "rfc8441:5-p1-s3", FAIL),
        (":protocol", None, "rfc8441:5-p1-s1/1", FAIL),
        (":protocol", "WebSocket", "rfc8441:5-p1-s1/2", FAIL),
        (":scheme", None, "rfc8441:4-p3-s1", FAIL),
        (":path", None, "rfc8441:4-p3-s1", FAIL),
        (":scheme", "http", "rfc8441:5-p2-s1", FAIL),
        (":scheme", "wss", "rfc8441:5-p2-s1", FAIL),
        (":path", "chat", "rfc8441:5-p2-s2", FAIL),
        (":path", "/chat#top", "rfc8441:5-p2-s2", FAIL),
        (":path", "", "rfc8441:5-p2-s2", FAIL),
        (":authority", None, "rfc8441:5-p4-s2", FAIL),
        (":authority", "me@example.org", "rfc8441:5-p4-s2", FAIL),
        ("connection", "Upgrade", "rfc8441:5-p3-s2", FAIL),
        ("upgrade", "websocket", "rfc8441:5-p3-s2", FAIL),
        ("sec-websocket-key", "x", "rfc8441:5-p5-s1", NON_STRICT),
        ("Origin", "https://example.org", "rfc8441:5-p6-s2", FAIL),
        ("sec-websocket-version", None, "rfc6455:4.1-p33-s1", FAIL),
    ],
)
def test_a_request_with_a_fault(name: str, value: str | None, clause: str, verdict: Verdict) -> None:
    referee = talk(changed(name, value))
    assert found(referee, CLIENT) == [(clause, verdict)]
    assert found(referee, SERVER) == []


def test_a_request_with_two_protocols() -> None:
    assert found(talk(((":protocol", "websocket"), *REQUEST)), CLIENT) == [("rfc8441:4-p2-s2", FAIL)]


def test_a_client_that_does_not_wait() -> None:
    for referee in (talk(server=()), talk(server=(0,)), talk(acknowledged=False)):
        assert found(referee, CLIENT) == [("rfc8441:3-p5-s2", FAIL)]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("values", "clauses"),
    [((0, 1), []), ((1, 1), []), ((1, 2), ["rfc8441:3-p2-s2"]), ((1, 0), ["rfc8441:3-p4-s1"])],
)
def test_settings(role: Role, values: tuple[int, ...], clauses: list[str]) -> None:
    referee = talk(server=values) if role is SERVER else talk(client=values)
    assert found(referee, role) == [(clause, FAIL) for clause in clauses]
    assert found(referee, role.other) == []


@pytest.mark.parametrize(
    ("field", "clause", "verdict"),
    [
        (("Server", "x"), "rfc8441:5-p6-s2", FAIL),
        (("sec-websocket-accept", "x"), "rfc8441:5-p5-s1", NON_STRICT),
        (("sec-websocket-protocol", "x"), "rfc6455:4.2.2-p10-s3", FAIL),
        (("sec-websocket-extensions", "x"), "rfc6455:4.2.2-p11-s5", FAIL),
    ],
)
def test_an_answer_with_a_fault(field: tuple[str, str], clause: str, verdict: Verdict) -> None:
    assert found(talk(answer=(*ANSWER, field)), SERVER) == [(clause, verdict)]


@pytest.mark.parametrize(
    ("carrier", "code", "clauses"),
    [
        (Carrier.HTTP2, 0, []),
        (Carrier.HTTP2, 8, []),
        (Carrier.HTTP2, 2, ["rfc8441:5-p8-s3"]),
        (Carrier.HTTP3, 0x10C, []),
        (Carrier.HTTP3, 0x102, ["rfc9220:3-p4-s3"]),
    ],
)
def test_resets(carrier: Carrier, code: int, clauses: list[str]) -> None:
    assert found(talk(code=code, carrier=carrier), SERVER) == [(clause, NON_STRICT) for clause in clauses]


def test_what_opens_no_connection_is_not_judged() -> None:
    plain = ((":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a"), ("User-Agent", "x"))
    referee = talk(plain)
    assert (found(referee, CLIENT), found(referee, SERVER)) == ([], [])
