"""refws.rfc6455.s10_security_considerations: limits and origins. What limits do is tested where they are kept."""

import re

import pytest

from refws.failure import HandshakeFailure
from refws.rfc6455.s10_security_considerations import Limits, check_origin, fragments_exceeded, size_exceeded


@pytest.mark.clause("rfc6455:10.4-p1-s3")
def test_there_are_limits_by_default():
    assert Limits() == Limits(None, 1048576, 65536, 16384, 128)


@pytest.mark.clause("rfc6455:10.4-p1-s1")
def test_failures():
    too_big, too_many = size_exceeded(4, "a frame"), fragments_exceeded(3)
    assert (too_big.clause, too_big.status) == ("rfc6455:10.4-p1-s1", 1009)
    assert too_big.why == "a frame of more than 4 octets"
    assert (too_many.clause, too_many.status) == ("rfc6455:10.4-p1-s1", 1008)
    assert "3" in too_many.why


HERE = "https://example.org"


@pytest.mark.clause(
    "rfc6455:10.2-p1-s1", "rfc6455:10.2-p1-s2", "rfc6455:4.2.2-p6-s2", "rfc6455:4.2.2-p6-s3", "rfc6455:4.2.2-p6-s4"
)
@pytest.mark.parametrize(
    ("policy", "taken", "refused"),
    [
        (None, [None, "", HERE, "null", "nonsense"], []),
        (
            [HERE],
            [HERE, "HTTPS://Example.ORG"],
            [None, "", "null", "http://example.org", HERE + ":443", HERE + ".evil", "x" + HERE],
        ),
        (["HTTPS://EXAMPLE.org"], [HERE], [None]),
        ([HERE, None], [HERE, None], ["", "null"]),
        ([None], [None], [HERE]),
        (
            [re.compile(r"https://\w+\.example\.org")],
            ["https://a.example.org", "https://A.Example.org"],
            [None, HERE, "https://a.example.org.evil"],
        ),
        ([], [], [None, HERE]),
        (lambda origin: origin in (None, HERE), [None, HERE, "https://EXAMPLE.org"], ["http://example.org"]),
    ],
    ids=["all", "one", "one in capitals", "one or none", "none", "pattern", "nobody", "function"],
)
def test_origins(policy, taken, refused):
    for origin in taken:
        check_origin(origin, policy)
    for origin in refused:
        with pytest.raises(HandshakeFailure) as caught:
            check_origin(origin, policy)
        assert (caught.value.clause, caught.value.status) == ("rfc6455:10.2-p1-s2", 403)
        assert ("no Origin" if origin is None else repr(origin)) in caught.value.why
