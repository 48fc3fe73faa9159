"""Section 7.1, Method Parameters: as they are written and as they are read. All combinations: test_s05."""

from itertools import product

import pytest

from refws.rfc6455.s04_3_collected_abnf import parse_extension_list
from refws.rfc7692.s07_1_method_parameters import InvalidParameters, Parameters, read_answer, read_offer

SNCT, CNCT = "server_no_context_takeover", "client_no_context_takeover"
SMWB, CMWB = "server_max_window_bits", "client_max_window_bits"


def parsed(*parameters):
    return parse_extension_list(["; ".join(["permessage-deflate", *parameters])])[0]


@pytest.mark.clause(
    "rfc7692:7-p3-s1",
    "rfc7692:7-p4-s1",
    "rfc7692:7-p5-s1",
    "rfc7692:7-p6-s1",
    "rfc7692:7-p7-s1",
    "rfc7692:7-p8-s1",
    "rfc7692:7-p9-s4",
    "rfc7692:7.1.2.1-p2-s1",
    "rfc7692:7.1.2.1-p7-s1",
    "rfc7692:7.1.2.2-p1-s3",
    "rfc7692:7.1.2.2-p2-s1",
    "rfc7692:7.1.2.2-p5-s1",
)
def test_what_is_written_is_read():
    bits = [None, *range(8, 16)]
    for snct, cnct, servers, clients in product([False, True], [False, True], bits, bits):
        answer = Parameters(snct, cnct, servers, clients, client_max_window_bits_offered=clients is not None)
        assert read_answer(answer.written()) == read_offer(answer.written()) == answer
        offer = Parameters(snct, cnct, servers, clients, client_max_window_bits_offered=True)
        assert read_offer(offer.written()) == offer
        assert str(offer.written()).count(";") == snct + cnct + (servers is not None) + 1


@pytest.mark.clause(
    "rfc7692:7-p3-s1",
    "rfc7692:7.1.1.1-p1-s2",
    "rfc7692:7.1.1.1-p3-s2",
    "rfc7692:7.1.1.2-p1-s2",
    "rfc7692:7.1.1.2-p2-s3",
    "rfc7692:7.1.2.1-p1-s2",
    "rfc7692:7.1.2.1-p6-s2",
    "rfc7692:7.1.2.2-p1-s2",
    "rfc7692:7.1.2.2-p1-s3",
    "rfc7692:7.1.2.2-p4-s3",
)
def test_the_form_in_the_header():
    assert str(Parameters().written()) == "permessage-deflate"
    assert str(Parameters(client_max_window_bits_offered=True).written()) == f"permessage-deflate; {CMWB}"
    everything = Parameters(True, True, 8, 15, client_max_window_bits_offered=True)
    assert str(everything.written()) == f"permessage-deflate; {SNCT}; {CNCT}; {SMWB}=8; {CMWB}=15"


@pytest.mark.clause(
    "rfc7692:7-p11-s1",
    "rfc7692:7-p12-s1",
    "rfc7692:7-p13-s1",
    "rfc7692:7-p16-s1",
    "rfc7692:7-p17-s1",
    "rfc7692:7-p18-s1",
    "rfc7692:7.1.2.1-p1-s2",
    "rfc7692:7.1.2.1-p6-s2",
    "rfc7692:7.1.2.2-p1-s2",
    "rfc7692:7.1.2.2-p1-s3",
    "rfc7692:7.1.2.2-p4-s3",
)
@pytest.mark.parametrize(
    ("parameters", "offer", "answer", "why"),
    [
        (["unknown"], "7-p11-s1", "7-p16-s1", "unknown parameter unknown"),
        ([f"{SNCT}=1"], "7-p12-s1", "7-p17-s1", f"{SNCT} with value '1'"),
        ([f"{CNCT}=1"], "7-p12-s1", "7-p17-s1", f"{CNCT} with value '1'"),
        ([SMWB], "7-p12-s1", "7-p17-s1", f"{SMWB} with no value"),
        ([CMWB], None, "7-p17-s1", f"{CMWB} with no value"),
        ([f"{SMWB}=7"], "7-p12-s1", "7-p17-s1", f"{SMWB} with value '7'"),
        ([f"{SMWB}=8"], None, None, None),
        ([f"{SMWB}=15"], None, None, None),
        ([f"{SMWB}=16"], "7-p12-s1", "7-p17-s1", f"{SMWB} with value '16'"),
        ([f"{CMWB}=7"], "7-p12-s1", "7-p17-s1", f"{CMWB} with value '7'"),
        ([f"{CMWB}=8"], None, None, None),
        ([f"{CMWB}=15"], None, None, None),
        ([f"{CMWB}=16"], "7-p12-s1", "7-p17-s1", f"{CMWB} with value '16'"),
        ([f"{CMWB}=08"], "7-p12-s1", "7-p17-s1", f"{CMWB} with value '08'"),
        ([SNCT, SNCT], "7-p13-s1", "7-p18-s1", "a parameter is repeated"),
        ([f"{CMWB}=9", f"{CMWB}=10"], "7-p13-s1", "7-p18-s1", "a parameter is repeated"),
    ],
)
def test_which_clause_is_broken(parameters, offer, answer, why):
    for read, clause in ((read_offer, offer), (read_answer, answer)):
        if clause is None:
            read(parsed(*parameters))
        else:
            with pytest.raises(InvalidParameters) as caught:
                read(parsed(*parameters))
            assert (caught.value.clause, str(caught.value)) == (f"rfc7692:{clause}", why)
