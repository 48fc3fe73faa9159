"""Section 4.2.1, reading the client's opening handshake: the request line, Host, Upgrade and Connection."""

from typing import Final

from refws.oracle.case import Case
from refws.oracle.expect import Allowed
from refws.oracle.handshake_outcomes import Refuses, Unanswered, accepts, either, rejects
from refws.oracle.handshakes import Request, handshake
from refws.oracle.verdict import Verdict

__all__ = ["CASES", "NOT_SHOWN"]

NOT_SHOWN: Final = {
    "rfc6455:4.2.1-p9-s2": "binds browsers: it is for the client's own handshake to show",
}

HTTP: Final = "without it this is an HTTP request like any other, and may be answered as one"
LENIENT: Final = "HTTP lets a server repair such a request, and no clause of RFC 6455 forbids it"

OF_HTTP: Final = (
    "a Request-URI of RFC 2616 may look so, and 4.2.1 leaves it to the server to find a resource name in it"
)

LOWER: Final = "4.2.1 takes HTTP/1.1 or higher; HTTP lets a server refuse a version"
NOT_1_2: Final = (
    Allowed(Verdict.NON_STRICT, Refuses((400, 426, 501, 505)), LOWER),
    Allowed(Verdict.NON_STRICT, Unanswered(), LOWER),
)
NO_TLS: Final = Allowed(
    Verdict.NON_STRICT, Refuses(), "4.2.1 takes https, too; a server that has no TLS may see it as another service"
)
NO_LIST: Final = Allowed(Verdict.NON_STRICT, Refuses(), "a reading that takes one value, where HTTP allows a list")

KELVIN: Final = "websoc\xe2\x84\xaaet"
"""The UTF-8 octets of a word whose K is the Kelvin sign: the same in Unicode's lower case, not in ASCII's."""

METHODS: Final = ("POST", "PUT", "HEAD", "OPTIONS", "get", "WEBSOCKET")


def _methods() -> list[Case]:
    why = "a WebSocket connection is opened by GET, in capital letters"
    allowed = rejects(why, fitting=(400, 405, 501), declined="an HTTP server may serve that method, without Upgrade")
    return [
        handshake(
            f"4.2.1/method-{'get-in-small-letters' if method == 'get' else method.lower()}",
            f"the ordinary request, with the method {method}",
            "4.2.1-p3-s1 4.2.1-p2-s2",
            Request(method=method, put=() if method in ("HEAD", "OPTIONS", "get") else (("Content-Length", "0"),)),
            allowed,
        )
        for method in METHODS
    ]


def _versions_of_http() -> list[Case]:
    old = "HTTP/1.0 has no Upgrade: 4.2.1 asks for HTTP/1.1 or higher"
    fitting = (400, 426, 505)
    return [
        handshake(
            "4.2.1/http-1.0",
            "the ordinary request, as HTTP/1.0",
            "4.2.1-p3-s1 11.1.1-p11-s1 11.1.2-p11-s1 4.2.1-p2-s2",
            Request(version="HTTP/1.0"),
            rejects(old, fitting=fitting, declined="an HTTP/1.0 request has no Upgrade, and may be answered as such"),
        ),
        handshake(
            "4.2.1/http-1.2",
            "the ordinary request, as HTTP/1.2",
            "4.2.1-p3-s1 4.4-p2-s2",
            Request(version="HTTP/1.2"),
            accepts("1.2 is higher than 1.1", *NOT_1_2),
        ),
        handshake(
            "4.2.1/http-in-small-letters",
            "the ordinary request, as http/1.1",
            "4.2.1-p3-s1 4.2.1-p2-s2",
            Request(version="http/1.1"),
            rejects("the name of HTTP is written in capital letters", fitting=fitting, opened=LENIENT),
        ),
        handshake(
            "4.2.1/no-http-version",
            "the ordinary request, its first line without a version",
            "4.2.1-p3-s1 4.2.1-p2-s2",
            Request(version=""),
            rejects(
                "no version is not HTTP/1.1 or higher",
                fitting=fitting,
                declined="HTTP/0.9 answers with the page alone, or with HTTP/1.0",
            ),
        ),
    ]


def _targets() -> list[Case]:
    absolute = "an absolute http or https URI names its resource"
    wrong = "that is neither a resource name nor an absolute http or https URI"
    table = (
        ("absolute-http-target", "http://{host}{target}", accepts(absolute)),
        ("absolute-https-target", "https://{host}{target}", accepts(absolute, NO_TLS)),
        ("absolute-ws-target", "ws://{host}{target}", either("4.2.1 names http and https only, and ws is close to it")),
        ("asterisk-target", "*", rejects(wrong, fitting=(400, 404), opened=OF_HTTP)),
        ("host-and-port-target", "{host}", rejects(wrong, fitting=(400, 404), opened=OF_HTTP)),
        ("relative-target", "refws-oracle", rejects(wrong, fitting=(400, 404), opened=LENIENT)),
        ("empty-target", "", rejects("a request without a target is none", fitting=(400, 404), opened=LENIENT)),
        ("target-with-space", "{target} x", rejects("no space stands in a target", opened=LENIENT)),
        ("target-with-fragment", "{target}#here", either("a fragment binds whoever writes the URI, not the server")),
        ("target-beyond-ascii", "{target}\xff", either("what a server makes of such octets, no clause says")),
    )
    return [
        handshake(
            f"4.2.1/{name}",
            f"the ordinary request with {name.replace('-', ' ')}",
            "4.2.1-p3-s1 4.2.1-p2-s2",
            Request(target=target),
            allowed,
        )
        for name, target, allowed in table
    ]


def _hosts() -> list[Case]:
    why = "the request has to say whose service it wants"
    return [
        handshake(
            "4.2.1/no-host",
            "a request without Host",
            "4.2.1-p4-s1 4.2.1-p2-s2",
            Request(without=("Host",)),
            rejects(why),
        ),
        handshake(
            "4.2.1/two-hosts",
            "a request with two Host fields, the second another's",
            "4.2.1-p4-s1 4.2.1-p2-s2",
            Request(put=(("Host", "{host}"), ("Host", "another.invalid"))),
            rejects("there is one Host", opened="HTTP wants 400; 4.2.1 only wants a Host that is the server's"),
        ),
        *(
            handshake(
                f"4.2.1/host-{name}",
                f"a request whose Host is {host!r}",
                "4.2.1-p4-s1 4.2.1-p2-s2",
                Request(put=(("Host", host),)),
                rejects(f"{host!r} is no authority", opened="4.2.1 says what it is, and not who checks it (ruling 35)"),
            )
            for name, host in (("empty", ""), ("with-space", "a b"), ("with-user", "u@h"), ("with-wordy-port", "h:x"))
        ),
        handshake(
            "4.2.1/another-host",
            "a request whose Host is another's",
            "4.2.1-p4-s1",
            Request(put=(("Host", "another.invalid"),)),
            either("a server behind a proxy cannot know all its names (ruling 35)", fitting=(400, 403, 404, 421)),
        ),
    ]


def _upgrades() -> list[Case]:
    """Rows: what, the field, its values (none for no field), whether that is right."""
    table: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
        ("upgrade-in-capital-letters", "Upgrade", ("WEBSOCKET",), True),
        ("upgrade-as-written-by-hybi-drafts", "Upgrade", ("WebSocket",), True),
        ("no-upgrade", "Upgrade", (), False),
        ("upgrade-empty", "Upgrade", ("",), False),
        ("upgrade-h2c", "Upgrade", ("h2c",), False),
        ("upgrade-websockets", "Upgrade", ("websockets",), False),
        ("upgrade-web-socket", "Upgrade", ("web socket",), False),
        ("upgrade-with-kelvin-sign", "Upgrade", (KELVIN,), False),
        ("connection-in-small-letters", "Connection", ("upgrade",), True),
        ("connection-in-capital-letters", "Connection", ("UPGRADE",), True),
        ("connection-keep-alive-and-upgrade", "Connection", ("keep-alive, Upgrade",), True),
        ("connection-upgrade-and-keep-alive", "Connection", ("Upgrade, keep-alive",), True),
        ("connection-with-white-space", "Connection", ("keep-alive \t,\t  Upgrade\t ",), True),
        ("connection-without-space", "Connection", ("keep-alive,Upgrade",), True),
        ("connection-on-two-lines", "Connection", ("keep-alive", "Upgrade"), True),
        ("no-connection", "Connection", (), False),
        ("connection-empty", "Connection", ("",), False),
        ("connection-keep-alive", "Connection", ("keep-alive",), False),
        ("connection-close", "Connection", ("close",), False),
        ("connection-x-upgrade", "Connection", ("x-upgrade, upgrades",), False),
    )
    cases = []
    for name, field, values, right in table:
        token = "websocket" if field == "Upgrade" else "Upgrade"
        there = "; ".join(values) or ("an empty value" if values else "no field")
        request = Request(put=tuple((field, value) for value in values), without=(field,) if not values else ())
        wrong = f"a handshake has {token!r} among the tokens of {field}"
        cases.append(
            handshake(
                f"4.2.1/{name}",
                f"{field} in the request: {there}",
                ("4.2.1-p5-s1" if field == "Upgrade" else "4.2.1-p6-s1") + " 4.2.1-p2-s2 2.1-p8-s1",
                request,
                accepts(f"{token!r} is there, in any case of letters")
                if right
                else rejects(wrong, fitting=(400, 426), declined=HTTP),
            )
        )
    return cases


def _lists() -> list[Case]:
    """Lists that HTTP allows, and a narrow reading does not."""
    table = (
        ("upgrade-among-others", "4.2.1-p5-s1", (("Upgrade", "h2c, websocket"),)),
        ("upgrade-on-two-lines", "4.2.1-p5-s1", (("Upgrade", "h2c"), ("Upgrade", "websocket"))),
        ("connection-with-empty-elements", "4.2.1-p6-s1", (("Connection", ", keep-alive,, Upgrade,"),)),
    )
    return [
        handshake(
            f"4.2.1/{name}",
            "the token stands in a list: " + "; ".join(value for _, value in put),
            clause,
            Request(put=put),
            accepts("the token is there", NO_LIST),
        )
        for name, clause, put in table
    ]


CASES = tuple(_methods() + _versions_of_http() + _targets() + _hosts() + _upgrades() + _lists())
