"""Section 7.4, Status Codes."""

from enum import IntEnum

from refws.failure import Failure, UsageError

__all__ = ["StatusCode", "check_received_code", "check_sendable_code", "may_be_on_the_wire", "may_be_sent"]


# §11.7-p9-s1 MUST be what the registry began with
class StatusCode(IntEnum):
    """The defined status codes (section 7.4.1), and those registered since (1012 to 1014)."""

    # §7.4.1-p3-s1 MUST mean that the purpose is fulfilled
    NORMAL_CLOSURE = 1000
    # §7.4.1-p5-s1 MUST mean that an endpoint goes away
    GOING_AWAY = 1001
    # §7.4.1-p7-s1 MUST mean a protocol error
    PROTOCOL_ERROR = 1002
    # §7.4.1-p9-s1 MAY be sent on a type of data that is not accepted
    UNSUPPORTED_DATA = 1003
    RESERVED = 1004
    # §7.4.1-p13-s2 MUST tell the application that no code came
    NO_STATUS_RECEIVED = 1005
    # §7.4.1-p15-s2 MUST tell the application of an abnormal closure
    ABNORMAL_CLOSURE = 1006
    # §7.4.1-p17-s1 MUST mean data that does not fit the type of its message
    INVALID_FRAME_PAYLOAD_DATA = 1007
    # §7.4.1-p19-s1 MUST mean a message against the policy; §7.4.1-p19-s2 MAY stand for what no other code fits
    POLICY_VIOLATION = 1008
    # §7.4.1-p21-s1 MUST mean a message that is too big
    MESSAGE_TOO_BIG = 1009
    # §7.4.1-p23-s1 MUST mean that a client misses an extension
    MANDATORY_EXTENSION = 1010
    # §7.4.1-p25-s1 MUST mean an unexpected condition (erratum 3227: of any endpoint)
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    # §7.4.1-p27-s2 MUST tell the application of a failed TLS handshake
    TLS_HANDSHAKE = 1015


def may_be_on_the_wire(code: int) -> str | None:
    """None where a Close frame may carry this code, else the id of the clause that forbids it (ruling 19)."""
    # §7.4.2-p2-s1 MUST leave 0 to 999 unused
    if code < 1000:
        return "rfc6455:7.4.2-p2-s1"
    # §7.4.1-p11-s1 MUST stay unused: it is reserved
    if code == StatusCode.RESERVED:
        return "rfc6455:7.4.1-p11-s1"
    # §7.4.1-p13-s1 MUST NOT be sent: it is for the application
    if code == StatusCode.NO_STATUS_RECEIVED:
        return "rfc6455:7.4.1-p13-s1"
    # §7.4.1-p15-s1 MUST NOT be sent: it is for the application
    if code == StatusCode.ABNORMAL_CLOSURE:
        return "rfc6455:7.4.1-p15-s1"
    # §7.4.1-p27-s1 MUST NOT be sent: it is for the application
    if code == StatusCode.TLS_HANDSHAKE:
        return "rfc6455:7.4.1-p27-s1"
    # §7.4.1-p1-s1 MAY be used
    if code <= StatusCode.BAD_GATEWAY:
        return None
    # §7.4.2-p4-s1 MUST leave the rest up to 2999 to this protocol and its public extensions
    if code < 3000:
        return "rfc6455:7.4.2-p4-s1"
    # §7.4.2-p6-s1 MUST be for libraries, frameworks and applications, 3000 to 3999
    # §7.4.2-p8-s1 MUST be for private use, 4000 to 4999; §7.4-p1-s3 MUST be all: there is no range above
    # §11.7-p3-s2 MUST be 1000 to 4999; §11.7-p7-s4 MUST be for private use, 4000 to 4999
    return None if code < 5000 else "rfc6455:7.4-p1-s3"


def check_received_code(code: int) -> None:
    """Refuse a status code that no Close frame may carry. Ruling 7: such a code is a protocol error."""
    clause = may_be_on_the_wire(code)
    if clause is not None:
        raise Failure(clause, StatusCode.PROTOCOL_ERROR, f"a Close frame with status code {code}")


def may_be_sent(code: int, *, client: bool) -> str | None:
    """None where this side may send the code, else the id of the clause that forbids it."""
    # §7.4.1-p23-s3 MUST be a client's: a server refuses the handshake instead
    if code == StatusCode.MANDATORY_EXTENSION and not client:
        return "rfc6455:7.4.1-p23-s3"
    return may_be_on_the_wire(code)


def check_sendable_code(code: int, *, client: bool) -> None:
    """Refuse to send what `may_be_sent` forbids: `UsageError`."""
    clause = may_be_sent(code, client=client)
    if clause is not None:
        side = "client" if client else "server"
        raise UsageError(f"a {side} may not send status code {code} [{clause}]; take 1000, 1001 or 3000 to 4999")
