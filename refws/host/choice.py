"""What a server chooses for one request: who handles the connection, and what it takes from this client."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from refws.failure import Failure, UsageError
from refws.host.connection.times import TimeLimits
from refws.rfc6455.endpoint import Endpoint, Opened
from refws.rfc6455.http import HeaderFields, Response
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s05_4_fragmentation import CheckMessage
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy

__all__ = ["SERVER_ERROR", "UNAVAILABLE", "Choice", "accept", "accept_or_refuse", "respond"]

logger = logging.getLogger("refws")


SERVER_ERROR = Response(500, HeaderFields([("Connection", "close")]))
UNAVAILABLE = Response(503, HeaderFields([("Connection", "close"), ("Retry-After", "1")]), b"too many connections\n")


@dataclass(frozen=True, slots=True)
class Choice:
    """One service of a server. `handler` is called with the open connection.

    `limits` are those of its frames and messages; `check_message` is asked before the payload of each data frame is
    taken, see `CheckMessage`.
    """

    handler: Callable[[Any], object]
    subprotocols: SubprotocolPolicy = ()
    extensions: Sequence[ServerExtension] = ()
    origins: OriginPolicy = None
    additional_headers: Sequence[tuple[str, str]] = ()
    limits: Limits = Limits()
    times: TimeLimits = field(default_factory=TimeLimits)
    max_queue: int = 16
    check_message: CheckMessage | None = None


def accept(endpoint: Endpoint, choice: Choice) -> Opened | None:
    """Accept the request that waits, or refuse it (then None). Raises `UsageError` for a choice that cannot be."""
    opened = endpoint.accept(
        subprotocols=choice.subprotocols,
        extensions=choice.extensions,
        origins=choice.origins,
        additional_headers=choice.additional_headers,
        limits=choice.limits,
        check_message=None if choice.check_message is None else _guarded(choice.check_message),
    )
    return opened if isinstance(opened, Opened) else None


def accept_or_refuse(endpoint: Endpoint, choice: Choice) -> Opened | None:
    """As `accept`, but a choice that cannot be is logged, and refused with 500."""
    try:
        return accept(endpoint, choice)
    except Exception:
        # A policy, or a header field, that cannot be: this side's mistake.
        logger.exception("the opening handshake cannot be answered")
        endpoint.refuse(SERVER_ERROR)
        return None


def respond(endpoint: Endpoint, response: object) -> bool:
    """Answer the request that waits in plain HTTP; returns whether another may come. What cannot be sent is logged."""
    try:
        if not isinstance(response, Response):
            raise UsageError(f"neither a Response nor None: {response!r}")
        return endpoint.respond(response)
    except UsageError:
        logger.exception("the answer to a request cannot be sent")
        return False


def _guarded(check_message: CheckMessage) -> CheckMessage:
    """A check that fails, and does not only refuse, fails the connection and nothing else."""

    def check(opcode: int, fragment_length: int, total_length: int) -> None:
        try:
            check_message(opcode, fragment_length, total_length)
        except Failure:
            raise
        except Exception:
            logger.exception("check_message failed")
            why = "the message could not be checked"
            raise Failure("rfc6455:10.4-p1-s1", StatusCode.INTERNAL_ERROR, why) from None

    return check
