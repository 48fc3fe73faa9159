"""What a server chooses for one request: who handles the connection, and what it takes from this client."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from refws.host.times import TimeLimits
from refws.rfc6455.endpoint import Endpoint, Opened
from refws.rfc6455.s04_2_server_side_requirements import SubprotocolPolicy
from refws.rfc6455.s09_extensions import ServerExtension
from refws.rfc6455.s10_security_considerations import Limits, OriginPolicy

__all__ = ["Choice", "accept"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One service of a server. `handler` is called with the open connection."""

    handler: Callable[[Any], object]
    subprotocols: SubprotocolPolicy = ()
    extensions: Sequence[ServerExtension] = ()
    origins: OriginPolicy = None
    additional_headers: Sequence[tuple[str, str]] = ()
    limits: Limits = Limits()
    times: TimeLimits = field(default_factory=TimeLimits)
    max_queue: int = 16


def accept(endpoint: Endpoint, choice: Choice) -> Opened | None:
    """Accept the request that waits, or refuse it (then None). Raises `UsageError` for a choice that cannot be."""
    opened = endpoint.accept(
        subprotocols=choice.subprotocols,
        extensions=choice.extensions,
        origins=choice.origins,
        additional_headers=choice.additional_headers,
    )
    return opened if isinstance(opened, Opened) else None
