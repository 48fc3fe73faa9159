"""What a client authenticates itself with: Basic (RFC 7617) and Bearer (RFC 6750) credentials."""

import base64
import re

from refws.failure import UsageError

__all__ = ["authorization", "basic", "refuse_user_information"]

# RFC 6750, section 2.1: b64token
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def authorization(basic_auth: tuple[str, str] | None, bearer_token: str | None) -> str | None:
    """The value of an Authorization field, or None without credentials. Raises `UsageError`, which shows none."""
    if basic_auth is not None and bearer_token is not None:
        raise UsageError("basic_auth and bearer_token exclude each other: a request has one Authorization field")
    if basic_auth is not None:
        return basic(*basic_auth)
    if bearer_token is None:
        return None
    if not _TOKEN.fullmatch(bearer_token):
        raise UsageError("a bearer token is made of letters, digits and -._~+/, and may end with = (RFC 6750)")
    return f"Bearer {bearer_token}"


def basic(user: str, password: str) -> str:
    """Basic credentials, in UTF-8. Raises `UsageError` for a colon in the user's name and for control characters."""
    if ":" in user:
        raise UsageError("a user's name has no colon in it (RFC 7617)")
    if _CONTROLS.search(user + password):
        raise UsageError("a user's name and password have no control characters in them (RFC 7617)")
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def refuse_user_information(uri: str) -> None:
    """Raise `UsageError` for a URI with user information, without showing it (ruling 17)."""
    authority = re.split(r"[/?#]", uri.partition("://")[2], maxsplit=1)[0]
    if "@" in authority:
        raise UsageError(
            "a WebSocket URI has no user information before its host; give basic_auth=(user, password) instead"
        )
