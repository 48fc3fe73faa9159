"""Frames in the debug log."""

import logging
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import BINARY, CLOSE, PING, PONG, TEXT, asyncio_test, close_frame, frame, pair, request, tcp

import refws
from refws.host.connection import frame_log
from refws.host.connection.frame_log import FrameLog

FIN = 0x80


@pytest.fixture
def lines(caplog):
    """The lines so far, without what names the connection."""
    caplog.set_level(logging.DEBUG, "refws.frames")
    return lambda: [
        record.getMessage().partition("< ")[2] or f"> {record.getMessage().partition('> ')[2]}"
        for record in caplog.records
        if record.name == "refws.frames"
    ]


SHOWN = {
    "empty": (frame(TEXT), "text fin 0 octets"),
    "one": (frame(TEXT, b"a"), 'text fin 1 octet "a"'),
    "text": (frame(TEXT, "Gr\u00fc\u00dfe".encode()), 'text fin 7 octets "Gr\u00fc\u00dfe"'),
    "60": (frame(TEXT, b"x" * 60), f'text fin 60 octets "{"x" * 60}"'),
    "61": (frame(TEXT, b"x" * 61), f'text fin 61 octets "{"x" * 60}\u2026"'),
    "wide": (frame(TEXT, "\U0001f642".encode() * 61), f'text fin 244 octets "{chr(0x1F642) * 60}\u2026"'),
    "long": (frame(TEXT, b"y" * 70_000), f'text fin 70000 octets "{"y" * 60}\u2026"'),
    "escaped": (frame(TEXT, b'a\n\x1b[31m"\\\x7f\xe2\x80\xae'), r'text fin 13 octets "a\n\x1b[31m\"\\\x7f\u202e"'),
    "no text": (frame(TEXT, b"a\xffb\xe2\x82"), 'text fin 5 octets "a\ufffdb\ufffd"'),
    "binary": (frame(BINARY, bytes(range(20))), "binary fin 20 octets " + bytes(range(20)).hex(" ")),
    "more": (frame(BINARY, bytes(21)), "binary fin 21 octets " + bytes(20).hex(" ") + " \u2026"),
    "64 bits": (frame(BINARY, b"\xfe" * 65536), "binary fin 65536 octets " + (b"\xfe" * 20).hex(" ") + " \u2026"),
    "first": (frame(2, b"a"), "binary 1 octet 61"),
    "rsv": (frame(TEXT | 0x70, b"ab"), "text fin rsv1 rsv2 rsv3 2 octets 61 62"),
    "ping": (frame(PING, b"\x00\x01"), "ping 2 octets 00 01"),
    "pong": (frame(PONG), "pong 0 octets"),
    "close": (frame(CLOSE), "close 0 octets"),
    "code": (close_frame(1000), "close 1000"),
    "reason": (close_frame(1001, b"bye"), 'close 1001 "bye"'),
    "half a code": (frame(CLOSE, b"\x03"), "close 1 octet 03"),
    "no fin": (frame(9), "ping without fin 0 octets"),
    "unknown": (frame(FIN | 3, b"a"), "opcode 3 fin 1 octet 61"),
    "unmasked": (frame(TEXT, b"abc", mask=False), 'text fin 3 octets "abc"'),
    "large ping": (frame(PING, bytes(126)), "ping 126 octets " + bytes(20).hex(" ") + " \u2026"),
}


@pytest.mark.parametrize("size", [1, 2, 50, 100_000])
@pytest.mark.parametrize(("octets", "line"), SHOWN.values(), ids=SHOWN)
def test_lines(octets, line, size, lines):
    log = FrameLog("me")
    stream = octets + frame(TEXT, b"next")
    if len(stream) < 1000 or size > 2:
        for i in range(0, len(stream), size):
            log.received(stream[i : i + size])
        assert lines() == [line, 'text fin 4 octets "next"']


def test_continuation_frames_hold_what_their_message_does(lines):
    log = FrameLog("me")
    log.received(frame(1, b"a\xc3") + frame(PING, b"p") + frame(FIN, b"\xa4b") + frame(2, b"c") + frame(0, b"d"))
    log.received(frame(FIN, b"e") + frame(0x41, b"f") + frame(FIN, b"g"))
    assert lines() == [
        'text 2 octets "a\ufffd"',
        "ping 1 octet 70",
        'continuation fin 2 octets "\ufffdb"',
        "binary 1 octet 63",
        "continuation 1 octet 64",
        "continuation fin 1 octet 65",
        "text rsv1 1 octet 66",
        "continuation fin 1 octet 67",
    ]


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        (b"\x82\x7e\x00\x7d", "binary fin a payload length below 126 in 16 bits: 82 7e 00 7d"),
        (b"\x82\x7f\x80", "binary fin a 64-bit payload length with its top bit set: 82 7f 80"),
        (b"\x83", "opcode 3 fin cut short: 83"),
        (b"\x81\x83abcdx", "text fin cut short: 81 83 61 62 63 64 78"),
        (b"", None),
    ],
)
def test_what_cannot_be_read(octets, line, lines):
    log = FrameLog("me")
    log.received(octets)
    log.failed()
    log.failed()
    log.received(frame(TEXT, b"more"))
    assert lines() == ([line] if line else [])


@given(st.binary(max_size=300), st.integers(1, 20))
def test_nothing_makes_it_raise(octets, size):
    frame_log.logger.setLevel(logging.CRITICAL)
    log = FrameLog("me")
    for i in range(0, len(octets), size):
        log.received(octets[i : i + size])
    log.sent([octets])
    log.failed()
    frame_log.logger.setLevel(logging.NOTSET)


def test_it_keeps_no_payload(lines):
    log = FrameLog("me")
    log.received(frame(BINARY, random.randbytes(1_000_000))[:500_000])
    assert log._in._kept == b""
    assert len(lines()) == 1


@asyncio_test
async def test_a_conversation(caplog):
    caplog.set_level(logging.DEBUG, "refws.frames")
    async with pair(extensions=()) as (ws, _):
        await ws.send("a" * 1000)
        await ws.recv()
        await ws.ping(b"\x00")
    found = [
        re.fullmatch(r"(#\d+ 127\.0\.0\.1:\d+) ([<>] .*)", record.getMessage()).groups()
        for record in caplog.records
        if record.name == "refws.frames"
    ]
    client, server = dict.fromkeys(name for name, _ in found)
    text = f'text fin 1000 octets "{"a" * 60}\u2026"'
    ping, pong = "ping 1 octet 00", "pong 1 octet 00"
    sent = [f"> {text}", f"< {text}", f"> {ping}", f"< {pong}", "> close 1000", "< close 1000"]
    assert [line for name, line in found if name == client] == sent
    turned = [line.translate({60: 62, 62: 60}) for line in sent]
    assert [line for name, line in found if name == server] == turned


@asyncio_test
async def test_frames_behind_the_opening_handshake_are_there_too(lines):
    async def handle(ws):
        await ws.recv()
        await ws.wait_closed()

    async with refws.serve(handle) as server, tcp(server) as raw:
        raw.send(request() + frame(TEXT, b"early") + frame(0x83))
        await raw.head()
        await raw.frames_to_the_end()
    assert lines() == ['text fin 5 octets "early"', "opcode 3 fin 0 octets", '> close 1002 "unknown opcode 3"']


@asyncio_test
async def test_one_that_is_not_asked_for_is_not_there(caplog):
    caplog.set_level(logging.INFO, "refws.frames")
    async with pair() as (ws, there):
        await ws.send("a")
        await ws.recv()
        assert ws.endpoint.tap is there.endpoint.tap is None
    assert [record for record in caplog.records if record.name == "refws.frames"] == []


@pytest.mark.parametrize(
    ("peername", "name"), [(("::1", 80, 0, 0), "[::1]:80"), ("/run/socket", "/run/socket"), ("", "-"), (None, "-")]
)
def test_names(peername, name, caplog):
    class Transport:
        def get_extra_info(self, what, default=None):
            return peername

    caplog.set_level(logging.DEBUG, "refws.frames")
    endpoint = refws.Endpoint(refws.Role.CLIENT)
    frame_log.log_frames(endpoint, Transport())
    tap = endpoint.tap
    frame_log.log_frames(endpoint, None)
    assert endpoint.tap is tap
    tap.sent([frame(PING)])
    assert re.fullmatch(rf"#\d+ {re.escape(name)} > ping 0 octets", caplog.records[-1].getMessage())
    other = refws.Endpoint(refws.Role.CLIENT)
    frame_log.log_frames(other, None)
    other.tap.sent([frame(PING)])
    assert caplog.records[-1].getMessage().endswith(" - > ping 0 octets")


@asyncio_test
async def test_a_peers_reason_makes_no_other_line(caplog):
    caplog.set_level(logging.INFO, "refws")
    async with pair() as (client, server):
        await client.close(4000, "bye\nroot logged in\x1b[2J")
        await server.wait_closed()
        assert str(refws.ConnectionClosed(server.endpoint)).isprintable()
    said = [record.getMessage() for record in caplog.records if record.name == "refws"]
    assert any(line.endswith(r"received 4000 bye\nroot logged in\x1b[2J") for line in said)
    assert all(line.isprintable() for line in said)


@asyncio_test
async def test_beginning_and_end_of_a_connection_are_logged_at_info(caplog):
    caplog.set_level(logging.INFO, "refws")
    async with pair(subprotocols=["chat"], client={"subprotocols": ["chat"]}) as (client, server):
        await client.close(4000, "bye")
        await server.wait_closed()
    said = [record.getMessage().partition(" ")[2] for record in caplog.records if record.name == "refws"]
    assert sorted(said) == [
        "closed, sent 4000 bye, received 4000",
        "closed, sent 4000, received 4000 bye",
        "opened /, subprotocol chat",
        "opened /, subprotocol chat",
    ]
