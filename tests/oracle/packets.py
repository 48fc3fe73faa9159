"""Packets and capture files, written octet by octet, so that what reads them is not tested by itself."""

import ipaddress
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from refws.oracle.recording import End, Event
from refws.oracle.verdict import Role

FIN, SYN, RST, ACK = 1, 2, 4, 16
ETHERNET, NULL, RAW, LOOP, COOKED, COOKED_2 = 1, 0, 101, 108, 113, 276
EPOCH = 1_700_000_000.0


@dataclass(frozen=True)
class Packet:
    """A TCP segment with its addresses; `time` is in seconds from the beginning of the capture."""

    time: float
    source: tuple[str, int]
    target: tuple[str, int]
    seq: int
    ack: int
    flags: int
    payload: bytes = b""

    def tcp(self) -> bytes:
        options = b"\x01\x01\x08\x0a" + bytes(8)  # two NOPs and a timestamp
        head = struct.pack(
            ">HHIIBBHHH",
            self.source[1],
            self.target[1],
            self.seq % (1 << 32),
            self.ack % (1 << 32) if self.flags & ACK else 0,
            (20 + len(options)) // 4 << 4,
            self.flags,
            65535,
            0,
            0,
        )
        return head + options + self.payload

    def ip(self, *, without_length: bool = False, fragment: int = 0) -> bytes:
        source, target = ipaddress.ip_address(self.source[0]), ipaddress.ip_address(self.target[0])
        tcp = self.tcp()
        if source.version == 6:
            size = 0 if without_length else len(tcp)
            return struct.pack(">IHBB", 6 << 28, size, 6, 64) + source.packed + target.packed + tcp
        size = 0 if without_length else 20 + len(tcp)
        head = struct.pack(">BBHHHBBH", 0x45, 0, size, 1, fragment, 64, 6, 0)
        return head + source.packed + target.packed + tcp

    def on(self, link: int, *, vlans: int = 0, **how) -> bytes:
        ip = self.ip(**how)
        kind = 0x86DD if ip[0] >> 4 == 6 else 0x0800
        tags = b"".join(struct.pack(">HH", 0x8100, 5) for _ in range(vlans))
        behind = tags + struct.pack(">H", kind) + ip
        if link == ETHERNET:
            return bytes(12) + behind + bytes(max(46 - len(ip), 0))  # padded, as short frames are
        if link == COOKED:
            return struct.pack(">HHH", 0, 1, 6) + bytes(8) + behind
        if link == COOKED_2:
            return behind[:2] + struct.pack(">HiHBB", 0, 1, 1, 0, 6) + bytes(8) + behind[2:]
        family = struct.pack("<I", 2 if kind == 0x0800 else 10)
        return {NULL: family, LOOP: family[::-1]}.get(link, b"") + ip


def pcap(
    packets: Iterable[tuple[float, bytes]],
    link: int = ETHERNET,
    *,
    order: str = "<",
    nano: bool = False,
    most: int = 1 << 18,
) -> bytes:
    """A capture file; of each packet at most so many octets."""
    parts = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, most, link)]
    for time, packet in packets:
        seconds, rest = divmod(EPOCH + time, 1)
        unit = 1e9 if nano else 1e6
        parts.append(struct.pack(order + "IIII", int(seconds), int(rest * unit), min(len(packet), most), len(packet)))
        parts.append(packet[:most])
    return b"".join(parts)


def _block(kind: int, body: bytes, order: str) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return _block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int, *, order: str = "<", resolution: int | None = None) -> bytes:
    options = b""
    if resolution is not None:
        options = struct.pack(order + "HHB3x", 9, 1, resolution) + struct.pack(order + "HH", 0, 0)
    return _block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)


def enhanced(time: float, packet: bytes, *, number: int = 0, unit: float = 1e6, order: str = "<") -> bytes:
    stamp = int((EPOCH + time) * unit)
    head = struct.pack(order + "IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, len(packet), len(packet))
    return _block(6, head + packet, order)


def simple(packet: bytes, *, order: str = "<") -> bytes:
    return _block(3, struct.pack(order + "I", len(packet)) + packet, order)


def obsolete(time: float, packet: bytes, *, order: str = "<") -> bytes:
    stamp = int((EPOCH + time) * 1e6)
    head = struct.pack(order + "HHIIII", 0, 0, stamp >> 32, stamp & 0xFFFFFFFF, len(packet), len(packet))
    return _block(2, head + packet, order)


class Dialogue:
    """The packets of one connection, as a network without faults would carry them."""

    def __init__(
        self,
        events: Iterable[Event],
        *,
        client=("192.0.2.1", 50_000),
        server=("192.0.2.2", 80),
        first=(1000, 5000),
        size: int = 1460,
    ) -> None:
        self.addresses = {Role.CLIENT: client, Role.SERVER: server}
        self.next = {Role.CLIENT: first[0], Role.SERVER: first[1]}
        self.packets: list[Packet] = []
        self._add(0.0, Role.CLIENT, SYN)
        self._add(0.0001, Role.SERVER, SYN | ACK)
        self._add(0.0002, Role.CLIENT, ACK)
        for event in events:
            for at in range(0, len(event.octets), size):
                self._add(event.time + 0.001, event.sender, ACK, event.octets[at : at + size])
                self._add(event.time + 0.001, event.sender.other, ACK)
            if event.end is not None:
                self._add(event.time + 0.001, event.sender, (RST if event.end is End.RST else FIN) | ACK)

    def _add(self, time: float, sender: Role, flags: int, payload: bytes = b"") -> None:
        ends = self.addresses[sender], self.addresses[sender.other]
        self.packets.append(Packet(time, *ends, self.next[sender], self.next[sender.other], flags, payload))
        self.next[sender] += len(payload) + bool(flags & (SYN | FIN))

    @property
    def data(self) -> list[int]:
        """The numbers of the packets that carry octets."""
        return [number for number, packet in enumerate(self.packets) if packet.payload]

    def without(self, *numbers: int) -> list[Packet]:
        return [packet for number, packet in enumerate(self.packets) if number not in numbers]


def file_of(packets: Iterable[Packet], link: int = ETHERNET, **how) -> bytes:
    """A pcap of them, in the order in which they are given."""
    return pcap(((packet.time, packet.on(link)) for packet in packets), link, **how)


def merged(*dialogues: Dialogue) -> list[Packet]:
    """The packets of several connections by their times."""
    return sorted((packet for one in dialogues for packet in one.packets), key=lambda packet: packet.time)
