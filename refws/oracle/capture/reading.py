"""Chooses the reader of a file by what is in it, not by its name."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from refws.oracle.recording import FORMAT, BadRecording, Recording, read_transcript

__all__ = ["Capture", "read_capture"]

_PCAP: Final = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
_COMPRESSED: Final = {b"\x1f\x8b": "gunzip", b"(\xb5": "unzstd", b"\xfd7": "unxz", b"PK": "unzip"}
_TAKEN: Final = f"a pcap, a pcapng, a HAR or a transcript ({FORMAT})"


@dataclass(slots=True)
class Capture:
    """What was found in a file; `left_out` says what else there was, one sentence each."""

    recordings: list[Recording]
    left_out: list[str] = field(default_factory=list)


def read_capture(path: str | Path) -> Capture:
    """Read the WebSocket connections of a file.

    Raises `BadRecording` for a file that cannot be read as any of the formats, or that holds no such connection, and
    OSError.
    """
    octets = Path(path).read_bytes()
    try:
        found = _read(octets)
    except BadRecording as error:
        raise BadRecording(f"{path}: {error}") from None
    if not found.recordings:
        rest = "; ".join(found.left_out) or "it is empty"
        raise BadRecording(f"{path}: there is no WebSocket connection in it: {rest}")
    return found


def _read(octets: bytes) -> Capture:
    start = octets[:4]
    if start in _PCAP or start == _PCAPNG:
        from refws.oracle.capture.pcap import read_pcap  # noqa: PLC0415 (needs dpkt, which others do not)

        return Capture(*read_pcap(io.BytesIO(octets)))
    if start[:2] in _COMPRESSED:
        raise BadRecording(f"it is compressed: {_COMPRESSED[start[:2]]} it first")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRecording(f"it is not {_TAKEN}") from None
    if '"format"' in text.partition("\n")[0] and '"log"' not in text.partition("\n")[0]:
        return Capture(list(read_transcript(io.StringIO(text))))
    try:
        document = json.loads(text)
    except ValueError:
        raise BadRecording(f"it is not {_TAKEN}") from None
    from refws.oracle.capture.har import read_har  # noqa: PLC0415

    return Capture(*read_har(document))
