"""The seam to DEFLATE: zlib-ng where it is installed (``refws[speed]``), else the standard library's zlib."""

import zlib
from typing import TYPE_CHECKING

__all__ = ["compressobj", "decompressobj", "error"]

if TYPE_CHECKING:
    from zlib import compressobj, decompressobj, error
else:
    try:
        from zlib_ng.zlib_ng import compressobj, decompressobj, error
    except ImportError:
        from zlib import compressobj, decompressobj, error

# The same numbers in both.
Z_SYNC_FLUSH, Z_RLE, Z_DEFAULT_STRATEGY, DEFLATED = (
    zlib.Z_SYNC_FLUSH,
    zlib.Z_RLE,
    zlib.Z_DEFAULT_STRATEGY,
    zlib.DEFLATED,
)
