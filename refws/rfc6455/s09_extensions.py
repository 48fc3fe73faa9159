"""Section 9, Extensions: what one can do to messages, and how both sides agree on it.

This package defines no extension. One comes from outside: a `ClientExtension` or a `ServerExtension` negotiates, and
what it agrees on is an `Extension`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol

from refws.failure import HandshakeFailure
from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters, GrammarError, parse_extension_list
from refws.rfc6455.s05_2_base_framing_protocol import OPCODE, RSV, Opcode

__all__ = [
    "ClientExtension",
    "Extension",
    "ServerExtension",
    "check_answer",
    "choose_extensions",
    "rsv_claimed",
]


# Extensions that compress whole messages mark them by this bit (RFC 7692).
RSV1 = 0x40


class Extension(Protocol):
    """An extension in use on one connection; it keeps what state it needs.

    Data frames of a message come in their order: `begin` for each of them, `decode` for its payload in any number of
    pieces, `end` once after the last frame. Control frames never reach it.
    """

    only_marked: bool
    """Whether messages whose first frame has none of the claimed RSV bits pass as they are, unseen by the extension."""

    # §5.8-p1-s3 MUST be open to extensions: RSV bits and extension data (none here has a use for reserved opcodes)
    def rsv_claimed(self, opcode: int) -> int:
        """The RSV bits, in their places in the first octet, that have a meaning in frames of this opcode."""
        ...

    def begin(self, first_octet: int) -> None:
        """A data frame begins; RSV bits of extensions behind this one are no longer set."""
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


def _conflicts(extension: Extension, before: Iterable[Extension]) -> bool:
    """Whether an extension cannot be in use behind these."""
    mine, theirs = rsv_claimed([extension]), rsv_claimed(before)
    # §rfc7692:5-p9-s1 MUST NOT use the same RSV bit; §rfc7692:5-p9-s2 MUST fail a client that is told so
    if any(mine[opcode] & bits for opcode, bits in theirs.items()):
        return True
    # §rfc7692:5-p10-s1 MUST NOT compress what marks each frame; §rfc7692:5-p12-s1 MUST NOT where that uses an RSV bit
    # §rfc7692:5-p13-s1 MUST fail a client that is told so
    return mine[Opcode.TEXT] & ~mine[Opcode.CONTINUATION] & RSV1 != 0 and theirs[Opcode.CONTINUATION] != 0


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
        # §11.3.2-p9-s1 MAY be repeated in a request; §4.3-p4-s2 MUST be an extension-list
        offers = parse_extension_list(values)
    except GrammarError as error:
        # §9.1-p1-s3 MUST fail on a value off the grammar (ruling 6: a server answers 400)
        raise HandshakeFailure("rfc6455:9.1-p1-s3", 400, f"Sec-WebSocket-Extensions: {error}") from None
    answers: list[ExtensionParameters] = []
    in_use: list[Extension] = []
    # §9.1-p8-s3 MUST take the client's order for its preference
    # §4.2.2-p11-s2 MUST choose from the client's list; §4.2.2-p11-s5 MUST NOT name any other
    # §rfc7692:5-p1-s7 MUST be preferred where it comes earlier; §rfc7692:5-p1-s8 SHOULD be taken where supported
    for offer in offers:
        if offer.name in (answer.name for answer in answers):
            continue
        # §9.2-p1-s2 MAY be defined elsewhere
        for extension in supported:
            # §9-p1-s2 MUST NOT name what was not asked for
            # §9-p1-s3 MUST have parameters as the extension says; §9.1-p7-s2 MUST have those that it defines
            agreed = extension.answer(offer) if extension.name == offer.name else None
            # §9-p1-s1/2 MAY take some of them, or all
            if agreed is not None and not _conflicts(agreed[1], in_use):
                answers.append(agreed[0])
                in_use.append(agreed[1])
                break
    return answers, in_use


def check_answer(values: Sequence[str], offered: Sequence[ClientExtension]) -> list[Extension]:
    """What the Sec-WebSocket-Extensions fields of a server's answer put into use. Raises `HandshakeFailure`."""
    # §rfc7692:5-p14-s2 MUST go on without compression where the answer names none
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
        # §4.1-p43-s1 MUST fail on an extension that was not offered; §rfc7692:5-p15-s1 MUST fail on such an answer
        if extension is None:
            raise HandshakeFailure("rfc6455:4.1-p43-s1", 101, f"extension {answer.name} was not offered")
        # §9-p1-s3 MUST have parameters as the extension says; §9.1-p7-s2 MUST have those that it defines
        agreed = extension.accept(answer)
        if answer.name in names or _conflicts(agreed, in_use):
            raise HandshakeFailure("rfc6455:4.1-p45-s1", 101, f"extension {answer.name} is in conflict with another")
        names.add(answer.name)
        in_use.append(agreed)
    # §9.1-p8-s4 MUST be in use as the server's list has them
    return in_use


def begin(extensions: Sequence[Extension], first_octet: int) -> None:
    """Tell all extensions of a data frame that begins, the last in use first."""
    for extension in reversed(extensions):
        # §rfc7692:6.2-p6-s2 MUST come as a frame; §rfc7692:6.2-p10-s2 MUST do so where it is not compressed
        extension.begin(first_octet)
        # Most connections have one extension, and so nobody to hide its bits from.
        if extension is extensions[0]:
            break
        # §rfc7692:6.2-p6-s1 MUST come without the RSV bits of those before
        first_octet &= ~extension.rsv_claimed(first_octet & OPCODE)


def decode(extensions: Sequence[Extension], octets: bytes) -> Iterable[bytes]:
    """Undo all extensions for a piece of a message, the last in use first."""
    if not extensions:
        return (octets,)
    *others, last = extensions
    pieces = last.decode(octets)
    # §9.1-p8-s5 SHOULD be undone from the last of the server's list to its first
    # §rfc7692:3-p5-s2 MUST come behind the one that it precedes
    for extension in reversed(others):
        # §rfc7692:6.2-p6-s1 MUST come decompressed; §rfc7692:6.2-p10-s1 MUST be handed on as it came
        pieces = chain.from_iterable(map(extension.decode, pieces))
    return pieces


def end(extensions: Sequence[Extension]) -> Iterator[bytes]:
    """What is due of a message at its end: of each extension, through those that come after it on the way in."""
    for index in range(len(extensions) - 1, -1, -1):
        for piece in extensions[index].end():
            yield from decode(extensions[:index], piece)


def encode(extensions: Iterable[Extension], first_octet: int, payload: bytes, wanted: bool) -> tuple[int, bytes]:
    """Apply all extensions to a data frame that is to be sent."""
    # §9.1-p8-s5 SHOULD apply in the order of the server's list
    # §rfc7692:3-p4-s2 MUST come right behind the one before
    for extension in extensions:
        # §rfc7692:6.1-p5-s2 MUST be handed on as a frame; §rfc7692:6.1-p9-s2 MUST be so where it is not compressed
        first_octet, payload = extension.encode(first_octet, payload, wanted)
    return first_octet, payload
