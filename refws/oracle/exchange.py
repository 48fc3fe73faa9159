"""What went over the wire in a case, as reports show it: heads, frames and ends by their times, what is long cut short.

An item is a dictionary of plain values, as the JSON report has it; `oracle-1.schema.json` says what each kind holds.
"""

import codecs
import heapq
import re
from collections.abc import Collection, Iterator
from typing import Any, Final, TypeAlias

from refws.oracle.conversation import Conversation, Side
from refws.oracle.wire.frame import Opcode
from refws.oracle.wire.http import Head
from refws.oracle.wire.reading import ReadFrame

__all__ = ["Item", "close_of", "exchange_of"]

Item: TypeAlias = dict[str, Any]

MOST_OCTETS: Final = 64
"""Octets of a payload that are shown."""
FIRST_ITEMS: Final = 16
LAST_ITEMS: Final = 8
"""Of more items than both together, only those are kept."""
_SECRET: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_MARKER: Final = re.compile(rb"refws oracle [0-9a-f]{8}")


def exchange_of(conversation: Conversation, secret: Collection[str] = ()) -> list[Item]:
    """Both directions of a conversation in one list.

    The values of header fields that carry credentials, and of those named in `secret`, are not shown.
    """
    hidden = _SECRET | {name.lower() for name in secret}
    sides = [_items(side, hidden) for side in conversation.sides.values()]
    items = list(heapq.merge(*sides, key=lambda item: float(item["at"])))
    unseen = sum(len(side.frames) - len(_ends(side.frames)) for side in conversation.sides.values())
    left_out = len(items) + unseen - FIRST_ITEMS - LAST_ITEMS
    if left_out > 1:
        cut = {"kind": "cut", "at": items[FIRST_ITEMS]["at"], "count": left_out}
        items[FIRST_ITEMS:-LAST_ITEMS] = [cut]
    return items


def close_of(items: Collection[Item], testee: str) -> Item | None:
    """The first Close frame of a side, by the side's name."""
    frames = (item for item in items if item["kind"] == "frame" and item["from"] == testee)
    return next((frame for frame in frames if frame["opcode"] == Opcode.CLOSE), None)


def _items(side: Side, hidden: Collection[str]) -> Iterator[Item]:
    sender = side.role.value
    last = 0.0
    for head in side.heads:
        last = head.time
        yield {"kind": "head", "from": sender, "at": _time(last), "offset": head.offset, "text": _head(head, hidden)}
    if side.body:
        yield {"kind": "octets", "from": sender, "at": _time(last), **_payload(side.body)}
    if side.unread:
        last = side.unread_time
        yield {"kind": "octets", "from": sender, "at": _time(last), "more": side.unread}
    for frame in _ends(side.frames):
        last = frame.time_end
        yield _frame(frame, sender)
    partial = side.reader.partial if side.reader is not None else None
    if partial is not None and side.reader is not None:
        arrived = side.reader.so_far()
        last = max(last, partial.time)
        yield {**_frame(partial, sender, arrived), "at": _time(last), "arrived": len(arrived)}
    elif side.undone_head and not side.body:
        yield {"kind": "octets", "from": sender, "at": _time(last), **_payload(side.undone_head)}
    if side.end is not None:
        yield {"kind": "end", "from": sender, "at": _time(max(last, side.end_time)), "end": side.end.value}


def _ends(frames: list[ReadFrame]) -> list[ReadFrame]:
    """The frames of a side that can be among the first items or the last ones of both sides together."""
    return frames if len(frames) <= FIRST_ITEMS + LAST_ITEMS + 1 else frames[: FIRST_ITEMS + 1] + frames[-LAST_ITEMS:]


def _time(seconds: float) -> float:
    return round(seconds, 6)


def _head(head: Head, hidden: Collection[str]) -> str:
    lines = [f"{one.name}: {'***' if one.name.lower() in hidden else one.value}" for one in head.fields]
    return "\n".join([head.start_line, *lines])


def _frame(frame: ReadFrame, sender: str, payload: bytes | None = None) -> Item:
    item: Item = {
        "kind": "frame",
        "from": sender,
        "at": _time(frame.time_end),
        "offset": frame.offset,
        "opcode": frame.opcode,
        "fin": frame.fin,
        "rsv": frame.rsv,
        "masked": frame.masking_key is not None,
        "length": frame.length,
        "length_form": frame.length_form,
    }
    payload = frame.payload if payload is None else payload
    if frame.opcode == Opcode.CLOSE and len(payload) >= 2:
        return {**item, "code": int.from_bytes(payload[:2], "big"), **_payload(payload[2:])}
    if _MARKER.fullmatch(payload):
        # Random, so that nobody can guess it; what it is says enough.
        return {**item, "text": "refws oracle", "marker": True}
    return {**item, **_payload(payload)}


def _payload(octets: bytes) -> Item:
    """The beginning of a payload as text, where it is text that can be read, else as hexadecimal digits."""
    shown, more = octets[:MOST_OCTETS], max(len(octets) - MOST_OCTETS, 0)
    rest: Item = {"more": more} if more else {}
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(shown, final=not more)
    except UnicodeDecodeError:
        return {"hex": shown.hex(), **rest}
    if not all(c.isprintable() or c in "\r\n\t" for c in text):
        return {"hex": shown.hex(), **rest}
    if more:
        rest["more"] = len(octets) - len(text.encode())
    return {"text": text, **rest} if text else rest
