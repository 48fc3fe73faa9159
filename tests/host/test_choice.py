"""What a server chooses for one request, as the endpoint takes it."""

import logging

import pytest
from peers import TEXT, frame, request

import refws
from refws.host.choice import Choice, accept


def established(**choice):
    """A server's endpoint that has accepted a request with this choice."""
    endpoint = refws.Endpoint(refws.Role.SERVER)
    endpoint.receive_octets(request())
    assert isinstance(accept(endpoint, Choice(handler=print, **choice)), refws.Opened)
    endpoint.take_outbox()
    return endpoint


def test_limits_are_those_of_the_choice():
    endpoint = established(limits=refws.Limits(max_message_size=3))
    assert endpoint.receive_octets(frame(TEXT, b"abc")) == ["abc"]
    [failure] = endpoint.receive_octets(frame(TEXT, b"abcd"))
    assert failure.status == 1009


def test_a_check_refuses_messages():
    def check(opcode, fragment_length, total_length):
        if opcode == 1 and total_length > 2:
            raise refws.Failure("rfc6455:10.4-p1-s1", 1009, "no long texts here")

    endpoint = established(check_message=check)
    assert endpoint.receive_octets(frame(TEXT, b"ab") + frame(2, b"abc")) == ["ab"]
    assert endpoint.receive_octets(frame(0x80, b"abc")) == [b"abcabc"]
    [failure] = endpoint.receive_octets(frame(TEXT, b"abc"))
    assert str(failure) == "no long texts here [rfc6455:10.4-p1-s1]"


def test_a_check_that_fails_fails_the_connection(caplog):
    def check(*_):
        raise ZeroDivisionError

    caplog.set_level(logging.ERROR, "refws")
    endpoint = established(check_message=check)
    [failure] = endpoint.receive_octets(frame(TEXT, b"a"))
    assert failure.status == 1011
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.clause("rfc6455:10.2-p1-s2")
def test_a_request_that_is_refused_is_answered():
    endpoint = refws.Endpoint(refws.Role.SERVER)
    endpoint.receive_octets(request("Origin: https://example.com"))
    assert accept(endpoint, Choice(handler=print, origins=["https://example.org"])) is None
    assert endpoint.octets_to_send().startswith(b"HTTP/1.1 403 ")
