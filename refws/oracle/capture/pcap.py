"""The WebSocket connections in a pcap or a pcapng: found by their requests, at whatever port."""

import io
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from refws.oracle.capture.packets import Address, Packets
from refws.oracle.capture.tcp import Flow, flows
from refws.oracle.recording import End, Event, Recording
from refws.oracle.referee.s04_1_client_requirements import is_websocket
from refws.oracle.verdict import Role
from refws.oracle.wire.http import Head, parse_head

__all__ = ["read_pcap"]

_FIELD: Final = re.compile(rb"\n(?:upgrade|sec-websocket-[a-z]+)[ \t]*:", re.IGNORECASE)
_REQUEST_LINE: Final = re.compile(rb"[A-Za-z]+ [^\r\n]+ HTTP/\d[^\r\n]*\r?\n")
_TLS: Final = re.compile(rb"\x16\x03[\x00-\x04]")


def read_pcap(file: io.BufferedIOBase) -> tuple[list[Recording], list[str]]:
    """(the WebSocket connections in it, what else there was). Raises `BadRecording`."""
    packets = Packets(file)
    recordings: list[Recording] = []
    others = tls = before = 0
    for flow in flows(packets):
        lost = [f"{octets} octets of {_name(address)} are missing" for address, octets in flow.finish()]
        found = list(_recordings(flow))
        if found:
            if lost:
                found[-1].notes += [f"{one} in the recording; what it sent behind them is left out" for one in lost]
            recordings += found
        elif any(_TLS.match(_stream(flow, address)) for address in flow.addresses):
            tls += 1
        elif flow.opener is None and flow.sent:
            before += 1
        elif flow.sent:
            others += 1
    return recordings, list(_left_out(packets, others, tls, before))


def _left_out(packets: Packets, others: int, tls: int, before: int) -> Iterator[str]:
    if tls:
        yield (
            f"{_connections(tls)} with TLS, which cannot be read: record where it has been taken off, "
            "or let the traffic pass through the oracle's proxy"
        )
    if before:
        yield f"{_connections(before)} without their opening handshake: record from before the client connects"
    if others:
        yield f"{_connections(others)} of other protocols"
    if packets.fragments:
        yield f"{packets.fragments} packets that IP had fragmented"
    if packets.is_cut_short:
        yield "what came behind the file's last whole packet: it is cut short"


def _connections(number: int) -> str:
    return f"{number} TCP connection{'s' if number > 1 else ''}"


def _name(address: Address) -> str:
    ip = ipaddress.ip_address(address[0])
    return f"{f'[{ip}]' if ip.version == 6 else ip}:{address[1]}"


def _stream(flow: Flow, sender: Address) -> bytes:
    return b"".join(sent.octets for sent in flow.sent if sent.sender == sender)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where an opening handshake begins: at an octet of the client's, or of the server's where that is all there is."""

    client: Address
    offset: int
    head: Head | None


def _recordings(flow: Flow) -> Iterator[Recording]:
    """What begins with each request for WebSocket, up to the next; what is answered with 101 goes to the end."""
    starts = list(_starts(flow))
    for number, start in enumerate(starts):
        until = starts[number + 1] if number + 1 < len(starts) else None
        yield _recording(flow, start, until)


def _starts(flow: Flow) -> Iterator[_Start]:
    for client, server in (flow.addresses, flow.addresses[::-1]):
        stream, offset, found = _stream(flow, client), 0, False
        while (head := _request(stream, offset)) is not None:
            found = True
            yield _Start(client, head.offset, head)
            offset = head.offset + head.size
            if _switches(flow, server, _index(flow, client, offset - 1)):
                return
        if found:
            return
    for server, client in (flow.addresses, flow.addresses[::-1]):
        if not _stream(flow, client) and _switches(flow, server, 0):
            yield _Start(client, 0, None)
            return


def _request(stream: bytes, begin: int) -> Head | None:
    """The next request for WebSocket from an octet on; its offset is that in the stream."""
    while (field := _FIELD.search(stream, begin)) is not None:
        blank = stream.rfind(b"\r\n\r\n", begin, field.start())
        lines = list(_REQUEST_LINE.finditer(stream, max(blank, begin), field.start() + 1))
        head = parse_head(stream[lines[-1].start() :], lines[-1].start()) if lines else None
        if head is not None and is_websocket(head):
            return head
        begin = field.end()
    return None


def _index(flow: Flow, sender: Address, offset: int) -> int:
    """The number of the event that holds an octet of a side."""
    for number, sent in enumerate(flow.sent):
        if sent.sender == sender:
            offset -= len(sent.octets)
            if offset < 0:
                return number
    return len(flow.sent)


def _switches(flow: Flow, server: Address, index: int) -> bool:
    """Whether what a server sends from an event on is a 101 that accepts, behind interim answers."""
    stream = b"".join(sent.octets for sent in flow.sent[index:] if sent.sender == server)
    while (head := parse_head(stream)) is not None:
        if head.status == 101:
            return head.get("Sec-WebSocket-Accept") is not None or "websocket" in head.tokens("Upgrade")
        if head.status is None or head.status >= 200:
            return False
        stream = stream[head.size :]
    return False


def _before(flow: Flow, sender: Address, index: int) -> int:
    """How many octets a side had sent before an event."""
    return sum(len(sent.octets) for sent in flow.sent[:index] if sent.sender == sender)


def _recording(flow: Flow, start: _Start, until: _Start | None) -> Recording:
    server = next(address for address in flow.addresses if address != start.client)
    recording = Recording(name=f"{_name(start.client)} -> {_name(server)}")
    first = _index(flow, start.client, start.offset) if start.head else 0
    last = _index(flow, start.client, until.offset) if until else len(flow.sent) - 1
    began = flow.sent[first].time
    for number, sent in enumerate(flow.sent[first : last + 1], first):
        octets = sent.octets
        if number == last and until is not None:
            octets = octets[: until.offset - _before(flow, start.client, last)]
        if number == first and start.head is not None:
            octets = octets[start.offset - _before(flow, start.client, first) :]
        if octets or sent.end is not None:
            role = Role.CLIENT if sent.sender == start.client else Role.SERVER
            recording.events.append(Event(max(sent.time - began, 0.0), role, octets, sent.end))
    if start.head is None:
        recording.notes.append("nothing of what the client sent is in the recording")
    if until is None and not any(sent.end in (End.FIN, End.RST) for sent in flow.sent):
        recording.notes.append("the recording ends before the connection does")
    return recording
