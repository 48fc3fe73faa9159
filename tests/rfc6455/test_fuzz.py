"""Whatever comes, and however it is split: the same events, the same answer, no exception."""

import itertools

from handmade import BINARY, CLOSE, CONTINUATION, FIN, KEY, PING, PONG, TEXT, key_to, length_field, read_frames, xor
from hypothesis import given, settings
from hypothesis import strategies as st

from refws.failure import Failure, UsageError
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s05_2_base_framing_protocol import build_frame
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong
from refws.rfc6455.s06_2_receiving_data import MessageReceiver
from refws.rfc6455.s07_4_status_codes import may_be_sent
from refws.rfc6455.s08_error_handling import Utf8Stream
from refws.rfc6455.s10_security_considerations import Limits

often = settings(max_examples=400, deadline=None, database=None)
EDGES = [124, 125, 126, 127, 128, 511, 512, 4095, 4096, 4097, 65535, 65536]
roles = st.sampled_from(Role)
payloads = st.one_of(st.binary(max_size=20), st.sampled_from(EDGES).map(lambda n: (b"\x00\xffab" * 16384)[:n]))
texts = st.one_of(
    st.text(max_size=20), st.sampled_from(EDGES).map(lambda n: ("\u20ac" * 21846)[: n // 3] + "a" * (n % 3))
)
cuts = st.lists(st.integers(0, 1000), max_size=12)
limits = st.one_of(
    st.just(Limits()),
    st.builds(
        Limits,
        max_frame_size=st.sampled_from([None, 0, 1, 5, 125, 126, 200, 65536]),
        max_message_size=st.sampled_from([None, 0, 1, 5, 125, 126, 200, 65536]),
        max_fragments=st.sampled_from([None, 1, 2, 5]),
    ),
)


def in_pieces(octets, cuts):
    """The octets, or the text, cut at these thousandths of it; some pieces are empty."""
    places = sorted([0, len(octets), *(len(octets) * cut // 1000 for cut in cuts)])
    return [octets[a:b] for a, b in itertools.pairwise(places)]


def other(role):
    return Role.CLIENT if role is Role.SERVER else Role.SERVER


# There and back

messages = st.tuples(
    st.one_of(texts, payloads), st.one_of(st.just([]), cuts), st.lists(st.binary(max_size=125), max_size=3)
)


@often
@given(role=roles, messages=st.lists(messages, max_size=4), network=cuts)
def test_messages_arrive_as_they_were_sent(role, messages, network):
    ours, theirs = Endpoint.established(role), Endpoint.established(other(role))
    expected = []
    for data, cuts_of_it, pings in messages:
        *begun, last = in_pieces(data, cuts_of_it)
        for piece, ping in zip(begun, itertools.cycle(pings or [b""]), strict=False):
            ours.send_a_fragment(piece, fin=False)
            ours.send_ping(ping)
            expected.append(Ping(ping))
        if begun:
            ours.send_a_fragment(last, fin=True)
        else:
            ours.send_a_websocket_message(last)
        expected.append(data)
    assert [e for piece in in_pieces(ours.octets_to_send(), network) for e in theirs.receive_octets(piece)] == expected
    answers = [e for piece in in_pieces(theirs.octets_to_send(), network) for e in ours.receive_octets(piece)]
    assert answers == [Pong(event.payload) for event in expected if isinstance(event, Ping)]


@often
@given(payload=payloads, masked=st.booleans(), opcode=st.sampled_from([TEXT, BINARY, PING, PONG]), network=cuts)
def test_a_frame_is_read_as_it_was_built(payload, masked, opcode, network):
    if opcode == TEXT:
        payload = payload.decode("latin-1").encode()
    elif opcode != BINARY:
        payload = payload[:125]
    events = []
    receiver = MessageReceiver(lambda _: None, masked=masked)
    for piece in in_pieces(b"".join(build_frame(FIN | opcode, payload, masked)), network):
        receiver.receive(piece, events.append)
    assert events == [{TEXT: bytes.decode, BINARY: bytes, PING: Ping, PONG: Pong}[opcode](payload)]


# Conversations, sound and otherwise


@st.composite
def sound_frames(draw, role):
    """What a peer might send to an endpoint of this role without fault; the last may be a Close frame."""
    stream, in_progress = [], False
    kinds = ["text", "binary", "fragment", "ping", "pong"]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=8)):
        if kind in ("ping", "pong"):
            first, payload = FIN | (PING if kind == "ping" else PONG), draw(payloads)[:125]
        elif in_progress:
            in_progress = draw(st.booleans())
            first, payload = (0 if in_progress else FIN) | CONTINUATION, draw(texts).encode()
        else:
            in_progress = kind == "fragment"
            opcode = BINARY if kind == "binary" else TEXT
            first, payload = (0 if in_progress else FIN) | opcode, draw(texts).encode()
        stream.append((first, payload))
    if draw(st.booleans()):
        code = draw(st.sampled_from([None, 1000, 1001, 1010, 3000, 4999, 999, 1005, 1016, 5000]))
        reason = draw(st.one_of(st.text(max_size=20).map(str.encode), st.binary(max_size=20)))
        stream.append((FIN | CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason))
    return [on_the_wire(first, payload, key_to(role)) for first, payload in stream]


def on_the_wire(first, payload, key, form=None, length=None):
    """A frame that may be wrong in its length."""
    length = len(payload) if length is None else length
    return (
        bytes([first]) + length_field(length, 0x80 if key else 0, form) + (key + xor(payload, key) if key else payload)
    )


@st.composite
def wrong_frames(draw):
    """Frames with anything in any field."""
    form = draw(st.sampled_from([None, 7, 16, 64]))
    most = {7: 127, 16: 65535}.get(form, 2**64 - 1)
    length = draw(
        st.one_of(st.none(), st.sampled_from([0, 1, 125, 126, 65535, 65536, 2**63 - 1, 2**63]), st.integers(0, most))
    )
    payload = draw(st.binary(max_size=130))
    length = None if length is None else min(length, most)
    form = None if length is None and len(payload) > 125 else form
    return on_the_wire(draw(st.integers(0, 255)), payload, draw(st.sampled_from([None, KEY])), form, length)


@st.composite
def streams(draw, role):
    """A sound conversation, one with a wrong frame in it, one with a few octets changed, or noise."""
    kind = draw(st.sampled_from(["sound", "wrong", "changed", "noise"]))
    if kind == "noise":
        return draw(st.binary(max_size=200))
    frames = draw(sound_frames(role))
    if kind == "wrong":
        frames.insert(draw(st.integers(0, len(frames))), draw(wrong_frames()))
    octets = bytearray(b"".join(frames))
    for _ in range(draw(st.integers(1, 3)) if kind == "changed" and octets else 0):
        # Mostly in the beginning: there are the headers.
        at = draw(st.integers(0, min(len(octets), 40) - 1))
        octets[at : at + draw(st.integers(0, 1))] = draw(st.binary(min_size=1, max_size=2))
    return bytes(octets)


def conversation(role, pieces, limits, start_closing=None, end=False):
    """Events and answers of an endpoint, in a form that compares; each step checks what must always hold."""
    endpoint = Endpoint.established(role, limits=limits)
    events, outbox = [], b""
    for i, piece in enumerate(pieces):
        if i == start_closing:
            endpoint.start_the_websocket_closing_handshake(1000)
        new = endpoint.receive_octets(piece)
        assert not any(isinstance(event, (Close, Failure)) for event in new[:-1])
        outbox += b"".join(endpoint.take_outbox())
        events += new
        if endpoint.reaction_is_due:
            break
    if end:
        events += endpoint.receive_end_of_octets()
    outbox += endpoint.octets_to_send()
    assert endpoint.receive_octets(b"\x81\x00" * 5) == [] or not events or not isinstance(events[-1], (Close, Failure))
    check_answers(role, outbox)
    events = [(type(e), *e.args) if isinstance(e, Failure) else (type(e), e) for e in events]
    return events, [(first, payload) for first, _, payload in read_frames(outbox)]


def check_answers(role, octets):
    """What any endpoint that was sent anything may send: Pongs, then perhaps one Close frame that may be sent."""
    frames = read_frames(octets)
    assert {masked for _, masked, _ in frames} <= {role is Role.CLIENT}
    assert all(first == FIN | PONG and len(payload) <= 125 for first, _, payload in frames[:-1])
    for first, _, payload in frames[-1:]:
        assert first in (FIN | PONG, FIN | CLOSE)
        if first == FIN | CLOSE and payload:
            assert may_be_sent(int.from_bytes(payload[:2], "big"), client=role is Role.CLIENT) is None
            assert len(payload[2:].decode()) <= 123


@often
@given(data=st.data(), role=roles, limits=limits, network=cuts, end=st.booleans())
def test_the_outcome_does_not_depend_on_how_octets_are_split(data, role, limits, network, end):
    stream = data.draw(streams(role))
    at_once = conversation(role, [stream], limits, end=end)
    assert conversation(role, in_pieces(stream, network), limits, end=end) == at_once
    if len(stream) < 3000:
        assert conversation(role, [stream[i : i + 1] for i in range(len(stream))], limits, end=end) == at_once


@often
@given(data=st.data(), role=roles, network=cuts)
def test_a_sound_conversation_does_not_fail(data, role, network):
    stream = b"".join(frame for frame in data.draw(sound_frames(role)) if frame[0] != FIN | CLOSE)
    events, _ = conversation(role, in_pieces(stream, network), Limits())
    assert not any(event[0] is Failure for event in events)


# Anything, in any order

STEPS = {
    "react": Endpoint.react,
    "octets to send": Endpoint.octets_to_send,
    "take outbox": Endpoint.take_outbox,
    "end": Endpoint.receive_end_of_octets,
    "tcp closed": Endpoint.the_tcp_connection_is_closed,
    "send": lambda e: e.send_a_websocket_message("x"),
    "fragment": lambda e: e.send_a_fragment("x", fin=False),
    "last fragment": lambda e: e.send_a_fragment("x", fin=True),
    "ping": lambda e: e.send_ping(b"x"),
    "close": lambda e: e.start_the_websocket_closing_handshake(1001, "x"),
    "fail": lambda e: e.fail_the_websocket_connection(Failure("rfc6455:7.2.1-p2-s1", 1011, "x")),
}
steps = st.lists(st.one_of(st.sampled_from(list(STEPS)), st.binary(max_size=30)), max_size=12)


@often
@given(role=roles, limits=limits, steps=steps, data=st.data())
def test_nothing_but_a_wrong_call_raises_and_nothing_follows_a_close_frame(role, limits, steps, data):
    endpoint = Endpoint.established(role, limits=limits)
    sent = []
    state = endpoint.ready_state
    for step in [data.draw(streams(role)), *steps]:
        if isinstance(step, bytes):
            endpoint.receive_octets(step)
        else:
            before = endpoint.ready_state
            try:
                result = STEPS[step](endpoint)
            except UsageError:
                assert step in ("send", "fragment", "last fragment", "ping", "close")
                assert endpoint.ready_state is before
            else:
                sent += result if step == "take outbox" else [result] if step == "octets to send" else []
        assert endpoint.ready_state >= state, "no way back"
        state = endpoint.ready_state
    sent.append(endpoint.octets_to_send())
    frames = read_frames(b"".join(sent))
    closes = [i for i, (first, _, _) in enumerate(frames) if first == FIN | CLOSE]
    assert closes in ([], [len(frames) - 1])
    assert bool(closes) is (endpoint.closing.sent is not None)
    assert endpoint.closing.cleanly <= bool(closes)


# UTF-8


@often
@given(
    octets=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)), network=cuts, final=st.booleans()
)
def test_a_stream_of_utf_8_is_what_python_makes_of_the_whole(octets, network, final):
    try:
        expected = octets.decode()
    except UnicodeDecodeError as error:
        # An unfinished character at the end is no fault as long as more may come.
        unfinished = error.reason == "unexpected end of data" and not final
        expected = octets[: error.start].decode() if unfinished else None
    stream = Utf8Stream()
    pieces = in_pieces(octets, network)
    try:
        text = "".join(stream.decode(piece, final and i == len(pieces) - 1) for i, piece in enumerate(pieces))
    except Failure:
        text = None
    assert text == expected
