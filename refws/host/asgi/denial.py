"""An HTTP response in place of the opening handshake's, written piece by piece as its body comes."""

from collections.abc import Iterable

import h11

from refws.host.http11 import WITHOUT_LENGTH, reason_phrase

__all__ = ["DenialResponse"]

# Whatever was asked, it was a GET in HTTP/1.1; this is all that the form of the response depends on.
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class DenialResponse:
    """A response whose head waits for the first piece of its body: if that is the whole, the head tells its length.

    A body in several pieces is sent in chunks, unless the header fields tell its length. Raises `ValueError`, here and
    below, for what HTTP does not allow.
    """

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        if not 200 <= status < 600:
            raise ValueError(f"{status} is no status of an HTTP response that ends a request")
        self.status = status
        self._headers = [(name, value) for name, value in headers if name.lower() != b"connection"]
        self._headers.append((b"connection", b"close"))
        self._head_is_written = False
        self._unsent = b""
        self._http = h11.Connection(h11.SERVER)
        self._http.receive_data(_REQUEST)
        while self._http.their_state is not h11.DONE:
            self._http.next_event()
        # Whatever is wrong with the header fields is to be known while another answer can be sent.
        self._head()

    def body(self, data: bytes, *, more: bool) -> bytes:
        """The octets of the next piece of the body, behind those of the head if this is the first."""
        self._write_head(None if more else len(data))
        if data:
            self._write(h11.Data(data=data))
        if not more:
            self._write(h11.EndOfMessage())
        return self._take()

    def cut_short(self) -> bytes:
        """The octets of the head, if they have not been handed over: no more of the body will come."""
        self._write_head(0)
        return self._take()

    def _write_head(self, length: int | None) -> None:
        if self._head_is_written:
            return
        known = any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in self._headers)
        if length is not None and not known and self.status not in WITHOUT_LENGTH:
            self._headers.append((b"content-length", b"%d" % length))
        self._write(self._head())
        self._head_is_written = True

    def _head(self) -> h11.Response:
        try:
            return h11.Response(status_code=self.status, headers=self._headers, reason=reason_phrase(self.status))
        except h11.LocalProtocolError as error:
            raise ValueError(f"this response cannot be sent as HTTP: {error}") from None

    def _write(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        try:
            self._unsent += self._http.send(event) or b""
        except h11.LocalProtocolError as error:
            raise ValueError(f"this response cannot be sent as HTTP: {error}") from None

    def _take(self) -> bytes:
        octets, self._unsent = self._unsent, b""
        return octets
