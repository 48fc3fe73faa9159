"""Section 7.2.2, Decompression: blocks of every kind, data that is none, bombs, and what is kept."""

import random
import time
import tracemalloc
import weakref
import zlib

import pytest
from deflated import (
    BINARY,
    CONTINUATION,
    EMPTY,
    FIN,
    FIXED,
    NO_LIMITS,
    ROLE,
    RSV1,
    STORED,
    TEXT,
    Deflater,
    Reader,
    deflated,
    endpoint,
    failure_of,
    final_block,
    frame_to,
    no_context_takeover,
    towards,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from refws.failure import Failure
from refws.rfc6455.endpoint import Role
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc7692 import zlib_seam
from refws.rfc7692.s07_2_2_decompression import PIECE, Decompressor

pytestmark = pytest.mark.usefixtures("each_zlib")
TAKEOVER = pytest.mark.parametrize("takeover", [True, False], ids=["takeover", "no takeover"])
KiB, MiB = 1 << 10, 1 << 20
NOT_DEFLATE = "rfc7692:7.2.2-p3-s1", 1007
TOO_BIG = "rfc6455:10.4-p1-s1", 1009
HELLO_BITS = [deflated(b"Hello"[:n] + b"\xf0" * m, **FIXED) for n in range(6) for m in range(8)]


def receiver(role, takeover=True, **options):
    return endpoint(role, *([] if takeover else [no_context_takeover(role)]), **options)


def binary(role, *payloads):
    return b"".join(frame_to(role, FIN | RSV1 | BINARY, payload) for payload in payloads)


# Blocks


@pytest.mark.clause(
    "rfc7692:7.2.1-p6-s1",
    "rfc7692:7.2.1-p7-s1",
    "rfc7692:7.2.1-p8-s1",
    "rfc7692:7.2.1-p9-s2",
    "rfc7692:7.2.2-p1-s1",
    "rfc7692:7.2.2-p2-s1",
    "rfc7692:7.2.2-p3-s1",
)
@ROLE
@TAKEOVER
@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"\x00", b""),
        (EMPTY + b"\x00", b""),
        (EMPTY * 300 + b"\x00", b""),
        # Fixed, dynamic, stored; bits of padding that are not zero.
        (deflated(b"Hello", **FIXED), b"Hello"),
        (deflated(b"Hello" * 99), b"Hello" * 99),
        (deflated(b"Hello", **STORED), b"Hello"),
        (deflated(bytes(3000), **STORED), bytes(3000)),
        (b"\xf8", b""),
        (b"\xc8\x05\x00\xfa\xffHello\x00", b"Hello"),
        # Final blocks: one, with and without what is due behind it, and more behind them.
        (b"\x03\x00\x00", b""),
        (b"\x03\x00", b""),
        (b"\x03\x00" * 300, b""),
        (b"\x01\x00\x00\xff\xff", b""),
        (final_block(b"Hello") + b"\x00", b"Hello"),
        (final_block(b"Hello"), b"Hello"),
        (final_block(b"Hello", **STORED), b"Hello"),
        (final_block(b"Hel") + final_block(b"lo"), b"Hello"),
        (final_block(b"Hel") + final_block(b"lo") + b"\x00", b"Hello"),
        (final_block(b"Hel") + deflated(b"lo"), b"Hello"),
        (final_block(b"Hel") + EMPTY + final_block(b"lo") + EMPTY + b"\x00", b"Hello"),
        (Deflater().block(b"Hel") + final_block(b"lo"), b"Hello"),
        (Deflater().block(b"Hel") + final_block(b"lo") + deflated(b", World"), b"Hello, World"),
        # The window goes on behind a final block.
        (final_block(b"Hello") + final_block(b"Hello", b"Hello") + b"\x00", b"HelloHello"),
        (deflated(b"Hello" * 99)[:-1] + EMPTY + final_block(b"Hello" * 9, b"Hello") + b"\x00", b"Hello" * 108),
    ],
)
def test_blocks(role, takeover, payload, message):
    for size in (len(payload), 1, 2):
        whole = receiver(role, takeover)
        # Three times: nothing is left over that disturbs what follows.
        for _ in range(3):
            pieces = [payload[i : i + size] for i in range(0, len(payload), size)]
            octets, first = b"", RSV1 | BINARY
            for piece in pieces[:-1]:
                octets += frame_to(role, first, piece)
                first = CONTINUATION
            assert whole.receive_octets(octets + frame_to(role, FIN | first, pieces[-1])) == [message]
        assert whole.receive_octets(binary(role, deflated(b"after"))) == [b"after"]


@pytest.mark.clause("rfc7692:7.2.1-p4-s2", "rfc7692:7.2.2-p2-s1")
@ROLE
def test_the_last_block_may_end_at_any_bit(role):
    texts = [b"Hello"[:n] + b"\xf0" * m for n in range(6) for m in range(8)]
    assert receiver(role).receive_octets(binary(role, *HELLO_BITS)) == texts


# The window


@pytest.mark.clause(
    "rfc7692:7.1.1.1-p2-s1",
    "rfc7692:7.1.1.2-p3-s1",
    "rfc7692:7.1.2.1-p5-s1",
    "rfc7692:7.1.2.2-p8-s1",
    "rfc7692:7.2.2-p4-s2",
    "rfc7692:7.2.2-p5-s2",
    "rfc7692:7.2.2-p6-s2",
    "rfc7692:7.2.2-p7-s2",
)
@ROLE
def test_the_window_is_kept_and_of_32_kib(role):
    """The far end of the window, from a message before, with a small one in between."""
    far, between, end = random.Random(1).randbytes(400), bytes(32_768 - 262 - 400), b"end"
    peer = Deflater(level=9)
    messages = [far, between, far[:300], end, far[300:]]
    payloads = [peer.message(message) for message in messages]
    assert len(payloads[2]) < 20
    assert receiver(role).receive_octets(binary(role, *payloads)) == messages
    assert failure_of(receiver(role), binary(role, payloads[2])) == NOT_DEFLATE


@pytest.mark.clause("rfc7692:7.2.2-p4-s1", "rfc7692:7.2.2-p5-s1", "rfc7692:7-p9-s1")
@ROLE
def test_without_takeover_there_is_no_window(role):
    peer = Deflater()
    first, second = peer.message(b"Hello" * 9), peer.message(b"Hello" * 9)
    whole = receiver(role, takeover=False)
    assert whole.receive_octets(binary(role, first)) == [b"Hello" * 9]
    assert failure_of(whole, binary(role, second)) == NOT_DEFLATE
    # What was agreed for the other direction changes nothing.
    other = no_context_takeover(Role.CLIENT if role is Role.SERVER else Role.SERVER)
    assert endpoint(role, other).receive_octets(binary(role, first, second)) == [b"Hello" * 9] * 2


@pytest.mark.clause("rfc7692:7-p9-s2", "rfc7692:7.2.2-p4-s2")
def test_a_hint_does_not_let_go_of_the_window():
    """What a client says of its own messages changes nothing for those that come."""
    peer = Deflater()
    payloads = [peer.message(b"Hello" * 9), peer.message(b"Hello" * 9)]
    client = endpoint(Role.CLIENT, client_no_context_takeover=True)
    assert client.receive_octets(binary(Role.CLIENT, *payloads)) == [b"Hello" * 9] * 2


@pytest.mark.clause("rfc7692:7.2.2-p6-s1", "rfc7692:7.2.2-p7-s1")
@ROLE
@pytest.mark.parametrize("bits", range(8, 16))
def test_a_smaller_window_is_enough(role, bits):
    rng = random.Random(bits)
    vocabulary = [rng.randbytes(rng.randrange(3, 9)) for _ in range(1 << bits - 4)]
    strategy = zlib.Z_RLE if bits == 8 else zlib.Z_DEFAULT_STRATEGY
    peer = Deflater(max(bits, 9), 9, strategy)
    messages = [b"".join(rng.choices(vocabulary, k=2000)) for _ in range(3)]
    agreed = f"{towards(role, 'max_window_bits')}={bits}"
    assert endpoint(role, agreed).receive_octets(binary(role, *map(peer.message, messages))) == messages


@pytest.mark.clause("rfc7692:7.2.2-p6-s1", "rfc7692:7.2.2-p6-s2", "rfc7692:7.2.2-p7-s1", "rfc7692:7.2.2-p7-s2")
@ROLE
def test_no_more_is_kept_than_was_agreed(role):
    peer, far = Deflater(level=9), random.Random(1).randbytes(1000)
    first, second = peer.message(far), peer.message(far[:300])
    assert len(second) < 20
    assert receiver(role).receive_octets(binary(role, first, second)) == [far, far[:300]]
    smaller = endpoint(role, f"{towards(role, 'max_window_bits')}=9")
    assert smaller.receive_octets(binary(role, first)) == [far]
    assert failure_of(smaller, binary(role, second)) == NOT_DEFLATE


@pytest.mark.clause("rfc7692:7.2.2-p4-s2", "rfc7692:7.2.2-p5-s2", "rfc7692:7.2.1-p9-s2")
@ROLE
@pytest.mark.parametrize("bits", [9, 15])
@pytest.mark.parametrize("size", [1, 100, 5000, 40_000, 200_000])
def test_the_window_is_kept_behind_final_blocks(role, bits, size):
    """From the first message with a final block on (ruling 27), and as far back as the window goes."""
    rng, history, payloads, messages = random.Random(size), b"", [], []
    for _ in range(4):
        message = rng.randbytes(size) + history[-250:][:60]
        compress = zlib.compressobj(9, zlib.DEFLATED, -bits, 9, zlib.Z_DEFAULT_STRATEGY, history[-(1 << bits) :])
        payloads.append(compress.compress(message) + compress.flush(zlib.Z_FINISH) + b"\x00")
        messages.append(message)
        history += message
    agreed = f"{towards(role, 'max_window_bits')}={bits}"
    assert endpoint(role, agreed, limits=NO_LIMITS).receive_octets(binary(role, *payloads)) == messages


def test_the_window_behind_final_blocks_is_no_longer_than_it_has_to_be():
    decompressor = Decompressor(15, takeover=True)
    pieces = list(decompressor.decompress(final_block(bytes(9 * MiB)) + final_block(b"x")))
    assert sum(map(len, pieces)) == 9 * MiB + 1
    assert len(decompressor._history) <= 2 * 32768


# What is not DEFLATE


@pytest.mark.clause("rfc7692:7.2.2-p3-s1")
@ROLE
@TAKEOVER
@pytest.mark.parametrize(
    "payload",
    [
        b"\x07",
        b"\xff" * 9,
        b"\x00\x05\x00\xfa\xfe",
        # A match before the beginning; code lengths that make no code; behind a good block.
        b"\x4b\x04\xe1\x00",
        b"\x04\xc0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        Deflater().block(b"Hello") + b"\x07",
        final_block(b"Hello") + b"\xff",
        b"Hello, World!",
        zlib.compress(b"Hello"),
    ],
    ids=bytes.hex,
)
def test_what_does_not_inflate_fails(role, takeover, payload):
    assert failure_of(receiver(role, takeover), binary(role, payload)) == NOT_DEFLATE
    octets, failing, events = binary(role, payload), receiver(role, takeover), []
    for i in range(len(octets)):
        events += failing.receive_octets(octets[i : i + 1])
    assert [(event.clause, event.status) for event in events] == [NOT_DEFLATE]
    whole = receiver(role, takeover)
    assert whole.receive_octets(binary(role, deflated(b"before"))) == [b"before"]
    assert failure_of(whole, binary(role, payload)) == NOT_DEFLATE


@pytest.mark.clause("rfc7692:7.2.1-p3-s1", "rfc7692:7.2.2-p2-s1")
@ROLE
@TAKEOVER
@pytest.mark.parametrize(
    "payload",
    [b"", Deflater().block(b"Hello"), EMPTY, final_block(b"Hello") + EMPTY, final_block(b"Hello")[:-1], b"\x03"],
    ids=["empty", "00 00 FF FF kept", "00 00 FF FF only", "kept behind a final block", "a final block cut", "begun"],
)
def test_a_message_that_is_cut_short_fails_at_its_end(role, takeover, payload):
    """Ruling 27. Who keeps 00 00 FF FF cuts short, too: the block that it makes of what is appended."""
    for history in ([], [deflated(b"before")], [final_block(b"before")]):
        whole = receiver(role, takeover)
        assert whole.receive_octets(binary(role, *history)) == [b"before"] * len(history)
        assert whole.receive_octets(frame_to(role, RSV1 | BINARY, payload)) == []
        assert failure_of(whole, frame_to(role, FIN | CONTINUATION)) == NOT_DEFLATE


@pytest.mark.clause("rfc7692:7.2.1-p3-s1")
@pytest.mark.parametrize(
    ("options", "kind"), [(STORED, 0), (FIXED, 1), ({}, 2), ({"strategy": zlib.Z_RLE}, 2)], ids=str
)
def test_wherever_it_is_cut(options, kind):
    # All octets, at frequencies so different that the table of code lengths is a long one.
    rng = random.Random(3)
    data = bytes(rng.choices(range(256), [1 / (i + 1) for i in range(256)], k=1500)) + bytes(range(256)) + b"Hello" * 9
    payload, reader = deflated(data, **options), Reader()
    assert reader.read(payload + EMPTY[1:]) == data
    assert reader.types == [(kind, 0), (0, 0)]
    for length in range(len(payload)):
        if payload[:length] == b"\x00":
            continue  # The empty message.
        decompressor = Decompressor(15, takeover=True)
        with pytest.raises(Failure) as caught:  # noqa: PT012
            assert data.startswith(b"".join(decompressor.decompress(payload[:length])))
            decompressor.end()
        assert caught.value.clause == NOT_DEFLATE[0]


# Where slices and pieces end


@pytest.mark.parametrize("extra", [-1, 0, 1, 2, 258])
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("final", [False, True])
def test_what_comes_out_fills_whole_pieces(extra, pieces, final):
    """zlib holds back what does not fit, though all has gone in: it must come out before the message ends."""
    message = bytes(pieces * PIECE + extra)
    payload = final_block(message) if final else deflated(message)
    decompressor = Decompressor(15, takeover=True)
    for _ in range(2):
        out = list(decompressor.decompress(payload))
        decompressor.end()
        assert b"".join(out) == message
        assert max(map(len, out)) <= PIECE
        assert b"" not in out


@settings(deadline=None)
@given(
    size=st.integers(0, 12 * KiB),
    zeros=st.integers(0, 3 * PIECE),
    cut=st.integers(1, 8 * KiB),
    finals=st.booleans(),
    seed=st.integers(0, 9),
)
def test_slices(size, zeros, cut, finals, seed):
    data = random.Random(seed).randbytes(size)
    message = data + bytes(zeros) + data
    payload = Deflater().block(data) + final_block(bytes(zeros) + data, data) if finals else deflated(message)
    decompressor, out = Decompressor(15, takeover=True), b""
    for i in range(0, len(payload), cut):
        out += b"".join(decompressor.decompress(payload[i : i + cut]))
    decompressor.end()
    assert out == message


# Bombs


@pytest.fixture(scope="module")
def bomb():
    """1 GiB of zeros, compressed to about 1 MiB."""
    payload = deflated(bytes(8 * MiB), level=9)
    middle = len(payload) // 2

    def longer(octets):
        return payload[:middle] + bytes(octets) + payload[middle:]

    # In the middle of a single block each octet is four matches of 258 octets.
    assert payload[middle - 1000 : middle + 1000] == bytes(2000)
    assert len(zlib.decompressobj(-15).decompress(longer(5000))) == 8 * MiB + 1032 * 5000
    return longer(1016 * MiB // 1032 + 1)


def peak(chunks, limit, **options):
    """(events, octets of memory that receiving took at most)."""
    whole, events = receiver(Role.CLIENT, limits=Limits(max_message_size=limit), **options), []
    tracemalloc.start()
    try:
        for chunk in chunks:
            events += whole.receive_octets(chunk)
        return events, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def in_chunks(octets, size):
    return [octets[i : i + size] for i in range(0, len(octets), size)]


@pytest.mark.clause("rfc6455:10.4-p1-s1", "rfc6455:10.4-p1-s3")
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("limit", [0, 1000, MiB])
def test_a_bomb(bomb, opcode, limit):
    assert len(bomb) < 1.1 * MiB
    # Whole: what comes in one piece is there as a frame's payload, too.
    frame = frame_to(Role.CLIENT, FIN | RSV1 | opcode, bomb)
    for chunks, beyond in (([frame], len(bomb)), (in_chunks(frame, 64 * KiB), 0), (in_chunks(frame, 100), 0)):
        (failure,), memory = peak(chunks, limit)
        assert (failure.clause, failure.status) == TOO_BIG
        assert memory < limit + beyond + 512 * KiB
    pieces = in_chunks(bomb, 10_000)
    fragments = [frame_to(Role.CLIENT, RSV1 | opcode, pieces[0])]
    fragments += [frame_to(Role.CLIENT, CONTINUATION, piece) for piece in pieces[1:]]
    (failure,), memory = peak(fragments, limit)
    assert (failure.clause, failure.status) == TOO_BIG
    assert memory < limit + 512 * KiB


@pytest.mark.clause("rfc6455:10.4-p1-s3")
@pytest.mark.parametrize("excess", [0, 1])
def test_the_limit_is_that_of_what_was_inflated(excess):
    for size in (1, PIECE, 3 * PIECE):
        payload = deflated(bytes(size + excess))
        (event,), _ = peak([frame_to(Role.CLIENT, FIN | RSV1 | BINARY, payload)], size)
        assert (event == bytes(size)) if not excess else (event.clause, event.status) == TOO_BIG
        # And not of what comes over the wire: noise grows by compression.
        noise = random.Random(1).randbytes(size)
        (event,), _ = peak([frame_to(Role.CLIENT, FIN | RSV1 | BINARY, deflated(noise, **STORED))], size)
        assert event == noise


def octets_per_second(decompressor, payload, seconds=60):
    start = time.process_time()
    for _ in decompressor.decompress(payload):
        pass
    decompressor.end()
    took = time.process_time() - start
    assert took < seconds
    return len(payload) / took


BLOCKS = {
    # Blocks, and octets of them.
    "empty final blocks": (b"\x03\x00", 256 * KiB),
    "final blocks of one octet": (final_block(b"x"), 256 * KiB),
    "final blocks of a piece": (final_block(bytes(PIECE)), 64 * KiB),
    "empty stored blocks": (EMPTY, 256 * KiB),
}


@pytest.mark.parametrize(("block", "size"), BLOCKS.values(), ids=BLOCKS)
def test_a_block_costs_the_same_however_many_follow(block, size):
    few, many = (block * (octets // len(block)) + b"\x00" for octets in (size // 32, size))
    rates = [
        max(octets_per_second(Decompressor(15, takeover=True), payload) for _ in range(runs))
        for payload, runs in ((few, 3), (many, 1))
    ]
    assert rates[1] > rates[0] / 4


def test_many_restarts_hold_no_memory():
    octets = frame_to(Role.CLIENT, FIN | RSV1 | BINARY, final_block(b"x") * 10_000)
    events, memory = peak(in_chunks(octets, 1000), MiB)
    assert events == [b"x" * 10_000]
    assert memory < 256 * KiB


def test_what_is_long_costs_in_proportion():
    """32 MiB out of 32 KiB, and 16 times less; noise, that inflates to itself, the same."""
    rates = []
    for zeros in (2 * MiB, 32 * MiB):
        payload = deflated(bytes(zeros))
        rates.append(max(octets_per_second(Decompressor(15, takeover=True), payload) for _ in range(2)))
    assert rates[1] > rates[0] / 4
    noise = random.Random(1).randbytes(4 * MiB)
    rates = [
        max(octets_per_second(Decompressor(15, takeover=True), deflated(noise[:size])) for _ in range(3))
        for size in (256 * KiB, 4 * MiB)
    ]
    assert rates[1] > rates[0] / 4


# Memory


@pytest.fixture
def contexts(monkeypatch):
    """The decompressing contexts that are there."""
    alive, made = weakref.WeakSet(), zlib_seam.decompressobj

    class Context:
        def __init__(self, *arguments):
            self.zlib = made(*arguments)
            alive.add(self)

        def __getattr__(self, name):
            return getattr(self.zlib, name)

    monkeypatch.setattr(zlib_seam, "decompressobj", Context)
    return alive


@ROLE
@TAKEOVER
def test_a_context_is_there_only_while_it_is_needed(role, takeover, contexts):
    whole = receiver(role, takeover)
    assert whole.receive_octets(frame_to(role, FIN | TEXT, b"plain")) == ["plain"]
    assert len(contexts) == 0
    hello = deflated(b"Hello")
    assert whole.receive_octets(frame_to(role, RSV1 | TEXT)) == []
    assert len(contexts) == 0
    assert whole.receive_octets(frame_to(role, CONTINUATION, hello[:3])) == []
    assert len(contexts) == 1
    assert whole.receive_octets(frame_to(role, FIN | CONTINUATION, hello[3:])) == ["Hello"]
    assert len(contexts) == takeover
    assert whole.receive_octets(binary(role, final_block(b"Hello"))) == [b"Hello"]
    assert len(contexts) == 0


@TAKEOVER
def test_what_an_idle_connection_holds(takeover):
    """Measured: contexts that were never needed, or are not any more, weigh nothing."""
    first, frame = receiver(Role.SERVER, takeover), binary(Role.SERVER, deflated(bytes(100_000)))
    tracemalloc.start()
    try:
        second = receiver(Role.SERVER, takeover)
        assert tracemalloc.get_traced_memory()[0] < 4 * KiB
        for whole in (first, second):
            assert whole.receive_octets(frame) == [bytes(100_000)]
        assert takeover or tracemalloc.get_traced_memory()[0] < 4 * KiB
    finally:
        tracemalloc.stop()
