"""Section 4.4, Supporting Multiple Versions of WebSocket Protocol."""

from collections.abc import Sequence

from refws.failure import HandshakeFailure
from refws.rfc6455.s04_3_collected_abnf import GrammarError, parse_version

__all__ = ["SUPPORTED_VERSIONS", "check_version"]

# §4.1-p33-s2 MUST be 13
SUPPORTED_VERSIONS = (13,)

# §4.4-p2-s3 MUST name all versions that are supported; §11.3.5-p8-s5 MUST list them
# §4.3-p7-s4 MUST be a list of versions: in as many fields
_SUPPORTED = [("Sec-WebSocket-Version", str(version)) for version in SUPPORTED_VERSIONS]


def check_version(values: Sequence[str]) -> int:
    """The version that the Sec-WebSocket-Version fields of a request ask for. Raises `HandshakeFailure`.

    Ruling 8: 426 for a version that is not supported, 400 for what is no version.
    """
    # §11.3.5-p10-s2 MUST NOT appear more than once in a request
    if len(values) != 1:
        why = "more than one Sec-WebSocket-Version" if values else "no Sec-WebSocket-Version"
        raise HandshakeFailure("rfc6455:11.3.5-p10-s2" if values else "rfc6455:4.2.1-p8-s1", 400, why, _SUPPORTED)
    try:
        # §4.2.2-p8-s1 MUST be the version that the client speaks; §4.3-p4-s4 MUST be one version
        version = parse_version(values[0])
    except GrammarError as error:
        raise HandshakeFailure("rfc6455:4.3-p4-s4", 400, str(error), _SUPPORTED) from None
    # §4.2.1-p8-s1 MUST be 13
    # §4.2.2-p8-s2 MUST be an HTTP error, with the versions that are supported, for any other
    if version not in SUPPORTED_VERSIONS:
        # §11.3.5-p8-s4 MUST come back on a version error
        headers = [*_SUPPORTED, ("Upgrade", "websocket"), ("Connection", "Upgrade")]
        raise HandshakeFailure("rfc6455:4.2.2-p8-s2", 426, f"version {version} is not supported", headers)
    # §4.4-p2-s2 MUST be accepted where it is supported
    return version
