"""Conversations for tests of the referee: right by default, each with the one thing that a test wants to be wrong."""

from collections.abc import Iterable

from refws.oracle.conversation import Conversation, accept_of
from refws.oracle.recording import End, Event
from refws.oracle.referee import Referee
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.frame import Frame
from refws.oracle.wire.http import head_octets

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = "GET /chat HTTP/1.1"
SWITCHING = "HTTP/1.1 101 Switching Protocols"
DEFLATE = "permessage-deflate"

Fields = list[tuple[str, str]]


def request_fields() -> Fields:
    return [
        ("Host", "example.org"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
    ]


def response_fields() -> Fields:
    return [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept_of(KEY))]


def changed(fields: Fields, name: str, value: str | None) -> Fields:
    """With another value; without the field for None; with the field added where it was not there."""
    rest = [one for one in fields if one[0] != name]
    if value is None:
        return rest
    at = next((number for number, one in enumerate(fields) if one[0] == name), len(fields))
    return [*rest[:at], (name, value), *rest[at:]]


class Talk:
    """A conversation with its referee; `at` is the time of what comes next."""

    def __init__(self, extensions: str | None = None, *, end_of_tcp: bool = False) -> None:
        self.referee = Referee(end_of_tcp=end_of_tcp)
        self.conversation = Conversation([self.referee])
        self.at = 0.0
        if extensions is not None:
            self.conversation.established(extensions)

    def octets(self, role: Role, octets: bytes) -> "Talk":
        self.conversation.add(Event(self.at, role, octets))
        return self

    def says(self, role: Role, *frames: Frame | bytes) -> "Talk":
        masked = role is Role.CLIENT
        return self.octets(role, b"".join(one if isinstance(one, bytes) else one.octets(masked) for one in frames))

    def client(self, *frames: Frame | bytes) -> "Talk":
        return self.says(Role.CLIENT, *frames)

    def server(self, *frames: Frame | bytes) -> "Talk":
        return self.says(Role.SERVER, *frames)

    def asks(self, fields: Fields | None = None, start_line: str = REQUEST, behind: bytes = b"") -> "Talk":
        return self.client(head_octets(start_line, request_fields() if fields is None else fields) + behind)

    def answers(self, fields: Fields | None = None, start_line: str = SWITCHING) -> "Talk":
        return self.server(head_octets(start_line, response_fields() if fields is None else fields))

    def after(self, seconds: float) -> "Talk":
        self.at += seconds
        return self

    def ends(self, role: Role, end: End = End.FIN) -> "Talk":
        self.conversation.add(Event(self.at, role, end=end))
        return self

    def found(self, role: Role) -> dict[str, Verdict]:
        return {finding.clause: finding.verdict for finding in self.referee.findings(role)}


def clauses(names: Iterable[str]) -> set[str]:
    """The full names of clauses of RFC 6455."""
    return {name if name.startswith("rfc") else f"rfc6455:{name}" for name in names}
