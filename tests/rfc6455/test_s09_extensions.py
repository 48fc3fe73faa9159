"""Section 9, Extensions, with two that are small: one changes octets, one the whole of a message."""

import inspect
from collections.abc import Iterable, Sequence
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import refws
from refws.failure import Failure, HandshakeFailure
from refws.host.http11 import Endpoint
from refws.rfc6455.endpoint import Opened, Role
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_3_collected_abnf import ExtensionParameters, GrammarError, parse_extension_list
from refws.rfc6455.s05_2_base_framing_protocol import RSV, Opcode
from refws.rfc6455.s05_5_control_frames import Ping
from refws.rfc6455.s09_extensions import (
    Extension,
    check_answer,
    choose_extensions,
    decode,
    encode,
    end,
    rsv_claimed,
)

E = ExtensionParameters
RSV1, RSV2, RSV3 = 0x40, 0x20, 0x10


class Shift:
    """Adds a number to every octet, and sets RSV2 in every data frame."""

    rsv = RSV2
    only_marked = False

    def __init__(self, by: int = 1) -> None:
        self.by = by
        self.begun: list[int] = []

    def rsv_claimed(self, opcode: int) -> int:
        return self.rsv if opcode < Opcode.CLOSE else 0

    def begin(self, first_octet: int) -> None:
        self.begun.append(first_octet)

    def decode(self, octets: bytes) -> Iterable[bytes]:
        # In two pieces, as an extension may.
        yield bytes((octet - self.by) % 256 for octet in octets[:1])
        yield bytes((octet - self.by) % 256 for octet in octets[1:])

    def end(self) -> Iterable[bytes]:
        return ()

    def encode(self, first_octet: int, payload: bytes, wanted: bool) -> tuple[int, bytes]:
        return first_octet | self.rsv, bytes((octet + self.by) % 256 for octet in payload)


class Hex:
    """Writes the payload in hexadecimal digits, sets RSV3, and gives a message back only at its end."""

    only_marked = False

    def __init__(self) -> None:
        self.held = b""

    def rsv_claimed(self, opcode: int) -> int:
        return RSV3 if opcode in (Opcode.TEXT, Opcode.BINARY) else 0

    def begin(self, first_octet: int) -> None:
        pass

    def decode(self, octets: bytes) -> Iterable[bytes]:
        self.held += octets
        return ()

    def end(self) -> Iterable[bytes]:
        held, self.held = self.held, b""
        if len(held) % 2:
            raise Failure("rfc6455:9-p1-s3", 1007, "an odd number of hexadecimal digits")
        return (bytes.fromhex(held.decode("ascii")),)

    def encode(self, first_octet: int, payload: bytes, wanted: bool) -> tuple[int, bytes]:
        begins = first_octet & 0x0F != Opcode.CONTINUATION
        return first_octet | (RSV3 if begins else 0), payload.hex().encode()


class Negotiates:
    """Both sides of the negotiation of an extension that takes any parameters but ``no``."""

    def __init__(self, name: str, extension: type[Shift] | type[Hex], *offers: tuple[str, str | None]) -> None:
        self.name, self.extension = name, extension
        self._offers = [E(name, (parameter,)) for parameter in offers] or [E(name)]

    def offers(self) -> Sequence[ExtensionParameters]:
        return self._offers

    def answer(self, offer: ExtensionParameters) -> tuple[ExtensionParameters, Extension] | None:
        return None if ("no", None) in offer.parameters else (offer, self.extension())

    def accept(self, answer: ExtensionParameters) -> Extension:
        if ("no", None) in answer.parameters:
            raise HandshakeFailure("rfc6455:9-p1-s3", 101, "no")
        return self.extension()


class ShiftRsv3(Shift):
    rsv = RSV3


class Quiet(Shift):
    rsv = 0


SHIFT, HEX = Negotiates("shift", Shift), Negotiates("hex", Hex)
OTHER_SHIFT, SHIFT_RSV3 = Negotiates("other-shift", Shift), Negotiates("shift-rsv3", ShiftRsv3)
QUIET = Negotiates("quiet", Quiet)


# RSV bits


@pytest.mark.clause("rfc6455:5.8-p1-s3", "rfc6455:5.2-p6-s2")
@pytest.mark.parametrize(
    ("extensions", "data", "continuation"),
    [([], 0, 0), ([Shift()], RSV2, RSV2), ([Hex()], RSV3, 0), ([Hex(), Shift()], RSV2 | RSV3, RSV2)],
    ids=["none", "shift", "hex", "both"],
)
def test_rsv_bits_that_have_a_meaning(extensions: list[Extension], data: int, continuation: int) -> None:
    claimed = rsv_claimed(extensions)
    assert {claimed[opcode] for opcode in (Opcode.TEXT, Opcode.BINARY)} == {data}
    assert claimed[Opcode.CONTINUATION] == continuation
    assert {claimed[opcode] for opcode in (Opcode.CLOSE, Opcode.PING, Opcode.PONG)} == {0}


def test_nothing_but_rsv_bits_can_be_claimed() -> None:
    class Greedy(Shift):
        rsv = 0xFF

    assert rsv_claimed([Greedy()])[Opcode.TEXT] == RSV


# A server's choice


@pytest.mark.clause(
    "rfc6455:4.2.1-p11-s1",
    "rfc6455:4.2.2-p11-s1",
    "rfc6455:4.2.2-p11-s2",
    "rfc6455:4.2.2-p11-s5",
    "rfc6455:9-p1-s1/2",
    "rfc6455:9-p1-s2",
    "rfc6455:9-p1-s3",
    "rfc6455:9.1-p3-s1",
    "rfc6455:9.1-p5-s1",
    "rfc6455:9.1-p7-s2",
    "rfc6455:9.1-p8-s3",
    "rfc6455:9.2-p1-s2",
    "rfc6455:11.3.2-p9-s1",
)
@pytest.mark.parametrize(
    ("values", "supported", "answer"),
    [
        ([], [SHIFT, HEX], []),
        (["shift"], [], []),
        (["shift"], [SHIFT, HEX], ["shift"]),
        (["Shift"], [SHIFT], []),
        (["unknown, hex"], [SHIFT, HEX], ["hex"]),
        (["hex, shift"], [SHIFT, HEX], ["hex", "shift"]),
        (["shift, hex"], [HEX, SHIFT], ["shift", "hex"]),
        (["hex", "shift; by=1"], [SHIFT, HEX], ["hex", "shift; by=1"]),
        (["shift; no"], [SHIFT], []),
        (["shift; no, shift; b, shift"], [SHIFT], ["shift; b"]),
        (["shift, shift, hex"], [SHIFT, SHIFT, HEX], ["shift", "hex"]),
        (["quiet"], [QUIET, QUIET], ["quiet"]),
        (["shift, other-shift, hex"], [SHIFT, OTHER_SHIFT, HEX], ["shift", "hex"]),
        (["other-shift, shift"], [SHIFT, OTHER_SHIFT], ["other-shift"]),
        (["hex, shift-rsv3"], [SHIFT_RSV3, HEX], ["hex"]),
        (["shift-rsv3, hex"], [SHIFT_RSV3, HEX], ["shift-rsv3"]),
    ],
    ids=lambda value: repr([getattr(v, "name", v) for v in value]),
)
def test_what_a_server_chooses(values: list[str], supported: list[Negotiates], answer: list[str]) -> None:
    answers, in_use = choose_extensions(values, supported)
    assert [str(a) for a in answers] == answer
    kinds = {n.name: n.extension for n in supported}
    assert [type(e) for e in in_use] == [kinds[a.name] for a in answers]


@pytest.mark.clause("rfc6455:9.1-p1-s3", "rfc6455:9.1-p2-s2", "rfc6455:4.2.1-p2-s2", "rfc6455:4.2.2-p11-s4")
@pytest.mark.parametrize(
    "values", [[""], [","], ["shift;"], ["shift", "a b"], ['shift; by="1'], ['x; y="a b"']], ids=repr
)
@pytest.mark.parametrize("supported", [[], [SHIFT]], ids=["none supported", "one supported"])
def test_a_malformed_request_is_refused(values: list[str], supported: list[Negotiates]) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        choose_extensions(values, supported)
    assert (failure.value.clause, failure.value.status) == ("rfc6455:9.1-p1-s3", 400)


@pytest.mark.clause("rfc6455:9.1-p2-s4", "rfc6455:9.1-p2-s5")
def test_which_characters_an_extension_token_has() -> None:
    for character in map(chr, range(256)):
        # RFC 2616, section 2.2: neither a control, nor a separator, nor anything outside ASCII.
        belongs = "!" <= character <= "~" and character not in '()<>@,;:\\"/[]?={}'
        for name in (character, f"x{character}y"):
            try:
                found = parse_extension_list([name])
            except GrammarError:
                found = []
            assert (found == [E(name)]) is belongs, name


@pytest.mark.clause("rfc6455:9.1-p7-s1")
@pytest.mark.parametrize("host", [refws.connect, refws.serve])
def test_what_hosts_use_unasked_is_registered(host: type) -> None:
    default = inspect.signature(host).parameters["extensions"].default
    assert [extension.name for extension in default] == ["permessage-deflate"]


# A client's check


@pytest.mark.clause(
    "rfc6455:4.1-p47-s2", "rfc6455:4.2.2-p21-s2", "rfc6455:4.3-p7-s1", "rfc6455:9.1-p3-s1", "rfc6455:9.1-p8-s4"
)
@pytest.mark.parametrize(
    ("values", "in_use"),
    [
        ([], []),
        (["shift"], [Shift]),
        (["shift, hex"], [Shift, Hex]),
        (["hex", "shift; by=1"], [Hex, Shift]),
        ([", hex ,"], [Hex]),
    ],
    ids=repr,
)
def test_what_a_server_puts_into_use(values: list[str], in_use: list[type]) -> None:
    assert [type(e) for e in check_answer(values, [SHIFT, HEX])] == in_use


@pytest.mark.clause("rfc6455:4.1-p43-s1", "rfc6455:4.1-p45-s1", "rfc6455:9.1-p1-s3", "rfc6455:4.2.2-p11-s4")
@pytest.mark.clause("rfc6455:9-p1-s3", "rfc6455:9.1-p7-s2")
@pytest.mark.parametrize(
    ("values", "clause"),
    [
        (["unknown"], "4.1-p43-s1"),
        (["shift, unknown"], "4.1-p43-s1"),
        (["SHIFT"], "4.1-p43-s1"),
        (["shift-rsv3"], "4.1-p43-s1"),
        (["shift, shift"], "4.1-p45-s1"),
        (["shift", "shift"], "4.1-p45-s1"),
        (["shift, other-shift"], "4.1-p45-s1"),
        (["shift; no"], "9-p1-s3"),
        ([""], "9.1-p1-s3"),
        (["shift;"], "9.1-p1-s3"),
        (["shift", "a b"], "9.1-p1-s3"),
        (['shift; by="a b"'], "9.1-p1-s3"),
    ],
    ids=repr,
)
def test_answers_that_fail(values: list[str], clause: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        check_answer(values, [SHIFT, OTHER_SHIFT, HEX])
    assert (failure.value.clause, failure.value.status) == (f"rfc6455:{clause}", 101)


# Their order


@pytest.mark.clause("rfc6455:9.1-p8-s4", "rfc6455:9.1-p8-s5")
@pytest.mark.parametrize(
    ("extensions", "payload"),
    [
        ([], b"\x00\xff"),
        ([Shift()], b"\x01\x00"),
        ([Hex()], b"00ff"),
        ([Shift(), Hex()], b"0100"),
        ([Hex(), Shift()], b"11gg"),
        ([Shift(), Hex(), Shift(2)], b"2322"),
        ([Hex(), Hex()], b"30306666"),
    ],
    ids=lambda value: [type(v).__name__ for v in value].__repr__() if isinstance(value, list) else None,
)
def test_the_order_of_operations(extensions: list[Extension], payload: bytes) -> None:
    first, encoded = encode(extensions, 0x82, b"\x00\xff", True)
    assert (first, encoded) == (0x82 | rsv_claimed(extensions)[Opcode.BINARY], payload)
    assert b"".join([*decode(extensions, encoded), *end(extensions)]) == b"\x00\xff"


class TestOnAConnection:
    """What the wiring does with extensions in use."""

    ORDERS: ClassVar = {"hex(shift)": [Shift, Hex], "shift(hex)": [Hex, Shift]}

    @pytest.mark.clause("rfc6455:5.8-p1-s3", "rfc6455:6.1-p7-s1", "rfc6455:9.1-p8-s5")
    @pytest.mark.parametrize("order", ORDERS)
    @given(st.lists(st.text(max_size=20), min_size=1, max_size=4), st.integers(1, 9))
    def test_messages_go_through(self, order: str, fragments: list[str], step: int) -> None:
        client = Endpoint.established(Role.CLIENT, extensions=[kind() for kind in self.ORDERS[order]])
        server = Endpoint.established(Role.SERVER, extensions=[kind() for kind in self.ORDERS[order]])
        for fragment in fragments[:-1]:
            client.send_a_fragment(fragment, fin=False)
            client.send_ping(b"between")
        client.send_a_fragment(fragments[-1], fin=True)
        client.send_a_websocket_message(b"\x00\xff")
        octets = client.octets_to_send()
        events = [e for at in range(0, len(octets), step) for e in server.receive_octets(octets[at : at + step])]
        pings = [Ping(b"between")] * (len(fragments) - 1)
        assert events == [*pings, "".join(fragments), b"\x00\xff"]

    @pytest.mark.clause("rfc6455:5.2-p6-s2", "rfc6455:9.1-p8-s5")
    def test_what_is_on_the_wire(self) -> None:
        server = Endpoint.established(Role.SERVER, extensions=[Shift(), Hex()])
        server.send_a_fragment(b"\x00", fin=False)
        server.send_ping(b"\x00")
        server.send_a_fragment(b"\xff", fin=True)
        assert server.octets_to_send() == b"\x32\x0201" + b"\x89\x01\x00" + b"\xa0\x0200"

    @pytest.mark.clause("rfc6455:5.2-p6-s2")
    @pytest.mark.parametrize(
        ("octets", "outcome"),
        [
            (b"\xb2\x0201", [b"\x00"]),
            (b"\x82\x0201", [b"\x00"]),
            (b"\x12\x0201\xa0\x00", [b"\x00"]),
            (b"\xc2\x00", "5.2-p6-s2"),
            (b"\xf2\x00", "5.2-p6-s2"),
            (b"\x32\x0201\x90\x00", "5.2-p6-s2"),
            (b"\xa9\x00", "5.2-p6-s2"),
            (b"\x98\x00", "5.2-p6-s2"),
        ],
        ids=["both", "neither", "each", "RSV1", "all", "RSV3 on a continuation", "RSV2 on Ping", "RSV3 on Close"],
    )
    def test_rsv_bits_on_the_wire(self, octets: bytes, outcome: list[bytes] | str) -> None:
        client = Endpoint.established(Role.CLIENT, extensions=[Shift(), Hex()])
        events = client.receive_octets(octets)
        if isinstance(outcome, list):
            assert events == outcome
        else:
            assert [e.clause for e in events if isinstance(e, Failure)] == [f"rfc6455:{outcome}"]

    def test_an_extension_is_told_of_each_frame(self) -> None:
        shift = Shift()
        client = Endpoint.established(Role.CLIENT, extensions=[shift])
        assert client.receive_octets(b"\x22\x01\x01\x89\x00\x80\x01\x02\x82\x00") == [Ping(b""), b"\x00\x01", b""]
        assert shift.begun == [0x22, 0x80, 0x82]

    def test_what_an_extension_cannot_undo_fails_the_connection(self) -> None:
        client = Endpoint.established(Role.CLIENT, extensions=[Hex()])
        [failure] = client.receive_octets(b"\x92\x01" + b"0")
        assert isinstance(failure, Failure)
        assert (failure.clause, failure.status) == ("rfc6455:9-p1-s3", 1007)

    @pytest.mark.clause("rfc6455:9-p1-s1/1", "rfc6455:9.1-p7-s3", "rfc6455:9.1-p12-s1", "rfc6455:4.2.2-p11-s5")
    @pytest.mark.parametrize(
        ("offered", "supported", "agreed", "field"),
        [
            ([SHIFT, HEX], [HEX, SHIFT], [Shift, Hex], "shift, hex"),
            ([HEX, SHIFT], [HEX, SHIFT], [Hex, Shift], "hex, shift"),
            ([SHIFT, HEX], [HEX], [Hex], "hex"),
            ([SHIFT, HEX], [], [], None),
            ([], [HEX, SHIFT], [], None),
            ([Negotiates("shift", Shift, ("no", None), ("by", "1"))], [SHIFT], [Shift], "shift; by=1"),
        ],
        ids=["both", "both, the other way", "one", "none supported", "none offered", "second offer"],
    )
    def test_negotiation(
        self, offered: list[Negotiates], supported: list[Negotiates], agreed: list[type], field: str | None
    ) -> None:
        client, server = Endpoint(Role.CLIENT), Endpoint(Role.SERVER)
        client.connect(parse_websocket_uri("ws://h/"), ClientOffer(extensions=offered))
        server.receive_octets(client.octets_to_send())
        accepted = server.accept(extensions=supported)
        server.send_a_websocket_message("\u00e4")
        opened, message = client.receive_octets(server.octets_to_send())
        assert isinstance(accepted, Opened)
        assert isinstance(opened, Opened)
        assert accepted.response.headers.get("Sec-WebSocket-Extensions") == field
        assert [type(e) for e in opened.extensions] == [type(e) for e in accepted.extensions] == agreed
        assert message == "\u00e4"
        client.send_a_websocket_message(message)
        assert server.receive_octets(client.octets_to_send()) == ["\u00e4"]
