"""Section 4.2: servers that take any request, or answer wrongly.

Longer than other modules, for each liar is a class of a few lines.
"""

import re

from conformance.liars.endpoint import Endpoint
from conformance.liars.endpoint.http import Extension, Fields, Head, read_extensions
from conformance.liars.liar import BOTH, lies
from conformance.liars.sections.s04_1_client_requirements import with_field, without

__all__: list[str] = []


@lies("4.2.1-p2-s2", "server")
class TakesAnyMethod(Endpoint):
    """It opens a connection whatever the method."""

    def check_method(self, request: Head) -> int:
        return 0


@lies("4.2.1-p2-s2", "server")
class TakesOldHttp(Endpoint):
    """It opens a connection over HTTP/1.0."""

    def check_http_version(self, request: Head) -> int:
        return 0


@lies("4.2.1-p2-s2", "server")
class TakesRequestWithoutHost(Endpoint):
    """It opens a connection for a request without Host."""

    def check_host(self, request: Head) -> int:
        return 0


@lies("4.2.1-p2-s2", "server")
class TakesRequestForNoUpgrade(Endpoint):
    """It opens a connection whatever Upgrade has."""

    def check_upgrade(self, request: Head) -> int:
        return 0


@lies("4.2.1-p2-s2", "server")
class TakesRequestThatKeepsAlive(Endpoint):
    """It opens a connection whatever Connection has."""

    def check_connection(self, request: Head) -> int:
        return 0


@lies("4.2.1-p2-s2", "server")
class TakesRequestWithoutKey(Endpoint):
    """It opens a connection for a request without Sec-WebSocket-Key."""

    def check_key(self, request: Head) -> int:
        return super().check_key(request) if request.values("Sec-WebSocket-Key") else 0


@lies("4.2.1-p2-s2", "server")
class RefusesWithSuccess(Endpoint):
    """What it refuses it answers with 200."""

    def refuse(self, status: int) -> None:
        super().refuse(status if status == 426 else 200)


@lies("11.3.1-p9-s1", "server")
class TakesTwoKeys(Endpoint):
    """It opens a connection for a request with two keys."""

    def check_key(self, request: Head) -> int:
        return super().check_key(_once(request, "Sec-WebSocket-Key"))

    def accept(self, key: str) -> str:
        return super().accept(key.partition(",")[0])


@lies("11.3.5-p10-s2", "server")
class TakesTwoVersions(Endpoint):
    """It opens a connection for a request with two versions."""

    def check_version(self, request: Head) -> int:
        return super().check_version(_once(request, "Sec-WebSocket-Version"))


@lies("4.4-p2-s3", "server")
class HidesItsVersions(Endpoint):
    """It refuses a version, and does not say which it knows."""

    def write_head(self, start: str, fields: Fields) -> None:
        super().write_head(start, without(fields, "Sec-WebSocket-Version"))


@lies("4.2.1-p2-s2", "server")
class TakesAnyVersion(Endpoint):
    """It opens a connection whatever the version."""

    def check_version(self, request: Head) -> int:
        return 0


@lies("4.2.2-p10-s2", "server")
class ChoosesItsOwnSubprotocol(Endpoint):
    """It chooses a subprotocol that the client did not ask for."""

    def choose_protocol(self, offered: list[str]) -> str | None:
        return "liar.example" if offered else None


@lies("4.2.2-p10-s4", "server")
class ChoosesNoSubprotocolAloud(Endpoint):
    """It agrees to no subprotocol, and says so with an empty field."""

    def choose_protocol(self, offered: list[str]) -> str | None:
        return ""


@lies("4.2.2-p10-s4", "server")
class ChoosesSubprotocolUnasked(Endpoint):
    """It names a subprotocol where the client asks for none."""

    def choose_protocol(self, offered: list[str]) -> str | None:
        return super().choose_protocol(offered) or "liar.example"


@lies("4.2.2-p11-s5", "server")
class TakesUpWhatNobodyOffers(Endpoint):
    """Its answer has an extension that the client did not offer."""

    def choose(self, offers: list[Extension]) -> str:
        chosen = super().choose(offers)
        return f"{chosen}, x-liar" if chosen else "x-liar"


@lies("4.2.2-p12-s1", "server")
class AnswersWithoutReason(Endpoint):
    """Its status line is none: it has no HTTP version."""

    def status_line(self) -> str:
        return "HTTP 101 Switching Protocols"


@lies("4.2.2-p12-s1", "server")
class AnswersWithoutUpgrade(Endpoint):
    """Its answer has no Upgrade."""

    def answer(self, request: Head) -> Fields:
        return without(super().answer(request), "Upgrade")


@lies("4.2.2-p12-s1", "server")
class AnswersWithoutConnection(Endpoint):
    """Its answer has no Connection."""

    def answer(self, request: Head) -> Fields:
        return without(super().answer(request), "Connection")


@lies("4.2.2-p12-s1", "server")
class AnswersWithoutAccept(Endpoint):
    """Its answer has no Sec-WebSocket-Accept."""

    def answer(self, request: Head) -> Fields:
        return without(super().answer(request), "Sec-WebSocket-Accept")


@lies("4.2.2-p12-s1", "server")
class AnswersWithWrongAccept(Endpoint):
    """Its Sec-WebSocket-Accept is that of another key."""

    def accept(self, key: str) -> str:
        return super().accept("another" + key)


@lies("11.3.3-p9-s1", "server")
class AcceptsTwice(Endpoint):
    """Its answer has Sec-WebSocket-Accept twice."""

    def answer(self, request: Head) -> Fields:
        return [*super().answer(request), ("Sec-WebSocket-Accept", self.accept(request.value("Sec-WebSocket-Key")))]


@lies("11.3.4-p9-s2", "server")
class ChoosesSubprotocolTwice(Endpoint):
    """Its answer has Sec-WebSocket-Protocol twice."""

    def answer(self, request: Head) -> Fields:
        fields = super().answer(request)
        return [*fields, *(field for field in fields if field[0] == "Sec-WebSocket-Protocol")]


@lies("9.1-p2-s6", *BOTH)
class QuotesNoToken(Endpoint):
    """A parameter of its extension is a quoted string that holds no token."""

    def request(self) -> Fields:
        return with_field(super().request(), "Sec-WebSocket-Extensions", 'permessage-deflate; x="a b"')

    def choose(self, offers: list[Extension]) -> str:
        chosen = super().choose(offers)
        return f'{chosen}; x="a b"' if chosen else ""


@lies("9.1-p1-s3", "server")
class TakesMalformedExtensions(Endpoint):
    """It takes any Sec-WebSocket-Extensions, and leaves out what it cannot read."""

    def check_offers(self, request: Head) -> int:
        return 0

    def answer(self, request: Head) -> Fields:
        if super().check_offers(request):
            right = re.findall(r"permessage-deflate|x-[a-z-]+", request.value("Sec-WebSocket-Extensions"))[:1]
            fields = without(list(request.fields), "Sec-WebSocket-Extensions")
            request = Head(request.start, (*fields, *(("Sec-WebSocket-Extensions", name) for name in right)))
        return super().answer(request)


@lies("9.1-p1-s3", "client")
class TakesMalformedAnswer(Endpoint):
    """It takes any Sec-WebSocket-Extensions, and leaves out what it cannot read."""

    def extensions_are_right(self, answer: Head) -> bool:
        try:
            read_extensions(answer.value("Sec-WebSocket-Extensions") or "none")
        except ValueError:
            return True
        return super().extensions_are_right(answer)


@lies("9.1-p7-s2", "server")
class AddsParameters(Endpoint):
    """It names a parameter that is not defined for the extension."""

    def choose(self, offers: list[Extension]) -> str:
        chosen = super().choose(offers)
        return f"{chosen}; speed=9" if chosen else ""


@lies("4.2.2-p6-s5", "server")
class RefusesOriginsSoftly(Endpoint):
    """What comes from an origin that is not its own it answers with 200."""

    def take_request(self, request: Head) -> None:
        if request.value("Origin").partition("://")[2] in ("", request.value("Host")):
            super().take_request(request)
        else:
            self.refuse(200)


@lies("4.2.2-p9-s3", "server")
class HasPagesElsewhere(Endpoint):
    """Where it has no WebSocket service it answers with 200."""

    def take_request(self, request: Head) -> None:
        if request.start.split(" ")[1] == "/":
            super().take_request(request)
        else:
            self.refuse(200)


@lies("4.2.2-p12-s1", "server")
class SpeaksBeforeItsAnswer(Endpoint):
    """It sends a message before its answer to the handshake."""

    def write_head(self, start: str, fields: Fields) -> None:
        self.send_message(1, b"too early")
        super().write_head(start, fields)


def _once(request: Head, name: str) -> Head:
    seen = False
    fields = []
    for known, value in request.fields:
        if known.lower() != name.lower() or not seen:
            fields.append((known, value))
        seen = seen or known.lower() == name.lower()
    return Head(request.start, tuple(fields))
