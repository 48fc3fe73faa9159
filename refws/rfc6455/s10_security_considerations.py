"""Section 10, Security Considerations: limits (10.4) and origins (10.1, 10.2).

Masking-key randomness (10.3) is in `s05_3_client_to_server_masking`; TLS (10.6) is the host's; input is validated
where it is read (10.7).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from refws.failure import Failure, HandshakeFailure
from refws.rfc6455.s07_4_status_codes import StatusCode

__all__ = ["Limits", "OriginPolicy", "check_origin", "fragments_exceeded", "size_exceeded"]

MiB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a peer can send before the connection fails. None stands for no limit.

    Sizes are in octets: of a frame's payload, and of a message, all its fragments together and after extensions.
    """

    max_frame_size: int | None = None
    # §10.4-p1-s3 SHOULD limit a message once its frames are joined; none of them can then be larger
    max_message_size: int | None = MiB
    max_fragments: int | None = 65536
    max_head_size: int = 16384
    max_header_fields: int = 128


def size_exceeded(limit: int, what: str) -> Failure:
    """The failure for a frame or a message that is longer than its limit."""
    return Failure("rfc6455:10.4-p1-s1", StatusCode.MESSAGE_TOO_BIG, f"{what} of more than {limit} octets")


def fragments_exceeded(limit: int) -> Failure:
    """The failure for a message in too many fragments."""
    return Failure("rfc6455:10.4-p1-s1", StatusCode.POLICY_VIOLATION, f"a message of more than {limit} fragments")


OriginPolicy = Callable[[str | None], bool] | Sequence[str | re.Pattern[str] | None] | None
"""Which origins a server takes: all (None), those a function is true for, or a list of origins and patterns, in which
None stands for a request without an Origin."""


def check_origin(origin: str | None, policy: OriginPolicy) -> None:
    """Refuse an origin that the policy does not name (RFC 6455, section 10.2). Raises `HandshakeFailure`, 403."""
    # §4.2.2-p6-s4 MAY take any origin where none is checked
    if policy is None:
        return
    # §4.2.2-p6-s2 MUST compare the origin in lower case (ruling 18: the server does the folding)
    folded = None if origin is None else origin.lower()
    # §10.2-p1-s1 SHOULD check the origin where a server is for certain sites; §4.2.2-p6-s3 MAY decide by it
    if policy(folded) if callable(policy) else any(_same(folded, allowed) for allowed in policy):
        return
    said = "no Origin" if origin is None else f"Origin {origin!r}"
    # §10.2-p1-s2 SHOULD answer 403; §4.2.2-p6-s5 MUST be an HTTP error
    raise HandshakeFailure("rfc6455:10.2-p1-s2", 403, f"{said} is not served here")


def _same(origin: str | None, allowed: str | re.Pattern[str] | None) -> bool:
    # §10.1-p2-s3 MUST reckon with clients that are no scripts: having no origin is not being of a known one
    if origin is None or allowed is None:
        return origin is allowed
    return origin == allowed.lower() if isinstance(allowed, str) else allowed.fullmatch(origin) is not None
