"""What went over a connection: octets, when, from whom, and how each side ended; the oracle's transcript format."""

import base64
import binascii
import enum
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

from refws.oracle.carrier import Carrier
from refws.oracle.verdict import Role

__all__ = [
    "FORMAT",
    "BadRecording",
    "End",
    "Event",
    "Recording",
    "event_line",
    "head_line",
    "read_transcript",
    "write_transcript",
]

FORMAT: Final = "refws-transcript/1"


class BadRecording(ValueError):
    """What was given is no recording that can be read; the message says why, and what would be one."""


class End(enum.StrEnum):
    """How a side ended its half of the TCP connection."""

    FIN = "FIN"
    RST = "RST"
    LOST = "LOST"
    """The recording ends, or has a gap, before the side did."""


@dataclass(frozen=True, slots=True)
class Event:
    """Octets that a side sent, or its end; `time` is in seconds since the recording began.

    On a stream of HTTP/2 or HTTP/3 the head of a request or of an answer comes as its fields, pseudo-header fields
    first as they were sent; `settings` are those of a SETTINGS frame, by their identifiers, `acknowledges` says that a
    side has taken the other's, and `code` is the error code of a reset.
    """

    time: float
    sender: Role
    octets: bytes = field(default=b"", repr=False)
    end: End | None = None
    head: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    settings: tuple[tuple[int, int], ...] = ()
    acknowledges: bool = False
    code: int | None = None


@dataclass(slots=True)
class Recording:
    """One TCP connection (or what TLS carried inside it), from the client's connect on; or what `carrier` names.

    `name` is for people: two addresses, or a case. `established` is what was negotiated, where the recording begins
    behind the opening handshake: the value of the answer's Sec-WebSocket-Extensions, maybe empty; None where the
    handshake is in it. `frames_known` is False where only heads and messages were recorded, as in a HAR, and the frames
    are of the reader's making. `notes` say what is missing or was left out, one sentence each.
    """

    events: list[Event] = field(default_factory=list)
    name: str = ""
    secure: bool = False
    established: str | None = None
    frames_known: bool = True
    notes: list[str] = field(default_factory=list)
    carrier: Carrier = Carrier.HTTP1

    def octets(self, sender: Role) -> bytes:
        """All that a side sent."""
        return b"".join(event.octets for event in self.events if event.sender is sender)


def write_transcript(recordings: Iterable[Recording], file: IO[str]) -> None:
    """Write recordings, a line of JSON for the head of each and for each of its events."""
    for recording in recordings:
        file.write(head_line(recording))
        file.writelines(event_line(event) for event in recording.events)


def head_line(recording: Recording) -> str:
    """The line of a transcript that a recording begins with."""
    head: dict[str, Any] = {"format": FORMAT, "name": recording.name, "secure": recording.secure}
    if recording.established is not None:
        head["established"] = recording.established
    if not recording.frames_known:
        head["frames_known"] = False
    if recording.notes:
        head["notes"] = recording.notes
    if recording.carrier is not Carrier.HTTP1:
        head["carrier"] = recording.carrier.value
    return json.dumps(head) + "\n"


def event_line(event: Event) -> str:
    """The line of a transcript for an event."""
    line: dict[str, Any] = {"t": round(event.time, 6), "from": event.sender.value}
    if event.octets:
        line["octets"] = base64.b64encode(event.octets).decode()
    if event.head:
        line["head"] = event.head
    if event.settings:
        line["settings"] = event.settings
    if event.acknowledges:
        line["acknowledges"] = True
    if event.code is not None:
        line["code"] = event.code
    if event.end is not None:
        line["end"] = event.end.value
    return json.dumps(line) + "\n"


def read_transcript(file: IO[str]) -> Iterator[Recording]:
    """The recordings of a transcript. Raises `BadRecording`, naming the line."""
    recording: Recording | None = None
    for number, line in enumerate(file, 1):
        try:
            data = json.loads(line)
            if "format" in data:
                if recording is not None:
                    yield recording
                if data["format"] != FORMAT:
                    raise BadRecording(f"line {number}: {data['format']!r} is another format than {FORMAT}")
                recording = _head(data)
            elif recording is None:
                raise BadRecording(f"line {number}: a transcript begins with its format, {FORMAT}")
            else:
                recording.events.append(_event(data))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            if isinstance(error, BadRecording):
                raise
            raise BadRecording(f"line {number} is no line of a {FORMAT}: {error}") from None
    if recording is not None:
        yield recording


def _head(data: dict[str, Any]) -> Recording:
    return Recording(
        [],
        str(data.get("name", "")),
        bool(data.get("secure", False)),
        data.get("established"),
        bool(data.get("frames_known", True)),
        [str(note) for note in data.get("notes", [])],
        Carrier(data.get("carrier", Carrier.HTTP1)),
    )


def _event(data: dict[str, Any]) -> Event:
    octets = base64.b64decode(data.get("octets", ""), validate=True)
    return Event(
        float(data["t"]),
        Role(data["from"]),
        octets,
        End(data["end"]) if "end" in data else None,
        tuple((str(name), str(value)) for name, value in data.get("head", ())),
        tuple((int(name), int(value)) for name, value in data.get("settings", ())),
        bool(data.get("acknowledges", False)),
        int(data["code"]) if "code" in data else None,
    )
