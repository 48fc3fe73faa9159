"""What both roles have of the opening handshake (section 4)."""

import base64
import hashlib
from typing import Final

from conformance.liars.endpoint.http import Fields, head_octets
from conformance.liars.endpoint.link import Link

__all__ = ["Heads", "accept_of"]

_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key: str) -> str:
    """What proves that the key was read."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324


class Heads(Link):
    """Writes heads, and knows whether the handshake is done."""

    is_open = False
    """Whether the opening handshake is done."""

    def opened(self) -> None:
        """The connection is open."""
        self.is_open = True

    def write_head(self, start: str, fields: Fields) -> None:
        """Write a head."""
        self.write(head_octets(start, fields))
