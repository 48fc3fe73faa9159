"""Section 7, Security considerations, and what came to light after the draft: a client has to insist.

Origins are checked as in RFC 6455, section 10.2.
"""

import re

from refws.failure import UsageError
from refws.rfc6455.s03_websocket_uris import WebSocketURI

__all__ = ["check_the_way_is_safe"]

_loopback = re.compile(r"(?:.+\.)?localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|::1")


def check_the_way_is_safe(uri: WebSocketURI, insecure_hybi00: bool = False) -> None:
    """Refuse to send what is not masked through a network that can read it: `UsageError`, unless told to.

    Over TLS, or to this machine, there is no intermediary to be fooled (RFC 6455, section 10.3).
    """
    if not (uri.secure or insecure_hybi00 or _loopback.fullmatch(uri.host)):
        raise UsageError(
            f"hixie-76 to {uri.host} over ws lets a page poison the caches on the way, as its octets are not masked; "
            "take wss, or insist with insecure_hybi00=True (RFC 6455, section 10.3)"
        )
