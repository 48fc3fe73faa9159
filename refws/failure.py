"""Two kinds of wrong: the peer broke a rule (`Failure`), or the caller did (`UsageError`)."""

from collections.abc import Sequence

__all__ = ["Failure", "HandshakeFailure", "UsageError"]


class Failure(Exception):
    """The peer broke a rule, and the connection has to fail for it (RFC 6455, section 7.1.7).

    Modules of the sections raise it; only section 7.1.7 acts on it.

    `clause` is the id of the requirement that was broken, such as ``rfc6455:5.5-p3-s1/1``; `status` is the status code
    that the Close frame will carry (section 7.4); `why` is a sentence for a person.
    """

    def __init__(self, clause: str, status: int, why: str) -> None:
        super().__init__(clause, status, why)
        self.clause = clause
        self.status = int(status)
        self.why = why

    def __str__(self) -> str:
        return f"{self.why} [{self.clause}]"


class HandshakeFailure(Failure):
    """An opening handshake that is not acceptable (RFC 6455, sections 4.1 and 4.2).

    Before the connection is established there are no Close frames: for a server `status` is the HTTP status of the
    refusal and `headers` what goes with it; for a client `status` is the one that came, or 0 where there is none, and
    `response` the whole of it.
    """

    def __init__(self, clause: str, status: int, why: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(clause, status, why)
        self.headers = tuple(headers)
        self.response: object | None = None


class UsageError(ValueError):
    """The caller asked for what the protocol or the state of the connection does not allow; nothing was sent."""
