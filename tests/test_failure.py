"""refws.failure: what the peer did wrong, and what the caller did."""

import copy
import pickle

import pytest

from refws.failure import Failure, HandshakeFailure, UsageError
from refws.rfc6455.s07_4_status_codes import StatusCode


def test_a_failure_says_clause_status_and_why():
    failure = Failure("rfc6455:5.5-p3-s1/1", StatusCode.PROTOCOL_ERROR, "a long ping")
    assert (failure.clause, failure.status, failure.why) == ("rfc6455:5.5-p3-s1/1", 1002, "a long ping")
    assert type(failure.status) is int
    assert str(failure) == "a long ping [rfc6455:5.5-p3-s1/1]"


def test_a_handshake_failure_has_header_fields_and_perhaps_a_response():
    failure = HandshakeFailure("rfc6455:4.2.1-p3-s1", 405, "method PUT", [("Allow", "GET")])
    assert isinstance(failure, Failure)
    assert failure.headers == (("Allow", "GET"),)
    assert failure.response is None
    assert HandshakeFailure("rfc6455:4.1-p38-s2", 0, "nothing came").headers == ()


@pytest.mark.parametrize(
    "failure",
    [Failure("a:1-p1-s1", 1002, "why"), HandshakeFailure("a:1-p1-s1", 405, "why", [("Allow", "GET")])],
    ids=["Failure", "HandshakeFailure"],
)
def test_failures_can_be_copied_and_pickled(failure):
    for other in (copy.copy(failure), pickle.loads(pickle.dumps(failure))):
        assert type(other) is type(failure)
        assert vars(other) == vars(failure)
        assert str(other) == str(failure)


def test_an_error_of_the_caller_is_no_failure():
    assert not issubclass(UsageError, Failure)
    assert issubclass(UsageError, ValueError)
