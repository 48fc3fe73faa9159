"""The opening handshake of a server (section 4.2), a method for each decision."""

import base64
import binascii
import re
from typing import ClassVar, Final

from conformance.liars.endpoint.heads import Heads, accept_of
from conformance.liars.endpoint.http import Extension, Fields, Head, is_token, read_extensions

__all__ = ["Answering"]

_REASONS: Final = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 426: "Upgrade Required"}
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]+)(?::\d*)?")
_TARGET: Final = re.compile(r"(?:https?://[^/?#]+)?(?:/[^#\s]*|\?[^#\s]*)?")


class Answering(Heads):
    """Looks at a request, and answers it: each check gives the status to refuse it with, or 0."""

    REQUEST_CHECKS: ClassVar[tuple[str, ...]] = (
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
