"""HTTP/2 on the wire (RFC 9113): frames and header blocks, written with any content, and read whatever they are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from hpack import Decoder, Encoder, HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

__all__ = [
    "CANCEL",
    "CONNECT_PROTOCOL",
    "ENABLE_PUSH",
    "HEADER_TABLE_SIZE",
    "INITIAL_WINDOW_SIZE",
    "MAX_FRAME_SIZE",
    "NO_ERROR",
    "PREFACE",
    "PROTOCOL_ERROR",
    "BadHttp2",
    "Data",
    "Fields",
    "Frames",
    "GoAway",
    "Headers",
    "Ping",
    "Read",
    "Reset",
    "Settings",
    "Update",
]

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client begins with (section 3.4)."""
NO_ERROR: Final = 0
PROTOCOL_ERROR: Final = 1
CANCEL: Final = 8
HEADER_TABLE_SIZE: Final = 1
ENABLE_PUSH: Final = 2
INITIAL_WINDOW_SIZE: Final = 4
MAX_FRAME_SIZE: Final = 5
CONNECT_PROTOCOL: Final = 8
"""The setting of RFC 8441, section 3."""

Fields: TypeAlias = tuple[tuple[str, str], ...]

_HEAD: Final = 9
_LEAST_FRAME: Final = 16384
_USUAL_TABLE: Final = 4096


class BadHttp2(ValueError):
    """What came is no HTTP/2; the message says what."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A SETTINGS frame."""

    values: tuple[tuple[int, int], ...] = ()
    is_ack: bool = False


@dataclass(frozen=True, slots=True)
class Headers:
    """A whole header block, in however many frames it came; `fields` have the pseudo-header fields."""

    stream: int
    fields: Fields
    ends: bool


@dataclass(frozen=True, slots=True)
class Data:
    """A DATA frame; `flow` is what it takes of the windows, padding included."""

    stream: int
    octets: bytes
    flow: int
    ends: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """A RST_STREAM frame."""

    stream: int
    code: int


@dataclass(frozen=True, slots=True)
class Update:
    """A WINDOW_UPDATE frame; the connection's where `stream` is 0."""

    stream: int
    size: int


@dataclass(frozen=True, slots=True)
class Ping:
    """A PING frame that wants an answer."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class GoAway:
    """A GOAWAY frame."""

    code: int


Read: TypeAlias = Settings | Headers | Data | Reset | Update | Ping | GoAway


class Frames:
    """The frames of one connection, in both directions, with the state that header compression has."""

    def __init__(self) -> None:
        self._encoder, self._decoder = Encoder(), Decoder()
        self._buffer = b""
        self._block: list[bytes] = []
        self._begun: HeadersFrame | None = None

    # Writing

    def limit_table(self, size: int) -> None:
        """Keep no more octets in the table of header compression than the other side has room for."""
        self._encoder.header_table_size = min(size, _USUAL_TABLE)

    def settings(self, values: Iterable[tuple[int, int]]) -> bytes:
        """A SETTINGS frame, with any values."""
        return SettingsFrame(0, settings=dict(values)).serialize()

    def ack(self) -> bytes:
        """That the other side's settings have been taken."""
        return SettingsFrame(0, flags=["ACK"]).serialize()

    def headers(self, stream: int, fields: Fields, *, end: bool = False) -> bytes:
        """A header block, names and values as they are, in as many frames as it takes."""
        octets = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        block = self._encoder.encode(octets)
        parts = [block[at : at + _LEAST_FRAME] for at in range(0, len(block), _LEAST_FRAME)] or [b""]
        flags = (["END_STREAM"] if end else []) + (["END_HEADERS"] if len(parts) == 1 else [])
        frames = [HeadersFrame(stream, parts[0], flags=flags).serialize()]
        for number, part in enumerate(parts[1:], 2):
            last = ["END_HEADERS"] if number == len(parts) else []
            frames.append(ContinuationFrame(stream, part, flags=last).serialize())
        return b"".join(frames)

    def data(self, stream: int, octets: bytes, *, end: bool = False) -> bytes:
        """A DATA frame."""
        return DataFrame(stream, octets, flags=["END_STREAM"] if end else []).serialize()

    def reset(self, stream: int, code: int) -> bytes:
        """A RST_STREAM frame."""
        return RstStreamFrame(stream, error_code=code).serialize()

    def update(self, stream: int, size: int) -> bytes:
        """A WINDOW_UPDATE frame."""
        return WindowUpdateFrame(stream, window_increment=size).serialize()

    def pong(self, payload: bytes) -> bytes:
        """The answer to a PING frame."""
        return PingFrame(0, payload, flags=["ACK"]).serialize()

    def go_away(self, last: int, code: int = NO_ERROR) -> bytes:
        """A GOAWAY frame."""
        return GoAwayFrame(0, last_stream_id=last, error_code=code).serialize()

    # Reading

    def feed(self, octets: bytes) -> Iterator[Read]:
        """What has become whole with these octets. Raises `BadHttp2`."""
        self._buffer += octets
        while len(self._buffer) >= _HEAD:
            try:
                frame, length = Frame.parse_frame_header(memoryview(self._buffer[:_HEAD]))
            except HyperframeError as error:
                raise BadHttp2(f"a frame that is none: {error}") from None
            if length > 1 << 20:
                raise BadHttp2(f"a frame of {length} octets, which nobody has allowed")
            if len(self._buffer) < _HEAD + length:
                return
            body, self._buffer = self._buffer[_HEAD : _HEAD + length], self._buffer[_HEAD + length :]
            try:
                frame.parse_body(memoryview(body))
                read = self._read(frame, length)
            except (HyperframeError, HPACKError, UnicodeError) as error:
                raise BadHttp2(f"{type(frame).__name__}: {error}") from None
            if read is not None:
                yield read

    def _read(self, frame: Frame, length: int) -> Read | None:
        if isinstance(frame, HeadersFrame | ContinuationFrame):
            return self._headers(frame)
        if isinstance(frame, DataFrame):
            return Data(frame.stream_id, frame.data, length, "END_STREAM" in frame.flags)
        if isinstance(frame, SettingsFrame):
            return Settings(tuple(frame.settings.items()), "ACK" in frame.flags)
        if isinstance(frame, RstStreamFrame):
            return Reset(frame.stream_id, frame.error_code)
        if isinstance(frame, WindowUpdateFrame):
            return Update(frame.stream_id, frame.window_increment)
        if isinstance(frame, PingFrame) and "ACK" not in frame.flags:
            return Ping(frame.opaque_data)
        return GoAway(frame.error_code) if isinstance(frame, GoAwayFrame) else None

    def _headers(self, frame: HeadersFrame | ContinuationFrame) -> Headers | None:
        if isinstance(frame, HeadersFrame):
            self._begun, self._block = frame, []
        if self._begun is None:
            raise BadHttp2("a CONTINUATION frame that continues nothing")
        self._block.append(frame.data)
        if "END_HEADERS" not in frame.flags:
            return None
        begun, self._begun = self._begun, None
        found = self._decoder.decode(b"".join(self._block), raw=True)
        fields = tuple((one[0].decode("latin-1"), one[1].decode("latin-1")) for one in found)
        return Headers(begun.stream_id, fields, "END_STREAM" in begun.flags)
