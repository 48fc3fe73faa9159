"""The endpoints of a server's connections: those of RFC 6455, or those that hixie-76 may become."""

from collections.abc import Callable

from refws.host.connection.callbacks import Connection
from refws.host.http11 import Endpoint as Http11Endpoint
from refws.rfc6455.endpoint import Endpoint, Role
from refws.rfc6455.s10_security_considerations import Limits

__all__ = ["NewEndpoint", "endpoint_for", "new_endpoint"]

NewEndpoint = Callable[[Limits, Connection], Endpoint]


def new_endpoint(limits: Limits, owner: Connection) -> Endpoint:
    """The endpoint of a new connection."""
    return Http11Endpoint(Role.SERVER, limits)


def endpoint_for(allow_hybi00: bool) -> NewEndpoint:
    """What makes the endpoints of a server."""
    if not allow_hybi00:
        return new_endpoint
    # Not loaded where nobody asks for it.
    from refws.host.either import EitherEndpoint  # noqa: PLC0415

    return EitherEndpoint
