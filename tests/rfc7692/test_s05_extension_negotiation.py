"""Section 5, Extension Negotiation: every combination of the parameters, for both roles."""

from itertools import product

import pytest
from fake_extension import Other

from refws.failure import HandshakeFailure, UsageError
from refws.host.http11 import Endpoint
from refws.rfc6455.endpoint import Opened, Role
from refws.rfc6455.s03_websocket_uris import parse_websocket_uri
from refws.rfc6455.s04_1_client_requirements import ClientOffer
from refws.rfc6455.s04_3_collected_abnf import format_extension_list, parse_extension_list
from refws.rfc6455.s05_2_base_framing_protocol import Opcode
from refws.rfc6455.s09_extensions import check_answer, choose_extensions
from refws.rfc6455.state import ReadyState
from refws.rfc7692 import PermessageDeflate
from refws.rfc7692.s07_1_method_parameters import Parameters

SNCT, CNCT = "server_no_context_takeover", "client_no_context_takeover"
SMWB, CMWB = "server_max_window_bits", "client_max_window_bits"
BITS = [None, *range(8, 16)]


def written(*parameters):
    return "; ".join(["permessage-deflate", *parameters])


def choose(*fields, **configuration):
    """What a server answers to these fields, and the parameters in use; (None, None) where it declines all."""
    answers, in_use = choose_extensions(fields, [PermessageDeflate(**configuration)])
    assert len(answers) == len(in_use) <= 1
    return (str(answers[0]), in_use[0].parameters) if answers else (None, None)


def least(*bits):
    return min((b for b in bits if b is not None), default=None)


# A server


@pytest.mark.clause(
    "rfc7692:3-p8-s1",
    "rfc7692:5-p3-s1",
    "rfc7692:5-p4-s1",
    "rfc7692:5-p4-s10",
    "rfc7692:5-p5-s1",
    "rfc7692:5-p5-s4",
    "rfc7692:5-p5-s5",
    "rfc7692:5-p6-s1",
    "rfc7692:5-p16-s1",
    "rfc7692:5.1-p6-s1",
    "rfc7692:5.1-p6-s2",
    "rfc7692:7-p9-s4",
    "rfc7692:7.1.1.1-p3-s1",
    "rfc7692:7.1.1.1-p3-s2",
    "rfc7692:7.1.1.1-p4-s1",
    "rfc7692:7.1.1.1-p5-s1",
    "rfc7692:7.1.1.2-p2-s1",
    "rfc7692:7.1.1.2-p2-s2",
    "rfc7692:7.1.1.2-p2-s3",
    "rfc7692:7.1.2.1-p6-s1",
    "rfc7692:7.1.2.1-p6-s2",
    "rfc7692:7.1.2.1-p8-s1",
    "rfc7692:7.1.2.2-p4-s1",
    "rfc7692:7.1.2.2-p4-s2",
    "rfc7692:7.1.2.2-p4-s3",
    "rfc7692:7.1.2.2-p7-s1",
    "rfc7692:7.1.3-p3-s1",
)
@pytest.mark.parametrize("server_bits", [None, 8, 11, 15])
@pytest.mark.parametrize("client_bits", [None, 8, 11, 15])
def test_a_servers_answer_to_every_offer(server_bits, client_bits):
    flags = [False, True]
    for snct, cnct, own_snct, own_cnct in product(flags, repeat=4):
        own = {SNCT: own_snct, CNCT: own_cnct, SMWB: server_bits, CMWB: client_bits}
        for asked, hint in product(BITS, [*BITS, ""]):
            offer = [SNCT] * snct + [CNCT] * cnct
            offer += [f"{SMWB}={asked}"] if asked else []
            offer += [CMWB if hint == "" else f"{CMWB}={hint}"] if hint is not None else []
            servers, clients = least(asked, server_bits), None
            if hint is not None:
                clients = least(hint or None, client_bits)
            expected = [SNCT] * (snct or own_snct) + [CNCT] * (cnct or own_cnct)
            expected += [f"{SMWB}={servers}"] if servers else []
            expected += [f"{CMWB}={clients}"] if clients else []
            answer, agreed = choose(written(*offer), **own)
            assert answer == written(*expected)
            assert agreed == Parameters(snct or own_snct, cnct or own_cnct, servers, clients)
            # A client that asked for the same takes it.
            client = PermessageDeflate(snct, cnct, asked, hint or None)
            accepted = client.accept(*parse_extension_list([answer])).parameters
            assert accepted == Parameters(snct or own_snct, cnct or own_cnct, servers, least(clients, hint or None))


BAD = [
    *[f"{name}{value}" for name in (SNCT, CNCT) for value in ("=1", "=true", "=8", '="x"')],
    *[
        f"{name}={value}"
        for name in (SMWB, CMWB)
        for value in ("7", "16", "0", "1", "08", "015", "010", "00", "80", "-8", "+8", "8.0", "1e1", "0x8", "eight")
    ],
    f'{SMWB}="7"',
    f'{CMWB}="016"',
    SMWB,
    *[f"{name}; {name}" for name in (SNCT, CNCT, CMWB)],
    f"{SMWB}=10; {SMWB}=10",
    f"{CMWB}=10; {CMWB}",
    "unknown",
    "unknown=1",
    "Server_no_context_takeover",
    f"{SNCT}; unknown; {CMWB}=9",
]


@pytest.mark.clause(
    "rfc7692:5-p1-s5",
    "rfc7692:5-p1-s7",
    "rfc7692:5-p1-s8",
    "rfc7692:5-p14-s1",
    "rfc7692:7-p10-s1",
    "rfc7692:7-p11-s1",
    "rfc7692:7-p12-s1",
    "rfc7692:7-p13-s1",
    "rfc7692:7.1.1.1-p1-s2",
    "rfc7692:7.1.1.2-p1-s2",
    "rfc7692:7.1.2.1-p1-s2",
    "rfc7692:7.1.2.1-p2-s1",
    "rfc7692:7.1.2.2-p1-s2",
    "rfc7692:7.1.2.2-p1-s3",
    "rfc7692:7.1.2.2-p2-s1",
    "rfc6455:9.1-p5-s1",
)
@pytest.mark.parametrize("bad", BAD)
def test_an_offer_that_is_not_valid_is_declined_and_the_next_one_tried(bad):
    bad, good, worse = written(bad), written(f"{SMWB}=12"), written(SNCT)
    assert choose(bad) == choose(bad, bad) == choose(f"{bad}, {bad}") == (None, None)
    for fields in ([f"{bad}, {good}, {worse}"], [bad, good, worse], [f"{bad}, {good}", worse], ["x-other", bad, good]):
        assert choose(*fields)[0] == good
    # It is not looked at where an earlier one will do.
    assert choose(good, bad)[0] == choose(f"{good}, {bad}")[0] == good


@pytest.mark.clause("rfc7692:5.2-p6-s1", "rfc6455:9.1-p3-s1", "rfc6455:9.1-p5-s1")
@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        (f'permessage-deflate; {SMWB}="10"', f"{SMWB}=10"),
        (f'permessage-deflate; {SMWB}="1\\0"', f"{SMWB}=10"),
        (f"permessage-deflate ;\t{SMWB} = 10", f"{SMWB}=10"),
        (f'permessage-deflate;{CMWB}="8";{SNCT}', f"{SNCT}; {CMWB}=8"),
        (f", ,permessage-deflate;{CMWB}=15,,", f"{CMWB}=15"),
    ],
)
def test_the_same_offer_in_other_words(offer, answer):
    assert choose(offer)[0] == written(answer)


@pytest.mark.clause("rfc6455:9.1-p1-s3")
@pytest.mark.parametrize(
    "field", [f"{CMWB}=", f"{CMWB}=1 x", f'{CMWB}="1 x"', f'{CMWB}=""', f"{CMWB}=1,=", "", f"{CMWB}=\u0661\u0662"]
)
def test_a_field_off_the_grammar_is_refused_as_a_whole(field):
    with pytest.raises(HandshakeFailure) as caught:
        choose(f"permessage-deflate; {field}, permessage-deflate")
    assert (caught.value.clause, caught.value.status) == ("rfc6455:9.1-p1-s3", 400)


@pytest.mark.clause("rfc7692:5-p14-s1")
@pytest.mark.parametrize("offer", ["x-webkit-deflate-frame", "permessage-bzip2", "Permessage-Deflate", "deflate"])
def test_no_other_name(offer):
    assert choose(offer) == (None, None)
    assert choose(offer, "permessage-deflate")[0] == "permessage-deflate"


def test_one_that_is_in_use_is_not_taken_twice():
    supported = [PermessageDeflate(), PermessageDeflate(server_no_context_takeover=True)]
    answers, in_use = choose_extensions(["permessage-deflate, permessage-deflate"], supported)
    assert [str(answer) for answer in answers] == ["permessage-deflate"]
    assert len(in_use) == 1


# A client


@pytest.mark.clause(
    "rfc7692:5-p1-s1",
    "rfc7692:5-p1-s5",
    "rfc7692:5-p1-s6",
    "rfc7692:5-p3-s7",
    "rfc7692:5-p4-s6",
    "rfc7692:5.1-p2-s1",
    "rfc7692:7.1.1.1-p1-s1",
    "rfc7692:7.1.1.1-p1-s2",
    "rfc7692:7.1.1.2-p1-s1",
    "rfc7692:7.1.1.2-p1-s2",
    "rfc7692:7.1.1.2-p1-s3",
    "rfc7692:7.1.2.1-p1-s1",
    "rfc7692:7.1.2.1-p1-s2",
    "rfc7692:7.1.2.2-p1-s1",
    "rfc7692:7.1.2.2-p3-s1",
    "rfc7692:7.1.2.2-p3-s2",
)
def test_every_offer_of_a_client():
    for snct, cnct, asked, hint, fallback in product([False, True], [False, True], BITS, BITS, [False, True]):
        client = PermessageDeflate(snct, cnct, asked, hint, fallback=fallback)
        hints = [CNCT] * cnct, [f"{CMWB}={hint}" if hint else CMWB]
        requests = [SNCT] * snct, [f"{SMWB}={asked}"] * (asked is not None)
        expected = [written(*requests[0], *hints[0], *requests[1], *hints[1])]
        if fallback and (snct or asked):
            expected.append(written(*hints[0], *hints[1]))
        assert format_extension_list(client.offers()) == ", ".join(expected)
        # A server that supports all of it takes the first.
        assert choose(*expected) == choose(expected[0])


ANSWERS = [
    # configuration, answer, parameters at work in the client
    ({}, [], Parameters()),
    ({}, [SNCT], Parameters(server_no_context_takeover=True)),
    ({}, [CNCT], Parameters(client_no_context_takeover=True)),
    *[({}, [f"{SMWB}={bits}"], Parameters(server_max_window_bits=bits)) for bits in range(8, 16)],
    *[({}, [f"{CMWB}={bits}"], Parameters(client_max_window_bits=bits)) for bits in range(8, 16)],
    ({}, [f'{CMWB}="9"', SNCT, f"{SMWB}=8", CNCT], Parameters(True, True, 8, 9)),
    # Hints that the server did not take up hold all the same; what it set below the hint holds, too (ruling 22).
    ({CNCT: True}, [], Parameters(client_no_context_takeover=True)),
    ({CMWB: 10}, [], Parameters(client_max_window_bits=10)),
    ({CMWB: 10}, [f"{CMWB}=11"], Parameters(client_max_window_bits=10)),
    ({CMWB: 10}, [f"{CMWB}=15"], Parameters(client_max_window_bits=10)),
    ({CMWB: 10}, [f"{CMWB}=9"], Parameters(client_max_window_bits=9)),
    # Granted, and the fallback.
    ({SMWB: 10}, [f"{SMWB}=10"], Parameters(server_max_window_bits=10)),
    ({SMWB: 10}, [f"{SMWB}=8"], Parameters(server_max_window_bits=8)),
    ({SMWB: 10}, [], Parameters()),
    ({SMWB: 10}, [f"{SMWB}=11"], Parameters(server_max_window_bits=11)),
    ({SNCT: True}, [], Parameters()),
    ({SNCT: True, SMWB: 10}, [SNCT], Parameters(server_no_context_takeover=True)),
    ({SMWB: 15, "fallback": False}, [], Parameters()),
    ({SMWB: 10, "fallback": False}, [f"{SMWB}=10", SNCT], Parameters(True, False, 10)),
    ({SNCT: True, SMWB: 9, "fallback": False}, [SNCT, f"{SMWB}=9"], Parameters(True, False, 9)),
]


@pytest.mark.clause(
    "rfc7692:5-p5-s2",
    "rfc7692:5-p15-s1",
    "rfc7692:5-p16-s1",
    "rfc7692:5.1-p9-s1",
    "rfc7692:7.1.1.2-p2-s4",
    "rfc7692:7.1.1.2-p4-s1",
    "rfc7692:7.1.2.2-p3-s2",
    "rfc7692:7.1.2.2-p6-s1",
    "rfc7692:7.2.2-p7-s3",
)
@pytest.mark.parametrize(("configuration", "answer", "expected"), ANSWERS, ids=str)
def test_answers_that_a_client_takes(configuration, answer, expected):
    (in_use,) = check_answer([written(*answer)], [PermessageDeflate(**configuration)])
    assert in_use.parameters == expected


FIRM = {"fallback": False}
REFUSED = [
    *[({}, bad, "rfc7692:7-p16-s1") for bad in BAD if "nknown" in bad or "Server" in bad],
    *[({}, bad, "rfc7692:7-p18-s1") for bad in BAD if bad.count(bad.split(";")[0].split("=")[0]) > 1],
    *[({}, bad, "rfc7692:7-p17-s1") for bad in BAD if ";" not in bad and "nknown" not in bad and "Server" not in bad],
    # All four are without a default: only in an offer may client_max_window_bits be without a value.
    ({}, CMWB, "rfc7692:7-p17-s1"),
    ({CMWB: 10}, CMWB, "rfc7692:7-p17-s1"),
    # An answer that grants less than any offer asked for (ruling 24).
    ({SNCT: True, **FIRM}, None, "rfc7692:5-p15-s1"),
    ({SMWB: 10, **FIRM}, None, "rfc7692:5-p15-s1"),
    ({SMWB: 14, **FIRM}, None, "rfc7692:5-p15-s1"),
    ({SMWB: 10, **FIRM}, f"{SMWB}=11", "rfc7692:5-p15-s1"),
    ({SMWB: 8, **FIRM}, f"{SMWB}=15", "rfc7692:5-p15-s1"),
    ({SMWB: 10, SNCT: True, **FIRM}, SNCT, "rfc7692:5-p15-s1"),
    ({SMWB: 10, SNCT: True, **FIRM}, f"{SMWB}=10", "rfc7692:5-p15-s1"),
    ({SMWB: 10, SNCT: True, **FIRM}, f"{SNCT}; {SMWB}=11", "rfc7692:5-p15-s1"),
]


@pytest.mark.clause(
    "rfc7692:3-p8-s1",
    "rfc7692:5-p15-s1",
    "rfc7692:5.1-p9-s1",
    "rfc7692:5.1-p9-s2",
    "rfc7692:7-p15-s1",
    "rfc7692:7-p16-s1",
    "rfc7692:7-p17-s1",
    "rfc7692:7-p18-s1",
    "rfc7692:7-p19-s1",
    "rfc7692:7.1.1.1-p3-s2",
    "rfc7692:7.1.1.2-p2-s3",
    "rfc7692:7.1.2.1-p6-s2",
    "rfc7692:7.1.2.1-p7-s1",
    "rfc7692:7.1.2.2-p4-s3",
    "rfc7692:7.1.2.2-p5-s1",
)
@pytest.mark.parametrize(("configuration", "answer", "clause"), REFUSED, ids=str)
def test_answers_that_fail_the_connection(configuration, answer, clause):
    field = written(answer) if answer else written()
    with pytest.raises(HandshakeFailure) as caught:
        check_answer([field], [PermessageDeflate(**configuration)])
    assert (caught.value.clause, caught.value.status) == (clause, 101)


def test_every_bad_parameter_has_been_in_an_answer():
    assert {answer for _, answer, _ in REFUSED} >= set(BAD)


@pytest.mark.clause("rfc7692:5-p15-s1", "rfc6455:4.1-p43-s1", "rfc6455:4.1-p45-s1")
@pytest.mark.parametrize(
    ("fields", "offered", "clause"),
    [
        (["permessage-deflate"], [], "rfc6455:4.1-p43-s1"),
        (["permessage-bzip2"], [PermessageDeflate()], "rfc6455:4.1-p43-s1"),
        (["permessage-deflate, permessage-deflate"], [PermessageDeflate()], "rfc6455:4.1-p45-s1"),
        (
            ["permessage-deflate", "permessage-deflate"],
            [PermessageDeflate(), PermessageDeflate()],
            "rfc6455:4.1-p45-s1",
        ),
        ([f'permessage-deflate; {SMWB}=""'], [PermessageDeflate()], "rfc6455:9.1-p1-s3"),
    ],
)
def test_answers_to_what_was_not_offered(fields, offered, clause):
    with pytest.raises(HandshakeFailure) as caught:
        check_answer(fields, offered)
    assert caught.value.clause == clause


# Beside another extension


OF_OTHERS = pytest.mark.parametrize(
    ("other", "conflict"),
    [
        (Other(0x40), True),
        (Other(0x70), True),
        (Other(0x40, [Opcode.BINARY]), True),
        (Other(0x20), False),
        (Other(0x30), False),
        (Other(), False),
        (Other(0x40, [Opcode.PING]), False),
    ],
    ids=["RSV1", "all RSV bits", "RSV1 of binary messages", "RSV2", "RSV2 and RSV3", "none", "RSV1 of Pings"],
)
IN_THIS_ORDER = pytest.mark.parametrize(
    "names", [["permessage-foo", "permessage-deflate"], ["permessage-deflate", "permessage-foo"]]
)


@pytest.mark.clause("rfc7692:5-p9-s1", "rfc7692:5-p1-s7", "rfc7692:5-p1-s8")
@OF_OTHERS
@IN_THIS_ORDER
def test_a_server_takes_the_first_of_two_that_use_the_same_bit(other, conflict, names):
    for supported in ([PermessageDeflate(), other], [other, PermessageDeflate()]):
        answers, in_use = choose_extensions([", ".join(names)], supported)
        assert [answer.name for answer in answers] == [extension.name for extension in in_use]
        assert [answer.name for answer in answers] == (names[:1] if conflict else names)


@pytest.mark.clause("rfc7692:5-p9-s2")
@OF_OTHERS
@IN_THIS_ORDER
def test_a_client_fails_where_two_use_the_same_bit(other, conflict, names):
    offered = [PermessageDeflate(), other]
    if not conflict:
        assert [extension.name for extension in check_answer(names, offered)] == names
        return
    for fields in (names, [", ".join(names)]):
        with pytest.raises(HandshakeFailure) as caught:
            check_answer(fields, offered)
        assert (caught.value.clause, caught.value.status) == ("rfc6455:4.1-p45-s1", 101)


PER_FRAME = [Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY]


@pytest.mark.clause("rfc7692:5-p10-s1", "rfc7692:5-p12-s1", "rfc7692:5-p13-s1")
@pytest.mark.parametrize("rsv", [0x20, 0x10, 0x30])
@IN_THIS_ORDER
def test_no_compression_of_what_marks_each_frame(rsv, names):
    other = Other(rsv, PER_FRAME)
    answers, _ = choose_extensions([", ".join(names)], [PermessageDeflate(), other])
    compresses_it = names[0] == other.name
    assert [answer.name for answer in answers] == (names[:1] if compresses_it else names)
    if compresses_it:
        with pytest.raises(HandshakeFailure) as caught:
            check_answer(names, [PermessageDeflate(), other])
        assert caught.value.clause == "rfc6455:4.1-p45-s1"
    else:
        assert [extension.name for extension in check_answer(names, [PermessageDeflate(), other])] == names


# The handshake as a whole


def handshake(client_extensions, server_extensions, rewrite=lambda octets: octets):
    """(events of the client, client, server), the answer rewritten on its way."""
    client, server = Endpoint(Role.CLIENT), Endpoint(Role.SERVER)
    client.connect(parse_websocket_uri("ws://example.com/"), ClientOffer(extensions=client_extensions))
    server.receive_octets(client.octets_to_send())
    server.accept(extensions=server_extensions)
    return client.receive_octets(rewrite(server.octets_to_send())), client, server


@pytest.mark.clause("rfc7692:5-p1-s4", "rfc7692:5-p1-s7", "rfc7692:5-p1-s8")
@pytest.mark.parametrize("of_client", [[PermessageDeflate(), Other(0x40)], [Other(0x40), PermessageDeflate()]])
@pytest.mark.parametrize("support", [(0, 1), (1, 0), (0,), (1,), ()])
def test_a_client_may_offer_several(of_client, support):
    (opened,), _, _ = handshake(of_client, [of_client[i] for i in support])
    offered = ", ".join(format_extension_list(extension.offers()) for extension in of_client)
    assert opened.request.headers.get("Sec-WebSocket-Extensions") == offered
    # The most preferred of those that the server supports.
    assert [extension.name for extension in opened.extensions] == [of_client[i].name for i in sorted(support)[:1]]


@pytest.mark.clause("rfc7692:5-p5-s1", "rfc7692:5-p16-s1", "rfc7692:5-p14-s2")
@pytest.mark.parametrize("of_client", [[], [PermessageDeflate()]])
@pytest.mark.parametrize("of_server", [[], [PermessageDeflate()]])
def test_in_use_where_both_want_it(of_client, of_server):
    (opened,), client, server = handshake(of_client, of_server)
    assert isinstance(opened, Opened)
    assert len(opened.extensions) == (len(of_client) and len(of_server))
    for sender, receiver in ((client, server), (server, client)):
        sender.send_a_websocket_message("Hello" * 9)
        octets = sender.octets_to_send()
        assert octets[0] == (0xC1 if opened.extensions else 0x81)
        assert receiver.receive_octets(octets) == ["Hello" * 9]


@pytest.mark.clause("rfc7692:5-p5-s1", "rfc7692:5-p5-s2", "rfc7692:5-p5-s4", "rfc7692:5-p16-s1")
@pytest.mark.parametrize("anew", [SNCT, CNCT])
def test_each_side_does_what_was_agreed_for_it(anew):
    _, client, server = handshake([PermessageDeflate(**{anew: True})], [PermessageDeflate()])
    for name, sender, receiver in ((SNCT, server, client), (CNCT, client, server)):
        lengths = set()
        for _ in range(2):
            sender.send_a_websocket_message("Hello" * 9)
            octets = sender.octets_to_send()
            lengths.add(len(octets))
            assert receiver.receive_octets(octets) == ["Hello" * 9]
        # The window of the first message makes the second one shorter.
        assert len(lengths) == (1 if name == anew else 2)


@pytest.mark.clause("rfc7692:5.1-p9-s2", "rfc7692:7-p15-s1")
def test_a_client_that_fails_sends_no_frame():
    def rewrite(octets):
        return octets.replace(b": permessage-deflate", b": permessage-deflate; server_max_window_bits=16")

    (failure,), client, _ = handshake([PermessageDeflate()], [PermessageDeflate()], rewrite)
    assert failure.clause == "rfc7692:7-p17-s1"
    assert "server_max_window_bits with value '16'" in str(failure)
    assert client.octets_to_send() == b""
    assert client.ready_state is not ReadyState.OPEN


# The configuration


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (SMWB, (7, 16, 0, -1, "10")),
        (CMWB, (7, 16)),
        ("level", (-1, 10)),
        ("memory_level", (0, 10)),
        ("threshold", (-1,)),
    ],
)
def test_values_out_of_range(name, values):
    for value in values:
        with pytest.raises(UsageError, match=r" 8 to 15|level goes from"):
            PermessageDeflate(**{name: value})


@pytest.mark.parametrize("extremes", [(8, 0, 1), (15, 9, 9)])
def test_values_just_in_range(extremes):
    bits, level, memory = extremes
    configuration = PermessageDeflate(
        server_max_window_bits=bits, client_max_window_bits=bits, level=level, memory_level=memory, threshold=0
    )
    (opened,), client, server = handshake([configuration], [configuration])
    assert opened.extensions[0].parameters == Parameters(False, False, bits, bits)
    client.send_a_websocket_message("Hello" * 1000)
    assert server.receive_octets(client.octets_to_send()) == ["Hello" * 1000]
