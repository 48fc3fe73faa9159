"""One port for RFC 6455 and for hixie-76: a server's endpoint that reads the first head before it becomes one or other.

Off by default; see `refws.hybi00` for why.
"""

import asyncio
import re
from typing import Protocol

from refws import hybi00
from refws.host import http11
from refws.rfc6455.endpoint import Endpoint, Event, Role
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["EitherEndpoint", "Owner", "is_for_hybi00"]

_end_of_head = re.compile(rb"\n\r?\n")
_METHOD = b"GET "
_KEYS = (b"sec-websocket-key1", b"sec-websocket-key2")


class Owner(Protocol):
    """Who has the endpoint, such as a `refws.host.connection.callbacks.Connection`."""

    endpoint: Endpoint
    transport: asyncio.Transport | None


def is_for_hybi00(octets: bytes, searched: int = 0) -> bool | None:
    """Whether a connection that begins with these octets is for hixie-76; None where that cannot be told yet.

    `searched` is how many of them were asked about before.
    """
    if octets[:4] != _METHOD[: len(octets)]:
        return False
    end = _end_of_head.search(octets, max(0, searched - 2))
    if end is None:
        return None
    names = {line.partition(b":")[0].lower() for line in octets[: end.start()].split(b"\n")[1:]}
    # A Sec-WebSocket-Version means RFC 6455, or a draft between the two, which has other keys.
    return b"sec-websocket-version" not in names and not names.isdisjoint(_KEYS)


class EitherEndpoint(Endpoint):
    """Keeps what comes until the first head is complete; then another endpoint takes its place in `owner`.

    That is `refws.hybi00.Endpoint` for a head with a Sec-WebSocket-Key1 or -Key2 and without a Sec-WebSocket-Version,
    and `refws.host.http11.Endpoint` for anything else. `secure` says whether clients come over TLS; None stands for
    what the owner's transport does.
    """

    __slots__ = ("_kept", "_owner", "_secure")

    def __init__(self, limits: Limits, owner: Owner, secure: bool | None = None) -> None:
        super().__init__(Role.SERVER, limits)
        self._kept = b""
        self._owner = owner
        self._secure = secure

    def _receive_handshake(self, octets: bytes, events: list[Event]) -> None:
        searched = len(self._kept)
        self._kept += octets
        is_old = is_for_hybi00(self._kept, searched)
        if is_old is None and len(self._kept) <= self._limits.max_head_size:
            return
        endpoint = self._become(bool(is_old))
        events += endpoint.receive_octets(self._kept)

    def _become(self, old: bool) -> Endpoint:
        owner = self._owner
        secure = self._secure
        if secure is None:
            secure = owner.transport is not None and owner.transport.get_extra_info("ssl_object") is not None
        limits = self._limits
        endpoint = hybi00.Endpoint(Role.SERVER, limits, secure=secure) if old else http11.Endpoint(Role.SERVER, limits)
        owner.endpoint = endpoint
        return endpoint
