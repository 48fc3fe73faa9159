"""An ordinary opening handshake (section 4), as the oracle does it in either role."""

import base64
import os
from dataclasses import dataclass, replace
from typing import Final

from refws.oracle.conversation import accept_of
from refws.oracle.wire.extensions import Extension, parse_extensions
from refws.oracle.wire.http import Head
from refws.oracle.wire.permessage import NAME, honest_answer

__all__ = ["Opening", "new_key"]


def new_key() -> str:
    """A Sec-WebSocket-Key: 16 random octets in Base64."""
    return base64.b64encode(os.urandom(16)).decode()


_KEY: Final = "sec-websocket-key"
_OF_HTTP1: Final = frozenset({"host", "upgrade", "connection", _KEY, "sec-websocket-accept"})


def _of_streams(fields: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The header fields that a stream has, too, with their names in lower case (RFC 8441, section 5).

    A key is there for a server that wants one all the same.
    """
    made = ((name.lower(), value) for name, value in fields)
    return tuple((name, value) for name, value in made if name not in _OF_HTTP1 or (name == _KEY and value))


@dataclass(frozen=True, slots=True)
class Opening:
    """What the oracle offers (as the client) or agrees to (as the server) in an ordinary opening handshake.

    `extensions` is the value of Sec-WebSocket-Extensions; as the server it is answered only where the client offers
    the extension, and with what the client asks for besides. `accepts` are answers in the order of preference, for a
    server that agrees to something else. `fields` are put behind the others.
    """

    extensions: str = ""
    accepts: str = ""
    subprotocols: tuple[str, ...] = ()
    origin: str | None = None
    fields: tuple[tuple[str, str], ...] = ()

    def beside(self, usual: "Opening") -> "Opening":
        """What this has, and of `usual` what it does not say itself, such as the credentials that a server asks for."""
        return replace(
            self,
            subprotocols=self.subprotocols or usual.subprotocols,
            origin=self.origin or usual.origin,
            fields=(*usual.fields, *self.fields),
        )

    def request(self, host: str, key: str) -> list[tuple[str, str]]:
        """The header fields of a request that offers this."""
        fields = [
            ("Host", host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Version", "13"),
        ]
        if self.origin is not None:
            fields.append(("Origin", self.origin))
        if self.subprotocols:
            fields.append(("Sec-WebSocket-Protocol", ", ".join(self.subprotocols)))
        if self.extensions:
            fields.append(("Sec-WebSocket-Extensions", self.extensions))
        return [*fields, *self.fields]

    def connect(self, scheme: str, authority: str, path: str) -> tuple[tuple[str, str], ...]:
        """The fields of an extended CONNECT that offers this (RFC 8441, section 5)."""
        pseudo = ((":method", "CONNECT"), (":protocol", "websocket"))
        target = ((":scheme", scheme), (":path", path), (":authority", authority))
        return (*pseudo, *target, *_of_streams(self.request(authority, "")))

    def accept(self, request: Head | None) -> tuple[tuple[str, str], ...]:
        """The fields of an answer on a stream that agrees to this."""
        return ((":status", "200"), *_of_streams(self.answer(request)))

    def answer(self, request: Head | None) -> list[tuple[str, str]]:
        """The header fields of an answer that agrees to this."""
        key = (request.get("Sec-WebSocket-Key") if request else None) or ""
        fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept_of(key))]
        if self.subprotocols:
            fields.append(("Sec-WebSocket-Protocol", self.subprotocols[0]))
        offers = parse_extensions((request.get("Sec-WebSocket-Extensions") if request else None) or "")
        agreed = self._agreed(offers)
        if agreed is not None:
            fields.append(("Sec-WebSocket-Extensions", agreed))
        return [*fields, *self.fields]

    def _agreed(self, offers: list[Extension]) -> str | None:
        for wanted in parse_extensions(self.accepts or self.extensions):
            if wanted.name == NAME:
                answer = honest_answer(wanted, offers)
                if answer is not None:
                    return answer
            elif any(offer.name == wanted.name for offer in offers):
                return self.accepts or self.extensions
        return None
