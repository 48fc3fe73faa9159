"""Section 9, Extensions: what one can do to messages, and how both sides agree on it.

This package defines no extension. One comes from outside: a `ClientExtension` or a `ServerExtension` negotiates, and
what it agrees on is an `Extension`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol

from refws.failure import HandshakeFailure
from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters, GrammarError, parse_extension_list
from refws.rfc6455.s05_2_base_framing_protocol import RSV, Opcode

__all__ = [
    "ClientExtension",
    "Extension",
    "ServerExtension",
    "check_answer",
    "choose_extensions",
    "rsv_claimed",
]


class Extension(Protocol):
    """An extension in use on one connection; it keeps what state it needs.

    Data frames of a message come in their order: `begin` for each of them, `decode` for its payload in any number of
    pieces, `end` once after the last frame. Control frames never reach it.
    """

    only_marked: bool
    """Whether messages whose first frame has none of the claimed RSV bits pass as they are, unseen by the extension."""

    # §5.8-p1-s3 MUST be open to extensions: RSV bits, reserved opcodes, extension data
    def rsv_claimed(self, opcode: int) -> int:
        """The RSV bits, in their places in the first octet, that have a meaning in frames of this opcode."""
        ...

    def begin(self, first_octet: int) -> None:
        """A data frame begins."""
        ...

    def decode(self, octets: bytes) -> Iterable[bytes]:
        """Undo the extension for a piece of a frame's payload; each piece that comes out is small."""
        ...

    def end(self) -> Iterable[bytes]:
        """The message is complete: what is still due of it."""
        ...

    def encode(self, first_octet: int, payload: bytes, wanted: bool) -> tuple[int, bytes]:
        """Apply the extension to a data frame that is to be sent: its first octet with RSV bits, and its payload.

        Where it is not `wanted` for a message, an extension that can leave one as it is does so.
        """
        ...


class ServerExtension(Protocol):
    """A server's side of the negotiation."""

    @property
    def name(self) -> str:
        """The extension's token."""
        ...

    def answer(self, offer: ExtensionParameters) -> tuple[ExtensionParameters, Extension] | None:
        """What to answer to an offer of this name, and what is then in use; None declines the offer."""
        ...


class ClientExtension(Protocol):
    """A client's side of the negotiation."""

    @property
    def name(self) -> str:
        """The extension's token."""
        ...

    def offers(self) -> Sequence[ExtensionParameters]:
        """What to offer, the preferred first."""
        ...

    def accept(self, answer: ExtensionParameters) -> Extension:
        """What the server's answer puts into use. Raises `HandshakeFailure` for an answer that is not valid."""
        ...


def rsv_claimed(extensions: Iterable[Extension]) -> dict[int, int]:
    """For every opcode the RSV bits that some extension gives a meaning to."""
    # Frames of an opcode that nobody has defined are asked about, too.
    claimed: dict[int, int] = dict.fromkeys(range(16), 0)
    for extension in extensions:
        for opcode in Opcode:
            claimed[opcode] |= extension.rsv_claimed(opcode) & RSV
    return claimed


def _overlaps(extension: Extension, others: Iterable[Extension]) -> bool:
    mine = rsv_claimed([extension])
    return any(mine[opcode] & bits for opcode, bits in rsv_claimed(others).items())


def choose_extensions(
    values: Sequence[str], supported: Sequence[ServerExtension]
) -> tuple[list[ExtensionParameters], list[Extension]]:
    """A server's choice among what the Sec-WebSocket-Extensions fields of a request offer.

    Returns the answer and what it puts into use, in the same order. Raises `HandshakeFailure` on a malformed field.
    """
    # §4.2.1-p11-s1 MAY be absent
    if not values:
        return [], []
    try:
        # §9.1-p3-s1 MAY be split over several fields; §9.1-p5-s1 MUST mean the same as one
        # §11.3.2-p9-s1 MAY be repeated in a request
        offers = parse_extension_list(values)
    except GrammarError as error:
        # §9.1-p1-s3 MUST fail on a value off the grammar (ruling 6: a server answers 400)
        raise HandshakeFailure("rfc6455:9.1-p1-s3", 400, f"Sec-WebSocket-Extensions: {error}") from None
    answers: list[ExtensionParameters] = []
    in_use: list[Extension] = []
    # §9.1-p8-s3 MUST take the client's order for its preference
    # §4.2.2-p11-s2 MUST choose from the client's list; §4.2.2-p11-s5 MUST NOT name any other
    for offer in offers:
        if offer.name in (answer.name for answer in answers):
            continue
        for extension in supported:
            # §9-p1-s1/2 MAY take some, all or none
            # §9-p1-s3 MUST have parameters as the extension says; §9.1-p7-s2 MUST have those that it defines
            agreed = extension.answer(offer) if extension.name == offer.name else None
            if agreed is not None and not _overlaps(agreed[1], in_use):
                answers.append(agreed[0])
                in_use.append(agreed[1])
                break
    return answers, in_use


def check_answer(values: Sequence[str], offered: Sequence[ClientExtension]) -> list[Extension]:
    """What the Sec-WebSocket-Extensions fields of a server's answer put into use. Raises `HandshakeFailure`."""
    if not values:
        return []
    try:
        # §4.2.2-p21-s2 MAY come in several fields (ruling 3, erratum 3433); §4.3-p7-s1 MUST have the same grammar
        answers = parse_extension_list(values)
    except GrammarError as error:
        # §9.1-p1-s3 MUST fail on a value off the grammar
        raise HandshakeFailure("rfc6455:9.1-p1-s3", 101, f"Sec-WebSocket-Extensions: {error}") from None
    in_use: list[Extension] = []
    names = set()
    for answer in answers:
        extension = next((e for e in offered if e.name == answer.name), None)
        # §4.1-p43-s1 MUST fail on an extension that was not offered
        if extension is None:
            raise HandshakeFailure("rfc6455:4.1-p43-s1", 101, f"extension {answer.name} was not offered")
        agreed = extension.accept(answer)
        if answer.name in names or _overlaps(agreed, in_use):
            raise HandshakeFailure("rfc6455:4.1-p45-s1", 101, f"extension {answer.name} is in conflict with another")
        names.add(answer.name)
        in_use.append(agreed)
    # §9.1-p8-s4 MUST be in use as the server's list has them; §9.1-p8-s5 SHOULD apply in that order
    return in_use


def decode(extensions: Sequence[Extension], octets: bytes) -> Iterable[bytes]:
    """Undo all extensions for a piece of a message, the last in use first."""
    if not extensions:
        return (octets,)
    *others, last = extensions
    pieces = last.decode(octets)
    for extension in reversed(others):
        pieces = chain.from_iterable(map(extension.decode, pieces))
    return pieces


def end(extensions: Sequence[Extension]) -> Iterator[bytes]:
    """What is due of a message at its end: of each extension, through those that come after it on the way in."""
    for index in range(len(extensions) - 1, -1, -1):
        for piece in extensions[index].end():
            yield from decode(extensions[:index], piece)


def encode(extensions: Iterable[Extension], first_octet: int, payload: bytes, wanted: bool) -> tuple[int, bytes]:
    """Apply all extensions to a data frame that is to be sent."""
    for extension in extensions:
        first_octet, payload = extension.encode(first_octet, payload, wanted)
    return first_octet, payload
