"""Captures: what was said comes out whatever came of its packets, and what is not there is said to be missing."""

import asyncio
import base64
import gzip
import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refws
from refws.oracle.capture import read_capture
from refws.oracle.capture.har import read_har
from refws.oracle.proxy import Proxy
from refws.oracle.recorded import judge_recordings
from refws.oracle.recording import BadRecording, End, Event, Recording, read_transcript, write_transcript
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.frame import close, ping, pong, text
from refws.oracle.wire.http import head_octets
from tests.oracle.conversations import KEY, REQUEST, SWITCHING, request_fields, response_fields
from tests.oracle.packets import (
    ACK,
    COOKED,
    COOKED_2,
    ETHERNET,
    LOOP,
    NULL,
    RAW,
    Dialogue,
    Packet,
    enhanced,
    file_of,
    interface,
    merged,
    obsolete,
    pcap,
    section,
    simple,
)

V6 = {"client": ("2001:db8::1", 50_000), "server": ("2001:db8::2", 80)}


def event(time, role, *octets, end=None):
    return Event(time, role, b"".join(octets), end)


def client(time, *frames):
    return event(time, Role.CLIENT, *(frame.octets(True) for frame in frames))


def server(time, *frames):
    return event(time, Role.SERVER, *(frame.octets(False) for frame in frames))


REQUESTED = head_octets(REQUEST, request_fields())
SWITCHED = head_octets(SWITCHING, response_fields())

TALK = [
    event(0.0, Role.CLIENT, REQUESTED),
    event(0.01, Role.SERVER, SWITCHED),
    client(0.1, text("hello")),
    server(0.2, text("hello"), ping(b"p")),
    client(0.3, pong(b"p"), text("x" * 5000)),
    server(0.4, text("x" * 5000)),
    client(0.5, close(1000)),
    server(0.6, close(1000)),
    event(0.61, Role.SERVER, end=End.FIN),
    event(0.62, Role.CLIENT, end=End.FIN),
]


@pytest.fixture
def read(tmp_path):
    def really(octets):
        path = tmp_path / "capture"
        path.write_bytes(octets)
        return read_capture(path)

    return really


def octets_of(recording):
    return {role: recording.octets(role) for role in Role}


def said(events=TALK):
    return octets_of(Recording(list(events)))


def judged(capture):
    return judge_recordings(capture.recordings, capture.left_out)


@pytest.fixture(scope="module")
def of_refws(tmp_path_factory):
    """What a client and a server of refws said to each other."""
    folder = tmp_path_factory.mktemp("of_refws")

    async def echo(ws):
        async for message in ws:
            await ws.send(message)

    async def main():
        async with (
            asyncio.timeout(10),
            refws.serve(echo) as server,
            Proxy(server.uri, transcripts=folder) as proxy,
            refws.connect(proxy.uri) as ws,
        ):
            for message in ("hello", b"\0" * 70_000, random.Random(3).randbytes(3000), "é" * 300):
                await ws.send(message)
                assert await ws.recv() == message
            await ws.ping()

    asyncio.run(main())
    (recording,) = read_capture(folder / "000001.jsonl").recordings
    return recording


# Links, and the forms of files


@pytest.mark.parametrize("addresses", [{}, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("link", [ETHERNET, NULL, RAW, LOOP, COOKED, COOKED_2])
def test_a_conversation_of_refws_over_every_link_is_clean(read, of_refws, link, addresses):
    capture = read(file_of(Dialogue(of_refws.events, **addresses).packets, link))
    (recording,) = capture.recordings
    assert octets_of(recording) == octets_of(of_refws)
    judgement = judged(capture)
    assert judgement.exit_code == 0
    for role in Role:
        assert {result.verdict for result in judgement.report(role).results} == {Verdict.PASS}
    assert len(judgement.connections[0].conversation.server.messages) == 4
    assert recording.name == (
        "[2001:db8::1]:50000 -> [2001:db8::2]:80" if addresses else "192.0.2.1:50000 -> 192.0.2.2:80"
    )


@pytest.mark.parametrize(("link", "vlans"), [(ETHERNET, 1), (ETHERNET, 2), (COOKED, 1), (COOKED_2, 1)])
def test_tags_of_virtual_lans(read, link, vlans):
    packets = [(packet.time, packet.on(link, vlans=vlans)) for packet in Dialogue(TALK).packets]
    assert octets_of(read(pcap(packets, link)).recordings[0]) == said()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap_of_either_order_and_resolution(read, order, nano):
    (recording,) = read(file_of(Dialogue(TALK).packets, order=order, nano=nano)).recordings
    assert octets_of(recording) == said()
    assert recording.events[-1].time == pytest.approx(0.62, abs=1e-4)
    assert [one.end for one in recording.events if one.end] == [End.FIN, End.FIN]


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_with_two_interfaces(read, order):
    parts = [section(order), interface(ETHERNET, order=order), interface(RAW, order=order, resolution=9)]
    for number, packet in enumerate(Dialogue(TALK).packets):
        how = {"number": 1, "unit": 1e9, "order": order} if number % 2 else {"order": order}
        parts.append(enhanced(packet.time, packet.on(RAW if number % 2 else ETHERNET), **how))
    (recording,) = read(b"".join(parts)).recordings
    assert octets_of(recording) == said()
    assert recording.events[-1].time == pytest.approx(0.62, abs=1e-4)


def test_pcapng_with_blocks_of_older_kinds_and_a_second_section(read):
    first, second = Dialogue(TALK), Dialogue(TALK, client=("192.0.2.9", 9))
    parts = [section(), interface(ETHERNET), *(obsolete(one.time, one.on(ETHERNET)) for one in first.packets)]
    parts += [section(">"), interface(RAW, order=">"), *(simple(one.on(RAW), order=">") for one in second.packets)]
    assert [octets_of(one) for one in read(b"".join(parts)).recordings] == [said(), said()]


def test_a_resolution_in_powers_of_two(read):
    parts = [section(), interface(RAW, resolution=0x80 | 20)]
    parts += [enhanced(one.time, one.on(RAW), unit=float(1 << 20)) for one in Dialogue(TALK).packets]
    assert read(b"".join(parts)).recordings[0].events[-1].time == pytest.approx(0.62, abs=1e-4)


def test_packets_whose_length_is_left_to_the_network_card(read):
    packets = [(packet.time, packet.on(RAW, without_length=True)) for packet in Dialogue(TALK).packets]
    assert octets_of(read(pcap(packets, RAW)).recordings[0]) == said()


# What happens to segments


def test_segments_that_came_twice_and_in_another_order(read):
    packets = Dialogue(TALK, size=700).packets
    shuffled = random.Random(1)
    order = sorted(range(len(packets)), key=lambda number: number + shuffled.uniform(0, 4))
    again = [packets[number] for number in order for _ in range(shuffled.choice((1, 1, 2)))]
    (recording,) = read(file_of(again)).recordings
    assert octets_of(recording) == said()
    assert judge_recordings([recording]).exit_code == 0


def test_segments_that_overlap_and_the_first_that_came_holds(read):
    dialogue = Dialogue(TALK)
    number = dialogue.data[0]
    packet = dialogue.packets[number]
    early = Packet(packet.time, packet.source, packet.target, packet.seq, packet.ack, ACK, packet.payload[:50])
    wide = Packet(
        packet.time, packet.source, packet.target, packet.seq, packet.ack, ACK, b"?" * 40 + packet.payload[40:]
    )
    packets = [*dialogue.packets[:number], early, wide, *dialogue.packets[number:]]
    assert octets_of(read(file_of(packets)).recordings[0]) == said()


def test_probes_that_keep_a_connection_alive_say_nothing(read):
    dialogue = Dialogue(TALK)
    at = dialogue.data[2] + 1
    before = dialogue.packets[at - 1]
    probe = Packet(
        before.time, before.source, before.target, before.seq + len(before.payload) - 1, before.ack, ACK, b"?"
    )
    packets = [*dialogue.packets[:at], probe, *dialogue.packets[at:]]
    assert octets_of(read(file_of(packets)).recordings[0]) == said()


def test_sequence_numbers_that_wrap(read):
    for first in (-1, -10, -300, -3000):
        dialogue = Dialogue(TALK, first=((1 << 32) + first, (1 << 32) + first))
        assert octets_of(read(file_of(dialogue.packets)).recordings[0]) == said()


def test_a_recording_that_begins_behind_the_syn(read):
    (recording,) = read(file_of(Dialogue(TALK).packets[3:])).recordings
    assert octets_of(recording) == said()


@settings(max_examples=40, deadline=None)
@given(st.integers(), st.integers(40, 900), st.integers(0, (1 << 32) - 1))
def test_any_order_any_copies_any_size(tmp_path_factory, seed, size, first):
    chance = random.Random(seed)
    packets = Dialogue(TALK, size=size, first=(first, (first * 7) % (1 << 32))).packets
    mixed = [(number + chance.uniform(0, 6), one) for number, one in enumerate(packets[3:]) for _ in range(2)]
    kept = [one for _, one in sorted(mixed, key=lambda one: one[0])]
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(file_of([*packets[:3], *kept]))
    assert octets_of(read_capture(path).recordings[0]) == said()


def test_a_segment_that_was_only_recorded_when_it_was_sent_again(read):
    dialogue = Dialogue(TALK)
    number = dialogue.data[2]
    answer = next(packet for packet in dialogue.packets[number + 1 :] if packet.payload and packet.source[1] == 80)
    late = replace(dialogue.packets[number], ack=answer.seq + len(answer.payload))
    (recording,) = read(file_of([*dialogue.without(number), late])).recordings
    assert octets_of(recording) == said()
    assert recording.notes == []


# What is missing


def test_a_lost_segment_is_a_gap_and_what_is_before_it_is_judged(read):
    events = list(TALK)
    events[2] = client(0.1, text("hello", masked=False))
    dialogue = Dialogue(events)
    lost = next(number for number in dialogue.data if dialogue.packets[number].time > 0.3)
    capture = read(file_of(dialogue.without(lost)))
    (recording,) = capture.recordings
    assert [one.end for one in recording.events if one.sender is Role.CLIENT and one.end] == [End.LOST]
    assert len(dialogue.packets[lost].payload) == 1460
    assert recording.notes == [
        "1460 octets of 192.0.2.1:50000 are missing in the recording; what it sent behind them is left out"
    ]
    judgement = judged(capture)
    assert [one.clause for one in judgement.connections[0].findings(Role.CLIENT)] == ["rfc6455:5.1-p1-s2"]
    assert judgement.connections[0].findings(Role.SERVER) == []
    assert judgement.exit_code == 1


def test_a_gap_leaves_it_open_whether_a_side_conforms(read):
    dialogue = Dialogue(TALK)
    lost = next(number for number in dialogue.data if dialogue.packets[number].time > 0.3)
    judgement = judged(read(file_of(dialogue.without(lost))))
    assert judgement.connections[0].has_gap
    assert judgement.exit_code == 2


def test_a_close_that_was_not_recorded_is_not_held_against_its_sender(read):
    events = [*TALK[:2], server(1, close(1000)), client(3, close(1000)), event(4, Role.SERVER, end=End.FIN)]
    events.append(event(4, Role.CLIENT, end=End.FIN))
    dialogue = Dialogue(events)
    lost = next(number for number in dialogue.data if dialogue.packets[number].time > 3)
    judgement = judged(read(file_of(dialogue.without(lost))))
    assert judgement.connections[0].findings(Role.CLIENT) == []
    assert judgement.connections[0].has_gap


def test_segments_that_were_recorded_in_part_are_a_gap(read):
    capture = read(file_of(Dialogue(TALK).packets, most=500))
    (recording,) = capture.recordings
    assert End.LOST in [one.end for one in recording.events]
    assert recording.octets(Role.CLIENT) == said()[Role.CLIENT][: len(recording.octets(Role.CLIENT))]
    assert judged(capture).exit_code == 2


def test_a_recording_that_ends_before_the_connection_says_so(read):
    (recording,) = read(file_of(Dialogue(TALK).packets[:-2])).recordings
    assert recording.notes == ["the recording ends before the connection does"]
    assert judge_recordings([recording]).exit_code == 0


def test_a_file_that_is_cut_short(read):
    whole = file_of(Dialogue(TALK).packets)
    for size in (len(whole) - 1, len(whole) - 70):
        capture = read(whole[:size])
        assert len(capture.recordings) == 1
    parts = [section(), interface(RAW), *(enhanced(one.time, one.on(RAW)) for one in Dialogue(TALK).packets)]
    capture = read(b"".join(parts)[:-5])
    assert capture.left_out == ["what came behind the file's last whole packet: it is cut short"]


def test_only_the_server_was_recorded(read):
    packets = [packet for packet in Dialogue(TALK).packets if packet.source[1] == 80]
    (recording,) = read(file_of(packets)).recordings
    assert recording.octets(Role.SERVER) == said()[Role.SERVER]
    assert "nothing of what the client sent is in the recording" in recording.notes
    assert judge_recordings([recording]).connections[0].findings(Role.SERVER) == []


def test_fragments_of_ip_are_left_out_and_counted(read):
    packets = [(packet.time, packet.on(RAW)) for packet in Dialogue(TALK).packets]
    packets.insert(3, (0.0, Dialogue(TALK).packets[4].on(RAW, fragment=0x2000)))
    assert read(pcap(packets, RAW)).left_out == ["1 packets that IP had fragmented"]


# Which connections


def other(port, *events):
    return Dialogue([event(0.0, Role.CLIENT, events[0]), *events[1:]], client=("192.0.2.7", port))


def test_other_connections_are_counted_and_left_out(read):
    http = other(1, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", event(0.1, Role.SERVER, b"HTTP/1.1 204 No\r\n\r\n"))
    tls = [other(port, b"\x16\x03\x01\x02\x00\x01") for port in (2, 3)]
    middle = other(4, text("late").octets(True))
    silent = other(5, b"")
    packets = merged(Dialogue(TALK), http, *tls, silent)
    packets = sorted([*packets, *middle.packets[3:]], key=lambda packet: packet.time)
    capture = read(file_of(packets))
    assert len(capture.recordings) == 1
    tls_note, *rest = capture.left_out
    assert tls_note.startswith("2 TCP connections with TLS")
    assert rest == [
        "1 TCP connection without their opening handshake: record from before the client connects",
        "1 TCP connection of other protocols",
    ]


def test_a_file_without_websocket_says_what_there_is(read):
    with pytest.raises(BadRecording, match="no WebSocket connection in it: 1 TCP connection with TLS"):
        read(file_of(other(2, b"\x16\x03\x01\x02\x00\x01").packets))


def test_a_request_behind_others_on_one_connection(read):
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage"
    denied = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"
    events = [
        event(0.0, Role.CLIENT, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        event(0.1, Role.SERVER, page),
        event(0.2, Role.CLIENT, REQUESTED),
        event(0.3, Role.SERVER, denied),
        *(Event(one.time + 1, one.sender, one.octets, one.end) for one in TALK),
    ]
    first, second = read(file_of(Dialogue(events).packets)).recordings
    assert octets_of(first) == {Role.CLIENT: REQUESTED, Role.SERVER: denied}
    assert octets_of(second) == said()
    assert second.events[0].time == 0.0
    assert judge_recordings([first, second]).exit_code == 0


def test_a_request_that_is_refused_is_a_conversation_too(read):
    events = [TALK[0], event(0.1, Role.SERVER, b"HTTP/1.1 403 Forbidden\r\n\r\n"), event(0.2, Role.SERVER, end=End.FIN)]
    judgement = judged(read(file_of(Dialogue(events).packets)))
    assert judgement.report(Role.CLIENT).exit_code == 0
    assert judgement.report(Role.SERVER).results == []
    assert judgement.exit_code == 2


def test_ports_that_are_used_again(read):
    first, second = Dialogue(TALK), Dialogue(TALK, first=(777_000, 888_000))
    packets = [
        *first.packets,
        *(Packet(p.time + 9, p.source, p.target, p.seq, p.ack, p.flags, p.payload) for p in second.packets),
    ]
    assert [octets_of(one) for one in read(file_of(packets)).recordings] == [said(), said()]


def test_a_syn_that_is_sent_again_is_no_second_connection(read):
    packets = Dialogue(TALK).packets
    assert len(read(file_of([packets[0], packets[0], *packets])).recordings) == 1


def test_a_reset_is_the_end_of_who_sent_it(read):
    events = [*TALK[:6], event(0.5, Role.SERVER, end=End.RST)]
    (recording,) = read(file_of(Dialogue(events).packets)).recordings
    assert [(one.sender, one.end) for one in recording.events if one.end] == [(Role.SERVER, End.RST)]


def test_a_reset_has_no_number_that_matters(read):
    dialogue = Dialogue([*TALK[:6], event(0.5, Role.SERVER, end=End.RST)])
    reset = replace(dialogue.packets[-1], seq=0)
    (recording,) = read(file_of([*dialogue.packets[:-1], reset])).recordings
    assert [(one.sender, one.end) for one in recording.events if one.end] == [(Role.SERVER, End.RST)]
    assert recording.notes == []


def test_findings_name_the_connection_where_there_are_several(read):
    bad = [*TALK[:2], client(0.1, text("hello", masked=False))]
    capture = read(file_of(merged(Dialogue(TALK), Dialogue(bad, client=("192.0.2.5", 5)))))
    report = judged(capture).report(Role.CLIENT)
    (failed,) = [result for result in report.results if result.verdict is Verdict.FAIL]
    assert failed.case.clauses == ("rfc6455:5.1-p1-s2",)
    assert failed.findings[0].why.startswith("192.0.2.5:5 -> 192.0.2.2:80: ")
    assert failed.seen == "kept on 1 of 2 connections"
    assert report.exit_code == 1


# Files that cannot be read


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "is not a pcap"),
        (b"\xff\xfe\x00garbage", "is not a pcap"),
        (b"hello", "is not a pcap"),
        (gzip.compress(b"x", mtime=0), "gunzip it first"),
        (b"{}", "no log.entries"),
        (b"[1, 2]", "no log.entries"),
        (b'{"log": {"entries": [{"request": 5}]}}', "entry 1 of the HAR cannot be read"),
        (b'{"format": "refws-transcript/9"}\n', "another format"),
        (b'{"format": "refws-transcript/1"}\n{"t": 0}\n', "line 2"),
        (b'{"format": "refws-transcript/1"}\nnothing\n', "line 2"),
        (b"\xa1\xb2\xc3\xd4\x00", "head of the pcap"),
        (section()[:20], "no WebSocket connection"),
        (section() + enhanced(0, b"x"), "interface 0"),
        (file_of(Dialogue(TALK).packets, 147), "link type 147"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(read, octets, says):
    with pytest.raises(BadRecording, match=says) as caught:
        read(octets)
    assert "\n" not in str(caught.value)
    assert "capture: " in str(caught.value)


# Transcripts


def test_a_transcript_comes_back_as_it_was(tmp_path):
    recordings = [
        Recording(list(TALK), "a", secure=True, notes=["something is missing"]),
        Recording([client(0, text("x"))], "b", established="permessage-deflate", frames_known=False),
    ]
    path = tmp_path / "some.jsonl"
    with path.open("w") as file:
        write_transcript(recordings, file)
    assert read_capture(path).recordings == recordings
    with path.open() as file:
        assert list(read_transcript(file)) == recordings
    assert judge_recordings(recordings).connections[1].conversation.client.messages[0].payload == b"x"


# HAR


def har(*entries):
    return {"log": {"version": "1.2", "entries": list(entries)}}


def entry(messages=(), **changes):
    made = {
        "request": {
            "method": "GET",
            "url": "ws://example.org/chat?room=1",
            "headers": [{"name": name, "value": value} for name, value in request_fields()],
        },
        "response": {
            "status": 101,
            "statusText": "Switching Protocols",
            "headers": [{"name": name, "value": value} for name, value in response_fields()],
        },
        "_webSocketMessages": list(messages),
    }
    for name, value in changes.items():
        made[name] = {**made[name], **value}
    return made


MESSAGES = (
    {"type": "send", "time": 100.0, "opcode": 1, "data": "héllo"},
    {"type": "receive", "time": 100.5, "opcode": 2, "data": base64.b64encode(b"\xff\x00").decode()},
    {"type": "receive", "time": 100.6, "opcode": -1, "data": "closed"},
)


def test_a_har_gives_heads_and_messages(tmp_path):
    path = tmp_path / "browser.har"
    path.write_text(json.dumps(har(entry(MESSAGES), {"request": {"url": "https://example.org/"}, "response": {}})))
    capture = read_capture(path)
    assert capture.left_out == ["1 request of other kinds"]
    judgement = judged(capture)
    (heard,) = judgement.connections
    assert heard.conversation.client.messages[0].payload == "héllo".encode()
    assert heard.conversation.server.messages[0].payload == b"\xff\x00"
    assert "masks" in heard.notes[0]
    assert heard.conversation.client.head.target == "/chat?room=1"
    assert judgement.exit_code == 0
    for role in Role:
        clauses = {result.case.clauses[0] for result in judgement.report(role).results}
        assert not [clause for clause in clauses if clause.startswith(("rfc6455:5.1", "rfc6455:5.2", "rfc6455:7"))]
    assert "rfc6455:4.2.2-p16-s2" in clauses


def test_a_har_whose_handshake_is_wrong():
    headers = [{"name": name, "value": value} for name, value in response_fields() if name != "Upgrade"]
    recordings, _ = read_har(har(entry(response={"headers": headers})))
    judgement = judge_recordings(recordings)
    assert [one.clause for one in judgement.connections[0].findings(Role.SERVER)] == ["rfc6455:4.2.2-p14-s1"]
    assert judgement.exit_code == 1


def test_a_har_with_several_lines_in_one_value():
    headers = [*request_fields(), ("X-Many", "one\ntwo")]
    recordings, _ = read_har(har(entry(request={"headers": [{"name": n, "value": v} for n, v in headers]})))
    fields = judge_recordings(recordings).connections[0].conversation.client.head.all("X-Many")
    assert [field.value for field in fields] == ["one", "two"]


@pytest.mark.parametrize("status", [0, -1])
def test_a_har_of_a_connection_that_did_not_come_about(status):
    recordings, _ = read_har(har(entry(response={"status": status, "statusText": "", "headers": []})))
    (heard,) = (judgement := judge_recordings(recordings)).connections
    assert heard.notes[1] == "there is no answer to the opening handshake in it"
    assert heard.conversation.server.head is None
    assert heard.judged(Role.CLIENT)
    assert not heard.judged(Role.SERVER)
    assert not any(judgement.report(role).counts()[Verdict.FAIL] for role in Role)


def test_a_har_without_the_fields_of_the_answer():
    recordings, _ = read_har(har(entry(MESSAGES, response={"headers": []})))
    (heard,) = judge_recordings(recordings).connections
    assert heard.notes[1] == "the opening handshake is not in it, and is not judged"
    assert [heard.findings(role) for role in Role] == [[], []]
    assert heard.conversation.server.messages


@pytest.mark.parametrize("headers", [[], [{"name": ":method", "value": "CONNECT"}]])
def test_a_har_without_a_handshake_of_http_1(headers):
    recordings, _ = read_har(har(entry(MESSAGES, request={"headers": headers}, response={"status": 200})))
    (heard,) = judge_recordings(recordings).connections
    assert heard.conversation.client.messages[0].payload == "héllo".encode()
    assert "is not judged" in heard.notes[1]


def test_a_har_with_text_that_cannot_have_been_text():
    bad = {"type": "receive", "time": 1.0, "opcode": 1, "data": "\ud800"}
    (heard,) = judge_recordings(read_har(har(entry([bad])))[0]).connections
    assert [one.clause for one in heard.findings(Role.SERVER)] == ["rfc6455:5.6-p4-s2"]
    assert KEY in heard.conversation.client.head.get("Sec-WebSocket-Key")


def test_a_har_without_websocket_says_how_to_make_another(tmp_path):
    path = tmp_path / "browser.har"
    path.write_text(json.dumps(har({"request": {"url": "https://example.org/"}, "response": {}})))
    with pytest.raises(BadRecording, match="1 request of other kinds; open the browser's developer tools"):
        read_capture(path)
