"""Sections 5.1 to 5.4: masks, headers and fragments.

Longer than other modules, for each liar is a class of a few lines.
"""

from collections.abc import Iterator
from typing import ClassVar

from conformance.liars.endpoint import Endpoint, Outgoing
from conformance.liars.endpoint.framing import BINARY, CLOSE, CONTINUATION, PONG, TEXT, Incoming
from conformance.liars.liar import BOTH, lies

__all__: list[str] = []


@lies("5.1-p1-s2", "client")
class SendsUnmasked(Endpoint):
    """Its frames are not masked."""

    def masks(self) -> bool:
        return False


@lies("5.1-p1-s6", "server")
class SendsMasked(Endpoint):
    """Its frames are masked."""

    def masks(self) -> bool:
        return True


@lies("5.1-p1-s4", "server")
class TakesUnmaskedFrames(Endpoint):
    """It takes frames that are not masked."""

    def check_mask(self, frame: Incoming) -> int:
        return 0


@lies("5.1-p1-s7", "client")
class TakesMaskedFrames(Endpoint):
    """It takes frames that are masked."""

    def check_mask(self, frame: Incoming) -> int:
        return 0


@lies("5.2-p6-s1", *BOTH)
class SetsRsv3(Endpoint):
    """It sets RSV3 in its messages."""

    def rsv_of(self, opcode: int, rsv: int) -> int:
        return rsv | 1 if opcode in (TEXT, BINARY) else rsv


@lies("5.2-p6-s1", *BOTH)
class SetsRsv2OnPongs(Endpoint):
    """It sets RSV2 in its Pongs."""

    def rsv_of(self, opcode: int, rsv: int) -> int:
        return 2 if opcode == PONG else rsv


@lies("5.2-p6-s1", *BOTH)
class SetsRsv1Unagreed(Endpoint):
    """It sets RSV1 in its messages where nobody agreed on a use for it."""

    def rsv_of(self, opcode: int, rsv: int) -> int:
        return 4 if opcode in (TEXT, BINARY) else rsv


@lies("5.2-p6-s2", *BOTH)
class TakesRsv(Endpoint):
    """It takes frames with RSV2 and RSV3, as if they were not set."""

    def check_rsv(self, frame: Incoming) -> int:
        frame.rsv &= 4
        return super().check_rsv(frame)


@lies("5.2-p6-s2", *BOTH)
class TakesRsvOnControlFrames(Endpoint):
    """It takes control frames with RSV bits, as if they were not set."""

    def check_rsv(self, frame: Incoming) -> int:
        return 0 if frame.is_control else super().check_rsv(frame)


@lies("5.2-p6-s2", *BOTH)
class TakesRsvOnContinuations(Endpoint):
    """It takes continuations with RSV bits, as if they were not set."""

    def check_rsv(self, frame: Incoming) -> int:
        return 0 if frame.opcode == CONTINUATION else super().check_rsv(frame)


@lies("5.2-p8-s2", *BOTH)
class IgnoresUnknownControlFrames(Endpoint):
    """It leaves control frames of unknown opcodes out."""

    def check_opcode(self, frame: Incoming) -> int:
        return 0 if frame.is_control else super().check_opcode(frame)

    def end_frame(self, frame: Incoming) -> None:
        if frame.opcode <= PONG:
            super().end_frame(frame)


@lies("5.2-p8-s2", *BOTH)
class IgnoresUnknownDataFrames(Endpoint):
    """It takes data frames of unknown opcodes for binary messages."""

    def check_opcode(self, frame: Incoming) -> int:
        if CONTINUATION < frame.opcode < CLOSE:
            frame.opcode = TEXT if frame.opcode == TEXT else BINARY
        return super().check_opcode(frame)


@lies("5.2-p20-s3", *BOTH)
class SetsTopBit(Endpoint):
    """The first bit of its lengths of 64 bits is 1."""

    def length(self, length: int, mask_bit: int) -> bytes:
        octets = super().length(length, mask_bit)
        return octets[:1] + bytes([octets[1] | 0x80]) + octets[2:] if len(octets) > 3 else octets


@lies("5.2-p20-s5", *BOTH)
class LengthensLengths(Endpoint):
    """Its lengths below 126 have 16 bits."""

    def length(self, length: int, mask_bit: int) -> bytes:
        return bytes([mask_bit | 126, 0, length]) if length < 126 else super().length(length, mask_bit)


@lies("5.2-p20-s5", *BOTH)
class LengthensLongLengths(Endpoint):
    """Its lengths from 126 to 65535 have 64 bits."""

    def length(self, length: int, mask_bit: int) -> bytes:
        if 126 <= length < 65536:
            return bytes([mask_bit | 127]) + length.to_bytes(8, "big")
        return super().length(length, mask_bit)


@lies("5.3-p3-s2", "client")
class KeepsItsKey(Endpoint):
    """It masks every frame with the same key."""

    def masking_key(self) -> bytes:
        return b"\x17\x2a\x8b\xc4"


@lies("10.3-p4-s1", "client")
class CountsItsKeys(Endpoint):
    """Its masking keys are 1, 2, 3 and so on."""

    _keys = 0

    def masking_key(self) -> bytes:
        self._keys += 1
        return self._keys.to_bytes(4, "big")


@lies("5.4-p9-s1", *BOTH)
class SwapsFragments(Endpoint):
    """It sends a message of more than 60 octets in fragments, the second half before the first."""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        if len(payload) <= 60:
            return super().fragments(opcode, payload, rsv)
        half = len(payload) // 2
        return self.in_fragments(opcode, payload[half:] + payload[:half], rsv, max(half, 1))


@lies("5.4-p10-s1", *BOTH)
class MixesMessages(Endpoint):
    """It sends a message of its own between the fragments of another."""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        yield Outgoing(opcode, payload, False, rsv)
        yield Outgoing(TEXT, b"")
        yield Outgoing(CONTINUATION, b"")


@lies("5.4-p10-s1", *BOTH)
class TakesMixedMessages(Endpoint):
    """It takes a new message before the one before is complete, which it forgets."""

    def check_order(self, frame: Incoming) -> int:
        return 0 if frame.opcode in (TEXT, BINARY) else super().check_order(frame)


@lies("5.4-p5-s1", *BOTH)
class TakesStrayContinuations(Endpoint):
    """It takes a continuation that continues nothing for a text message."""

    def check_order(self, frame: Incoming) -> int:
        if frame.opcode == CONTINUATION and not self.message_opcode:
            frame.opcode = TEXT
        return super().check_order(frame)


@lies("5.4-p11-s1", *BOTH)
class TakesNothingBetweenFragments(Endpoint):
    """It fails over a control frame between fragments."""

    def check_order(self, frame: Incoming) -> int:
        return 1002 if frame.is_control and self.message_opcode else super().check_order(frame)


@lies("5.4-p13-s1", *BOTH)
class TakesNoFragments(Endpoint):
    """It fails over a message in fragments."""

    HEADER_CHECKS: ClassVar[tuple[str, ...]] = (*Endpoint.HEADER_CHECKS, "check_fragment")

    def check_fragment(self, frame: Incoming) -> int:
        return 0 if frame.fin else 1003


@lies("6.1-p4-s1", *BOTH)
class BeginsWithContinuation(Endpoint):
    """It sends a text message as a continuation."""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        yield Outgoing(CONTINUATION, payload, True)


@lies("6.1-p5-s1", *BOTH)
class NeverEndsMessages(Endpoint):
    """Its messages of more than 60 octets have no frame with FIN."""

    def fragments(self, opcode: int, payload: bytes, rsv: int) -> Iterator[Outgoing]:
        yield Outgoing(opcode, payload, len(payload) <= 60, rsv)


@lies("6.1-p8-s1", *BOTH)
class KeepsFramesBack(Endpoint):
    """It forms the frames of a message of more than 60 octets, and transmits none of them."""

    def send_message(self, opcode: int, payload: bytes) -> None:
        if len(payload) <= 60:
            super().send_message(opcode, payload)


@lies("6.2-p1-s4", *BOTH)
class ForgetsTypes(Endpoint):
    """It takes every message in fragments for binary."""

    def end_frame(self, frame: Incoming) -> None:
        if frame.opcode == CONTINUATION and frame.fin:
            self.message_opcode = BINARY
        super().end_frame(frame)


@lies("6.2-p1-s9", *BOTH)
class JoinsMessages(Endpoint):
    """It takes a message behind another one for its continuation."""

    _before = b""

    def take_message(self, opcode: int, payload: bytes) -> None:
        self._before += payload
        super().take_message(opcode, self._before)


@lies("6.2-p3-s1", "server")
class LeavesMasks(Endpoint):
    """It does not unmask frames of more than 60 octets."""

    def unmask(self, octets: bytes, key: bytes | None, at: int) -> bytes:
        assert self._frame is not None
        return octets if self._frame.length > 60 else super().unmask(octets, key, at)


@lies("6.2-p3-s1", "server")
class LosesKeyAtChunks(Endpoint):
    """It begins again with its key where a frame comes in pieces that are no multiple of four octets."""

    def unmask(self, octets: bytes, key: bytes | None, at: int) -> bytes:
        return super().unmask(octets, key, 0)
