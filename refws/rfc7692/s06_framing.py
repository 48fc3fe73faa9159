"""Section 6, Framing: the RSV1 bit, and the way of a message through the extension."""

from collections.abc import Iterable

from refws.rfc6455.s05_2_base_framing_protocol import CONTROL, FIN, OPCODE
from refws.rfc7692.s07_1_method_parameters import MAX_WINDOW_BITS, NAME, Parameters
from refws.rfc7692.s07_2_1_compression import Compressor
from refws.rfc7692.s07_2_2_decompression import Decompressor

__all__ = ["PermessageDeflateInUse"]

# §6-p2-s1 MUST be the RSV1 bit
PER_MESSAGE_COMPRESSED = 0x40


class PermessageDeflateInUse:
    """permessage-deflate on one connection, with what was agreed on in `parameters`."""

    __slots__ = ("_compressing", "_compressor", "_decompressing", "_decompressor", "_threshold", "parameters")

    name = NAME
    # Messages without RSV1 pass as they are.
    only_marked = True

    def __init__(self, parameters: Parameters, *, client: bool, level: int, memory_level: int, threshold: int) -> None:
        self.parameters = parameters
        # §7-p9-s1 MAY differ between the directions
        # §7-p9-s2 MUST be for what the client compresses and the server decompresses
        theirs = (parameters.client_max_window_bits, parameters.client_no_context_takeover)
        # §7-p9-s3 MUST be for what the server compresses and the client decompresses
        # §7.1.2.1-p3-s1 MUST limit the server's window; §7.1.1.1-p1-s3 MUST keep the server from takeover
        ours = (parameters.server_max_window_bits, parameters.server_no_context_takeover)
        if client:
            ours, theirs = theirs, ours
        bits, no_takeover = ours
        # §5-p3-s3 MUST keep what a server sent last; §5-p4-s3 MUST keep what a client sent last
        # §7.3-p3-s1 SHOULD be 1024 octets or more: it is 32 KiB unless less was agreed on
        self._compressor = Compressor(
            bits or MAX_WINDOW_BITS, takeover=not no_takeover, level=level, memory_level=memory_level
        )
        bits, no_takeover = theirs
        self._decompressor = Decompressor(
            # §5-p3-s6 MUST NOT be smaller than the server's; §5-p4-s5 MUST NOT be smaller than the client's
            # §7.2.2-p6-s2 MUST be 32 KiB where nothing is agreed; §7.1.2.1-p5-s1 MUST be 32 KiB where nothing is asked
            # §7.2.2-p7-s2 MUST be 32 KiB likewise at a server; §7.1.2.2-p8-s1 MUST be 32 KiB where it asks for nothing
            bits or MAX_WINDOW_BITS,
            # §5-p3-s4 MUST keep what came last from a server; §5-p4-s4 MUST keep what came last from a client
            # §7.1.1.1-p2-s1 MUST take what a server wrote with takeover; §7.1.1.2-p3-s1 MUST take a client's likewise
            takeover=not no_takeover,
        )
        self._threshold = threshold
        self._compressing = False
        self._decompressing = False

    def rsv_claimed(self, opcode: int) -> int:
        """RSV1 means something on the first frame of a message, and there alone."""
        # §6.1-p10-s2 MUST fail on it in control frames and continuations (ruling 37)
        # §6-p1-s1 MUST be for data messages only; §9.2-p5-s1 MUST be on the first frame only
        return 0 if opcode & CONTROL or opcode == 0 else PER_MESSAGE_COMPRESSED

    def begin(self, first_octet: int) -> None:
        """A data frame begins."""
        if first_octet & OPCODE:
            # §6-p2-s2 MUST say whether the message is compressed
            # §6-p3-s1 MUST be compressed where RSV1 is set; §6-p4-s1 MUST be plain where it is not
            self._decompressing = bool(first_octet & PER_MESSAGE_COMPRESSED)

    def decode(self, octets: bytes) -> Iterable[bytes]:
        """A piece of a frame's payload."""
        # §6.2-p1-s1 MUST go this way where the message is compressed
        if self._decompressing:
            # §6.2-p2-s1 MUST be taken as one with the frames before; §6-p3-s3 MUST be decompressed as one
            # §6.2-p3-s1 MUST be decompressed
            return self._decompressor.decompress(octets)
        # §6.2-p7-s1 MUST go this way where it is not; §7.2.3.2-p8-s1 MUST leave the window alone then
        # §6-p4-s3 MUST be taken as it came; §6.2-p9-s1 MUST be delivered as it came
        return (octets,)

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
            # §8-p1-s2 SHOULD mind secrets beside what an attacker chose: they can be kept out of it
            self._compressing = wanted and (not final or len(payload) >= self._threshold)
        # §6.1-p6-s1 MUST go this way where it is not to be compressed
        if not self._compressing:
            # §6.1-p8-s1 MUST be sent with RSV1 clear; §6-p4-s2 MUST be the original data
            # §6.1-p9-s1 MUST be handed on as it is where another extension follows
            return first_octet, payload
        # §6.1-p1-s1 MUST go this way where it is to be compressed; §6.1-p2-s1 MUST be compressed
        # §6-p3-s2 MUST be compressed data in all its frames; §6.1-p12-s1 MUST be free of the rules for a text then
        payload = self._compressor.compress(payload, final)
        # §6.1-p4-s1 MUST have RSV1 on the first frame; §6.1-p10-s1 MUST NOT have it on any other
        # §6.1-p5-s1 MUST be handed on with RSV1 where another extension follows
        # §6.1-p11-s1 MUST keep the opcode; §6.1-p11-s2 MUST be that of the original message
        # §9.2-p3-s2 MUST be set for what is compressed
        return first_octet | PER_MESSAGE_COMPRESSED if begins else first_octet, payload
