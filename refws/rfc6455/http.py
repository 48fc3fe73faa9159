"""What section 4 reads and writes: parsed HTTP messages. Their octets belong to the host (`HttpCodec`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["HeaderFields", "HttpCodec", "Request", "Response"]


class HeaderFields(tuple[tuple[str, str], ...]):
    """Header fields in the order they came, with duplicates; names compare in any case."""

    __slots__ = ()

    def __new__(cls, fields: Iterable[tuple[str, str]] = ()) -> "HeaderFields":
        """Keep the pairs as they are given."""
        return super().__new__(cls, fields)

    def all(self, name: str) -> list[str]:
        """The values of every field of that name."""
        # §4.1-p46-s1 MUST compare the names of header fields in any case
        wanted = name.lower()
        size = len(name)
        return [value for field, value in self if len(field) == size and field.lower() == wanted]

    def get(self, name: str) -> str | None:
        """The value of the first field of that name, or None."""
        values = self.all(name)
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; `version` is (1, 1) for HTTP/1.1."""

    method: str
    target: str
    headers: HeaderFields
    # §4.1-p23-s1/2 MUST be at least HTTP/1.1, as what a client makes is
    version: tuple[int, int] = (1, 1)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response; `reason` is the phrase behind the status."""

    status: int
    headers: HeaderFields = HeaderFields()
    body: bytes = b""
    reason: str = ""
    version: tuple[int, int] = (1, 1)


class HttpCodec(Protocol):
    """Reads and writes the octets of one opening handshake; the host brings it, and it is let go afterwards.

    A head that is no HTTP, or that exceeds its limits, is a `HandshakeFailure`.
    """

    def read_request(self, octets: bytes) -> Request | None:
        """The request, once it is complete; until then None."""
        ...

    def read_response(self, octets: bytes) -> Response | None:
        """The response, once its head (for 101) or the whole of it (for all others) has come; until then None."""
        ...

    def write_request(self, request: Request) -> bytes:
        """The octets of a request."""
        ...

    def write_response(self, response: Response) -> bytes:
        """The octets of a response, its body with it."""
        ...

    def end_of_octets(self) -> Response | None:
        """The peer will send no more: a response whose body ends only there, or None."""
        ...

    def octets_behind(self) -> bytes:
        """What came behind the message that was read."""
        ...

    def next_request(self) -> bool:
        """Be ready for another request on this connection; False where it has to end (HTTP/1.1 keep-alive)."""
        ...


def without(fields: Sequence[tuple[str, str]], names: Iterable[str]) -> HeaderFields:
    """The fields but those of the given names (lower case)."""
    unwanted = frozenset(names)
    return HeaderFields(field for field in fields if field[0].lower() not in unwanted)
