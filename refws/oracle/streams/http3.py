"""An HTTP/3 connection of the oracle's, as a client, and its streams (RFC 9220), over aioquic."""

import asyncio
import ssl
from typing import Any, Final

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent, StreamReset

from refws.oracle.streams.link import StreamLink
from refws.oracle.streams.stream import Stream

__all__ = ["CANCELLED", "Http3", "configuration_of"]

CANCELLED: Final = 0x10C
"""H3_REQUEST_CANCELLED (RFC 9114, section 8.1)."""
MOST: Final = 1 << 24
"""Octets that a testee may send before it has to wait for the oracle."""


def configuration_of(tls: ssl.SSLContext, host: str) -> QuicConfiguration:
    """QUIC with the trust of a TLS context; a certificate of the client's own cannot be taken over from it."""
    trusted = "".join(ssl.DER_cert_to_PEM_cert(one) for one in tls.get_ca_certs(binary_form=True))
    return QuicConfiguration(
        alpn_protocols=H3_ALPN,
        server_name=host,
        verify_mode=tls.verify_mode,
        cadata=trusted.encode() or None,
        max_data=MOST,
        max_stream_data=MOST,
    )


class Http3(QuicConnectionProtocol):
    """One connection; `settled` is done when the server's settings are there, with what is wrong where none come."""

    def __init__(self, quic: QuicConnection, stream_handler: Any = None) -> None:
        super().__init__(quic, stream_handler)
        self.http = H3Connection(quic)
        self.streams: dict[int, Http3Stream] = {}
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._over = False

    @property
    def theirs(self) -> dict[int, int]:
        """The server's settings."""
        return self.http.received_settings or {}

    @property
    def local_host(self) -> str:
        """The address of this end, as the testee can reach it."""
        assert self._transport is not None
        return str(self._transport.get_extra_info("sockname")[0])

    def open(self, link: StreamLink) -> "Http3Stream":
        """Another stream; nothing is sent for it yet."""
        number = self._quic.get_next_available_stream_id()
        stream = self.streams[number] = Http3Stream(self, number, link)
        link.connection_made(stream)
        link.sent_settings(tuple(sorted((self.http.sent_settings or {}).items())))
        link.settings_received(tuple(sorted(self.theirs.items())))
        if self._over:
            asyncio.get_running_loop().call_soon(stream.lost)
        return stream

    def send(self, stream: int, octets: bytes, *, end: bool = False) -> None:
        """Send DATA, and FIN with `end`."""
        if octets:
            self.http.send_data(stream, octets, end)
        else:
            self._quic.send_stream_data(stream, b"", end)
        self._transmit_soon()

    def send_fields(self, stream: int, fields: tuple[tuple[str, str], ...], *, end: bool) -> None:
        """Send HEADERS."""
        octets = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        self.http.send_headers(stream, octets, end)
        self._transmit_soon()

    def reset(self, stream: int, code: int) -> None:
        """Reset both directions of a stream."""
        self._quic.reset_stream(stream, code)
        self._quic.stop_stream(stream, code)
        self._transmit_soon()

    def end(self) -> None:
        """End the connection, and the socket."""
        self.close(error_code=0x100)
        self._over = True
        if self._transport is not None:
            self._transport.close()

    def transmit(self) -> None:
        """Send what is to be sent, while there is a socket."""
        if not self._over:
            super().transmit()

    def quic_event_received(self, event: QuicEvent) -> None:
        """What QUIC has: the end of a stream or of the connection, or something of HTTP/3."""
        if isinstance(event, HandshakeCompleted):
            return
        if isinstance(event, ConnectionTerminated):
            self._terminated(event)
            return
        if isinstance(event, StreamReset) and event.stream_id in self.streams:
            self.streams[event.stream_id].link.reset_received(event.error_code)
        for found in self.http.handle_event(event):
            self._found(found)
        if self.http.received_settings is not None and not self.settled.done():
            self.settled.set_result(None)

    def _terminated(self, event: ConnectionTerminated) -> None:
        self._over = True
        if not self.settled.done():
            why = event.reason_phrase or f"QUIC ended with the error {event.error_code:#x}"
            self.settled.set_exception(ConnectionError(why))
            self.settled.exception()  # whoever waits gets it; nobody need
        for stream in self.streams.values():
            stream.lost()

    def _found(self, event: H3Event) -> None:
        stream = self.streams.get(getattr(event, "stream_id", -1))
        if stream is None:
            return
        if isinstance(event, HeadersReceived):
            fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
            if any(name.startswith(":") for name, _ in fields):
                stream.link.head_received(fields)
        elif isinstance(event, DataReceived):
            stream.data_came(event.data)
        if isinstance(event, HeadersReceived | DataReceived) and event.stream_ended:
            stream.link.eof_received()


class Http3Stream(Stream):
    """A stream of an HTTP/3 connection; aioquic keeps what flow control does not let out yet."""

    connection: Http3

    def __init__(self, connection: Http3, number: int, link: StreamLink) -> None:
        super().__init__(number, link)
        self.connection = connection

    def send_head(self, fields: tuple[tuple[str, str], ...], *, end: bool = False) -> None:
        """Send HEADERS."""
        if not self._closing:
            self._ended = end
            self.connection.send_fields(self.number, fields, end=end)

    def write(self, data: "bytes | bytearray | memoryview") -> None:
        """Send DATA."""
        if not self._closing and not self._ended:
            self.connection.send(self.number, bytes(data))

    def write_eof(self) -> None:
        """Send FIN."""
        if not self._closing and not self._ended:
            self._ended = True
            self.connection.send(self.number, b"", end=True)

    def leave(self, *, reset: bool) -> None:
        """Leave the connection, with H3_REQUEST_CANCELLED where it is to be reset."""
        if reset:
            self.connection.reset(self.number, CANCELLED)
        self.connection.streams.pop(self.number, None)

    def data_came(self, data: bytes) -> None:
        """DATA has come."""
        if not self._reads:
            self._unread.append(data)
        elif data:
            self.link.data_received(data)

    def lost(self) -> None:
        """QUIC is gone."""
        if not self._closing:
            self._closing = True
            self.link.connection_lost(ConnectionResetError())
        if self.owns:
            self.connection.end()
