"""HAR files of browsers: the opening handshake's heads and the messages of each WebSocket.

Chromium and Firefox put messages into ``_webSocketMessages``, and no frames: no masks, no Pings, no Closes, nothing of
compression and of TCP. The frames of the recordings here are of this module's making.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from refws.oracle.recording import BadRecording, Event, Recording
from refws.oracle.verdict import Role
from refws.oracle.wire.frame import Frame, Opcode
from refws.oracle.wire.http import head_octets

__all__ = ["read_har"]

_MESSAGES: Final = "_webSocketMessages"
_NOT_SHOWN: Final = (
    "a HAR has heads and messages only: frames, masks, Pings, Closes, compression and TCP are not judged"
)


def read_har(document: Any) -> tuple[list[Recording], list[str]]:
    """(the WebSocket connections in it, what else there was). Raises `BadRecording`."""
    entries = document.get("log", {}).get("entries") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise BadRecording("it is JSON, and no HAR: there are no log.entries in it")
    recordings, others = [], 0
    for number, entry in enumerate(entries, 1):
        try:
            if not _is_websocket(entry):
                others += 1
                continue
            recordings.append(_recording(entry))
        except (AttributeError, KeyError, TypeError, ValueError, binascii.Error) as error:
            raise BadRecording(f"entry {number} of the HAR cannot be read: {type(error).__name__}: {error}") from None
    what = f"{others} request{'s' * (others > 1)} of other kinds"
    hint = "" if recordings else "; open the browser's developer tools, and then load the page that connects"
    return recordings, [what + hint] if others else []


def _is_websocket(entry: dict[str, Any]) -> bool:
    return _MESSAGES in entry or urlsplit(entry["request"]["url"]).scheme in ("ws", "wss")


def _recording(entry: dict[str, Any]) -> Recording:
    request, response = entry["request"], entry["response"]
    parts = urlsplit(request["url"])
    recording = Recording(name=request["url"], secure=parts.scheme in ("wss", "https"), frames_known=False)
    recording.notes.append(_NOT_SHOWN)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields, answer = _fields(request), _fields(response)
    is_http_2 = any(name.startswith(":") for name, _ in fields)
    if is_http_2 or not fields or (response["status"] == 101 and not answer):
        why = "is that of HTTP/2 or HTTP/3" if is_http_2 else "is not in it"
        recording.notes.append(f"the opening handshake {why}, and is not judged")
        recording.established = ""
    else:
        recording.events.append(Event(0.0, Role.CLIENT, head_octets(f"{request['method']} {target} HTTP/1.1", fields)))
        if response["status"] >= 100:  # 0 or -1 where there was no answer
            line = f"HTTP/1.1 {int(response['status']):03d} {response.get('statusText', '')}"
            recording.events.append(Event(0.0, Role.SERVER, head_octets(line, answer)))
        else:
            recording.notes.append("there is no answer to the opening handshake in it")
    messages = entry.get(_MESSAGES) or []
    if response["status"] == 101 or recording.established is not None:
        recording.events += _messages(messages)
    return recording


def _fields(message: dict[str, Any]) -> list[tuple[str, str]]:
    # Browsers write several fields of one name as lines of one value.
    found = ((str(one["name"]), value) for one in message["headers"] for value in str(one["value"]).split("\n"))
    return [(name, value.encode("utf-8").decode("latin-1")) for name, value in found]


def _messages(messages: list[dict[str, Any]]) -> Iterator[Event]:
    began = float(messages[0]["time"]) if messages else 0.0
    for message in messages:
        sender = Role.CLIENT if message["type"] == "send" else Role.SERVER
        data, opcode = message["data"], message["opcode"]
        if opcode not in (Opcode.TEXT, Opcode.BINARY):
            continue
        payload = data.encode("utf-8", "surrogatepass") if opcode == Opcode.TEXT else base64.b64decode(data)
        frame = Frame(opcode, payload, masking_key=bytes(4))
        yield Event(max(float(message["time"]) - began, 0.0), sender, frame.octets(sender is Role.CLIENT))
