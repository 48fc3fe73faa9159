"""Hixie-76: whatever comes, and however it is split: the same events, no exception, bounded memory."""

import itertools
from random import Random

from handmade_hixie import FIELDS, request, response
from hypothesis import given, settings
from hypothesis import strategies as st

import refws
from refws.failure import Failure
from refws.hybi00 import Endpoint

often = settings(max_examples=200, deadline=None, database=None)
CLIENT, SERVER = refws.Role.CLIENT, refws.Role.SERVER
roles = st.sampled_from(refws.Role)
cuts = st.lists(st.integers(0, 1000), max_size=12)
frames = st.lists(
    st.one_of(
        st.text(max_size=8).map(lambda text: b"\x00" + text.encode() + b"\xff"),
        st.binary(max_size=8),
        st.sampled_from(
            [b"\xff\x00", b"\xff\x80\x00", b"\x80\x05abcde", b"\x7fx\xff", b"\xff\xff\xff\xff", b"\x00" * 40]
        ),
    ),
    max_size=8,
).map(b"".join)


def in_pieces(octets, cuts):
    places = sorted([0, len(octets), *(len(octets) * cut // 1000 for cut in cuts)])
    return [octets[a:b] for a, b in itertools.pairwise(places)]


def comparable(events):
    return [(e.clause, e.status, e.why) if isinstance(e, Failure) else e for e in events]


def run(endpoint, pieces):
    events = [event for piece in pieces for event in endpoint.receive_octets(piece)]
    events += endpoint.receive_end_of_octets()
    return comparable(events), endpoint.octets_to_send(), endpoint.closing.state, endpoint.closing.code


@often
@given(role=roles, octets=frames, cuts=cuts, limit=st.sampled_from([None, 0, 5, 1000]))
def test_frames(role, octets, cuts, limit):
    def end():
        return Endpoint.established(role, limits=refws.Limits(max_message_size=limit))

    assert run(end(), in_pieces(octets, cuts)) == run(end(), [octets])


heads = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=30).map(lambda b: b"GET / HTTP/1.1\r\n" + b),
    st.tuples(st.sampled_from(list(FIELDS)), st.text(max_size=12), st.binary(max_size=12)).map(
        lambda t: request(**{t[0].replace("-", "_"): t[1]}) + t[2]
    ),
    frames.map(lambda behind: request() + behind),
)


@often
@given(octets=heads, cuts=cuts)
def test_a_server_of_requests(octets, cuts):
    def serve(pieces):
        endpoint = Endpoint(SERVER, refws.Limits(max_head_size=400))
        events = []
        for piece in pieces:
            events += endpoint.receive_octets(piece)
            if events and isinstance(events[-1], refws.Request):
                events += [endpoint.accept(), *endpoint.receive_octets(b"")]
        events += endpoint.receive_end_of_octets()
        return comparable(events), endpoint.octets_to_send(), endpoint.closing.code

    assert serve(in_pieces(octets, cuts)) == serve([octets])


@often
@given(octets=st.binary(max_size=60), whole=st.booleans(), cuts=cuts)
def test_a_client_of_answers(octets, whole, cuts):
    def connect(pieces):
        endpoint = Endpoint(CLIENT, refws.Limits(max_head_size=400), random=Random(1))
        endpoint.connect(refws.parse_websocket_uri("ws://localhost/"))
        sent = endpoint.octets_to_send()
        return run(endpoint, pieces(response(sent) + octets if whole else b"HTTP/1.1 101 x\r\n" + octets))

    assert connect(lambda o: in_pieces(o, cuts)) == connect(lambda o: [o])


@often
@given(seed=st.integers(0, 1 << 32), texts=st.lists(st.text(max_size=300), max_size=5), cuts=cuts, closes=roles)
def test_both_roles_understand_each_other(seed, texts, cuts, closes):
    client, server = Endpoint(CLIENT, random=Random(seed)), Endpoint(SERVER)
    client.connect(refws.parse_websocket_uri("ws://localhost:99/a?b"))
    (asked,) = [e for piece in in_pieces(client.octets_to_send(), cuts) for e in server.receive_octets(piece)]
    assert asked.target == "/a?b"
    assert isinstance(server.accept(), refws.Opened)
    for text in texts:
        server.send_a_websocket_message(text)
    opened, *messages = [e for piece in in_pieces(server.octets_to_send(), cuts) for e in client.receive_octets(piece)]
    assert isinstance(opened, refws.Opened)
    assert messages == texts
    first, second = (client, server) if closes is CLIENT else (server, client)
    first.start_the_websocket_closing_handshake()
    assert second.receive_octets(first.octets_to_send()) == [refws.Close()]
    assert first.receive_octets(second.octets_to_send()) == [refws.Close()]
    assert first.octets_to_send() == second.octets_to_send() == b""
    assert first.closing.cleanly
    assert second.closing.cleanly


def test_an_endless_peer_does_not_fill_the_memory():
    limits = refws.Limits(max_head_size=1000, max_message_size=1000)
    for endpoint, octets in [
        (Endpoint(SERVER, limits), b"GET /" + b"a" * 2000),
        (Endpoint(SERVER, limits), b"GET / " + b"a" * 2000),
        (Endpoint(SERVER, limits), b"GET / \r\na:" + b"a" * 2000),
        (Endpoint.established(SERVER, limits=limits), b"\x00" + b"a" * 2000),
        (Endpoint.established(CLIENT, limits=limits), b"\x05" + b"a" * 2000),
        (Endpoint.established(CLIENT, limits=limits), b"\x80" + b"\xff" * 2000),
    ]:
        events = [event for octet in octets for event in endpoint.receive_octets(bytes([octet]))]
        assert [event.status for event in events] in ([431], [1009])
