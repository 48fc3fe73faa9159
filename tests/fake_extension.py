"""An extension that is none, for tests of the negotiation and of the wiring."""

from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters
from refws.rfc6455.s05_2_base_framing_protocol import Opcode


class Other:
    """An extension that changes nothing, and gives these RSV bits a meaning in frames of these opcodes."""

    name = "permessage-foo"
    only_marked = False

    def __init__(self, rsv=0, opcodes=(Opcode.TEXT, Opcode.BINARY)):
        self.rsv, self.opcodes = rsv, opcodes

    def offers(self):
        return [ExtensionParameters(self.name)]

    def answer(self, offer):
        return offer, self

    def accept(self, answer):
        return self

    def rsv_claimed(self, opcode):
        return self.rsv if opcode in self.opcodes else 0

    def begin(self, first_octet):
        pass

    def decode(self, octets):
        return (octets,)

    def end(self):
        return ()

    def encode(self, first_octet, payload, wanted):
        return first_octet, payload
