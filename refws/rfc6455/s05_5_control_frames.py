"""Section 5.5, Control Frames: Close, Ping, Pong."""

from dataclasses import dataclass

from refws.failure import Failure, UsageError
from refws.rfc6455.s05_2_base_framing_protocol import CLOSE, CONTROL, FIN, LENGTH, OPCODE
from refws.rfc6455.s07_4_status_codes import StatusCode, check_received_code, check_sendable_code
from refws.rfc6455.s08_error_handling import Utf8Stream, encode_utf_8

__all__ = ["Close", "Ping", "Pong", "build_close_body", "check_control_frame", "check_payload", "parse_close_body"]


@dataclass(frozen=True, slots=True)
class Close:
    """A Close frame (section 5.5.1): its status code, 1005 where it had none, and its reason."""

    code: int = StatusCode.NO_STATUS_RECEIVED
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ping:
    """A Ping frame (section 5.5.2). The endpoint has put the Pong in the outbox already."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """A Pong frame (section 5.5.3), asked for or not."""

    payload: bytes


def check_control_frame(first_octet: int, second_octet: int | None) -> None:
    """What every control frame owes (section 5.5); `second_octet` is None while it has not arrived."""
    # §5.5-p1-s1 MUST be known by the top bit of the opcode
    if not first_octet & CONTROL:
        return
    # §5.5-p3-s1/2 MUST NOT be fragmented; §5.4-p8-s2 MUST NOT be fragmented
    # §5.4-p17-s2 MUST be a data frame where it is a fragment
    if not first_octet & FIN:
        raise Failure("rfc6455:5.5-p3-s1/2", StatusCode.PROTOCOL_ERROR, "a control frame without FIN")
    if second_octet is None:
        return
    length = second_octet & LENGTH
    # §5.5-p3-s1/1 MUST be at most 125 octets of payload
    if length > 125:
        raise Failure("rfc6455:5.5-p3-s1/1", StatusCode.PROTOCOL_ERROR, "a control frame of more than 125 octets")
    # §5.5.1-p2-s2 MUST begin with a code of two octets where there is a body
    if first_octet & OPCODE == CLOSE and length == 1:
        raise Failure("rfc6455:5.5.1-p2-s2", StatusCode.PROTOCOL_ERROR, "a Close frame with a payload of one octet")


def check_payload(payload: bytes) -> bytes:
    """A payload for a Ping or a Pong, or `UsageError` where it is too long."""
    # §5.5-p3-s1/1 MUST be at most 125 octets of payload
    if len(payload) > 125:
        raise UsageError(f"a control frame holds 125 octets at most, not {len(payload)} [rfc6455:5.5-p3-s1/1]")
    return payload


def parse_close_body(body: bytes, final: bool = True) -> Close:
    """Read the body of a Close frame, or, when not `final`, check what has come of it.

    Raises `Failure` at the first octet that cannot be part of any acceptable body.
    """
    # §5.5.1-p2-s1 MAY have a body
    if len(body) < 2:
        # §7.1.5-p1-s4 MUST read as 1005 where there is no code
        return Close()
    # §5.5.1-p2-s2 MUST be in network byte order
    code = int.from_bytes(body[:2], "big")
    check_received_code(code)
    # §5.5.1-p2-s3 MAY be followed by a reason in UTF-8 (ruling 30: anything else is refused, as in a text message)
    return Close(code, Utf8Stream().decode(body[2:], final))


def build_close_body(code: int | None, reason: str, *, client: bool) -> bytes:
    """The body of a Close frame: none where `code` is None. Raises `UsageError` for what may not be sent."""
    if code is None:
        # §7.1.6-p1-s1 MAY follow a code, and only a code
        if reason:
            raise UsageError("a reason needs a status code before it [rfc6455:5.5.1-p2-s2]")
        return b""
    check_sendable_code(code, client=client)
    # §5.5.1-p2-s2 MUST begin with a code of two octets where there is a body
    return check_payload(code.to_bytes(2, "big") + encode_utf_8(reason))
