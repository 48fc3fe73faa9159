"""Section 4.1: clients that ask wrongly, or take any answer.

Longer than other modules, for each liar is a class of a few lines.
"""

import contextlib
import re
import ssl
import unicodedata
from typing import Any
from urllib.parse import quote, unquote

from conformance.liars.endpoint import Endpoint, OverTls
from conformance.liars.endpoint.framing import PING, TEXT
from conformance.liars.endpoint.heads import accept_of
from conformance.liars.endpoint.http import Extension, Fields, Head
from conformance.liars.endpoint.uris import Address
from conformance.liars.liar import lies

__all__ = ["with_field", "without"]


def without(fields: Fields, name: str) -> Fields:
    """Header fields, but for those of a name."""
    return [(known, value) for known, value in fields if known != name]


def with_field(fields: Fields, name: str, value: str) -> Fields:
    """Header fields, with another value of one."""
    return [(known, value if known == name else old) for known, old in fields]


@lies("3-p11-s1", "client")
class AsksWithFragment(Endpoint):
    """The target of its request has a fragment."""

    def request_line(self) -> str:
        return f"GET {self.target}#part HTTP/1.1"


@lies("4.1-p22-s1", "client")
class AsksOddly(Endpoint):
    """Its request has a header line without a colon."""

    def request(self) -> Fields:
        return [*super().request(), ("X-First", "1\r\nno header field")]


@lies("4.1-p23-s1/1", "client")
class Posts(Endpoint):
    """The method of its request is POST."""

    def request_line(self) -> str:
        return f"POST {self.target} HTTP/1.1"


@lies("4.1-p23-s1/2", "client")
class AsksByOldHttp(Endpoint):
    """Its request is of HTTP/1.0."""

    def request_line(self) -> str:
        return f"GET {self.target} HTTP/1.0"


@lies("4.1-p25-s1", "client")
class AsksForAnotherHost(Endpoint):
    """Its target is an absolute URI with another host than the server's."""

    def request_line(self) -> str:
        return f"GET http://elsewhere.example{self.target} HTTP/1.1"


@lies("4.1-p25-s1", "client")
class AsksWithoutPath(Endpoint):
    """Its target does not begin with a slash."""

    def request_line(self) -> str:
        return f"GET {self.target.removeprefix('/')} HTTP/1.1"


@lies("4.1-p26-s1", "client")
class NamesNoHost(Endpoint):
    """Its request has no Host."""

    def request(self) -> Fields:
        return without(super().request(), "Host")


@lies("4.1-p26-s1", "client", plays="3/uri/")
class NamesNoPort(Endpoint):
    """Its Host leaves out a port that is not the default."""

    def request(self) -> Fields:
        return with_field(super().request(), "Host", self.host.partition(":")[0])


@lies("4.1-p27-s1", "client")
class AsksForNoUpgrade(Endpoint):
    """Its request has no Upgrade."""

    def request(self) -> Fields:
        return without(super().request(), "Upgrade")


@lies("4.1-p27-s1", "client")
class AsksForAnotherUpgrade(Endpoint):
    """Its Upgrade has another protocol."""

    def request(self) -> Fields:
        return with_field(super().request(), "Upgrade", "h2c")


@lies("4.1-p28-s1", "client")
class KeepsAlive(Endpoint):
    """Its Connection has keep-alive, and no Upgrade."""

    def request(self) -> Fields:
        return with_field(super().request(), "Connection", "keep-alive")


@lies("4.1-p29-s1", "client")
class SendsNoKey(Endpoint):
    """Its request has no Sec-WebSocket-Key."""

    def request(self) -> Fields:
        return without(super().request(), "Sec-WebSocket-Key")


@lies("4.1-p29-s2", "client")
class SendsShortKey(Endpoint):
    """Its key is of 8 octets."""

    def new_key(self) -> str:
        return super().new_key()[:11] + "="


@lies("4.1-p29-s3", "client", plays="5.2")
class SendsSameKey(Endpoint):
    """Its key is the same for every connection."""

    def new_key(self) -> str:
        return "dGhlIHNhbWUgYWx3YXlzIQ=="


@lies("4.1-p33-s1", "client")
class NamesNoVersion(Endpoint):
    """Its request has no Sec-WebSocket-Version."""

    def request(self) -> Fields:
        return without(super().request(), "Sec-WebSocket-Version")


@lies("4.1-p33-s2", "client")
class NamesOldVersion(Endpoint):
    """Its Sec-WebSocket-Version is 8."""

    def request(self) -> Fields:
        return with_field(super().request(), "Sec-WebSocket-Version", "8")


@lies("4.1-p35-s3/1", "client")
class AsksForOddSubprotocol(Endpoint):
    """A subprotocol that it asks for has a separator in its name."""

    def subprotocols(self) -> tuple[str, ...]:
        return "echo.example", "mirror@example"


@lies("4.1-p35-s3/2", "client")
class AsksForSubprotocolTwice(Endpoint):
    """It asks for a subprotocol twice."""

    def subprotocols(self) -> tuple[str, ...]:
        return "echo.example", "echo.example"


@lies("4.1-p38-s1", "client")
class DoesNotWait(Endpoint):
    """It sends a message before the answer is there."""

    def ask(self) -> None:
        super().ask()
        self.send_frame(TEXT, b"too early")


@lies("6.1-p2-s1", "client")
class PingsWhileConnecting(Endpoint):
    """It sends a Ping and a message before the answer is there."""

    def ask(self) -> None:
        super().ask()
        self.send_frame(PING)
        self.send_frame(TEXT, b"too early")


@lies("4.1-p40-s1", "client")
class TakesAnyUpgrade(Endpoint):
    """It does not look at Upgrade."""

    def upgrade_is_right(self, answer: Head) -> bool:
        return True


@lies("4.1-p41-s1", "client")
class TakesAnyConnection(Endpoint):
    """It does not look at Connection."""

    def connection_is_right(self, answer: Head) -> bool:
        return True


@lies("4.1-p42-s1", "client")
class TakesAnyAccept(Endpoint):
    """It does not look at Sec-WebSocket-Accept."""

    def accept_is_right(self, answer: Head) -> bool:
        return True


@lies("4.1-p42-s1", "client")
class TakesAcceptInAnyCase(Endpoint):
    """It takes Sec-WebSocket-Accept for text in which case makes no difference."""

    def accept_is_right(self, answer: Head) -> bool:
        return answer.value("Sec-WebSocket-Accept").lower() == accept_of(self.sent_key).lower()


@lies("4.1-p43-s1", "client")
class TakesAnyExtension(Endpoint):
    """It takes extensions that it did not ask for, and leaves them out."""

    def agree(self, chosen: list[Extension]) -> bool:
        known = [one for one in chosen if one.name == "permessage-deflate"]
        return not known or super().agree(known)


@lies("4.1-p44-s1", "client")
class TakesAnySubprotocol(Endpoint):
    """It does not look at Sec-WebSocket-Protocol."""

    def protocol_is_right(self, answer: Head) -> bool:
        return len(answer.elements("Sec-WebSocket-Protocol")) < 2


@lies("4.1-p45-s1", "client")
class TakesSeveralSubprotocols(Endpoint):
    """It takes an answer that lists several of the subprotocols that it asks for."""

    def protocol_is_right(self, answer: Head) -> bool:
        return set(answer.elements("Sec-WebSocket-Protocol")) <= set(self.subprotocols())


@lies("4.1-p45-s1", "client")
class TakesAnyStatus(Endpoint):
    """It takes an answer for its own whatever the status."""

    def status_is_right(self, answer: Head) -> bool:
        return True


@lies("11.3.1-p9-s1", "client")
class SendsKeyTwice(Endpoint):
    """Its request has Sec-WebSocket-Key twice."""

    def request(self) -> Fields:
        fields = super().request()
        return [*fields, ("Sec-WebSocket-Key", self.sent_key)]


@lies("11.3.5-p10-s2", "client")
class NamesVersionTwice(Endpoint):
    """Its request has Sec-WebSocket-Version twice."""

    def request(self) -> Fields:
        return [*super().request(), ("Sec-WebSocket-Version", "13")]


@lies("11.3.4-p9-s2", "client")
class TakesSubprotocolTwice(Endpoint):
    """It takes an answer that has Sec-WebSocket-Protocol twice."""

    def protocol_is_right(self, answer: Head) -> bool:
        first = answer.values("Sec-WebSocket-Protocol")[:1]
        return super().protocol_is_right(
            Head(answer.start, tuple(("Sec-WebSocket-Protocol", value) for value in first))
        )


@lies("7.2.1-p1-s2", "client")
class StaysAfterBadAnswer(Endpoint):
    """It does not open the connection over a wrong answer, but neither ends TCP."""

    def fail_opening(self) -> None:
        self.is_deaf = True
        self.ended = True


@lies("4.1-p4-s2", "client")
class TakesAnyUri(Endpoint):
    """It takes a URI whose port is not a number, and connects to the port before the letter."""

    @classmethod
    def read_uri(cls, uri: str) -> Address:
        return super().read_uri(re.sub(r"(:\d+)[a-z]+", r"\1", uri))


@lies("11.1.1-p9-s1", "client")
class LeavesCharacters(Endpoint):
    """It sends what a URI cannot have as it is, in Latin-1 or UTF-8."""

    @classmethod
    def read_uri(cls, uri: str) -> Address:
        plain, _, rest = uri.partition("&")
        where = super().read_uri(f"{plain}&{quote(rest, safe='=&/?%:@!$,;~-._')}" if rest else uri)
        return where._replace(resource=unquote(where.resource, "latin-1"))


@lies("11.1.1-p8-s1", "client")
class LeavesTheHost(Endpoint):
    """It names a host outside ASCII as it is, in UTF-8."""

    @classmethod
    def read_uri(cls, uri: str) -> Address:
        scheme, _, rest = uri.partition("://")
        host, slash, more = rest.partition("/")
        where = super().read_uri(f"{scheme}://{unicodedata.normalize('NFKC', host)}{slash}{more}")
        return where if host.isascii() else where._replace(authority=host.encode().decode("latin-1"))


@lies("4.1-p19-s2", "client")
class TrustsAnyone(Endpoint):
    """It takes any certificate."""

    @classmethod
    def tls(cls, where: Address) -> dict[str, Any]:
        return OverTls.tls(where)


@lies("4.1-p19-s1", "client")
class LeavesOutTls(Endpoint):
    """For a wss URI it connects without TLS."""

    @classmethod
    def tls(cls, where: Address) -> dict[str, Any]:
        return {}


@lies("4.1-p20-s1", "client")
class NamesNoServer(Endpoint):
    """Its TLS handshake does not name the server."""

    @classmethod
    def tls(cls, where: Address) -> dict[str, Any]:
        return {**super().tls(where), "server_hostname": ""} if where.secure else {}


@lies("4.1-p19-s2", "client")
class GoesOnWithoutTls(Endpoint):
    """Where TLS fails, it sends its request all the same, in the clear."""

    _hello = b""

    @classmethod
    def tls(cls, where: Address) -> dict[str, Any]:
        if where.secure:
            coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
            session = ssl.create_default_context().wrap_bio(coming, going, server_hostname=where.host)
            with contextlib.suppress(ssl.SSLWantReadError):
                session.do_handshake()
            cls._hello = going.read()
        else:
            cls._hello = b""
        return {}

    def ask(self) -> None:
        if self._hello:
            self.write(self._hello)
        else:
            super().ask()

    def data_received(self, data: bytes) -> None:
        if self._hello:
            type(self)._hello = b""
            super().ask()
        else:
            super().data_received(data)


@lies("4.1-p19-s3", "client")
@lies("4.2.2-p2-s2", "server")
class SpeaksOutsideTls(OverTls):
    """From its second message on it speaks as if there were no TLS."""

    _count = 0

    def send_message(self, opcode: int, payload: bytes) -> None:
        self._count += 1
        super().send_message(opcode, payload)

    def write(self, octets: bytes) -> None:
        (super().write if self._count < 2 else self.write_outside)(octets)


@lies("3-p11-s2", "client")
class UnescapesNumberSigns(Endpoint):
    """It writes %23 in a URI as a number sign in its request."""

    @classmethod
    def read_uri(cls, uri: str) -> Address:
        where = super().read_uri(uri)
        return where._replace(resource=where.resource.replace("%23", "#"))
