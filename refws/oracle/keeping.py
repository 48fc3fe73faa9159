"""Keeps the transcript of each case in a folder, so that ``refws oracle judge`` can judge it again."""

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from refws.oracle.carrier import Carrier
from refws.oracle.play import CaseResult
from refws.oracle.recording import Event, Recording, write_transcript
from refws.oracle.verdict import Role

__all__ = ["file_name", "keep", "without_secrets"]

_SECRET: Final = ("Authorization", "Proxy-Authorization", "Cookie")


def file_name(case_id: str) -> str:
    """A case's id, as part of a file name."""
    return re.sub(r"[^\w.-]+", "_", case_id)


def keep(folder: Path, result: CaseResult, secret: Collection[str] = ()) -> None:
    """Write what went over the wire; a case that was not played leaves nothing. Raises OSError."""
    if result.recording is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{file_name(result.case.id)}.jsonl").open("w", encoding="utf-8") as file:
        write_transcript([without_secrets(result.recording, secret)], file)


def without_secrets(recording: Recording, secret: Collection[str] = ()) -> Recording:
    """The recording with asterisks for credentials: fields of that kind, and those named, in the client's first head.

    Every octet stays where it was.
    """
    if recording.carrier is not Carrier.HTTP1:
        return _without_fields(recording, {name.lower() for name in (*_SECRET, *secret)})
    octets = recording.octets(Role.CLIENT)
    head, empty, rest = octets.partition(b"\r\n\r\n")
    names = "|".join(re.escape(name) for name in (*_SECRET, *secret))
    line = re.compile(rf"(?im)^((?:{names})[ \t]*:[ \t]*)([^\r\n]*)".encode("latin-1"))
    hidden = line.sub(lambda found: found[1] + b"*" * len(found[2]), head) + empty + rest
    if hidden == octets:
        return recording
    events, at = [], 0
    for event in recording.events:
        if event.sender is Role.CLIENT:
            end = at + len(event.octets)
            event, at = replace(event, octets=hidden[at:end]), end  # noqa: PLW2901 (the same event, made safe)
        events.append(event)
    return replace(recording, events=events)


def _without_fields(recording: Recording, secret: Collection[str]) -> Recording:
    """The same for heads that are no octets."""

    def safe(event: Event) -> Event:
        if event.sender is not Role.CLIENT or not event.head:
            return event
        hidden = ((name, "*" * len(value) if name.lower() in secret else value) for name, value in event.head)
        return replace(event, head=tuple(hidden))

    return replace(recording, events=[safe(event) for event in recording.events])
