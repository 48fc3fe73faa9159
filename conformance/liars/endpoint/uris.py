"""What a client makes of a URI (section 3)."""

import re
from typing import Final, NamedTuple

__all__ = ["Address", "read_uri"]

_URI: Final = re.compile(
    r"(?P<scheme>[a-zA-Z]+)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::(?P<port>\d+))?"
    r"(?P<path>/[!$&-;=@-Z_a-z~%]*)?(?:\?(?P<query>[!$&-;=?@-Z_a-z~%]*))?"
)


class Address(NamedTuple):
    """Where a URI leads: `authority` is for Host, `resource` for the request line."""

    host: str
    port: int
    authority: str
    resource: str
    secure: bool


def read_uri(uri: str) -> Address:
    """The parts of a ws or wss URI. Raises ValueError for what is none."""
    found = _URI.fullmatch(uri)
    if found is None or found["scheme"].lower() not in ("ws", "wss"):
        raise ValueError(f"{uri} is no URI of WebSocket")
    secure = found["scheme"].lower() == "wss"
    usual = 443 if secure else 80
    port = int(found["port"] or usual)
    resource = (found["path"] or "/") + (f"?{found['query']}" if found["query"] else "")
    authority = found["host"] + ("" if port == usual else f":{port}")
    return Address(found["host"].strip("[]"), port, authority, resource, secure)
