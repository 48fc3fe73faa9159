"""TCP segments out of pcap and pcapng. dpkt reads them; but several interfaces in one file are this module's matter."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from refws.oracle.recording import BadRecording

try:
    import dpkt
except ImportError:
    raise BadRecording("to read a pcap or a pcapng takes dpkt: pip install 'refws[oracle]'") from None

__all__ = ["Address", "Packets", "Segment"]

Address: TypeAlias = "tuple[bytes, int]"
"""An IP address, packed, and a port."""

_RAW: Final = frozenset({12, 14, 101, 228, 229})
_LOOPBACK: Final = frozenset({0, 108})
_ETHERNET: Final = 1
_COOKED: Final = {113: dpkt.sll.SLL, 276: dpkt.sll2.SLL2}
_VLANS: Final = frozenset({0x8100, 0x88A8})
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_TIME_RESOLUTION, _TIME_OFFSET = 9, 14
_FRAGMENT: Final = 0x2000 | 0x1FFF


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment; `missing` octets of its payload were sent and not recorded. `time` is in seconds since 1970."""

    time: float
    source: Address
    target: Address
    seq: int
    ack: int | None
    syn: bool
    fin: bool
    rst: bool
    payload: bytes = field(repr=False)
    missing: int = 0


class Packets:
    """The segments of a file. What is counted is known once all have been read.

    Iterating raises `BadRecording` for what is no such file, or has a link that is not known here.
    """

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file
        self.fragments = 0
        """Packets that were left out because IP had fragmented them."""
        self.is_cut_short = False
        """Whether the file ends within a packet."""

    def __iter__(self) -> Iterator[Segment]:
        start = self._file.read(4)
        self._file.seek(0)
        read = self._pcapng if start == _SECTION.to_bytes(4, "big") else self._pcap
        try:
            for time, link, packet in read():
                segment = self._segment(time, link, packet)
                if segment is not None:
                    yield segment
        except (dpkt.UnpackError, struct.error):
            self.is_cut_short = True

    def _pcap(self) -> Iterator[tuple[float, int, bytes]]:
        try:
            reader = dpkt.pcap.Reader(self._file)
        except (ValueError, dpkt.UnpackError) as error:
            raise BadRecording(f"the head of the pcap cannot be read: {error}") from None
        for time, packet in reader:
            yield float(time), reader.datalink(), packet

    def _pcapng(self) -> Iterator[tuple[float, int, bytes]]:
        order = "<"
        interfaces: list[tuple[int, float, int]] = []
        while head := self._file.read(8):
            kind = struct.unpack(f"{order}I", head[:4])[0]
            if head[:4] == _SECTION.to_bytes(4, "big"):
                magic = self._file.read(4)
                order, head, kind, interfaces = "<" if magic == b"\x4d\x3c\x2b\x1a" else ">", head + magic, _SECTION, []
            size = struct.unpack(f"{order}I", head[4:8])[0]
            block = head + self._file.read(max(size - len(head), 0))
            if size < 12 or len(block) < size:
                self.is_cut_short = True
                return
            if kind == _INTERFACE:
                interfaces.append(_interface(block, order))
            elif kind == _PACKET:
                packet = _block("EnhancedPacketBlock", block, order)
                link, resolution, offset = _of(interfaces, packet.iface_id)
                yield offset + (packet.ts_high << 32 | packet.ts_low) * resolution, link, packet.pkt_data
            elif kind == _OLD_PACKET:
                number, _, high, low, captured = struct.unpack(f"{order}HHIII", block[8:24])
                link, resolution, offset = _of(interfaces, number)
                yield offset + (high << 32 | low) * resolution, link, block[28 : 28 + captured]
            elif kind == _SIMPLE:
                # It has no time; nothing that is judged by time is, then.
                length = struct.unpack(f"{order}I", block[8:12])[0]
                yield 0.0, _of(interfaces, 0)[0], block[12 : 12 + min(length, size - 16)]

    def _segment(self, time: float, link: int, packet: bytes) -> Segment | None:
        ip = _ip(link, packet)
        tcp = getattr(ip, "tcp", None)
        if isinstance(ip, dpkt.ip.IP):
            if ip.p != dpkt.ip.IP_PROTO_TCP:
                return None
            if (ip._flags_offset if hasattr(ip, "_flags_offset") else ip.off) & _FRAGMENT:
                self.fragments += 1
                return None
            size = ip.len - (ip.hl << 2) if ip.len else None
        elif isinstance(ip, dpkt.ip6.IP6):
            size = ip.plen - sum(header.length for header in ip.all_extension_headers) if ip.plen else None
        else:
            return None
        if not isinstance(tcp, dpkt.tcp.TCP):
            return None
        payload = bytes(tcp.data)
        missing = 0 if size is None else max(size - (tcp.off << 2) - len(payload), 0)
        flags = tcp.flags
        return Segment(
            time,
            (ip.src, tcp.sport),
            (ip.dst, tcp.dport),
            tcp.seq,
            tcp.ack if flags & dpkt.tcp.TH_ACK else None,
            bool(flags & dpkt.tcp.TH_SYN),
            bool(flags & dpkt.tcp.TH_FIN),
            bool(flags & dpkt.tcp.TH_RST),
            payload,
            missing,
        )


def _block(name: str, block: bytes, order: str) -> Any:
    return getattr(dpkt.pcapng, name + ("LE" if order == "<" else ""))(block)


def _interface(block: bytes, order: str) -> tuple[int, float, int]:
    """(link type, seconds in a unit of time, seconds to be added)."""
    found = _block("InterfaceDescriptionBlock", block, order)
    resolution, offset = 1e-6, 0
    for option in found.opts:
        if option.code == _TIME_RESOLUTION:
            exponent = option.data[0]
            resolution = 2.0 ** -(exponent & 127) if exponent & 128 else 10.0**-exponent
        elif option.code == _TIME_OFFSET:
            offset = struct.unpack(f"{order}q", option.data[:8])[0]
    return found.linktype, resolution, offset


def _of(interfaces: list[tuple[int, float, int]], number: int) -> tuple[int, float, int]:
    if number >= len(interfaces):
        raise BadRecording(f"the pcapng has a packet of interface {number}, and does not describe it")
    return interfaces[number]


def _ip(link: int, packet: bytes) -> Any:
    """The IP packet in a packet of a link; None, or something else, where there is none."""
    try:
        if link == _ETHERNET:
            return dpkt.ethernet.Ethernet(packet).data
        if link in _COOKED:
            cooked = _COOKED[link](packet)
            data = cooked.data
            return _bare(data[4:]) if cooked.ethtype in _VLANS and isinstance(data, bytes) else data
        if link in _LOOPBACK:
            return _bare(packet[4:])
        if link in _RAW:
            return _bare(packet)
    except dpkt.UnpackError:
        return None
    raise BadRecording(f"its packets are of link type {link}; Ethernet, loopback, raw IP and Linux cooked can be read")


def _bare(packet: bytes) -> Any:
    version = packet[0] >> 4 if packet else 0
    return dpkt.ip.IP(packet) if version == 4 else dpkt.ip6.IP6(packet) if version == 6 else None
