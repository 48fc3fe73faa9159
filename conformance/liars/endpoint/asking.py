"""The opening handshake of a client (section 4.1), a method for each decision."""

import base64
import os
import re
from typing import ClassVar

from conformance.liars.endpoint.heads import Heads, accept_of
from conformance.liars.endpoint.http import Extension, Fields, Head, read_extensions

__all__ = ["Asking"]


class Asking(Heads):
    """Asks, and looks at the answer: each check says whether it is right."""

    ANSWER_CHECKS: ClassVar[tuple[str, ...]] = (
        "status_is_right",
        "upgrade_is_right",
        "connection_is_right",
        "accept_is_right",
        "protocol_is_right",
        "extensions_are_right",
    )

    sent_key = ""

    def ask(self) -> None:
        """Send the opening handshake."""
        self.write_head(self.request_line(), self.request())

    def request_line(self) -> str:
        """The request line."""
        return f"GET {self.target} HTTP/1.1"

    def request(self) -> Fields:
        """The header fields of the request."""
        self.sent_key = self.new_key()
        fields = [
            ("Host", self.host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", self.sent_key),
            ("Sec-WebSocket-Version", "13"),
        ]
        if self.subprotocols():
            fields.append(("Sec-WebSocket-Protocol", ", ".join(self.subprotocols())))
        if self.offer():
            fields.append(("Sec-WebSocket-Extensions", self.offer()))
        return fields

    def subprotocols(self) -> tuple[str, ...]:
        """The subprotocols that a client asks for."""
        return "echo.example", "mirror.example"

    def new_key(self) -> str:
        """The key of a request."""
        return base64.b64encode(os.urandom(16)).decode()

    def offer(self) -> str:
        """The extensions that a client offers."""
        return ""

    def take_answer(self, answer: Head) -> None:
        """Go through the answer: the connection is open, or fails; an interim answer is not the answer yet."""
        if re.match(r"HTTP/1\.[1-9] 1(?!01)\d\d( |$)", answer.start):
            return
        if all(getattr(self, check)(answer) for check in self.ANSWER_CHECKS):
            self.opened()
        else:
            self.fail_opening()

    def fail_opening(self) -> None:
        """Fail the connection before it is one: end TCP."""
        self.end()

    def status_is_right(self, answer: Head) -> bool:
        """The status is 101."""
        return re.match(r"HTTP/1\.[1-9] 101( |$)", answer.start) is not None

    def upgrade_is_right(self, answer: Head) -> bool:
        """Upgrade is websocket."""
        return answer.value("Upgrade").lower() == "websocket"

    def connection_is_right(self, answer: Head) -> bool:
        """Connection has Upgrade."""
        return answer.has("Connection", "upgrade")

    def accept_is_right(self, answer: Head) -> bool:
        """Sec-WebSocket-Accept is there once, and right."""
        return answer.values("Sec-WebSocket-Accept") == [accept_of(self.sent_key)]

    def protocol_is_right(self, answer: Head) -> bool:
        """The subprotocol, if there is one, is one of those that were asked for."""
        chosen = answer.values("Sec-WebSocket-Protocol")
        return not chosen or (len(chosen) == 1 and chosen[0] in self.subprotocols())

    def extensions_are_right(self, answer: Head) -> bool:
        """The extensions are among those that were offered."""
        values = answer.values("Sec-WebSocket-Extensions")
        try:
            return not values or self.agree(read_extensions(", ".join(values)))
        except ValueError:
            return False

    def agree(self, chosen: list[Extension]) -> bool:
        """Take up what the server has chosen; whether that can be done."""
        return not chosen
