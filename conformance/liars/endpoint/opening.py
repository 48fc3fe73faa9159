"""The opening handshake of both roles (section 4), a method for each decision."""

import base64
import binascii
import hashlib
import os
import re
from typing import ClassVar, Final

from conformance.liars.endpoint.http import Extension, Fields, Head, head_octets, is_token, read_extensions, read_head
from conformance.liars.endpoint.link import Link

__all__ = ["Opening", "accept_of"]

_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_REASONS: Final = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 426: "Upgrade Required"}
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]+)(?::\d*)?")
_TARGET: Final = re.compile(r"(?:https?://[^/?#]+)?(?:/[^#\s]*|\?[^#\s]*)?")


def accept_of(key: str) -> str:
    """What proves that the key was read."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324


class Opening(Link):
    """Opens a connection. A check of a request gives the status to refuse it with, or 0; one of an answer a bool."""

    REQUEST_CHECKS: ClassVar = (
        "check_method",
        "check_http_version",
        "check_target",
        "check_host",
        "check_body",
        "check_upgrade",
        "check_connection",
        "check_version",
        "check_key",
        "check_protocols",
        "check_offers",
    )
    ANSWER_CHECKS: ClassVar = (
        "status_is_right",
        "upgrade_is_right",
        "connection_is_right",
        "accept_is_right",
        "protocol_is_right",
        "extensions_are_right",
    )

    is_open = False
    """Whether the opening handshake is done."""
    _buffer = b""
    sent_key = ""

    # What goes on

    def connection_made(self, transport: "object") -> None:
        """TCP is there: a client asks."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if not self.is_server:
            self.ask()

    def data_received(self, data: bytes) -> None:
        """Octets have come: of a head, or of frames."""
        if self.is_open:
            self.receive(data)
            return
        if self.ended:
            return
        self._buffer += data
        try:
            found = read_head(self._buffer.lstrip(b"\r\n") if self.is_server else self._buffer)
        except ValueError:
            self.malformed_head()
            return
        if found is None:
            return
        head, rest = found
        self._buffer = b""
        (self.take_request if self.is_server else self.take_answer)(head)
        if rest:
            self.data_received(rest)

    def receive(self, data: bytes) -> None:
        """Octets of frames have come."""
        raise NotImplementedError

    def opened(self) -> None:
        """The connection is open."""
        self.is_open = True

    def malformed_head(self) -> None:
        """What came is no HTTP."""
        if self.is_server:
            self.refuse(400)
        else:
            self.fail_opening()

    def write_head(self, start: str, fields: Fields) -> None:
        """Write a head."""
        self.write(head_octets(start, fields))

    # The client

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

    # The server

    def take_request(self, request: Head) -> None:
        """Go through the request: the connection is open, or refused."""
        for check in self.REQUEST_CHECKS:
            status = getattr(self, check)(request)
            if status:
                self.refuse(status)
                return
        self.write_head(self.status_line(), self.answer(request))
        self.opened()

    def refuse(self, status: int) -> None:
        """Answer with an HTTP error."""
        fields = [("Connection", "close"), ("Content-Length", "0")]
        if status == 426:
            fields += [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
        self.write_head(f"HTTP/1.1 {status} {_REASONS.get(status, 'No')}", fields)
        self.end()

    def status_line(self) -> str:
        """The status line of an answer that accepts."""
        return "HTTP/1.1 101 Switching Protocols"

    def answer(self, request: Head) -> Fields:
        """The header fields of an answer that accepts."""
        fields = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", self.accept(request.value("Sec-WebSocket-Key"))),
        ]
        protocol = self.choose_protocol(request.elements("Sec-WebSocket-Protocol"))
        if protocol is not None:
            fields.append(("Sec-WebSocket-Protocol", protocol))
        chosen = self.choose(read_extensions(request.value("Sec-WebSocket-Extensions") or "none"))
        return [*fields, ("Sec-WebSocket-Extensions", chosen)] if chosen else fields

    def accept(self, key: str) -> str:
        """The value of Sec-WebSocket-Accept."""
        return accept_of(key)

    def choose_protocol(self, offered: list[str]) -> str | None:
        """The subprotocol: an echo speaks any, so the preferred one."""
        return offered[0] if offered else None

    def choose(self, offers: list[Extension]) -> str:
        """The extensions that the server takes up."""
        return ""

    def check_method(self, request: Head) -> int:
        """The method is GET."""
        return 0 if request.start.startswith("GET ") else 405

    def check_http_version(self, request: Head) -> int:
        """HTTP is at least 1.1."""
        match = re.search(r" HTTP/(\d)\.(\d)$", request.start)
        return 0 if match and (int(match[1]), int(match[2])) >= (1, 1) else 400

    def check_target(self, request: Head) -> int:
        """The target is a path, or an absolute URI of HTTP."""
        words = request.start.split(" ")
        return 0 if len(words) == 3 and words[1] and _TARGET.fullmatch(words[1]) else 400

    def check_host(self, request: Head) -> int:
        """Host is there, once, and is a host with or without a port."""
        hosts = request.values("Host")
        return 0 if len(hosts) == 1 and _HOST.fullmatch(hosts[0]) else 400

    def check_body(self, request: Head) -> int:
        """Nothing stands between the head and the frames."""
        length = request.value("Content-Length")
        return 400 if length not in ("", "0") or request.values("Transfer-Encoding") else 0

    def check_upgrade(self, request: Head) -> int:
        """Upgrade has websocket."""
        return 0 if request.has("Upgrade", "websocket") else 400

    def check_connection(self, request: Head) -> int:
        """Connection has Upgrade."""
        return 0 if request.has("Connection", "upgrade") else 400

    def check_version(self, request: Head) -> int:
        """Sec-WebSocket-Version is there, once, and is 13."""
        versions = request.values("Sec-WebSocket-Version")
        if len(versions) != 1:
            return 400
        return 0 if versions[0] == "13" else 426

    def check_key(self, request: Head) -> int:
        """Sec-WebSocket-Key is there, once, and is 16 octets."""
        keys = request.values("Sec-WebSocket-Key")
        try:
            return 0 if len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16 else 400
        except (binascii.Error, ValueError):
            return 400

    def check_protocols(self, request: Head) -> int:
        """Subprotocols, if there are any, are tokens, none of them twice."""
        offered = request.elements("Sec-WebSocket-Protocol")
        if request.values("Sec-WebSocket-Protocol") and not offered:
            return 400
        return 0 if all(map(is_token, offered)) and len(set(offered)) == len(offered) else 400

    def check_offers(self, request: Head) -> int:
        """Sec-WebSocket-Extensions is as its grammar has it."""
        try:
            for value in request.values("Sec-WebSocket-Extensions"):
                read_extensions(value)
        except ValueError:
            return 400
        return 0
