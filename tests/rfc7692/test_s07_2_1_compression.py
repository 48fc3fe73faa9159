"""Section 7.2.1, Compression: what is sent inflates by an independent reader, and keeps to its window."""

import random
import weakref

import pytest
from deflated import BINARY, FIN, ROLE, RSV1, Reader, endpoint, frames_from, towards

from refws.rfc6455.endpoint import Role
from refws.rfc7692 import zlib_seam
from refws.rfc7692.s07_2_1_compression import Compressor

pytestmark = pytest.mark.usefixtures("each_zlib")
TAIL = b"\x00\x00\xff\xff"


def repetitive(size, distance, seed=1):
    """Octets that invite matches about `distance` octets back, most of them a little shorter, and runs."""
    rng, octets = random.Random(seed), bytearray()
    while len(octets) < size:
        kind = rng.randrange(4)
        if kind == 0 or len(octets) < distance + 40:
            octets += rng.randbytes(rng.randrange(1, 40))
        elif kind == 1:
            octets += bytes([rng.randrange(256)]) * rng.randrange(1, 300)
        else:
            back = max(distance + rng.randrange(-400, 31), 40)
            octets += octets[-back:][: rng.randrange(3, min(200, back))]
    return bytes(octets[:size])


def from_role(role, name):
    return towards(Role.CLIENT if role is Role.SERVER else Role.SERVER, name)


@pytest.mark.clause(
    "rfc7692:7-p9-s1",
    "rfc7692:7-p9-s2",
    "rfc7692:7-p9-s3",
    "rfc7692:7.1.2.1-p3-s1",
    "rfc7692:7.1.2.2-p6-s1",
    "rfc7692:7.2.1-p11-s1",
    "rfc7692:7.2.1-p14-s1",
    "rfc7692:7.2.1-p15-s1",
)
@ROLE
@pytest.mark.parametrize("bits", range(8, 16))
def test_no_distance_exceeds_the_agreed_window(role, bits, each_zlib):
    sender = endpoint(role, f"{from_role(role, 'max_window_bits')}={bits}", level=9)
    reader, inflate = Reader(), each_zlib.decompressobj(-bits)
    messages = [repetitive(60_000 if bits == 15 else 20_000, 1 << bits, seed) for seed in range(2)]
    for message in messages:
        sender.send_a_websocket_message(message)
    for (first, payload), message in zip(frames_from(sender), messages, strict=True):
        assert first == FIN | RSV1 | BINARY
        assert reader.read(payload + TAIL) == message
        # A decoder that has no more than this window, given no room to look back into what it has just put out.
        pieces, rest = [], payload + TAIL
        while rest:
            pieces.append(inflate.decompress(rest, 64))
            rest = inflate.unconsumed_tail
        assert b"".join(pieces) + inflate.decompress(b"", 999) == message
    assert max(reader.distances) <= 1 << bits
    # It is used, too: zlib's matches stay 262 octets inside its window. For 256 octets there are runs (ruling 26).
    assert max(reader.distances) > ((1 << bits) - 262 - 50 if bits > 8 else 0)


@pytest.mark.clause("rfc7692:7-p9-s1", "rfc7692:7.2.1-p11-s1", "rfc7692:7.3-p3-s1")
@ROLE
def test_the_readers_would_notice(role, each_zlib):
    """The window of the other direction does not limit what is sent; and so this is too far for 14 bits."""
    sender = endpoint(role, f"{towards(role, 'max_window_bits')}=8", level=9)
    sender.send_a_websocket_message(repetitive(60_000, 1 << 15))
    reader, inflate = Reader(), each_zlib.decompressobj(-14)
    rest = frames_from(sender)[0][1] + TAIL
    reader.read(rest)
    assert 32_000 < max(reader.distances) <= 32_768
    with pytest.raises(each_zlib.error, match="too far back"):  # noqa: PT012
        while rest:
            inflate.decompress(rest, 64)
            rest = inflate.unconsumed_tail


@pytest.mark.clause("rfc7692:7.1.2.2-p3-s2", "rfc7692:7.1.2.2-p6-s1", "rfc7692:7.2.1-p14-s1", "rfc7692:7.2.2-p7-s3")
@pytest.mark.parametrize(("agreed", "hint"), [(14, 10), (10, 14), (10, 10)])
def test_a_client_keeps_to_the_smaller_window_its_own_or_the_agreed(agreed, hint):
    sender = endpoint(Role.CLIENT, f"client_max_window_bits={agreed}", client_max_window_bits=hint, level=9)
    sender.send_a_websocket_message(repetitive(40_000, 1 << 10) + repetitive(40_000, 1 << 14))
    reader = Reader()
    reader.read(frames_from(sender)[0][1] + TAIL)
    assert 512 < max(reader.distances) <= 1024


@pytest.mark.clause("rfc7692:7.2.1-p14-s1")
@pytest.mark.parametrize("level", [0, 1, 2, 6, 9])
@pytest.mark.parametrize("memory_level", [1, 9])
@pytest.mark.parametrize("bits", [8, 9, 12, 15])
def test_every_level(level, memory_level, bits):
    compressor = Compressor(bits, takeover=True, level=level, memory_level=memory_level)
    reader, message = Reader(), repetitive(6_000, min(1 << bits, 3000))
    for _ in range(2):
        assert reader.read(compressor.compress(message, True) + TAIL) == message
    assert max(reader.distances, default=0) <= 1 << bits
    assert level or reader.distances == set()


@pytest.mark.clause(
    "rfc7692:7.1.1.1-p1-s3",
    "rfc7692:7.1.1.2-p2-s4",
    "rfc7692:7.2.1-p12-s1",
    "rfc7692:7.2.1-p12-s2",
    "rfc7692:7.2.1-p13-s1",
    "rfc7692:7.2.1-p13-s2",
)
@ROLE
@pytest.mark.parametrize("fragmented", [False, True])
def test_context_takeover(role, fragmented):
    def payloads(*agreed):
        sender, message = endpoint(role, *agreed), bytes(range(256))
        for _ in range(3):
            if fragmented:
                sender.send_a_fragment(message[:100], fin=False)
                sender.send_a_fragment(message[100:], fin=True)
            else:
                sender.send_a_websocket_message(message)
        frames = [payload for _, payload in frames_from(sender)]
        step = 2 if fragmented else 1
        return [b"".join(frames[i : i + step]) for i in range(0, 3 * step, step)]

    first, second, third = payloads()
    assert len(third) <= len(second) < 30
    assert len(first) > 200
    first, second, third = payloads(from_role(role, "no_context_takeover"))
    assert first == second == third
    assert Reader().read(third + TAIL) == bytes(range(256))
    # The other direction is another matter.
    assert payloads(towards(role, "no_context_takeover")) == payloads()


@pytest.mark.clause("rfc7692:7.1.1.2-p1-s3")
def test_a_client_that_hinted_starts_each_message_anew():
    sender = endpoint(Role.CLIENT, client_no_context_takeover=True)
    for _ in range(2):
        sender.send_a_websocket_message(bytes(range(256)))
    (_, first), (_, second) = frames_from(sender)
    assert first == second


@pytest.mark.clause(
    "rfc7692:7-p1-s2",
    "rfc7692:7.2.1-p1-s1",
    "rfc7692:7.2.1-p2-s1",
    "rfc7692:7.2.1-p3-s1",
    "rfc7692:7.2.1-p4-s1",
    "rfc7692:7.2.1-p4-s2",
)
@pytest.mark.parametrize("bits", [8, 15])
@pytest.mark.parametrize("takeover", [False, True])
def test_messages_of_many_sizes_end_in_the_header_of_an_empty_block(bits, takeover):
    compressor, reader = Compressor(bits, takeover=takeover, level=6, memory_level=8), Reader()
    for size in [*range(40), 0, 0, 1000, 0, 70_000]:
        message = bytes((7 * size + i * i) % 251 for i in range(size))
        compressed = compressor.compress(message, True)
        reader = reader if takeover else Reader()
        assert reader.read(compressed + TAIL) == message
        assert reader.types[-1] == (0, 0)
        assert compressed
        assert not compressed.endswith(b"\x00" + TAIL)


@pytest.mark.clause("rfc7692:7.2.1-p10-s3")
def test_messages_fill_the_output_of_zlib_to_the_octet():
    """A flush that ends where zlib's room ends must not be taken for done, nor done twice."""
    compressor, reader = Compressor(15, takeover=True, level=0, memory_level=9), Reader()
    for size in (16383 - 11, 16384 - 10, 16384 - 5, 16384, 32768 - 10, 65535):
        message = bytes(size)
        assert reader.read(compressor.compress(message, False)) == message
        assert reader.read(compressor.compress(b"", True) + TAIL) == b""


# Secrets


@pytest.mark.clause("rfc7692:8-p1-s2")
@ROLE
def test_a_secret_can_be_kept_from_those_who_guess_and_measure(role):
    def length(guess, extended):
        sender = endpoint(role)
        sender.send_a_websocket_message("token=qwertyuiop", extended)
        sender.send_a_websocket_message(guess)
        (_, secret), (_, measured) = frames_from(sender)
        assert extended or secret == b"token=qwertyuiop"
        return len(measured)

    assert length("token=qwertyuiop", True) < length("token=asdfghjklz", True)
    assert length("token=qwertyuiop", False) == length("token=asdfghjklz", False)


# Memory


@pytest.fixture
def contexts(monkeypatch):
    """The compressing contexts that are there."""
    alive, made = weakref.WeakSet(), zlib_seam.compressobj

    class Context:
        def __init__(self, *arguments):
            zlib = made(*arguments)
            self.compress, self.flush = zlib.compress, zlib.flush
            alive.add(self)

    monkeypatch.setattr(zlib_seam, "compressobj", Context)
    return alive


@ROLE
@pytest.mark.parametrize("takeover", [False, True])
def test_a_context_is_there_only_while_it_is_needed(role, takeover, contexts):
    sender = endpoint(role, *([] if takeover else [from_role(role, "no_context_takeover")]))
    sender.send_a_websocket_message("plain", extended=False)
    assert len(contexts) == 0
    sender.send_a_fragment("Hel", fin=False)
    assert len(contexts) == 1
    sender.send_a_fragment("lo", fin=True)
    assert len(contexts) == takeover
    sender.send_a_websocket_message("Hello")
    assert len(contexts) == takeover
