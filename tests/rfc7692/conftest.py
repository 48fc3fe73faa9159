"""Both implementations of DEFLATE, one after the other."""

import importlib

import pytest

from refws.rfc7692 import zlib_seam


@pytest.fixture(params=["zlib", "zlib_ng.zlib_ng"])
def each_zlib(request, monkeypatch):
    """The module that the seam takes for this test."""
    module = importlib.import_module("zlib") if request.param == "zlib" else pytest.importorskip(request.param)
    for name in ("compressobj", "decompressobj", "error"):
        monkeypatch.setattr(zlib_seam, name, getattr(module, name))
    return module
