"""The seam to DEFLATE. The tests of sections 6 and 7.2 run over both implementations by the fixture `each_zlib`."""

import importlib
import random
import sys
import zlib

import pytest
from deflated import ROLES, deflated, endpoint, final_block, frames_from

from refws.rfc7692 import zlib_seam
from refws.rfc7692.s07_2_1_compression import Compressor
from refws.rfc7692.s07_2_2_decompression import Decompressor


@pytest.fixture
def reloaded(monkeypatch):
    """The seam, loaded anew with or without zlib-ng; as it was behind the test."""

    def reload(zlib_ng):
        monkeypatch.setitem(sys.modules, "zlib_ng", zlib_ng)
        if zlib_ng is None:
            monkeypatch.setitem(sys.modules, "zlib_ng.zlib_ng", None)
        else:
            monkeypatch.setitem(sys.modules, "zlib_ng.zlib_ng", zlib_ng.zlib_ng)
        return importlib.reload(zlib_seam)

    yield reload
    monkeypatch.undo()
    importlib.reload(zlib_seam)


def test_the_standard_library_where_nothing_else_is_installed(reloaded):
    seam = reloaded(None)
    assert (seam.compressobj, seam.decompressobj, seam.error) == (zlib.compressobj, zlib.decompressobj, zlib.error)


def test_zlib_ng_where_it_is_installed(reloaded):
    class Package:
        class zlib_ng:
            compressobj, decompressobj, error = object(), object(), KeyError

    seam = reloaded(Package)
    fake = Package.zlib_ng
    assert (seam.compressobj, seam.decompressobj, seam.error) == (fake.compressobj, fake.decompressobj, fake.error)


def test_the_numbers_are_the_same(each_zlib):
    for name in ("Z_SYNC_FLUSH", "Z_RLE", "Z_DEFAULT_STRATEGY", "DEFLATED"):
        assert getattr(zlib_seam, name) == getattr(each_zlib, name)


def results(payloads, bits):
    decompressor, out = Decompressor(bits, takeover=True), []
    for payload in payloads:
        try:
            pieces = list(decompressor.decompress(payload))
            decompressor.end()
            out.append(pieces)
        except Exception as error:
            return [*out, type(error), str(error)]
    return out


@pytest.mark.parametrize("bits", range(8, 16))
def test_both_inflate_to_the_same_pieces_and_errors(bits, monkeypatch):
    zlib_ng = pytest.importorskip("zlib_ng.zlib_ng")
    rng, batches = random.Random(bits), []
    for level in (0, 1, 6, 9):
        data = b"".join(bytes([rng.randrange(8)]) * rng.randrange(1, 500) for _ in range(900))
        batches.append([deflated(data, level=level, window_bits=max(bits, 9)), final_block(data) + b"\x00", b"\x00"])
    good = deflated(rng.randbytes(99) * 3)
    for _ in range(200):
        damaged = bytearray(good)
        damaged[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
        batches.append([good, bytes(damaged), good])
    ours = []
    for module in (zlib, zlib_ng):
        for name in ("compressobj", "decompressobj", "error"):
            monkeypatch.setattr(zlib_seam, name, getattr(module, name))
        ours.append([results(batch, bits) for batch in batches])
    assert ours[0] == ours[1]
    assert any(isinstance(result[-1], str) for result in ours[0])


@pytest.mark.parametrize("bits", [8, 9, 15])
@pytest.mark.parametrize("takeover", [False, True])
def test_each_inflates_what_the_other_deflates(bits, takeover, monkeypatch):
    zlib_ng = pytest.importorskip("zlib_ng.zlib_ng")
    messages = [random.Random(i).randbytes(i % 50) * (i % 7) for i in range(60)]
    for deflating, inflating in ((zlib, zlib_ng), (zlib_ng, zlib)):
        monkeypatch.setattr(zlib_seam, "compressobj", deflating.compressobj)
        compressor = Compressor(bits, takeover=takeover, level=6, memory_level=8)
        payloads = [compressor.compress(message, True) for message in messages]
        monkeypatch.setattr(zlib_seam, "decompressobj", inflating.decompressobj)
        monkeypatch.setattr(zlib_seam, "error", inflating.error)
        assert [b"".join(pieces) for pieces in results(payloads, bits)] == messages


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value)
def test_an_endpoint_uses_what_the_seam_holds(role, monkeypatch):
    class Loud:
        def __init__(self, *arguments):
            self.arguments = arguments

        def compress(self, octets):
            return b"<" + octets

        def flush(self, mode):
            return b">\x00\x00\xff\xff"

    monkeypatch.setattr(zlib_seam, "compressobj", Loud)
    sender = endpoint(role)
    sender.send_a_websocket_message("Hello")
    assert frames_from(sender)[0][1] == b"<Hello>"
