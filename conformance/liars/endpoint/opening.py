"""The opening handshake of both roles (section 4)."""

import asyncio

from conformance.liars.endpoint.answering import Answering
from conformance.liars.endpoint.asking import Asking
from conformance.liars.endpoint.http import read_head

__all__ = ["Opening"]


class Opening(Asking, Answering):
    """Opens a connection, in the role that it has."""

    _buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is there: a client asks."""
        super().connection_made(transport)
        if not self.is_server:
            self.ask()

    def data_received(self, data: bytes) -> None:
        """Octets have come: of a head, or of several, or of frames."""
        while not self.is_open and not self.ended:
            self._buffer += data
            data = b""
            try:
                found = read_head(self._buffer.lstrip(b"\r\n") if self.is_server else self._buffer)
            except ValueError:
                self.malformed_head()
                return
            if found is None:
                return
            head, data = found
            self._buffer = b""
            (self.take_request if self.is_server else self.take_answer)(head)
        if self.is_open and data:
            self.receive(data)

    def receive(self, data: bytes) -> None:
        """Octets of frames have come."""
        raise NotImplementedError

    def malformed_head(self) -> None:
        """What came is no HTTP."""
        if self.is_server:
            self.refuse(400)
        else:
            self.fail_opening()
