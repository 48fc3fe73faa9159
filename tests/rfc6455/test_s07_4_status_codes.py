"""refws.rfc6455.s07_4_status_codes: all 65536 codes, in and out."""

import pytest

from refws.failure import Failure, UsageError
from refws.rfc6455.s07_4_status_codes import (
    StatusCode,
    check_received_code,
    check_sendable_code,
    may_be_on_the_wire,
    may_be_sent,
)

RANGES = [
    (0, 999, "rfc6455:7.4.2-p2-s1"),
    (1000, 1003, None),
    (1004, 1004, "rfc6455:7.4.1-p11-s1"),
    (1005, 1005, "rfc6455:7.4.1-p13-s1"),
    (1006, 1006, "rfc6455:7.4.1-p15-s1"),
    (1007, 1014, None),
    (1015, 1015, "rfc6455:7.4.1-p27-s1"),
    (1016, 2999, "rfc6455:7.4.2-p4-s1"),
    (3000, 4999, None),
    (5000, 65535, "rfc6455:7.4-p1-s3"),
]
forbidden = pytest.mark.clause(
    "rfc6455:7.4.2-p2-s1",
    "rfc6455:7.4.1-p11-s1",
    "rfc6455:7.4.1-p13-s1",
    "rfc6455:7.4.1-p15-s1",
    "rfc6455:7.4.1-p27-s1",
    "rfc6455:7.4.2-p4-s1",
    "rfc6455:7.4-p1-s3",
)


@forbidden
@pytest.mark.clause("rfc6455:7.4.1-p1-s1", "rfc6455:7.4.2-p6-s1", "rfc6455:7.4.2-p8-s1")
@pytest.mark.parametrize(("low", "high", "clause"), RANGES, ids=[f"{r[0]}-{r[1]}" for r in RANGES])
def test_which_codes_may_arrive(low, high, clause):
    for code in range(low, high + 1):
        assert may_be_on_the_wire(code) == clause
        if clause is None:
            check_received_code(code)
        else:
            with pytest.raises(Failure, match=f"status code {code} ") as caught:
                check_received_code(code)
            assert (caught.value.clause, caught.value.status) == (clause, 1002)


@forbidden
@pytest.mark.clause("rfc6455:7.4.1-p1-s1", "rfc6455:7.4.1-p23-s3")
@pytest.mark.parametrize("client", [False, True], ids=["server", "client"])
@pytest.mark.parametrize(("low", "high", "clause"), RANGES, ids=[f"{r[0]}-{r[1]}" for r in RANGES])
def test_which_codes_may_be_sent(low, high, clause, client):
    for code in range(low, high + 1):
        expected = "rfc6455:7.4.1-p23-s3" if code == 1010 and not client else clause
        assert may_be_sent(code, client=client) == expected
        if expected is None:
            check_sendable_code(code, client=client)
        else:
            with pytest.raises(UsageError) as caught:
                check_sendable_code(code, client=client)
            assert f"status code {code} [{expected}]" in str(caught.value)


@pytest.mark.parametrize("code", [-1, 65536, 10**9])
def test_what_is_no_code_is_not_sent(code):
    with pytest.raises(UsageError):
        check_sendable_code(code, client=True)


@pytest.mark.clause(
    "rfc6455:7.4.1-p3-s1",
    "rfc6455:7.4.1-p5-s1",
    "rfc6455:7.4.1-p7-s1",
    "rfc6455:7.4.1-p9-s1",
    "rfc6455:7.4.1-p13-s2",
    "rfc6455:7.4.1-p15-s2",
    "rfc6455:7.4.1-p17-s1",
    "rfc6455:7.4.1-p19-s1",
    "rfc6455:7.4.1-p19-s2",
    "rfc6455:7.4.1-p21-s1",
    "rfc6455:7.4.1-p23-s1",
    "rfc6455:7.4.1-p25-s1",
    "rfc6455:7.4.1-p27-s2",
    "rfc6455:11.7-p9-s1",
)
def test_names():
    assert {code.value: code.name for code in StatusCode} == {
        1000: "NORMAL_CLOSURE",
        1001: "GOING_AWAY",
        1002: "PROTOCOL_ERROR",
        1003: "UNSUPPORTED_DATA",
        1004: "RESERVED",
        1005: "NO_STATUS_RECEIVED",
        1006: "ABNORMAL_CLOSURE",
        1007: "INVALID_FRAME_PAYLOAD_DATA",
        1008: "POLICY_VIOLATION",
        1009: "MESSAGE_TOO_BIG",
        1010: "MANDATORY_EXTENSION",
        1011: "INTERNAL_ERROR",
        1012: "SERVICE_RESTART",
        1013: "TRY_AGAIN_LATER",
        1014: "BAD_GATEWAY",
        1015: "TLS_HANDSHAKE",
    }
