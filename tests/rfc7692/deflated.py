"""Frames, DEFLATE blocks and a reader of DEFLATE, made by hand: the tests do not lean on the code they test."""

import zlib

import pytest

from refws.failure import Failure
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters
from refws.rfc6455.s10_security_considerations import Limits
from refws.rfc7692 import PermessageDeflate

FIN, RSV1, RSV2 = 0x80, 0x40, 0x20
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
ROLES = [Role.SERVER, Role.CLIENT]
ROLE = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value)
KEY = bytes.fromhex("37fa213d")
EMPTY = b"\x00\x00\x00\xff\xff"
NO_LIMITS = Limits(max_message_size=None, max_fragments=None)


def xor(octets):
    return bytes(octet ^ KEY[i % 4] for i, octet in enumerate(octets))


def frame_to(role, first, payload=b""):
    """One frame as an endpoint of this role is to get it."""
    mask_bit, length = 0x80 if role is Role.SERVER else 0, len(payload)
    if length < 126:
        header = bytes([first, mask_bit | length])
    else:
        size = 2 if length < 65536 else 8
        header = bytes([first, mask_bit | (126 if size == 2 else 127)]) + length.to_bytes(size, "big")
    return header + (KEY + xor(payload) if mask_bit else payload)


def frames_from(endpoint):
    """[(first octet, payload unmasked), …] that the endpoint wants to send."""
    octets, frames = endpoint.octets_to_send(), []
    while octets:
        masked, length, at = octets[1] & 0x80, octets[1] & 0x7F, 2
        if length > 125:
            at = 4 if length == 126 else 10
            length = int.from_bytes(octets[2:at], "big")
        key, at = (octets[at : at + 4], at + 4) if masked else (bytes(4), at)
        payload = octets[at : at + length]
        if masked:
            payload = bytes(octet ^ key[i % 4] for i, octet in enumerate(payload))
        frames.append((octets[0], payload))
        octets = octets[at + length :]
    return frames


def endpoint(role, *agreed, limits=NO_LIMITS, **configuration):
    """An open endpoint with permessage-deflate, by these agreed parameters: ``"server_max_window_bits=9"``."""
    parameters = [(name, value or None) for name, _, value in (text.partition("=") for text in agreed)]
    parameters = ExtensionParameters("permessage-deflate", tuple(parameters))
    if role is Role.CLIENT:
        in_use = PermessageDeflate(**configuration).accept(parameters)
    else:
        in_use = PermessageDeflate(**configuration).answer(parameters)[1]
    return Endpoint.established(role, extensions=[in_use], limits=limits)


def towards(role, name):
    """The parameter, `no_context_takeover` or `max_window_bits`, for messages that go to this role."""
    return ("client_" if role is Role.SERVER else "server_") + name


def no_context_takeover(role):
    return towards(role, "no_context_takeover")


def failure_of(endpoint, octets):
    """(clause, status) of the failure that these octets are for an endpoint, which must say nothing else."""
    (failure,) = endpoint.receive_octets(octets)
    assert isinstance(failure, Failure)
    return failure.clause, failure.status


class Deflater:
    """A peer's compression: blocks of any type, one window from the first to the last."""

    def __init__(self, window_bits=15, level=6, strategy=zlib.Z_DEFAULT_STRATEGY):
        self.zlib = zlib.compressobj(level, zlib.DEFLATED, -window_bits, 9, strategy)

    def block(self, octets):
        """Blocks, and behind them an empty one on a border of octets."""
        return self.zlib.compress(octets) + self.zlib.flush(zlib.Z_SYNC_FLUSH)

    def message(self, octets):
        return self.block(octets)[:-4]


def deflated(octets, **options):
    """The payload of a message that leans on no other."""
    return Deflater(**options).message(octets)


def final_block(octets, history=b"", level=6, strategy=zlib.Z_DEFAULT_STRATEGY):
    """Blocks, the last with BFINAL."""
    compress = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy, history)
    return compress.compress(octets) + compress.flush(zlib.Z_FINISH)


FIXED = {"strategy": zlib.Z_FIXED}
STORED = {"level": 0}

LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131]
LENGTH_BASE += [163, 195, 227, 258]
LENGTH_EXTRA = [0] * 8 + [n for n in range(1, 6) for _ in range(4)] + [0]
DISTANCE_EXTRA = [0, 0] + [n for n in range(14) for _ in range(2)]
DISTANCE_BASE = [1 + sum(1 << extra for extra in DISTANCE_EXTRA[:i]) for i in range(30)]
ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]


class Reader:
    """Reads DEFLATE (RFC 1951) slowly, and notes the block types and the distances of all matches."""

    def __init__(self):
        self.out = bytearray()
        self.types = []
        self.distances = set()

    def read(self, octets):
        """Read whole blocks, ending with an empty stored one on a border of octets; returns what came out."""
        self.octets, self.position, start = octets, 0, len(self.out)
        while self.position < 8 * len(octets):
            final, kind = self.bits(1), self.bits(2)
            self.types.append((kind, final))
            if kind == 0:
                self.align()
                length, complement = self.bits(16), self.bits(16)
                assert length ^ complement == 0xFFFF
                at = self.position // 8
                self.out += octets[at : at + length]
                self.position += 8 * length
            else:
                self.codes(*(self.fixed() if kind == 1 else self.dynamic()))
            if final:
                self.align()
        return bytes(self.out[start:])

    def bits(self, count):
        value = 0
        for i in range(count):
            at, bit = divmod(self.position, 8)
            value |= (self.octets[at] >> bit & 1) << i
            self.position += 1
        return value

    def align(self):
        self.position = -(-self.position // 8) * 8

    @staticmethod
    def table(lengths):
        codes, code = {}, 0
        for length in range(1, 16):
            for symbol, of_symbol in enumerate(lengths):
                if of_symbol == length:
                    codes[length, code] = symbol
                    code += 1
            code <<= 1
        return codes

    def symbol(self, table):
        code = length = 0
        while (length, code) not in table:
            code, length = code << 1 | self.bits(1), length + 1
        return table[length, code]

    def fixed(self):
        return self.table([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8), self.table([5] * 30)

    def dynamic(self):
        literals, distances, count = self.bits(5) + 257, self.bits(5) + 1, self.bits(4) + 4
        of_lengths = [0] * 19
        for symbol in ORDER[:count]:
            of_lengths[symbol] = self.bits(3)
        table, lengths = self.table(of_lengths), []
        while len(lengths) < literals + distances:
            symbol = self.symbol(table)
            if symbol < 16:
                lengths.append(symbol)
            elif symbol == 16:
                lengths += lengths[-1:] * (3 + self.bits(2))
            else:
                lengths += [0] * (3 + self.bits(3) if symbol == 17 else 11 + self.bits(7))
        return self.table(lengths[:literals]), self.table(lengths[literals:])

    def codes(self, literals, distances):
        while (symbol := self.symbol(literals)) != 256:
            if symbol < 256:
                self.out.append(symbol)
                continue
            length = LENGTH_BASE[symbol - 257] + self.bits(LENGTH_EXTRA[symbol - 257])
            symbol = self.symbol(distances)
            distance = DISTANCE_BASE[symbol] + self.bits(DISTANCE_EXTRA[symbol])
            self.distances.add(distance)
            for _ in range(length):
                self.out.append(self.out[-distance])
