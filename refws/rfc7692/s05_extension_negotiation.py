"""Section 5, Extension Negotiation, for permessage-deflate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from refws.failure import HandshakeFailure, UsageError
from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters
from refws.rfc7692.s06_framing import PermessageDeflateInUse
from refws.rfc7692.s07_1_method_parameters import (
    MAX_WINDOW_BITS,
    MIN_WINDOW_BITS,
    NAME,
    InvalidParameters,
    Parameters,
    read_answer,
    read_offer,
)

__all__ = ["PermessageDeflate"]


@dataclass(frozen=True, slots=True)
class PermessageDeflate:
    """permessage-deflate as one side wants it: ``serve(…, extensions=[PermessageDeflate()])``, and so for `connect`.

    The first four are the parameters of section 7.1. A client asks for them; where the server may not grant what it
    asks of the server, `fallback` makes a second offer without. A server answers with them as far as the offer lets it.
    Window bits are 8 to 15, and None for 15. `level` (0 to 9) and `memory_level` (1 to 9) are zlib's; a message of less
    than `threshold` octets is not compressed. Raises `UsageError` for values out of range.
    """

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int | None = None
    client_max_window_bits: int | None = None
    fallback: bool = True
    level: int = 6
    memory_level: int = 8
    threshold: int = 0

    name: ClassVar[str] = NAME

    def __post_init__(self) -> None:
        for bits in (self.server_max_window_bits, self.client_max_window_bits):
            if bits is not None and bits not in range(MIN_WINDOW_BITS, MAX_WINDOW_BITS + 1):
                raise UsageError(f"window bits go from 8 to 15, not {bits!r}")
        if not 0 <= self.level <= 9 or not 1 <= self.memory_level <= 9 or self.threshold < 0:
            raise UsageError("level goes from 0 to 9, memory_level from 1 to 9, and threshold from 0 on")

    def offers(self) -> Sequence[ExtensionParameters]:
        """A client's offers, the preferred first."""
        # §5-p1-s1 MUST have the name in its element of the header
        return [offer.written() for offer in self._offers()]

    def _offers(self) -> list[Parameters]:
        # §7.1.1.1-p1-s1 MAY ask for server_no_context_takeover; §7.1.2.1-p1-s1 MAY ask for server_max_window_bits
        # §7.1.1.2-p1-s1 MAY hint at client_no_context_takeover
        # §7.1.2.2-p1-s1 MAY offer client_max_window_bits; §7.1.2.2-p3-s1 MUST do so to be given it
        # §5.1-p2-s1 MAY hold hints, requests and limits
        wanted = Parameters(
            server_no_context_takeover=self.server_no_context_takeover,
            client_no_context_takeover=self.client_no_context_takeover,
            # §5-p3-s7 MUST tell the window of the client (ruling 21: silence is 32 KiB)
            server_max_window_bits=self.server_max_window_bits,
            # §5-p4-s6 MAY tell how large a window the client can afford
            client_max_window_bits=self.client_max_window_bits,
            client_max_window_bits_offered=True,
        )
        without = Parameters(
            client_no_context_takeover=self.client_no_context_takeover,
            client_max_window_bits=self.client_max_window_bits,
            client_max_window_bits_offered=True,
        )
        # §5-p1-s5 MAY have several offers of one name; §5-p1-s6 MUST have the preferred first
        return [wanted, without] if self.fallback and wanted != without else [wanted]

    def accept(self, answer: ExtensionParameters) -> PermessageDeflateInUse:
        """What a server's answer puts into use at the client. Raises `HandshakeFailure`."""
        try:
            # §5.1-p9-s1 MUST decide by the parameters of the answer
            agreed = read_answer(answer)
        except InvalidParameters as error:
            # §7-p15-s1 MUST fail on an answer that is not valid; §5.1-p9-s2 MUST give up (ruling 23: without a Close)
            raise HandshakeFailure(error.clause, 101, f"{NAME}: {error}") from None
        # §5-p15-s1 MUST fail on an answer that fits no offer (ruling 24)
        # §7-p19-s1 MUST fail on an answer that asks for more than this client wants to support
        if not any(_fits(agreed, offer) for offer in self._offers()):
            raise HandshakeFailure("rfc7692:5-p15-s1", 101, f"{NAME}: the answer fits nothing that was offered")
        # §5-p16-s1 MUST be in use now; §5-p5-s2 MUST be configured by the answer
        return self._in_use(self._client_keeps(agreed), client=True)

    def _client_keeps(self, agreed: Parameters) -> Parameters:
        """What the client does by itself, beyond what was agreed: it may always use less."""
        bits = [b for b in (agreed.client_max_window_bits, self.client_max_window_bits) if b is not None]
        return Parameters(
            server_no_context_takeover=agreed.server_no_context_takeover,
            # §7.1.1.2-p4-s1 MUST know it in an answer; §7.1.1.2-p2-s4 MUST begin anew where it is agreed
            # §7.1.1.2-p1-s3 MAY do as it hinted anyway
            client_no_context_takeover=agreed.client_no_context_takeover or self.client_no_context_takeover,
            server_max_window_bits=agreed.server_max_window_bits,
            # §7.1.2.2-p6-s1 MUST keep to the agreed window; §7.2.2-p7-s3 MUST do so whatever it hinted (ruling 22)
            # §7.1.2.2-p3-s2 MAY keep to its hint, too
            client_max_window_bits=min(bits, default=None),
        )

    def answer(self, offer: ExtensionParameters) -> tuple[ExtensionParameters, PermessageDeflateInUse] | None:
        """A server's answer to an offer, and what it puts into use; None declines the offer."""
        try:
            # §5.1-p6-s1 MUST decide by the parameters of the offer
            asked = read_offer(offer)
        except InvalidParameters:
            # §7-p10-s1 MUST decline an offer that is not valid; §5-p14-s1 MUST NOT be named where all are declined
            return None
        server_bits = [b for b in (asked.server_max_window_bits, self.server_max_window_bits) if b is not None]
        client_bits = [b for b in (asked.client_max_window_bits, self.client_max_window_bits) if b is not None]
        agreed = Parameters(
            # §5.1-p6-s2 MUST say what either side will do; §5-p5-s5 MAY differ from the offer
            # §5-p6-s1 MUST show what became of each request and hint; §5-p3-s1 MUST grant what was asked
            # §7.1.1.1-p3-s1 MUST be repeated where it was asked for; §7.1.1.1-p5-s1 MAY come unasked
            # §7.1.1.1-p4-s1 SHOULD be known to a server
            server_no_context_takeover=asked.server_no_context_takeover or self.server_no_context_takeover,
            # §7.1.1.2-p2-s1 MAY come unasked
            # §7.1.1.2-p2-s2 MAY confirm the hint, and does: the client will not use the window anyway
            client_no_context_takeover=asked.client_no_context_takeover or self.client_no_context_takeover,
            # §7.1.2.1-p6-s1 MUST be repeated with the same or a smaller value; §7.1.2.1-p8-s1 MAY come unasked
            server_max_window_bits=min(server_bits, default=None),
            # §7.1.2.2-p4-s1 MAY come where it was offered; §5-p4-s10 MUST be in the answer to bind the client
            # §5-p4-s1 MAY make use of the hint, and does
            # §7.1.2.2-p4-s2 MUST be at most the hint; §7.1.2.2-p7-s1 MUST NOT come where it was not offered
            # §7.1.3-p3-s1 MUST NOT come in answer to the simplest offer
            client_max_window_bits=min(client_bits, default=None) if asked.client_max_window_bits_offered else None,
        )
        # §5-p5-s1 MUST have its name in the answer; §5-p5-s4 MUST be supported as a whole; §5-p16-s1 MUST be in use now
        return agreed.written(), self._in_use(agreed, client=False)

    def _in_use(self, agreed: Parameters, *, client: bool) -> PermessageDeflateInUse:
        return PermessageDeflateInUse(
            agreed, client=client, level=self.level, memory_level=self.memory_level, threshold=self.threshold
        )


def _fits(agreed: Parameters, offer: Parameters) -> bool:
    """Whether an answer grants what an offer asks for."""
    # §3-p8-s1 MUST meet the requirements of the offer
    # §7.1.2.1-p5-s1 MUST be taken for 32 KiB where it is absent: no less than a client asks for by 15
    bits, limit = agreed.server_max_window_bits or MAX_WINDOW_BITS, offer.server_max_window_bits or MAX_WINDOW_BITS
    return bits <= limit and agreed.server_no_context_takeover >= offer.server_no_context_takeover
