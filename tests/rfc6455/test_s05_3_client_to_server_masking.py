"""refws.rfc6455.s05_3_client_to_server_masking: every implementation against the RFC's own words; keys; who masks."""

import importlib.util
import os
import random
import subprocess
import sys
import types

import pytest
from handmade import BINARY, CLOSE, CONTINUATION, FIN, KEY, PING, ROLES, TEXT, failure_of, frame, read_frames, xor

from refws.failure import Failure
from refws.rfc6455 import s05_3_client_to_server_masking as section
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s05_5_control_frames import Close, Ping, Pong

LENGTHS = [*range(71), 125, 126, *range(509, 516), *range(32766, 32773), *(65536 + k for k in range(5)), 98305]


def loaded_with(monkeypatch, speedups, *, fork=True):
    """The module as it is where `websockets.speedups` is this (None: not installed)."""
    monkeypatch.setitem(sys.modules, "websockets.speedups", speedups)
    if not fork:
        monkeypatch.delattr(os, "register_at_fork", raising=False)
    spec = importlib.util.spec_from_file_location("masking_as_installed_otherwise", section.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["mask_by_integers", "mask_by_tables", "mask", "mask_short", "mask alone", "mask_short alone"])
def mask(request, monkeypatch):
    name, _, alone = request.param.partition(" ")
    return getattr(loaded_with(monkeypatch, None, fork=False) if alone else section, name)


@pytest.mark.clause(
    "rfc6455:5.3-p4-s1",
    "rfc6455:5.3-p4-s2",
    "rfc6455:5.3-p4-s3",
    "rfc6455:5.3-p5-s1",
    "rfc6455:5.3-p6-s1",
    "rfc6455:5.3-p6-s2",
)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("key", [KEY, bytes(4), b"\xff\x00\x80\x01"], ids=bytes.hex)
def test_every_implementation_is_the_rfcs(mask, key, kind):
    octets = random.Random(6455).randbytes(max(LENGTHS))
    expected = xor(octets, key)
    for length in LENGTHS:
        masked = mask(kind(octets[:length]), key)
        assert masked == expected[:length], length
        assert isinstance(masked, bytes)
        assert mask(masked, key) == octets[:length]


def test_what_is_masked_stays_as_it_was(mask):
    octets = bytearray(range(200)) * 4
    mask(octets, KEY)
    assert octets == bytearray(range(200)) * 4


def test_a_faster_implementation_is_taken_where_there_is_one(monkeypatch):
    faster = types.ModuleType("websockets.speedups")
    faster.apply_mask = lambda octets, key: b"faster"
    module = loaded_with(monkeypatch, faster)
    assert (module.mask(b"", KEY), module.mask_short(b"", KEY)) == (b"faster", b"faster")
    module = loaded_with(monkeypatch, None)
    assert module.mask_short is module.mask_by_integers


@pytest.mark.clause("rfc6455:5.3-p6-s1")
@pytest.mark.parametrize("octets", [0, 1, 2, 3, 4, 5, 125, 65535, 65536, 2**40 + 3])
def test_rotate(octets):
    assert section.rotate(KEY, octets) == bytes(KEY[(octets + i) % 4] for i in range(4))


@pytest.mark.clause("rfc6455:5.3-p5-s1")
@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4, 5, 6, 7, 511, 513])
def test_a_payload_masked_in_two_pieces(cut):
    octets = bytes(range(256)) * 3
    pieces = section.mask(octets[:cut], KEY) + section.mask(octets[cut:], section.rotate(KEY, cut))
    assert pieces == xor(octets)


@pytest.mark.clause("rfc6455:5.3-p3-s1", "rfc6455:5.3-p3-s2", "rfc6455:5.3-p3-s3/1", "rfc6455:10.3-p4-s1")
def test_keys_come_from_the_source_of_entropy_and_each_is_used_once(monkeypatch):
    given = []

    def token_bytes(count):
        given.append(b"".join(i.to_bytes(4, "big") for i in range(len(given) << 16, (len(given) << 16) + count // 4)))
        return given[-1]

    module = loaded_with(monkeypatch, None)  # whose pool of keys is empty
    monkeypatch.setattr("secrets.token_bytes", token_bytes)
    keys = [module.new_masking_key() for _ in range(5000)]
    octets = b"".join(given)
    assert {len(key) for key in keys} == {4}
    assert len(set(keys)) == 5000
    assert set(keys) <= {octets[i : i + 4] for i in range(0, len(octets), 4)}


@pytest.mark.clause("rfc6455:5.3-p3-s1", "rfc6455:5.3-p3-s2", "rfc6455:5.3-p3-s3/2", "rfc6455:10.3-p4-s1")
def test_keys_look_random():
    keys = [section.new_masking_key() for _ in range(5000)]
    # Two among so many are the same once in 350 runs; three such pairs are not for this universe.
    assert len(set(keys)) > 5000 - 4
    for i in range(4):
        counts = [sum(key[i] >> bit & 1 for key in keys) for bit in range(8)]
        assert all(2500 - 360 < count < 2500 + 360 for count in counts), counts  # ten standard deviations


@pytest.mark.clause("rfc6455:5.3-p3-s3/2")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_process_has_keys_of_its_own():
    program = """
import os
from refws.rfc6455.s05_3_client_to_server_masking import new_masking_key
new_masking_key()
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, b"".join(new_masking_key() for _ in range(8)))
    os._exit(0)
ours = [new_masking_key() for _ in range(8)]
os.wait()
theirs = os.read(reader, 32)
assert len(theirs) == 32
assert not set(ours) & {theirs[i:i + 4] for i in range(0, 32, 4)}
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.clause("rfc6455:5.3-p2-s1", "rfc6455:5.3-p3-s1", "rfc6455:5.3-p3-s2", "rfc6455:5.2-p43-s1")
def test_every_frame_of_a_client_has_a_key_of_its_own_and_any_value_will_do(monkeypatch):
    keys = [bytes(4), b"\xff\xff\xff\xff", b"\x00\x00\x00\x01", KEY, b"\x80\x00\x00\x00", b"four", b"last"]
    monkeypatch.setattr(section, "_keys", keys[::-1])
    client, server = Endpoint.established(Role.CLIENT), Endpoint.established(Role.SERVER)
    client.send_a_websocket_message("one")
    client.send_a_websocket_message(b"")
    client.send_a_fragment("t", fin=False)
    client.send_ping(b"three")
    client.send_a_fragment("w", fin=True)
    client.send_pong()
    client.start_the_websocket_closing_handshake()
    pieces = client.take_outbox()
    assert [piece[2:6] for piece in pieces] == keys
    assert [event for piece in pieces for event in server.receive_octets(piece)] == [
        "one",
        b"",
        Ping(b"three"),
        "tw",
        Pong(b""),
        Close(1000, ""),
    ]


FRAMES = {
    "text": (FIN | TEXT, b"Hello"),
    "nothing": (FIN | TEXT, b""),
    "ping": (FIN | PING, b"?"),
    "close": (FIN | CLOSE, b"\x03\xe8"),
    "16 bits": (FIN | TEXT, b"x" * 126),
    "64 bits": (FIN | TEXT, b"x" * 65536),
}


@pytest.mark.clause(
    "rfc6455:5.1-p1-s4",
    "rfc6455:5.1-p1-s5",
    "rfc6455:5.1-p1-s7",
    "rfc6455:5.1-p1-s8",
    "rfc6455:5.5.1-p3-s1",
)
@pytest.mark.parametrize("before", [b"", b"Hel"], ids=["first", "within a message"])
@pytest.mark.parametrize(("first", "payload"), FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_mask_of_the_wrong_side_fails_at_the_second_octet(role, first, payload, before):
    right, wrong = (KEY, None) if role is Role.SERVER else (None, KEY)
    octets = frame(TEXT, before, key=right) if before else b""
    if before and first == FIN | TEXT:
        first = FIN | CONTINUATION
    count, failure = failure_of(role, octets + frame(first, payload, key=wrong)[:20])
    clause = "rfc6455:5.1-p1-s4" if role is Role.SERVER else "rfc6455:5.1-p1-s7"
    assert (count, failure.clause, failure.status) == (len(octets) + 2, clause, 1002)


@pytest.mark.clause("rfc6455:5.1-p1-s4", "rfc6455:5.1-p1-s5", "rfc6455:5.1-p1-s7", "rfc6455:5.1-p1-s8")
@pytest.mark.clause("rfc6455:5.2-p18-s1")
@pytest.mark.parametrize("first", [FIN | TEXT, FIN | BINARY, FIN | PING, FIN | CLOSE], ids=hex)
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_a_mask_of_the_wrong_side_closes_with_1002_and_is_not_answered_otherwise(role, first):
    endpoint = Endpoint.established(role)
    endpoint.receive_octets(frame(first, b"", key=None if role is Role.SERVER else KEY))
    [(sent, _, payload)] = read_frames(endpoint.octets_to_send())
    assert (sent, payload[:2]) == (FIN | CLOSE, b"\x03\xea")


@pytest.mark.clause("rfc6455:5.1-p1-s4", "rfc6455:5.1-p1-s7")
@pytest.mark.parametrize("masked", [False, True])
def test_check_mask(masked):
    section.check_mask(masked, masked)
    with pytest.raises(Failure, match="is masked" if masked else "is not masked"):
        section.check_mask(masked, not masked)
