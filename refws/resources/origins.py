"""Predicates for `Resource.origins` (RFC 6455, section 10.2): any, prefix, exact.

They are told the origin in lower case, or None where a client names none, as programs other than browsers do.
"""

from dataclasses import dataclass

__all__ = ["any_origin", "origin_exact", "origin_prefix"]


@dataclass(frozen=True, slots=True)
class any_origin:
    """Every origin, and requests without one where `required` is false."""

    required: bool = False

    def __call__(self, origin: str | None) -> bool:
        """Whether this origin is served."""
        return origin is not None or not self.required


class origin_exact:
    """These origins, such as ``https://example.org``, and no others."""

    def __init__(self, *origins: str) -> None:
        self._origins = frozenset(origin.lower() for origin in origins)

    def __call__(self, origin: str | None) -> bool:
        """Whether this origin is served."""
        return origin in self._origins


class origin_prefix:
    """Origins that begin like this: ``http://localhost`` with any port, ``https://app-`` with any name behind it.

    A prefix that ends within a name stands for that name only: ``https://example.org`` does not take
    ``https://example.org.evil.example``.
    """

    def __init__(self, *prefixes: str) -> None:
        self._prefixes = tuple(prefix.lower() for prefix in prefixes)

    def __call__(self, origin: str | None) -> bool:
        """Whether this origin is served."""
        return origin is not None and any(_begins_with(origin, prefix) for prefix in self._prefixes)


def _begins_with(origin: str, prefix: str) -> bool:
    behind = origin.removeprefix(prefix)
    if behind == origin and prefix:
        return False
    return not prefix[-1:].isalnum() or behind[:1] in ("", ":")
