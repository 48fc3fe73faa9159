"""A small WebSocket endpoint of its own, with a method for each decision that a liar may take wrongly.

It shares no code with the reference, nor with the oracle; both roles, an echo, with permessage-deflate.
"""

from conformance.liars.endpoint.endpoint import Endpoint, Outgoing
from conformance.liars.endpoint.link import RoleName
from conformance.liars.endpoint.over_tls import OverTls

__all__ = ["Endpoint", "Outgoing", "OverTls", "RoleName"]
