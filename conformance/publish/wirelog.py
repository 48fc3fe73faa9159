"""The wire log of a case, normalised: frames and waits in their order, without what chance or timing decides.

Autobahn's log has one entry per event. Of these, octets as TCP delivered them ("RO", "TO") are left out, for their
boundaries are timing; masking keys are random, so only whether a frame was masked is kept. Frames that follow each
other and are equal become one entry with a count.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from conformance.publish.payload import from_log

_CLOSE: Final = 8

# The page reads lists: a frame is [direction, opcode, flags, length, payload, more], anything else ["!", sentence].
# Flags: 1 FIN, 2 masked, RSV times 4. Direction: ">" is sent by the suite, "<" by the testee.
Entry = list[Any]


def normalise(log: Sequence[Sequence[Any]]) -> list[Entry]:
    """Normalise the wire log of a case.

    Raises KeyError for a kind of entry that Autobahn Testsuite 25.10.1 does not write, and IndexError, TypeError or
    ValueError for an entry that is not built as it builds them.
    """
    entries = [_READERS[line[0]](line) for line in log if line[0] not in ("RO", "TO")]
    return [_counted(entry, sum(1 for _ in equals)) for entry, equals in groupby(entries)]


def close_begun_by_testee(log: Sequence[Entry]) -> bool:
    """Whether the first Close frame of a normalised log came from the testee."""
    return next((entry[0] == "<" for entry in log if entry[0] != "!" and entry[1] == _CLOSE), False)


def _sent(line: Sequence[Any]) -> Entry:
    _, (length, logged), opcode, fin, rsv, mask, repeat_to, chop, _sync = line
    more = {"repeatTo": repeat_to, "chop": chop}
    return _frame(">", (length, logged), opcode, _flags(fin, mask is not None, rsv), more)


def _received(line: Sequence[Any]) -> Entry:
    _, (length, logged), opcode, fin, rsv, masked, _mask = line
    return _frame("<", (length, logged), opcode, _flags(fin, masked, rsv), {})


def _flags(fin: bool, masked: bool, rsv: int) -> int:
    return int(fin) + 2 * int(masked) + 4 * rsv


def _frame(direction: str, data: tuple[int, str], opcode: int, flags: int, more: Mapping[str, int | None]) -> Entry:
    length, logged = data
    payload = from_log(logged, length)
    known = {key: value for key, value in more.items() if value is not None}
    if opcode == _CLOSE and len(payload.shown) >= 2:
        known["code"] = int.from_bytes(payload.shown[:2], "big")
        payload = type(payload)(payload.shown[2:], payload.hidden)
    return [direction, opcode, flags, length, payload.to_page(), known]


def _counted(entry: Entry, count: int) -> Entry:
    if count == 1:
        return entry
    if entry[0] == "!":
        return ["!", f"{entry[1]} ({count} times)"]
    return [*entry[:5], {**entry[5], "count": count}]


def _note(sentence: str) -> Callable[[Sequence[Any]], Entry]:
    """Make the reader of an entry that says no more than its kind and, at most, a number of seconds and a tag."""
    return lambda line: ["!", sentence.format(*line[1:])]


def _wait(tag: str | None) -> str:
    return "the wait" if tag is None else f"wait {tag}"


_READERS: Final[Mapping[str, Callable[[Sequence[Any]], Entry]]] = {
    "TF": _sent,
    "RF": _received,
    "WLM": lambda line: [
        "!",
        "the suite logs again" if line[1] else "the suite stops logging, for the messages are many",
    ],
    "CT": lambda line: ["!", f"{_wait(line[2])} of {line[1]} s begins"],
    "CTE": lambda line: ["!", f"{_wait(line[1])} is over, the connection still stands"],
    "KL": _note("the suite will fail the connection if it still stands after {0} s"),
    "KLE": _note("time is up: the suite fails the connection"),
    "TI": _note("the suite will close the connection if it still stands after {0} s"),
    "TIE": _note("time is up: the suite starts to close the connection"),
}
