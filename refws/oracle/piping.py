"""What passes through the proxy: two TCP connections as one, and the judge that listens to them."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from refws.oracle.recorded import Heard, Judgement
from refws.oracle.recording import End, Event, event_line, head_line
from refws.oracle.server import Target
from refws.oracle.verdict import Finding, Role

__all__ = ["MOST_HELD", "Passage", "Passing", "Pipe"]

MOST_HELD: Final = 64 << 20
"""Octets of one message that are kept to be judged; a connection with a longer one is passed on and judged no more."""
MOST_BEFORE: Final = 1 << 20
"""The same where an opening handshake is expected."""


class Passing:
    """One connection that passes through: `heard` is what the judge knows of it so far."""

    def __init__(self, number: int, heard: Heard) -> None:
        self.number = number
        self.heard = heard
        self.findings: dict[Role, list[Finding]] = {role: [] for role in Role}

    @property
    def name(self) -> str:
        """The client's address, and the target's URI."""
        return self.heard.name


@dataclass(slots=True)
class Passage:
    """What all connections through one proxy have in common; the proxy says what the parts mean."""

    target: Target
    transcripts: Path | None
    on_connection: Callable[[Passing], None]
    on_finding: Callable[[Passing, Role, Finding], None]
    on_end: Callable[[Passing], None]
    judgement: Judgement = field(default_factory=Judgement)
    pipes: "set[Pipe]" = field(default_factory=set)


class Half(asyncio.Protocol):
    """One of the two TCP connections: that with the client, or that with the server."""

    def __init__(self, pipe: "Pipe", role: Role) -> None:
        self.pipe, self.role = pipe, role
        self.transport: asyncio.Transport | None = None
        self.has_ended = False  # it has sent FIN or RST
        self.is_gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pipe.made(self)

    def data_received(self, data: bytes) -> None:
        self.pipe.data(self.role, data)

    def eof_received(self) -> bool:
        self.pipe.ended(self.role, End.FIN)
        return self.transport is not None and self.transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_gone = True
        self.pipe.lost(self, exc)

    def pause_writing(self) -> None:
        self.pipe.hold(self.role.other, hold=True)

    def resume_writing(self) -> None:
        self.pipe.hold(self.role.other, hold=False)

    def end(self) -> None:
        """Pass on that the other side has ended its half."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def reset(self) -> None:
        """Pass on that the other side has reset the connection."""
        if self.transport is None or self.is_gone:
            return
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Pipe:
    """The two connections as one, and the judge that listens."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        passage.pipes.add(self)
        self.ends = {role: Half(self, role) for role in Role}
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = time.perf_counter()
        self._passing: Passing | None = None
        self._judging = True
        self._file: IO[str] | None = None
        self._connecting: asyncio.Task[None] | None = None

    def made(self, end: Half) -> None:
        """One of the connections is there: the client's first."""
        if end.role is Role.SERVER:
            self.hold(Role.CLIENT, hold=False)
            return
        assert end.transport is not None
        end.transport.pause_reading()
        address = end.transport.get_extra_info("peername") or ("?", 0)
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        target = self.passage.target
        heard = Heard.new(f"{host}:{address[1]} -> {target.address}", secure=target.tls is not None, keep=False)
        self.passage.judgement.connections.append(heard)
        self._passing = Passing(len(self.passage.judgement.connections), heard)
        if self.passage.transcripts is not None:
            path = self.passage.transcripts / f"{self._passing.number:06d}.jsonl"
            self._file = path.open("w", encoding="utf-8")
            self._file.write(head_line(heard.conversation.recording))
        self.passage.on_connection(self._passing)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        target = self.passage.target
        assert self._passing is not None
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self.ends[Role.SERVER],
                target.host,
                target.port,
                ssl=target.tls,
                server_hostname=target.host if target.tls else None,
            )
        except OSError as error:
            self._passing.heard.notes.append(f"{target.address} cannot be reached: {error}")
            self.ends[Role.SERVER].is_gone = True
            client = self.ends[Role.CLIENT].transport
            assert client is not None
            client.close()
            self._see_whether_over()

    def data(self, sender: Role, octets: bytes) -> None:
        """A side has sent octets."""
        other = self.ends[sender.other].transport
        if other is not None and not other.is_closing():
            other.write(octets)
        self._hear(Event(self._now, sender, octets))

    def ended(self, sender: Role, end: End) -> None:
        """A side has ended its half."""
        mine, other = self.ends[sender], self.ends[sender.other]
        mine.has_ended = True
        other.end()
        self._hear(Event(self._now, sender, end=end))
        if other.has_ended:
            for one in (mine, other):
                if one.transport is not None:
                    one.transport.close()

    def lost(self, end: Half, error: Exception | None) -> None:
        """One of the connections is gone."""
        other = self.ends[end.role.other]
        if error is not None:
            if not end.has_ended:
                end.has_ended = True
                self._hear(Event(self._now, end.role, end=End.RST))
            other.reset()
        elif other.transport is not None and not other.is_gone:
            other.transport.close()
        self._see_whether_over()

    def hold(self, sender: Role, *, hold: bool) -> None:
        """A side is to send no more for now, for the other does not take it; or may again."""
        transport = self.ends[sender].transport
        if transport is not None and not transport.is_closing():
            (transport.pause_reading if hold else transport.resume_reading)()

    def drop(self) -> None:
        """Let go of both connections."""
        if self._connecting is not None:
            self._connecting.cancel()
        for end in self.ends.values():
            if end.transport is None:
                end.is_gone = True
            else:
                end.transport.abort()
        self._see_whether_over()

    @property
    def _now(self) -> float:
        return time.perf_counter() - self._began

    def _hear(self, event: Event) -> None:
        if self._file is not None:
            self._file.write(event_line(event))
        if not self._judging or self._passing is None:
            return
        heard = self._passing.heard
        try:
            heard.conversation.add(event)
            self._tell()
        except Exception as error:
            self._give_up(f"the judge went wrong, and judges this connection no more: {error!r}")
        most = MOST_HELD if heard.conversation.is_open else MOST_BEFORE
        if heard.conversation.sides[event.sender].held > most:
            what = "of one message" if heard.conversation.is_open else "of no opening handshake"
            self._give_up(f"more than {most} octets {what} came, and from there on nothing is judged")

    def _tell(self) -> None:
        passing = self._passing
        assert passing is not None
        for role, told in passing.findings.items():
            for finding in passing.heard.findings(role)[len(told) :]:
                told.append(finding)
                self.passage.on_finding(passing, role, finding)

    def _give_up(self, why: str) -> None:
        assert self._passing is not None
        self._judging = False
        self._passing.heard.notes.append(why)
        self._passing.heard.release()

    def _see_whether_over(self) -> None:
        if self.over.done() or not all(end.is_gone for end in self.ends.values()):
            return
        self.over.set_result(None)
        self.passage.pipes.discard(self)
        if self._file is not None:
            self._file.close()
        if self._passing is not None:
            self._passing.heard.release()
            self.passage.on_end(self._passing)
