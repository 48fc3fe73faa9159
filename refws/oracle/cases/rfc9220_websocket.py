"""RFC 9220: WebSocket on a stream of HTTP/3."""

from typing import Final

__all__ = ["CASES", "NOT_SHOWN"]

CASES = ()

_NOT_SPOKEN: Final = "the oracle does not speak HTTP/3"
NOT_SHOWN: Final[dict[str, str]] = {
    f"rfc9220:{clause}": _NOT_SPOKEN
    for clause in ("3-p2-s1", "3-p2-s3", "3-p3-s1", "3-p3-s2", "3-p4-s1", "3-p4-s2", "3-p4-s3")
}
