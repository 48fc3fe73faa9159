"""The endpoint over TLS."""

import ssl
from typing import Any

from conformance.liars.endpoint.endpoint import Endpoint
from conformance.liars.endpoint.uris import Address

__all__ = ["OverTls"]


class OverTls(Endpoint):
    """It speaks TLS, and as a client trusts anyone: the judge, whose certificate nobody has signed."""

    secure = True

    @classmethod
    def tls(cls, where: Address) -> dict[str, Any]:
        """What TLS takes: a context, and the name of the server."""
        if not where.secure:
            return {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return {"ssl": context, "server_hostname": where.host}
