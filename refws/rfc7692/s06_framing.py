"""Section 6, Framing: the RSV1 bit, and the way of a message through the extension."""

from collections.abc import Iterable

from refws.rfc6455.s05_2_base_framing_protocol import CONTROL, FIN, OPCODE
from refws.rfc7692.s07_1_method_parameters import MAX_WINDOW_BITS, NAME, Parameters
from refws.rfc7692.s07_2_1_compression import Compressor
from refws.rfc7692.s07_2_2_decompression import Decompressor

__all__ = ["PermessageDeflateInUse"]

# §6-p2-s1 MUST be the RSV1 bit; §6-p2-s2 MUST say whether a message is compressed
PER_MESSAGE_COMPRESSED = 0x40


class PermessageDeflateInUse:
    """permessage-deflate on one connection, with what was agreed on in `parameters`."""

    __slots__ = ("_compressing", "_compressor", "_decompressing", "_decompressor", "_threshold", "parameters")

    name = NAME
    # Messages without RSV1 pass as they are.
    only_marked = True

    def __init__(self, parameters: Parameters, *, client: bool, level: int, memory_level: int, threshold: int) -> None:
        self.parameters = parameters
        # §7-p9-s2 MUST take the client's parameters for what it compresses; §7-p9-s3 MUST take the server's likewise
        # §7-p9-s1 MAY differ between the directions
        # §7.1.2.1-p3-s1 MUST limit the server's window
        # §7.2.2-p6-s2 MUST be 32 KiB where nothing is agreed; §7.2.2-p7-s2 MUST be 32 KiB likewise
        theirs = (parameters.client_max_window_bits, parameters.client_no_context_takeover)
        ours = (parameters.server_max_window_bits, parameters.server_no_context_takeover)
        if client:
            ours, theirs = theirs, ours
        bits, no_takeover = ours
        self._compressor = Compressor(
            bits or MAX_WINDOW_BITS, takeover=not no_takeover, level=level, memory_level=memory_level
        )
        bits, no_takeover = theirs
        self._decompressor = Decompressor(bits or MAX_WINDOW_BITS, takeover=not no_takeover)
        self._threshold = threshold
        self._compressing = False
        self._decompressing = False

    def rsv_claimed(self, opcode: int) -> int:
        """RSV1 means something on the first frame of a message, and there alone."""
        # §6.1-p10-s1 MUST NOT be set on control frames and continuations; §6.1-p10-s2 MUST fail where it is
        # §6-p1-s1 MUST be for data messages only; §9.2-p5-s1 MUST be on the first frame only
        return 0 if opcode & CONTROL or opcode == 0 else PER_MESSAGE_COMPRESSED

    def begin(self, first_octet: int) -> None:
        """A data frame begins."""
        if first_octet & OPCODE:
            # §6-p3-s1 MUST be compressed where RSV1 is set; §6-p4-s1 MUST be plain where it is not
            self._decompressing = bool(first_octet & PER_MESSAGE_COMPRESSED)

    def decode(self, octets: bytes) -> Iterable[bytes]:
        """A piece of a frame's payload."""
        # §6.2-p2-s1 MUST be taken as one with the frames before; §6.2-p3-s1 MUST be decompressed
        # §6-p4-s3 MUST be taken as it is where it is not compressed; §7.2.3.2-p8-s1 MUST leave the window alone then
        # §6.1-p12-s3 MUST be checked for UTF-8 behind this, not before
        return self._decompressor.decompress(octets) if self._decompressing else (octets,)

    def end(self) -> Iterable[bytes]:
        """The message is complete, and all of it has come out. Raises `Failure` where its compressed data is not."""
        if self._decompressing:
            self._decompressor.end()
        return ()

    def encode(self, first_octet: int, payload: bytes, wanted: bool) -> tuple[int, bytes]:
        """A data frame that is to be sent: compressed if `wanted`, unless it is a short message."""
        begins, final = first_octet & OPCODE != 0, first_octet & FIN != 0
        if begins:
            # §7.3-p4-s3 MAY decide whether to compress
            self._compressing = wanted and (not final or len(payload) >= self._threshold)
        if not self._compressing:
            # §6.1-p8-s1 MUST be sent with RSV1 clear where it is not compressed; §6.1-p9-s1 MUST be handed on as it is
            return first_octet, payload
        # §6.1-p2-s1 MUST be compressed; §6.1-p5-s1 MUST be handed on with RSV1 where another extension follows
        payload = self._compressor.compress(payload, final)
        # §6.1-p4-s1 MUST have RSV1 on the first frame of a compressed message; §6.1-p11-s1 MUST keep the opcode
        return first_octet | PER_MESSAGE_COMPRESSED if begins else first_octet, payload
