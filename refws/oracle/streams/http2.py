"""An HTTP/2 connection of the oracle's, in either role, and its streams; flow control is kept, all else is the case's.

Longer than 250 lines: a connection and its streams share their windows, and neither can do anything without the other.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from refws.oracle.streams.link import StreamLink
from refws.oracle.streams.stream import HIGH_WATER, Stream
from refws.oracle.wire.http2 import (
    CANCEL,
    ENABLE_PUSH,
    HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE,
    MAX_FRAME_SIZE,
    PREFACE,
    BadHttp2,
    Data,
    Fields,
    Frames,
    GoAway,
    Headers,
    Ping,
    Read,
    Reset,
    Settings,
    Update,
)

__all__ = ["Http2", "Http2Stream"]

WINDOW: Final = 1 << 20
"""Octets that a testee may send on a stream, or on the connection, before it has to wait for the oracle."""
_USUAL_WINDOW: Final = 65535


class Http2(asyncio.Protocol):
    """One connection.

    As a client it says its settings at once, as a server when the client has said its own; `settled` is done when the
    testee's first ones are there, with what is wrong where none come. `on_request` gets each
    stream that a client opens.
    """

    def __init__(
        self,
        *,
        settings: tuple[tuple[int, int], ...] = (),
        on_request: "Callable[[Http2, Headers], StreamLink | None] | None" = None,
    ) -> None:
        no_push = ((ENABLE_PUSH, 0),) if on_request is None else ()
        self.settings = (*no_push, (INITIAL_WINDOW_SIZE, WINDOW), *settings)
        self.frames = Frames()
        self.streams: dict[int, Http2Stream] = {}
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._told: list[tuple[bool, Settings]] = []
        """The SETTINGS frames of both so far, each with whether it is the testee's: a later stream has them, too."""
        self.window = _USUAL_WINDOW
        self.initial_window = _USUAL_WINDOW
        self.most = 16384
        self._on_request = on_request
        self._preface = len(PREFACE) if on_request is not None else 0
        self._transport: asyncio.Transport | None = None
        self._next = 1
        self._last = 0  # the last stream that a client has opened
        self._has_said = False
        self._congested = False

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP (and TLS) is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._on_request is None:
            self.write(PREFACE)
            self._say_settings()

    def data_received(self, data: bytes) -> None:
        """The testee has sent octets."""
        if self._preface:
            data = self._without_preface(data)
        try:
            for read in self.frames.feed(data):
                self._take(read)
        except BadHttp2 as error:
            self._fail(ConnectionError(f"what comes is no HTTP/2: {error}"))
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is gone, and every stream with it: none of them has ended in order."""
        self._fail(exc or ConnectionError("it ended TCP where its settings were to come"))
        for stream in list(self.streams.values()):
            stream.lost()
        self.streams.clear()

    def pause_writing(self) -> None:
        """TCP takes no more for now."""
        self._congested = True

    def resume_writing(self) -> None:
        """It takes more."""
        self._congested = False
        self._flush()

    # What streams do

    @property
    def local_host(self) -> str:
        """The address of this end, as the testee can reach it."""
        assert self._transport is not None
        return str(self._transport.get_extra_info("sockname")[0])

    def open(self, link: StreamLink) -> "Http2Stream":
        """Another stream of the oracle's; nothing is sent for it yet."""
        number, self._next = self._next, self._next + 2
        stream = self._stream(number, link)
        if self._transport is None or self._transport.is_closing():
            asyncio.get_running_loop().call_soon(stream.lost)
        return stream

    def write(self, octets: bytes) -> None:
        """Write octets, right or wrong."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def send_settings(self, values: tuple[tuple[int, int], ...]) -> None:
        """Send more settings; every stream's conversation has them."""
        self.write(self.frames.settings(values))
        self._tell(Settings(values), is_theirs=False)

    @property
    def theirs(self) -> dict[int, int]:
        """The testee's settings."""
        return {name: value for is_theirs, one in self._told if is_theirs for name, value in one.values}

    def end(self) -> None:
        """End TCP, behind what is written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End TCP at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def is_writable(self) -> bool:
        """Whether TCP takes more."""
        return not self._congested

    # Within

    def _without_preface(self, data: bytes) -> bytes:
        known, self._preface = self._preface, max(0, self._preface - len(data))
        expected = PREFACE[len(PREFACE) - known :][: len(data)]
        if not data.startswith(expected):
            self._fail(ConnectionError("what comes is no HTTP/2: it begins with no connection preface"))
            self.end()
            return b""
        return data[len(expected) :]

    def _fail(self, error: Exception) -> None:
        if not self.settled.done():
            self.settled.set_exception(error)
            self.settled.exception()  # whoever waits gets it; nobody need

    def _stream(self, number: int, link: StreamLink) -> "Http2Stream":
        stream = self.streams[number] = Http2Stream(self, number, link)
        link.connection_made(stream)
        for is_theirs, settings in self._told:
            stream.tell(settings, is_theirs=is_theirs)
        return stream

    def _tell(self, settings: Settings, *, is_theirs: bool) -> None:
        self._told.append((is_theirs, settings))
        for stream in self.streams.values():
            stream.tell(settings, is_theirs=is_theirs)

    def _say_settings(self) -> None:
        self._has_said = True
        self.send_settings(self.settings)
        self.write(self.frames.update(0, WINDOW - _USUAL_WINDOW))

    def _take(self, read: Read) -> None:
        match read:
            case Settings():
                self._take_settings(read)
            case Headers():
                self._take_headers(read)
            case Data():
                self.write(self.frames.update(0, read.flow) if read.flow else b"")
                if read.stream in self.streams:
                    self.streams[read.stream].data_came(read)
            case Reset() if read.stream in self.streams:
                self.streams.pop(read.stream).link.reset_received(read.code)
            case Update():
                self._take_update(read)
            case Ping():
                self.write(self.frames.pong(read.payload))
            case GoAway() if not self.settled.done():
                self._fail(ConnectionError(f"it says GOAWAY with the error {read.code}"))

    def _take_settings(self, read: Settings) -> None:
        self._tell(read, is_theirs=True)
        if not read.is_ack:
            self.write(self.frames.ack())
            self._tell(Settings(is_ack=True), is_theirs=False)
            values = dict(read.values)
            if HEADER_TABLE_SIZE in values:
                self.frames.limit_table(values[HEADER_TABLE_SIZE])
            self.most = max(16384, min(values.get(MAX_FRAME_SIZE, self.most), 1 << 18))
            if INITIAL_WINDOW_SIZE in values:
                change = values[INITIAL_WINDOW_SIZE] - self.initial_window
                self.initial_window += change
                for stream in self.streams.values():
                    stream.window += change
        if not self._has_said:
            self._say_settings()
        if not read.is_ack and not self.settled.done():
            self.settled.set_result(None)
        self._flush()

    def _take_headers(self, read: Headers) -> None:
        stream = self.streams.get(read.stream)
        if stream is None and self._on_request is not None and read.stream > self._last:
            self._last = read.stream
            link = self._on_request(self, read)
            if link is None:
                return
            stream = self._stream(read.stream, link)
        if stream is not None:
            if any(name.startswith(":") for name, _ in read.fields) or not stream.link.conversation.is_open:
                stream.link.head_received(read.fields)
            if read.ends:
                stream.link.eof_received()

    def _take_update(self, read: Update) -> None:
        if read.stream == 0:
            self.window += read.size
        elif read.stream in self.streams:
            self.streams[read.stream].window += read.size
        self._flush()

    def _flush(self) -> None:
        for stream in list(self.streams.values()):
            stream.flush()


class Http2Stream(Stream):
    """A stream of an HTTP/2 connection; one that `owns` the connection ends it when it is let go."""

    connection: Http2

    def __init__(self, connection: Http2, number: int, link: StreamLink) -> None:
        super().__init__(number, link)
        self.connection = connection
        self.window = connection.initial_window
        self._waiting = bytearray()
        self._ends = False  # END_STREAM is to come behind what waits
        self._paused = False

    # What a link does

    def send_head(self, fields: Fields, *, end: bool = False) -> None:
        """Send a HEADERS frame."""
        self._ended = self._ended or end
        self.connection.write(self.connection.frames.headers(self.number, fields, end=end))

    def write(self, data: "bytes | bytearray | memoryview") -> None:
        """Send DATA, as far as the windows are open; the rest waits."""
        if not self._closing and not self._ended:
            self._waiting += data
            self.flush()

    def write_eof(self) -> None:
        """Send END_STREAM behind what waits."""
        self._ends = True
        self.flush()

    def leave(self, *, reset: bool) -> None:
        """Leave the connection, with CANCEL where it is to be reset; one that the testee has reset is gone already."""
        if self.connection.streams.pop(self.number, None) is not None and reset:
            self.connection.write(self.connection.frames.reset(self.number, CANCEL))

    # What the connection does

    def data_came(self, data: Data) -> None:
        """DATA has come."""
        if not self._reads:
            self._unread.append(data)
            return
        if data.flow and not data.ends:
            self.connection.write(self.connection.frames.update(self.number, data.flow))
        if data.octets:
            self.link.data_received(data.octets)
        if data.ends:
            self.link.eof_received()

    def flush(self) -> None:
        """Send what the windows and TCP let through; tell the link whether there is more than it should wait for."""
        connection = self.connection
        while self._waiting and connection.is_writable:
            size = min(self.window, connection.window, connection.most, len(self._waiting))
            if size <= 0:
                break
            octets = bytes(self._waiting[:size])
            del self._waiting[:size]
            self.window -= size
            connection.window -= size
            self._ended = self._ends and not self._waiting
            connection.write(connection.frames.data(self.number, octets, end=self._ended))
        if self._ends and not self._waiting and not self._ended:
            self._ended = True
            connection.write(connection.frames.data(self.number, b"", end=True))
        self._tell_link()

    def tell(self, settings: Settings, *, is_theirs: bool) -> None:
        """Settings have been sent by one side."""
        told = self.link.settings_received if is_theirs else self.link.sent_settings
        told(settings.values, acknowledges=settings.is_ack)

    def lost(self) -> None:
        """TCP is gone, and the stream has not ended in order."""
        self._closing = True
        self.link.connection_lost(ConnectionResetError())

    def _tell_link(self) -> None:
        if len(self._waiting) > HIGH_WATER and not self._paused:
            self._paused = True
            self.link.pause_writing()
        elif not self._waiting and self._paused:
            self._paused = False
            self.link.resume_writing()
