"""Frames made and read by hand, so that the tests do not lean on the code they test."""

from refws.failure import Failure
from refws.rfc6455.endpoint import Endpoint, Role

KEY = bytes.fromhex("37fa213d")
ROLES = [Role.SERVER, Role.CLIENT]
FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
OPCODES = [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG]


def xor(octets, key=KEY):
    """Masking as the RFC writes it."""
    return bytes(octet ^ key[i % 4] for i, octet in enumerate(octets))


def length_field(length, mask_bit, form=None):
    """Seven bits, 16 or 64 (`form` 7, 16, 64; else the shortest); `length` may be too large for a real payload."""
    form = form or (7 if length < 126 else 16 if length < 65536 else 64)
    if form == 7:
        return bytes([mask_bit | length])
    return bytes([mask_bit | (126 if form == 16 else 127)]) + length.to_bytes(form // 8, "big")


def frame(first, payload=b"", *, key=None, form=None):
    """One frame; masked where a key is given."""
    header = bytes([first]) + length_field(len(payload), 0x80 if key else 0, form)
    return header + key + xor(payload, key) if key else header + payload


def key_to(role):
    """What masks frames that go to an endpoint of this role."""
    return KEY if role is Role.SERVER else None


def frame_to(role, first, payload=b"", **how):
    """One frame as an endpoint of this role is to get it."""
    return frame(first, payload, key=key_to(role), **how)


def read_frames(octets):
    """[(first octet, whether masked, payload unmasked), …] of complete frames in their shortest form."""
    frames = []
    while octets:
        first, second, at = octets[0], octets[1], 2
        length = second & 127
        if length > 125:
            size = 2 if length == 126 else 8
            length, at = int.from_bytes(octets[2 : 2 + size], "big"), 2 + size
            assert length > (125 if size == 2 else 65535)
        key = octets[at : at + 4] if second & 128 else bytes(4)
        at += 4 if second & 128 else 0
        assert len(octets) >= at + length
        frames.append((first, second > 127, xor(octets[at : at + length], key)))
        octets = octets[at + length :]
    return frames


def sent_by(endpoint):
    """The frames that an endpoint sends now, as (first octet, payload), all masked as its role asks."""
    return [(first, payload) for first, _, payload in read_frames(endpoint.octets_to_send())]


def failure_of(role, octets, **how):
    """How many octets it takes to fail, and the failure; (None, None) where they do not fail.

    Octets that come one by one and octets that come at once have to agree.
    """
    at_once = Endpoint.established(role, **how).receive_octets(octets)
    endpoint = Endpoint.established(role, **how)
    events = []
    for count in range(1, len(octets) + 1):
        events += endpoint.receive_octets(octets[count - 1 : count])
        if events and isinstance(events[-1], Failure):
            assert described(events) == described(at_once)
            return count, events[-1]
    assert described(events) == described(at_once)
    return None, None


def described(events):
    """Events in a form that compares: failures do not."""
    return [(e.clause, e.status) if isinstance(e, Failure) else (type(e), e) for e in events]


# Endpoints in each state


def connecting(role):
    return Endpoint(role)


def close_sent(role):
    endpoint = Endpoint.established(role)
    endpoint.start_the_websocket_closing_handshake()
    endpoint.take_outbox()
    return endpoint


def close_exchanged(role):
    endpoint = close_sent(role)
    endpoint.receive_octets(frame_to(role, FIN | CLOSE, b"\x03\xe8"))
    endpoint.react()
    return endpoint


def failed(role):
    endpoint = Endpoint.established(role)
    endpoint.fail_the_websocket_connection(Failure("rfc6455:7.2.1-p2-s1", 1001, "a time limit"))
    endpoint.take_outbox()
    return endpoint


def closed(role):
    endpoint = Endpoint.established(role)
    endpoint.the_tcp_connection_is_closed()
    return endpoint
